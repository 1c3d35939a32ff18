//! The inspector: the last requests to the account's apps, and why one was refused. Pages show what the API tells.

mod live;
mod one;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use guise_domain::AccountId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{Frame, Section, SignedIn, When, page};
use crate::error::Refusal;
use crate::inspect::{self, Filter};
use crate::state::Guise;
use crate::wire::{self, Pairs, moment};

pub(crate) use live::stream;
pub(crate) use one::show;

#[derive(Template)]
#[template(path = "inspector.html")]
struct InspectorPage {
    frame: Frame,
    /// Whether anything is remembered at all.
    on: bool,
    asked: Asked,
    apps: Vec<Choice>,
    /// Each already a piece of page, the newest first.
    lines: Vec<String>,
    /// After which request the stream has to go on; absent where older ones are shown.
    newest: Option<i64>,
    /// The way to the requests before these.
    older: Option<String>,
    problem: Option<String>,
}

/// What a list offers.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// What the form asks for, as it was typed.
#[derive(Default)]
struct Asked {
    method: String,
    status: String,
    code: String,
    path: String,
    app: String,
    cursor: String,
}

/// A request as a list tells of it.
#[derive(Deserialize)]
struct Short {
    id: String,
    at: String,
    method: String,
    path: String,
    route: Option<String>,
    status: u16,
    code: Option<u16>,
    slug: Option<String>,
    ms: u64,
    account_id: Option<String>,
    app_id: String,
    token: Option<String>,
}

/// A line of the list, which is also sent as it comes.
#[derive(Template)]
#[template(path = "request_line.html")]
struct Line<'a> {
    request: &'a Short,
    at: When,
    app: &'a str,
}

/// What the account's apps are called, by their ids.
type AppNames = HashMap<String, String>;

/// `GET /inspector`
pub(crate) async fn list(
    State(guise): State<Guise>,
    signed: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let query = Pairs::parse(query.unwrap_or_default().as_bytes());
    let asked = Asked::read(&query);
    let names = app_names(&guise, signed.account().id).await?;
    // Looked at first, so that what comes meanwhile is told rather than missed.
    let newest = inspect::newest(&guise);
    let found = asked.find(&guise, signed.account().id);
    let (status, requests, next, problem) = match found {
        Ok((requests, next)) => (StatusCode::OK, requests, next, None),
        Err(Refusal::Invalid(rule)) => (StatusCode::BAD_REQUEST, Vec::new(), None, Some(rule)),
        Err(refusal) => return Err(refusal),
    };
    let lines = requests.into_iter().map(|request| line(request, &names));
    let shown = InspectorPage {
        frame: signed.frame(&guise, Section::Inspector),
        on: guise.settings().inspector,
        apps: asked.apps(&names),
        lines: lines.collect::<Result<_, Refusal>>()?,
        newest: (asked.cursor.is_empty() && problem.is_none()).then_some(newest),
        older: next.map(|next| asked.at("/inspector", &[("cursor", &next)])),
        asked,
        problem,
    };
    Ok(page(status, &shown))
}

/// What `owner`'s apps are called.
async fn app_names(guise: &Guise, owner: AccountId) -> Result<AppNames, Refusal> {
    let apps = guise.store().apps(owner).await?;
    Ok(apps.into_iter().map(|app| (app.id.to_string(), app.name)).collect())
}

/// A request as a piece of page.
fn line(request: Value, names: &AppNames) -> Result<String, Refusal> {
    let request: Short = read(request)?;
    let app = names.get(&request.app_id).unwrap_or(&request.app_id);
    let line = Line { at: When(moment("at", &request.at)?), request: &request, app };
    line.render().map_err(|error| Refusal::Internal(error.to_string()))
}

fn read<T: for<'de> Deserialize<'de>>(told: Value) -> Result<T, Refusal> {
    serde_json::from_value(told).map_err(|error| Refusal::Internal(error.to_string()))
}

impl Short {
    fn is_refused(&self) -> bool {
        self.status >= 400
    }
}

impl Asked {
    fn read(query: &Pairs) -> Self {
        let given = |name| query.get(name).unwrap_or_default().trim().to_owned();
        Self {
            method: given("method"),
            status: given("status"),
            code: given("code"),
            path: given("path"),
            app: given("app"),
            cursor: given("cursor"),
        }
    }

    /// The fields that say something, without the cursor.
    fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { method, status, code, path, app, cursor: _ } = self;
        [("method", method), ("status", status), ("code", code), ("path", path), ("app", app)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.as_str()))
    }

    fn pairs(&self) -> Pairs {
        let mut pairs = Pairs::default();
        for (name, value) in self.fields() {
            pairs.push(name.to_owned(), value.to_owned());
        }
        pairs
    }

    /// What fits, as the API finds it, and the cursor of what comes before.
    fn find(
        &self,
        guise: &Guise,
        owner: AccountId,
    ) -> Result<(Vec<Value>, Option<String>), Refusal> {
        let filter = Filter::parse(&self.pairs())?;
        let mut place = Pairs::default();
        if !self.cursor.is_empty() {
            place.push("cursor".to_owned(), self.cursor.clone());
        }
        let (found, next) = inspect::listed(guise, owner, &filter, wire::page(&place)?);
        Ok((found, next.map(wire::Cursor::write)))
    }

    /// The way to what this asks for at `path`.
    fn at(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.fields()).extend_pairs(more);
        format!("{path}?{}", query.finish())
    }

    fn stream(&self) -> String {
        self.at("/inspector/stream", &[])
    }

    fn is_narrow(&self) -> bool {
        self.fields().next().is_some() || !self.cursor.is_empty()
    }

    fn methods(&self) -> impl Iterator<Item = (&'static str, bool)> {
        ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .map(|method| (method, method.eq_ignore_ascii_case(&self.method)))
    }

    fn apps(&self, names: &AppNames) -> Vec<Choice> {
        let choice = |(id, name): (&String, &String)| Choice {
            value: id.clone(),
            label: name.clone(),
            chosen: *id == self.app,
        };
        let mut apps: Vec<Choice> = names.iter().map(choice).collect();
        apps.sort_by(|one, other| (&one.label, &one.value).cmp(&(&other.label, &other.value)));
        apps
    }
}
