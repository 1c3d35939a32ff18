//! Accounts as others see them: `users/show`, `users/lookup`, and the little of `/2/users` that clients ask for.

use std::str::FromStr;

use axum::extract::{Path, State};
use axum::response::Response;
use guise_domain::limits::USERS_LOOKUP_MAX;
use guise_domain::rate::Endpoint;
use guise_domain::{Account, AccountId, ScreenName, Timestamp};
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, SignedOrBearer, Unreadable};
use crate::state::Guise;
use crate::wire::{Pairs, parse_id};

/// `GET /1.1/users/show.json`
pub(crate) async fn show(
    State(guise): State<Guise>,
    SignedOrBearer { input, received, .. }: SignedOrBearer<Shown>,
) -> Result<Response, Refusal> {
    let account = input.0.find(&guise).await?.ok_or(Refusal::NoUser)?;
    Ok(answer::json(StatusCode::OK, &user(&account, guise.base_url(&received))))
}

/// `GET /1.1/users/lookup.json`, or `POST`
pub(crate) async fn lookup(
    State(guise): State<Guise>,
    SignedOrBearer { input: LookedUp { ids, names }, received, .. }: SignedOrBearer<LookedUp>,
) -> Result<Response, Refusal> {
    let mut accounts = guise.store().accounts_by_id(ids).await?;
    accounts.extend(guise.store().accounts_by_name(names).await?);
    accounts.retain(|account| !account.closed);
    if accounts.is_empty() {
        return Err(Refusal::NoUsers);
    }
    let base = guise.base_url(&received);
    let users: Value = accounts.iter().map(|account| user(account, base)).collect();
    Ok(answer::json(StatusCode::OK, &users))
}

/// `GET /2/users/:id`
pub(crate) async fn show_v2(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    SignedOrBearer { .. }: SignedOrBearer<Asked>,
) -> Result<Response, Refusal> {
    let id: AccountId = id.parse().map_err(|_| Refusal::NoUser)?;
    let account = UserRef::Id(id).find(&guise).await?.ok_or(Refusal::NoUser)?;
    let (id, name) = (account.id.to_string(), account.name.as_str());
    let user = json!({"data": {"id": id, "name": name, "username": name}});
    Ok(answer::json(StatusCode::OK, &user))
}

/// An account, as requests name one.
#[derive(Clone, Debug)]
pub(crate) enum UserRef {
    /// By `user_id`.
    Id(AccountId),
    /// By `screen_name`.
    Name(ScreenName),
}

impl UserRef {
    /// Reads `user_id` or `screen_name`; the id counts when both are there.
    ///
    /// # Errors
    /// When neither is there, or what is there names nobody.
    pub(crate) fn parse(pairs: &Pairs) -> Result<Self, Refusal> {
        let given = |name| pairs.get(name).filter(|text| !text.is_empty());
        match (given("user_id"), given("screen_name")) {
            (Some(id), _) => parse_id("user_id", id).map(Self::Id),
            // What no account can be called is nobody's name.
            (None, Some(name)) => name.parse().map(Self::Name).map_err(|_| Refusal::NoUser),
            (None, None) => Err(Refusal::Invalid("user_id or screen_name: is required".into())),
        }
    }

    /// The account, unless it is closed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn find(&self, guise: &Guise) -> Result<Option<Account>, Refusal> {
        let found = match self {
            Self::Id(id) => guise.store().account(*id).await?,
            Self::Name(name) => guise.store().account_by_name(name).await?,
        };
        Ok(found.filter(|account| !account.closed))
    }
}

/// The user that `show` names.
#[derive(Debug)]
pub(crate) struct Shown(UserRef);

impl Input for Shown {
    const ENDPOINT: Endpoint = Endpoint::UsersShow;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self(UserRef::parse(&request.query)?))
    }
}

/// The path says it all.
#[derive(Debug)]
pub(crate) struct Asked;

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::UsersShow;

    fn parse(_: &Received) -> Result<Self, Unreadable> {
        Ok(Self)
    }
}

/// The users that `lookup` names.
#[derive(Debug)]
pub(crate) struct LookedUp {
    ids: Vec<AccountId>,
    names: Vec<ScreenName>,
}

impl Input for LookedUp {
    const ENDPOINT: Endpoint = Endpoint::UsersLookup;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let pairs = request.query_and_form();
        let ids = list(&pairs, "user_id");
        let names = list(&pairs, "screen_name");
        if ids.is_empty() && names.is_empty() {
            return Err(Refusal::Invalid("user_id or screen_name: is required".into()).into());
        }
        if ids.len() + names.len() > USERS_LOOKUP_MAX {
            return Err(Refusal::TooManyUsers.into());
        }
        Ok(Self { ids: known(&ids), names: known(&names) })
    }
}

fn list<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a str> {
    let text = pairs.get(name).unwrap_or_default();
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// What can be an id or a name; anything else is nobody's.
fn known<T: FromStr>(items: &[&str]) -> Vec<T> {
    items.iter().filter_map(|item| item.parse().ok()).collect()
}

/// The user object, with the members that clients read.
pub(crate) fn user(account: &Account, base: &str) -> Value {
    let Account { id, name, custom_profiles: _, messages_from: _, closed: _ } = account;
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
