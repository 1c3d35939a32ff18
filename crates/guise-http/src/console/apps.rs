//! Programs that act for the account: its own apps, and the tokens that any app has.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guise_domain::limits::APPS_ON_PAGES_MAX;
use guise_domain::{App, AppId, NewApp, WebUrl, secrets};
use http::StatusCode;

use super::tokens::{TokenLine, held};
use super::{Frame, Posted, Section, SignedIn, When, page, see};
use crate::error::Refusal;
use crate::state::Guise;

#[derive(Template)]
#[template(path = "apps.html")]
struct AppsPage {
    frame: Frame,
    account: String,
    apps: Vec<AppLine>,
    tokens: Vec<TokenLine>,
    /// What was typed into the form, and what is wrong with it.
    name: String,
    url: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage {
    frame: Frame,
    account: String,
    app: AppLine,
    /// The places that it may have accounts led back to.
    callbacks: Vec<String>,
    typed: Typed,
}

/// What was typed into a form of an app's page, and what is wrong with it.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) operator: String,
    pub(super) callback: String,
    pub(super) problem: Option<String>,
}

/// An app as its owner sees it.
pub(super) struct AppLine {
    id: String,
    pub(super) name: String,
    url: String,
    consumer_key: String,
    made: When,
    used: Option<When>,
    trusted: bool,
    revoked: bool,
}

impl AppLine {
    fn new(guise: &Guise, app: App) -> Self {
        let used = guise.last_use_of_app(&app).map(When);
        let App { id, name, url, consumer_key, .. } = app;
        let (trusted, revoked) = (app.names_operators, app.revoked);
        let made = When(id.created_at());
        Self { id: id.to_string(), name, url, consumer_key, made, used, trusted, revoked }
    }
}

/// Secrets, which are shown on the answer to the form that made them and nowhere else.
#[derive(Template)]
#[template(path = "keys.html")]
pub(super) struct KeysPage {
    pub(super) frame: Frame,
    pub(super) title: String,
    /// Each with what it is called.
    pub(super) keys: Vec<(&'static str, String)>,
    /// Where to go on.
    pub(super) next: String,
}

/// A question before something that cannot be taken back.
#[derive(Template)]
#[template(path = "revoke.html")]
pub(super) struct RevokePage {
    pub(super) frame: Frame,
    pub(super) title: String,
    /// What comes of it.
    pub(super) warning: String,
    /// What the button says.
    pub(super) verb: &'static str,
    /// Where to go when it is not meant.
    pub(super) back: String,
}

/// `GET /apps`
pub(crate) async fn list(
    State(guise): State<Guise>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    let shown = apps_page(&guise, &signed).await?;
    Ok(page(StatusCode::OK, &shown))
}

async fn apps_page(guise: &Guise, signed: &SignedIn) -> Result<AppsPage, Refusal> {
    let account = signed.account();
    let apps = guise.store().apps(account.id).await?;
    let tokens = held(guise, account.id).await?;
    Ok(AppsPage {
        frame: signed.frame(guise, Section::Apps),
        account: account.name.to_string(),
        apps: apps.into_iter().rev().map(|app| AppLine::new(guise, app)).collect(),
        tokens,
        name: String::new(),
        url: String::new(),
        problem: None,
    })
}

/// `POST /apps`
pub(crate) async fn create(
    State(guise): State<Guise>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let field = |name| form.get(name).unwrap_or_default().trim();
    let url = field("url");
    let own = guise.store().apps(signed.account().id).await?.len();
    let meant = room("apps", own, APPS_ON_PAGES_MAX)
        .and_then(|()| App::parse_name(field("name")).map_err(|rule| format!("The name {rule}.")))
        .and_then(|name| match url {
            "" => Ok(name),
            url => WebUrl::parse(url).map(|_| name).map_err(|rule| format!("The address {rule}.")),
        });
    let name = match meant {
        Ok(name) => name,
        Err(problem) => {
            let (name, url) = (field("name").to_owned(), url.to_owned());
            let shown = apps_page(&guise, &signed).await?;
            let again = AppsPage { name, url, problem: Some(problem), ..shown };
            return Ok(page(StatusCode::BAD_REQUEST, &again));
        }
    };
    let consumer_key = secrets::consumer_key(&*guise.randomness());
    let secret = secrets::consumer_secret(&*guise.randomness());
    let consumer_secret = guise
        .seal(secret.as_bytes(), &consumer_key)
        .map_err(|error| Refusal::Internal(error.to_string()))?;
    let id = AppId::new(guise.next_id(signed.now));
    let new = NewApp { id, name, url: url.to_owned(), consumer_key, consumer_secret };
    let app = guise.store().create_app(signed.account().id, new, signed.by(&guise)?).await?;
    let app = app.ok_or(Refusal::NotPermitted)?;
    let shown = KeysPage {
        frame: signed.frame(&guise, Section::Apps),
        title: format!("Registered {}", app.name),
        keys: vec![("Consumer key", app.consumer_key), ("Consumer secret", secret)],
        next: format!("/apps/{id}"),
    };
    Ok(page(StatusCode::OK, &shown))
}

/// Whether an account that has so many apps or tokens may have another one made on a page.
///
/// # Errors
/// What it is told when it may not.
pub(super) fn room(what: &str, own: usize, max: usize) -> Result<(), String> {
    if own < max {
        return Ok(());
    }
    Err(format!(
        "This account has {own} {what}, counting revoked ones. Whoever runs the server can make more, on its command line."
    ))
}

/// The signed-in account's app with this id.
///
/// # Errors
/// When it has none.
pub(super) async fn own(guise: &Guise, signed: &SignedIn, id: &str) -> Result<App, Refusal> {
    let apps = guise.store().apps(signed.account().id).await?;
    apps.into_iter().find(|app| app.id.to_string() == id).ok_or(Refusal::NotFound)
}

/// `GET /apps/{id}`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    let app = own(&guise, &signed, &id).await?;
    app_page(&guise, &signed, app, Typed::default()).await
}

/// The page of an app, with what was typed into a form on it.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn app_page(
    guise: &Guise,
    signed: &SignedIn,
    app: App,
    typed: Typed,
) -> Result<Response, Refusal> {
    let wrong = typed.problem.is_some();
    let status = if wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let callbacks = guise.store().callbacks(app.id).await?;
    let account = signed.account().name.to_string();
    let frame = signed.frame(guise, Section::Apps);
    let app = AppLine::new(guise, app);
    Ok(page(status, &AppPage { frame, account, app, callbacks, typed }))
}

/// `GET /apps/{id}/revoke`
pub(crate) async fn ask_revoke(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    let app = own(&guise, &signed, &id).await?;
    let shown = RevokePage {
        frame: signed.frame(&guise, Section::Apps),
        title: format!("Revoke {}?", app.name),
        warning: "All of its requests are refused from then on, whatever their token and whoever gave it. \
            This cannot be taken back."
            .to_owned(),
        verb: "Revoke the app",
        back: format!("/apps/{id}"),
    };
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /apps/{id}/revoke`
pub(crate) async fn revoke(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Posted { signed, .. }: Posted,
) -> Result<Response, Refusal> {
    let app = own(&guise, &signed, &id).await?;
    guise.store().revoke_app(signed.account().id, app.id, signed.by(&guise)?).await?;
    Ok(see(&format!("/apps/{id}")))
}
