//! [`Tokens`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    Access, AccountId, Action, AppId, By, LastUse, NewToken, Operator, Sealed, StoreError,
    Timestamp, Token, Tokens, Used,
};
use rusqlite::Row;

use crate::SqliteStore;
use crate::credentials::changed;
use crate::error::impossible;
use crate::log::note_by;
use crate::query::{all, one};
use crate::writer::Step;

const CREATE: &str =
    "INSERT INTO tokens (account, token, app, secret, access, operator, created_at)
    SELECT accounts.id, ?2, apps.id, ?4, ?5, ?6, ?7 FROM accounts, apps
    WHERE accounts.id = ?1 AND accounts.closed = 0 AND apps.id = ?3 AND apps.revoked = 0
        AND apps.console = 0";
const OF_ACCOUNT: &str =
    "SELECT token, account, app, secret, access, operator, created_at, revoked, last_used_at
    FROM tokens WHERE account = ?1 ORDER BY created_at, token";
const APP: &str = "SELECT app FROM tokens WHERE account = ?1 AND token = ?2";
pub(crate) const REVOKE: &str =
    "UPDATE tokens SET revoked = 1 WHERE account = ?1 AND token = ?2 AND revoked = 0";
pub(crate) const CHANGE_ACCESS: &str =
    "UPDATE tokens SET access = ?3 WHERE account = ?1 AND token = ?2 AND access <> ?3";

const TOKEN_USED: &str = "UPDATE tokens SET last_used_at = ?3
    WHERE account = ?1 AND token = ?2 AND ifnull(last_used_at < ?3, 1)";
const APP_USED: &str = "UPDATE apps SET last_used_at = ?3
    WHERE owner = ?1 AND id = ?2 AND ifnull(last_used_at < ?3, 1)";

#[async_trait]
impl Tokens for SqliteStore {
    async fn create_token(
        &self,
        account: AccountId,
        new: NewToken,
        by: By,
    ) -> Result<Option<Token>, StoreError> {
        self.write(move |step| {
            let Some(token) = create(step, account, new)? else { return Ok(None) };
            note_by(step, by, account, Action::TokenCreated, token.app.get())?;
            Ok(Some(token))
        })
        .await
    }

    async fn tokens(&self, account: AccountId) -> Result<Vec<Token>, StoreError> {
        self.read(move |db| all(db, OF_ACCOUNT, [account.get()], |row| read_token(row, 0))).await
    }

    async fn revoke_token(
        &self,
        account: AccountId,
        token: &str,
        by: By,
    ) -> Result<bool, StoreError> {
        let token = token.to_owned();
        self.write(move |step| {
            let rows = step.execute(REVOKE, (account.get(), &token))?;
            noted(step, rows, by, account, &token, Action::TokenRevoked)
        })
        .await
    }

    async fn change_access(
        &self,
        account: AccountId,
        token: &str,
        access: Access,
        by: By,
    ) -> Result<bool, StoreError> {
        let token = token.to_owned();
        self.write(move |step| {
            let rows = step.execute(CHANGE_ACCESS, (account.get(), &token, access.as_str()))?;
            noted(step, rows, by, account, &token, Action::TokenChanged)
        })
        .await
    }

    async fn keep_last_uses(&self, uses: Vec<LastUse>) -> Result<(), StoreError> {
        self.write(move |step| {
            for LastUse { account, used, at } in uses {
                match used {
                    Used::App(app) => {
                        step.execute(APP_USED, (account.get(), app.get(), at.millis()))?
                    }
                    Used::Token(token) => {
                        step.execute(TOKEN_USED, (account.get(), token, at.millis()))?
                    }
                };
            }
            Ok(())
        })
        .await
    }
}

/// Keeps a token within a step, which notes it. `None` when the account or the app is unknown, closed or revoked.
pub(crate) fn create(
    step: &Step<'_>,
    account: AccountId,
    new: NewToken,
) -> rusqlite::Result<Option<Token>> {
    let NewToken { token, app, secret, access, operator, created_at } = new;
    let (made, level) = (created_at.millis(), access.as_str());
    let label = operator.as_ref().map(Operator::as_str);
    let row = (account.get(), &token, app.get(), secret.as_bytes(), level, label, made);
    if step.execute(CREATE, row)? == 0 {
        return Ok(None);
    }
    changed(step)?;
    Ok(Some(Token {
        token,
        account,
        app,
        secret,
        access,
        operator,
        created_at,
        revoked: false,
        last_used_at: None,
    }))
}

/// Notes what was done to a token, if `rows` were changed; whether the account has it at all.
fn noted(
    step: &mut Step<'_>,
    rows: usize,
    by: By,
    account: AccountId,
    token: &str,
    action: Action,
) -> rusqlite::Result<bool> {
    let app: Option<i64> = one(step.db, APP, (account.get(), token), |row| row.get(0))?;
    if let Some(app) = app.filter(|_| rows > 0) {
        changed(step)?;
        note_by(step, by, account, action, app)?;
    }
    Ok(app.is_some())
}

/// The token in column `first` and the eight after.
pub(crate) fn read_token(row: &Row<'_>, first: usize) -> rusqlite::Result<Token> {
    let access: String = row.get(first + 4)?;
    let operator: Option<String> = row.get(first + 5)?;
    Ok(Token {
        token: row.get(first)?,
        account: AccountId::new(row.get(first + 1)?),
        app: AppId::new(row.get(first + 2)?),
        secret: Sealed::from_bytes(row.get(first + 3)?),
        access: Access::parse(&access).ok_or_else(|| impossible(format!("access {access}")))?,
        operator: operator.map(Operator::from_stored),
        created_at: Timestamp::from_millis(row.get(first + 6)?),
        revoked: row.get(first + 7)?,
        last_used_at: row.get::<_, Option<_>>(first + 8)?.map(Timestamp::from_millis),
    })
}
