//! The log: who did what, and when, in plain words.

mod words;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use guise_domain::limits::PAGE_COUNT_DEFAULT;
use guise_domain::{Action, AppId, Entry, LogFilter, PageRequest};
use http::StatusCode;

use super::{Frame, Section, SignedIn, When, page};
use crate::error::Refusal;
use crate::log::filter;
use crate::state::Guise;
use crate::wire::{Cursor, Pairs};
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

/// What the form asks for, as it was typed.
#[derive(Default)]
struct Asked {
    action: String,
    subject: String,
    operator: String,
    since: String,
    until: String,
    cursor: String,
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
    let asked = Asked::read(&Pairs::parse(query.unwrap_or_default().as_bytes()));
    let frame = signed.frame(&guise, Section::Log);
    let (filter, request) = match asked.meant() {
        Ok(meant) => meant,
        Err(Refusal::Invalid(rule)) => {
            let problem = Some(rule);
            let shown = LogPage { frame, asked, lines: Vec::new(), older: None, problem };
            return Ok(page(StatusCode::BAD_REQUEST, &shown));
        }
        Err(refusal) => return Err(refusal),
    };
    let found = guise.store().log(signed.account().id, filter, request).await?;
    let lines = lines(&guise, &signed, found.items).await?;
    let older = found.next.map(|id| asked.at(&Cursor(id).write()));
    Ok(page(StatusCode::OK, &LogPage { frame, asked, lines, older, problem: None }))
}

impl Asked {
    fn read(query: &Pairs) -> Self {
        let given = |name| query.get(name).unwrap_or_default().trim().to_owned();
        Self {
            action: given("action"),
            subject: given("subject"),
            operator: given("operator"),
            since: given("since"),
            until: given("until"),
            cursor: given("cursor"),
        }
    }

    /// What it comes to: the API's filter, where days stand for their first moments.
    ///
    /// # Errors
    /// When a field breaks its rule.
    fn meant(&self) -> Result<(LogFilter, PageRequest), Refusal> {
        let mut pairs = Pairs::default();
        for (name, value) in self.fields() {
            let value = match name {
                "since" => day(name, value, 0)?,
                "until" => day(name, value, 1)?,
                _ => value.to_owned(),
            };
            pairs.push(name.to_owned(), value);
        }
        let before = (!self.cursor.is_empty()).then(|| Cursor::parse(&self.cursor)).transpose()?;
        let before = before.map(|Cursor(id)| id);
        Ok((filter(&pairs)?, PageRequest { count: PAGE_COUNT_DEFAULT, before }))
    }

    /// The fields that say something, without the cursor.
    fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { action, subject, operator, since, until, cursor: _ } = self;
        [
            ("action", action),
            ("subject", subject),
            ("operator", operator),
            ("since", since),
            ("until", until),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.as_str()))
    }

    /// The way to what this asks for, from `cursor` on.
    fn at(&self, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.fields()).append_pair("cursor", cursor);
        format!("/log?{}", query.finish())
    }

    fn is_narrow(&self) -> bool {
        self.fields().next().is_some() || !self.cursor.is_empty()
    }

    /// What the form offers: each action's word, what it says, and whether it is asked for.
    fn actions(&self) -> impl Iterator<Item = (&'static str, String, bool)> {
        Action::ALL.iter().map(|action| {
            let word = action.as_str();
            (word, word.replace(['.', '-'], " "), word == self.action)
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
            revision,
        });
    }
    Ok(lines)
}
