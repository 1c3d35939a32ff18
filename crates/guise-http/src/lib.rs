//! Guise's HTTP interface: the API, pictures, and the server's accept loop.

#[macro_use]
mod routes;

mod account;
mod answer;
mod auth;
mod blobs;
mod blocks;
mod console;
mod error;
mod events;
mod extract;
mod face;
mod health;
mod identity;
mod inspect;
mod last_uses;
mod log;
mod lookalike;
mod media;
mod messages;
mod multipart;
mod oauth;
pub mod openapi;
mod origin;
mod picture;
mod pictures;
mod profiles;
mod quota;
mod record;
mod retry;
mod router;
pub mod serve;
mod settings;
mod signals;
mod state;
mod sweep;
mod users;
mod wire;

pub use auth::PRODUCTION;
pub use blobs::{BlobError, Blobs, Bucket, blobs_of_picture};
pub use inspect::{explanation, forms_of_body};
pub use origin::{Peer, TrustedProxies, TrustedProxiesError};
pub use picture::{PictureError, check as check_picture, files as files_of_picture};
pub use router::router;
pub use state::{Foundation, Guise, Settings};
pub use sweep::{SweepError, Swept};
