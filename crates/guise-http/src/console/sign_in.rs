//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use guise_domain::limits::PATH_BYTES_MAX;
use guise_domain::{
    AccountId, AppId, Attempt, EntryId, NewApp, NewSession, Operator, OperatorError, Password,
    PasswordHash, ScreenName, Ticket,
};
use http::header::{HeaderValue, REFERER, RETRY_AFTER};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{StatusCode, Uri};

use super::form::Knock;
use super::{Frame, Posted, cookie, page, see, signed_in};
use crate::error::Refusal;
use crate::extract::query;
use crate::origin;
use crate::state::Guise;
use crate::wire::Pairs;

/// What an account's own app is called, beside the messages it sends and in the log.
const CONSOLE: &str = "Guise console";
const WRONG: &str = "No account has this name and this password.";
const OVER: &str =
    "You are not signed in any more, and what you sent was not taken. Sign in, and send it again.";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    name: String,
    operator: String,
    to: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "onward.html")]
struct OnwardPage {
    frame: Frame,
    to: String,
}

/// `GET /sign-in?to=<where to go once signed in>`, with `over` when a session was over
pub(crate) async fn show(State(guise): State<Guise>, parts: Parts) -> Result<Response, Refusal> {
    let asked = query(&parts);
    let to = ours(asked.get("to").unwrap_or_default());
    if signed_in::find(&guise, &parts).await?.is_some() {
        return Ok(see(&to));
    }
    let (name, operator) = (String::new(), String::new());
    let problem = asked.get("over").map(|_| OVER.to_owned());
    Ok(page(StatusCode::OK, &SignInPage { frame: Frame::nobody(), name, operator, to, problem }))
}

/// `POST /sign-in`
pub(crate) async fn enter(
    State(guise): State<Guise>,
    Knock { form, parts }: Knock,
) -> Result<Response, Refusal> {
    let operator = match who_is_at_work(field(&form, "operator")) {
        Ok(operator) => operator,
        Err(problem) => return Ok(again(&form, StatusCode::BAD_REQUEST, problem)),
    };
    let name = field(&form, "name").trim().parse::<ScreenName>().ok();
    let attempt = Attempt::new(name.as_ref(), origin::client(&guise, &parts));
    if let Err(seconds) = guise.store().begin_attempt(attempt, guise.now()).await? {
        return Ok(wait(&form, seconds));
    }
    if let Some((account, proven)) = prove(&guise, name, field(&form, "password")).await? {
        guise.store().end_attempt(attempt).await?;
        if let Some(cookie) = begin(&guise, &parts, account, proven, operator).await? {
            return Ok(([cookie], onward(ours(field(&form, "to")))).into_response());
        }
    }
    Ok(again(&form, StatusCode::FORBIDDEN, WRONG.to_owned()))
}

/// The page once more, with what was typed but the password.
fn again(form: &Pairs, status: StatusCode, problem: String) -> Response {
    let (name, operator) = (field(form, "name").to_owned(), field(form, "operator").to_owned());
    let (frame, to, problem) = (Frame::nobody(), ours(field(form, "to")), Some(problem));
    page(status, &SignInPage { frame, name, operator, to, problem })
}

fn wait(form: &Pairs, seconds: i64) -> Response {
    retry_after(again(form, StatusCode::TOO_MANY_REQUESTS, too_many(seconds)), seconds)
}

/// What somebody is told who has to wait before the next attempt.
pub(super) fn too_many(seconds: i64) -> String {
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Too many wrong passwords. Try again in {seconds} {unit}.")
}

/// The same to programs.
pub(super) fn retry_after(mut response: Response, seconds: i64) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// `POST /sign-out`
pub(crate) async fn leave(
    State(guise): State<Guise>,
    Posted { signed, .. }: Posted,
) -> Result<Response, Refusal> {
    guise.store().end_session(signed.account().id, signed.session().ticket).await?;
    Ok(([cookie::clear()?], see("/sign-in")).into_response())
}

/// `POST /sign-out-everywhere`
pub(crate) async fn leave_everywhere(
    State(guise): State<Guise>,
    Posted { signed, .. }: Posted,
) -> Result<Response, Refusal> {
    guise.store().end_sessions(signed.account().id, signed.by(&guise)?).await?;
    Ok(([cookie::clear()?], see("/sign-in")).into_response())
}

/// The way on after signing in. From where apps ask it may lead to their own pages, and browsers hold the form that was
/// sent to its page's policy along all redirects: a page in between begins anew.
fn onward(to: String) -> Response {
    if to.starts_with("/oauth/") {
        page(StatusCode::OK, &OnwardPage { frame: Frame::nobody(), to })
    } else {
        see(&to)
    }
}

/// The way to the sign-in page, and from there to what was asked for.
pub(super) fn way_in(asked: Option<&PathAndQuery>) -> Response {
    match asked.map(PathAndQuery::as_str) {
        None | Some("/") => see("/sign-in"),
        Some(asked) => {
            let to: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
            see(&format!("/sign-in?to={to}"))
        }
    }
}

