//! [`Accounts`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    Account, AccountId, Accounts, Action, Admission, Admitted, By, CreateAccountError,
    MessagesFrom, NewAccount, Page, PageRequest, ScreenName, StoreError,
};
use rusqlite::{Connection, Row};

use crate::SqliteStore;
use crate::credentials::changed;
use crate::error::impossible;
use crate::log::{note, note_by};
use crate::names;
use crate::query::{all, one};
use crate::sessions::shut_out;

const CREATE: &str = "INSERT INTO accounts (id, name, folded, custom_profiles)
    VALUES (?1, ?2, ?3, ?4) ON CONFLICT (folded) DO NOTHING";
const BY_ID: &str =
    "SELECT id, name, custom_profiles, messages_from, closed FROM accounts WHERE id = ?1";
const BY_NAME: &str =
    "SELECT id, name, custom_profiles, messages_from, closed FROM accounts WHERE folded = ?1";
const PAGE: &str = "SELECT id, name, custom_profiles, messages_from, closed FROM accounts
    WHERE id <= ?1 ORDER BY id DESC LIMIT ?2";
const ALLOW: &str = "UPDATE accounts SET custom_profiles = ?2
    WHERE id = ?1 AND custom_profiles <> ?2";
const CLOSE: &str = "UPDATE accounts SET closed = 1 WHERE id = ?1 AND closed = 0";
const TAKE_FROM: &str = "UPDATE accounts SET messages_from = ?2
    WHERE id = ?1 AND messages_from <> ?2";
const BLOCK: &str = "INSERT OR IGNORE INTO blocks (account, other) VALUES (?1, ?2)";
const UNBLOCK: &str = "DELETE FROM blocks WHERE account = ?1 AND other = ?2";
const BLOCKED: &str = "SELECT other FROM blocks
    WHERE account = ?3 AND other <= ?1 ORDER BY other DESC LIMIT ?2";

#[async_trait]
impl Accounts for SqliteStore {
    async fn create_account(
        &self,
        new: NewAccount,
        by: By,
    ) -> Result<Result<Account, CreateAccountError>, StoreError> {
        self.write(move |step| {
            let NewAccount { id, name, custom_profiles } = new;
            let row = (id.get(), name.as_str(), name.folded(), custom_profiles);
            if step.execute(CREATE, row)? == 0 {
                return Ok(Err(CreateAccountError::NameTaken));
            }
            step.keep_id(id.get());
            changed(step)?;
            names::add_account(step, id, &name)?;
            note_by(step, by, id, Action::AccountCreated, id.get())?;
            let messages_from = MessagesFrom::default();
            Ok(Ok(Account { id, name, custom_profiles, messages_from, closed: false }))
        })
        .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.glance(move |db| by_id(db, id)).await
    }

    async fn account_by_name(&self, name: &ScreenName) -> Result<Option<Account>, StoreError> {
        let folded = name.folded();
        self.glance(move |db| one(db, BY_NAME, [folded], |row| read_account(row, 0))).await
    }

    async fn accounts_by_id(&self, ids: Vec<AccountId>) -> Result<Vec<Account>, StoreError> {
        self.read(move |db| ids.into_iter().filter_map(|id| by_id(db, id).transpose()).collect())
            .await
    }

    async fn accounts_by_name(&self, names: Vec<ScreenName>) -> Result<Vec<Account>, StoreError> {
        self.read(move |db| {
            let find =
                |name: ScreenName| one(db, BY_NAME, [name.folded()], |row| read_account(row, 0));
            names.into_iter().filter_map(|name| find(name).transpose()).collect()
        })
        .await
    }

    async fn accounts(&self, page: PageRequest) -> Result<Page<Account>, StoreError> {
        self.read(move |db| {
            let items = all(db, PAGE, page.bounds(), |row| read_account(row, 0))?;
            Ok(page.page(items, |account| account.id.get()))
        })
        .await
    }

    async fn allow_custom_profiles(
        &self,
        id: AccountId,
        allowed: bool,
        by: By,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            if step.execute(ALLOW, (id.get(), allowed))? == 0 {
                return Ok(by_id(step.db, id)?.is_some());
            }
            changed(step)?;
            let action = if allowed { Action::ProfilesAllowed } else { Action::ProfilesDenied };
            note_by(step, by, id, action, id.get()).map(|()| true)
        })
        .await
    }

    async fn close_account(&self, id: AccountId, by: By) -> Result<bool, StoreError> {
        self.write(move |step| {
            if step.execute(CLOSE, [id.get()])? == 0 {
                return Ok(by_id(step.db, id)?.is_some());
            }
            changed(step)?;
            if let Some(account) = by_id(step.db, id)? {
                names::forget_account(step, id, &account.name)?;
            }
            shut_out(step, id)?;
            note_by(step, by, id, Action::AccountClosed, id.get()).map(|()| true)
        })
        .await
    }

    async fn take_messages_from(
        &self,
        admission: &Admission,
        from: MessagesFrom,
    ) -> Result<Admitted<()>, StoreError> {
        self.admitted(admission, move |step, admission| {
            changed(step)?;
            let account = admission.account.get();
            if step.execute(TAKE_FROM, (account, from.as_str()))? == 0 {
                return Ok(());
            }
            let action = match from {
                MessagesFrom::Everyone => Action::MessagesOpened,
                MessagesFrom::Known => Action::MessagesClosed,
            };
            note(step, admission, action, account, None)
        })
        .await
    }

    async fn block(
        &self,
        admission: &Admission,
        other: AccountId,
        blocked: bool,
    ) -> Result<Admitted<()>, StoreError> {
        self.admitted(admission, move |step, admission| {
            let (sql, action) = if blocked {
                (BLOCK, Action::AccountBlocked)
            } else {
                (UNBLOCK, Action::AccountUnblocked)
            };
            if step.execute(sql, (admission.account.get(), other.get()))? == 0 {
                return Ok(());
            }
            note(step, admission, action, other.get(), None)
        })
        .await
    }

    async fn blocked(
        &self,
        account: AccountId,
        page: PageRequest,
    ) -> Result<Page<AccountId>, StoreError> {
        self.read(move |db| {
            let (highest, count) = page.bounds();
            let params = (highest, count, account.get());
            let items = all(db, BLOCKED, params, |row| row.get(0).map(AccountId::new))?;
            Ok(page.page(items, |id| id.get()))
        })
        .await
    }
}

/// The account with this id.
pub(crate) fn by_id(db: &Connection, id: AccountId) -> rusqlite::Result<Option<Account>> {
    one(db, BY_ID, [id.get()], |row| read_account(row, 0))
}

/// The account in column `first` and the four after.
pub(crate) fn read_account(row: &Row<'_>, first: usize) -> rusqlite::Result<Account> {
    let name: String = row.get(first + 1)?;
    let from: String = row.get(first + 3)?;
    Ok(Account {
        id: AccountId::new(row.get(first)?),
        name: name.parse::<ScreenName>().map_err(impossible)?,
        custom_profiles: row.get(first + 2)?,
        messages_from: MessagesFrom::parse(&from)
            .ok_or_else(|| impossible(format!("messages from {from}")))?,
        closed: row.get(first + 4)?,
    })
}
