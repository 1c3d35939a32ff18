//! Verifying a request's signature (RFC 5849, and what clients make of it).

use std::sync::Arc;

use guise_domain::{ReplayKey, Timestamp};
use guise_oauth1::{Presented, Request, SigningKey};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use sha1::{Digest, Sha1};

use super::credentials::Found;
use super::{Caller, Known};
use crate::error::Refusal;
use crate::origin::Origin;
use crate::record::Record;
use crate::state::Guise;

/// The hosts of the original, which unmodified clients believe they talk to.
const PRODUCTION: [&str; 4] = [
    "https://api.twitter.com",
    "https://upload.twitter.com",
    "https://api.x.com",
    "https://upload.x.com",
];

/// What is known of a request's body when its signature is verified.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    /// All of it.
    Read(&'a [u8]),
    /// Nothing: it is multipart, which no signature covers, and is read only for proven callers.
    Unread,
}

impl Body<'_> {
    fn is_form(self, content_type: &str) -> bool {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        matches!(self, Body::Read(_))
            && media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}

/// Proves who sent the request.
///
/// # Errors
/// The refusals of contract §4; [`Refusal::Internal`] and [`Refusal::OverCapacity`] when the store does not answer.
pub(crate) async fn verify(
    guise: &Guise,
    parts: &Parts,
    body: Body<'_>,
) -> Result<Caller, Refusal> {
    let text = |name| parts.headers.get(name).map_or(Some(""), |value| value.to_str().ok());
    let authorization = text(AUTHORIZATION).ok_or(Refusal::BadAuthentication)?;
    let content_type = text(CONTENT_TYPE).unwrap_or_default();
    if is_bearer(authorization) {
        return Err(Refusal::NeedsUserContext);
    }
    let uri = crate::extract::original_uri(parts);
    let bytes = match body {
        Body::Read(bytes) => bytes,
        Body::Unread => b"",
    };
    let request = Request {
        method: parts.method.as_str(),
        query: uri.query().unwrap_or_default(),
        form: body.is_form(content_type).then_some(bytes),
        authorization: (!authorization.is_empty()).then_some(authorization),
    };
    let now = guise.now();
    let urls = base_urls(guise, &Origin::of(guise, parts), uri.path());
    let (presented, known) = match prove(guise, &request, &urls, now).await {
        // JSON is read whatever its label says, so its author may not have signed it as the form it is labelled as.
        Err(_) if request.form.is_some() && looks_like_json(bytes) => {
            prove(guise, &Request { form: None, ..request }, &urls, now).await?
        }
        proven => proven?,
    };
    if matches!(body, Body::Read(_)) && !presented.body_hash_matches(bytes) {
        return Err(Refusal::NotAuthenticated);
    }
    let signed_at = i64::try_from(presented.timestamp()).map_err(|_| Refusal::ClockOff)?;
    let skew = guise.settings().clock_skew_seconds;
    if now.seconds().abs_diff(signed_at) > skew.unsigned_abs() {
        return Err(Refusal::ClockOff);
    }
    let record = parts.extensions.get::<Record>().cloned().unwrap_or_default();
    record.set_caller(known.account.id, known.app, known.access);
    Ok(Caller {
        replay: replay_key(&presented),
        replay_until: Timestamp::from_seconds(signed_at).plus_seconds(skew + 1),
        known,
        now,
        record,
    })
}

async fn prove<'a>(
    guise: &Guise,
    request: &Request<'a>,
    urls: &[String],
    now: Timestamp,
) -> Result<(Presented<'a>, Arc<Known>), Refusal> {
    let presented = Presented::parse(request).map_err(|_| Refusal::BadAuthentication)?;
    let token = presented.token().ok_or(Refusal::BadAuthentication)?;
    let found =
        guise.credentials().find(guise.store(), presented.consumer_key(), token, now).await?;
    let verified = |key: &SigningKey| urls.iter().any(|url| presented.verify(key, url));
    let known = match found {
        Found::Known(known) => known,
        // The same work as for a wrong signature, so that time does not tell which keys exist.
        Found::UnknownConsumer => {
            verified(guise.decoy());
            return Err(Refusal::NotAuthenticated);
        }
        Found::UnknownToken => {
            verified(guise.decoy());
            return Err(Refusal::BadToken);
        }
    };
    if !verified(&known.key) {
        return Err(Refusal::NotAuthenticated);
    }
    if known.app_revoked {
        return Err(Refusal::AppSuspended);
    }
    if known.token_revoked || known.account.closed {
        return Err(Refusal::BadToken);
    }
    Ok((presented, known))
}

/// The URLs the client may have signed: as received first, since most clients believe in what they connect to.
fn base_urls(guise: &Guise, origin: &Origin, path: &str) -> Vec<String> {
    let public = guise.settings().public_urls.iter().map(String::as_str);
    let received = origin.base_url();
    received
        .as_deref()
        .into_iter()
        .chain(public)
        .chain(PRODUCTION)
        .map(|base| format!("{base}{path}"))
        .collect()
}

fn is_bearer(authorization: &str) -> bool {
    let scheme = authorization.split_ascii_whitespace().next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("bearer")
}

pub(crate) fn looks_like_json(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first().is_some_and(|byte| matches!(byte, b'{' | b'['))
}

fn replay_key(presented: &Presented<'_>) -> ReplayKey {
    let mut hash = Sha1::new();
    let timestamp = presented.timestamp().to_string();
    let token = presented.token().unwrap_or_default();
    for part in [presented.consumer_key(), token, &timestamp, presented.nonce()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest: [u8; 20] = hash.finalize().into();
    let mut key = [0; 16];
    key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    ReplayKey(key)
}
