//! What the tests stand on: a server in this process with a clock they move, the real program in a process of its own,
//! and people who sign requests.

mod browser;
mod call;
mod heard;
mod home;
mod postgres;
mod process;
mod signer;
mod tap;
mod world;

pub(crate) use browser::{Browser, hidden};
pub(crate) use call::{Call, Reply};
pub(crate) use heard::Heard;
pub(crate) use postgres::{Database, SMALL};
pub(crate) use process::{Following, Process, guise, guise_told, guise_with};
pub(crate) use signer::Signer;
pub(crate) use tap::{Said, Tap};
pub(crate) use world::{OsRandomness, Person, World, short};

/// A client for plain HTTP, which goes nowhere else than it is told.
pub(crate) fn http_client() -> reqwest::Client {
    // Only the first call in a process installs it, which is all that is wanted.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// A picture drawn for this project: 400 × 400, JPEG.
pub(crate) const JON: &[u8] = include_bytes!("../../../assets/jon.jpg");

/// The same picture in another file: a decoder does not look behind the end.
pub(crate) fn other_jon() -> Vec<u8> {
    [JON, b"!"].concat()
}
