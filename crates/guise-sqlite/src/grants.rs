//! [`Grants`] in SQL.

use async_trait::async_trait;
use guise_domain::limits::CALLBACKS_MAX;
use guise_domain::{
    Access, Account, AccountId, Action, AddCallbackError, Admission, Admitted, Allowance, App,
    AppAdmission, AppId, By, Callback, CallbackUrl, Entry, ExchangeError, Grants, NewRequestToken,
    NewToken, Operator, RequestState, RequestToken, RequestTokenError, Sealed, StoreError,
    Timestamp, Token, VerifierHash,
};
use rusqlite::{Connection, Row};

use crate::SqliteStore;
use crate::apps::{owns, read_app};
use crate::credentials::changed;
use crate::error::impossible;
use crate::exchange::exchange;
use crate::log::{add, note, note_by};
use crate::query::{all, one};
use crate::tokens::REVOKE;
use crate::writer::Step;

const CALLBACKS: &str = "SELECT place FROM callbacks WHERE app = ?1 ORDER BY place";
const ADD_CALLBACK: &str = "INSERT OR IGNORE INTO callbacks (app, place) VALUES (?1, ?2)";
const REMOVE_CALLBACK: &str = "DELETE FROM callbacks WHERE app = ?1 AND place = ?2";
const CREATE: &str = "INSERT INTO request_tokens (token, app, secret, callback, access, until)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const BY_TOKEN: &str =
    "SELECT token, app, secret, callback, access, until, state, account FROM request_tokens
    WHERE token = ?1";
const ALLOW: &str = "UPDATE request_tokens
    SET state = 'allowed', account = ?2, operator = ?3, access = ?4, verifier = ?5
    WHERE token = ?1 AND state = 'asked' AND until > ?6
        AND EXISTS (SELECT 1 FROM accounts WHERE id = ?2 AND closed = 0)
        AND EXISTS (SELECT 1 FROM apps WHERE id = app AND revoked = 0)";
const DENY: &str = "UPDATE request_tokens SET state = 'over'
    WHERE token = ?1 AND state = 'asked' AND until > ?2";
const SWEEP: &str = "DELETE FROM request_tokens WHERE token IN
    (SELECT token FROM request_tokens WHERE until <= ?1 ORDER BY until LIMIT ?2)";
const APP_WITH_BEARER: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked, names_operators,
        last_used_at, bearer
    FROM apps WHERE id = ?1";
const BEARER: &str = "SELECT owner, bearer FROM apps WHERE id = ?1";
const SET_BEARER: &str = "UPDATE apps SET bearer = ?2 WHERE id = ?1";

#[async_trait]
impl Grants for SqliteStore {
    async fn add_callback(
        &self,
        owner: AccountId,
        app: AppId,
        callback: &CallbackUrl,
        by: By,
    ) -> Result<Result<(), AddCallbackError>, StoreError> {
        let place = callback.place().to_owned();
        self.write(move |step| {
            if !owns(step.db, owner, app)? {
                return Ok(Err(AddCallbackError::NoApp));
            }
            let places = callbacks(step.db, app)?;
            if places.contains(&place) {
                return Ok(Ok(()));
            }
            if places.len() >= CALLBACKS_MAX {
                return Ok(Err(AddCallbackError::TooMany));
            }
            step.execute(ADD_CALLBACK, (app.get(), place))?;
            note_by(step, by, owner, Action::CallbackAdded, app.get()).map(Ok)
        })
        .await
    }

    async fn remove_callback(
        &self,
        owner: AccountId,
        app: AppId,
        callback: &CallbackUrl,
        by: By,
    ) -> Result<bool, StoreError> {
        let place = callback.place().to_owned();
        self.write(move |step| {
            if !owns(step.db, owner, app)?
                || step.execute(REMOVE_CALLBACK, (app.get(), place))? == 0
            {
                return Ok(false);
            }
            note_by(step, by, owner, Action::CallbackRemoved, app.get()).map(|()| true)
        })
        .await
    }

    async fn callbacks(&self, app: AppId) -> Result<Vec<String>, StoreError> {
        self.read(move |db| callbacks(db, app)).await
    }

    async fn count_for_app(&self, admission: &AppAdmission) -> Result<Admitted<()>, StoreError> {
        self.admitted_app(admission, |_, _| Ok(())).await
    }

    async fn create_request_token(
        &self,
        admission: &AppAdmission,
        new: NewRequestToken,
    ) -> Result<Admitted<Result<(), RequestTokenError>>, StoreError> {
        self.admitted_app(admission, move |step, admission| {
            let app = admission.app;
            let NewRequestToken { token, secret, callback, access, until } = new;
            if let Callback::Url(url) = &callback {
                let places = callbacks(step.db, app)?;
                if places.is_empty() {
                    return Ok(Err(RequestTokenError::PinOnly));
                }
                if !places.iter().any(|place| place == url.place()) {
                    return Ok(Err(RequestTokenError::NotApproved));
                }
            }
            let (callback, level) = (callback.as_str(), access.as_str());
            let row = (token, app.get(), secret.as_bytes(), callback, level, until.millis());
            step.execute(CREATE, row).map(|_| Ok(()))
        })
        .await
    }

