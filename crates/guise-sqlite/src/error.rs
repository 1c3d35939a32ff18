//! What `SQLite`'s errors mean. Nothing else reads its error codes.

use std::path::PathBuf;

use guise_domain::StoreError;
use rusqlite::{Error, ErrorCode};

use crate::moving::SEALED;

/// Why a database did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is something else.
    #[error("{} is not a database of guise", .0.display())]
    Foreign(PathBuf),
    /// A newer Guise wrote it.
    #[error(
        "{} was written by a newer guise (its format is {found}, this guise knows up to {known}); \
         run that version, or put back the copy made before the upgrade",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this program knows.
        known: i64,
    },
    /// It has to be upgraded, and a server runs on it, which would go on writing what its own version knows.
    #[error("{} is of an older guise, and a server runs on it: stop that first", .0.display())]
    InUse(PathBuf),
    /// It is of an older Guise, or looks were made by other rules: a server has to bring it up to date first.
    #[error(
        "{} is of an older guise: stop its server, and start this version's on it once", .0.display()
    )]
    Older(PathBuf),
    /// Something in it has no place in the other store.
    #[error("{0} has no place in the other store")]
    Unmovable(String),
    /// The installation in it was moved, or nearly so.
    #[error(
        "the installation in {} {} {target}: {}",
        path.display(),
        if *over { "was moved to" } else { "is about to be moved to" },
        if *over { "serve it from there with --store" } else { "run `guise migrate` again, or with --abandon" }
    )]
    Moved {
        /// The database.
        path: PathBuf,
        /// Where to.
        target: String,
        /// Whether all of it is there.
        over: bool,
    },
    /// The copy that is made before a migration could not be made.
    #[error("{} could not be made before the upgrade: {reason}", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// The writer's thread could not be started.
    #[error("no thread for the store's writer: {0}")]
    Thread(#[from] std::io::Error),
    /// Whatever else `SQLite` says.
    #[error("the database could not be opened: {0}")]
    Sqlite(#[from] Error),
}

/// What a caller is told of an error.
pub(crate) fn store_error(error: &Error) -> StoreError {
    if let Error::SqliteFailure(_, Some(said)) = error
        && said == SEALED
    {
        return StoreError::Unavailable(SEALED.to_owned());
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Unavailable("the disk is full".to_owned()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Unavailable("another process is writing".to_owned())
        }
        _ => StoreError::Failed(error.to_string()),
    }
}

/// What a caller is told when the store was closed, or its writer is gone.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

/// A value that cannot be there, or cannot be kept.
pub(crate) fn impossible(what: impl std::fmt::Display) -> Error {
    Error::ToSqlConversionFailure(what.to_string().into())
}
