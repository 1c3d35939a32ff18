//! What a handler takes in its signature is what was checked.
//!
//! [`Signed`] buffers a bounded body, verifies the signature over exactly those bytes, lets the caller in, and only
//! then parses: an unverified body has no type.

use std::str::FromStr;

use axum::body::Body;
use axum::extract::{FromRequest, OriginalUri, Request};
use bytes::Bytes;
use guise_domain::IdError;
use guise_domain::limits::{BODY_BYTES_MAX, VERIFIED_AT_ONCE_BYTES_MAX};
use guise_domain::rate::Endpoint;
use http::header::IF_MATCH;
use http::request::Parts;
use http::{Method, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::auth::{self, AppCaller, AppReader, Caller};
use crate::error::Refusal;
use crate::record::Record;
use crate::retry;
use crate::serve::BodyTimeout;
use crate::state::Guise;
use crate::wire::{Member, Pairs, parse_json};

/// What a handler reads from a request, and which limit the request counts against.
pub(crate) trait Input: Sized + Send {
    /// The endpoint it belongs to.
    const ENDPOINT: Endpoint;

    /// Reads the input.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`] when the body is no JSON at all, which counts against no limit;
    /// [`Unreadable::Refused`] when a rule is broken, which does.
    fn parse(request: &Received) -> Result<Self, Unreadable>;
}

/// Why an input could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not even JSON.
    Malformed(String),
    /// A rule is broken.
    Refused(Refusal),
}

impl From<Refusal> for Unreadable {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A request whose signature was verified, before it was parsed.
#[derive(Debug)]
pub(crate) struct Received {
    /// The query.
    pub(crate) query: Pairs,
    /// The last segment of the path.
    pub(crate) last_segment: String,
    /// What `If-Match` says, all of them as one list.
    pub(crate) if_match: Option<String>,
    body: Bytes,
}

impl Received {
    fn new(parts: &Parts, body: Bytes) -> Self {
        Self {
            query: query(parts),
            last_segment: last_segment(&parts.uri).to_owned(),
            if_match: if_match(parts),
            body,
        }
    }

    /// The body as JSON, whatever its label says.
    ///
    /// # Errors
    /// What is malformed, and where.
    pub(crate) fn json(&self) -> Result<serde_json::Value, Unreadable> {
        parse_json(&self.body).map_err(Unreadable::Malformed)
    }

    /// The body as JSON when it looks so.
    fn json_if_any(&self) -> Result<Option<serde_json::Value>, Unreadable> {
        if auth::looks_like_json(&self.body) { self.json().map(Some) } else { Ok(None) }
    }

    /// The id called `name`, in the query, a form, or JSON.
    ///
    /// # Errors
    /// When it is missing or no id, or the JSON is malformed.
    pub(crate) fn id_anywhere<T>(&self, name: &str) -> Result<T, Unreadable>
    where
        T: FromStr<Err = IdError>,
    {
        if self.query.get(name).is_none()
            && let Some(body) = self.json_if_any()?
        {
            return Ok(Member::top(&body).member(name)?.id()?);
        }
        Ok(self.query_and_form().id(name)?)
    }

    /// The query, then the body as a form.
    pub(crate) fn query_and_form(&self) -> Pairs {
        self.query.clone().chain(Pairs::parse(&self.body))
    }
}

/// A verified request and its input.
#[derive(Debug)]
pub(crate) struct Signed<W> {
    /// Who sent it.
    pub(crate) caller: Caller,
    /// What it says.
    pub(crate) input: W,
    /// `scheme://host` as received; begins URLs when no public base is configured.
    pub(crate) received: String,
}

impl<W: Input> FromRequest<Guise> for Signed<W> {
    type Rejection = Refusal;

    async fn from_request(request: Request, guise: &Guise) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let body = body_of(&parts, body, BODY_BYTES_MAX).await?;
        let caller = auth::verify(guise, &parts, auth::Body::Read(&body)).await?;
        if let Err(refusal) = caller.enter(guise, W::ENDPOINT).await {
            return Err(caller.uncounted(guise, W::ENDPOINT, refusal).await);
        }
        let received = Received::new(&parts, body);
        match W::parse(&received) {
            Ok(input) => {
                let caller = take_key::<W>(guise, caller, &parts, &received).await?;
                Ok(Self { caller, input, received: base(guise, &parts) })
            }
            Err(Unreadable::Malformed(reason)) => {
                Err(caller.uncounted(guise, W::ENDPOINT, Refusal::Invalid(reason)).await)
            }
            Err(Unreadable::Refused(refusal)) => {
                Err(caller.refuse(guise, W::ENDPOINT, refusal).await)
            }
        }
    }
}

/// A request that an app may make for itself too, with a bearer token.
#[derive(Debug)]
pub(crate) struct SignedOrBearer<W> {
    /// Who sent it.
    pub(crate) reader: Reader,
    /// What it says.
    pub(crate) input: W,
    /// `scheme://host` as received.
    pub(crate) received: String,
}

