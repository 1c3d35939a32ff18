//! From a request and its answer to what is remembered of them.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use guise_domain::Timestamp;
use guise_domain::limits::{
    INSPECTED_SIGNED_BYTES_MAX, INSPECTED_TEXT_BYTES_MAX, VERIFIED_AT_ONCE_BYTES_MAX,
};
use guise_oauth1::{Presented, Request};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::entry::{Entry, Kept, Oauth, Signed, Text};
use super::explain::forms_of_body;
use super::{PATH, hide};
use crate::auth::{self, Named};
use crate::error::{Problem, Refusal};
use crate::origin::Origin;
use crate::record::Facts;
use crate::state::Guise;

/// Looking itself, and what nobody signs.
const IGNORED: [&str; 7] =
    [PATH, "/media/", "/faces/", "/images/", "/assets/", "/healthz", "/readyz"];

/// A request on its way.
pub(crate) struct Seen {
    at: Timestamp,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    origin: Origin,
}

/// Looks at a request before anybody else does; nothing when it is none of the inspector's business.
pub(crate) fn see(guise: &Guise, parts: &Parts) -> Option<Seen> {
    let path = parts.uri.path();
    if IGNORED.iter().any(|start| path.starts_with(start)) || !guise.settings().inspector {
        return None;
    }
    Some(Seen {
        at: guise.now(),
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        headers: parts.headers.clone(),
        origin: Origin::of(guise, parts),
    })
}

/// Remembers a request with what was learnt about it and its answer, which is given back as it was.
pub(crate) async fn note(
    guise: &Guise,
    seen: Seen,
    facts: Facts,
    id: String,
    millis: u64,
    mut response: Response,
) -> Response {
    let problem = response.extensions_mut().remove::<Problem>();
    let form = seen.form(facts.body.as_ref());
    let request = seen.request(form);
    let refused = problem.as_ref().map(|problem| (problem.code, problem.slug));
    let oauth = Oauth::of(&request);
    let Some(named) = whom(guise, &facts, &oauth, refused.is_some()).await else {
        return response;
    };
    let bodies = guise.settings().inspector_bodies && seen.may_keep_bodies();
    let (response, answer) = if bodies { answered(response).await } else { (response, None) };
    let body = facts.body.as_ref().filter(|_| bodies);
    let entry = Entry {
        // It gets its own when it is remembered.
        number: 0,
        id,
        at: seen.at,
        method: seen.method.as_str().to_owned(),
        path: hide::path(seen.uri.path(), seen.uri.query()),
        route: facts.route,
        status: response.status().as_u16(),
        refused,
        millis,
        named,
        oauth,
        headers: hide::headers(&seen.headers),
        body: body.and_then(|body| seen.text(body)),
        answer,
        kept: kept(guise, &seen, &request, facts.body.as_ref(), refused),
    };
    guise.inspector().push(entry);
    response
}

/// Whose app was called. One that was refused before its signature was looked at is looked up by its consumer key.
async fn whom(guise: &Guise, facts: &Facts, oauth: &Oauth, refused: bool) -> Option<Named> {
    if facts.named.is_some() || !refused {
        return facts.named;
    }
    let (consumer_key, token) = oauth.names();
    if consumer_key.is_empty() {
        return None;
    }
    // A store that does not answer has been told of already.
    auth::named(guise, &consumer_key, &token).await.ok().flatten()
}

/// The parts of a request that is refused for its signature, if they are not too long.
fn kept(
    guise: &Guise,
    seen: &Seen,
    request: &Request<'_>,
    body: Option<&Bytes>,
    refused: Option<(u16, &'static str)>,
) -> Kept {
    let signature = [Refusal::NotAuthenticated, Refusal::BadAuthentication, Refusal::ClockOff];
    if !refused.is_some_and(|(_, slug)| signature.iter().any(|refusal| refusal.slug() == slug)) {
        return Kept::Nothing;
    }
    let unsigned = if request.form.is_some() { None } else { body };
    let parts = [request.query.len(), request.authorization.map_or(0, str::len)];
    let bytes = parts.iter().sum::<usize>()
        + request.form.map_or(0, <[u8]>::len)
        + unsigned.filter(|_| guise.settings().inspector_bodies).map_or(0, Bytes::len);
    if bytes > INSPECTED_SIGNED_BYTES_MAX {
        return Kept::TooLong;
    }
    let hashed = body.filter(|body| body.len() <= VERIFIED_AT_ONCE_BYTES_MAX);
    let other_hash = hashed.is_some_and(|body| {
        Presented::parse(request).is_ok_and(|presented| !presented.body_hash_matches(body))
    });
    let unsigned = match unsigned {
        Some(body) if body.is_empty() => Some(Vec::new()),
        Some(body) if guise.settings().inspector_bodies => {
            Some(forms_of_body(seen.content_type(), body))
        }
        Some(_) => None,
        None => (request.form.is_some() || !seen.has_body()).then(Vec::new),
    };
    Kept::Whole(Box::new(Signed {
        query: request.query.to_owned(),
        form: request.form.map(<[u8]>::to_vec),
        authorization: request.authorization.map(str::to_owned),
        unsigned,
        base_urls: auth::base_urls(guise, seen.origin.base_url().as_deref(), seen.uri.path())
            .collect(),
        other_hash,
    }))
}

impl Seen {
    fn content_type(&self) -> &str {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// Whether a body was announced.
    fn has_body(&self) -> bool {
        self.headers.contains_key(CONTENT_TYPE)
    }

    /// The body, if it is a form and no JSON under a form's label.
    fn form<'b>(&self, body: Option<&'b Bytes>) -> Option<&'b [u8]> {
        let media_type = self.content_type().split(';').next().unwrap_or_default().trim();
        let is_form = media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let body = body.filter(|body| is_form && !auth::looks_like_json(body));
        body.map(AsRef::as_ref)
    }

    fn request<'r>(&'r self, form: Option<&'r [u8]>) -> Request<'r> {
        let authorization = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        Request {
            method: self.method.as_str(),
            query: self.uri.query().unwrap_or_default(),
            form,
            authorization,
        }
    }

    /// Sign-in is made of secrets.
    fn may_keep_bodies(&self) -> bool {
        let path = self.uri.path();
        let api = ["/1.1/", "/2/", "/guise/v1/"].iter().any(|start| path.starts_with(start));
        api && !path.contains("/oauth")
    }

    /// The beginning of a body, if it is text.
    fn text(&self, body: &Bytes) -> Option<Text> {
        let text = beginning(body)?;
        Some(if self.form(Some(body)).is_some() {
            Text { text: hide::form(&text.text), ..text }
        } else {
            text
        })
    }
}

/// The beginning of these bytes, if there are any and they are text.
fn beginning(whole: &Bytes) -> Option<Text> {
    let bytes = hide::json(whole);
    let start = bytes.get(..bytes.len().min(INSPECTED_TEXT_BYTES_MAX)).unwrap_or_default();
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A character that was cut in two is no reason to call it no text.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    (!text.is_empty()).then(|| Text { text: text.to_owned(), bytes: whole.len() })
}

/// The beginning of an answer's body, if it is text and wholly there already.
async fn answered(response: Response) -> (Response, Option<Text>) {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_text = kind.is_some_and(|kind| kind.starts_with("application/json"));
    if !is_text || response.body().size_hint().exact().is_none() {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            let text = beginning(&bytes);
            (Response::from_parts(parts, Body::from(bytes)), text)
        }
        Err(error) => {
            tracing::error!(%error, "an answer broke off before it was sent");
            (Response::from_parts(parts, Body::empty()), None)
        }
    }
}
