//! The API, request by request: exact statuses and bodies, and what is kept afterwards.

mod authentication;
mod compatibility;
mod general;
mod limits;
mod pictures;
mod profiles;
mod segments;
mod sweep;
mod uploads;
