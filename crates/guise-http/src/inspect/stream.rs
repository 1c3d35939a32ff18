//! `GET /guise/v1/requests/stream`: requests as they are answered, by server-sent events.
//!
//! `open` comes first on a stream that goes on from nowhere; `request` carries what a list has of one, and its id can be
//! sent back as `Last-Event-ID`; `missed` says that some came faster than they were read and are forgotten.

use std::collections::VecDeque;
use std::future::Future;

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use guise_domain::AccountId;
use guise_domain::rate::Endpoint;
use http::HeaderMap;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::filter::Filter;
use super::{output, own_app};
use crate::auth::Caller;
use crate::error::Refusal;
use crate::events::{self, SILENCE, Source, report};
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::signals::Place;
use crate::state::Guise;

/// `GET /guise/v1/requests/stream`
pub(crate) async fn stream(
    State(guise): State<Guise>,
    headers: HeaderMap,
    Signed { caller, input: Asked { filter }, .. }: Signed<Asked>,
) -> Result<Response, Refusal> {
    own_app(&caller)?;
    told(guise, &headers, None, filter, caller)
}

/// Who listens, and how it is told.
pub(crate) trait Listener: Send + 'static {
    /// Whose apps' requests are told of.
    fn owner(&self) -> AccountId;
    /// What an event says of a request, given what a list has of it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn tell(&self, request: Value) -> Result<String, Refusal>;
    /// Whether whoever listens still may.
    fn may_go_on(&self, guise: &Guise) -> impl Future<Output = Result<bool, Refusal>> + Send;
}

impl Listener for Caller {
    fn owner(&self) -> AccountId {
        self.account().id
    }

    fn tell(&self, request: Value) -> Result<String, Refusal> {
        Ok(request.to_string())
    }

    async fn may_go_on(&self, guise: &Guise) -> Result<bool, Refusal> {
        self.is_still_welcome(guise).await
    }
}

/// The number of the last request, whosever app it was sent to; a stream may begin after it.
pub(crate) fn newest(guise: &Guise) -> i64 {
    guise.inspector().last()
}

/// A stream that goes on from the event that the listener had last; without one it begins after the request with the
/// number `after`, or with what is still to come.
///
/// # Errors
/// When too many listen, or the number is none.
pub(crate) fn told(
    guise: Guise,
    headers: &HeaderMap,
    after: Option<i64>,
    filter: Filter,
    listener: impl Listener,
) -> Result<Response, Refusal> {
    let place = guise.signals().place(listener.owner())?;
    let (last, newest) = guise.inspector().listen(listener.owner());
    let from = headers.get("last-event-id");
    let from = from.map(|id| last_event_id(id.to_str().unwrap_or_default())).transpose()?.or(after);
    let mut waiting = VecDeque::new();
    if from.is_none() {
        waiting.push_back(Event::default().event("open").id(last.to_string()).data("{}"));
    }
    let last = from.unwrap_or(last);
    let check_at = Instant::now() + SILENCE;
    Ok(events::answer(Watch { guise, listener, filter, place, newest, last, waiting, check_at }))
}

fn last_event_id(text: &str) -> Result<i64, Refusal> {
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| Refusal::Invalid("Last-Event-ID: must be a number".into()))
}

/// Which requests to tell of.
#[derive(Debug)]
pub(crate) struct Asked {
    filter: Filter,
}

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::RequestsStream;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { filter: Filter::parse(&request.query)? })
    }
}

/// One stream: how far it has told, and what waits to be.
struct Watch<L> {
    guise: Guise,
    listener: L,
    filter: Filter,
    place: Place,
    newest: watch::Receiver<i64>,
    last: i64,
    waiting: VecDeque<Event>,
    check_at: Instant,
}

impl<L: Listener> Watch<L> {
    /// Reads what came since the last look; whether there is anything to tell.
    fn read(&mut self) -> Result<bool, Refusal> {
        let news = self.guise.inspector().after(self.listener.owner(), self.last);
        if let Some(lost) = news.lost {
            self.last = lost;
            self.waiting.push_back(Event::default().event("missed").data("{}"));
        }
        for entry in news.entries {
            self.last = entry.number;
            if self.filter.fits(&entry) {
                let data = self.listener.tell(output::in_short(&entry))?;
                let id = entry.number.to_string();
                self.waiting.push_back(Event::default().event("request").id(id).data(data));
            }
        }
        Ok(!self.waiting.is_empty())
    }

    async fn is_welcome(&mut self) -> bool {
        self.check_at = Instant::now() + SILENCE;
        let welcome = self.listener.may_go_on(&self.guise).await;
        welcome.inspect_err(report).unwrap_or(false)
    }
}

impl<L: Listener> Source for Watch<L> {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            // Marked as seen first: what comes while this is read is read again, not missed.
            self.newest.borrow_and_update();
            if self.read().inspect_err(report).ok()? {
                if !self.is_welcome().await {
                    return None;
                }
                continue;
            }
            tokio::select! {
                biased;
                () = self.place.ended() => return None,
                news = self.newest.changed() => news.ok()?,
                () = sleep_until(self.check_at) => {
                    if !self.is_welcome().await {
                        return None;
                    }
                }
            }
        }
    }
}
