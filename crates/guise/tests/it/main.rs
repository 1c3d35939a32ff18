//! Guise's integration tests, all in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails may panic, and so may what it is made of"
)]

mod cli;
mod console;
mod crash;
mod http;
mod log;
mod serving;
mod store;
mod support;
mod tidy;
mod transport;
