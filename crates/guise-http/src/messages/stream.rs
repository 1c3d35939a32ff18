//! `GET /guise/v1/direct_messages/stream`: a box as it fills, by server-sent events (WHATWG HTML §9.2).
//!
//! `open` comes first on a stream that goes on from nowhere. `message` carries the event as `list` has it, with the profile it was written under. Its id, sent back as
//! `Last-Event-ID`, goes on from there; what was sent in the seconds before may then come a second time. `typing` and
//! `read` say what the other party does. A line of comment keeps the connection alive; the stream ends when the token
//! is revoked or the server stops.

use std::collections::VecDeque;

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use guise_domain::limits::TYPING_SECONDS;
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, Message, MessageId, Signal};
use http::HeaderMap;
use serde_json::json;

use super::faces::told;
use super::{Follower, Following, Tail};
use crate::auth::Caller;
use crate::error::Refusal;
use crate::events;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;

/// `GET /guise/v1/direct_messages/stream`
pub(crate) async fn stream(
    State(guise): State<Guise>,
    headers: HeaderMap,
    Signed { caller, received, .. }: Signed<Asked>,
) -> Result<Response, Refusal> {
    // Listening begins before anything is read, so that nothing falls in between.
    let listener = guise.signals().listen(caller.account().id)?;
    let last = match headers.get("last-event-id") {
        Some(id) => Some(last_event_id(id.to_str().unwrap_or_default())?),
        None => None,
    };
    let base = guise.base_url(&received).to_owned();
    let tail = Tail::after(last, caller.now);
    let mut watch = Watch { guise, caller, base, tail, waiting: VecDeque::new() };
    if last.is_none() {
        watch.skip().await?;
    }
    Ok(events::answer(Following::new(watch, listener)))
}

fn last_event_id(text: &str) -> Result<MessageId, Refusal> {
    let rule = |rule| Refusal::Invalid(format!("Last-Event-ID: {rule}"));
    text.parse().map_err(rule)
}

/// Nothing is asked for but the box.
#[derive(Debug)]
pub(crate) struct Asked;

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesStream;

    fn parse(_: &Received) -> Result<Self, Unreadable> {
        Ok(Self)
    }
}

/// One stream: what it has told, and what waits to be.
struct Watch {
    guise: Guise,
    caller: Caller,
    base: String,
    tail: Tail,
    waiting: VecDeque<Event>,
}

impl Watch {
    /// Without a place to go on from, what is in the box already is old; a first event says where that ends, so that
    /// a client that loses the connection before anything came can go on from there.
    async fn skip(&mut self) -> Result<(), Refusal> {
        while self.read().await? {
            self.waiting.clear();
        }
        let place = Event::default().event("open").id(self.tail.newest().to_string()).data("{}");
        self.waiting.push_back(place);
        Ok(())
    }

    fn event(&self, reader: AccountId, message: Message) -> Event {
        let id = message.id.to_string();
        let data = told(&self.guise, &self.base, reader, message);
        Event::default().event("message").id(id).data(data.to_string())
    }
}

impl Follower for Watch {
    fn waiting(&mut self) -> &mut VecDeque<Event> {
        &mut self.waiting
    }

    async fn read(&mut self) -> Result<bool, Refusal> {
        let me = self.caller.account().id;
        for message in self.tail.read(&self.guise, me).await? {
            self.waiting.push_back(self.event(me, message));
        }
        Ok(!self.waiting.is_empty())
    }

    fn hear(&mut self, signal: Signal) -> bool {
        let me = self.caller.account().id;
        match signal {
            Signal::Message(account) => return account == me,
            Signal::Typing { from, to } if to == me => {
                let from = from.to_string();
                let data = json!({"sender_id": from, "expires_after_secs": TYPING_SECONDS});
                self.waiting.push_back(Event::default().event("typing").data(data.to_string()));
            }
            Signal::Read { reader, writer, up_to } if writer == me => {
                let (reader, up_to) = (reader.to_string(), up_to.to_string());
                let data = json!({"reader_id": reader, "last_read_event_id": up_to});
                self.waiting.push_back(Event::default().event("read").data(data.to_string()));
            }
            Signal::Typing { .. } | Signal::Read { .. } => {}
        }
        false
    }

    async fn may_go_on(&self) -> Result<bool, Refusal> {
        self.caller.is_still_welcome(&self.guise).await
    }
}
