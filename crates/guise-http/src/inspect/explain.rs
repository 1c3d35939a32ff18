//! Why a signature was refused, found out when somebody asks.

use std::sync::Arc;

use guise_oauth1::{Diagnosis, Evidence, Mistake, Request, diagnose, percent_encode};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::entry::{Entry, Kept};
use crate::error::Refusal;
use crate::state::Guise;

/// The forms that a client may take a body for that is none: the bytes themselves, and the members of a JSON object.
#[must_use]
pub fn forms_of_body(content_type: &str, body: &[u8]) -> Vec<Vec<u8>> {
    if body.is_empty() || content_type.trim_start().starts_with("multipart/") {
        return Vec::new();
    }
    let mut forms = vec![body.to_vec()];
    if let Ok(Value::Object(members)) = serde_json::from_slice(body) {
        let pair = |(name, value): (&String, &Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{}={}", percent_encode(name), percent_encode(&value))
        };
        forms.push(members.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes());
    }
    forms
}

/// The secrets of the app and the token that a request named: consumer secret and token secret.
pub(super) async fn secrets(guise: &Guise, entry: &Entry) -> Result<Vec<String>, Refusal> {
    let (consumer_key, token) = entry.oauth.names();
    let found = guise.credentials().secrets(guise.store(), &consumer_key, &token).await?;
    let (consumer, token) = found.unwrap_or_default();
    Ok([consumer, token].into_iter().filter(|secret| !secret.is_empty()).collect())
}

/// What is wrong with a request that was refused for its signature; nothing for any other.
///
/// # Errors
/// When the work fails.
pub(super) async fn diagnosis(
    guise: &Guise,
    entry: &Arc<Entry>,
    secrets: &[String],
) -> Result<Option<Diagnosis>, Refusal> {
    if matches!(entry.kept, Kept::Nothing) {
        return Ok(None);
    }
    let place = guise.inspector().diagnoses.acquire().await;
    let (entry, secrets) = (Arc::clone(entry), secrets.to_vec());
    let skew_seconds_max = guise.settings().clock_skew_seconds;
    let found = spawn_blocking(move || explained(&entry, &secrets, skew_seconds_max)).await;
    drop(place);
    found.map_err(|error| Refusal::Internal(error.to_string()))
}

fn explained(entry: &Entry, secrets: &[String], skew_seconds_max: i64) -> Option<Diagnosis> {
    let Kept::Whole(signed) = &entry.kept else { return None };
    let request = Request {
        method: &entry.method,
        query: &signed.query,
        form: signed.form.as_deref(),
        authorization: signed.authorization.as_deref(),
    };
    let mut diagnosis = diagnose(&Evidence {
        request,
        unsigned: signed.unsigned.as_deref(),
        base_urls: &signed.base_urls,
        consumer_secret: secrets.first().map(String::as_str).unwrap_or_default(),
        token_secret: secrets.get(1).map(String::as_str).unwrap_or_default(),
        needs_token: !entry.path.starts_with("/oauth/"),
        now: entry.at.seconds(),
        skew_seconds_max,
    });
    // What holds and was refused all the same was refused for what else has to be right.
    if diagnosis.mistakes.is_empty() {
        let mistake = if signed.other_hash { Mistake::BodyHash } else { Mistake::Repeated };
        diagnosis.mistakes.push(mistake);
    }
    Some(diagnosis)
}
