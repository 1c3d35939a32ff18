//! The `guise` program.

fn main() {}
