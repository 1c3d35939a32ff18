//! Verifying a request's signature (RFC 5849, and what clients make of it).

use std::sync::Arc;

use bytes::Bytes;
use guise_domain::limits::VERIFIED_AT_ONCE_BYTES_MAX;
use guise_domain::{Operator, ReplayKey, Timestamp, Used};
use guise_oauth1::{Presented, Request, SigningKey};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use sha1::{Digest, Sha1};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::credentials::Found;
use super::{Caller, Known, Named, bearer};
use crate::error::Refusal;
use crate::origin::Origin;
use crate::record::Record;
use crate::state::Guise;

/// The hosts of the original, which unmodified clients believe they talk to.
pub const PRODUCTION: [&str; 4] = [
    "https://api.twitter.com",
    "https://upload.twitter.com",
    "https://api.x.com",
    "https://upload.x.com",
];

/// What is known of a request's body when its signature is verified.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    /// All of it.
    Read(&'a Bytes),
    /// Nothing: it is multipart, which no signature covers, and is read only for proven callers. They vouch for it
    /// with [`Caller::vouch_for`].
    Unread,
}

impl Body<'_> {
    fn is_form(self, content_type: &str) -> bool {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        matches!(self, Body::Read(_))
            && media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}

/// What a consumer key and a token, or none, lead to, and what signs for it.
pub(super) trait Proof: Sized {
    /// Looks it up.
    ///
    /// # Errors
    /// [`Refusal::BadAuthentication`] when the request does not even name what is needed.
    async fn find(
        guise: &Guise,
        presented: &Presented<'_>,
        now: Timestamp,
    ) -> Result<Found<Self>, Refusal>;
    /// What a signature is checked with.
    fn key(&self) -> &SigningKey;
    /// Whether it is in use. Only those who know its secrets are told.
    ///
    /// # Errors
    /// Why not.
    fn in_use(&self, now: Timestamp) -> Result<(), Refusal>;
    /// Whether its app may name operators.
    fn names_operators(&self) -> bool;
    /// Whom it names.
    fn named(&self) -> Named;
}

impl Proof for Arc<Known> {
    async fn find(
        guise: &Guise,
        presented: &Presented<'_>,
        now: Timestamp,
    ) -> Result<Found<Self>, Refusal> {
        let token = presented.token().ok_or(Refusal::BadAuthentication)?;
        guise.credentials().find(guise.store(), presented.consumer_key(), token, now).await
    }

    fn key(&self) -> &SigningKey {
        &self.key
    }

    fn in_use(&self, _: Timestamp) -> Result<(), Refusal> {
        if self.app_revoked {
            return Err(Refusal::AppSuspended);
        }
        if self.token_revoked || self.account.closed {
            return Err(Refusal::BadToken);
        }
        Ok(())
    }

    fn names_operators(&self) -> bool {
        self.names_operators
    }

    fn named(&self) -> Named {
        Named { app: self.app, owner: self.owner, account: Some(self.account.id) }
    }
}

/// A request whose signature holds.
pub(super) struct Proven<'a, K> {
    pub(super) presented: Presented<'a>,
    pub(super) known: K,
    pub(super) replay: ReplayKey,
    pub(super) replay_until: Timestamp,
    /// Whom the request names as its operator.
    pub(super) operator: Option<Operator>,
    pub(super) now: Timestamp,
    pub(super) record: Record,
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
    let Body::Read(bytes) = body else { return verify_here(guise, parts, body).await };
    if bytes.len() <= VERIFIED_AT_ONCE_BYTES_MAX {
        return verify_here(guise, parts, body).await;
    }
    // Sorting and hashing megabytes, once for every URL, would keep all other requests of this thread waiting.
    let (guise, parts, bytes) = (guise.clone(), parts.clone(), bytes.clone());
    let verify =
        move || Handle::current().block_on(verify_here(&guise, &parts, Body::Read(&bytes)));
    let verified = spawn_blocking(verify).await;
    verified.unwrap_or_else(|error| Err(Refusal::Internal(error.to_string())))
}

async fn verify_here(guise: &Guise, parts: &Parts, body: Body<'_>) -> Result<Caller, Refusal> {
    let proven: Proven<'_, Arc<Known>> = prove(guise, parts, body).await?;
    let Proven { presented, known, replay, replay_until, operator, now, record } = proven;
    guise.last_uses().note(known.account.id, Used::Token(Arc::clone(&known.token)), now);
    record.set_caller(known.account.id, known.app, Some(known.access));
    let body_hash =
        presented.parameter("oauth_body_hash").map_err(|_| Refusal::NotAuthenticated)?;
    Ok(Caller {
        replay,
        body_hash: body_hash.map(|hash| hash.as_ref().into()),
        operator: operator.or_else(|| known.operator.clone()),
        replay_until,
        known,
        now,
        attempt: None,
        record,
    })
}

