//! `GET /guise/v1/direct_messages/stream`: a box as it fills, by server-sent events (WHATWG HTML §9.2).
//!
//! `open` comes first on a stream that goes on from nowhere. `message` carries the event as `list` has it, with the profile it was written under. Its id, sent back as
//! `Last-Event-ID`, goes on from there; what was sent in the seconds before may then come a second time. `typing` and
//! `read` say what the other party does. A line of comment keeps the connection alive; the stream ends when the token
//! is revoked or the server stops.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use guise_domain::limits::{STREAM_SILENCE_SECONDS, TYPING_SECONDS};
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, Message, MessageId};
use http::HeaderMap;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::Tail;
use super::faces::told;
use crate::auth::Caller;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::signals::{Heard, Listener, Signal};
use crate::state::Guise;

const SILENCE: Duration = Duration::from_secs(STREAM_SILENCE_SECONDS);

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
    let mut watch = Watch {
        guise,
        caller,
        base,
        listener,
        tail,
        waiting: VecDeque::new(),
        check_at: Instant::now() + SILENCE,
    };
    if last.is_none() {
        watch.skip().await?;
    }
    let keep_alive = KeepAlive::new().interval(SILENCE);
    Ok(Sse::new(watch.events()).keep_alive(keep_alive).into_response())
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
    listener: Listener,
    tail: Tail,
    waiting: VecDeque<Event>,
    check_at: Instant,
}

impl Watch {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut watch| async move {
            let event = watch.next().await?;
            Some((Ok(event), watch))
        })
    }

    /// The next event; `None` ends the stream, and the client comes back.
    async fn next(&mut self) -> Option<Event> {
        let mut look = true;
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if look && self.read().await.inspect_err(report).ok()? {
                continue;
            }
            look = match timeout_at(self.check_at, self.listener.next()).await {
                Ok(Heard::End) => return None,
                Ok(Heard::Signal(signal)) => self.hear(signal),
                Ok(Heard::Missed) | Err(_) => true,
            };
            // Others' signals are not worth a look at one's credentials.
            if look || !self.waiting.is_empty() {
                self.check_at = Instant::now() + SILENCE;
                if !self.caller.is_still_welcome(&self.guise).await.inspect_err(report).ok()? {
                    return None;
                }
            }
        }
    }

    /// Takes in a signal; whether it says that there are messages to read.
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

    /// Reads what came since the last look; whether anything did.
    async fn read(&mut self) -> Result<bool, Refusal> {
        let me = self.caller.account().id;
        for message in self.tail.read(&self.guise, me).await? {
            self.waiting.push_back(self.event(me, message));
        }
        Ok(!self.waiting.is_empty())
    }

    fn event(&self, reader: AccountId, message: Message) -> Event {
        let id = message.id.to_string();
        let data = told(&self.guise, &self.base, reader, message);
        Event::default().event("message").id(id).data(data.to_string())
    }
}

fn report(refusal: &Refusal) {
    tracing::warn!(?refusal, "a stream ends early");
}