/// Who reads.
#[derive(Debug)]
pub(crate) enum Reader {
    /// An account, by an app.
    User(Caller),
    /// An app for itself.
    App(AppReader),
}

impl<W: Input> FromRequest<Guise> for SignedOrBearer<W> {
    type Rejection = Refusal;

    async fn from_request(request: Request, guise: &Guise) -> Result<Self, Refusal> {
        let Some(bearer) = auth::bearer(request.headers()).map(str::to_owned) else {
            let Signed { caller, input, received } = Signed::from_request(request, guise).await?;
            return Ok(Self { reader: Reader::User(caller), input, received });
        };
        let (parts, body) = request.into_parts();
        let app = AppReader::verify(guise, &parts, &bearer).await?;
        let body = body_of(&parts, body, BODY_BYTES_MAX).await?;
        app.enter(guise, W::ENDPOINT).await?;
        let input = W::parse(&Received::new(&parts, body)).map_err(|error| match error {
            Unreadable::Malformed(reason) => Refusal::Invalid(reason),
            Unreadable::Refused(refusal) => refusal,
        })?;
        Ok(Self { reader: Reader::App(app), input, received: base(guise, &parts) })
    }
}

/// A request that an app signed for itself.
#[derive(Debug)]
pub(crate) struct SignedByApp {
    /// The app.
    pub(crate) caller: AppCaller,
    /// Its query, then its form.
    pub(crate) pairs: Pairs,
}

impl FromRequest<Guise> for SignedByApp {
    type Rejection = Refusal;

    async fn from_request(request: Request, guise: &Guise) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        // Short enough to be verified where it was read.
        let body = body_of(&parts, body, VERIFIED_AT_ONCE_BYTES_MAX).await?;
        let caller = AppCaller::by_signature(guise, &parts, &body).await?;
        Ok(Self { caller, pairs: Received::new(&parts, body).query_and_form() })
    }
}

/// A request that brings an app's key and secret.
#[derive(Debug)]
pub(crate) struct WithSecret {
    /// The app.
    pub(crate) caller: AppCaller,
    /// The query, then the form.
    pub(crate) pairs: Pairs,
}

impl FromRequest<Guise> for WithSecret {
    type Rejection = Refusal;

    async fn from_request(request: Request, guise: &Guise) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let record = parts.extensions.get::<Record>().cloned().unwrap_or_default();
        let caller = AppCaller::by_secret(guise, &parts.headers, record).await?;
        let body = body_of(&parts, body, VERIFIED_AT_ONCE_BYTES_MAX).await?;
        Ok(Self { caller, pairs: Received::new(&parts, body).query_and_form() })
    }
}

/// Takes the request's `Idempotency-Key`, where one counts.
async fn take_key<W: Input>(
    guise: &Guise,
    caller: Caller,
    parts: &Parts,
    received: &Received,
) -> Result<Caller, Refusal> {
    if !W::ENDPOINT.keeps_answers() {
        return Ok(caller);
    }
    let content = || {
        // The same JSON, however it is written.
        let mut body = received.json().unwrap_or_default();
        body.sort_all_objects();
        retry::content(parts.uri.path(), &received.query, body.to_string().as_bytes())
    };
    caller.take_key(guise, W::ENDPOINT, &parts.headers, content).await
}

/// The URI as it came, before the router's own rewriting.
pub(crate) fn original_uri(parts: &Parts) -> &Uri {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri)
}

/// The query's pairs.
pub(crate) fn query(parts: &Parts) -> Pairs {
    Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes())
}

/// `scheme://host` as received, or nothing.
pub(crate) fn base(guise: &Guise, parts: &Parts) -> String {
    crate::origin::Origin::of(guise, parts).base_url().unwrap_or_default()
}

fn if_match(parts: &Parts) -> Option<String> {
    let values = parts.headers.get_all(IF_MATCH).iter();
    let tags: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!tags.is_empty()).then(|| tags.join(", "))
}

fn last_segment(uri: &Uri) -> &str {
    uri.path().rsplit('/').next().unwrap_or_default()
}

/// The body of a request, of at most `max` bytes. What comes with a read is ignored.
async fn body_of(parts: &Parts, body: Body, max: usize) -> Result<Bytes, Refusal> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(Bytes::new());
    }
    read(body, max).await
}

/// Reads a body of at most `max` bytes.
///
/// # Errors
/// When it is longer, stops coming, or breaks off.
pub(crate) async fn read(body: Body, max: usize) -> Result<Bytes, Refusal> {
    match Limited::new(body, max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge(max)),
        Err(error) => Err(broken_off(&*error)),
    }
}

fn broken_off(error: &(dyn std::error::Error + 'static)) -> Refusal {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<BodyTimeout>() {
            return Refusal::TooSlow;
        }
        cause = error.source();
    }
    Refusal::Invalid("The body broke off.".into())
}
