//! With whom the account writes.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guise_domain::{Account, AccountId, Overview, Page, ScreenName, SendError};
use http::StatusCode;
use http::request::Parts;

use super::message::From;
use super::{Frame, Section, SignedIn, When, page, see};
use crate::error::Refusal;
use crate::extract::query;
use crate::state::Guise;
use crate::wire::{self, Cursor};

#[derive(Template)]
#[template(path = "conversations.html")]
struct ConversationsPage {
    frame: Frame,
    rows: Vec<Row>,
    /// Where older conversations are.
    older: Option<String>,
    /// Whom somebody wants to write to, and why that cannot be.
    with: String,
    problem: Option<String>,
}

struct Row {
    other: String,
    from: From,
    own: bool,
    text: String,
    at: When,
    unread: bool,
}

/// `GET /conversations`, and `?with=name` to begin one.
pub(crate) async fn list(
    State(guise): State<Guise>,
    signed: SignedIn,
    parts: Parts,
) -> Result<Response, Refusal> {
    let query = query(&parts);
    let with = query.get("with").unwrap_or_default().trim().to_owned();
    let (status, problem) = match with.strip_prefix('@').unwrap_or(&with) {
        "" => (StatusCode::OK, None),
        name => match begin(&guise, &signed, name).await? {
            Ok(other) => return Ok(see(&format!("/conversations/{}#end", other.name))),
            Err((status, problem)) => (status, Some(problem)),
        },
    };
    let page_of = wire::page(&query)?;
    let Page { items, next } = guise.store().conversations(signed.account().id, page_of).await?;
    let rows = rows(&guise, signed.account(), items).await?;
    let older = next.map(|id| Cursor(id).write());
    let frame = signed.frame(&guise, Section::Conversations);
    Ok(page(status, &ConversationsPage { frame, rows, older, with, problem }))
}

/// The account called `name`, if it takes messages of the one that is signed in.
async fn begin(
    guise: &Guise,
    signed: &SignedIn,
    name: &str,
) -> Result<Result<Account, (StatusCode, String)>, Refusal> {
    let nobody = || (StatusCode::NOT_FOUND, format!("There is no account called @{name}."));
    let Some(other) = find(guise, name).await? else { return Ok(Err(nobody())) };
    Ok(match guise.store().may_write(signed.account().id, other.id).await? {
        Ok(()) => Ok(other),
        Err(SendError::NoRecipient) => Err(nobody()),
        Err(_) => {
            Err((StatusCode::FORBIDDEN, format!("@{} takes no messages from you.", other.name)))
        }
    })
}

/// The account called `name`, closed or not.
pub(super) async fn find(guise: &Guise, name: &str) -> Result<Option<Account>, Refusal> {
    let Ok(name) = name.parse::<ScreenName>() else { return Ok(None) };
    Ok(guise.store().account_by_name(&name).await?)
}

async fn rows(guise: &Guise, me: &Account, overviews: Vec<Overview>) -> Result<Vec<Row>, Refusal> {
    let others = overviews.iter().map(|overview| overview.other).collect();
    let others = guise.store().accounts_by_id(others).await?;
    let names: HashMap<AccountId, ScreenName> =
        others.into_iter().map(|account| (account.id, account.name)).collect();
    let row = |Overview { other, newest, unread }: Overview| {
        let name = names.get(&other)?;
        let own = newest.sender == me.id;
        let writer = if own { &me.name } else { name };
        let said = newest.content.text.as_str();
        let text = match (said.trim().is_empty(), newest.media.is_some()) {
            (false, _) => said.chars().take(200).collect(),
            (true, true) => "A picture".to_owned(),
            (true, false) => "A place".to_owned(),
        };
        Some(Row {
            other: name.to_string(),
            from: From::new(newest.face.as_ref(), writer),
            own,
            text,
            at: When(newest.id.created_at()),
            unread,
        })
    };
    Ok(overviews.into_iter().filter_map(row).collect())
}
