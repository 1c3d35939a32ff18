//! Writes that are asked for again under the same key.

use std::sync::Arc;

use guise_domain::rate::Endpoint;
use guise_domain::{
    Admission, Admitted, Answer, AppId, Keep, LogFilter, Lookalike, Once, PageRequest, Retry,
    Store, Tagged, Timestamp,
};

use super::{NOW, OTHER, OWNER, admission, cases, create, image, people, profile, upload};

const ALL: PageRequest = PageRequest { count: 50, before: None };

fn retry(key: &str, content: u8) -> Retry {
    Retry { key: key.parse().unwrap(), content: [content; 32] }
}

/// What keeps an answer with the profile's id for a body.
fn keep(key: &str, content: u8) -> Keep<(Tagged, Vec<Lookalike>)> {
    let write = |(made, _): &(Tagged, Vec<Lookalike>)| answer(made.profile.id.get());
    let until = NOW.plus_seconds(100);
    Keep { retry: retry(key, content), until, subject: 100, write: Box::new(write) }
}

fn answer(id: i64) -> Answer {
    let headers = vec![("etag".to_owned(), "\"1\"".to_owned())];
    Answer { status: 201, headers, body: id.to_string().into_bytes() }
}

async fn profiles(store: &dyn Store) -> usize {
    store.profiles(OWNER, ALL).await.unwrap().items.len()
}
cases! {
    the_same_is_done_once_counted_once_and_answered_the_same,
    a_key_is_for_one_content_of_one_app_of_one_account,
    what_was_refused_leaves_its_key_free,
    an_answer_is_kept_until_its_time_and_then_forgotten,
    a_request_is_remembered_until_its_time_and_then_forgotten,
}

async fn the_same_is_done_once_counted_once_and_answered_the_same(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    let made = store.create_profile(&create(2), profile(100, 5), Some(keep("a", 1))).await.unwrap();
    let Once::First(Admitted::Done(counted, Ok(_))) = made else { panic!("{made:?}") };
    let again =
        store.create_profile(&create(3), profile(101, 5), Some(keep("a", 1))).await.unwrap();
    assert_eq!(again, Once::Again(counted, Some(answer(100))));
    let looked = store.answered_before(&create(4), &retry("a", 1)).await.unwrap();
    assert_eq!(looked, Some(Once::Again(counted, Some(answer(100)))));
    // A signed request is told nothing twice, whether it names a key or not.
    let replayed = store.create_profile(&create(3), profile(102, 5), Some(keep("a", 1))).await;
    assert_eq!(replayed.unwrap(), Once::First(Admitted::Replayed));
    let replayed = store.answered_before(&create(4), &retry("a", 1)).await.unwrap();
    assert_eq!(replayed, Some(Once::First(Admitted::Replayed)));
    assert_eq!(store.answered_before(&create(5), &retry("b", 1)).await.unwrap(), None);
    assert_eq!(profiles(&*store).await, 1);
    let log = store.log(OWNER, LogFilter::default(), ALL).await.unwrap();
    assert_eq!(log.items.iter().filter(|entry| entry.subject == 100).count(), 1);
}

async fn a_key_is_for_one_content_of_one_app_of_one_account(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    let made = store.create_profile(&create(2), profile(100, 5), Some(keep("a", 1))).await.unwrap();
    let Once::First(Admitted::Done(counted, Ok(_))) = made else { panic!("{made:?}") };
    let taken =
        store.create_profile(&create(3), profile(101, 5), Some(keep("a", 2))).await.unwrap();
    let Once::KeyTaken(left) = taken else { panic!("{taken:?}") };
    assert_eq!(left.remaining, counted.remaining - 1);
    let by_another_app = Admission { app: AppId::new(8), ..create(4) };
    let made = store.create_profile(&by_another_app, profile(102, 5), Some(keep("a", 2))).await;
    assert!(matches!(made, Ok(Once::First(Admitted::Done(_, Ok(_))))));
    let of_another = admission(OTHER, Endpoint::CustomProfilesNew, 5);
    assert_eq!(store.answered_before(&of_another, &retry("a", 1)).await.unwrap(), None);
    assert_eq!(profiles(&*store).await, 2);
}

async fn what_was_refused_leaves_its_key_free(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    let refused = store.create_profile(&create(2), profile(100, 6), Some(keep("a", 1))).await;
    assert!(matches!(refused, Ok(Once::First(Admitted::Done(_, Err(_))))));
    let made = store.create_profile(&create(3), profile(100, 5), Some(keep("a", 2))).await;
    assert!(matches!(made, Ok(Once::First(Admitted::Done(_, Ok(_))))));
}

async fn an_answer_is_kept_until_its_time_and_then_forgotten(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    for (request, key) in [(2, "a"), (3, "b")] {
        let id = 100 + i64::try_from(request).unwrap();
        store.create_profile(&create(request), profile(id, 5), Some(keep(key, 1))).await.unwrap();
    }
    let at = |now: Timestamp, request| Admission { now, ..create(request) };
    let end = NOW.plus_seconds(100);
    let before = at(Timestamp::from_millis(end.millis() - 1), 4);
    assert_eq!(store.sweep_answers(before.now).await.unwrap(), 0);
    assert!(store.answered_before(&before, &retry("a", 1)).await.unwrap().is_some());
    // Over, but not swept yet: the key is as good as new.
    let over = at(end, 5);
    assert_eq!(store.answered_before(&over, &retry("a", 1)).await.unwrap(), None);
    let made = store.create_profile(&over, profile(110, 5), Some(keep("a", 2))).await;
    assert!(matches!(made, Ok(Once::First(Admitted::Done(_, Ok(_))))));
    assert_eq!(store.sweep_answers(end).await.unwrap(), 2);
    assert_eq!(profiles(&*store).await, 3);
}

async fn a_request_is_remembered_until_its_time_and_then_forgotten(store: Arc<dyn Store>) {
    people(&*store).await;
    assert!(matches!(store.count(&create(1)).await, Ok(Admitted::Done(..))));
    let until = create(1).replay_until;
    assert_eq!(store.sweep_replays(until).await, Ok(0));
    assert_eq!(store.count(&create(1)).await, Ok(Admitted::Replayed));
    assert_eq!(store.sweep_replays(until.plus_seconds(1)).await, Ok(1));
    assert!(matches!(store.count(&create(1)).await, Ok(Admitted::Done(..))));
}
