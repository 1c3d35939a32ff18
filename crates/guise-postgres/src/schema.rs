//! Opening a database: whose it is, which version, and bringing it up to date. One program at a time does that, and
//! others may go on working meanwhile: a script only adds to what they know.

use crate::error::OpenError;
use crate::query::{Db, one};
use crate::{moving, names};

/// A script, and the oldest version of a program that can work with what it leaves.
struct Migration {
    sql: &'static str,
    oldest: i64,
}

/// Script N brings a database from version N - 1 to N.
const MIGRATIONS: &[Migration] = &[
    Migration { sql: include_str!("../migrations/0001_first.sql"), oldest: 1 },
    Migration { sql: include_str!("../migrations/0002_nodes.sql"), oldest: 2 },
    Migration { sql: include_str!("../migrations/0003_limits.sql"), oldest: 2 },
];

/// Held by whoever brings the database up to date, until its transaction ends.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'4775697365'::bigint)";
const ENCODING: &str = "SHOW server_encoding";
const IS_OURS: &str =
    "SELECT to_regclass('guise_format') IS NOT NULL, EXISTS (SELECT 1 FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p'))";
const FORMAT: &str = "SELECT version, oldest FROM guise_format";
const KEEP_FORMAT: &str = "UPDATE guise_format SET version = $1, oldest = $2";

/// Makes or migrates the database when needed.
pub(crate) async fn open(db: &Db, name: &str) -> Result<(), OpenError> {
    open_to_move(db, name).await?;
    if moving::is_incomplete(db).await? {
        return Err(OpenError::Incomplete(name.to_owned()));
    }
    Ok(())
}

/// The same also for an installation of which not everything is there yet.
pub(crate) async fn open_to_move(db: &Db, name: &str) -> Result<(), OpenError> {
    let encoding = one(db, ENCODING, (), |row| Ok(row.try_get::<_, String>(0)?)).await?;
    if let Some(encoding) = encoding.filter(|encoding| encoding != "UTF8") {
        return Err(OpenError::Encoding(encoding));
    }
    if version(db, name).await? < known() || !names::are_current(db).await? {
        let lent = db.lent()?;
        lent.set_unfit(true);
        lent.run("BEGIN").await?;
        migrate(db, name).await?;
        lent.run("COMMIT").await?;
        lent.set_unfit(false);
    }
    Ok(())
}

async fn migrate(db: &Db, name: &str) -> Result<(), OpenError> {
    // It may have to wait for another program that does the same.
    let lent = db.lent()?;
    lent.run("SET LOCAL statement_timeout = 0").await?;
    lent.run("SET LOCAL lock_timeout = 0").await?;
    lent.run(LOCK).await?;
    // Whoever comes second finds it done.
    let found = version(db, name).await?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        lent.run(migration.sql).await?;
    }
    if found < known() {
        let oldest = MIGRATIONS.iter().map(|migration| migration.oldest).max();
        crate::query::execute(db, KEEP_FORMAT, (known(), oldest)).await?;
    }
    Ok(names::refresh(db).await?)
}

/// The database's version, 0 when it is new.
async fn version(db: &Db, name: &str) -> Result<i64, OpenError> {
    let found = one(db, IS_OURS, (), |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
    match found {
        Some((true, _)) => {}
        Some((false, true)) => return Err(OpenError::Foreign(name.to_owned())),
        _ => return Ok(0),
    }
    let format = one(db, FORMAT, (), |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
    match format {
        Some((_, needed)) if needed > known() => Err(OpenError::Newer { needed, known: known() }),
        Some((version, _)) => Ok(version),
        None => Err(OpenError::Foreign(name.to_owned())),
    }
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}
