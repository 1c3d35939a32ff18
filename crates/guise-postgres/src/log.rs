//! [`Log`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    AccountId, Action, Admission, AppId, By, Entry, EntryId, Log, LogFilter, Operator, Page,
    PageRequest, StoreError,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::error::Queried;
use crate::query::{Columns, all, known, unsigned};
use crate::step::Step;

const ADD: &str = "INSERT INTO log (account, id, app, operator, action, subject, revision)
    SELECT p1, p2, p3, p4, p5, p6, p7 FROM asked";
const PAGE: &str = "SELECT id, app, operator, action, subject, revision FROM log
    WHERE account = $3 AND id <= $1 AND id >= $4 AND id < $5
        AND ($6::text IS NULL OR action = $6)
        AND ($7::text IS NULL OR operator = $7)
        AND ($8::bigint IS NULL OR subject = $8)
    ORDER BY id DESC LIMIT $2";

#[async_trait]
impl Log for PostgresStore {
    async fn log(
        &self,
        account: AccountId,
        filter: LogFilter,
        page: PageRequest,
    ) -> Result<Page<Entry>, StoreError> {
        let LogFilter { action, operator, subject, since, until } = &filter;
        let (highest, count) = page.bounds();
        let params = (
            highest,
            count,
            account.get(),
            since.map_or(0, |since| EntryId::first_at(since).get()),
            until.map_or(i64::MAX, |until| EntryId::first_at(until).get()),
            action.map(Action::as_str),
            operator.as_ref().map(Operator::as_str),
            subject,
        );
        let items = all(&self.db().await?, PAGE, params, read_entry).await?;
        Ok(page.page(items, |entry| entry.id.get()))
    }
}

/// Adds the one line of a caller's step that is done.
pub(crate) fn note(
    step: &Step,
    admission: &Admission,
    action: Action,
    subject: i64,
    revision: Option<u32>,
) -> Queried<()> {
    let Admission { account, app, operator, entry, .. } = admission;
    let (id, app, operator) = (*entry, Some(*app), operator.clone());
    add(step, *account, &Entry { id, app, operator, action, subject, revision })
}

/// Adds the one line of what was done to an account on the server's own command line, or on a page.
pub(crate) fn note_by(
    step: &Step,
    by: &By,
    account: AccountId,
    action: Action,
    subject: i64,
) -> Queried<()> {
    let By { entry, app, operator } = by.clone();
    let line = Entry { id: entry, app, operator, action, subject, revision: None };
    add(step, account, &line)
}

/// Adds one line.
pub(crate) fn add(step: &Step, account: AccountId, entry: &Entry) -> Queried<()> {
    let Entry { id, app, operator, action, subject, revision } = entry;
    let (app, operator) = (app.map(AppId::get), operator.as_ref().map(Operator::as_str));
    let revision = revision.map(i64::from);
    let row = (account.get(), id.get(), app, operator, action.as_str(), subject, revision);
    step.keep_id(id.get());
    step.put(ADD, row)
}

fn read_entry(row: &Row) -> Queried<Entry> {
    let operator: Option<String> = row.at(2)?;
    let revision: Option<i64> = row.at(5)?;
    Ok(Entry {
        id: EntryId::new(row.at(0)?),
        app: row.at::<Option<i64>>(1)?.map(AppId::new),
        operator: operator.map(Operator::from_stored),
        action: known(row, 3, Action::parse)?,
        subject: row.at(4)?,
        revision: revision.map(|_| unsigned(row, 5)).transpose()?,
    })
}