    async fn request_token(&self, token: &str) -> Result<Option<RequestToken>, StoreError> {
        let token = token.to_owned();
        self.glance(move |db| one(db, BY_TOKEN, [token], read_request_token)).await
    }

    async fn allow(&self, token: &str, allowance: Allowance) -> Result<bool, StoreError> {
        let token = token.to_owned();
        self.write(move |step| {
            let Allowance { account, operator, access, verifier, now } = allowance;
            let (label, level) = (operator.as_ref().map(Operator::as_str), access.as_str());
            let hash = verifier.as_bytes();
            let row = (token, account.get(), label, level, hash, now.millis());
            Ok(step.execute(ALLOW, row)? > 0)
        })
        .await
    }

    async fn deny(&self, token: &str, now: Timestamp) -> Result<bool, StoreError> {
        let token = token.to_owned();
        self.write(move |step| Ok(step.execute(DENY, (token, now.millis()))? > 0)).await
    }

    async fn exchange(
        &self,
        admission: &AppAdmission,
        token: &str,
        verifier: VerifierHash,
        new: NewToken,
    ) -> Result<Admitted<Result<(Token, Account), ExchangeError>>, StoreError> {
        let token = token.to_owned();
        self.admitted_app(admission, move |step, admission| {
            exchange(step, admission, &token, verifier, new)
        })
        .await
    }

    async fn sweep_request_tokens(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sweep(SWEEP, now).await
    }

    async fn give_up_token(
        &self,
        admission: &Admission,
        token: &str,
    ) -> Result<Admitted<()>, StoreError> {
        let token = token.to_owned();
        self.admitted(admission, move |step, admission| {
            if step.execute(REVOKE, (admission.account.get(), token))? == 0 {
                return Ok(());
            }
            changed(step)?;
            note(step, admission, Action::TokenRevoked, admission.app.get(), None)
        })
        .await
    }

    async fn bearer(&self, app: AppId) -> Result<Option<(App, Option<Sealed>)>, StoreError> {
        self.glance(move |db| {
            one(db, APP_WITH_BEARER, [app.get()], |row| {
                Ok((read_app(row, 0)?, row.get::<_, Option<_>>(9)?.map(Sealed::from_bytes)))
            })
        })
        .await
    }

    async fn keep_bearer(
        &self,
        admission: &AppAdmission,
        secret: Sealed,
    ) -> Result<Admitted<Sealed>, StoreError> {
        self.admitted_app(admission, move |step, admission| {
            let (owner, kept) = bearer(step.db, admission.app)?;
            if let Some(kept) = kept {
                return Ok(kept);
            }
            step.execute(SET_BEARER, (admission.app.get(), secret.as_bytes()))?;
            note_app(step, admission, owner, Action::BearerCreated)?;
            Ok(secret)
        })
        .await
    }

    async fn revoke_bearer(
        &self,
        admission: &AppAdmission,
        secret: &Sealed,
    ) -> Result<Admitted<bool>, StoreError> {
        let secret = secret.clone();
        self.admitted_app(admission, move |step, admission| {
            let (owner, kept) = bearer(step.db, admission.app)?;
            if kept.as_ref() != Some(&secret) {
                return Ok(false);
            }
            step.execute(SET_BEARER, (admission.app.get(), None::<Vec<u8>>))?;
            note_app(step, admission, owner, Action::BearerRevoked).map(|()| true)
        })
        .await
    }
}

fn callbacks(db: &Connection, app: AppId) -> rusqlite::Result<Vec<String>> {
    all(db, CALLBACKS, [app.get()], |row| row.get(0))
}

/// An app's owner and bearer token. Apps are never removed.
fn bearer(db: &Connection, app: AppId) -> rusqlite::Result<(AccountId, Option<Sealed>)> {
    let found = one(db, BEARER, [app.get()], |row| {
        let bearer: Option<Vec<u8>> = row.get(1)?;
        Ok((AccountId::new(row.get(0)?), bearer.map(Sealed::from_bytes)))
    })?;
    found.ok_or_else(|| impossible(format!("no app {app}")))
}

/// Adds the one line of what an app did for itself to its owner's log.
fn note_app(
    step: &mut Step<'_>,
    admission: &AppAdmission,
    owner: AccountId,
    action: Action,
) -> rusqlite::Result<()> {
    let (id, app, subject) = (admission.entry, Some(admission.app), admission.app.get());
    add(step, owner, &Entry { id, app, operator: None, action, subject, revision: None })
}

fn read_request_token(row: &Row<'_>) -> rusqlite::Result<RequestToken> {
    let (callback, access, state): (String, String, String) =
        (row.get(3)?, row.get(4)?, row.get(6)?);
    let account: Option<i64> = row.get(7)?;
    Ok(RequestToken {
        token: row.get(0)?,
        app: AppId::new(row.get(1)?),
        secret: Sealed::from_bytes(row.get(2)?),
        callback: callback.parse().map_err(impossible)?,
        access: Access::parse(&access).ok_or_else(|| impossible(format!("access {access}")))?,
        until: Timestamp::from_millis(row.get(5)?),
        state: match (state.as_str(), account) {
            ("asked", _) => RequestState::Asked,
            ("allowed", Some(account)) => RequestState::Allowed(AccountId::new(account)),
            _ => RequestState::Over,
        },
    })
}
