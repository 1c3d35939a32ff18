//! The account's own switches.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guise_domain::MessagesFrom;
use guise_domain::rate::Endpoint;
use http::StatusCode;

use super::{Frame, Posted, Section, SignedIn, page, see};
use crate::error::Refusal;
use crate::state::Guise;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    everyone: bool,
}

/// `GET /settings`
pub(crate) async fn show(State(guise): State<Guise>, signed: SignedIn) -> Response {
    let everyone = signed.account().messages_from == MessagesFrom::Everyone;
    let frame = signed.frame(&guise, Section::Settings);
    page(StatusCode::OK, &SettingsPage { frame, everyone })
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
