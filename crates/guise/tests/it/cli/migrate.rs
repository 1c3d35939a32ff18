//! Moving an installation into a database and a bucket while its server goes on.

mod notes;
mod traffic;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use guise_http::{Blobs, Bucket};
use serde_json::Value;
use tempfile::tempdir;

use super::bucket::bucket;
use super::{json, refusal, text};
use crate::support::{Database, Following, Process, Signer, guise, guise_with, http_client};
use traffic::{Client, Traffic, UNLIMITED};

/// Where an installation is moved to.
struct Place {
    database: Database,
    address: String,
    bucket: String,
}

impl Place {
    async fn new(name: &str) -> Self {
        Self::on(Database::empty().await, name)
    }

    fn on(database: Database, name: &str) -> Self {
        let address = database.address("");
        // Runs do not meet in the bucket.
        let bucket = bucket(&format!("{name}-{}", std::process::id()));
        Self { database, address, bucket }
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let arguments = ["migrate", "--to", &self.address, "--blobs", &self.bucket];
        [&arguments[..], more].concat()
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        let place = [("GUISE_STORE", self.address.as_str()), ("GUISE_BLOBS", &self.bucket)];
        [UNLIMITED, &place].concat()
    }
}

/// What clients were told is what the server shows: nothing is missing, and nothing is there twice.
async fn shows_what_was_told(base: &str, clients: &[Client]) {
    for (number, client) in clients.iter().enumerate() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let listed = client.all(base, "/1.1/custom_profiles/list.json", "custom_profiles").await;
        let mut shown: Vec<_> =
            listed.iter().map(|profile| (text(&profile["id"]), text(&profile["name"]))).collect();
        shown.sort();
        let told: Vec<_> = client.profiles.clone().into_iter().collect();
        assert_eq!(shown, told);
        for picture in client.pictures.values() {
            let answer = http_client().get(format!("{base}{picture}")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{picture}");
        }
        let before = &clients[(number + clients.len() - 1) % clients.len()];
        assert_eq!(before.to, client.signer.account);
        let mut box_: BTreeMap<_, _> = client.messages.clone();
        box_.retain(|id, _| !client.destroyed.contains(id));
        box_.extend(before.messages.clone());
        let events = client.all(base, "/1.1/direct_messages/events/list.json", "events").await;
        let mut shown: Vec<_> = events
            .iter()
            .map(|event| {
                (text(&event["id"]), text(&event["message_create"]["message_data"]["text"]))
            })
            .collect();
        shown.sort();
        assert_eq!(shown, box_.into_iter().collect::<Vec<_>>());
    }
}

