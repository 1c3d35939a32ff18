//! Numbers that ids are made of, and who has them; what one node does for all.

use std::sync::Arc;

use guise_domain::rate::Endpoint;
use guise_domain::{
    AccountId, Admission, AppId, By, EntryId, Ids, Installation, Job, MediaId, MessageId,
    NewAccount, NewApp, NewMessage, NewProfile, NewSession, NewUpload, PasswordHash, ProfileId,
    ProfileName, Sealed, Store, StoreError, TicketHash, node_of,
};
use guise_postgres::PostgresStore;
use tokio::task::JoinSet;

use super::messages::text;
use super::{NOW, OTHER, OWNER, admission, by, cases, image, people};
use crate::support::Database;

/// Whatever is kept under an id.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Account,
    App,
    Console,
    Line,
    Message,
    Profile,
    Upload,
}

const THINGS: [Thing; 7] = [
    Thing::Account,
    Thing::App,
    Thing::Console,
    Thing::Line,
    Thing::Message,
    Thing::Profile,
    Thing::Upload,
];

impl Thing {
    /// Makes one called `id`, of which the log has a line `entry` if there is one.
    async fn make(self, store: &dyn Store, id: i64, entry: i64) -> Result<(), StoreError> {
        let request = id.unsigned_abs();
        let admission = |endpoint| Admission {
            entry: EntryId::new(entry),
            ..admission(OWNER, endpoint, request % 1_000_000)
        };
        let by = By { entry: EntryId::new(entry), ..by(0) };
        match self {
            Self::Account => {
                let name = format!("n{}", request % 1_000_000_000).parse().unwrap();
                let new = NewAccount { id: AccountId::new(id), name, custom_profiles: true };
                store.create_account(new, by).await?.unwrap();
            }
            Self::App => drop(store.create_app(OWNER, app(id), by).await?.unwrap()),
            Self::Console => {
                let ticket = TicketHash([7; 32]);
                let (console, entry, now) = (app(id), by.entry, NOW);
                let new = NewSession { ticket, operator: None, console, entry, now };
                let password = PasswordHash::from_stored("a".to_owned());
                store.begin_session(OWNER, password, new).await?.unwrap();
            }
            Self::Line => {
                let by = By { entry: EntryId::new(id), ..by };
                let allowed = store.account(OTHER).await?.unwrap().custom_profiles;
                assert!(store.allow_custom_profiles(OTHER, !allowed, by).await?);
            }
            Self::Message => {
                let (id, content) = (MessageId::new(id), text("Hello"));
                let (recipient, profile, media) = (OTHER, None, None);
                let new = NewMessage { id, recipient, profile, media, content };
                store.send_message(&admission(Endpoint::DirectMessagesNew), new, None).await?;
            }
            Self::Profile => {
                let name = ProfileName::parse("Jon").unwrap();
                let plain = NewProfile::plain(ProfileId::new(id), name, MediaId::new(1));
                let new = NewProfile { avatar: None, ..plain };
                let admission = admission(Endpoint::CustomProfilesNew);
                store.create_profile(&admission, new, None).await?;
            }
            Self::Upload => {
                let new = NewUpload { upload: image(OWNER, id), additional_owners: Vec::new() };
                store.create_upload(&admission(Endpoint::MediaUpload), new, None).await?;
            }
        }
        Ok(())
    }
}

fn app(id: i64) -> NewApp {
    let consumer_secret = Sealed::from_bytes(vec![1]);
    let (name, url, consumer_key) = ("Desk".to_owned(), String::new(), format!("key{id}"));
    NewApp { id: AppId::new(id), name, url, consumer_key, consumer_secret }
}

/// People who can sign in.
async fn doors(store: &dyn Store) {
    people(store).await;
    let password = PasswordHash::from_stored("a".to_owned());
    assert!(store.set_password(OWNER, password, by(100)).await.unwrap());
}
cases! {
    no_id_that_was_kept_is_minted_again,
}

async fn no_id_that_was_kept_is_minted_again(store: Arc<dyn Store>) {
    doors(&*store).await;
    let ids = store.ids(0).await.unwrap();
    for (thing, hours) in THINGS.into_iter().zip(1..) {
        // The clock steps forward, and back again.
        let (entry, id) = (ids.next(NOW), ids.next(NOW.plus_seconds(3600 * hours)));
        thing.make(&*store, id, entry).await.unwrap();
        assert!(store.ids(0).await.unwrap().next(NOW) > id, "{thing:?}");
    }
}

/// A node on the database, and its mint.
async fn node(database: &Database) -> (Arc<PostgresStore>, Arc<Ids>) {
    let store = database.store().await;
    let ids = store.ids(0).await.unwrap();
    (Arc::new(store), ids)
}

fn number(ids: &Ids) -> i64 {
    node_of(ids.next(NOW))
}

/// Leaves this number to be taken, and no other.
async fn leave_only(database: &Database, number: i64) {
    let sql = "UPDATE nodes SET until = CASE number WHEN $1 THEN '-infinity' ELSE 'infinity' END::timestamptz";
    database.client().await.execute(sql, &[&number]).await.unwrap();
}

