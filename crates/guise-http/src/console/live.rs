//! `GET /conversations/{name}/stream`: a conversation's new messages as they come, by server-sent events, each the very
//! piece of page that shows it, and what the other party does: `typing`, for how many seconds; `read`, up to which message.
//! The stream ends when the session does.

use std::collections::VecDeque;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::response::sse::Event;
use guise_domain::limits::TYPING_SECONDS;
use guise_domain::{Account, Message, MessageId, Signal};
use http::request::Parts;
use serde_json::json;

use super::SignedIn;
use super::conversation::{note_read, shown};
use super::conversations::find;
use crate::error::Refusal;
use crate::events;
use crate::extract::query;
use crate::messages::{Follower, Following, Tail};
use crate::state::Guise;

/// `GET /conversations/{name}/stream?after=<the newest message shown>`
pub(crate) async fn stream(
    State(guise): State<Guise>,
    Path(name): Path<String>,
    signed: SignedIn,
    parts: Parts,
) -> Result<Response, Refusal> {
    let other = find(&guise, &name).await?.ok_or(Refusal::NotFound)?;
    // Listening begins before anything is read, so that nothing falls in between.
    let listener = guise.signals().listen(signed.account().id)?;
    let last = match parts.headers.get("last-event-id") {
        Some(id) => id.to_str().ok().and_then(|id| id.parse().ok()),
        None => query(&parts).get("after").and_then(|id| id.parse::<MessageId>().ok()),
    };
    let tail = Tail::after(last, signed.now);
    let watch = Watch { guise, signed, other, tail, read_up_to: None, waiting: VecDeque::new() };
    Ok(events::answer(Following::new(watch, listener)))
}

struct Watch {
    guise: Guise,
    signed: SignedIn,
    other: Account,
    tail: Tail,
    /// How far the other party read, as it was told.
    read_up_to: Option<MessageId>,
    waiting: VecDeque<Event>,
}

impl Watch {
    fn event(&self, message: Message) -> Result<Event, Refusal> {
        let id = message.id.to_string();
        let shown = shown(message, self.signed.account(), &self.other, true);
        let html = shown.render().map_err(|error| Refusal::Internal(error.to_string()))?;
        Ok(Event::default().id(&id).data(json!({"id": id, "html": html}).to_string()))
    }

    /// Tells how far the other party read, unless that was told: what they read while nobody listened, a page that was
    /// just made does not know. Whether there was anything to tell.
    async fn tell_read(&mut self) -> Result<bool, Refusal> {
        let (me, other) = (self.signed.account().id, self.other.id);
        let theirs = self.guise.store().conversation(other, me).await?;
        let news = theirs.read_up_to.filter(|up_to| me != other && self.read_up_to < Some(*up_to));
        if let Some(up_to) = news {
            self.waiting.push_back(read_event(up_to));
            self.read_up_to = news;
        }
        Ok(news.is_some())
    }
}

impl Follower for Watch {
    fn waiting(&mut self) -> &mut VecDeque<Event> {
        &mut self.waiting
    }

    // What belongs to another conversation came too: there may be more behind it.
    async fn read(&mut self) -> Result<bool, Refusal> {
        let (me, other) = (self.signed.account().id, self.other.id);
        let ours = |message: &Message| {
            let Message { sender, recipient, .. } = *message;
            (sender, recipient) == (me, other) || (sender, recipient) == (other, me)
        };
        let came = self.tail.read(&self.guise, me).await?;
        let any = !came.is_empty();
        let came: Vec<Message> = came.into_iter().filter(ours).collect();
        note_read(&self.guise, &self.signed, &self.other, &came).await;
        for message in came {
            self.waiting.push_back(self.event(message)?);
        }
        Ok(self.tell_read().await? || any)
    }

    fn hear(&mut self, signal: Signal) -> bool {
        let (me, other) = (self.signed.account().id, self.other.id);
        match signal {
            Signal::Message(account) => return account == me,
            Signal::Typing { from, to } if (from, to) == (other, me) => {
                let event = Event::default().event("typing").data(TYPING_SECONDS.to_string());
                self.waiting.push_back(event);
            }
            Signal::Read { reader, writer, up_to } if (reader, writer) == (other, me) => {
                self.waiting.push_back(read_event(up_to));
                self.read_up_to = self.read_up_to.max(Some(up_to));
            }
            Signal::Typing { .. } | Signal::Read { .. } => {}
        }
        false
    }

    async fn may_go_on(&self) -> Result<bool, Refusal> {
        self.signed.goes_on(&self.guise).await
    }
}

fn read_event(up_to: MessageId) -> Event {
    Event::default().event("read").data(up_to.to_string())
}
