//! The pages on which an account decides whether an app may act for it: `/oauth/authorize`, which always asks, and
//! `/oauth/authenticate`, which does not ask for what was allowed before. Parameters besides `oauth_token` are ignored.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use guise_domain::{
    Access, Allowance, App, Callback, CallbackUrl, RequestState, RequestToken, Timestamp, Token,
    VerifierHash, secrets,
};
use http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use http::{HeaderValue, StatusCode};

use super::{Frame, POLICY, Posted, Section, SignedIn, page};
use crate::error::Refusal;
use crate::state::Guise;
use crate::wire::Pairs;

const TOKEN: &str = "oauth_token";
const VERIFIER: &str = "oauth_verifier";
const DENIED: &str = "denied";

#[derive(Template)]
#[template(path = "authorize.html")]
struct AuthorizePage<'a> {
    frame: Frame,
    app: &'a App,
    owner: String,
    account: &'a str,
    token: &'a str,
    can: Vec<&'static str>,
    cannot: Vec<&'static str>,
    /// Where the browser goes on; nowhere with a PIN.
    place: Option<&'a str>,
}

/// What is shown where the browser goes nowhere.
#[derive(Template)]
#[template(path = "decided.html")]
struct DecidedPage<'a> {
    frame: Frame,
    app: &'a str,
    /// What to type into the app; nothing when it was refused.
    pin: Option<String>,
}

/// `GET /oauth/authorize`
pub(crate) async fn ask(
    State(guise): State<Guise>,
    signed: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let (request, app) = undecided(&guise, query.as_deref(), signed.now).await?;
    show(&guise, &signed, &request, &app).await
}

/// `GET /oauth/authenticate`
pub(crate) async fn ask_once(
    State(guise): State<Guise>,
    signed: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let (request, app) = undecided(&guise, query.as_deref(), signed.now).await?;
    let tokens = guise.store().tokens(signed.account().id).await?;
    match allowed_before(&tokens, &request) {
        Some(access) => allow(&guise, &signed, &request, &app, access).await,
        None => show(&guise, &signed, &request, &app).await,
    }
}

/// `POST /oauth/authorize`, from either page
pub(crate) async fn decide(
    State(guise): State<Guise>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let token = form.get(TOKEN).unwrap_or_default();
    let (request, app) = find(&guise, token, signed.now).await?;
    match form.get("decision") {
        Some("allow") => allow(&guise, &signed, &request, &app, request.access).await,
        Some("refuse") => refuse(&guise, &signed, &request, &app).await,
        _ => Err(Refusal::Invalid("decision: is allow or refuse".into())),
    }
}

async fn undecided(
    guise: &Guise,
    query: Option<&str>,
    now: Timestamp,
) -> Result<(RequestToken, App), Refusal> {
    let pairs = Pairs::parse(query.unwrap_or_default().as_bytes());
    find(guise, pairs.get(TOKEN).unwrap_or_default(), now).await
}

/// What is to be decided on, and who asks.
async fn find(guise: &Guise, token: &str, now: Timestamp) -> Result<(RequestToken, App), Refusal> {
    let request = guise.store().request_token(token).await?;
    let open = |request: &RequestToken| request.state == RequestState::Asked && request.until > now;
    let request = request.filter(open).ok_or(Refusal::RequestOver)?;
    let app = guise.store().app(request.app).await?.filter(|app| !app.revoked);
    Ok((request, app.ok_or(Refusal::RequestOver)?))
}

/// What the app may do already, if that is as much as it asks for. The token is the one that it would be given again.
fn allowed_before(tokens: &[Token], request: &RequestToken) -> Option<Access> {
    let living =
        |token: &&Token| token.app == request.app && !token.revoked && token.operator.is_none();
    let newest = tokens.iter().filter(living).max_by_key(|token| (token.created_at, &token.token));
    newest.map(|token| token.access).filter(|access| *access >= request.access)
}

async fn show(
    guise: &Guise,
    signed: &SignedIn,
    request: &RequestToken,
    app: &App,
) -> Result<Response, Refusal> {
    let owner = guise.store().account(app.owner).await?;
    let owner = owner.map(|owner| owner.name.to_string()).unwrap_or_default();
    let (can, cannot) = in_words(request.access);
    let callback = match &request.callback {
        Callback::Pin => None,
        Callback::Url(url) => Some(url),
    };
    let shown = AuthorizePage {
        frame: signed.frame(guise, Section::Start),
        app,
        owner,
        account: signed.account().name.as_str(),
        token: &request.token,
        can,
        cannot,
        place: callback.map(CallbackUrl::place),
    };
    let mut response = page(StatusCode::OK, &shown);
    if let Some(url) = callback {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, leading_to(url)?);
    }
    Ok(response)
}