/// The way to the sign-in page from a form that was sent when its session was over, and from there to the form's page.
pub(super) fn way_back(parts: &Parts) -> Response {
    if parts.uri.path().starts_with("/sign-out") {
        return see("/sign-in");
    }
    let from = parts.headers.get(REFERER).and_then(|from| Uri::try_from(from.as_bytes()).ok());
    let from = from.as_ref().and_then(Uri::path_and_query).map_or("/", PathAndQuery::as_str);
    let to: String = form_urlencoded::byte_serialize(from.as_bytes()).collect();
    see(&format!("/sign-in?over&to={to}"))
}

/// What a form says, or nothing.
pub(super) fn field<'f>(form: &'f Pairs, name: &str) -> &'f str {
    form.get(name).unwrap_or_default()
}

/// What a form says about who is at work; nothing is nobody in particular.
///
/// # Errors
/// The rule that it breaks, for people.
pub(super) fn who_is_at_work(label: &str) -> Result<Option<Operator>, String> {
    if label.trim().is_empty() {
        return Ok(None);
    }
    label.parse().map(Some).map_err(|rule: OperatorError| format!("Who is at work {rule}."))
}

/// Begins a session under a fresh ticket, ends the one the browser had, and makes the cookie of it. `None` when the
/// password is not `proven` any more.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn begin(
    guise: &Guise,
    parts: &Parts,
    account: AccountId,
    proven: PasswordHash,
    operator: Option<Operator>,
) -> Result<Option<(http::HeaderName, HeaderValue)>, Refusal> {
    let ticket = Ticket::new(&*guise.randomness());
    let now = guise.now();
    let new = NewSession {
        ticket: ticket.hash(),
        operator,
        console: console(guise)?,
        entry: EntryId::new(guise.next_id(now)),
        now,
    };
    let before = signed_in::find(guise, parts).await?;
    let begun = guise.store().begin_session(account, proven, new).await?;
    if begun.is_none() {
        return Ok(None);
    }
    if let Some(before) = before {
        guise.store().end_session(before.account().id, before.session().ticket).await?;
    }
    cookie::set(&ticket).map(Some)
}

/// The account with this name, and its password's hash, if this is its password.
///
/// # Errors
/// When the store does not answer, or too many passwords wait for being hashed.
pub(super) async fn prove(
    guise: &Guise,
    name: Option<ScreenName>,
    password: &str,
) -> Result<Option<(AccountId, PasswordHash)>, Refusal> {
    let Ok(password) = Password::parse(password) else { return Ok(None) };
    let account = match name {
        Some(name) => guise.store().account_by_name(&name).await?.map(|account| account.id),
        None => None,
    };
    let kept = match account {
        Some(account) => guise.store().password(account).await?,
        None => None,
    };
    let randomness = guise.randomness();
    let matches = guise.passwords().matches(password.clone(), kept.clone(), randomness).await?;
    let (Some(account), Some(kept), true) = (account, kept, matches) else { return Ok(None) };
    if kept.is_current() {
        return Ok(Some((account, kept)));
    }
    let fresh = guise.passwords().hash(password, guise.randomness()).await?;
    let replaced = guise.store().rehash_password(account, kept.clone(), fresh.clone()).await?;
    Ok(Some((account, if replaced { fresh } else { kept })))
}

/// An app whose secret nobody ever sees.
fn console(guise: &Guise) -> Result<NewApp, Refusal> {
    let secret = Ticket::new(&*guise.randomness());
    let consumer_key = format!("console-{}", Ticket::new(&*guise.randomness()).derive("key"));
    let consumer_secret = guise
        .seal(secret.to_string().as_bytes(), &consumer_key)
        .map_err(|error| Refusal::Internal(error.to_string()))?;
    Ok(NewApp {
        id: AppId::new(guise.next_id(guise.now())),
        name: CONSOLE.to_owned(),
        url: String::new(),
        consumer_key,
        consumer_secret,
    })
}

/// `to` if it is a path of ours; the start page else. Browsers take `//host`, and `/\host` too, for another site, and
/// leave out tabs and line breaks before they look.
fn ours(to: &str) -> String {
    let plain = to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let path = to.starts_with('/') && !to.starts_with("//") && to.len() <= PATH_BYTES_MAX;
    if plain && path && !to.starts_with("/sign-") { to.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::ours;

    #[test]
    fn only_paths_of_ours_are_gone_to() {
        for path in ["/", "/profiles", "/profiles?q=%2F%2Fevil&a=b#c", "/a//b"] {
            assert_eq!(ours(path), path);
        }
        let long = format!("/{}", "a".repeat(5000));
        for bad in [
            "",
            "profiles",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "/a\\b",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "/ü",
            "/sign-in?to=/",
            "/sign-out",
            "\u{0}",
            &long,
        ] {
            assert_eq!(ours(bad), "/", "{bad:?}");
        }
    }
}