/// Leaves all numbers that nobody has.
async fn leave_the_rest(database: &Database) {
    let sql = "UPDATE nodes SET until = '-infinity' WHERE holder IS NULL";
    database.client().await.execute(sql, &[]).await.unwrap();
}

/// Another node that takes this number, though somebody may have it who stood still.
async fn overtaken(database: &Database, number: i64) -> (Arc<PostgresStore>, Arc<Ids>) {
    loop {
        leave_only(database, number).await;
        let store = database.store().await;
        // Whoever had it may have renewed its lease in this very moment.
        if let Ok(ids) = store.ids(0).await {
            assert_eq!(self::number(&ids), number);
            return (Arc::new(store), ids);
        }
    }
}

/// Waits until a node makes ids of another number than this, or of this one again.
async fn recovered(store: &dyn Store, ids: &Ids) {
    let mut tries = 0;
    let line = async || Thing::Line.make(store, ids.next(NOW), 0).await;
    while line().await.is_err() {
        tries += 1;
        assert!(tries < 100_000, "it has no number again");
    }
}

fn is_refused(made: &Result<(), StoreError>) -> bool {
    let lost = "another program has this one's number in ids by now";
    matches!(made, Err(StoreError::Unavailable(why)) if why == lost)
}

#[tokio::test]
async fn nodes_that_start_at_once_have_numbers_of_their_own_and_give_them_back() {
    let database = Database::new().await;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = database.store().await;
        tasks.spawn(async move {
            let ids = store.ids(0).await.unwrap();
            (store, number(&ids))
        });
    }
    let (stores, mut numbers): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().unzip();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 8);
    let again = stores[0].ids(0).await.unwrap();
    assert!(Arc::ptr_eq(&again, &stores[0].ids(0).await.unwrap()), "one mint for each");
    let given = number(&again);
    stores[0].close().await.unwrap();
    for store in &stores[1..] {
        assert!(store.ready().await.is_ok());
    }
    let free = "SELECT holder IS NULL AND until <= clock_timestamp() FROM nodes WHERE number = $1";
    let row = database.client().await.query_one(free, &[&given]).await.unwrap();
    assert!(row.get::<_, bool>(0));
    let (_, next) = node(&database).await;
    assert!(!numbers.contains(&number(&next)), "one that was free for longer is as good");
}

#[tokio::test]
async fn what_is_made_of_a_number_that_somebody_else_has_by_now_is_not_kept() {
    let database = Database::new().await;
    for thing in THINGS {
        let (paused, ids) = node(&database).await;
        if let Thing::Account = thing {
            doors(&database.store().await).await;
        }
        let number = number(&ids);
        let (id, entry) = (ids.next(NOW), ids.next(NOW));
        let (_other, _) = overtaken(&database, number).await;
        leave_the_rest(&database).await;
        let late = thing.make(&*paused, id, entry).await;
        assert!(is_refused(&late), "{thing:?}: {late:?}");
        recovered(&*paused, &ids).await;
        assert_ne!(self::number(&ids), number);
        let later = thing.make(&*paused, id, ids.next(NOW)).await;
        assert!(is_refused(&later), "{thing:?} has the old number: {later:?}");
        thing.make(&*paused, ids.next(NOW), ids.next(NOW)).await.unwrap();
    }
}

#[tokio::test]
async fn a_number_that_ran_out_is_its_nodes_for_as_long_as_nobody_takes_it() {
    let database = Database::new().await;
    let (store, ids) = node(&database).await;
    doors(&database.store().await).await;
    let number = number(&ids);
    leave_only(&database, number).await;
    Thing::Line.make(&*store, ids.next(NOW), 0).await.unwrap();
    assert_eq!(self::number(&ids), number);
}

#[tokio::test]
async fn who_has_a_number_for_the_second_time_keeps_nothing_of_the_first() {
    let database = Database::new().await;
    doors(&database.store().await).await;
    let (paused, ids) = node(&database).await;
    let number = number(&ids);
    let late = ids.next(NOW);
    let (other, others) = overtaken(&database, number).await;
    // The other one makes the very same id.
    while others.next(NOW) < late {}
    Thing::Line.make(&*other, others.next(NOW), 0).await.unwrap();
    assert!(is_refused(&Thing::Line.make(&*paused, late, 0).await));
    other.close().await.unwrap();
    recovered(&*paused, &ids).await;
    assert_eq!(self::number(&ids), number, "the only one that is free");
    assert!(is_refused(&Thing::Line.make(&*paused, late, 0).await));
}

#[tokio::test]
async fn a_node_that_looks_while_its_number_is_taken_sees_that_it_was() {
    let database = Database::new().await;
    doors(&database.store().await).await;
    let (paused, ids) = node(&database).await;
    let (number, id) = (number(&ids), ids.next(NOW));
    let mut client = database.client().await;
    let taking = client.transaction().await.unwrap();
    let lock = "SELECT pg_advisory_xact_lock(x'477569736500'::bigint + $1)";
    taking.execute(lock, &[&number]).await.unwrap();
    let late = tokio::spawn(async move { Thing::Line.make(&*paused, id, 0).await });
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while taking.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {}
    let take = "UPDATE nodes SET holder = 'other' WHERE number = $1";
    taking.execute(take, &[&number]).await.unwrap();
    taking.commit().await.unwrap();
    assert!(is_refused(&late.await.unwrap()));
}

