//! Messages: one step that leaves everything in place, or nothing.

use std::sync::Arc;

use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    AccountId, Admission, Admitted, AppId, AppRule, MediaId, Message, MessageContent,
    MessageEntities, MessageId, MessageText, NewMessage, PageRequest, ProfileId, SendError, Store,
    Timestamp,
};
use tokio::task::JoinSet;

use super::{NOW, OTHER, OWNER, admission, cases, create, first, image, people, profile, upload};

const APP: AppId = AppId::new(7);
const ALL: PageRequest = PageRequest { count: 50, before: None };
const LONG_AGO: Timestamp = Timestamp::from_millis(0);

pub(super) fn text(text: &str) -> MessageContent {
    MessageContent::of(MessageText::parse(text).unwrap(), MessageEntities::default())
}

fn new(id: i64, recipient: AccountId) -> NewMessage {
    let (id, content) = (MessageId::new(id), text("Hello"));
    NewMessage { id, recipient, profile: None, media: None, content }
}

fn sending(account: AccountId, request: u64) -> Admission {
    admission(account, Endpoint::DirectMessagesNew, request)
}

async fn send(store: &dyn Store, request: u64, new: NewMessage) -> Result<Message, SendError> {
    match first(store.send_message(&sending(OWNER, request), new, None).await.unwrap()) {
        Admitted::Done(_, sent) => sent,
        refused => panic!("{refused:?}"),
    }
}

async fn ids(store: &dyn Store, account: AccountId) -> Vec<i64> {
    let page = store.messages(account, ALL, LONG_AGO).await.unwrap();
    page.items.iter().map(|message| message.id.get()).collect()
}
cases! {
    a_message_has_two_copies_each_of_its_own_fate,
    both_copies_keep_what_the_picture_was_said_to_show_when_it_was_sent,
    a_message_marks_the_profile_it_is_written_under_and_keeps_its_face,
    a_message_that_is_refused_leaves_nothing_but_its_count,
    of_messages_at_once_exactly_as_many_pass_as_the_apps_window_holds,
}

async fn a_message_has_two_copies_each_of_its_own_fate(store: Arc<dyn Store>) {
    people(&*store).await;
    let sent = send(&*store, 1, new(1 << 40, OTHER)).await.unwrap();
    for account in [OWNER, OTHER] {
        assert_eq!(store.message(account, sent.id).await.unwrap(), Some(sent.clone()));
        assert_eq!(ids(&*store, account).await, [1 << 40]);
        let after = store.messages_after(account, MessageId::new(0), 9).await.unwrap();
        assert_eq!(after, std::slice::from_ref(&sent));
        assert!(store.messages_after(account, sent.id, 9).await.unwrap().is_empty());
    }
    assert_eq!(store.message(AccountId::new(33), sent.id).await.unwrap(), None);
    let since = sent.id.created_at();
    assert_eq!(store.messages(OWNER, ALL, since).await.unwrap().items.len(), 1);
    assert!(store.messages(OWNER, ALL, since.plus_seconds(1)).await.unwrap().items.is_empty());
    let destroy = admission(OTHER, Endpoint::DirectMessagesDestroy, 2);
    let destroyed = store.destroy_message(&destroy, sent.id).await.unwrap();
    assert!(matches!(destroyed, Admitted::Done(_, true)));
    assert_eq!((ids(&*store, OWNER).await, ids(&*store, OTHER).await), (vec![1 << 40], vec![]));
    send(&*store, 3, new(2 << 40, OWNER)).await.unwrap();
    assert_eq!(ids(&*store, OWNER).await, [2 << 40, 1 << 40], "to oneself: one copy");
}

async fn both_copies_keep_what_the_picture_was_said_to_show_when_it_was_sent(
    store: Arc<dyn Store>,
) {
    people(&*store).await;
    for (media, described) in [(5, Some("Jon")), (6, None), (7, Some(""))] {
        let request = u64::try_from(media).unwrap() * 10;
        upload(&*store, image(OWNER, media), request).await;
        let describe = |request| admission(OWNER, Endpoint::MediaMetadataCreate, request);
        let id = MediaId::new(media);
        if let Some(text) = described {
            store.describe_upload(&describe(request + 1), id, text).await.unwrap();
        }
        let message = NewMessage { media: Some(id), ..new(media << 40, OTHER) };
        let sent = send(&*store, request + 2, message).await.unwrap();
        store.describe_upload(&describe(request + 3), id, "later").await.unwrap();
        for account in [OWNER, OTHER] {
            let kept = store.message(account, sent.id).await.unwrap().unwrap();
            assert_eq!(kept, sent);
            assert_eq!(kept.content.alt_text.as_deref(), described.filter(|text| !text.is_empty()));
        }
    }
}

