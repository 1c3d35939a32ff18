//! The account's own switches.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guise_domain::MessagesFrom;
use guise_domain::rate::Endpoint;
use http::StatusCode;
use http::request::Parts;

use super::{Frame, Posted, Section, SignedIn, page, see};
use crate::error::Refusal;
use crate::extract::query;
use crate::state::Guise;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    name: String,
    everyone: bool,
    /// What is wrong with a new password.
    problem: Option<String>,
    /// Whether there is a new password.
    changed: bool,
}

/// `GET /settings`
pub(crate) async fn show(State(guise): State<Guise>, signed: SignedIn, parts: Parts) -> Response {
    let changed = query(&parts).get("password") == Some("changed");
    render(&guise, &signed, StatusCode::OK, None, changed)
}

/// The page, with what became of a new password.
pub(super) fn render(
    guise: &Guise,
    signed: &SignedIn,
    status: StatusCode,
    problem: Option<String>,
    changed: bool,
) -> Response {
    let account = signed.account();
    let (name, everyone) =
        (account.name.to_string(), account.messages_from == MessagesFrom::Everyone);
    let frame = signed.frame(guise, Section::Settings);
    page(status, &SettingsPage { frame, name, everyone, problem, changed })
}

/// `POST /settings`
pub(crate) async fn update(
    State(guise): State<Guise>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let from = form.get("messages_from").and_then(MessagesFrom::parse);
    let from = from.ok_or_else(|| Refusal::Invalid("messages_from: is all or following".into()))?;
    let admission = signed.admission(&guise, Endpoint::AccountSettingsUpdate)?;
    signed.admitted(guise.store().take_messages_from(&admission, from).await?)?;
    Ok(see("/settings"))
}
