//! An account's names and faces: finding them, making them, and a page for each.

mod draft;
mod gone;
mod new;
mod one;
mod view;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use form_urlencoded::Serializer;
use guise_domain::rate::Endpoint;
use guise_domain::{Page, PageRequest};
use http::StatusCode;

use super::{Frame, Section, SignedIn, page};
use crate::error::Refusal;
use crate::identity;
use crate::state::Guise;
use crate::wire::{self, Cursor, Pairs};
pub(crate) use gone::{destroy, erase};
pub(crate) use new::{create, start};
pub(crate) use one::{edit, show};
use view::Shown;

#[derive(Template)]
#[template(path = "profiles.html")]
struct ProfilesPage {
    frame: Frame,
    profiles: Vec<Shown>,
    name: String,
    kind: String,
    tag: String,
    state: String,
    /// Whether anything was searched for.
    searched: bool,
    problem: Option<String>,
    /// Where the pages before and after this one are, if there are any.
    newest: Option<String>,
    older: Option<String>,
}

/// `GET /profiles?name=&kind=&tag=&state=&cursor=`
pub(crate) async fn find(
    State(guise): State<Guise>,
    RawQuery(query): RawQuery,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    signed.may(Endpoint::ProfilesFind)?;
    let query = said(query.as_deref().unwrap_or_default());
    let (found, problem) = match identity::filter(&query) {
        Ok(filter) => {
            let asked: PageRequest = wire::page(&query)?;
            let owner = signed.account().id;
            (guise.store().find_profiles(owner, filter, asked).await?, None)
        }
        Err(refusal) => (Page { items: Vec::new(), next: None }, Some(refusal.wire().2)),
    };
    let field = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let older = found.next.map(|next| there(&query, Some(&Cursor(next).write())));
    let shown = ProfilesPage {
        frame: signed.frame(&guise, Section::Profiles),
        profiles: found.items.into_iter().map(Shown::new).collect(),
        name: field("name"),
        kind: field("kind"),
        tag: field("tag"),
        state: field("state"),
        searched: ["name", "kind", "tag", "state"].iter().any(|name| query.get(name).is_some()),
        newest: query.get("cursor").map(|_| there(&query, None)),
        older,
        problem,
    };
    let status = if shown.problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(page(status, &shown))
}

/// What a form that asks says: a field that is left empty says nothing.
fn said(query: &str) -> Pairs {
    let mut said = Pairs::default();
    for (name, value) in Pairs::parse(query.as_bytes()).iter() {
        if !value.trim().is_empty() {
            said.push(name.to_owned(), value.trim().to_owned());
        }
    }
    said
}

/// The same search, from `cursor` on.
fn there(query: &Pairs, cursor: Option<&str>) -> String {
    let asked = query.iter().filter(|(name, _)| *name != "cursor");
    let asked = asked.chain(cursor.map(|cursor| ("cursor", cursor)));
    format!("/profiles?{}", Serializer::new(String::new()).extend_pairs(asked).finish())
}
