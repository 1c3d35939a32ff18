//! Opening the database that is written to: whose it is, which version, and bringing it up to date.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::Options;
use crate::error::OpenError;
use crate::query::keep_statements;
use crate::{moving, names};

/// `Guis`, in the file's header: says whose database it is.
const APPLICATION_ID: i64 = 0x4775_6973;

/// Script N brings a database from version N - 1 to N.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_messages.sql"),
    include_str!("../migrations/0003_revisions.sql"),
    include_str!("../migrations/0004_log.sql"),
    include_str!("../migrations/0005_answers.sql"),
    include_str!("../migrations/0006_operators.sql"),
    include_str!("../migrations/0007_digests.sql"),
    include_str!("../migrations/0008_erased.sql"),
    include_str!("../migrations/0009_names.sql"),
    include_str!("../migrations/0010_sessions.sql"),
    include_str!("../migrations/0011_request_tokens.sql"),
    include_str!("../migrations/0012_log_not_replaced.sql"),
    include_str!("../migrations/0013_revisers.sql"),
    include_str!("../migrations/0014_conversations.sql"),
    include_str!("../migrations/0015_answers_by_subject.sql"),
    include_str!("../migrations/0016_last_uses.sql"),
    include_str!("../migrations/0017_attempts.sql"),
    include_str!("../migrations/0018_callers.sql"),
];

/// Names that came before they were searched.
const UNFOLDED: &str = "SELECT account, id, name FROM profiles WHERE folded = ''";
const FOLD: &str = "UPDATE profiles SET folded = ?3 WHERE account = ?1 AND id = ?2";

/// How long a statement waits for another process.
pub(crate) const BUSY_MILLIS: u64 = 5000;
const WAL_PAUSE_MILLIS: u64 = 5;

const PRAGMAS: &str = "PRAGMA synchronous = full; PRAGMA foreign_keys = on;";

/// Opens and, if needed, makes or migrates the database for writing.
pub(crate) fn open(path: &Path, options: &Options) -> Result<Connection, OpenError> {
    let mut db = Connection::open(path)?;
    keep_statements(&db)?;
    db.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
    // What is erased is to be gone from the file too, and not only from its tables.
    db.execute_batch("PRAGMA trusted_schema = off; PRAGMA secure_delete = on;")?;
    if !is_current(&mut db, path)? && options.in_use.as_ref().is_some_and(|in_use| in_use()) {
        return Err(OpenError::InUse(path.to_owned()));
    }
    if let Some((target, over)) = moving::moved_to(&db)? {
        return Err(OpenError::Moved { path: path.to_owned(), target, over });
    }
    migrate(&mut db, path, MIGRATIONS)?;
    names::refresh(&mut db)?;
    db.execute_batch(PRAGMAS)?;
    if let Some(pages) = options.pages_max {
        db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(db)
}

/// Whether a database that is there needs nothing to be worked with by this program.
pub(crate) fn is_of_this_version(db: &mut Connection, path: &Path) -> Result<bool, OpenError> {
    let look = db.transaction()?;
    match version(&look, path, MIGRATIONS)? {
        0 => Err(OpenError::Foreign(path.to_owned())),
        found => Ok(found == known() && names::are_current(&look)?),
    }
}

/// The newest version that this program knows.
pub(crate) fn known() -> i64 {
    number(MIGRATIONS)
}

/// Whether there is nothing to be brought up to date, or nothing yet at all.
fn is_current(db: &mut Connection, path: &Path) -> Result<bool, OpenError> {
    let look = db.transaction()?;
    let found = version(&look, path, MIGRATIONS)?;
    Ok(found == 0 || (found == number(MIGRATIONS) && names::are_current(&look)?))
}

fn migrate(db: &mut Connection, path: &Path, scripts: &[&str]) -> Result<(), OpenError> {
    // In one look: another process may be making the database, and half of what it says is no answer.
    let found = {
        let look = db.transaction()?;
        version(&look, path, scripts)?
    };
    // Only now is it sure to be ours: nothing is changed in another program's file.
    write_ahead(db)?;
    let known = number(scripts);
    if found == known {
        return Ok(());
    }
    if found > 0 {
        copy(db, &beside(path, known))?;
    }
    // Another process may be doing the same: whoever comes second finds it done.
    let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&step, path, scripts)?;
    for script in scripts.iter().skip(usize::try_from(found).unwrap_or(0)) {
        step.execute_batch(script)?;
    }
    if known >= 3 {
        fold_names(&step)?;
    }
    step.pragma_update(None, "application_id", APPLICATION_ID)?;
    step.pragma_update(None, "user_version", known)?;
    step.commit()?;
    Ok(())
}

