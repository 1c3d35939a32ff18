//! [`Grants`] in SQL.

use async_trait::async_trait;
use guise_domain::limits::CALLBACKS_MAX;
use guise_domain::{
    Access, Account, AccountId, Action, AddCallbackError, Admission, Admitted, Allowance, App,
    AppAdmission, AppId, By, Callback, CallbackUrl, Entry, ExchangeError, Grants, NewRequestToken,
    NewToken, Operator, RequestState, RequestToken, RequestTokenError, Sealed, StoreError,
    Timestamp, Token, VerifierHash,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::accounts::is_open;
use crate::apps::{owns, read_app};
use crate::credentials::changed;
use crate::error::{Queried, impossible};
use crate::exchange::exchange;
use crate::group::Locks;
use crate::log::{add, note, note_by};
use crate::query::{Columns, Db, all, execute, known, one};
use crate::step::Step;
use crate::text;
use crate::tokens::REVOKE;

const CALLBACKS: &str = "SELECT place FROM callbacks WHERE app = $1 ORDER BY place";
const ADD_CALLBACK: &str = "INSERT INTO callbacks (app, place) VALUES ($1, $2)
    ON CONFLICT DO NOTHING";
const REMOVE_CALLBACK: &str = "DELETE FROM callbacks WHERE app = $1 AND place = $2";
const CREATE: &str = "INSERT INTO request_tokens (token, app, secret, callback, access, until)
    VALUES ($1, $2, $3, $4, $5, $6)";
const BY_TOKEN: &str =
    "SELECT token, app, secret, callback, access, until, state, account FROM request_tokens
    WHERE token = $1";
const ALLOW: &str = "UPDATE request_tokens
    SET state = 'allowed', account = $2, operator = $3, access = $4, verifier = $5
    WHERE token = $1 AND state = 'asked' AND until > $6
        AND EXISTS (SELECT 1 FROM apps WHERE id = app AND NOT revoked)";
const DENY: &str = "UPDATE request_tokens SET state = 'over'
    WHERE token = $1 AND state = 'asked' AND until > $2";
const SWEEP: &str = "DELETE FROM request_tokens WHERE token IN
    (SELECT token FROM request_tokens WHERE until <= $1 ORDER BY until LIMIT $2
        FOR UPDATE SKIP LOCKED)";
const APP_WITH_BEARER: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked, names_operators,
        last_used_at, bearer
    FROM apps WHERE id = $1";
const BEARER: &str = "SELECT owner, bearer FROM apps WHERE id = $1 FOR UPDATE";
const SET_BEARER: &str = "UPDATE apps SET bearer = $2 WHERE id = $1";

#[async_trait]
impl Grants for PostgresStore {
    async fn add_callback(
        &self,
        owner: AccountId,
        app: AppId,
        callback: &CallbackUrl,
        by: By,
    ) -> Result<Result<(), AddCallbackError>, StoreError> {
        let (place, by) = (callback.place(), &by);
        self.write(Locks::of(owner), |step| async move {
            if !owns(&step.db, owner, app).await? {
                return Ok(Err(AddCallbackError::NoApp));
            }
            let places = callbacks(&step.db, app).await?;
            if places.iter().any(|known| known == place) {
                return Ok(Ok(()));
            }
            if places.len() >= CALLBACKS_MAX {
                return Ok(Err(AddCallbackError::TooMany));
            }
            step.execute(ADD_CALLBACK, (app.get(), place)).await?;
            note_by(&step, by, owner, Action::CallbackAdded, app.get()).map(Ok)
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
        let (place, by) = (callback.place(), &by);
        self.write(Locks::of(owner), |step| async move {
            if !owns(&step.db, owner, app).await?
                || step.execute(REMOVE_CALLBACK, (app.get(), place)).await? == 0
            {
                return Ok(false);
            }
            note_by(&step, by, owner, Action::CallbackRemoved, app.get()).map(|()| true)
        })
        .await
    }

    async fn callbacks(&self, app: AppId) -> Result<Vec<String>, StoreError> {
        Ok(callbacks(&self.db().await?, app).await?)
    }

    async fn count_for_app(&self, admission: &AppAdmission) -> Result<Admitted<()>, StoreError> {
        self.admitted_app(admission, |_| async { Ok(()) }).await
    }

    async fn create_request_token(
        &self,
        admission: &AppAdmission,
        new: NewRequestToken,
    ) -> Result<Admitted<Result<(), RequestTokenError>>, StoreError> {
        let new = &new;
        self.admitted_app(admission, |step| async move {
            let app = admission.app;
            let NewRequestToken { token, secret, callback, access, until } = new;
            if let Callback::Url(url) = callback {
                let places = callbacks(&step.db, app).await?;
                if places.is_empty() {
                    return Ok(Err(RequestTokenError::PinOnly));
                }
                if !places.iter().any(|place| place == url.place()) {
                    return Ok(Err(RequestTokenError::NotApproved));
                }
            }
            let (callback, level) = (callback.as_str(), access.as_str());
            let row = (token, app.get(), secret.as_bytes(), callback, level, until.millis());
            step.execute(CREATE, row).await.map(|_| Ok(()))
        })
        .await
    }

    async fn request_token(&self, token: &str) -> Result<Option<RequestToken>, StoreError> {
        let token = (text::kept(token),);
        Ok(one(&self.db().await?, BY_TOKEN, token, read_request_token).await?)
    }

    async fn allow(&self, token: &str, allowance: Allowance) -> Result<bool, StoreError> {
        let (token, allowance) = (&*text::kept(token), &allowance);
        self.write(Locks::default(), |step| async move {
            let Allowance { account, operator, access, verifier, now } = allowance;
            if !is_open(&step.db, *account).await? {
                return Ok(false);
            }
            let (label, level) = (operator.as_ref().map(Operator::as_str), access.as_str());
            let hash = verifier.as_bytes().as_slice();
            let row = (token, account.get(), label, level, hash, now.millis());
            Ok(step.execute(ALLOW, row).await? > 0)
        })
        .await
    }

    async fn deny(&self, token: &str, now: Timestamp) -> Result<bool, StoreError> {
        let row = (text::kept(token), now.millis());
        Ok(execute(&self.db().await?, DENY, row).await? > 0)
    }

    async fn exchange(
        &self,
        admission: &AppAdmission,
        token: &str,
        verifier: VerifierHash,
        new: NewToken,
    ) -> Result<Admitted<Result<(Token, Account), ExchangeError>>, StoreError> {
        let (token, new) = (&*text::kept(token), &new);
        self.admitted_app(admission, |step| async move {
            exchange(&step, admission, token, verifier, new.clone()).await
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
        let token = &*text::kept(token);
        self.admitted(admission, |step| async move {
            if step.execute(REVOKE, (admission.account.get(), token)).await? == 0 {
                return Ok(());
            }
            changed(&step).await?;
            note(&step, admission, Action::TokenRevoked, admission.app.get(), None)
        })
        .await
    }

    async fn bearer(&self, app: AppId) -> Result<Option<(App, Option<Sealed>)>, StoreError> {
        let read =
            |row: &Row| Ok((read_app(row, 0)?, row.at::<Option<_>>(9)?.map(Sealed::from_bytes)));
        Ok(one(&self.db().await?, APP_WITH_BEARER, (app.get(),), read).await?)
    }

    async fn keep_bearer(
        &self,
        admission: &AppAdmission,
        secret: Sealed,
    ) -> Result<Admitted<Sealed>, StoreError> {
        let secret = &secret;
        self.admitted_app(admission, |step| async move {
            let (owner, kept) = bearer(&step.db, admission.app).await?;
            if let Some(kept) = kept {
                return Ok(kept);
            }
            step.execute(SET_BEARER, (admission.app.get(), secret.as_bytes())).await?;
            note_app(&step, admission, owner, Action::BearerCreated)?;
            Ok(secret.clone())
        })
        .await
    }

    async fn revoke_bearer(
        &self,
        admission: &AppAdmission,
        secret: &Sealed,
    ) -> Result<Admitted<bool>, StoreError> {
        self.admitted_app(admission, |step| async move {
            let (owner, kept) = bearer(&step.db, admission.app).await?;
            if kept.as_ref() != Some(secret) {
                return Ok(false);
            }
            step.execute(SET_BEARER, (admission.app.get(), None::<&[u8]>)).await?;
            note_app(&step, admission, owner, Action::BearerRevoked).map(|()| true)
        })
        .await
    }
}

async fn callbacks(db: &Db, app: AppId) -> Queried<Vec<String>> {
    all(db, CALLBACKS, (app.get(),), |row| row.at(0)).await
}

/// An app's owner and bearer token, which nobody else changes meanwhile. Apps are never removed.
async fn bearer(db: &Db, app: AppId) -> Queried<(AccountId, Option<Sealed>)> {
    let found = one(db, BEARER, (app.get(),), |row| {
        let bearer: Option<Vec<u8>> = row.at(1)?;
        Ok((AccountId::new(row.at(0)?), bearer.map(Sealed::from_bytes)))
    });
    found.await?.ok_or_else(|| impossible(format!("no app {app}")))
}

/// Adds the one line of what an app did for itself to its owner's log.
fn note_app(
    step: &Step,
    admission: &AppAdmission,
    owner: AccountId,
    action: Action,
) -> Queried<()> {
    let (id, app, subject) = (admission.entry, Some(admission.app), admission.app.get());
    add(step, owner, &Entry { id, app, operator: None, action, subject, revision: None })
}

fn read_request_token(row: &Row) -> Queried<RequestToken> {
    let (callback, state): (&str, &str) = (row.at(3)?, row.at(6)?);
    let account: Option<i64> = row.at(7)?;
    Ok(RequestToken {
        token: row.at(0)?,
        app: AppId::new(row.at(1)?),
        secret: Sealed::from_bytes(row.at(2)?),
        callback: callback.parse().map_err(impossible)?,
        access: known(row, 4, Access::parse)?,
        until: Timestamp::from_millis(row.at(5)?),
        state: match (state, account) {
            ("asked", _) => RequestState::Asked,
            ("allowed", Some(account)) => RequestState::Allowed(AccountId::new(account)),
            _ => RequestState::Over,
        },
    })
}
