//! `GET /inspector/stream`: requests as they are answered, by server-sent events, each the very piece of page that shows
//! it. The stream ends when the session does.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use guise_domain::AccountId;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{AppNames, app_names, line};
use crate::console::{Asked, SignedIn};
use crate::error::Refusal;
use crate::inspect::{self, Filter, Listener};
use crate::state::Guise;

/// `GET /inspector/stream?after=<the newest request shown>`, and what the list was narrowed by
pub(crate) async fn stream(
    State(guise): State<Guise>,
    signed: SignedIn,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let asked = Asked::read(query.as_deref());
    let filter = Filter::parse(asked.said())?;
    let after = asked.field("after").parse().ok();
    let names = app_names(&guise, signed.account().id).await?;
    inspect::told(guise, &headers, after, filter, Reader { signed, names })
}

/// Who has the page open.
struct Reader {
    signed: SignedIn,
    names: AppNames,
}

impl Listener for Reader {
    fn owner(&self) -> AccountId {
        self.signed.account().id
    }

    fn tell(&self, request: Value) -> Result<String, Refusal> {
        let (id, status) = (request.get("id").cloned(), request.get("status").cloned());
        let html = line(request, &self.names)?;
        Ok(json!({"id": id, "status": status, "html": html}).to_string())
    }

    async fn may_go_on(&self, guise: &Guise) -> Result<bool, Refusal> {
        self.signed.goes_on(guise).await
    }
}
