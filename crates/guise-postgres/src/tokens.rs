//! [`Tokens`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    Access, AccountId, Action, AppId, By, LastUse, NewToken, Operator, Sealed, StoreError,
    Timestamp, Token, Tokens, Used,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::accounts::is_open;
use crate::credentials::changed;
use crate::error::Queried;
use crate::group::Locks;
use crate::log::note_by;
use crate::query::{Columns, all, known, one};
use crate::step::Step;
use crate::text;

const CREATE: &str =
    "INSERT INTO tokens (account, token, app, secret, access, operator, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const CAN_HAVE_TOKENS: &str = "SELECT 1 FROM apps WHERE id = $1 AND NOT revoked AND NOT console";
const OF_ACCOUNT: &str =
    "SELECT token, account, app, secret, access, operator, created_at, revoked, last_used_at
    FROM tokens WHERE account = $1 ORDER BY created_at, token";
const APP: &str = "SELECT app FROM tokens WHERE account = $1 AND token = $2";
pub(crate) const REVOKE: &str =
    "UPDATE tokens SET revoked = true WHERE account = $1 AND token = $2 AND NOT revoked";
pub(crate) const CHANGE_ACCESS: &str =
    "UPDATE tokens SET access = $3 WHERE account = $1 AND token = $2 AND access <> $3";
// So many at once that a statement for each would take too long.
const TOKENS_USED: &str = "UPDATE tokens SET last_used_at = used.at
    FROM (SELECT account, token, max(at) FROM
        unnest($1::bigint[], $2::text[], $3::bigint[]) AS used (account, token, at)
        GROUP BY account, token) AS used (account, token, at)
    WHERE tokens.account = used.account AND tokens.token = used.token
        AND coalesce(last_used_at < used.at, true)";
const APPS_USED: &str = "UPDATE apps SET last_used_at = used.at
    FROM (SELECT owner, app, max(at) FROM
        unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS used (owner, app, at)
        GROUP BY owner, app) AS used (owner, app, at)
    WHERE apps.owner = used.owner AND apps.id = used.app
        AND coalesce(last_used_at < used.at, true)";

#[async_trait]
impl Tokens for PostgresStore {
    async fn create_token(
        &self,
        account: AccountId,
        new: NewToken,
        by: By,
    ) -> Result<Option<Token>, StoreError> {
        let (new, by) = (&new, &by);
        self.write(Locks::of(account), |step| async move {
            let Some(token) = create(&step, account, new.clone()).await? else { return Ok(None) };
            note_by(&step, by, account, Action::TokenCreated, token.app.get())?;
            Ok(Some(token))
        })
        .await
    }

    async fn tokens(&self, account: AccountId) -> Result<Vec<Token>, StoreError> {
        let read = |row: &Row| read_token(row, 0);
        Ok(all(&self.db().await?, OF_ACCOUNT, (account.get(),), read).await?)
    }

    async fn revoke_token(
        &self,
        account: AccountId,
        token: &str,
        by: By,
    ) -> Result<bool, StoreError> {
        let (token, by) = (&*text::kept(token), &by);
        self.write(Locks::of(account), |step| async move {
            let rows = step.execute(REVOKE, (account.get(), token)).await?;
            noted(&step, rows, by, account, token, Action::TokenRevoked).await
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
        let (token, by) = (&*text::kept(token), &by);
        self.write(Locks::of(account), |step| async move {
            let rows = step.execute(CHANGE_ACCESS, (account.get(), token, access.as_str())).await?;
            noted(&step, rows, by, account, token, Action::TokenChanged).await
        })
        .await
    }

    async fn keep_last_uses(&self, uses: Vec<LastUse>) -> Result<(), StoreError> {
        let (mut accounts, mut tokens, mut used_at) = (vec![], vec![], vec![]);
        let (mut owners, mut apps, mut called_at) = (vec![], vec![], vec![]);
        for LastUse { account, used, at } in &uses {
            match used {
                Used::Token(token) => {
                    accounts.push(account.get());
                    tokens.push(text::kept(token).into_owned());
                    used_at.push(at.millis());
                }
                Used::App(app) => {
                    owners.push(account.get());
                    apps.push(app.get());
                    called_at.push(at.millis());
                }
            }
        }
        let (tokens, apps) = (&(accounts, tokens, used_at), &(owners, apps, called_at));
        self.write(Locks::default(), |step| async move {
            step.execute(TOKENS_USED, tokens.clone()).await?;
            step.execute(APPS_USED, apps.clone()).await.map(drop)
        })
        .await
    }
}

/// Keeps a token of a locked account within a step, which notes it. `None` when the account or the app is unknown,
/// closed or revoked.
pub(crate) async fn create(
    step: &Step,
    account: AccountId,
    new: NewToken,
) -> Queried<Option<Token>> {
    let NewToken { token, app, secret, access, operator, created_at } = new;
    let usable = one(&step.db, CAN_HAVE_TOKENS, (app.get(),), |_| Ok(())).await?.is_some();
    if !usable || !is_open(&step.db, account).await? {
        return Ok(None);
    }
    let (made, level) = (created_at.millis(), access.as_str());
    let label = operator.as_ref().map(Operator::as_str);
    let row = (account.get(), &token, app.get(), secret.as_bytes(), level, label, made);
    step.execute(CREATE, row).await?;
    changed(step).await?;
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
async fn noted(
    step: &Step,
    rows: u64,
    by: &By,
    account: AccountId,
    token: &str,
    action: Action,
) -> Queried<bool> {
    let app: Option<i64> = one(&step.db, APP, (account.get(), token), |row| row.at(0)).await?;
    if let Some(app) = app.filter(|_| rows > 0) {
        changed(step).await?;
        note_by(step, by, account, action, app)?;
    }
    Ok(app.is_some())
}

/// The token in column `first` and the eight after.
pub(crate) fn read_token(row: &Row, first: usize) -> Queried<Token> {
    let operator: Option<String> = row.at(first + 5)?;
    Ok(Token {
        token: row.at(first)?,
        account: AccountId::new(row.at(first + 1)?),
        app: AppId::new(row.at(first + 2)?),
        secret: Sealed::from_bytes(row.at(first + 3)?),
        access: known(row, first + 4, Access::parse)?,
        operator: operator.map(Operator::from_stored),
        created_at: Timestamp::from_millis(row.at(first + 6)?),
        revoked: row.at(first + 7)?,
        last_used_at: row.at::<Option<_>>(first + 8)?.map(Timestamp::from_millis),
    })
}
