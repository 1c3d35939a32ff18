//! Guise's integration tests, all in one binary.

mod tidy;
