//! What was acknowledged outlives the death of the program.

mod messages;
mod profiles;
mod retries;
mod teams;

use std::path::Path;

const ROUNDS: usize = 20;

/// Holds that the database is whole.
fn is_whole(data: &Path, round: usize) -> rusqlite::Connection {
    let db = rusqlite::Connection::open(data.join("guise.db")).unwrap();
    let verdict: String = db.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok", "after round {round}");
    db
}
