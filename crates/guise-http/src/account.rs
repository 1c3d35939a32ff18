//! The caller's own account and limits: `account/verify_credentials`, `application/rate_limit_status`.

use axum::extract::State;
use axum::response::Response;
use guise_domain::rate::{Endpoint, Kind, Quota};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Reader, Received, Signed, SignedOrBearer, Unreadable};
use crate::state::Guise;
use crate::users::user;

/// Windows longer than this are not listed, as in the original.
const LISTED_SECONDS_MAX: u32 = 900;

/// `GET /1.1/account/verify_credentials.json`
pub(crate) async fn verify_credentials(
    State(guise): State<Guise>,
    Signed { caller, received, .. }: Signed<Asked>,
) -> Result<Response, Refusal> {
    Ok(answer::json(StatusCode::OK, &user(caller.account(), guise.base_url(&received))))
}

/// `GET /1.1/application/rate_limit_status.json`
pub(crate) async fn rate_limit_status(
    State(guise): State<Guise>,
    SignedOrBearer { reader, input, .. }: SignedOrBearer<Families>,
) -> Result<Response, Refusal> {
    let (token, now) = match &reader {
        Reader::User(caller) => (&**caller.token(), caller.now),
        Reader::App(app) => (app.consumer_key(), app.now),
    };
    let read = guise.reads().of_token(guise.store(), token, now).await?;
    let mut resources = Map::new();
    let listed = Endpoint::ALL.iter().filter(|endpoint| is_listed(&reader, **endpoint));
    for &endpoint in listed.filter(|endpoint| input.wants(endpoint.family())) {
        if guise.settings().rules.rule(endpoint).window_seconds > LISTED_SECONDS_MAX {
            continue;
        }
        let quota = match (&reader, endpoint.kind()) {
            (Reader::User(caller), Kind::Write | Kind::App) => {
                caller.write_quota(&guise, endpoint).await?
            }
            _ => guise.reads().of(&read, endpoint, now),
        };
        let Quota { limit, remaining, resets_at } = quota;
        let family = resources.entry(endpoint.family()).or_insert_with(|| json!({}));
        if let Value::Object(family) = family {
            let window =
                json!({"limit": limit, "remaining": remaining, "reset": resets_at.seconds()});
            family.insert(endpoint.path().to_owned(), window);
        }
    }
    let context = match &reader {
        Reader::User(_) => json!({"access_token": token}),
        Reader::App(_) => json!({"application": token}),
    };
    let status = json!({"rate_limit_context": context, "resources": resources});
    Ok(answer::json(StatusCode::OK, &status))
}

/// Apps are told of what they may read for themselves.
fn is_listed(reader: &Reader, endpoint: Endpoint) -> bool {
    endpoint.is_listed() && (matches!(reader, Reader::User(_)) || endpoint.takes_bearer())
}

/// `verify_credentials` reads nothing but the signature.
#[derive(Debug)]
pub(crate) struct Asked;

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::AccountVerifyCredentials;

    fn parse(_: &Received) -> Result<Self, Unreadable> {
        Ok(Self)
    }
}

/// The families of endpoints that `resources` names; all when it names none.
#[derive(Debug)]
pub(crate) struct Families(Vec<String>);

impl Families {
    fn wants(&self, family: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| wanted == family)
    }
}

impl Input for Families {
    const ENDPOINT: Endpoint = Endpoint::ApplicationRateLimitStatus;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let resources = request.query.get("resources").unwrap_or_default();
        let names = resources.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Self(names.map(str::to_owned).collect()))
    }
}
