//! One request: its headers, parameters and answer, and why its signature does not hold.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{Short, app_names, read};
use crate::console::{Frame, Section, SignedIn, When, page};
use crate::error::Refusal;
use crate::inspect;
use crate::state::Guise;
use crate::wire::{Pairs, moment, parse_id};

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage {
    frame: Frame,
    request: Short,
    at: When,
    app: String,
    /// The account that the request acted for.
    account: Option<String>,
    /// The path alone, and what the query and a form said.
    path: String,
    parameters: Vec<Pair>,
    oauth: Vec<Pair>,
    headers: Vec<Pair>,
    body: Option<Text>,
    answer: Option<Text>,
    /// Whether bodies are remembered.
    bodies: bool,
    why: Option<Why>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

/// The beginning of a body, and how long the whole of it was.
#[derive(Deserialize)]
struct Text {
    text: String,
    bytes: usize,
}

/// Why the signature does not hold.
#[derive(Deserialize)]
struct Why {
    mistakes: Vec<Mistake>,
    base_string: Option<String>,
    signed_base_string: Option<String>,
    signature: Option<String>,
    skew_seconds: Option<i64>,
}

#[derive(Deserialize)]
struct Mistake {
    mistake: String,
    says: String,
}

/// What else than [`Short`] is known of a request.
#[derive(Deserialize)]
struct More {
    oauth: Vec<Pair>,
    headers: Vec<Pair>,
    body: Option<Text>,
    answer: Option<Text>,
    diagnosis: Option<Why>,
}

/// `GET /inspector/{id}`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    let told = inspect::shown(&guise, signed.account().id, &id).await?;
    let request: Short = read(told.clone())?;
    let More { oauth, headers, body, answer, diagnosis } = read(told)?;
    let app = app_names(&guise, signed.account().id).await?.remove(&request.app_id);
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let is_form = |header: &Pair| {
        header.name == "content-type" && header.value.contains("application/x-www-form-urlencoded")
    };
    let form = body.as_ref().filter(|_| headers.iter().any(is_form));
    let shown = RequestPage {
        frame: signed.frame(&guise, Section::Inspector),
        at: When(moment("at", &request.at)?),
        app: app.unwrap_or_else(|| request.app_id.clone()),
        account: account_name(&guise, request.account_id.as_deref()).await?,
        path: path.to_owned(),
        parameters: pairs(query).chain(pairs(form.map_or("", |form| &form.text))).collect(),
        oauth,
        headers,
        body,
        answer,
        bodies: guise.settings().inspector_bodies,
        why: diagnosis,
        request,
    };
    Ok(page(StatusCode::OK, &shown))
}

async fn account_name(guise: &Guise, id: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(id) = id else { return Ok(None) };
    let account = guise.store().account(parse_id("account_id", id)?).await?;
    Ok(account.map(|account| account.name.to_string()))
}

fn pairs(text: &str) -> impl Iterator<Item = Pair> {
    let owned =
        |(name, value): (&str, &str)| Pair { name: name.to_owned(), value: value.to_owned() };
    Pairs::parse(text.as_bytes()).iter().map(owned).collect::<Vec<_>>().into_iter()
}

impl Text {
    /// JSON in lines, anything else as it came.
    fn laid_out(&self) -> String {
        let value = serde_json::from_str::<Value>(&self.text);
        let lines = value.and_then(|value| serde_json::to_string_pretty(&value));
        lines.unwrap_or_else(|_| self.text.clone())
    }

    fn is_cut(&self) -> bool {
        self.text.len() < self.bytes
    }
}

/// A part of a base string, and whether the other one has it too.
struct Part {
    text: String,
    shared: bool,
}

impl Why {
    /// The parts of the string that should have been signed.
    fn expected(&self) -> Vec<Part> {
        compared(self.base_string.as_deref(), self.signed_base_string.as_deref())
    }

    /// The parts of the one that was, where it is known and another.
    fn signed(&self) -> Vec<Part> {
        let differs = self.signed_base_string != self.base_string;
        let signed = self.signed_base_string.as_deref().filter(|_| differs);
        compared(signed, self.base_string.as_deref())
    }

    /// What the client's clock said.
    fn clock(&self) -> Option<String> {
        let skew = self.skew_seconds?;
        let unit = if skew.abs() == 1 { "second" } else { "seconds" };
        Some(match skew {
            0 => "The client’s clock was right.".to_owned(),
            ..0 => format!("The client’s clock was {} {unit} behind.", -skew),
            _ => format!("The client’s clock was {skew} {unit} ahead."),
        })
    }
}

fn compared(one: Option<&str>, other: Option<&str>) -> Vec<Part> {
    let others = other.map(parts);
    let shared = |part: &String| others.as_ref().is_none_or(|others| others.contains(part));
    let parts = one.map(parts).unwrap_or_default();
    parts.into_iter().map(|text| Part { shared: shared(&text), text }).collect()
}

/// The method, the URL, and each parameter as it is signed (RFC 5849 §3.4.1.1).
fn parts(base_string: &str) -> Vec<String> {
    let mut pieces = base_string.splitn(3, '&');
    let method = pieces.next().unwrap_or_default().to_owned();
    let decoded = |piece: &str| guise_oauth1::percent_decode(piece);
    let mut next = || pieces.next().map(decoded).unwrap_or_default();
    let (url, parameters) = (next(), next());
    let parameters = parameters.split('&').filter(|parameter| !parameter.is_empty());
    [method, url].into_iter().chain(parameters.map(str::to_owned)).collect()
}
