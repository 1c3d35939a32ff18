//! Bearer tokens and what they are given for: an app reads for itself (RFC 6749 §4.4, RFC 6750).
//!
//! A bearer token is its app's id, a hyphen and a secret, of which the store keeps the sealed half: so it can be given
//! again, and is found without a search.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guise_domain::limits::CREDENTIAL_BYTES_MAX;
use guise_domain::rate::Endpoint;
use guise_domain::{Access, App, AppId, Sealed, Timestamp, Used};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use subtle::ConstantTimeEq;

use super::verify::is_bearer;
use super::{Named, count_read};
use crate::error::Refusal;
use crate::record::Record;
use crate::state::Guise;

/// Stands in for the secret of an app that there is none of.
const NOBODYS: &str = "this is as long as a consumer secret, and nobody's";

/// The bearer token that a request brings, if it brings one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    is_bearer(header).then(|| header.split_ascii_whitespace().nth(1).unwrap_or_default())
}

/// What an app's bearer token is sealed for.
pub(crate) fn sealed_for(app: AppId) -> String {
    format!("bearer {app}")
}

/// The app whose bearer token this is, and the secret half as it is kept. `None` when it is nobody's.
///
/// # Errors
/// When the store fails.
pub(crate) async fn app_of(guise: &Guise, bearer: &str) -> Result<Option<(App, Sealed)>, Refusal> {
    let Some((id, secret)) = bearer.split_once('-') else { return Ok(None) };
    let Some(id) = id.parse().ok().filter(|_| bearer.len() <= CREDENTIAL_BYTES_MAX) else {
        return Ok(None);
    };
    let Some((app, Some(sealed))) = guise.store().bearer(id).await? else { return Ok(None) };
    let kept = guise.credentials().open(&sealed, &sealed_for(id))?;
    let same = bool::from(kept.as_bytes().ct_eq(secret.as_bytes()));
    Ok((same && !app.revoked).then_some((app, sealed)))
}

/// Notes whose bearer token a request brings to where none is taken.
pub(super) async fn note(guise: &Guise, parts: &Parts) {
    let Some((record, bearer)) = parts.extensions.get::<Record>().zip(bearer(&parts.headers))
    else {
        return;
    };
    // A store that does not answer is no reason to say something else than otherwise.
    if let Ok(Some((app, _))) = app_of(guise, bearer).await {
        record.set_named(Named::app(&app));
    }
}

/// The app whose key and secret are in the header, each percent-encoded.
pub(super) async fn by_secret(
    guise: &Guise,
    headers: &HeaderMap,
    record: &Record,
) -> Result<App, Refusal> {
    let (key, secret) = basic(headers).ok_or(Refusal::CredentialsRefused)?;
    if key.len() > CREDENTIAL_BYTES_MAX {
        return Err(Refusal::CredentialsRefused);
    }
    let Some(app) = guise.store().credential(&key, "").await?.map(|found| found.app) else {
        let _ = bool::from(NOBODYS.as_bytes().ct_eq(secret.as_bytes()));
        return Err(Refusal::CredentialsRefused);
    };
    record.set_named(Named::app(&app));
    let kept = guise.credentials().open(&app.consumer_secret, &app.consumer_key)?;
    let same = bool::from(kept.as_bytes().ct_eq(secret.as_bytes()));
    if same && !app.revoked { Ok(app) } else { Err(Refusal::CredentialsRefused) }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some((decoded(key)?, decoded(secret)?))
}

/// A single text of a form.
fn decoded(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return None;
    }
    Some(form_urlencoded::parse(text.as_bytes()).next()?.0.into_owned())
}

/// An app that reads for itself, proven by its bearer token.
#[derive(Debug)]
pub(crate) struct AppReader {
    consumer_key: Arc<str>,
    /// When the request was verified.
    pub(crate) now: Timestamp,
    record: Record,
}

impl AppReader {
    /// The app whose bearer token the request brings.
    ///
    /// # Errors
    /// [`Refusal::BadToken`] when it is nobody's, or was revoked.
    pub(crate) async fn verify(
        guise: &Guise,
        parts: &Parts,
        bearer: &str,
    ) -> Result<Self, Refusal> {
        let (app, _) = app_of(guise, bearer).await?.ok_or(Refusal::BadToken)?;
        let record = parts.extensions.get::<Record>().cloned().unwrap_or_default();
        record.set_named(Named::app(&app));
        record.set_app(app.id, Some(Access::Read));
        let now = guise.now();
        guise.last_uses().note(app.owner, Used::App(app.id), now);
        Ok(Self { consumer_key: app.consumer_key.into(), now, record })
    }

    /// The app's public name, which its reads are counted by. No token is called so.
    pub(crate) fn consumer_key(&self) -> &str {
        &self.consumer_key
    }

    /// Counts a read.
    ///
    /// # Errors
    /// When its window is used up, or the store does not answer.
    pub(crate) async fn enter(&self, guise: &Guise, endpoint: Endpoint) -> Result<(), Refusal> {
        count_read(guise, &self.consumer_key, endpoint, self.now, &self.record).await
    }
}
