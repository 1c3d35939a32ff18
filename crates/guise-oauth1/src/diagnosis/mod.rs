//! Why a signature does not hold: the usual mistakes, made on purpose until one of them, or two, sign the same.
//!
//! A match cannot be an accident, so what is found is what the client did. The work is bounded: see [`ATTEMPTS_MAX`].

mod keys;
mod message;
mod mistake;
mod search;
mod spelling;
mod urls;

pub use mistake::Mistake;

use crate::base_string;
use crate::presented::{self, Presented, Request};
use message::{Field, Message};
use search::Search;

/// Signatures that are computed for one diagnosis at the most.
pub const ATTEMPTS_MAX: usize = 20_000;

/// A request as it was received, and what its signature should have been made with.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What the signature covers.
    pub request: Request<'a>,
    /// A body that is no form, as the forms that a client may have taken it for; empty without a body, and `None` when
    /// there was one that nobody kept.
    pub unsigned: Option<&'a [Vec<u8>]>,
    /// The URLs that would have been right, without query; the one that the request came to first.
    pub base_urls: &'a [String],
    /// The app's secret half.
    pub consumer_secret: &'a str,
    /// The token's secret half.
    pub token_secret: &'a str,
    /// Whether it has to name a token, as all do but those that ask for one.
    pub needs_token: bool,
    /// When it came, in seconds since the epoch.
    pub now: i64,
    /// How far a timestamp may be from that.
    pub skew_seconds_max: i64,
}

/// What was found. It tells nothing that would sign another request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What is wrong, the signature's mistakes first; empty when the signature holds and its time is right.
    pub mistakes: Vec<Mistake>,
    /// The base string that should have been signed, if the credentials can be read.
    pub base_string: Option<String>,
    /// The one that was signed instead, if it was found.
    pub signed: Option<String>,
    /// The signature as it was presented.
    pub signature: Option<String>,
    /// How far the timestamp is ahead of the clock; negative when it is behind.
    pub skew_seconds: Option<i64>,
    /// Signatures that were computed on the way.
    pub attempts: usize,
}

/// Finds out why a signature does not hold.
#[must_use]
pub fn diagnose(evidence: &Evidence<'_>) -> Diagnosis {
    let presented = match Presented::parse(&evidence.request) {
        Ok(presented) => presented,
        Err(error) => return unreadable(Mistake::Unreadable(error)),
    };
    let fields = fields(&evidence.request);
    let base_urls: Vec<String> =
        evidence.base_urls.iter().map(|url| base_string::normalize_url(url).into_owned()).collect();
    let method = evidence.request.method.to_ascii_uppercase();
    let right = |url: &str| {
        let message = Message::right(&method, url, &fields).write();
        String::from_utf8_lossy(&message).into_owned()
    };
    let first = base_urls.first().map(String::as_str).unwrap_or_default();
    let skew =
        i64::try_from(presented.timestamp()).unwrap_or(i64::MAX).saturating_sub(evidence.now);
    let mut diagnosis = Diagnosis {
        mistakes: Vec::new(),
        base_string: Some(right(first)),
        signed: None,
        signature: presented::signature(&evidence.request),
        skew_seconds: Some(skew),
        attempts: 0,
    };
    if evidence.needs_token && presented.token().is_none() {
        diagnosis.mistakes.push(Mistake::TokenMissing);
    }
    let key = crate::SigningKey::new(evidence.consumer_secret, evidence.token_secret);
    if !base_urls.iter().any(|url| presented.verify(&key, url)) {
        let mut search = Search::new(evidence, &presented, &base_urls, &method, &fields);
        let found = search.run();
        diagnosis.attempts = search.attempts;
        if let Some(found) = found {
            let expected = base_urls.get(found.expected).map_or(first, String::as_str);
            let expected = right(expected);
            diagnosis.signed = Some(found.base_string).filter(|signed| *signed != expected);
            diagnosis.base_string = Some(expected);
            diagnosis.mistakes.extend(found.mistakes);
        } else {
            let body_untried = evidence.unsigned.is_none();
            diagnosis.mistakes.push(Mistake::NothingFits { body_untried });
        }
    }
    diagnosis.mistakes.extend(clock(skew, presented.timestamp(), evidence));
    diagnosis
}

fn unreadable(mistake: Mistake) -> Diagnosis {
    Diagnosis {
        mistakes: vec![mistake],
        base_string: None,
        signed: None,
        signature: None,
        skew_seconds: None,
        attempts: 0,
    }
}

fn clock(skew: i64, timestamp: u64, evidence: &Evidence<'_>) -> Option<Mistake> {
    let limit = evidence.skew_seconds_max.unsigned_abs();
    if skew.unsigned_abs() <= limit {
        return None;
    }
    let seconds = i64::try_from(timestamp / 1000).unwrap_or(i64::MAX);
    if seconds.abs_diff(evidence.now) <= limit {
        return Some(Mistake::Milliseconds);
    }
    Some(Mistake::Clock { skew_seconds: skew })
}

/// Everything that is to be signed, in the order in which it came.
fn fields(request: &Request<'_>) -> Vec<Field> {
    let all = presented::everything(request);
    let signed = all.filter(|parameter| parameter.name != "oauth_signature");
    signed.map(|parameter| Field::new(&parameter)).collect()
}
