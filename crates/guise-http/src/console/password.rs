//! A new password for the account, by somebody who is signed in and knows the one it has.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use guise_domain::Attempt;
use http::StatusCode;
use http::request::Parts;

use super::link::chosen;
use super::settings::render;
use super::sign_in::{begin, field, prove, retry_after, too_many};
use super::{Posted, see};
use crate::error::Refusal;
use crate::origin;
use crate::state::Guise;

const WRONG: &str = "This is not the password that the account has now.";

/// `POST /settings/password`: ends every other session, and goes on with this one under a fresh ticket.
pub(crate) async fn change(
    State(guise): State<Guise>,
    parts: Parts,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let again = |status, problem| render(&guise, &signed, status, Some(problem), false);
    let password = match chosen(&form) {
        Ok(password) => password,
        Err(problem) => return Ok(again(StatusCode::BAD_REQUEST, problem)),
    };
    // Whoever sits down at somebody's browser is to guess no faster than anybody else.
    let name = signed.account().name.clone();
    let attempt = Attempt::new(Some(&name), origin::client(&guise, &parts));
    if let Err(seconds) = guise.store().begin_attempt(attempt, signed.now).await? {
        let refused = again(StatusCode::TOO_MANY_REQUESTS, too_many(seconds));
        return Ok(retry_after(refused, seconds));
    }
    let Some((account, proven)) = prove(&guise, Some(name), field(&form, "current")).await? else {
        return Ok(again(StatusCode::FORBIDDEN, WRONG.to_owned()));
    };
    guise.store().end_attempt(attempt).await?;
    let hash = guise.passwords().hash(password, guise.randomness()).await?;
    let by = signed.by(&guise)?;
    if !guise.store().change_password(account, proven, hash.clone(), by).await? {
        // Somebody else changed it meanwhile, which ended this session too.
        return Ok(see("/sign-in"));
    }
    let operator = signed.operator().cloned();
    Ok(match begin(&guise, &parts, account, hash, operator).await? {
        Some(cookie) => ([cookie], see("/settings?password=changed")).into_response(),
        None => see("/sign-in"),
    })
}
