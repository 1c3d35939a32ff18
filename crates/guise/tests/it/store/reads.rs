//! Reads that nodes count together, each by telling what it counted.

use std::sync::Arc;

use guise_domain::rate::{Endpoint, Reads, Rule, Window};
use guise_domain::{Store, Timestamp};
use tokio::task::JoinSet;

use super::{NOW, cases};

const LIST: Endpoint = Endpoint::CustomProfilesList;

cases! {
    reads_join_the_window_that_is_open_whoever_began_it,
    a_window_that_is_over_makes_room_and_so_does_one_of_a_clock_that_was_wrong,
    of_reads_that_come_at_once_none_is_lost,
    windows_are_kept_by_token_and_swept_once_they_are_over,
}

fn reads(token: &str, endpoint: Endpoint, started: i64, used: u32) -> Reads {
    let window = at(started, used);
    Reads { token: token.into(), endpoint, rule: Rule { limit: 10, window_seconds: 900 }, window }
}

/// A window that began so many seconds after [`NOW`].
fn at(seconds: i64, used: u32) -> Window {
    Window { started_at: NOW.plus_seconds(seconds), used }
}

async fn count(store: &dyn Store, started: i64, used: u32, now: i64) -> Window {
    store.count_reads(reads("t", LIST, started, used), NOW.plus_seconds(now)).await.unwrap()
}

async fn reads_join_the_window_that_is_open_whoever_began_it(store: Arc<dyn Store>) {
    assert_eq!(count(&*store, 0, 1, 0).await, at(0, 1));
    assert_eq!(count(&*store, 0, 3, 10).await, at(0, 4), "by the node that began it");
    assert_eq!(count(&*store, 20, 1, 20).await, at(0, 5), "by one that knew of none");
    assert_eq!(count(&*store, -5, 2, -5).await, at(0, 7), "by one whose clock is behind");
    assert_eq!(count(&*store, 0, 9, 899).await, at(0, 16), "it is not here that they are refused");
    store.keep_reads(vec![reads("t", LIST, 0, 4)], NOW.plus_seconds(899)).await.unwrap();
    assert_eq!(store.reads_of("t").await.unwrap(), [(LIST, at(0, 20))]);
}

async fn a_window_that_is_over_makes_room_and_so_does_one_of_a_clock_that_was_wrong(
    store: Arc<dyn Store>,
) {
    count(&*store, 0, 5, 0).await;
    assert_eq!(count(&*store, 900, 1, 900).await, at(900, 1));
    assert_eq!(count(&*store, 0, 2, 899).await, at(900, 3), "what is told late begins none anew");
    assert_eq!(count(&*store, 0, 1, 0).await, at(900, 4), "a step back lifts no limit");
    assert_eq!(count(&*store, -1, 1, -1).await, at(-1, 1), "but further ahead than it is long");
}

async fn of_reads_that_come_at_once_none_is_lost(store: Arc<dyn Store>) {
    let mut tasks = JoinSet::new();
    for _ in 0..40 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            store
                .keep_reads(vec![reads("u", LIST, 0, 1), reads("t", LIST, 0, 1)], NOW)
                .await
                .unwrap();
            count(&*store, 0, 2, 0).await.used
        });
    }
    let mut totals = tasks.join_all().await;
    totals.sort_unstable();
    totals.dedup();
    assert_eq!((totals.len(), totals.last()), (40, Some(&120)), "each was told another number");
    assert_eq!(store.reads_of("u").await.unwrap(), [(LIST, at(0, 40))]);
}

async fn windows_are_kept_by_token_and_swept_once_they_are_over(store: Arc<dyn Store>) {
    let settings = Endpoint::AccountSettings;
    let kept = [("t", settings, 0, 3), ("t", LIST, 100, 4), ("t2", LIST, 50, 5)];
    let kept = kept.map(|(token, endpoint, started, used)| reads(token, endpoint, started, used));
    store.keep_reads(kept.to_vec(), NOW.plus_seconds(100)).await.unwrap();
    assert_eq!(store.reads_of("t").await.unwrap(), [(settings, at(0, 3)), (LIST, at(100, 4))]);
    assert_eq!(store.reads_of("nobody's").await.unwrap(), []);
    // A node that is alone reads all, and one that is not asks for what it needs.
    if let Some(all) = store.all_reads().await.unwrap() {
        let all: Vec<_> = all.iter().map(|(token, _, window)| (&**token, window.used)).collect();
        assert_eq!(all, [("t", 3), ("t", 4), ("t2", 5)]);
    }
    let sweep = async |seconds| store.sweep_reads(NOW.plus_seconds(seconds)).await.unwrap();
    assert_eq!((sweep(899).await, sweep(950).await, sweep(950).await), (0, 2, 0));
    assert_eq!(store.reads_of("t").await.unwrap(), [(LIST, at(100, 4))]);
    assert_eq!(store.reads_of("t2").await.unwrap(), []);
    assert_eq!(store.sweep_reads(Timestamp::from_millis(i64::MAX)).await.unwrap(), 1);
}
