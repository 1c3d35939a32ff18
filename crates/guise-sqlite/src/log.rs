//! [`Log`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    AccountId, Action, Admission, AppId, By, Entry, EntryId, Log, LogFilter, Operator, Page,
    PageRequest, StoreError,
};
use rusqlite::Row;

use crate::SqliteStore;
use crate::error::impossible;
use crate::query::all;
use crate::writer::Step;

const ADD: &str = "INSERT INTO log (account, id, app, operator, action, subject, revision)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const PAGE: &str = "SELECT id, app, operator, action, subject, revision FROM log
    WHERE account = ?3 AND id <= ?1 AND id >= ?4 AND id < ?5
        AND (?6 IS NULL OR action = ?6)
        AND (?7 IS NULL OR operator = ?7)
        AND (?8 IS NULL OR subject = ?8)
    ORDER BY id DESC LIMIT ?2";

#[async_trait]
impl Log for SqliteStore {
    async fn log(
        &self,
        account: AccountId,
        filter: LogFilter,
        page: PageRequest,
    ) -> Result<Page<Entry>, StoreError> {
        self.read(move |db| {
            let LogFilter { action, operator, subject, since, until } = &filter;
            let (highest, count) = page.bounds();
            let params = rusqlite::params![
                highest,
                count,
                account.get(),
                since.map_or(0, |since| EntryId::first_at(since).get()),
                until.map_or(i64::MAX, |until| EntryId::first_at(until).get()),
                action.map(Action::as_str),
                operator.as_ref().map(Operator::as_str),
                subject,
            ];
            let items = all(db, PAGE, params, read_entry)?;
            Ok(page.page(items, |entry| entry.id.get()))
        })
        .await
    }
}

/// Adds the one line of a caller's step that is done.
pub(crate) fn note(
    step: &mut Step<'_>,
    admission: &Admission,
    action: Action,
    subject: i64,
    revision: Option<u32>,
) -> rusqlite::Result<()> {
    let Admission { account, app, operator, entry, .. } = admission;
    let (id, app, operator) = (*entry, Some(*app), operator.clone());
    add(step, *account, &Entry { id, app, operator, action, subject, revision })
}

/// Adds the one line of what was done to an account on the server's own command line, or on a page.
pub(crate) fn note_by(
    step: &mut Step<'_>,
    by: By,
    account: AccountId,
    action: Action,
    subject: i64,
) -> rusqlite::Result<()> {
    let By { entry, app, operator } = by;
    let line = Entry { id: entry, app, operator, action, subject, revision: None };
    add(step, account, &line)
}

/// Adds one line.
pub(crate) fn add(step: &mut Step<'_>, account: AccountId, entry: &Entry) -> rusqlite::Result<()> {
    let Entry { id, app, operator, action, subject, revision } = entry;
    let (app, operator) = (app.map(AppId::get), operator.as_ref().map(Operator::as_str));
    let row = (account.get(), id.get(), app, operator, action.as_str(), subject, revision);
    step.execute(ADD, row)?;
    step.keep_id(id.get());
    Ok(())
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let operator: Option<String> = row.get(2)?;
    let action: String = row.get(3)?;
    Ok(Entry {
        id: EntryId::new(row.get(0)?),
        app: row.get::<_, Option<i64>>(1)?.map(AppId::new),
        operator: operator.map(Operator::from_stored),
        action: Action::parse(&action).ok_or_else(|| impossible(format!("action {action}")))?,
        subject: row.get(4)?,
        revision: row.get(5)?,
    })
}
