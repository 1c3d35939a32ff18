//! `GET /conversations/{name}/stream`: a conversation's new messages as they come, by server-sent events, each the very
//! piece of page that shows it. The stream ends when the session does.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use guise_domain::limits::STREAM_SILENCE_SECONDS;
use guise_domain::{Account, Message, MessageId};
use http::request::Parts;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::SignedIn;
use super::conversation::{note_read, shown};
use super::conversations::find;
use crate::error::Refusal;
use crate::extract::query;
use crate::messages::Tail;
use crate::signals::{Heard, Listener, Signal};
use crate::state::Guise;

const SILENCE: Duration = Duration::from_secs(STREAM_SILENCE_SECONDS);

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
    let check_at = Instant::now() + SILENCE;
    let watch = Watch { guise, signed, other, listener, tail, waiting: VecDeque::new(), check_at };
    let keep_alive = KeepAlive::new().interval(SILENCE);
    Ok(Sse::new(watch.events()).keep_alive(keep_alive).into_response())
}

struct Watch {
    guise: Guise,
    signed: SignedIn,
    other: Account,
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

    /// The next event; `None` ends the stream.
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
                Ok(Heard::Signal(signal)) => signal == Signal::Message(self.signed.account().id),
                Ok(Heard::Missed) | Err(_) => true,
            };
            if look {
                self.check_at = Instant::now() + SILENCE;
                if !self.signed.goes_on(&self.guise).await.inspect_err(report).ok()? {
                    return None;
                }
            }
        }
    }

    /// Reads what came since the last look; whether anything did, to whomever.
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
        Ok(any)
    }

    fn event(&self, message: Message) -> Result<Event, Refusal> {
        let id = message.id.to_string();
        let shown = shown(message, self.signed.account(), &self.other);
        let html = shown.render().map_err(|error| Refusal::Internal(error.to_string()))?;
        Ok(Event::default().id(&id).data(json!({"id": id, "html": html}).to_string()))
    }
}

fn report(refusal: &Refusal) {
    tracing::warn!(?refusal, "a conversation's stream ends early");
}
