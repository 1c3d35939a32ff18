//! Tokens that act for the account: made for its own apps, changed and revoked whoever's app has them.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guise_domain::limits::TOKENS_ON_PAGES_MAX;
use guise_domain::{Access, AccountId, AppId, NewToken, Operator, Token, secrets};
use http::StatusCode;

use super::apps::{KeysPage, RevokePage, Typed, app_page, own, room};
use super::{Frame, Posted, Section, SignedIn, When, page, see};
use crate::error::Refusal;
use crate::state::Guise;

/// A token as the account that it acts for sees it.
pub(super) struct TokenLine {
    pub(super) token: String,
    pub(super) app_id: AppId,
    /// What its app is called, and whose that is unless it is the account's own.
    pub(super) app: String,
    pub(super) app_owner: Option<String>,
    pub(super) access: Access,
    pub(super) operator: Option<String>,
    pub(super) made: When,
    pub(super) used: Option<When>,
    /// Whether it or its app was revoked.
    pub(super) revoked: bool,
}

impl TokenLine {
    /// Enough of it to tell it from others.
    pub(super) fn short(&self) -> String {
        let end = self.token.char_indices().rev().nth(5).map_or(0, |(at, _)| at);
        format!("…{}", self.token.get(end..).unwrap_or_default())
    }

    /// What it allows, in words.
    pub(super) fn allows(&self) -> &'static str {
        match self.access {
            Access::Read => "reads",
            Access::Write => "reads and writes",
            Access::DirectMessages => "reads, writes, direct messages",
        }
    }

    fn is(&self, access: &str) -> bool {
        Access::parse(access) == Some(self.access)
    }

    /// What tells it from the others of an account.
    pub(super) fn label(&self) -> String {
        match &self.operator {
            Some(operator) => format!("{}, {operator}, {}", self.app, self.short()),
            None => format!("{}, {}", self.app, self.short()),
        }
    }
}

#[derive(Template)]
#[template(path = "token.html")]
struct TokenPage {
    frame: Frame,
    account: String,
    token: TokenLine,
}

/// The tokens that act for an account, the newest first.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn held(guise: &Guise, account: AccountId) -> Result<Vec<TokenLine>, Refusal> {
    let mut lines = Vec::new();
    for token in guise.store().tokens(account).await?.into_iter().rev() {
        lines.push(line(guise, token).await?);
    }
    Ok(lines)
}

async fn line(guise: &Guise, held: Token) -> Result<TokenLine, Refusal> {
    let used = guise.last_use_of_token(&held).map(When);
    let Token { token, account, app, access, operator, created_at, revoked, .. } = held;
    let found = guise.store().app(app).await?;
    let owner = match found.as_ref().map(|app| app.owner).filter(|owner| *owner != account) {
        Some(owner) => guise.store().account(owner).await?,
        None => None,
    };
    Ok(TokenLine {
        token,
        app_id: app,
        revoked: revoked || found.as_ref().is_some_and(|app| app.revoked),
        app: found.map_or_else(|| app.to_string(), |app| app.name),
        app_owner: owner.map(|owner| owner.name.to_string()),
        access,
        operator: operator.map(|operator| operator.to_string()),
        made: When(created_at),
        used,
    })
}

/// `POST /apps/{id}/tokens`
pub(crate) async fn create(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let app = own(&guise, &signed, &id).await?;
    let access = wanted(form.get("access"))?;
    let typed = form.get("operator").unwrap_or_default();
    let label = Some(typed.trim()).filter(|label| !label.is_empty());
    let account = signed.account().id;
    let own = guise.store().tokens(account).await?.len();
    let operator = room("tokens", own, TOKENS_ON_PAGES_MAX).and_then(|()| {
        let operator = label.map(str::parse::<Operator>).transpose();
        operator.map_err(|rule| format!("Who works with it {rule}."))
    });
    let operator = match operator {
        Ok(operator) => operator,
        Err(problem) => {
            let (operator, problem) = (typed.to_owned(), Some(problem));
            let typed = Typed { operator, problem, ..Typed::default() };
            return app_page(&guise, &signed, app, typed).await;
        }
    };
    let token = secrets::token(account, &*guise.randomness());
    let token_secret = secrets::token_secret(&*guise.randomness());
    let secret = guise
        .seal(token_secret.as_bytes(), &token)
        .map_err(|error| Refusal::Internal(error.to_string()))?;
    let new = NewToken { token, app: app.id, secret, access, operator, created_at: signed.now };
    let made = guise.store().create_token(account, new, signed.by(&guise)?).await?;
    let made = made.ok_or_else(|| Refusal::Invalid("The app is revoked.".into()))?;
    let shown = KeysPage {
        frame: signed.frame(&guise, Section::Apps),
        title: format!("A token for {}", app.name),
        keys: vec![
            ("Consumer key", app.consumer_key),
            ("Access token", made.token),
            ("Token secret", token_secret),
        ],
        next: "/apps".to_owned(),
    };
    Ok(page(StatusCode::OK, &shown))
}

fn wanted(access: Option<&str>) -> Result<Access, Refusal> {
    let access = access.and_then(Access::parse);
    access.ok_or_else(|| Refusal::Invalid("access: must be read, write or dm".into()))
}

async fn of(guise: &Guise, signed: &SignedIn, token: &str) -> Result<TokenLine, Refusal> {
    let tokens = guise.store().tokens(signed.account().id).await?;
    let found = tokens.into_iter().find(|held| held.token == token);
    line(guise, found.ok_or(Refusal::NotFound)?).await
}

/// `GET /tokens/{token}`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(token): Path<String>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    let token = of(&guise, &signed, &token).await?;
    let account = signed.account().name.to_string();
    let frame = signed.frame(&guise, Section::Apps);
    Ok(page(StatusCode::OK, &TokenPage { frame, account, token }))
}

/// `POST /tokens/{token}`
pub(crate) async fn change(
    State(guise): State<Guise>,
    Path(token): Path<String>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let access = wanted(form.get("access"))?;
    let (account, by) = (signed.account().id, signed.by(&guise)?);
    if !guise.store().change_access(account, &token, access, by).await? {
        return Err(Refusal::NotFound);
    }
    Ok(see("/apps"))
}

/// `GET /tokens/{token}/revoke`
pub(crate) async fn ask_revoke(
    State(guise): State<Guise>,
    Path(token): Path<String>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    let found = of(&guise, &signed, &token).await?;
    let shown = RevokePage {
        frame: signed.frame(&guise, Section::Apps),
        title: format!("Revoke this token of {}?", found.app),
        warning: format!(
            "Nothing can be done with it for @{} any more. This cannot be taken back; a new token can be made.",
            signed.account().name
        ),
        verb: "Revoke the token",
        back: format!("/tokens/{token}"),
    };
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /tokens/{token}/revoke`
pub(crate) async fn revoke(
    State(guise): State<Guise>,
    Path(token): Path<String>,
    Posted { signed, .. }: Posted,
) -> Result<Response, Refusal> {
    let (account, by) = (signed.account().id, signed.by(&guise)?);
    if !guise.store().revoke_token(account, &token, by).await? {
        return Err(Refusal::NotFound);
    }
    Ok(see("/apps"))
}
