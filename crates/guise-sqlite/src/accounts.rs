//! [`Accounts`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    Account, AccountId, Accounts, CreateAccountError, NewAccount, Page, PageRequest, ScreenName,
    StoreError,
};
use rusqlite::Row;

use crate::SqliteStore;
use crate::credentials::changed;
use crate::error::impossible;
use crate::query::{all, below, one, page_of};

const CREATE: &str = "INSERT INTO accounts (id, name, folded, custom_profiles)
    VALUES (?1, ?2, ?3, ?4) ON CONFLICT (folded) DO NOTHING";
const BY_ID: &str = "SELECT id, name, custom_profiles, closed FROM accounts WHERE id = ?1";
const BY_NAME: &str = "SELECT id, name, custom_profiles, closed FROM accounts WHERE folded = ?1";
const PAGE: &str = "SELECT id, name, custom_profiles, closed FROM accounts
    WHERE id <= ?1 ORDER BY id DESC LIMIT ?2";
const ALLOW: &str = "UPDATE accounts SET custom_profiles = ?2 WHERE id = ?1";
const CLOSE: &str = "UPDATE accounts SET closed = 1 WHERE id = ?1";

#[async_trait]
impl Accounts for SqliteStore {
    async fn create_account(
        &self,
        new: NewAccount,
    ) -> Result<Result<Account, CreateAccountError>, StoreError> {
        self.write(move |step| {
            let NewAccount { id, name, custom_profiles } = new;
            let row = (id.get(), name.as_str(), name.folded(), custom_profiles);
            if step.execute(CREATE, row)? == 0 {
                return Ok(Err(CreateAccountError::NameTaken));
            }
            step.keep_id(id.get());
            changed(step)?;
            Ok(Ok(Account { id, name, custom_profiles, closed: false }))
        })
        .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.read(move |db| one(db, BY_ID, [id.get()], |row| read_account(row, 0))).await
    }

    async fn account_by_name(&self, name: &ScreenName) -> Result<Option<Account>, StoreError> {
        let folded = name.folded();
        self.read(move |db| one(db, BY_NAME, [folded], |row| read_account(row, 0))).await
    }

    async fn accounts(&self, page: PageRequest) -> Result<Page<Account>, StoreError> {
        self.read(move |db| {
            let items = all(db, PAGE, below(page), |row| read_account(row, 0))?;
            Ok(page_of(items, page, |account| account.id.get()))
        })
        .await
    }

    async fn allow_custom_profiles(
        &self,
        id: AccountId,
        allowed: bool,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            changed(step)?;
            Ok(step.execute(ALLOW, (id.get(), allowed))? > 0)
        })
        .await
    }

    async fn close_account(&self, id: AccountId) -> Result<bool, StoreError> {
        self.write(move |step| {
            changed(step)?;
            Ok(step.execute(CLOSE, [id.get()])? > 0)
        })
        .await
    }
}

/// The account in column `first` and the three after.
pub(crate) fn read_account(row: &Row<'_>, first: usize) -> rusqlite::Result<Account> {
    let name: String = row.get(first + 1)?;
    Ok(Account {
        id: AccountId::new(row.get(first)?),
        name: name.parse::<ScreenName>().map_err(impossible)?,
        custom_profiles: row.get(first + 2)?,
        closed: row.get(first + 3)?,
    })
}
