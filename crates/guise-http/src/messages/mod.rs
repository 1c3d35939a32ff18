//! Direct messages: `/1.1/direct_messages/…` (contract §2).

mod around;
mod event;
mod faces;
mod following;
mod picture;
mod request;
mod stream;
mod tail;

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use guise_domain::limits::MESSAGES_LISTED_SECONDS;
use guise_domain::rate::Endpoint;
use guise_domain::{
    AccountId, Admitted, AppId, Entities, Message, MessageContent, MessageEntities, MessageId,
    NewMessage, Once, Page, PageRequest, Signal,
};
use http::StatusCode;

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;
use crate::wire::{Cursor, page};

pub(crate) use around::{indicate_typing, mark_read, tell_read};
use event::{AppOut, AppsOut, EventOut, EventsOut, OneEventOut, View};
pub(crate) use faces::list_with_faces;
pub(crate) use following::{Follower, Following};
pub(crate) use picture::{serve as serve_picture, show as show_picture};
use request::MessageIn;
pub(crate) use stream::stream;
pub(crate) use tail::Tail;

/// `POST /1.1/direct_messages/events/new.json`
pub(crate) async fn create(
    State(guise): State<Guise>,
    Signed { caller, input, received }: Signed<MessageIn>,
) -> Result<Response, Refusal> {
    let MessageIn { recipient, profile, media, content, entities } = input;
    if profile.is_some() && !caller.account().custom_profiles {
        return Err(caller.uncounted(&guise, MessageIn::ENDPOINT, Refusal::NotPermitted).await);
    }
    let content = MessageContent { entities: resolve(&guise, entities).await?, ..content };
    let id = MessageId::new(guise.next_id(caller.now));
    let new = NewMessage { id, recipient, profile, media, content };
    let admission = caller.admission(&guise, MessageIn::ENDPOINT);
    let (reader, base) = (caller.account().id, guise.base_url(&received).to_owned());
    let tell = move |message: &Message| {
        let view = View { reader, base: &base, with_app: false };
        let out = OneEventOut { event: EventOut::new(message.clone(), view), apps: None };
        answer::kept(StatusCode::OK, &out)
    };
    let keep = caller.keep(id.get(), &tell);
    let sent = guise.store().send_message(&admission, new, keep).await?;
    if let Once::First(Admitted::Done(_, Ok(message))) = &sent {
        tell_sent(&guise, message);
    }
    caller.told(sent, tell)
}

/// `GET /1.1/direct_messages/events/show.json`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Signed { caller, input, received }: Signed<Shown>,
) -> Result<Response, Refusal> {
    let reader = caller.account().id;
    let message = guise.store().message(reader, input.id).await?.ok_or(Refusal::NotFound)?;
    let base = guise.base_url(&received);
    let apps = apps(&guise, reader, std::slice::from_ref(&message), base).await?;
    let view = View { reader, base, with_app: true };
    Ok(answer::json(StatusCode::OK, &OneEventOut { event: EventOut::new(message, view), apps }))
}

/// `GET /1.1/direct_messages/events/list.json`
pub(crate) async fn list(
    State(guise): State<Guise>,
    Signed { caller, input, received }: Signed<Listed>,
) -> Result<Response, Refusal> {
    let reader = caller.account().id;
    let since = caller.now.plus_seconds(-MESSAGES_LISTED_SECONDS);
    let Page { items, next } = guise.store().messages(reader, input.page, since).await?;
    let base = guise.base_url(&received);
    let apps = apps(&guise, reader, &items, base).await?;
    let view = View { reader, base, with_app: true };
    let events = items.into_iter().map(|message| EventOut::new(message, view)).collect();
    let next_cursor = next.map(|id| Cursor(id).write());
    Ok(answer::json(StatusCode::OK, &EventsOut { events, next_cursor, apps }))
}

/// `DELETE /1.1/direct_messages/events/destroy.json`
pub(crate) async fn destroy(
    State(guise): State<Guise>,
    Signed { caller, input, .. }: Signed<Destroyed>,
) -> Result<Response, Refusal> {
    let admission = caller.admission(&guise, Destroyed::ENDPOINT);
    let destroyed = guise.store().destroy_message(&admission, input.id).await?;
    if caller.admitted(destroyed)? {
        Ok(answer::empty(StatusCode::NO_CONTENT))
    } else {
        Err(Refusal::NotFound)
    }
}

/// Wakes whoever streams either box.
pub(crate) fn tell_sent(guise: &Guise, message: &Message) {
    for account in [message.sender, message.recipient] {
        guise.signals().send(Signal::Message(account));
    }
}

/// Finds whose the mentions are.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn resolve(guise: &Guise, found: Entities) -> Result<MessageEntities, Refusal> {
    let names = found.mentioned_names();
    let accounts =
        if names.is_empty() { Vec::new() } else { guise.store().accounts_by_name(names).await? };
    Ok(MessageEntities::resolved(found, &accounts))
}

/// The apps that the reader's own messages were sent by.
async fn apps(
    guise: &Guise,
    reader: AccountId,
    messages: &[Message],
    base: &str,
) -> Result<Option<AppsOut>, Refusal> {
    let own = messages.iter().filter(|message| message.sender == reader);
    let ids: BTreeSet<AppId> = own.map(|message| message.app).collect();
    let mut apps = AppsOut::new();
    for id in ids {
        if let Some(app) = guise.store().app(id).await? {
            apps.insert(id.to_string(), AppOut::new(app, base));
        }
    }
    Ok((!apps.is_empty()).then_some(apps))
}

/// The message that `show` names.
#[derive(Debug)]
pub(crate) struct Shown {
    id: MessageId,
}

impl Input for Shown {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesShow;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { id: request.query.id("id")? })
    }
}

/// The page that `list` asks for.
#[derive(Debug)]
pub(crate) struct Listed {
    page: PageRequest,
}

impl Input for Listed {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesList;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { page: page(&request.query)? })
    }
}

/// The message that `destroy` names: in the query, a form, or JSON.
#[derive(Debug)]
pub(crate) struct Destroyed {
    id: MessageId,
}

impl Input for Destroyed {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesDestroy;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { id: request.id_anywhere("id")? })
    }
}
