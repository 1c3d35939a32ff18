//! [`Credentials`] in SQL.

use async_trait::async_trait;
use guise_domain::{AccountId, Credential, Credentials, StoreError, Token};

use crate::SqliteStore;
use crate::accounts::read_account;
use crate::apps::read_app;
use crate::query::one;
use crate::tokens::read_token;
use crate::writer::Step;

const CREDENTIAL: &str =
    "SELECT apps.id, apps.owner, apps.name, url, consumer_key, consumer_secret, apps.revoked,
        names_operators, apps.last_used_at,
        token, account, app, secret, access, operator, created_at, tokens.revoked,
        tokens.last_used_at,
        accounts.id, accounts.name, custom_profiles, messages_from, closed
    FROM apps
    LEFT JOIN tokens ON account = ?2 AND token = ?3 AND app = apps.id
    LEFT JOIN accounts ON accounts.id = account
    WHERE consumer_key = ?1";
const VERSION: &str = "SELECT credentials_version FROM installation";
const CHANGED: &str = "UPDATE installation SET credentials_version = credentials_version + 1";

#[async_trait]
impl Credentials for SqliteStore {
    async fn credential(
        &self,
        consumer_key: &str,
        token: &str,
    ) -> Result<Option<Credential>, StoreError> {
        let account = Token::account_of(token).map(AccountId::get);
        let (consumer_key, token) = (consumer_key.to_owned(), token.to_owned());
        self.glance(move |db| {
            one(db, CREDENTIAL, (consumer_key, account, token), |row| {
                let token = match row.get::<_, Option<i64>>(18)? {
                    Some(_) => Some((read_token(row, 9)?, read_account(row, 18)?)),
                    None => None,
                };
                Ok(Credential { app: read_app(row, 0)?, token })
            })
        })
        .await
    }

    async fn credentials_version(&self) -> Result<i64, StoreError> {
        self.glance(|db| Ok(one(db, VERSION, (), |row| row.get(0))?.unwrap_or_default())).await
    }
}

/// Notes that an account, app or token is changed in this step.
pub(crate) fn changed(step: &Step<'_>) -> rusqlite::Result<()> {
    step.execute(CHANGED, ()).map(drop)
}