/// What was seen is known: a request is not taken twice, and one with a key is answered as it was.
async fn knows_what_was_sent(base: &str, clients: &[Client]) {
    for client in clients {
        for (sent, answered) in client.once.iter().rev().take(5) {
            let (status, body) = client.send(base, sent).await.unwrap_err();
            assert_eq!(status, 401, "{body}");
            let event = answered["event"]["id"].as_str().unwrap();
            // What was destroyed is not told again.
            if !client.destroyed.iter().any(|id| id == event) {
                let again = sent.signed_anew(client);
                assert_eq!(client.send(base, &again).await.unwrap(), *answered);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missing_or_doubled_when_clients_write_all_the_time() {
    let place = Place::new("traffic").await;
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let clients = Traffic::clients(&data, 4);
    let old = Process::start(&data, UNLIMITED, 1);
    let traffic = Traffic::start(clients, &old.urls[0]);
    traffic.rounds(20).await;
    let moved = json(&guise(&data, &place.arguments(&["--json"])));
    let clients = traffic.over().await;
    assert!(moved["moved"]["rows"].as_u64().unwrap() > 100, "{moved}");
    assert!(moved["moved"]["read_only_seconds"].as_f64().unwrap() < 10.0, "{moved}");

    shows_what_was_told(&old.urls[0], &clients).await;
    let told = refusal(&guise(&data, &["account", "add", "late"]));
    assert!(told.contains("was moved to postgres://") && told.contains("--store"), "{told}");
    assert!(old.terminate().success(), "what it cannot keep keeps it from nothing");
    let told = refusal(&guise(&data, &["serve"]));
    assert!(told.contains("was moved to postgres://"), "{told}");

    let new = Process::start(&data, &place.variables(), 1);
    shows_what_was_told(&new.urls[0], &clients).await;
    knows_what_was_sent(&new.urls[0], &clients).await;
    for mut client in clients {
        let highest = |client: &Client| -> Option<i64> {
            client.messages.last_key_value().map(|(id, _)| id.parse().unwrap())
        };
        let before = highest(&client);
        client.round(&new.urls[0], client.once.len()).await.unwrap();
        assert!(highest(&client) > before);
    }
    let again = text(&guise(&data, &place.arguments(&[])));
    assert!(again.contains("already") && again.contains("serve --store"), "{again}");
}

/// `PROFILES=50000 tests/backends/run cargo test -p guise --test it large -- --nocapture` takes minutes, and tells rates.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_installation_is_moved_while_clients_write() {
    let profiles = std::env::var("PROFILES").map_or(200, |count| count.parse().unwrap());
    let place = Place::new("large").await;
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let mut clients = Traffic::clients(&data, 4);
    let old = Process::start(&data, UNLIMITED, 1);
    let began = Instant::now();
    let writers = clients.split_off(2);
    for client in &mut clients {
        for _ in 0..profiles / 200 {
            client.hundred(&old.urls[0]).await;
        }
    }
    println!("made in {:?}", began.elapsed());
    let traffic = Traffic::start(writers, &old.urls[0]);
    traffic.rounds(20).await;
    let began = Instant::now();
    println!("{}", text(&guise(&data, &place.arguments(&[]))));
    println!("moved in {:?}", began.elapsed());
    clients.extend(traffic.over().await);
    assert!(old.terminate().success());
    let new = Process::start(&data, &place.variables(), 1);
    shows_what_was_told(&new.urls[0], &clients).await;
    knows_what_was_sent(&new.urls[0], &clients).await;
    println!("compared in {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_killed_anywhere_goes_on() {
    let place = Place::on(Database::new().await, "killed");
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let clients = Traffic::clients(&data, 2);
    let old = Process::start(&data, UNLIMITED, 1);
    let traffic = Traffic::start(clients, &old.urls[0]);
    let mut client = place.database.client().await;
    for lines in [1, 4, 8] {
        // It has to wait for one of its tables, and cannot come to an end.
        let waiting = client.transaction().await.unwrap();
        waiting.execute("LOCK TABLE messages IN EXCLUSIVE MODE", &[]).await.unwrap();
        traffic.rounds(5).await;
        let command = Following::start(&data, &[], &place.arguments(&[]));
        (0..lines).for_each(|_| drop(command.line()));
        drop(command);
        waiting.rollback().await.unwrap();
        let told = refusal(&guise_with(&data, &place.variables(), &["serve"]));
        assert!(told.contains("an installation is being moved into the database"), "{told}");
    }
    // The last word has to wait: everything is moved, and nothing can be changed.
    let waiting = client.transaction().await.unwrap();
    waiting.execute("LOCK TABLE moving IN EXCLUSIVE MODE", &[]).await.unwrap();
    let command = Following::start(&data, &[], &place.arguments(&[]));
    let clients = traffic.over().await;
    drop(command);
    let told = refusal(&guise(&data, &["account", "add", "late"]));
    assert!(told.contains("is about to be moved to postgres://"), "{told}");
    let told = refusal(&guise(&data, &["migrate", "--abandon"]));
    assert!(told.contains("say with --to"), "{told}");
    waiting.rollback().await.unwrap();

    let moved = json(&guise(&data, &place.arguments(&["--json"])));
    assert!(moved["moved"]["pictures"].as_u64().unwrap() > 0, "{moved}");
    let told = refusal(&guise(&data, &["migrate", "--abandon", "--to", &place.address]));
    assert!(told.contains("is in charge there"), "{told}");
    assert!(old.terminate().success());
    let new = Process::start(&data, &place.variables(), 1);
    shows_what_was_told(&new.urls[0], &clients).await;
    knows_what_was_sent(&new.urls[0], &clients).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_interrupted_leaves_the_folder_in_charge_and_goes_on() {
    let place = Place::on(Database::new().await, "interrupted");
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let clients = Traffic::clients(&data, 2);
    let old = Process::start(&data, UNLIMITED, 1);
    let traffic = Traffic::start(clients, &old.urls[0]);
    traffic.rounds(5).await;
    let mut client = place.database.client().await;
    // While tables are copied, of which one has to wait.
    let waiting = client.transaction().await.unwrap();
    waiting.execute("LOCK TABLE messages IN EXCLUSIVE MODE", &[]).await.unwrap();
    let command = Following::start(&data, &[], &place.arguments(&[]));
    command.line();
    let (done, told) = command.interrupt();
    assert!(!done && told.contains("the folder is in charge"), "{told}");
    waiting.rollback().await.unwrap();
    traffic.rounds(5).await;
    // While nothing can be changed: what the seal itself changes has to wait.
    let db = rusqlite::Connection::open(data.join("guise.db")).unwrap();
    let hold = "CREATE TRIGGER hold AFTER UPDATE OF stage ON moving WHEN NEW.stage = 1
        BEGIN INSERT INTO moving_blocks (account, other) VALUES (1, 2); END";
    db.execute_batch(hold).unwrap();
    let waiting = client.transaction().await.unwrap();
    waiting.execute("LOCK TABLE blocks IN EXCLUSIVE MODE", &[]).await.unwrap();
    let command = Following::start(&data, &[], &place.arguments(&[]));
    while !command.line().starts_with("comparing") {}
    let clients = traffic.over().await;
    let (done, told) = command.interrupt();
    assert!(!done && told.contains("the folder takes changes again"), "{told}");
    waiting.rollback().await.unwrap();
    db.execute_batch("DROP TRIGGER hold").unwrap();

    shows_what_was_told(&old.urls[0], &clients).await;
    let traffic = Traffic::start(clients, &old.urls[0]);
    traffic.rounds(5).await;
    json(&guise(&data, &place.arguments(&["--json"])));
    let clients = traffic.over().await;
    assert!(old.terminate().success());
    let new = Process::start(&data, &place.variables(), 1);
    shows_what_was_told(&new.urls[0], &clients).await;
    knows_what_was_sent(&new.urls[0], &clients).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bucket_pictures_stay_in_the_folder_and_are_served_from_there() {
    let database = Database::empty().await;
    let address = database.address("");
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let mut clients = Traffic::clients(&data, 2);
    let old = Process::start(&data, UNLIMITED, 1);
    clients[0].round(&old.urls[0], 0).await.unwrap();
    let output = guise(&data, &["migrate", "--to", &address]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("pictures stay in the folder"), "{told}");
    let next = text(&output);
    assert!(next.contains(" and 0 files of pictures ") && !next.contains("--blobs"), "{next}");
    assert!(old.terminate().success());
    let new = [UNLIMITED, &[("GUISE_STORE", address.as_str())]].concat();
    let new = Process::start(&data, &new, 1);
    shows_what_was_told(&new.urls[0], &clients).await;
    clients[0].round(&new.urls[0], 1).await.unwrap();
    shows_what_was_told(&new.urls[0], &clients).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_in_a_bucket_is_left_alone() {
    let place = Place::new("others").await;
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let mut clients = Traffic::clients(&data, 2);
    let old = Process::start(&data, UNLIMITED, 1);
    clients[0].round(&old.urls[0], 0).await.unwrap();
    let bucket = Blobs::bucket(&Bucket::parse(&place.bucket).unwrap(), 1).await.unwrap();
    let theirs = Blobs::local(&folder.path().join("theirs")).unwrap();
    let put = async |name: &str| {
        let file = folder.path().join("theirs").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "theirs").unwrap();
        assert!(theirs.copy(name, &bucket).await.unwrap());
    };
    put("pictures/1-2-ab/small.jpg").await;
    put("elsewhere/notes.txt").await;
    // However often it is asked for.
    for _ in 0..2 {
        let told = refusal(&guise(&data, &place.arguments(&[])));
        assert!(told.contains("there are pictures in the bucket already"), "{told}");
        assert_eq!(bucket.all().await.unwrap().len(), 1);
        assert_eq!(traces(&data), 0);
    }
    // Nor is one that a move does not begin with.
    let client = place.database.client().await;
    client.batch_execute(REFUSE).await.unwrap();
    let elsewhere = Place::new("elsewhere").await.bucket;
    let told = refusal(&guise(&data, &["migrate", "--to", &place.address, "--blobs", &elsewhere]));
    assert!(told.contains("not now") && told.contains("run the command again"), "{told}");
    let told = refusal(&guise(&data, &place.arguments(&[])));
    assert!(told.contains("there are pictures in the bucket already"), "{told}");

    bucket.remove("pictures/1-2-ab/small.jpg").await.unwrap();
    client.batch_execute("DROP TRIGGER refuse ON accounts").await.unwrap();
    text(&guise(&data, &place.arguments(&[])));
    assert!(bucket.copy("elsewhere/notes.txt", &theirs).await.unwrap(), "it is there still");
    assert!(!bucket.all().await.unwrap().is_empty());
    assert!(old.terminate().success());
    let new = Process::start(&data, &place.variables(), 1);
    shows_what_was_told(&new.urls[0], &clients).await;
}

/// Has the database stop a move that has begun.
const REFUSE: &str =
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION refuse()";

/// What a move has made in a folder's database.
fn traces(data: &Path) -> i64 {
    let db = rusqlite::Connection::open(data.join("guise.db")).unwrap();
    let traces =
        "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'moving%' OR name LIKE 'sealed%'";
    db.query_row(traces, (), |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_same_on_both_sides_is_noticed_and_the_folder_stays_in_charge() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let mut clients = Traffic::clients(&data, 2);
    let client = &mut clients[0];
    let old = Process::start(&data, UNLIMITED, 1);
    for number in 0..5 {
        client.round(&old.urls[0], number).await.unwrap();
    }
    for (wrong, told) in [
        ("NEW.content := NEW.content || ' '; RETURN NEW", "messages has as many rows ("),
        ("RETURN NULL", "messages has 0 rows in the place of"),
    ] {
        let place = Place::on(Database::new().await, "wrong");
        let spoil = format!(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {wrong}; END $$;
            CREATE TRIGGER spoil BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION spoil()"
        );
        place.database.client().await.batch_execute(&spoil).await.unwrap();
        let says = refusal(&guise(&data, &["migrate", "--to", &place.address]));
        assert!(says.contains(told) && says.contains("--abandon"), "{says}");
        client.round(&old.urls[0], client.once.len()).await.unwrap();
        assert!(traces(&data) > 0);
        let says = text(&guise(&data, &["migrate", "--abandon"]));
        assert!(says.starts_with("Taken back"), "{says}");
        assert_eq!(traces(&data), 0);
        let says = refusal(&guise(&data, &["migrate", "--to", &place.address]));
        assert!(says.contains("make a new database"), "{says}");
        client.round(&old.urls[0], client.once.len()).await.unwrap();
    }
    shows_what_was_told(&old.urls[0], &clients).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_moved_is_refused_and_left_alone() {
    let place = Place::new("refused").await;
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let to = ["migrate", "--to", place.address.as_str()];
    let told = refusal(&guise(&data, &to));
    assert!(told.contains("there is no installation in") && !data.exists(), "{told}");
    Signer::new(&data, "shop");
    let told = refusal(&guise(&data, &["migrate"]));
    assert!(told.contains("say with --to"), "{told}");
    let told = refusal(&guise(&data, &["migrate", "--to", "postgres://me:hush@127.0.0.1:1/x"]));
    assert!(told.contains("could not be opened") && !told.contains("hush"), "{told}");

    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let told = refusal(&guise_with(&data, &[("GUISE_KEY", key)], &to));
    assert!(told.contains("the key is not the one that"), "{told}");

    let used = Database::empty().await;
    let address = used.address("");
    text(&guise_with(&data, &[("GUISE_STORE", &address)], &["account", "add", "other"]));
    let told = refusal(&guise(&data, &["migrate", "--to", &address]));
    assert!(told.contains("there is an installation in postgres://"), "{told}");

    let db = rusqlite::Connection::open(data.join("guise.db")).unwrap();
    db.execute_batch("ALTER TABLE profiles ADD COLUMN mood TEXT").unwrap();
    let told = refusal(&guise(&data, &to));
    assert!(told.contains("profiles.mood has no place in the other store"), "{told}");
    db.execute_batch("ALTER TABLE profiles DROP COLUMN mood; PRAGMA user_version = 16").unwrap();
    let told = refusal(&guise(&data, &to));
    assert!(told.contains("is of an older guise"), "{told}");
    assert_eq!(traces(&data), 0);
}