/// The policy of a page whose form leads to an app: browsers hold a form to it along all redirects.
fn leading_to(url: &CallbackUrl) -> Result<HeaderValue, Refusal> {
    let own = POLICY;
    let policy = own
        .to_str()
        .unwrap_or_default()
        .replace("form-action 'self'", &format!("form-action 'self' {}", url.source()));
    HeaderValue::try_from(policy).map_err(|error| Refusal::Internal(error.to_string()))
}

async fn allow(
    guise: &Guise,
    signed: &SignedIn,
    request: &RequestToken,
    app: &App,
    access: Access,
) -> Result<Response, Refusal> {
    let randomness = guise.randomness();
    let verifier = match &request.callback {
        Callback::Pin => secrets::pin(&*randomness),
        Callback::Url(_) => secrets::verifier(&*randomness),
    };
    let allowance = Allowance {
        account: signed.account().id,
        operator: signed.operator().cloned(),
        access,
        verifier: VerifierHash::of(&request.token, &verifier),
        now: signed.now,
    };
    if !guise.store().allow(&request.token, allowance).await? {
        return Err(Refusal::RequestOver);
    }
    match &request.callback {
        Callback::Url(url) => {
            back(&url.with(&[(TOKEN, &request.token), (VERIFIER, &verifier)], &[DENIED]))
        }
        Callback::Pin => Ok(decided(guise, signed, app, Some(verifier))),
    }
}

async fn refuse(
    guise: &Guise,
    signed: &SignedIn,
    request: &RequestToken,
    app: &App,
) -> Result<Response, Refusal> {
    if !guise.store().deny(&request.token, signed.now).await? {
        return Err(Refusal::RequestOver);
    }
    match &request.callback {
        Callback::Url(url) => back(&url.with(&[(DENIED, &request.token)], &[TOKEN, VERIFIER])),
        Callback::Pin => Ok(decided(guise, signed, app, None)),
    }
}

/// Leads the browser back to the app.
fn back(url: &str) -> Result<Response, Refusal> {
    let url = HeaderValue::from_str(url).map_err(|error| Refusal::Internal(error.to_string()))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, url)]).into_response())
}

fn decided(guise: &Guise, signed: &SignedIn, app: &App, pin: Option<String>) -> Response {
    let frame = signed.frame(guise, Section::Start);
    page(StatusCode::OK, &DecidedPage { frame, app: &app.name, pin })
}

/// What an app can do and cannot do with this access.
fn in_words(access: Access) -> (Vec<&'static str>, Vec<&'static str>) {
    const EVERYTHING: [(Access, &str); 7] = [
        (Access::Read, "See this account's profiles, settings, blocks and log"),
        (Access::Write, "Make, change, destroy and erase profiles, and upload pictures"),
        (Access::Write, "Change whose messages this account takes, and block others"),
        (Access::DirectMessages, "Read every message that this account sent or got"),
        (Access::DirectMessages, "Write messages as this account, under any of its profiles"),
        (Access::DirectMessages, "Destroy this account's copies of messages"),
        (Access::DirectMessages, "Show others that this account read, or is typing"),
    ];
    let (can, mut cannot) = EVERYTHING.iter().partition::<Vec<_>, _>(|(needs, _)| *needs <= access);
    let words = |list: &[&(Access, &'static str)]| list.iter().map(|(_, word)| *word).collect();
    let never = (access, "See or change the password, or allow other apps");
    cannot.push(&never);
    (words(&can), words(&cannot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_app_cannot_do_is_said_as_well() {
        for (access, can) in [(Access::Read, 1), (Access::Write, 3), (Access::DirectMessages, 7)] {
            let (allowed, refused) = in_words(access);
            assert_eq!((allowed.len(), refused.len()), (can, 8 - can));
        }
    }

    #[test]
    fn the_policy_names_the_callbacks_origin_and_nothing_else_changes() {
        let policy = |url: &str| {
            let policy = leading_to(&url.parse().unwrap()).unwrap();
            policy.to_str().unwrap().to_owned()
        };
        let own = POLICY;
        let own = own.to_str().unwrap();
        for (url, source) in
            [("https://app.example:8443/done?a=b", "https://app.example:8443"), ("app://x", "app:")]
        {
            let expected =
                own.replace("form-action 'self';", &format!("form-action 'self' {source};"));
            assert_eq!(policy(url), expected);
            assert_ne!(policy(url), own);
        }
    }
}
