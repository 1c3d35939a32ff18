//! What `PostgreSQL`'s errors mean. Nothing else reads its SQLSTATEs.

use std::{fmt, io};

use deadpool_postgres::PoolError;
use guise_domain::StoreError;
use tokio_postgres::error::SqlState;
use tokio_rustls::rustls::{self, CertificateError};

/// Why a database did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be read.
    #[error("the database's address is wrong: {0}")]
    Address(String),
    /// The database holds something else.
    #[error("the database {0} holds tables that are not guise's")]
    Foreign(String),
    /// A newer Guise left it in a form that this one cannot work with.
    #[error(
        "the database was written by a newer guise (its format needs {needed}, this guise knows up to {known}); \
         run that version"
    )]
    Newer {
        /// The oldest version that its format can be used with.
        needed: i64,
        /// The newest format this program knows.
        known: i64,
    },
    /// An installation is being moved here.
    #[error(
        "an installation is being moved into the database {0}: run `guise migrate` again until all of it is there"
    )]
    Incomplete(String),
    /// The database keeps text in an encoding that not every text fits into.
    #[error("the database keeps text as {0}; make one with ENCODING 'UTF8'")]
    Encoding(String),
    /// TLS cannot be set up.
    #[error("TLS to the database cannot be set up: {0}")]
    Tls(String),
    /// The database cannot be reached, or fails.
    #[error("the database could not be opened: {0}")]
    Failed(String),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What a query returns.
pub(crate) type Queried<T> = Result<T, Error>;

/// Why a query failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// The server refused it, or the connection to it is gone.
    Postgres(tokio_postgres::Error),
    /// There was no connection to be had.
    Pool(PoolError),
    /// The number that ids were made of is another program's by now.
    NumberLost,
    /// Other programs have all numbers that ids are made of.
    NoNumber,
    /// A value that cannot be there, or cannot be kept.
    Impossible(String),
    /// The group it was in kept nothing, for a reason that need not be its own.
    Disturbed,
    /// What its caller is to be told.
    Store(StoreError),
}

impl Error {
    /// Whether the step that met it was in another one's way, and may well succeed when it is run again.
    pub(crate) fn is_conflict(&self) -> bool {
        let states = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
        matches!(self, Self::Disturbed) || self.state().is_some_and(|state| states.contains(state))
    }

    /// Whether the connection that met it had better not be used again: it is gone, or leads to a server that takes no
    /// writes any more.
    pub(crate) fn spoils_connection(&self) -> bool {
        match (self, self.state()) {
            (_, Some(state)) => {
                let class = state.code().get(..2);
                *state == SqlState::READ_ONLY_SQL_TRANSACTION
                    || class == Some("08")
                    || is_shutdown(state)
            }
            (Self::Postgres(_), None) => true,
            _ => false,
        }
    }

    fn state(&self) -> Option<&SqlState> {
        match self {
            Self::Postgres(error) | Self::Pool(PoolError::Backend(error)) => error.code(),
            _ => None,
        }
    }
}

fn is_shutdown(state: &SqlState) -> bool {
    let states = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
    states.contains(state)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(error) | Self::Pool(PoolError::Backend(error)) => told(error, f),
            Self::Pool(error) => error.fmt(f),
            Self::NumberLost => f.write_str("another program has this one's number in ids by now"),
            Self::NoNumber => f.write_str("other programs have all numbers for ids"),
            Self::Impossible(what) => f.write_str(what),
            Self::Disturbed => f.write_str("another step was in the way"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

/// The error's own text says too little: what the server said, or what the system did, is behind it.
fn told(error: &tokio_postgres::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(said), _) => write!(f, ": {} ({})", said.message(), said.code().code()),
        (None, Some(cause)) if is_of_nobody_trusted(cause) => f.write_str(
            ": nobody trusted signed the server's certificate; say with sslrootcert in which file is whose who did",
        ),
        (None, Some(cause)) => write!(f, ": {cause}"),
        (None, None) => Ok(()),
    }
}

fn is_of_nobody_trusted(cause: &(dyn std::error::Error + 'static)) -> bool {
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let refused = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(
        refused,
        Some(rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature
        ))
    )
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        Self::Pool(error)
    }
}

/// What a caller is told of an error.
impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let unavailable = |what: &str| Self::Unavailable(what.to_owned());
        match error.state() {
            Some(&SqlState::DISK_FULL) => return unavailable("the database's disk is full"),
            Some(&SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE) => {
                return unavailable("the database took too long");
            }
            _ => {}
        }
        let resources = error.state().is_some_and(|state| state.code().starts_with("53"));
        match error {
            Error::Store(error) => error,
            Error::Pool(PoolError::Timeout(_)) => unavailable("the database is busy"),
            Error::Pool(PoolError::Closed) => unavailable("the store is closed"),
            Error::Pool(_) | Error::NumberLost | Error::NoNumber => {
                Self::Unavailable(error.to_string())
            }
            _ if resources || error.is_conflict() || error.spoils_connection() => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// A value that cannot be there, or cannot be kept.
pub(crate) fn impossible(what: impl fmt::Display) -> Error {
    Error::Impossible(what.to_string())
}
