//! One-time links: whoever holds one chooses the account's password, and is signed in.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use guise_domain::{By, EntryId, Password, TicketHash};
use http::StatusCode;

use super::form::Knock;
use super::sign_in::{begin, field, who_is_at_work};
use super::{Frame, page, see};
use crate::error::Refusal;
use crate::state::Guise;
use crate::wire::Pairs;

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    frame: Frame,
    name: String,
    operator: String,
    problem: Option<String>,
}

/// `GET /sign-in/link/{ticket}`: only shows the form, since programs that look at links ahead of people would use it up.
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(ticket): Path<String>,
) -> Result<Response, Refusal> {
    let (_, name) = find(&guise, &ticket).await?;
    let (frame, operator) = (Frame::nobody(), String::new());
    Ok(page(StatusCode::OK, &LinkPage { frame, name, operator, problem: None }))
}

/// `POST /sign-in/link/{ticket}`
pub(crate) async fn enter(
    State(guise): State<Guise>,
    Path(ticket): Path<String>,
    Knock { form, parts }: Knock,
) -> Result<Response, Refusal> {
    let (ticket, name) = find(&guise, &ticket).await?;
    let meant = chosen(&form).and_then(|password| {
        let operator = who_is_at_work(field(&form, "operator"))?;
        Ok((password, operator))
    });
    let (password, operator) = match meant {
        Ok(meant) => meant,
        Err(problem) => {
            let (frame, operator) = (Frame::nobody(), field(&form, "operator").to_owned());
            let again = LinkPage { frame, name, operator, problem: Some(problem) };
            return Ok(page(StatusCode::BAD_REQUEST, &again));
        }
    };
    let hash = guise.passwords().hash(password, guise.randomness()).await?;
    let now = guise.now();
    let entry = EntryId::new(guise.next_id(now));
    let by = By { entry, app: None, operator: operator.clone() };
    let used = guise.store().use_link(ticket, hash.clone(), by, now).await?;
    let account = used.ok_or(Refusal::LinkOver)?;
    let cookie = begin(&guise, &parts, account, hash, operator).await?.ok_or(Refusal::LinkOver)?;
    Ok(([cookie], see("/")).into_response())
}

/// The password that a form sets.
///
/// # Errors
/// The rule that is broken, for people.
pub(super) fn chosen(form: &Pairs) -> Result<Password, String> {
    let password = field(form, "password");
    let chosen = Password::parse(password).map_err(|rule| format!("The password {rule}."))?;
    if password != field(form, "again") {
        return Err("The two passwords are not the same.".to_owned());
    }
    Ok(chosen)
}

/// The link with this ticket, and the name of the account it is for.
async fn find(guise: &Guise, ticket: &str) -> Result<(TicketHash, String), Refusal> {
    let ticket = ticket.parse::<guise_domain::Ticket>().map_err(|_| Refusal::LinkOver)?.hash();
    let account = guise.store().link(ticket, guise.now()).await?.ok_or(Refusal::LinkOver)?;
    Ok((ticket, account.name.to_string()))
}
