//! The files that pages are made of. Each is named by its content, so that a browser may keep it for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

use crate::error::Refusal;
use crate::pictures::{for_good, is_known};

/// A file in `assets/`.
pub(crate) struct Asset {
    media_type: &'static str,
    bytes: &'static [u8],
    url: LazyLock<String>,
}

impl Asset {
    /// Where it is served.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

macro_rules! assets {
    ($($(#[$doc:meta])* $constant:ident = $name:literal $extension:literal $media_type:literal;)*) => {
        $(
            $(#[$doc])*
            pub(crate) static $constant: Asset = {
                const BYTES: &[u8] =
                    include_bytes!(concat!("../../assets/", $name, ".", $extension));
                Asset {
                    media_type: $media_type,
                    bytes: BYTES,
                    url: LazyLock::new(|| address($name, $extension, BYTES)),
                }
            };
        )*

        static ALL: &[&Asset] = &[$(&$constant),*];
    };
}

assets! {
    /// How pages look.
    STYLE = "console" "css" "text/css; charset=utf-8";
    /// What shows a conversation's new messages.
    CONVERSATION = "conversation" "js" "text/javascript; charset=utf-8";
    /// What shows requests as they are answered.
    INSPECTOR = "inspector" "js" "text/javascript; charset=utf-8";
    /// What a profile's form does beyond what forms do.
    PROFILE_FORM = "profile_form" "js" "text/javascript; charset=utf-8";
    /// The sign in a browser's tab.
    ICON = "icon" "svg" "image/svg+xml";
}

fn address(name: &str, extension: &str, bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hash = hash.iter().take(6).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("/assets/{name}-{hash}.{extension}")
}

/// `GET /assets/console-0123456789ab.css`
pub(crate) async fn show(
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let named = |asset: &&&Asset| asset.url().strip_prefix("/assets/") == Some(&*file);
    let asset = ALL.iter().find(named).ok_or(Refusal::NotFound)?;
    let etag = format!("\"{file}\"");
    let for_good = for_good(&etag)?;
    if is_known(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, for_good).into_response());
    }
    let content_type = [(CONTENT_TYPE, HeaderValue::from_static(asset.media_type))];
    Ok((for_good, content_type, asset.bytes).into_response())
}
