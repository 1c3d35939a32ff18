//! Whom the caller takes no messages from: `blocks/create`, `blocks/destroy`, `blocks/ids`.

use axum::extract::State;
use axum::response::Response;
use guise_domain::limits::BLOCKS_PAGE_COUNT;
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, Page, PageRequest};
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer;
use crate::auth::Caller;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;
use crate::users::{UserRef, user};

/// `POST /1.1/blocks/create.json`
pub(crate) async fn create(
    State(guise): State<Guise>,
    Signed { caller, input: Blocked(other), received }: Signed<Blocked>,
) -> Result<Response, Refusal> {
    set(&guise, &caller, &other, true, &received).await
}

/// `POST /1.1/blocks/destroy.json`
pub(crate) async fn destroy(
    State(guise): State<Guise>,
    Signed { caller, input: Unblocked(other), received }: Signed<Unblocked>,
) -> Result<Response, Refusal> {
    set(&guise, &caller, &other, false, &received).await
}

/// Sets or lifts a block, as often as one likes; the answer is the other account.
async fn set(
    guise: &Guise,
    caller: &Caller,
    other: &UserRef,
    blocked: bool,
    received: &str,
) -> Result<Response, Refusal> {
    let endpoint = if blocked { Blocked::ENDPOINT } else { Unblocked::ENDPOINT };
    let refusal = match other.find(guise).await? {
        Some(other) if other.id != caller.account().id => {
            let admission = caller.admission(guise, endpoint);
            caller.admitted(guise.store().block(&admission, other.id, blocked).await?)?;
            return Ok(answer::json(StatusCode::OK, &user(&other, guise.base_url(received))));
        }
        Some(_) => Refusal::Invalid("user_id: must not be the caller's own".into()),
        None => Refusal::NoUser,
    };
    Err(caller.refuse(guise, endpoint, refusal).await)
}

/// `GET /1.1/blocks/ids.json`
pub(crate) async fn ids(
    State(guise): State<Guise>,
    Signed { caller, input, .. }: Signed<Listed>,
) -> Result<Response, Refusal> {
    let Page { items, next } = guise.store().blocked(caller.account().id, input.page).await?;
    let id = |id: AccountId| if input.as_text { json!(id.to_string()) } else { json!(id.get()) };
    let ids: Value = items.into_iter().map(id).collect();
    let next = next.unwrap_or(0);
    let page = json!({
        "ids": ids,
        "next_cursor": next,
        "next_cursor_str": next.to_string(),
        "previous_cursor": 0,
        "previous_cursor_str": "0",
    });
    Ok(answer::json(StatusCode::OK, &page))
}

/// Whom to block.
#[derive(Debug)]
pub(crate) struct Blocked(UserRef);

impl Input for Blocked {
    const ENDPOINT: Endpoint = Endpoint::BlocksCreate;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self(UserRef::parse(&request.query_and_form())?))
    }
}

/// Whom to block no longer.
#[derive(Debug)]
pub(crate) struct Unblocked(UserRef);

impl Input for Unblocked {
    const ENDPOINT: Endpoint = Endpoint::BlocksDestroy;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self(UserRef::parse(&request.query_and_form())?))
    }
}

/// The page that `ids` asks for. Cursors here are numbers, and -1 is the first page's.
#[derive(Debug)]
pub(crate) struct Listed {
    page: PageRequest,
    /// `stringify_ids`: for clients whose numbers have fewer than 63 bits.
    as_text: bool,
}

impl Input for Listed {
    const ENDPOINT: Endpoint = Endpoint::BlocksIds;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let before = match request.query.get("cursor") {
            None | Some("" | "-1") => None,
            Some(text) => {
                Some(text.parse().map_err(|_| Refusal::Invalid("invalid cursor".into()))?)
            }
        };
        let as_text =
            matches!(request.query.get("stringify_ids"), Some("true" | "True" | "t" | "1"));
        Ok(Self { page: PageRequest { count: BLOCKS_PAGE_COUNT, before }, as_text })
    }
}
