//! Messages: in both boxes, or in none.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tempfile::tempdir;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{ROUNDS, is_whole};
use crate::support::{Process, Signer};

const SENDERS: usize = 32;
const UNLIMITED: &[(&str, &str)] = &[
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_NEW", "1000000/24h"),
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_NEW_BY_APP", "1000000/24h"),
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_SHOW", "1000000/15m"),
];

/// Two accounts write to each other as fast as they can, until `enough` messages were acknowledged and the server is
/// killed; those that were.
async fn killed_amid_sends(
    pair: &[Signer; 2],
    server: &mut Process,
    round: usize,
    enough: usize,
) -> Vec<Value> {
    let base = server.urls[0].clone();
    let (count, reached) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut tasks = JoinSet::new();
    for number in 0..SENDERS {
        let (from, to) = (pair[number % 2].clone(), pair[1 - number % 2].account.clone());
        let (count, reached, base) = (Arc::clone(&count), Arc::clone(&reached), base.clone());
        tasks.spawn(async move {
            let mut acknowledged = Vec::new();
            while let Some(event) = from.write(&base, &to, &format!("m{round}-{number}")).await {
                acknowledged.push(event);
                if count.fetch_add(1, Ordering::SeqCst) + 1 == enough {
                    reached.notify_one();
                }
            }
            acknowledged
        });
    }
    reached.notified().await;
    server.kill();
    tasks.join_all().await.into_iter().flatten().collect()
}

/// Every message's id with how many copies there are.
fn copies(data: &Path, round: usize) -> Vec<(i64, i64)> {
    let db = is_whole(data, round);
    let mut query = db.prepare("SELECT id, count(*) FROM messages GROUP BY id").unwrap();
    let rows = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_message_is_in_both_boxes_and_none_in_one_only() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let pair = [Signer::new(&data, "shop"), Signer::new(&data, "ann")];
    let mut server = Process::start(&data, UNLIMITED, 1);
    let mut ids = HashSet::new();
    for round in 0..ROUNDS {
        let acknowledged = killed_amid_sends(&pair, &mut server, round, 20 + 30 * round).await;
        server = Process::start(&data, UNLIMITED, 1);
        let base = server.urls[0].clone();
        for event in &acknowledged {
            let id = event["id"].as_str().unwrap();
            assert!(ids.insert(id.parse::<i64>().unwrap()), "the id {id} was given twice");
        }
        for event in acknowledged.iter().step_by(10) {
            for side in &pair {
                let mut read = side.message(&base, event["id"].as_str().unwrap()).await;
                read["message_create"].as_object_mut().unwrap().remove("source_app_id");
                assert_eq!(read, *event);
            }
        }
        let kept = copies(&data, round);
        let halved: Vec<_> = kept.iter().filter(|(_, copies)| *copies != 2).collect();
        assert!(halved.is_empty(), "in one box only: {halved:?}");
        let kept: HashSet<i64> = kept.into_iter().map(|(id, _)| id).collect();
        assert!(ids.is_subset(&kept), "{} are lost", ids.difference(&kept).count());
    }
    assert!(ids.len() >= ROUNDS * 20, "{} messages", ids.len());
}
