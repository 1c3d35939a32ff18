//! The log: who did what, and when, in plain words.

mod words;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use guise_domain::{Action, AppId, Entry, LogFilter, Page, PageRequest};
use http::StatusCode;

use super::{Asked, Frame, Section, SignedIn, When, page};
use crate::error::Refusal;
use crate::log::filter;
use crate::state::Guise;
use crate::wire::{self, Cursor, Pairs};
use words::{Subjects, ending, words};

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    asked: Asked,
    lines: Vec<Line>,
    /// The way to the lines before these.
    older: Option<String>,
    problem: Option<String>,
}

struct Line {
    at: When,
    who: Option<String>,
    /// What people call the app; `None` on the server's command line.
    app: Option<String>,
    did: &'static str,
    subject: Option<(String, Option<String>)>,
    ending: &'static str,
    revision: Option<u32>,
}

/// `GET /log`
pub(crate) async fn show(
    State(guise): State<Guise>,
    signed: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let asked = Asked::read(query.as_deref());
    let (found, problem) = match meant(&asked) {
        Ok((filter, request)) => {
            (guise.store().log(signed.account().id, filter, request).await?, None)
        }
        Err(Refusal::Invalid(rule)) => (Page { items: Vec::new(), next: None }, Some(rule)),
        Err(refusal) => return Err(refusal),
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let shown = LogPage {
        frame: signed.frame(&guise, Section::Log),
        lines: lines(&guise, &signed, found.items).await?,
        older: found.next.map(|id| asked.at("/log", Some(&Cursor(id).write()))),
        asked,
        problem,
    };
    Ok(page(status, &shown))
}

/// What it comes to: the API's filter, where days stand for their first moments.
///
/// # Errors
/// When a field breaks its rule.
fn meant(asked: &Asked) -> Result<(LogFilter, PageRequest), Refusal> {
    let mut pairs = Pairs::default();
    for (name, value) in asked.said().iter() {
        let value = match name {
            "since" => day(name, value, 0)?,
            "until" => day(name, value, 1)?,
            _ => value.to_owned(),
        };
        pairs.push(name.to_owned(), value);
    }
    Ok((filter(&pairs)?, wire::page(&pairs)?))
}

impl LogPage {
    /// What the form offers: each action's word, what it says, and whether it is asked for.
    fn actions(&self) -> impl Iterator<Item = (&'static str, String, bool)> {
        Action::ALL.iter().map(|action| {
            let word = action.as_str();
            (word, word.replace(['.', '-'], " "), word == self.asked.field("action"))
        })
    }
}

/// The first moment of the day `text`, or of one that many days later.
fn day(name: &str, text: &str, later: i64) -> Result<String, Refusal> {
    let rule = || Refusal::Invalid(format!("{name}: must be a day such as 2026-01-31"));
    let day: jiff::civil::Date = text.parse().map_err(|_| rule())?;
    let day = day.checked_add(jiff::Span::new().days(later)).map_err(|_| rule())?;
    Ok(format!("{day}T00:00:00Z"))
}

async fn lines(
    guise: &Guise,
    signed: &SignedIn,
    entries: Vec<Entry>,
) -> Result<Vec<Line>, Refusal> {
    let subjects = Subjects::of(guise, signed.account().id, &entries).await?;
    let mut apps: HashMap<AppId, Option<String>> = HashMap::new();
    let mut lines = Vec::new();
    for Entry { id, app, operator, action, subject, revision } in entries {
        if let Some(app) = app.filter(|app| !apps.contains_key(app)) {
            apps.insert(app, guise.store().app(app).await?.map(|app| app.name));
        }
        lines.push(Line {
            at: When(id.created_at()),
            who: operator.map(|operator| operator.to_string()),
            app: app.map(|app| apps.get(&app).cloned().flatten().unwrap_or(app.to_string())),
            did: words(action),
            subject: subjects.name(action, subject),
            ending: ending(action),
            // A message's is that of the profile it was sent under, which the line does not name.
            revision: revision.filter(|_| action != Action::MessageSent),
        });
    }
    Ok(lines)
}