/// Turns on the write-ahead log. Processes that do so at once are in each other's way, and `SQLite` does not let them
/// wait: whoever was told that the database is locked tries again for as long as any other statement waits.
fn write_ahead(db: &Connection) -> rusqlite::Result<()> {
    let turn_on = || db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
    for _ in 0..BUSY_MILLIS / WAL_PAUSE_MILLIS {
        match turn_on() {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                thread::sleep(Duration::from_millis(WAL_PAUSE_MILLIS));
            }
            done => return done,
        }
    }
    turn_on()
}

/// Folds what no script can: the rules are the program's.
fn fold_names(db: &Connection) -> rusqlite::Result<()> {
    let mut unfolded = db.prepare(UNFOLDED)?;
    let rows = unfolded.query_map((), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
    })?;
    for (account, id, name) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        db.execute(FOLD, (account, id, guise_domain::fold(&name)))?;
    }
    Ok(())
}

/// The database's version, 0 when it is new.
fn version(db: &Connection, path: &Path, scripts: &[&str]) -> Result<i64, OpenError> {
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let foreign = || OpenError::Foreign(path.to_owned());
    let application = pragma("application_id").map_err(|error| {
        let not_a_database = error.sqlite_error_code() == Some(ErrorCode::NotADatabase);
        if not_a_database { foreign() } else { error.into() }
    })?;
    let found = pragma("user_version")?;
    let tables = "SELECT count(*) FROM sqlite_schema";
    let empty = db.query_row(tables, (), |row| row.get::<_, i64>(0))? == 0;
    if application == 0 && found == 0 && empty {
        return Ok(0);
    }
    if application != APPLICATION_ID || found < 1 {
        return Err(foreign());
    }
    let known = number(scripts);
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok(found)
}

fn number(scripts: &[&str]) -> i64 {
    i64::try_from(scripts.len()).unwrap_or(i64::MAX)
}

/// Where the copy made before an upgrade to `version` goes.
fn beside(path: &Path, version: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-v{version}"));
    name.into()
}

