//! `GET /guise/v1/direct_messages`: a box whose messages each show the face they were written under. The original's
//! list names the profile only, which may look different today.

use axum::extract::State;
use axum::response::Response;
use guise_domain::limits::MESSAGES_LISTED_SECONDS;
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, Message, Page, PageRequest};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::event::{EventOut, View};
use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::profiles::ProfileOut;
use crate::state::Guise;
use crate::wire::{Cursor, page};

/// `GET /guise/v1/direct_messages`
pub(crate) async fn list_with_faces(
    State(guise): State<Guise>,
    Signed { caller, input, received }: Signed<Asked>,
) -> Result<Response, Refusal> {
    let reader = caller.account().id;
    let since = caller.now.plus_seconds(-MESSAGES_LISTED_SECONDS);
    let Page { items, next } = guise.store().messages(reader, input.page, since).await?;
    let base = guise.base_url(&received);
    let messages = items.into_iter().map(|message| told(&guise, base, reader, message)).collect();
    let next_cursor = next.map(|id| Cursor(id).write());
    Ok(answer::json(StatusCode::OK, &MessagesOut { messages, next_cursor }))
}

/// A message, and the profile it was written under as it was then.
pub(super) fn told(guise: &Guise, base: &str, reader: AccountId, message: Message) -> Value {
    let face = message.face.clone();
    let profile = face.map(|face| ProfileOut::new(guise, base, face));
    let event = EventOut::new(message, View { reader, base, with_app: true });
    json!({"event": event, "custom_profile": profile})
}

/// The page that is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    page: PageRequest,
}

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesBox;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { page: page(&request.query)? })
    }
}

#[derive(Debug, Serialize)]
struct MessagesOut {
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}
