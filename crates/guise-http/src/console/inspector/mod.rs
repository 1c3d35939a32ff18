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

use super::{Asked, Frame, Section, SignedIn, When, page};
use crate::error::Refusal;
use crate::inspect::{self, Filter};
use crate::state::Guise;
use crate::wire::{self, Cursor, moment};

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
    let asked = Asked::read(query.as_deref());
    let owner = signed.account().id;
    let names = app_names(&guise, owner).await?;
    // Looked at first, so that what comes meanwhile is told rather than missed.
    let newest = inspect::newest(&guise);
    let ((requests, next), problem) = match found(&guise, owner, &asked) {
        Ok(found) => (found, None),
        Err(Refusal::Invalid(rule)) => ((Vec::new(), None), Some(rule)),
        Err(refusal) => return Err(refusal),
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let lines = requests.into_iter().map(|request| line(request, &names));
    let shown = InspectorPage {
        frame: signed.frame(&guise, Section::Inspector),
        on: guise.settings().inspector,
        apps: choices(&names, asked.field("app")),
        lines: lines.collect::<Result<_, Refusal>>()?,
        newest: (!asked.goes_on() && problem.is_none()).then_some(newest),
        older: next.map(|next| asked.at("/inspector", Some(&next.write()))),
        asked,
        problem,
    };
    Ok(page(status, &shown))
}

/// What fits, as the API finds it, and where what comes before starts.
fn found(
    guise: &Guise,
    owner: AccountId,
    asked: &Asked,
) -> Result<(Vec<Value>, Option<Cursor>), Refusal> {
    let (filter, page) = (Filter::parse(asked.said())?, wire::page(asked.said())?);
    Ok(inspect::listed(guise, owner, &filter, page))
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

impl InspectorPage {
    fn methods(&self) -> impl Iterator<Item = (&'static str, bool)> {
        ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .map(|method| (method, method.eq_ignore_ascii_case(self.asked.field("method"))))
    }
}

fn choices(names: &AppNames, chosen: &str) -> Vec<Choice> {
    let choice = |(id, name): (&String, &String)| Choice {
        value: id.clone(),
        label: name.clone(),
        chosen: id == chosen,
    };
    let mut apps: Vec<Choice> = names.iter().map(choice).collect();
    apps.sort_by(|one, other| (&one.label, &one.value).cmp(&(&other.label, &other.value)));
    apps
}
