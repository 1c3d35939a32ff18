//! The API, request by request: exact statuses and bodies, and what is kept afterwards.

mod audit;
mod authentication;
mod bearer;
mod bodies;
mod changes;
mod compatibility;
mod erasure;
mod faces;
mod general;
mod identity;
mod inspector;
mod limits;
mod messages;
mod names;
mod nodes;
mod oauth;
mod operators;
mod origins;
mod pictures;
mod profiles;
mod recorded;
mod retries;
mod segments;
mod sweep;
mod uploads;
mod users;