/// Copies the database to `path`, durably, in the place of a copy from an upgrade that did not succeed.
fn copy(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |reason: String| OpenError::Copy { path: path.to_owned(), reason };
    let partial = path.with_added_extension("partial");
    if partial.exists() {
        fs::remove_file(&partial).map_err(|error| failed(error.to_string()))?;
    }
    let name = partial.to_str().ok_or_else(|| failed("its name is not Unicode".to_owned()))?;
    db.execute("VACUUM INTO ?1", [name]).map_err(|error| failed(error.to_string()))?;
    fs::File::open(&partial)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(db: &Connection) -> rusqlite::Result<String> {
        db.query_row("SELECT name FROM accounts WHERE id = 7", (), |row| row.get(0))
    }

    #[test]
    fn an_older_database_is_copied_and_then_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guise.db");
        let mut db = Connection::open(&path).unwrap();
        migrate(&mut db, &path, MIGRATIONS.get(..1).unwrap()).unwrap();
        db.execute(
            "INSERT INTO accounts (id, name, folded, custom_profiles) VALUES (7, 'A', 'a', 1)",
            (),
        )
        .unwrap();
        db.execute(
            "INSERT INTO profiles (account, id, name, avatar_owner, avatar_media, avatar_random,
                avatar_format, avatar_width, avatar_height) VALUES (7, 1, 'Zoë', 7, 1, x'00', 'jpg', 1, 1)",
            (),
        )
        .unwrap();
        drop(db);

        let db = open(&path, &Options::default()).unwrap();
        let searched = "SELECT folded FROM profiles";
        let searched: String = db.query_row(searched, (), |row| row.get(0)).unwrap();
        assert_eq!(searched, "zoe");
        assert_eq!(version(&db, &path, MIGRATIONS).unwrap(), number(MIGRATIONS));
        assert_eq!(account(&db).unwrap(), "A");
        let kept = Connection::open(beside(&path, number(MIGRATIONS))).unwrap();
        assert_eq!(version(&kept, &path, MIGRATIONS).unwrap(), 1);
        assert_eq!(account(&kept).unwrap(), "A");
        assert!(!beside(&path, number(MIGRATIONS)).with_added_extension("partial").exists());
        drop(db);

        fs::remove_file(beside(&path, number(MIGRATIONS))).unwrap();
        open(&path, &Options::default()).unwrap();
        assert!(!beside(&path, number(MIGRATIONS)).exists(), "nothing is copied without need");
    }

    /// Two accounts, a profile of the first with a past and a picture that the second has in its box, and another with
    /// the same picture.
    const BEFORE_ERASING: &str = "
        INSERT INTO accounts (id, name, folded, custom_profiles) VALUES (7, 'A', 'a', 1), (8, 'B', 'b', 1);
        INSERT INTO uploads (owner, id, random, shared, expires_at, public, size, image_type, format, width, height)
            VALUES (7, 1, x'0101010101010101', 0, 0, 1, 9, 'image/png', 'png', 1, 1),
                (7, 2, x'0202020202020202', 0, 0, 1, 9, 'image/png', 'png', 1, 1);
        INSERT INTO profiles (account, id, name, folded, avatar_owner, avatar_media, avatar_random, avatar_format,
                avatar_width, avatar_height, revision, external_id)
            VALUES (7, 10, 'Zoë', 'zoe', 7, 2, x'0202020202020202', 'png', 1, 1, 2, 'e'),
                (7, 11, 'Jon', 'jon', 7, 1, x'0101010101010101', 'png', 1, 1, 1, NULL);
        INSERT INTO revisions (account, profile, revision, name, avatar_owner, avatar_media, avatar_random,
                avatar_format, avatar_width, avatar_height)
            VALUES (7, 10, 1, 'Zoë W', 7, 1, x'0101010101010101', 'png', 1, 1);
        INSERT INTO faces (account, profile, revision, owner, name, avatar_owner, avatar_media, avatar_random,
                avatar_format, avatar_width, avatar_height)
            SELECT reader, 10, revision, 7, name, avatar_owner, avatar_media, avatar_random, avatar_format, 1, 1
            FROM revisions, (SELECT 7 AS reader UNION SELECT 8);";

    /// Every row of a table, as text.
    fn rows(db: &Connection, sql: &str) -> Vec<String> {
        let mut query = db.prepare(sql).unwrap();
        query.query_map((), |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn profiles_from_before_erasing_keep_their_pictures_and_are_found_wherever_they_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guise.db");
        let mut db = Connection::open(&path).unwrap();
        migrate(&mut db, &path, MIGRATIONS.get(..4).unwrap()).unwrap();
        db.execute_batch(BEFORE_ERASING).unwrap();
        drop(db);

        let db = open(&path, &Options::default()).unwrap();
        let kept = |table: &str| {
            let columns = "avatar_owner || ' ' || avatar_media || ' ' || hex(avatar_random)";
            rows(&db, &format!("SELECT name || ' ' || {columns} FROM {table}"))
        };
        let (first, second) = ("7 1 0101010101010101", "7 2 0202020202020202");
        assert_eq!(kept("profiles"), [format!("Zoë {second}"), format!("Jon {first}")]);
        assert_eq!(kept("revisions"), [format!("Zoë W {first}")]);
        assert_eq!(kept("faces"), [format!("Zoë W {first}"), format!("Zoë W {first}")]);
        let shown = "SELECT account || ' ' || profile || ' ' || reader FROM shown";
        assert_eq!(rows(&db, shown), ["7 10 7", "7 10 8"]);
        let uses = "SELECT media || ' ' || account || ' ' || profile FROM avatar_uses";
        assert_eq!(rows(&db, uses), ["1 7 10", "1 7 11", "2 7 10"]);
        for table in ["profiles", "revisions", "faces"] {
            db.execute(&format!("UPDATE {table} SET avatar_owner = NULL, avatar_media = NULL, avatar_random = NULL, \
                avatar_format = NULL, avatar_width = NULL, avatar_height = NULL"), ()).unwrap();
        }
        assert_eq!(rows(&db, "PRAGMA integrity_check"), ["ok"]);
        let indexes = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'profiles' \
            AND sql IS NOT NULL ORDER BY name";
        assert_eq!(rows(&db, indexes), ["profiles_alive", "profiles_by_external_id"]);
    }

    #[test]
    fn a_log_keeps_its_lines_and_stays_append_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guise.db");
        let mut db = Connection::open(&path).unwrap();
        migrate(&mut db, &path, MIGRATIONS.get(..4).unwrap()).unwrap();
        for line in ["7, 1, 3, 'night', 'a', 5, 2", "7, 2, 3, NULL, 'b', 6, NULL"] {
            db.execute(&format!("INSERT INTO log VALUES ({line})"), ()).unwrap();
        }
        drop(db);

        let db = open(&path, &Options::default()).unwrap();
        db.execute("INSERT INTO log VALUES (7, 3, NULL, NULL, 'c', 7, NULL)", ()).unwrap();
        let lines = "SELECT group_concat(concat_ws(' ', id, app, operator, action, subject, revision), ', ')
            FROM log";
        let lines = || db.query_row(lines, (), |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(lines(), "1 3 night a 5 2, 2 3 b 6, 3 c 7");
        for sql in [
            "UPDATE log SET app = 4",
            "DELETE FROM log WHERE app IS NULL",
            "DELETE FROM log",
            "REPLACE INTO log VALUES (7, 2, 3, 'day', 'b', 6, NULL)",
            "INSERT OR REPLACE INTO log SELECT account, id, 4, operator, action, subject, revision FROM log",
        ] {
            assert_eq!(db.execute(sql, ()).unwrap_err().to_string(), "the log is append-only");
        }
        assert_eq!(lines(), "1 3 night a 5 2, 2 3 b 6, 3 c 7");
    }

    #[test]
    fn boxes_from_before_are_listed_by_conversation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guise.db");
        let mut db = Connection::open(&path).unwrap();
        migrate(&mut db, &path, MIGRATIONS.get(..4).unwrap()).unwrap();
        for copy in ["7, 1, 7, 8", "8, 1, 7, 8", "7, 2, 8, 7", "8, 2, 8, 7", "7, 3, 7, 7"] {
            let columns = "account, id, sender, recipient, app, content";
            db.execute(&format!("INSERT INTO messages ({columns}) VALUES ({copy}, 5, '{{}}')"), ())
                .unwrap();
        }
        let before = "INSERT INTO conversations (account, other, heard_at, read_up_to)
            VALUES (7, 8, 20, 2), (8, 7, 10, NULL), (8, 9, 5, NULL)";
        db.execute(before, ()).unwrap();
        drop(db);

        let db = open(&path, &Options::default()).unwrap();
        let kept = "SELECT concat_ws(' ', account, other, heard_at, read_up_to, newest)
            FROM conversations ORDER BY account, other";
        assert_eq!(rows(&db, kept), ["7 7 3", "7 8 20 2 2", "8 7 10 2", "8 9 5"]);
        assert_eq!(rows(&db, "PRAGMA integrity_check"), ["ok"]);
    }

    #[test]
    fn names_from_before_are_looked_at_once_and_again_when_the_rules_are_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guise.db");
        let mut db = Connection::open(&path).unwrap();
        migrate(&mut db, &path, MIGRATIONS.get(..4).unwrap()).unwrap();
        db.execute_batch(
            "INSERT INTO accounts (id, name, folded, custom_profiles, closed)
                VALUES (7, 'Acme_1', 'acme_1', 1, 0), (8, 'Gone', 'gone', 1, 1)",
        )
        .unwrap();
        for (id, name, destroyed_at) in
            [(1, "Zoë", None), (2, "Вob", None), (3, "Past", Some(5)), (4, "\u{B4}", None)]
        {
            db.execute(
                "INSERT INTO profiles (account, id, name, destroyed_at, avatar_owner, avatar_media,
                    avatar_random, avatar_format, avatar_width, avatar_height)
                VALUES (7, ?1, ?2, ?3, 7, 1, x'00', 'jpg', 1, 1)",
                (id, name, destroyed_at),
            )
            .unwrap();
        }
        drop(db);
        let looks = |db: &Connection| {
            let sql = "SELECT skeleton || ' ' || profile || ' ' || account FROM names";
            crate::query::all(db, sql, (), |row| row.get::<_, String>(0)).unwrap()
        };
        let expected = ["acrnel 0 7", "bob 2 7", "zoe 1 7"];
        let db = open(&path, &Options::default()).unwrap();
        assert_eq!(looks(&db), expected);
        db.execute_batch(
            "UPDATE installation SET skeleton_rules = 'older'; UPDATE names SET skeleton = 'x';
            INSERT INTO reserved_names (account, skeleton, word) VALUES (7, 'x', 'Acme Inc')",
        )
        .unwrap();
        drop(db);
        let db = open(&path, &Options::default()).unwrap();
        assert_eq!(looks(&db), expected);
        let word = "SELECT skeleton || ' ' || word FROM reserved_names";
        let word: String = db.query_row(word, (), |row| row.get(0)).unwrap();
        assert_eq!(word, "acrnelnc Acme Inc");
    }

    #[test]
    fn a_database_of_the_future_or_of_others_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guise.db");
        let db = open(&path, &Options::default()).unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
        drop(db);
        let newer = open(&path, &Options::default()).unwrap_err().to_string();
        assert!(newer.contains("was written by a newer guise (its format is 99"), "{newer}");
        let other = folder.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
        let foreign = open(&other, &Options::default()).unwrap_err().to_string();
        assert!(foreign.ends_with("other.db is not a database of guise"), "{foreign}");
        fs::write(&other, "no database at all, and long enough to look like one".repeat(20))
            .unwrap();
        assert!(matches!(open(&other, &Options::default()), Err(OpenError::Foreign(_))));
    }
}
