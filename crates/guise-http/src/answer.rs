//! Answers: JSON, nothing, and the headers both carry.

use axum::body::Body;
use axum::response::Response;
use guise_domain::Answer;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=utf-8");
/// Empty answers are not labelled JSON: clients that see the label try to parse the nothing, and fail.
const HTML: HeaderValue = HeaderValue::from_static("text/html;charset=utf-8");
const NEVER_CACHED: HeaderValue =
    HeaderValue::from_static("no-cache, no-store, must-revalidate, pre-check=0, post-check=0");
/// Keeps browsers from guessing a type.
pub(crate) const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    written(kept(status, body))
}

/// An answer with a JSON body that can be kept, to be given again.
pub(crate) fn kept(status: StatusCode, body: &impl Serialize) -> Answer {
    let (status, body) = match serde_json::to_vec(body) {
        Ok(body) => (status, body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            (StatusCode::INTERNAL_SERVER_ERROR, Vec::new())
        }
    };
    Answer { status: status.as_u16(), headers: Vec::new(), body }
}

/// Such an answer, given.
pub(crate) fn written(answer: Answer) -> Response {
    let Answer { status, headers, body } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = build(status, JSON, body.into());
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The same, given again.
pub(crate) fn again(answer: Answer) -> Response {
    let mut response = written(answer);
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}

/// An answer of names and values, which the original wrote as a form and called HTML.
pub(crate) fn form(pairs: &[(&str, &str)]) -> Response {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    build(StatusCode::OK, HTML, body.into())
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = build(status, HTML, Body::empty());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

fn build(status: StatusCode, content_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, NEVER_CACHED);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}
