//! How long a page of a box takes to read, of a box of a thousand messages and of one of a million, in one run.
//!
//! `cargo run --release -p guise-sqlite --example boxes`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for people: what goes wrong may stop it"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    AccountId, Accounts, Admission, AppId, By, EntryId, MessageContent, MessageEntities, MessageId,
    MessageText, Messages, NewAccount, NewMessage, PageRequest, ReplayKey, Timestamp,
};
use guise_sqlite::{Options, SqliteStore};
use tokio::task::JoinSet;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const BOXES: [(i64, i64); 2] = [(11, 1_000), (22, 1_000_000)];
const WRITERS: i64 = 256;
const READS: usize = 2_000;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guise.db");
    let store = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
    println!(
        "| messages in the box | written per second | newest page, µs | a page from the middle, µs |"
    );
    println!("| --- | --- | --- | --- |");
    let mut newest = Vec::new();
    for (account, count) in BOXES {
        let name = format!("box{account}").parse().unwrap();
        let id = AccountId::new(account);
        let new = NewAccount { id, name, custom_profiles: true };
        let by = By { entry: EntryId::new(account), app: None, operator: None };
        store.create_account(new, by).await.unwrap().unwrap();
        let began = Instant::now();
        fill(&store, id, count).await;
        let rate = f64::from(u32::try_from(count).unwrap()) / began.elapsed().as_secs_f64();
        let first = page(&store, id, None).await;
        let middle = page(&store, id, Some(first_id(account) + count / 2)).await;
        println!("| {count} | {rate:.0} | {} | {} |", first.as_micros(), middle.as_micros());
        newest.push(first.as_secs_f64());
    }
    if let [small, large] = newest.as_slice() {
        println!(
            "\nThe newest page of the large box takes {:.2} times that of the small one.",
            large / small
        );
    }
}

fn first_id(account: i64) -> i64 {
    MessageId::first_at(NOW).get() + account * 10_000_000
}

/// Has an account write to itself, many writers at once.
async fn fill(store: &Arc<SqliteStore>, account: AccountId, count: i64) {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(store);
        writers.spawn(async move {
            let mut number = writer;
            while number < count {
                write(&store, account, number).await;
                number += WRITERS;
            }
        });
    }
    writers.join_all().await;
}

async fn write(store: &SqliteStore, account: AccountId, number: i64) {
    let mut replay = [0; 16];
    for (to, from) in replay.iter_mut().zip((account.get() * 10_000_000 + number).to_be_bytes()) {
        *to = from;
    }
    let admission = Admission {
        account,
        replay: ReplayKey(replay),
        replay_until: NOW,
        endpoint: Endpoint::DirectMessagesNew,
        rule: Rule { limit: u32::MAX, window_seconds: 86_400 },
        app: AppId::new(1),
        operator: None,
        entry: EntryId::new(first_id(account.get()) + number),
        by_app: None,
        now: NOW,
    };
    let text = MessageText::parse("Your order has been shipped and arrives on Thursday.").unwrap();
    let new = NewMessage {
        id: MessageId::new(first_id(account.get()) + number),
        recipient: account,
        profile: None,
        media: None,
        content: MessageContent::of(text, MessageEntities::default()),
    };
    store.send_message(&admission, new, None).await.unwrap();
}

/// The median time of reading a page of twenty.
async fn page(store: &SqliteStore, account: AccountId, before: Option<i64>) -> Duration {
    let page = PageRequest { count: 20, before };
    let mut times = Vec::with_capacity(READS);
    for _ in 0..READS {
        let began = Instant::now();
        let read = store.messages(account, page, NOW.plus_seconds(-86_400)).await.unwrap();
        times.push(began.elapsed());
        assert_eq!(read.items.len(), 20);
    }
    times.sort_unstable();
    times.get(READS / 2).copied().unwrap_or_default()
}
