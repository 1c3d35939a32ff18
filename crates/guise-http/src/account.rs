//! The caller's own account and limits: `account/verify_credentials`, `application/rate_limit_status`.

use axum::extract::State;
use axum::response::Response;
use guise_domain::rate::{Endpoint, Kind, Quota};
use guise_domain::{Account, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::auth::Caller;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;

/// Windows longer than this are not listed, as in the original.
const LISTED_SECONDS_MAX: u32 = 900;

/// `GET /1.1/account/verify_credentials.json`
pub(crate) async fn verify_credentials(
    State(guise): State<Guise>,
    Signed { caller, received, .. }: Signed<Asked>,
) -> Result<Response, Refusal> {
    let base = guise.settings().public_urls.first().unwrap_or(&received);
    Ok(answer::json(StatusCode::OK, &user(caller.account(), base)))
}

/// `GET /1.1/application/rate_limit_status.json`
pub(crate) async fn rate_limit_status(
    State(guise): State<Guise>,
    Signed { caller, input, .. }: Signed<Families>,
) -> Result<Response, Refusal> {
    let mut resources = Map::new();
    for &endpoint in Endpoint::ALL.iter().filter(|endpoint| input.wants(endpoint.family())) {
        if guise.settings().rules.rule(endpoint).window_seconds > LISTED_SECONDS_MAX {
            continue;
        }
        let Quota { limit, remaining, resets_at } = quota(&guise, &caller, endpoint).await?;
        let family = resources.entry(endpoint.family()).or_insert_with(|| json!({}));
        if let Value::Object(family) = family {
            let window =
                json!({"limit": limit, "remaining": remaining, "reset": resets_at.seconds()});
            family.insert(endpoint.path().to_owned(), window);
        }
    }
    let context = json!({"access_token": &**caller.token()});
    let status = json!({"rate_limit_context": context, "resources": resources});
    Ok(answer::json(StatusCode::OK, &status))
}

async fn quota(guise: &Guise, caller: &Caller, endpoint: Endpoint) -> Result<Quota, Refusal> {
    match endpoint.kind() {
        Kind::Read => Ok(guise.reads().peek(caller.token(), endpoint, caller.now)),
        Kind::Write => caller.write_quota(guise, endpoint).await,
    }
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

/// The user object, with the members that clients read.
fn user(account: &Account, base: &str) -> Value {
    let Account { id, name, custom_profiles: _, closed: _ } = account;
    let picture = format!("{base}/images/default_profile_normal.png");
    json!({
        "id": id.get(),
        "id_str": id.to_string(),
        "name": name.as_str(),
        "screen_name": name.as_str(),
        "location": "",
        "description": "",
        "url": null,
        "entities": {"description": {"urls": []}},
        "protected": false,
        "followers_count": 0,
        "friends_count": 0,
        "listed_count": 0,
        "created_at": written_out(id.created_at()),
        "favourites_count": 0,
        "utc_offset": null,
        "time_zone": null,
        "geo_enabled": false,
        "verified": false,
        "statuses_count": 0,
        "lang": null,
        "contributors_enabled": false,
        "is_translator": false,
        "profile_image_url": picture,
        "profile_image_url_https": picture,
        "default_profile": true,
        "default_profile_image": true,
    })
}

/// `Mon Dec 10 22:03:43 +0000 2018`
fn written_out(moment: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(moment.millis())
        .map(|moment| jiff::tz::TimeZone::UTC.to_datetime(moment))
        .map(|moment| moment.strftime("%a %b %d %H:%M:%S +0000 %Y").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_original_wrote_them() {
        let moment = Timestamp::from_seconds(1_544_479_423);
        assert_eq!(written_out(moment), "Mon Dec 10 22:03:43 +0000 2018");
    }
}
