//! Moving what was noted: in a snapshot of the folder, and in one transaction of the database.

use anyhow::ensure;
use guise_domain::limits::{CHANGES_LEFT_MAX, PASSES_MAX, ROWS_MOVED_AT_ONCE};
use guise_domain::moving::Sum;
use guise_sqlite::moving::Snapshot;

use super::Move;
use super::pictures::Touched;

/// What is compared once a pass is in place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// Nothing.
    Nothing,
    /// Every row.
    All,
    /// The rows that were moved in the pass, and the number of all.
    Moved,
}

impl Move<'_> {
    /// Moves what was noted until little is left, and compares everything.
    pub(super) async fn catch_up(&mut self) -> anyhow::Result<()> {
        self.passes().await?;
        // What is compared is the moment that the pass moved, whatever is written meanwhile.
        self.pass(Compare::All).await?;
        if let Some(pictures) = &self.pictures {
            pictures.copy(&self.progress).await?;
        }
        self.passes().await
    }

    async fn passes(&mut self) -> anyhow::Result<()> {
        for _ in 0..PASSES_MAX {
            if self.pass(Compare::Nothing).await?.0 <= CHANGES_LEFT_MAX {
                break;
            }
        }
        Ok(())
    }

    /// One pass: how many keys were moved, and the highest id that was kept before it.
    pub(super) async fn pass(&mut self, compare: Compare) -> anyhow::Result<(u64, i64)> {
        let snapshot = self.source.snapshot()?;
        let mut touched = Touched::default();
        let keys = self.put(&snapshot, &mut touched).await?;
        match compare {
            Compare::Nothing => {}
            Compare::All => self.compare_all(&snapshot).await?,
            Compare::Moved => self.compare_moved(&snapshot).await?,
        }
        let highest_id = snapshot.highest_id()?;
        let last = snapshot.last.clone();
        drop(snapshot);
        if let Some(pictures) = &self.pictures {
            pictures.follow(touched).await?;
        }
        self.source.forget(&last)?;
        Ok((keys, highest_id))
    }

    /// Puts in place what was noted. Rows go before those they refer to, and come after them.
    async fn put(&self, snapshot: &Snapshot<'_>, touched: &mut Touched) -> anyhow::Result<u64> {
        let pass = self.target.pass().await?;
        let mut keys = 0;
        for (number, table) in self.tables.iter().enumerate().rev() {
            let mut after = 0;
            while let Some((noted, last)) = snapshot.noted(number, after, ROWS_MOVED_AT_ONCE)? {
                if self.pictures.is_some() && Touched::concerns(table) {
                    let before = self.target.rows(number, &noted.keys).await?;
                    touched.note(table, &before, &noted.rows);
                }
                pass.remove(number, &noted.gone).await?;
                pass.make_room(number, &noted.keys).await?;
                keys += noted.keys.len() as u64;
                after = last;
            }
        }
        for number in 0..self.tables.len() {
            let mut after = 0;
            while let Some((noted, last)) = snapshot.noted(number, after, ROWS_MOVED_AT_ONCE)? {
                pass.put(number, &noted.rows).await?;
                after = last;
            }
        }
        pass.commit().await?;
        Ok(keys)
    }

    async fn compare_all(&self, snapshot: &Snapshot<'_>) -> anyhow::Result<()> {
        let bar = self.progress.bar("comparing", self.tables.len() as u64);
        for (number, table) in self.tables.iter().enumerate() {
            let there = self.target.sum(number).await?;
            same(&table.name, snapshot.sum(number)?, there)?;
            bar.inc(1);
        }
        Ok(self.progress.over(&bar, "tables")?)
    }

    async fn compare_moved(&self, snapshot: &Snapshot<'_>) -> anyhow::Result<()> {
        for (number, table) in self.tables.iter().enumerate() {
            let mut after = 0;
            while let Some((noted, last)) = snapshot.noted(number, after, ROWS_MOVED_AT_ONCE)? {
                let there = self.target.rows(number, &noted.keys).await?;
                same(&table.name, Sum::of(&noted.rows), Sum::of(&there))?;
                after = last;
            }
            let (here, there) = (snapshot.count(number)?, self.target.count(number).await?);
            ensure!(here == there, differs(&table.name, here, there));
        }
        Ok(())
    }
}

fn same(table: &str, here: Sum, there: Sum) -> anyhow::Result<()> {
    ensure!(here == there, differs(table, here.rows, there.rows));
    Ok(())
}

fn differs(table: &str, here: u64, there: u64) -> String {
    let rows = if here == there {
        format!("as many rows ({here}) with something else in them")
    } else {
        format!("{there} rows in the place of {here}")
    };
    format!(
        "{table} has {rows} in the database: somebody else wrote to it, or the folder was put back from a copy; take \
         the move back with --abandon, and begin it anew with an empty database"
    )
}
