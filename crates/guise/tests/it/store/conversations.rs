//! Boxes by whom they are shared with.

use std::sync::Arc;

use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    AccountId, Admission, Admitted, MessageId, NewAccount, NewMessage, PageRequest, Store,
};

use super::messages::text;
use super::{OTHER, OWNER, admission, by, cases, first, people};

const THIRD: AccountId = AccountId::new(33);
const ALL: PageRequest = PageRequest { count: 50, before: None };

async fn three_people(store: &dyn Store) {
    people(store).await;
    let new = NewAccount { id: THIRD, name: "third".parse().unwrap(), custom_profiles: true };
    store.create_account(new, by(33)).await.unwrap().unwrap();
}

/// Sends the message called `id`, which also tells one request from another.
async fn send(store: &dyn Store, id: i64, from: AccountId, to: AccountId) {
    let request = u64::try_from(id).unwrap();
    let rule = Rule { limit: 1000, window_seconds: 900 };
    let admission = Admission { rule, ..admission(from, Endpoint::DirectMessagesNew, request) };
    let (id, content) = (MessageId::new(id), text("Hello"));
    let new = NewMessage { id, recipient: to, profile: None, media: None, content };
    let sent = first(store.send_message(&admission, new, None).await.unwrap());
    assert!(matches!(sent, Admitted::Done(_, Ok(_))));
}

async fn with(store: &dyn Store, account: AccountId, other: AccountId) -> Vec<i64> {
    let page = store.messages_with(account, other, ALL).await.unwrap();
    page.items.iter().map(|message| message.id.get()).collect()
}

/// With whom, the newest message's id, and whether something is unread.
async fn overview(store: &dyn Store, account: AccountId) -> Vec<(AccountId, i64, bool)> {
    let page = store.conversations(account, ALL).await.unwrap();
    page.items.iter().map(|one| (one.other, one.newest.id.get(), one.unread)).collect()
}

async fn destroy(store: &dyn Store, request: u64, account: AccountId, id: i64) {
    let admission = admission(account, Endpoint::DirectMessagesDestroy, request);
    let destroyed = store.destroy_message(&admission, MessageId::new(id)).await.unwrap();
    assert!(matches!(destroyed, Admitted::Done(_, true)));
}
cases! {
    a_conversation_is_what_two_wrote_to_each_other_and_nobody_elses,
    conversations_are_listed_by_their_newest_message_until_none_is_left,
}

async fn a_conversation_is_what_two_wrote_to_each_other_and_nobody_elses(store: Arc<dyn Store>) {
    three_people(&*store).await;
    send(&*store, 1, OWNER, OTHER).await;
    send(&*store, 2, OTHER, OWNER).await;
    send(&*store, 3, OWNER, THIRD).await;
    send(&*store, 4, OTHER, THIRD).await;
    send(&*store, 5, OWNER, OWNER).await;
    send(&*store, 6, OWNER, OTHER).await;
    assert_eq!(with(&*store, OWNER, OTHER).await, [6, 2, 1]);
    assert_eq!(with(&*store, OTHER, OWNER).await, [6, 2, 1]);
    assert_eq!(with(&*store, OWNER, THIRD).await, [3]);
    assert_eq!(with(&*store, OWNER, OWNER).await, [5]);
    assert_eq!(with(&*store, OTHER, OTHER).await, [0; 0]);
    assert_eq!(with(&*store, AccountId::new(44), OWNER).await, [0; 0]);
    let page = PageRequest { count: 2, before: None };
    let newest = store.messages_with(OWNER, OTHER, page).await.unwrap();
    assert_eq!((newest.items.len(), newest.next), (2, Some(2)));
    let page = PageRequest { count: 2, before: newest.next };
    let older = store.messages_with(OWNER, OTHER, page).await.unwrap();
    assert_eq!((older.items[0].id.get(), older.items.len(), older.next), (1, 1, None));
}

async fn conversations_are_listed_by_their_newest_message_until_none_is_left(
    store: Arc<dyn Store>,
) {
    three_people(&*store).await;
    // Ids are made before their messages are kept, so a higher one may come first.
    send(&*store, 3, OWNER, OTHER).await;
    send(&*store, 2, OTHER, OWNER).await;
    send(&*store, 4, THIRD, OWNER).await;
    send(&*store, 5, OWNER, OWNER).await;
    let listed = [(OWNER, 5, false), (THIRD, 4, true), (OTHER, 3, true)];
    assert_eq!(overview(&*store, OWNER).await, listed);
    assert_eq!(overview(&*store, OTHER).await, [(OWNER, 3, true)]);
    assert_eq!(overview(&*store, AccountId::new(44)).await, []);
    let page = PageRequest { count: 2, before: None };
    let newest = store.conversations(OWNER, page).await.unwrap();
    assert_eq!((newest.items.len(), newest.next), (2, Some(4)));
    let page = PageRequest { count: 2, before: newest.next };
    let older = store.conversations(OWNER, page).await.unwrap();
    assert_eq!((older.items[0].other, older.items.len(), older.next), (OTHER, 1, None));

    let read = admission(OWNER, Endpoint::DirectMessagesMarkRead, 101);
    let read = store.mark_read(&read, THIRD, MessageId::new(4)).await.unwrap();
    assert!(matches!(read, Admitted::Done(_, Ok(true))));
    destroy(&*store, 102, OWNER, 5).await;
    destroy(&*store, 103, OWNER, 3).await;
    assert_eq!(overview(&*store, OWNER).await, [(THIRD, 4, false), (OTHER, 2, true)]);
    assert_eq!(overview(&*store, OTHER).await, [(OWNER, 3, true)], "it kept its copy");
    destroy(&*store, 104, OWNER, 2).await;
    assert_eq!(overview(&*store, OWNER).await, [(THIRD, 4, false)]);
    send(&*store, 6, OTHER, OWNER).await;
    assert_eq!(overview(&*store, OWNER).await, [(OTHER, 6, true), (THIRD, 4, false)]);
}
