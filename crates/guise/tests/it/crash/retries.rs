//! Requests that are sent again after a crash: once done is done once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::tempdir;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::is_whole;
use crate::support::{Process, Signer};

const ROUNDS: usize = 10;
const MESSAGES: usize = 200;
const UNLIMITED: &[(&str, &str)] = &[
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_NEW", "1000000/24h"),
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_NEW_BY_APP", "1000000/24h"),
];

/// Sends the round's messages all at once, each under its text for a key, and calls `on_answer` with how many were
/// acknowledged; the ids of those, by text.
async fn send_all(
    pair: &[Signer; 2],
    base: &str,
    round: usize,
    on_answer: impl Fn(usize) + Clone + Send + 'static,
) -> HashMap<String, String> {
    let mut tasks = JoinSet::new();
    let count = Arc::new(AtomicUsize::new(0));
    for number in 0..MESSAGES {
        let (from, to) = (pair[0].clone(), pair[1].account.clone());
        let (base, count, on_answer) = (base.to_owned(), Arc::clone(&count), on_answer.clone());
        tasks.spawn(async move {
            let text = format!("m{round}-{number}");
            let event = from.write_under(&base, &to, &text, Some(&text)).await?;
            on_answer(count.fetch_add(1, Ordering::SeqCst) + 1);
            Some((text, event["id"].as_str().unwrap().to_owned()))
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_sent_again_after_a_kill_is_there_once() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let pair = [Signer::new(&data, "shop"), Signer::new(&data, "ann")];
    let mut server = Process::start(&data, UNLIMITED, 1);
    let mut unanswered = 0;
    for round in 0..ROUNDS {
        let (base, enough) = (server.urls[0].clone(), 1 + 15 * round);
        let reached = Arc::new(Notify::new());
        let notify = Arc::clone(&reached);
        let on_answer = move |count| {
            if count == enough {
                notify.notify_one();
            }
        };
        let kill = async {
            reached.notified().await;
            server.kill();
        };
        let (answered, ()) = tokio::join!(send_all(&pair, &base, round, on_answer), kill);
        unanswered += MESSAGES - answered.len();
        server = Process::start(&data, UNLIMITED, 1);
        let again = send_all(&pair, &server.urls[0].clone(), round, |_| {}).await;
        assert_eq!(again.len(), MESSAGES);
        for (text, id) in &answered {
            assert_eq!(again.get(text), Some(id), "{text}");
        }
        let db = is_whole(&data, round);
        let count = "SELECT count(*) FROM messages WHERE account = recipient";
        let kept: i64 = db.query_row(count, (), |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(kept).unwrap(), (round + 1) * MESSAGES, "after round {round}");
    }
    assert!(unanswered > 0, "no kill came in time");
}
