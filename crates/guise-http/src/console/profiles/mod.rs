//! An account's names and faces: finding them, making them, and a page for each.

mod draft;
mod gone;
mod new;
mod one;
mod view;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use guise_domain::rate::Endpoint;
use guise_domain::{Page, PageRequest};
use http::StatusCode;

use super::{Asked, Frame, Section, SignedIn, page};
use crate::error::Refusal;
use crate::identity;
use crate::state::Guise;
use crate::wire::{self, Cursor};
pub(crate) use gone::{destroy, erase};
pub(crate) use new::{create, start};
pub(crate) use one::{edit, show};
use view::Shown;

#[derive(Template)]
#[template(path = "profiles.html")]
struct ProfilesPage {
    frame: Frame,
    profiles: Vec<Shown>,
    asked: Asked,
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
    let asked = Asked::read(query.as_deref());
    let (found, problem) = match identity::filter(asked.said()) {
        Ok(filter) => {
            let request: PageRequest = wire::page(asked.said())?;
            let owner = signed.account().id;
            (guise.store().find_profiles(owner, filter, request).await?, None)
        }
        Err(refusal) => (Page { items: Vec::new(), next: None }, Some(refusal.wire().2)),
    };
    let shown = ProfilesPage {
        frame: signed.frame(&guise, Section::Profiles),
        profiles: found.items.into_iter().map(Shown::new).collect(),
        newest: asked.goes_on().then(|| asked.at("/profiles", None)),
        older: found.next.map(|next| asked.at("/profiles", Some(&Cursor(next).write()))),
        asked,
        problem,
    };
    let status = if shown.problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(page(status, &shown))
}