#[tokio::test]
async fn nobody_takes_a_number_while_ids_of_it_are_being_kept() {
    let database = Database::new().await;
    leave_only(&database, 5).await;
    let mut client = database.client().await;
    let keeping = client.transaction().await.unwrap();
    let lock = "SELECT pg_advisory_xact_lock_shared(x'477569736500'::bigint + 5)";
    keeping.execute(lock, &[]).await.unwrap();
    let store = database.store().await;
    let none = StoreError::Unavailable("other programs have all numbers for ids".to_owned());
    assert_eq!(store.ids(0).await.err(), Some(none));
    keeping.commit().await.unwrap();
    assert_eq!(number(&store.ids(0).await.unwrap()), 5);
}

#[tokio::test]
async fn whoever_takes_a_number_makes_ids_above_all_that_were_kept_of_it() {
    let database = Database::new().await;
    doors(&database.store().await).await;
    let (store, ids) = node(&database).await;
    let number = number(&ids);
    // Its clock steps forward an hour, and it dies without a word.
    let ahead = ids.next(NOW.plus_seconds(3600));
    Thing::Line.make(&*store, ahead, 0).await.unwrap();
    drop(store);
    let (_store, ids) = overtaken(&database, number).await;
    assert!(ids.next(NOW.plus_seconds(-3600)) > ahead);
}

#[tokio::test]
async fn numbers_are_taken_first_whose_ids_lie_in_the_past_and_that_were_free_for_long() {
    let database = Database::new().await;
    let client = database.client().await;
    client.batch_execute(
        "UPDATE nodes SET until = 'infinity', ceiling = 9000000000000000000;
        UPDATE nodes SET until = clock_timestamp() - interval '3 hours' WHERE number = 9;
        UPDATE nodes SET until = clock_timestamp() - interval '1 hour', ceiling = 7 WHERE number = 4;
        UPDATE nodes SET until = clock_timestamp() - interval '2 hours', ceiling = 7 WHERE number = 700",
    )
    .await
    .unwrap();
    let mut numbers = Vec::new();
    let mut stores = Vec::new();
    for _ in 0..3 {
        let (store, ids) = node(&database).await;
        numbers.push(number(&ids));
        stores.push(store);
    }
    assert_eq!(numbers, [700, 4, 9]);
}

#[tokio::test]
async fn numbers_begin_above_what_was_kept_when_they_were_set_by_hand() {
    let database = Database::empty().await;
    let client = database.client().await;
    let first = include_str!("../../../../guise-postgres/migrations/0001_first.sql");
    client.batch_execute(first).await.unwrap();
    let kept = Ids::new(17, 0).next(NOW.plus_seconds(3600));
    let keep = "INSERT INTO highest_ids VALUES (1, 5), (2, $1)";
    client.execute(keep, &[&kept]).await.unwrap();
    let (_store, ids) = node(&database).await;
    assert!(ids.next(NOW) > kept);
    let old = client.execute("UPDATE highest_ids SET id = 6", &[]).await;
    assert!(old.is_err(), "a program of before keeps no id any more");
}

#[tokio::test]
async fn a_job_is_done_by_one_node_at_a_time_and_not_again_at_once() {
    let database = Database::new().await;
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(node(&database).await.0);
    }
    let begin = async |node: &Arc<PostgresStore>| node.begin_job(Job::Expired, 30).await.unwrap();
    let mut tasks = JoinSet::new();
    for node in nodes.iter().cloned() {
        tasks.spawn(async move { (node.begin_job(Job::Expired, 30).await.unwrap(), node) });
    }
    let answers = tasks.join_all().await;
    let (at_it, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(yes, _)| *yes);
    assert_eq!((at_it.len(), others.len()), (1, 3));
    assert!(others[0].1.begin_job(Job::Orphans, 30).await.unwrap(), "another job goes on");
    others[0].1.end_job(Job::Expired).await.unwrap();
    assert!(!begin(&others[1].1).await, "only who began it ends it");
    at_it[0].1.end_job(Job::Expired).await.unwrap();
    for node in &nodes {
        assert!(!begin(node).await, "it was done just now");
    }
    let client = database.client().await;
    for ended in ["- interval '31 seconds'", "+ interval '1 hour'"] {
        let sql = format!("UPDATE jobs SET ended_at = clock_timestamp() {ended}, holder = NULL");
        client.execute(&sql, &[]).await.unwrap();
        assert!(begin(&others[0].1).await, "{ended}");
        assert!(!begin(&others[1].1).await);
    }
    // Its node stands still, or is gone.
    client.execute("UPDATE nodes SET until = '-infinity'", &[]).await.unwrap();
    assert!(begin(&others[1].1).await);
    let idle = database.store().await;
    assert!(!idle.begin_job(Job::Expired, 0).await.unwrap(), "who is no node has no jobs");
}
