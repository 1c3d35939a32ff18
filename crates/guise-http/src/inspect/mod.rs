//! The inspector: the last requests to an account's apps, for those who wonder what became of them.
//!
//! Everything is in memory and bounded, and no secret that opens anything is put there. A request costs one push of what
//! was already known; what it signed with, and why a signature was refused, is found out when somebody asks.

mod entry;
mod explain;
mod filter;
mod hide;
mod memory;
mod oauth;
mod output;
mod seen;
mod stream;

use axum::extract::{Path, State};
use axum::response::Response;
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, Page, PageRequest};
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer;
use crate::auth::Caller;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;
use crate::wire::{Cursor, page};

pub use explain::forms_of_body;
pub(crate) use filter::Filter;
pub(crate) use memory::Inspector;
pub use output::explanation;
pub(crate) use seen::{note, see};
pub(crate) use stream::{Listener, newest, stream, told};

/// Where this API is; looking is not remembered.
const PATH: &str = "/guise/v1/requests";

/// `GET /guise/v1/requests`
pub(crate) async fn list(
    State(guise): State<Guise>,
    Signed { caller, input: Asked { filter, page }, .. }: Signed<Asked>,
) -> Result<Response, Refusal> {
    own_app(&caller)?;
    let (requests, next) = listed(&guise, caller.account().id, &filter, page);
    let mut listed = json!({"requests": requests});
    if let (Some(next), Value::Object(members)) = (next, &mut listed) {
        members.insert("next_cursor".to_owned(), next.write().into());
    }
    Ok(answer::json(StatusCode::OK, &listed))
}

/// `GET /guise/v1/requests/{id}`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Signed { caller, .. }: Signed<Shown>,
) -> Result<Response, Refusal> {
    own_app(&caller)?;
    let shown = shown(&guise, caller.account().id, &id).await?;
    Ok(answer::json(StatusCode::OK, &shown))
}

/// A page of the last requests to `owner`'s apps, each in short, newest first, and where the next page starts.
pub(crate) fn listed(
    guise: &Guise,
    owner: AccountId,
    filter: &Filter,
    page: PageRequest,
) -> (Vec<Value>, Option<Cursor>) {
    let Page { items, next } = guise.inspector().entries(owner, filter, page);
    (items.iter().map(|entry| output::in_short(entry)).collect(), next.map(Cursor))
}

/// One of the last requests to `owner`'s apps, whole, with what is wrong with its signature.
///
/// # Errors
/// When there is none with this id, or the store does not answer.
pub(crate) async fn shown(guise: &Guise, owner: AccountId, id: &str) -> Result<Value, Refusal> {
    let entry = guise.inspector().entry(owner, id).ok_or(Refusal::NotFound)?;
    let secrets = explain::secrets(guise, &entry).await?;
    let diagnosis = explain::diagnosis(guise, &entry, &secrets).await?;
    let mut shown = output::whole(&entry, diagnosis.as_ref());
    hide::known(&mut shown, &secrets);
    Ok(shown)
}

/// An app that another account made, and that this one only gave a token, has no business with this one's own apps.
fn own_app(caller: &Caller) -> Result<(), Refusal> {
    if caller.owns_its_app() { Ok(()) } else { Err(Refusal::NotOwnApp) }
}

/// Which requests to list.
#[derive(Debug)]
pub(crate) struct Asked {
    filter: Filter,
    page: PageRequest,
}

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::Requests;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { filter: Filter::parse(&request.query)?, page: page(&request.query)? })
    }
}

/// The request is in the path.
#[derive(Debug)]
pub(crate) struct Shown;

impl Input for Shown {
    const ENDPOINT: Endpoint = Endpoint::RequestsShow;

    fn parse(_: &Received) -> Result<Self, Unreadable> {
        Ok(Self)
    }
}
