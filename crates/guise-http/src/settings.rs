//! The caller's own switches: `account/settings`.

use axum::extract::State;
use axum::response::Response;
use guise_domain::rate::Endpoint;
use guise_domain::{Account, MessagesFrom};
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;

/// `GET /1.1/account/settings.json`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Signed { caller, .. }: Signed<Asked>,
) -> Result<Response, Refusal> {
    let account = guise.store().account(caller.account().id).await?;
    let account = account.ok_or(Refusal::NoUser)?;
    Ok(answer::json(StatusCode::OK, &settings(&account, account.messages_from)))
}

/// `POST /1.1/account/settings.json`
pub(crate) async fn update(
    State(guise): State<Guise>,
    Signed { caller, input: Changed { from }, .. }: Signed<Changed>,
) -> Result<Response, Refusal> {
    let admission = caller.admission(&guise, Changed::ENDPOINT);
    let taken = guise.store().take_messages_from(&admission, from).await?;
    caller.admitted(taken)?;
    Ok(answer::json(StatusCode::OK, &settings(caller.account(), from)))
}

/// The members that clients read. What there is nothing of here is as the original had it for a new account.
fn settings(account: &Account, from: MessagesFrom) -> Value {
    json!({
        "protected": false,
        "screen_name": account.name.as_str(),
        "always_use_https": true,
        "use_cookie_personalization": false,
        "sleep_time": {"enabled": false, "end_time": null, "start_time": null},
        "geo_enabled": false,
        "language": "en",
        "discoverable_by_email": false,
        "discoverable_by_mobile_phone": false,
        "display_sensitive_media": false,
        "allow_contributor_request": "none",
        "allow_dms_from": from.as_str(),
        "allow_dm_groups_from": "following",
    })
}

/// Nothing is asked for but the settings.
#[derive(Debug)]
pub(crate) struct Asked;

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::AccountSettings;

    fn parse(_: &Received) -> Result<Self, Unreadable> {
        Ok(Self)
    }
}

/// What is to change.
#[derive(Debug)]
pub(crate) struct Changed {
    from: MessagesFrom,
}

impl Input for Changed {
    const ENDPOINT: Endpoint = Endpoint::AccountSettingsUpdate;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let pairs = request.query_and_form();
        let word = pairs.get("allow_dms_from");
        let word = word.ok_or_else(|| Refusal::Invalid("allow_dms_from: is required".into()))?;
        let from = MessagesFrom::parse(word)
            .ok_or_else(|| Refusal::Invalid("allow_dms_from: must be all or following".into()))?;
        Ok(Self { from })
    }
}
