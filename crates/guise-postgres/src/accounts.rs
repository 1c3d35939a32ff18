//! [`Accounts`] in SQL.

use async_trait::async_trait;
use futures::future::try_join_all;
use guise_domain::{
    Account, AccountId, Accounts, Action, Admission, Admitted, By, CreateAccountError,
    MessagesFrom, NewAccount, Page, PageRequest, ScreenName, StoreError,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::credentials::changed;
use crate::error::{Queried, impossible};
use crate::group::Locks;
use crate::log::{note, note_by};
use crate::names;
use crate::query::{Columns, Db, all, asked_one, known, one};
use crate::sessions::shut_out;

const TAKE_NAME: &str = "INSERT INTO account_names (folded, account) VALUES ($1, $2)
    ON CONFLICT (folded) DO NOTHING";
const CREATE: &str = "INSERT INTO accounts (id, name, custom_profiles) VALUES ($1, $2, $3)";
const BY_ID: &str = "SELECT id, name, custom_profiles, messages_from, closed, n FROM asked JOIN accounts ON id = p1";
const NAMED: &str = "SELECT account FROM account_names WHERE folded = $1";
const PAGE: &str = "SELECT id, name, custom_profiles, messages_from, closed FROM accounts
    WHERE id <= $1 ORDER BY id DESC LIMIT $2";
const ALLOW: &str = "UPDATE accounts SET custom_profiles = $2
    WHERE id = $1 AND custom_profiles <> $2";
const CLOSE: &str = "UPDATE accounts SET closed = true WHERE id = $1 AND NOT closed";
const TAKE_FROM: &str = "UPDATE accounts SET messages_from = $2
    WHERE id = $1 AND messages_from <> $2";
const BLOCK: &str = "INSERT INTO blocks (account, other) VALUES ($1, $2)
    ON CONFLICT DO NOTHING";
const UNBLOCK: &str = "DELETE FROM blocks WHERE account = $1 AND other = $2";
const BLOCKED: &str = "SELECT other FROM blocks
    WHERE account = $3 AND other <= $1 ORDER BY other DESC LIMIT $2";

#[async_trait]
impl Accounts for PostgresStore {
    async fn create_account(
        &self,
        new: NewAccount,
        by: By,
    ) -> Result<Result<Account, CreateAccountError>, StoreError> {
        let (NewAccount { id, name, custom_profiles }, by) = (&new, &by);
        self.write(Locks::default(), |step| async move {
            if step.execute(TAKE_NAME, (name.folded(), id.get())).await? == 0 {
                return Ok(Err(CreateAccountError::NameTaken));
            }
            step.execute(CREATE, (id.get(), name.as_str(), custom_profiles)).await?;
            step.keep_id(id.get());
            changed(&step).await?;
            names::add_account(&step, *id, name)?;
            note_by(&step, by, *id, Action::AccountCreated, id.get())?;
            let (name, messages_from) = (name.clone(), MessagesFrom::default());
            let (id, custom_profiles) = (*id, *custom_profiles);
            Ok(Ok(Account { id, name, custom_profiles, messages_from, closed: false }))
        })
        .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(by_id(&self.db().await?, id).await?)
    }

    async fn account_by_name(&self, name: &ScreenName) -> Result<Option<Account>, StoreError> {
        Ok(by_name(&self.db().await?, name).await?)
    }

    async fn accounts_by_id(&self, ids: Vec<AccountId>) -> Result<Vec<Account>, StoreError> {
        let db = &self.db().await?;
        let found = try_join_all(ids.into_iter().map(|id| by_id(db, id))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn accounts_by_name(&self, names: Vec<ScreenName>) -> Result<Vec<Account>, StoreError> {
        let db = &self.db().await?;
        let found = try_join_all(names.iter().map(|name| by_name(db, name))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn accounts(&self, page: PageRequest) -> Result<Page<Account>, StoreError> {
        let items = all(&self.db().await?, PAGE, page.bounds(), |row| read_account(row, 0)).await?;
        Ok(page.page(items, |account| account.id.get()))
    }

    async fn allow_custom_profiles(
        &self,
        id: AccountId,
        allowed: bool,
        by: By,
    ) -> Result<bool, StoreError> {
        let by = &by;
        self.write(Locks::of(id), |step| async move {
            if step.execute(ALLOW, (id.get(), allowed)).await? == 0 {
                return Ok(by_id(&step.db, id).await?.is_some());
            }
            changed(&step).await?;
            let action = if allowed { Action::ProfilesAllowed } else { Action::ProfilesDenied };
            note_by(&step, by, id, action, id.get()).map(|()| true)
        })
        .await
    }

    async fn close_account(&self, id: AccountId, by: By) -> Result<bool, StoreError> {
        let by = &by;
        self.write(Locks::of(id), |step| async move {
            if step.execute(CLOSE, (id.get(),)).await? == 0 {
                return Ok(by_id(&step.db, id).await?.is_some());
            }
            changed(&step).await?;
            if let Some(account) = by_id(&step.db, id).await? {
                names::forget_account(&step, id, &account.name).await?;
            }
            shut_out(&step, id).await?;
            note_by(&step, by, id, Action::AccountClosed, id.get()).map(|()| true)
        })
        .await
    }

    async fn take_messages_from(
        &self,
        admission: &Admission,
        from: MessagesFrom,
    ) -> Result<Admitted<()>, StoreError> {
        self.admitted(admission, |step| async move {
            changed(&step).await?;
            let account = admission.account.get();
            if step.execute(TAKE_FROM, (account, from.as_str())).await? == 0 {
                return Ok(());
            }
            let action = match from {
                MessagesFrom::Everyone => Action::MessagesOpened,
                MessagesFrom::Known => Action::MessagesClosed,
            };
            note(&step, admission, action, account, None)
        })
        .await
    }

    async fn block(
        &self,
        admission: &Admission,
        other: AccountId,
        blocked: bool,
    ) -> Result<Admitted<()>, StoreError> {
        self.admitted(admission, |step| async move {
            let (sql, action) = if blocked {
                (BLOCK, Action::AccountBlocked)
            } else {
                (UNBLOCK, Action::AccountUnblocked)
            };
            if step.execute(sql, (admission.account.get(), other.get())).await? == 0 {
                return Ok(());
            }
            note(&step, admission, action, other.get(), None)
        })
        .await
    }

    async fn blocked(
        &self,
        account: AccountId,
        page: PageRequest,
    ) -> Result<Page<AccountId>, StoreError> {
        let (highest, count) = page.bounds();
        let params = (highest, count, account.get());
        let read = |row: &Row| row.at(0).map(AccountId::new);
        let items = all(&self.db().await?, BLOCKED, params, read).await?;
        Ok(page.page(items, |id| id.get()))
    }
}

/// The account with this id.
pub(crate) async fn by_id(db: &Db, id: AccountId) -> Queried<Option<Account>> {
    asked_one(db, BY_ID, (id.get(),), |row| read_account(row, 0)).await
}

/// Whether there is such an account and it is not closed.
pub(crate) async fn is_open(db: &Db, id: AccountId) -> Queried<bool> {
    Ok(by_id(db, id).await?.is_some_and(|account| !account.closed))
}

/// The account with this name, in any case. What is looked up by everybody says only whose the name is.
async fn by_name(db: &Db, name: &ScreenName) -> Queried<Option<Account>> {
    match one(db, NAMED, (name.folded(),), |row| row.at(0)).await? {
        Some(id) => by_id(db, AccountId::new(id)).await,
        None => Ok(None),
    }
}

/// The account in column `first` and the four after.
pub(crate) fn read_account(row: &Row, first: usize) -> Queried<Account> {
    let name: &str = row.at(first + 1)?;
    Ok(Account {
        id: AccountId::new(row.at(first)?),
        name: name.parse::<ScreenName>().map_err(impossible)?,
        custom_profiles: row.at(first + 2)?,
        messages_from: known(row, first + 3, MessagesFrom::parse)?,
        closed: row.at(first + 4)?,
    })
}
