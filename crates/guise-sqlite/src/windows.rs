//! The windows of writes that the current group counts in: read once, and kept once, just before its commit.
//!
//! A busy account's writes share a group and a window; only what the last of them left there needs to be kept.

use std::collections::HashMap;

use guise_domain::rate::{Endpoint, Window};
use guise_domain::{AccountId, AppId, Timestamp};
use rusqlite::{Connection, Row};

use crate::query;

const WINDOW: &str =
    "SELECT started_at, used FROM write_windows WHERE account = ?1 AND endpoint = ?2";
const KEEP_WINDOW: &str = "INSERT INTO write_windows (account, endpoint, started_at, used)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (account, endpoint) DO UPDATE SET started_at = ?3, used = ?4";
const APP_WINDOW: &str =
    "SELECT started_at, used FROM app_windows WHERE app = ?1 AND endpoint = ?2";
const KEEP_APP_WINDOW: &str = "INSERT INTO app_windows (app, endpoint, started_at, used)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (app, endpoint) DO UPDATE SET started_at = ?3, used = ?4";

/// Whose window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    Account(AccountId),
    App(AppId),
}

/// Whose window, and for what.
pub(crate) type Which = (Of, Endpoint);

/// What the current group knows of windows.
#[derive(Default)]
pub(crate) struct Windows {
    known: HashMap<Which, Known>,
    /// What was known before each change, in order.
    before: Vec<(Which, Known)>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    window: Option<Window>,
    changed: bool,
}

impl Windows {
    /// The window as this group leaves it so far.
    pub(crate) fn get(
        &mut self,
        db: &Connection,
        which: Which,
    ) -> rusqlite::Result<Option<Window>> {
        if let Some(known) = self.known.get(&which) {
            return Ok(known.window);
        }
        let window = window(db, which)?;
        self.known.insert(which, Known { window, changed: false });
        Ok(window)
    }

    /// Changes a window that was got, for the rest of the group and for [`Self::keep`].
    pub(crate) fn set(&mut self, which: Which, window: Window) {
        let known = Known { window: Some(window), changed: true };
        let before = self.known.insert(which, known).unwrap_or_default();
        self.before.push((which, before));
    }

    /// A point of the group to go back to.
    pub(crate) fn mark(&self) -> usize {
        self.before.len()
    }

    /// Forgets what was changed since `mark`.
    pub(crate) fn roll_back_to(&mut self, mark: usize) {
        self.known.extend(self.before.drain(mark..).rev());
    }

    /// Writes what the group changed.
    pub(crate) fn keep(&self, db: &Connection) -> rusqlite::Result<()> {
        for ((of, endpoint), known) in self.known.iter().filter(|(_, known)| known.changed) {
            let Some(Window { started_at, used }) = known.window else { continue };
            let (sql, id) = match of {
                Of::Account(id) => (KEEP_WINDOW, id.get()),
                Of::App(id) => (KEEP_APP_WINDOW, id.get()),
            };
            query::execute(db, sql, (id, endpoint.path(), started_at.millis(), used))?;
        }
        Ok(())
    }

    /// Forgets everything: the group has ended, and others may write before the next.
    pub(crate) fn end(&mut self) {
        self.known.clear();
        self.before.clear();
    }
}

/// The window of an account or app for an endpoint.
pub(crate) fn window(db: &Connection, (of, endpoint): Which) -> rusqlite::Result<Option<Window>> {
    let (sql, id) = match of {
        Of::Account(id) => (WINDOW, id.get()),
        Of::App(id) => (APP_WINDOW, id.get()),
    };
    query::one(db, sql, (id, endpoint.path()), |row| read_window(row, 0))
}

/// The window in columns `first` and the one after.
pub(crate) fn read_window(row: &Row<'_>, first: usize) -> rusqlite::Result<Window> {
    let started_at = Timestamp::from_millis(row.get(first)?);
    Ok(Window { started_at, used: row.get(first + 1)? })
}