async fn a_message_marks_the_profile_it_is_written_under_and_keeps_its_face(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    store.create_profile(&create(2), profile(100, 5), None).await.unwrap();
    let id = ProfileId::new(100);
    assert_eq!(store.face(OTHER, id).await.unwrap(), None);
    for (number, request) in (1..=3).zip(3..) {
        let written = NewMessage { profile: Some(id), ..new(number, OTHER) };
        send(&*store, request, written).await.unwrap();
    }
    let kept = store.profile(OWNER, id).await.unwrap().unwrap();
    assert_eq!((kept.uses, kept.last_used_at), (3, Some(NOW)));
    let face = kept.face();
    let destroy = admission(OWNER, Endpoint::CustomProfilesDestroy, 9);
    store.destroy_profile(&destroy, id).await.unwrap();
    assert_eq!(store.face(OWNER, id).await.unwrap(), None);
    assert_eq!(store.face(OTHER, id).await.unwrap(), Some(face.clone()));
    for account in [OWNER, OTHER] {
        let page = store.messages(account, ALL, LONG_AGO).await.unwrap();
        assert!(page.items.iter().all(|message| message.face == Some(face.clone())));
    }
    let late = NewMessage { profile: Some(id), ..new(4, OTHER) };
    assert_eq!(send(&*store, 10, late).await, Err(SendError::ProfileDestroyed));
}

async fn a_message_that_is_refused_leaves_nothing_but_its_count(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    store.create_profile(&create(2), profile(100, 5), None).await.unwrap();
    let (profile, media) = (Some(ProfileId::new(100)), Some(MediaId::new(5)));
    let refused = [
        (NewMessage { media, ..new(1, AccountId::new(33)) }, SendError::NoRecipient),
        (
            NewMessage { profile: Some(ProfileId::new(1)), media, ..new(2, OTHER) },
            SendError::ProfileNotFound,
        ),
        (
            NewMessage { profile, media: Some(MediaId::new(6)), ..new(3, OTHER) },
            SendError::MediaNotFound,
        ),
    ];
    for ((new, refusal), request) in refused.into_iter().zip(3..) {
        assert_eq!(send(&*store, request, new).await, Err(refusal));
    }
    assert!(ids(&*store, OWNER).await.is_empty() && ids(&*store, OTHER).await.is_empty());
    assert_eq!(store.profile(OWNER, ProfileId::new(100)).await.unwrap().unwrap().uses, 0);
    let window = store.write_window(OWNER, Endpoint::DirectMessagesNew).await.unwrap();
    assert_eq!(window.unwrap().used, 3);
    let sent = send(&*store, 8, NewMessage { media, ..new(4, OTHER) }).await;
    sent.expect("the upload was not used up");
    let again = send(&*store, 9, NewMessage { media, ..new(5, OTHER) }).await;
    assert_eq!(again, Err(SendError::MediaUsed));
    let end = NOW.plus_seconds(86_400);
    assert!(store.sweep_uploads(end, 10).await.unwrap().is_empty(), "it is the message's now");
}

async fn of_messages_at_once_exactly_as_many_pass_as_the_apps_window_holds(store: Arc<dyn Store>) {
    people(&*store).await;
    let rule = Rule { limit: 5, window_seconds: 900 };
    let endpoint = Endpoint::DirectMessagesNewByApp;
    let mut tasks = JoinSet::new();
    for number in 0..40 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let by_app = Some(AppRule { endpoint, rule });
            let account = if number % 2 == 0 { OWNER } else { OTHER };
            let admission = Admission { by_app, ..sending(account, number) };
            let id = 1 + i64::try_from(number).unwrap();
            first(store.send_message(&admission, new(id, account), None).await.unwrap())
        });
    }
    let answers = tasks.join_all().await;
    let done = answers.iter().filter(|answer| matches!(answer, Admitted::Done(_, Ok(_))));
    assert_eq!(done.count(), 5);
    assert_eq!(store.app_window(APP, endpoint).await.unwrap().unwrap().used, 5);
    assert_eq!(ids(&*store, OWNER).await.len() + ids(&*store, OTHER).await.len(), 5);
}
