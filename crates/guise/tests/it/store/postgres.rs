//! What only `PostgreSQL` does: several nodes on one database, and what becomes of connections.

use std::sync::Arc;

use guise_domain::rate::Endpoint;
use guise_domain::{
    Admitted, Installation, Media, MessageId, Profiles, Rates, Sealed, Signal, Signals, StoreError,
};
use guise_postgres::{Options, PostgresStore};
use tokio::task::JoinSet;

use super::{OTHER, OWNER, create, first, image, people, profile, upload};
use crate::support::Database;

#[tokio::test]
async fn the_log_refuses_whatever_is_not_an_addition() {
    let database = Database::new().await;
    people(&database.store().await).await;
    let client = database.client().await;
    let lines = async || {
        let sql =
            "SELECT string_agg(concat_ws(' ', account, id, action), ', ' ORDER BY id) FROM log";
        client.query_one(sql, &[]).await.unwrap().get::<_, String>(0)
    };
    let before = lines().await;
    for sql in [
        "UPDATE log SET app = 4",
        "DELETE FROM log WHERE app IS NULL",
        "DELETE FROM log",
        "TRUNCATE log",
        "INSERT INTO log SELECT * FROM log ON CONFLICT (account, id) DO UPDATE SET app = 4",
        "MERGE INTO log USING accounts ON log.account = accounts.id WHEN MATCHED THEN DELETE",
    ] {
        let error = client.execute(sql, &[]).await.unwrap_err();
        let said = error.as_db_error().map(tokio_postgres::error::DbError::message);
        assert_eq!(said, Some("the log is append-only"), "{sql}");
    }
    assert_eq!(lines().await, before);
}

#[tokio::test]
async fn a_connection_that_takes_no_writes_is_not_used_again() {
    let database = Database::new().await;
    let store =
        PostgresStore::open(&database.address(""), Options { connections: 1 }).await.unwrap();
    let client = database.client().await;
    // What a server says that was the primary before.
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no writes' USING ERRCODE = 'read_only_sql_transaction'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON installation EXECUTE FUNCTION refuse()";
    client.batch_execute(refuse).await.unwrap();
    let connection = async || {
        store.ready().await.unwrap();
        let sql = "SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%recovery%'";
        client.query_one(sql, &[]).await.unwrap().get::<_, i32>(0)
    };
    let before = connection().await;
    let proof = || Sealed::from_bytes(vec![1]);
    let refused = store.key_proof(proof()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_ne!(connection().await, before);
    client.batch_execute("DROP TRIGGER refuse ON installation").await.unwrap();
    assert_eq!(store.key_proof(proof()).await.unwrap().as_bytes(), [1]);
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_database() {
    let database = Database::empty().await;
    let mut tasks = JoinSet::new();
    for proof in 0..4 {
        let address = database.address("");
        tasks.spawn(async move {
            let store = PostgresStore::open(&address, Options { connections: 2 }).await.unwrap();
            store.ready().await.unwrap();
            store.key_proof(Sealed::from_bytes(vec![proof])).await.unwrap()
        });
    }
    let proofs = tasks.join_all().await;
    assert!(proofs.iter().all(|proof| *proof == proofs[0]), "{proofs:?}");
}

#[tokio::test]
async fn a_database_of_the_future_or_of_others_is_left_alone() {
    let database = Database::new().await;
    let client = database.client().await;
    let opened = async || PostgresStore::open(&database.address(""), Options::default()).await;
    client.execute("UPDATE guise_format SET version = 99", &[]).await.unwrap();
    assert!(opened().await.is_ok(), "what was only added to is as good as before");
    client.execute("UPDATE guise_format SET oldest = 99", &[]).await.unwrap();
    let newer = opened().await.unwrap_err().to_string();
    assert!(newer.contains("its format needs 99, this guise knows up to"), "{newer}");
    client.execute("ALTER TABLE guise_format RENAME TO something_else", &[]).await.unwrap();
    let foreign = opened().await.unwrap_err().to_string();
    assert!(foreign.ends_with("holds tables that are not guise's"), "{foreign}");
}

#[tokio::test]
async fn several_nodes_count_together_and_let_no_request_through_twice() {
    let database = Database::new().await;
    let nodes = [Arc::new(database.store().await), Arc::new(database.store().await)];
    people(&*nodes[0]).await;
    upload(&*nodes[0], image(OWNER, 5), 1).await;
    let mut tasks = JoinSet::new();
    for (number, node) in (0..40).zip(nodes.iter().cycle()) {
        let node = Arc::clone(node);
        tasks.spawn(async move {
            // Each request comes to both nodes.
            let new = profile(1000 + i64::try_from(number).unwrap(), 5);
            first(node.create_profile(&create(1000 + number / 2), new, None).await.unwrap())
        });
    }
    let answers = tasks.join_all().await;
    let made = answers.iter().filter(|answer| matches!(answer, Admitted::Done(_, Ok(_))));
    assert_eq!(made.count(), 10);
    let window = nodes[1].write_window(OWNER, Endpoint::CustomProfilesNew).await.unwrap();
    assert_eq!(window.unwrap().used, 10);
}

#[tokio::test]
async fn a_connection_that_the_server_ended_is_replaced() {
    let database = Database::new().await;
    let store = database.store().await;
    people(&store).await;
    let client = database.client().await;
    let end = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.execute(end, &[]).await.unwrap();
    upload(&store, image(OWNER, 5), 1).await;
    assert!(store.upload_exists(image(OWNER, 5).key).await.unwrap());
}

#[tokio::test]
async fn nodes_hear_one_another_and_not_themselves() {
    let database = Database::new().await;
    let (one, other) = (database.store().await, database.store().await);
    for node in [&one, &other] {
        assert_eq!(node.hear().await.unwrap(), None, "what was told before may be missed");
    }
    let signals = vec![
        Signal::Message(OWNER),
        Signal::Typing { from: OWNER, to: OTHER },
        Signal::Read { reader: OTHER, writer: OWNER, up_to: MessageId::new(7) },
    ];
    one.tell(signals.clone()).await.unwrap();
    other.tell(vec![Signal::Message(OTHER); 500]).await.unwrap();
    for signal in signals {
        assert_eq!(other.hear().await.unwrap(), Some(signal));
    }
    for _ in 0..500 {
        assert_eq!(
            one.hear().await.unwrap(),
            Some(Signal::Message(OTHER)),
            "and nothing of its own"
        );
    }
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    database.client().await.execute(cut, &[]).await.unwrap();
    assert_eq!(other.hear().await.unwrap(), None, "a lost connection is made anew, and said");
    one.tell(vec![Signal::Message(OWNER)]).await.unwrap();
    assert_eq!(other.hear().await.unwrap(), Some(Signal::Message(OWNER)));
}
