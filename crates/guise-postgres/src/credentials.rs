//! [`Credentials`] in SQL.

use async_trait::async_trait;
use futures::future::try_join;
use guise_domain::{AccountId, Credential, Credentials, StoreError, Token};

use crate::PostgresStore;
use crate::accounts::read_account;
use crate::apps::read_app;
use crate::error::Queried;
use crate::query::{Columns, one};
use crate::step::Step;
use crate::text;
use crate::tokens::read_token;

const APP: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked, names_operators,
        last_used_at
    FROM apps
    WHERE consumer_key = $1";
const TOKEN: &str =
    "SELECT token, account, app, secret, access, operator, created_at, revoked, last_used_at,
        accounts.id, accounts.name, custom_profiles, messages_from, closed
    FROM tokens JOIN accounts ON accounts.id = account WHERE account = $1 AND token = $2";
const VERSION: &str = "SELECT credentials_version FROM installation";
const CHANGED: &str = "UPDATE installation SET credentials_version = credentials_version + 1";

#[async_trait]
impl Credentials for PostgresStore {
    async fn credential(
        &self,
        consumer_key: &str,
        token: &str,
    ) -> Result<Option<Credential>, StoreError> {
        let db = &self.db().await?;
        let account = Token::account_of(token).map(AccountId::get);
        let token = (account, text::kept(token));
        let app = one(db, APP, (text::kept(consumer_key),), |row| read_app(row, 0));
        let token = one(db, TOKEN, token, |row| Ok((read_token(row, 0)?, read_account(row, 9)?)));
        let (app, token) = try_join(app, token).await?;
        Ok(app.map(|app| Credential { token: token.filter(|(token, _)| token.app == app.id), app }))
    }

    async fn credentials_version(&self) -> Result<i64, StoreError> {
        let version = one(&self.db().await?, VERSION, (), |row| row.at(0)).await?;
        Ok(version.unwrap_or_default())
    }
}

/// Notes that an account, app or token is changed in this step.
pub(crate) async fn changed(step: &Step) -> Queried<()> {
    step.execute(CHANGED, ()).await.map(drop)
}
