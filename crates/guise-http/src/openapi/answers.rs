//! Answers that say no, and the headers of all answers.

use std::collections::{BTreeMap, BTreeSet};

use guise_domain::Timestamp;
use guise_domain::limits::BODY_BYTES_MAX;
use guise_domain::rate::{Endpoint, Kind, Quota};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::operation::{JSON, takes_secret};
use super::schemas::{ID, exactly};
use crate::error::Refusal;

/// What a refusal's text may be, where it depends on the request.
const VARIES: &str = "…";

/// How refusals are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As the original wrote them.
    Original,
    /// With a slug beside the code.
    WithSlug,
}

impl Form {
    /// The form of the refusals on a path.
    pub(super) fn of(path: &str) -> Self {
        if path.starts_with("/guise/") { Self::WithSlug } else { Self::Original }
    }
}

/// `components.headers`: each is always there where it is listed, unless it says otherwise.
pub(super) fn headers() -> Value {
    let number = |description: &str| {
        let schema = json!({"type": "integer", "minimum": 0});
        json!({"description": description, "required": true, "schema": schema})
    };
    let text = |description: &str, schema: Value| json!({"description": description, "required": true, "schema": schema});
    let warnings = "Whom the new name looks like, if anybody: a list of words with parameters (RFC 9651), \
        `name-looks-like; profile=\"…\"` or `; account=\"…\"`, or without either for a profile of another account.";
    let hex = json!({"type": "string", "pattern": "^[0-9a-f]{16}$"});
    let access = json!({"enum": ["read", "read-write", "read-write-directmessages"]});
    json!({
        "x-response-time": number("How long it took, in milliseconds."),
        "x-transaction-id": text("The request's id in the log.", hex),
        "x-access-level": text("What the token may do.", access),
        "x-rate-limit-limit": number("Calls in one window."),
        "x-rate-limit-remaining": number("Calls left in this one."),
        "x-rate-limit-reset": number("When the window ends, in seconds since 1970 (UTC)."),
        "x-mediaid": text("The upload's id.", json!({"type": "string", "pattern": ID})),
        "retry-after": number("Seconds to wait."),
        "guise-warning": {"description": warnings, "required": false, "schema": {"type": "string"}},
    })
}

/// The headers that every answer with this status has. A refusal may come before the caller was known or the call was
/// counted; what is left of the window is told as soon as it is known.
pub(super) fn headers_of(status: StatusCode, endpoint: Option<Endpoint>) -> Map<String, Value> {
    let mut names = vec!["x-response-time", "x-transaction-id"];
    let counted = endpoint.is_some() && status.is_success();
    if counted && endpoint.is_some_and(|endpoint| endpoint.kind() != Kind::App) {
        names.push("x-access-level");
    }
    if counted || status == StatusCode::TOO_MANY_REQUESTS {
        names.extend(["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"]);
    }
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        names.push("retry-after");
    }
    names.into_iter().map(|name| (name.to_owned(), header(name))).collect()
}

/// A reference to a header.
pub(super) fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

/// `components.schemas` of refusals in the upload host's own form.
pub(super) fn schemas() -> Value {
    json!({"UploadError": {
        "type": "object",
        "description": "An error in the upload host's own form.",
        "required": ["request", "error"],
        "additionalProperties": false,
        "properties": {
            "request": {"const": "/1.1/media/upload.json"},
            "error": {"type": "string"},
        },
    }})
}

/// Refusals that mean the same on every signed operation.
fn everywhere() -> Vec<(&'static str, Vec<Refusal>)> {
    use Refusal as R;
    let nothing = Quota { limit: 0, remaining: 0, resets_at: Timestamp::from_seconds(0) };
    vec![
        ("NotAuthenticated", vec![R::NotAuthenticated, R::BadToken, R::ClockOff, R::AppSuspended]),
        ("TooSlow", vec![R::TooSlow]),
        ("TooLarge", vec![R::TooLarge(BODY_BYTES_MAX)]),
        ("Limited", vec![R::Limited(nothing)]),
        ("Internal", vec![R::Internal(String::new())]),
        ("OverCapacity", vec![R::OverCapacity(String::new())]),
    ]
}

/// `components.responses`
pub(super) fn shared(form: Form) -> Map<String, Value> {
    let mut shared = Map::new();
    for (name, refusals) in everywhere() {
        for (_, answer) in refused(&refusals, form) {
            shared.insert(name.to_owned(), answer);
        }
    }
    shared
}

/// The shared answers of an operation by status: all of them when it reads a body.
pub(super) fn shared_by_status(endpoint: Option<Endpoint>, body: bool) -> Map<String, Value> {
    let mut answers = Map::new();
    for (name, refusals) in everywhere() {
        let applies = match name {
            "TooSlow" | "TooLarge" => body,
            "NotAuthenticated" => endpoint.is_some_and(|endpoint| !takes_secret(endpoint)),
            "Limited" => endpoint.is_some(),
            _ => true,
        };
        for refusal in refusals.iter().filter(|_| applies) {
            let answer = json!({"$ref": format!("#/components/responses/{name}")});
            answers.insert(refusal.wire().0.as_u16().to_string(), answer);
        }
    }
    answers
}

/// The answers that these refusals become, by status.
pub(super) fn refused(refusals: &[Refusal], form: Form) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<&Refusal>> = BTreeMap::new();
    for refusal in refusals {
        by_status.entry(refusal.wire().0.as_u16()).or_default().push(refusal);
    }
    by_status
        .iter()
        .map(|(status, refusals)| (status.to_string(), answer(refusals, form)))
        .collect()
}

/// The answer that any of these refusals becomes; they have one status.
fn answer(refusals: &[&Refusal], form: Form) -> Value {
    let status = refusals.first().map(|refusal| refusal.wire().0).unwrap_or_default();
    let (mut codes, mut lines) = (BTreeSet::new(), BTreeSet::new());
    for refusal in refusals {
        let (_, code, text) = refusal.wire();
        if let Refusal::Upload(_) = refusal {
            lines
                .insert("In the upload host's own form: what is wrong with the upload.".to_owned());
            continue;
        }
        codes.insert(code);
        lines.insert(format!("{code}: {}", if text.is_empty() { VARIES } else { &text }));
    }
    let slugs: BTreeSet<_> = refusals.iter().map(|refusal| refusal.slug()).collect();
    let (code, message) = (json!({"enum": codes}), json!({"type": "string"}));
    let error = match form {
        Form::Original if refusals.contains(&&Refusal::CredentialsRefused) => {
            exactly(2, [("code", code), ("message", message.clone()), ("label", message)])
        }
        Form::Original => exactly(2, [("code", code), ("message", message)]),
        Form::WithSlug => {
            exactly(3, [("code", code), ("slug", json!({"enum": slugs})), ("message", message)])
        }
    };
    let errors = json!({
        "type": "object",
        "required": ["errors"],
        "additionalProperties": false,
        "properties": {"errors": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": error,
        }},
    });
    let uploads = refusals.iter().any(|refusal| matches!(refusal, Refusal::Upload(_)));
    let schema = if uploads {
        json!({"oneOf": [errors, {"$ref": "#/components/schemas/UploadError"}]})
    } else {
        errors
    };
    json!({
        "description": lines.into_iter().collect::<Vec<_>>().join("\n"),
        "headers": headers_of(status, None),
        "content": {JSON: {"schema": schema}},
    })
}
