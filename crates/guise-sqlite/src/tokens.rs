//! [`Tokens`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    Access, AccountId, AppId, NewToken, Operator, Sealed, StoreError, Timestamp, Token, Tokens,
};
use rusqlite::Row;

use crate::SqliteStore;
use crate::credentials::changed;
use crate::error::impossible;
use crate::query::all;

const CREATE: &str =
    "INSERT INTO tokens (account, token, app, secret, access, operator, created_at)
    SELECT accounts.id, ?2, apps.id, ?4, ?5, ?6, ?7 FROM accounts, apps
    WHERE accounts.id = ?1 AND accounts.closed = 0 AND apps.id = ?3 AND apps.revoked = 0";
const OF_ACCOUNT: &str =
    "SELECT token, account, app, secret, access, operator, created_at, revoked FROM tokens
    WHERE account = ?1 ORDER BY created_at, token";
const REVOKE: &str = "UPDATE tokens SET revoked = 1 WHERE account = ?1 AND token = ?2";
const CHANGE_ACCESS: &str = "UPDATE tokens SET access = ?3 WHERE account = ?1 AND token = ?2";

#[async_trait]
impl Tokens for SqliteStore {
    async fn create_token(
        &self,
        account: AccountId,
        new: NewToken,
    ) -> Result<Option<Token>, StoreError> {
        self.write(move |step| {
            let NewToken { token, app, secret, access, operator, created_at } = new;
            let (made, level) = (created_at.millis(), access.as_str());
            let label = operator.as_ref().map(Operator::as_str);
            let row = (account.get(), &token, app.get(), secret.as_bytes(), level, label, made);
            if step.execute(CREATE, row)? == 0 {
                return Ok(None);
            }
            changed(step)?;
            let revoked = false;
            Ok(Some(Token { token, account, app, secret, access, operator, created_at, revoked }))
        })
        .await
    }

    async fn tokens(&self, account: AccountId) -> Result<Vec<Token>, StoreError> {
        self.read(move |db| all(db, OF_ACCOUNT, [account.get()], |row| read_token(row, 0))).await
    }

    async fn revoke_token(&self, account: AccountId, token: &str) -> Result<bool, StoreError> {
        let token = token.to_owned();
        self.write(move |step| {
            changed(step)?;
            Ok(step.execute(REVOKE, (account.get(), token))? > 0)
        })
        .await
    }

    async fn change_access(
        &self,
        account: AccountId,
        token: &str,
        access: Access,
    ) -> Result<bool, StoreError> {
        let token = token.to_owned();
        self.write(move |step| {
            changed(step)?;
            Ok(step.execute(CHANGE_ACCESS, (account.get(), token, access.as_str()))? > 0)
        })
        .await
    }
}

/// The token in column `first` and the seven after.
pub(crate) fn read_token(row: &Row<'_>, first: usize) -> rusqlite::Result<Token> {
    let access: String = row.get(first + 4)?;
    let operator: Option<String> = row.get(first + 5)?;
    Ok(Token {
        token: row.get(first)?,
        account: AccountId::new(row.get(first + 1)?),
        app: AppId::new(row.get(first + 2)?),
        secret: Sealed::from_bytes(row.get(first + 3)?),
        access: Access::parse(&access).ok_or_else(|| impossible(format!("access {access}")))?,
        operator: operator.map(|label| label.parse().map_err(impossible)).transpose()?,
        created_at: Timestamp::from_millis(row.get(first + 6)?),
        revoked: row.get(first + 7)?,
    })
}
