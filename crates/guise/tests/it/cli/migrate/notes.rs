//! What a move notes of changes while it goes on.

use std::path::Path;

use rusqlite::Connection;
use tempfile::tempdir;

use super::super::{refusal, text};
use super::{Place, REFUSE};
use crate::support::{Database, Signer, guise};

/// Has a move of a new folder begin and stop.
async fn begun(data: &Path, name: &str) -> (Place, Connection) {
    let place = Place::on(Database::new().await, name);
    Signer::new(data, "shop");
    place.database.client().await.batch_execute(REFUSE).await.unwrap();
    refusal(&guise(data, &["migrate", "--to", &place.address]));
    (place, Connection::open(data.join("guise.db")).unwrap())
}

fn number(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, (), |row| row.get(0)).unwrap()
}

fn words<const N: usize>(db: &Connection, sql: &str) -> Vec<[String; N]> {
    let mut query = db.prepare(sql).unwrap();
    let read = |row: &rusqlite::Row<'_>| Ok(std::array::from_fn(|at| row.get(at).unwrap()));
    query.query_map((), read).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn every_change_of_every_table_is_noted() {
    let folder = tempdir().unwrap();
    let (_place, db) = begun(&folder.path().join("data"), "noted").await;
    db.execute_batch("PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on").unwrap();
    let tables = words(
        &db,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'installation'
            AND substr(name, 1, 6) NOT IN ('sqlite', 'moving')",
    );
    assert!(tables.len() > 20, "{tables:?}");
    // Names are a table of their own where they go.
    let notes = tables.iter().map(|[table]| (&**table, format!("moving_{table}")));
    for (table, notes) in notes.chain([("accounts", "moving_account_names".to_owned())]) {
        let columns = words(
            &db,
            &format!(
                "SELECT name, CASE type WHEN 'INTEGER' THEN '1' WHEN 'TEXT' THEN '''a''' ELSE 'x''00''' END
                FROM pragma_table_info('{table}') ORDER BY cid"
            ),
        );
        let names: Vec<_> = columns.iter().map(|[name, _]| &**name).collect();
        let values: Vec<_> = columns.iter().map(|[_, value]| &**value).collect();
        db.execute_batch("SAVEPOINT tried").unwrap();
        for change in [
            format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", ")),
            format!("UPDATE {table} SET {0} = {0}", names[0]),
            format!("DELETE FROM {table}"),
        ] {
            let count = format!("SELECT count(*) FROM {notes}");
            let (before, done) = (number(&db, &count), db.execute(&change, ()));
            match done {
                Ok(rows) => assert!(rows > 0 && number(&db, &count) > before, "{change}"),
                Err(error) => {
                    assert!(error.to_string().contains("append-only"), "{error}: {change}");
                }
            }
        }
        db.execute_batch("ROLLBACK TO tried; RELEASE tried").unwrap();
    }
}

#[tokio::test]
async fn what_changes_while_notes_are_forgotten_is_noted_and_moved() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let (place, db) = begun(&data, "forgotten").await;
    // A server's write that comes as soon as the last note is gone.
    let late = "INSERT INTO blocks (account, other) VALUES (1, 2), (1, 3); DELETE FROM blocks;
        CREATE TRIGGER late AFTER DELETE ON moving_blocks WHEN NOT EXISTS (SELECT 1 FROM moving_blocks)
            AND NOT EXISTS (SELECT 1 FROM blocks)
        BEGIN INSERT INTO blocks (account, other) VALUES (1, 2); END";
    db.execute_batch(late).unwrap();
    let client = place.database.client().await;
    client.batch_execute("DROP TRIGGER refuse ON accounts").await.unwrap();
    text(&guise(&data, &["migrate", "--to", &place.address]));
    let blocks = "SELECT count(*) FROM blocks";
    assert_eq!(number(&db, blocks), 1);
    assert_eq!(client.query_one(blocks, &[]).await.unwrap().get::<_, i64>(0), 1);
}
