//! Copying tables, a few at a time, each from where a run before has left it.

use futures::{StreamExt, TryStreamExt, stream};
use guise_domain::limits::{ROWS_MOVED_AT_ONCE, TABLES_MOVED_AT_ONCE};
use guise_domain::moving::Row;
use guise_postgres::moving::Point;

use super::Move;

impl Move<'_> {
    /// Copies every table and all pictures; how many rows there are. What rows refer to others is noted, and moved later.
    pub(super) async fn copy(&self) -> anyhow::Result<u64> {
        let tables = self.tables.iter().enumerate().filter(|(_, table)| !table.refers);
        let rows = stream::iter(tables.map(|(number, _)| number))
            .map(async |table| self.copy_table(table).await)
            .buffer_unordered(TABLES_MOVED_AT_ONCE)
            .try_fold(0, async |all, rows| Ok(all + rows));
        let pictures = async {
            match &self.pictures {
                Some(pictures) => pictures.copy(&self.progress).await,
                None => Ok(()),
            }
        };
        let (rows, ()) = futures::try_join!(rows, pictures)?;
        Ok(rows)
    }

    async fn copy_table(&self, table: usize) -> anyhow::Result<u64> {
        let count = self.source.count(table)?;
        let mut point = self.target.point(table).await?;
        if point.complete {
            return Ok(count);
        }
        let name = self.tables.get(table).map_or("", |table| &table.name);
        let done = self.target.count(table).await?;
        let bar = self.progress.bar(name, count.saturating_sub(done));
        let mut after: Option<Row> =
            point.after.as_deref().map(serde_json::from_str).transpose()?;
        while let Some((rows, last)) =
            self.source.chunk(table, after.as_ref(), ROWS_MOVED_AT_ONCE)?
        {
            point = Point { after: Some(serde_json::to_string(&last)?), complete: false };
            self.target.copy(table, &rows, &point).await?;
            bar.inc(rows.len() as u64);
            after = Some(last);
        }
        self.target.copy(table, &[], &Point { complete: true, ..point }).await?;
        self.progress.over(&bar, "rows")?;
        Ok(count)
    }
}
