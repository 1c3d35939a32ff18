//! Where one arrives.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{Frame, Section, SignedIn, page};
use crate::state::Guise;

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    frame: Frame,
    name: String,
}

/// `GET /`
pub(crate) async fn show(State(guise): State<Guise>, signed: SignedIn) -> Response {
    let name = signed.account().name.to_string();
    page(StatusCode::OK, &StartPage { frame: signed.frame(&guise, Section::Start), name })
}