/// Proves that the request was signed by what its consumer key and token lead to.
pub(super) async fn prove<'a, K: Proof>(
    guise: &Guise,
    parts: &'a Parts,
    body: Body<'a>,
) -> Result<Proven<'a, K>, Refusal> {
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    let bytes = match body {
        Body::Read(bytes) => bytes.as_ref(),
        Body::Unread => b"",
    };
    let request = Request {
        form: body.is_form(content_type).then_some(bytes),
        ..without_body(parts).ok_or(Refusal::BadAuthentication)?
    };
    if request.authorization.is_some_and(is_bearer) {
        bearer::note(guise, parts).await;
        return Err(Refusal::NeedsUserContext);
    }
    let now = guise.now();
    let path = crate::extract::original_uri(parts).path();
    let origin = Origin::of(guise, parts).base_url();
    let urls = base_urls(guise, origin.as_deref(), path);
    let record = parts.extensions.get::<Record>().cloned().unwrap_or_default();
    if let Body::Read(bytes) = body {
        record.set_body(bytes);
    }
    let (presented, known) = match check::<K>(guise, &request, urls.clone(), now, &record).await {
        // JSON is read whatever its label says, so its author may not have signed it as the form it is labelled as.
        Err(_) if request.form.is_some() && looks_like_json(bytes) => {
            check::<K>(guise, &Request { form: None, ..request }, urls, now, &record).await?
        }
        checked => checked?,
    };
    if matches!(body, Body::Read(_)) && !presented.body_hash_matches(bytes) {
        return Err(Refusal::NotAuthenticated);
    }
    let signed_at = i64::try_from(presented.timestamp()).map_err(|_| Refusal::ClockOff)?;
    let skew = guise.settings().clock_skew_seconds;
    if now.seconds().abs_diff(signed_at) > skew.unsigned_abs() {
        return Err(Refusal::ClockOff);
    }
    let Named { app, owner, .. } = known.named();
    guise.last_uses().note(owner, Used::App(app), now);
    Ok(Proven {
        replay: replay_key(&presented),
        replay_until: Timestamp::from_seconds(signed_at).plus_seconds(skew + 1),
        operator: operator(&presented, known.names_operators())?,
        presented,
        known,
        now,
        record,
    })
}

/// Whom the request names as its operator, if its app may name anybody.
fn operator(presented: &Presented<'_>, trusted: bool) -> Result<Option<Operator>, Refusal> {
    let named = presented.parameter("oauth_operator").map_err(|_| Refusal::BadAuthentication)?;
    let Some(label) = named else { return Ok(None) };
    if !trusted {
        return Err(Refusal::OperatorNotTrusted);
    }
    if label.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Refusal::Invalid("oauth_operator: must be percent-encoded UTF-8".into()));
    }
    let label = label.parse::<Operator>();
    label.map(Some).map_err(|rule| Refusal::Invalid(format!("oauth_operator: {rule}")))
}

/// Whether header or query name a consumer and a token that are in use. Proves nothing: it only tells those who may be
/// callers from those of whom nothing is known before their body is read.
pub(crate) async fn names_known(guise: &Guise, parts: &Parts) -> Result<bool, Refusal> {
    let presented = without_body(parts).and_then(|request| Presented::parse(&request).ok());
    let Some(presented) = presented else { return Ok(false) };
    let Some(token) = presented.token() else { return Ok(false) };
    let consumer_key = presented.consumer_key();
    match guise.credentials().find(guise.store(), consumer_key, token, guise.now()).await? {
        Found::Known(known) => {
            Ok(!(known.app_revoked || known.token_revoked || known.account.closed))
        }
        Found::UnknownConsumer | Found::UnknownToken(_) => Ok(false),
    }
}

/// Whom a request names that was refused before its signature was looked at. Proves nothing.
pub(crate) async fn named(
    guise: &Guise,
    consumer_key: &str,
    token: &str,
) -> Result<Option<Named>, Refusal> {
    Ok(match guise.credentials().find(guise.store(), consumer_key, token, guise.now()).await? {
        Found::Known(known) => Some(known.named()),
        Found::UnknownToken(app) => app,
        Found::UnknownConsumer => None,
    })
}

/// What a signature covers apart from the body; `None` when the header is no text.
fn without_body(parts: &Parts) -> Option<Request<'_>> {
    let authorization = match parts.headers.get(AUTHORIZATION) {
        Some(value) => Some(value.to_str().ok()?).filter(|value| !value.is_empty()),
        None => None,
    };
    Some(Request {
        method: parts.method.as_str(),
        query: crate::extract::original_uri(parts).query().unwrap_or_default(),
        form: None,
        authorization,
    })
}

async fn check<'a, K: Proof>(
    guise: &Guise,
    request: &Request<'a>,
    urls: impl Iterator<Item = String> + Clone,
    now: Timestamp,
    record: &Record,
) -> Result<(Presented<'a>, K), Refusal> {
    let presented = Presented::parse(request).map_err(|_| Refusal::BadAuthentication)?;
    let verified = |key: &SigningKey| urls.clone().any(|url| presented.verify(key, &url));
    let known = match K::find(guise, &presented, now).await? {
        Found::Known(known) => {
            record.set_named(known.named());
            known
        }
        // The same work as for a wrong signature, so that time does not tell which keys exist.
        Found::UnknownConsumer => {
            verified(guise.decoy());
            return Err(Refusal::NotAuthenticated);
        }
        Found::UnknownToken(app) => {
            if let Some(app) = app {
                record.set_named(app);
            }
            verified(guise.decoy());
            return Err(Refusal::BadToken);
        }
    };
    if !verified(known.key()) {
        return Err(Refusal::NotAuthenticated);
    }
    known.in_use(now)?;
    Ok((presented, known))
}

/// The URLs the client may have signed: as `received` first, since most clients believe in what they connect to.
pub(crate) fn base_urls<'a>(
    guise: &'a Guise,
    received: Option<&'a str>,
    path: &'a str,
) -> impl Iterator<Item = String> + Clone + 'a {
    let public = guise.settings().public_urls.iter().map(String::as_str);
    let bases = received.into_iter().chain(public).chain(PRODUCTION);
    bases.map(move |base| format!("{base}{path}"))
}

/// Whether a header brings a bearer token.
pub(super) fn is_bearer(authorization: &str) -> bool {
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
