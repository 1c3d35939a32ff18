//! `GET /guise/v1/requests/stream`: requests as they are answered, by server-sent events.
//!
//! `open` comes first on a stream that goes on from nowhere; `request` carries what a list has of one, and its id can be
//! sent back as `Last-Event-ID`; `missed` says that some came faster than they were read and are forgotten.

use std::collections::VecDeque;

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use guise_domain::rate::Endpoint;
use http::HeaderMap;
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
    let place = guise.signals().place(caller.account().id)?;
    let (last, newest) = guise.inspector().listen(caller.account().id);
    let from = headers.get("last-event-id");
    let from = from.map(|id| last_event_id(id.to_str().unwrap_or_default())).transpose()?;
    let mut waiting = VecDeque::new();
    if from.is_none() {
        waiting.push_back(Event::default().event("open").id(last.to_string()).data("{}"));
    }
    let last = from.unwrap_or(last);
    let check_at = Instant::now() + SILENCE;
    Ok(events::answer(Watch { guise, caller, filter, place, newest, last, waiting, check_at }))
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
struct Watch {
    guise: Guise,
    caller: Caller,
    filter: Filter,
    place: Place,
    newest: watch::Receiver<i64>,
    last: i64,
    waiting: VecDeque<Event>,
    check_at: Instant,
}

impl Watch {
    /// Reads what came since the last look; whether there is anything to tell.
    fn read(&mut self) -> bool {
        let news = self.guise.inspector().after(self.caller.account().id, self.last);
        if let Some(lost) = news.lost {
            self.last = lost;
            self.waiting.push_back(Event::default().event("missed").data("{}"));
        }
        for entry in news.entries {
            self.last = entry.number;
            if self.filter.fits(&entry) {
                let data = output::in_short(&entry).to_string();
                let id = entry.number.to_string();
                self.waiting.push_back(Event::default().event("request").id(id).data(data));
            }
        }
        !self.waiting.is_empty()
    }

    async fn is_welcome(&mut self) -> bool {
        self.check_at = Instant::now() + SILENCE;
        let welcome = self.caller.is_still_welcome(&self.guise).await;
        welcome.inspect_err(report).unwrap_or(false)
    }
}

impl Source for Watch {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            // Marked as seen first: what comes while this is read is read again, not missed.
            self.newest.borrow_and_update();
            if self.read() {
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
