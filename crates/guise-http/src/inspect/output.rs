//! Requests as the API tells of them.

use axum::extract::MatchedPath;
use guise_oauth1::Diagnosis;
use serde_json::{Value, json};

use super::entry::{Entry, Kept, Pairs, Text};
use super::hide;
use crate::wire::written_moment;

/// One line of a list.
pub(super) fn in_short(entry: &Entry) -> Value {
    let (_, token) = entry.oauth.names();
    json!({
        "id": entry.id,
        "at": written_moment(entry.at),
        "method": entry.method,
        "path": entry.path,
        "route": entry.route.as_ref().map(MatchedPath::as_str),
        "status": entry.status,
        "code": entry.refused.map(|(code, _)| code),
        "slug": entry.refused.map(|(_, slug)| slug),
        "ms": entry.millis,
        "account_id": entry.named.account.map(|account| account.to_string()),
        "app_id": entry.named.app.to_string(),
        "token": Some(hide::shortened(&token)).filter(|token| !token.is_empty()),
    })
}

/// Everything that is known of a request.
pub(super) fn whole(entry: &Entry, diagnosis: Option<&Diagnosis>) -> Value {
    let mut shown = in_short(entry);
    if let Value::Object(members) = &mut shown {
        let more = [
            ("oauth", pairs(&entry.oauth.shown())),
            ("headers", pairs(&entry.headers)),
            ("body", text(entry.body.as_ref())),
            ("answer", text(entry.answer.as_ref())),
            ("diagnosis", diagnosed(entry, diagnosis)),
        ];
        members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    shown
}

fn pairs(pairs: &Pairs) -> Value {
    pairs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

fn text(text: Option<&Text>) -> Value {
    text.map_or(Value::Null, |Text { text, bytes }| json!({"text": text, "bytes": bytes}))
}

fn diagnosed(entry: &Entry, diagnosis: Option<&Diagnosis>) -> Value {
    const TOO_LONG: &str =
        "What was signed is too long to have been kept. Send the request to guise explain.";
    let Some(diagnosis) = diagnosis else {
        return match entry.kept {
            Kept::TooLong => json!({
                "mistakes": [{"mistake": "not-kept", "says": TOO_LONG}],
                "base_string": null,
                "signed_base_string": null,
                "signature": null,
                "skew_seconds": null,
            }),
            Kept::Nothing | Kept::Whole(_) => Value::Null,
        };
    };
    let mut told = explanation(diagnosis);
    for name in ["base_string", "signed_base_string"] {
        if let Some(Value::String(text)) = told.get_mut(name) {
            *text = hide::base_string(text);
        }
    }
    told
}

/// A diagnosis as the API tells it.
#[must_use]
pub fn explanation(diagnosis: &Diagnosis) -> Value {
    let Diagnosis { mistakes, base_string, signed, signature, skew_seconds, attempts: _ } =
        diagnosis;
    let mistakes: Vec<Value> = mistakes
        .iter()
        .map(|mistake| json!({"mistake": mistake.slug(), "says": mistake.to_string()}))
        .collect();
    json!({
        "mistakes": mistakes,
        "base_string": base_string,
        "signed_base_string": signed,
        "signature": signature,
        "skew_seconds": skew_seconds,
    })
}
