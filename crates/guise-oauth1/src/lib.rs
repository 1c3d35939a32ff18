//! OAuth 1.0a signatures with HMAC-SHA1 (RFC 5849), both directions: servers verify, clients sign.
//!
//! The crate is pure: it reads no clock, draws no nonce, and knows no HTTP library. Verifying takes the departures
//! that widely used clients make from the RFC as further attempts; see [`Presented::verify`].

mod base_string;
mod diagnosis;
mod encode;
mod header;
mod key;
mod presented;
mod sign;

pub use diagnosis::{ATTEMPTS_MAX, Diagnosis, Evidence, Mistake, diagnose};
pub use encode::{percent_decode, percent_encode};
pub use key::SigningKey;
pub use presented::{
    ParseError, Presented, Request, body_hash_matches, names, protocol_parameters,
};
pub use sign::{Credentials, Signer, sign};
