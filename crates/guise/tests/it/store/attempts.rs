//! Attempts at passwords, which are counted before the password is looked at.

use std::sync::Arc;

use guise_domain::limits::{ACCOUNT_ATTEMPTS_FREE, ADDRESS_ATTEMPTS_FREE, ATTEMPTS_SECONDS};
use guise_domain::{Attempt, Store};
use tokio::task::JoinSet;

use super::{NOW, cases};

cases! {
    attempts_at_one_account_wait_and_those_at_others_do_not,
    of_attempts_that_come_at_once_as_many_are_let_through_as_one_after_another,
    the_right_password_clears_its_account_and_takes_one_from_its_address,
    attempts_are_swept_once_they_count_no_more,
}

fn attempt(name: &str, address: &str) -> Attempt {
    Attempt::new(name.parse().ok().as_ref(), address.parse().ok())
}

/// How long an attempt so many seconds after [`NOW`] has to wait; nothing when it is let through, and counted.
async fn wait(store: &dyn Store, attempt: Attempt, seconds: i64) -> i64 {
    let begun = store.begin_attempt(attempt, NOW.plus_seconds(seconds)).await.unwrap();
    begun.err().unwrap_or_default()
}

async fn attempts_at_one_account_wait_and_those_at_others_do_not(store: Arc<dyn Store>) {
    for number in 0..5 {
        assert_eq!(wait(&*store, attempt("shop", &format!("192.0.2.{number}")), 0).await, 0);
    }
    assert_eq!(wait(&*store, attempt("SHOP", "192.0.2.9"), 0).await, 5);
    assert_eq!(wait(&*store, attempt("shop", ""), 1).await, 4);
    assert_eq!(wait(&*store, attempt("other", "192.0.2.9"), 1).await, 0);
    assert_eq!(wait(&*store, attempt("shop", "192.0.2.9"), 5).await, 0);
    assert_eq!(wait(&*store, attempt("shop", "192.0.2.9"), 5).await, 10);
    // What waited was counted nowhere: neither for the account nor for the address.
    for number in 0..18 {
        assert_eq!(wait(&*store, attempt(&format!("n{number}"), "192.0.2.9"), 5).await, 0);
    }
    assert_eq!(wait(&*store, attempt("another", "192.0.2.9"), 5).await, 5, "20 from there");
    assert_eq!(wait(&*store, attempt("", ""), 5).await, 0);
}

async fn of_attempts_that_come_at_once_as_many_are_let_through_as_one_after_another(
    store: Arc<dyn Store>,
) {
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let store = Arc::clone(&store);
        let (name, address) = (number % 20, number % 2);
        let attempt = attempt(&format!("n{name}"), &format!("192.0.2.{address}"));
        tasks.spawn(async move { (address, wait(&*store, attempt, 0).await == 0) });
    }
    let answers = tasks.join_all().await;
    for address in 0..2 {
        let let_through = answers.iter().filter(|answer| **answer == (address, true)).count();
        assert_eq!(u32::try_from(let_through).unwrap(), ADDRESS_ATTEMPTS_FREE, "{address}");
    }
    let mut tasks = JoinSet::new();
    for number in 0..30 {
        let (store, attempt) =
            (Arc::clone(&store), attempt("shop", &format!("198.51.100.{number}")));
        tasks.spawn(async move { wait(&*store, attempt, 0).await });
    }
    let free = tasks.join_all().await.into_iter().filter(|wait| *wait == 0).count();
    assert_eq!(u32::try_from(free).unwrap(), ACCOUNT_ATTEMPTS_FREE);
}

async fn the_right_password_clears_its_account_and_takes_one_from_its_address(
    store: Arc<dyn Store>,
) {
    for number in 0..15 {
        assert_eq!(wait(&*store, attempt(&format!("n{number}"), "192.0.2.1"), 0).await, 0);
    }
    for _ in 0..4 {
        assert_eq!(wait(&*store, attempt("shop", "192.0.2.1"), 0).await, 0);
    }
    let right = attempt("shop", "192.0.2.1");
    assert_eq!(wait(&*store, right, 0).await, 0);
    assert_eq!(
        wait(&*store, attempt("shop", "192.0.2.2"), 0).await,
        5,
        "as long as it is looked at"
    );
    store.end_attempt(right).await.unwrap();
    for _ in 0..5 {
        assert_eq!(wait(&*store, attempt("shop", "192.0.2.2"), 0).await, 0);
    }
    assert_eq!(wait(&*store, attempt("one", "192.0.2.1"), 0).await, 0, "19 were wrong");
    assert_eq!(wait(&*store, attempt("two", "192.0.2.1"), 0).await, 5);
    // What was swept meanwhile is nothing to be taken back.
    store.end_attempt(attempt("nobody", "192.0.2.77")).await.unwrap();
    assert_eq!(store.sweep_attempts(NOW).await.unwrap(), 0);
}

async fn attempts_are_swept_once_they_count_no_more(store: Arc<dyn Store>) {
    wait(&*store, attempt("shop", "192.0.2.1"), 0).await;
    wait(&*store, attempt("other", "192.0.2.1"), 10).await;
    let sweep = async |seconds| {
        store.sweep_attempts(NOW.plus_seconds(ATTEMPTS_SECONDS + seconds)).await.unwrap()
    };
    assert_eq!((sweep(-1).await, sweep(0).await, sweep(9).await, sweep(10).await), (0, 1, 0, 2));
    for _ in 0..5 {
        assert_eq!(wait(&*store, attempt("shop", "192.0.2.1"), 20).await, 0);
    }
}
