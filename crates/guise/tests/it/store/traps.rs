//! What one database takes and another stumbles over.

use std::sync::Arc;

use guise_domain::rate::Endpoint;
use guise_domain::{
    Access, AccountId, Admitted, AppId, Content, MediaId, MessageContent, MessageEntities,
    MessageId, MessageText, NewAccount, NewApp, NewMessage, NewProfile, NewToken, PageRequest,
    ProfileFilter, ProfileId, ProfileName, Sealed, Store,
};
use tokio::task::JoinSet;

use super::{
    NOW, OTHER, OWNER, admission, by, cases, create, first, image, people, receiving, upload,
};

cases! {
    text_with_nul_is_text,
    text_is_ordered_by_its_bytes,
    the_largest_numbers_are_numbers,
    of_those_who_take_a_name_at_once_one_has_it,
    those_who_write_to_each_other_at_once_do_so,
}

const ALL: PageRequest = PageRequest { count: 50, before: None };

async fn text_with_nul_is_text(store: Arc<dyn Store>) {
    people(&*store).await;
    let media_type = "image/\0\u{1}".to_owned();
    let content = Content::Receiving { total_bytes: 100, media_type };
    let odd = guise_domain::Upload { content, ..receiving(OWNER, 5) };
    upload(&*store, odd.clone(), 1).await;
    assert_eq!(store.upload(OWNER, MediaId::new(5), NOW).await, Ok(Some(odd)));
    let describe = admission(OWNER, Endpoint::MediaMetadataCreate, 2);
    let described = store.describe_upload(&describe, MediaId::new(5), "a\0b").await.unwrap();
    assert!(matches!(described, Admitted::Done(_, Ok(()))));
    assert_eq!(store.credential("a\0", "11-\0").await, Ok(None));
    assert_eq!(store.request_token("\0").await, Ok(None));
    assert_eq!(store.revoke_token(OWNER, "11-\0", by(100)).await, Ok(false));
    let name = ProfileName::parse("Jon").unwrap();
    let new =
        NewProfile { avatar: None, ..NewProfile::plain(ProfileId::new(9), name, MediaId::new(1)) };
    store.create_profile(&create(3), new, None).await.unwrap();
    for (searched, found) in [("jo\0n", 0), ("\0", 0), ("jon", 1)] {
        let filter = ProfileFilter { name: Some(searched.to_owned()), ..ProfileFilter::default() };
        let page = store.find_profiles(OWNER, filter, ALL).await.unwrap();
        assert_eq!(page.items.len(), found, "{searched:?}");
    }
}

async fn text_is_ordered_by_its_bytes(store: Arc<dyn Store>) {
    people(&*store).await;
    let secret = Sealed::from_bytes(vec![1]);
    let (name, consumer_key) = ("Desk".to_owned(), "key".to_owned());
    let id = AppId::new(70);
    let url = String::new();
    let new = NewApp { id, name, url, consumer_key, consumer_secret: secret.clone() };
    store.create_app(OWNER, new, by(100)).await.unwrap().unwrap();
    for (entry, end) in (101..).zip(["b", "_", "B", "a", "A", "-"]) {
        let token = format!("11-{end}");
        let (access, operator) = (Access::Write, None);
        let new =
            NewToken { token, app: id, secret: secret.clone(), access, operator, created_at: NOW };
        store.create_token(OWNER, new, by(entry)).await.unwrap().unwrap();
    }
    let tokens = store.tokens(OWNER).await.unwrap();
    let ends: String = tokens.iter().map(|token| &token.token[3..]).collect();
    assert_eq!(ends, "-AB_ab");
}

async fn the_largest_numbers_are_numbers(store: Arc<dyn Store>) {
    let last = AccountId::new(i64::MAX - 1);
    let new = NewAccount { id: last, name: "last".parse().unwrap(), custom_profiles: true };
    store.create_account(new, by(i64::MAX)).await.unwrap().unwrap();
    let name = ProfileName::parse(&"\u{1F98A}".repeat(48)).unwrap();
    let id = ProfileId::new(i64::MAX);
    let new = NewProfile { avatar: None, ..NewProfile::plain(id, name.clone(), MediaId::new(1)) };
    let request = admission(last, Endpoint::CustomProfilesNew, 1);
    let made = store.create_profile(&request, new, None).await.unwrap();
    assert!(matches!(first(made), Admitted::Done(_, Ok(_))));
    for (before, found) in [(None, 1), (Some(i64::MAX), 0), (Some(i64::MIN), 0)] {
        let page = store.profiles(last, PageRequest { count: 1, before }).await.unwrap();
        assert_eq!(page.items.len(), found, "{before:?}");
        assert!(page.items.iter().all(|profile| profile.current.name == name));
    }
}

async fn of_those_who_take_a_name_at_once_one_has_it(store: Arc<dyn Store>) {
    people(&*store).await;
    let mut tasks = JoinSet::new();
    for id in 100..120 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let name = if id % 2 == 0 { "wanted" } else { "WANTED" }.parse().unwrap();
            let new = NewAccount { id: AccountId::new(id), name, custom_profiles: true };
            store.create_account(new, by(1000 + id)).await.unwrap().is_ok()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|made| *made).count(), 1);
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let id = ProfileId::new(2000 + i64::try_from(number).unwrap());
            let name = ProfileName::parse("Jon").unwrap();
            let plain = NewProfile::plain(id, name, MediaId::new(1));
            let external_id = Some("same".parse().unwrap());
            let new = NewProfile { avatar: None, external_id, ..plain };
            let mut request = create(100 + number);
            request.rule.limit = 100;
            first(store.create_profile(&request, new, None).await.unwrap())
        });
    }
    let made = |admitted: &Admitted<_>| matches!(admitted, Admitted::Done(_, Ok(_)));
    assert_eq!(tasks.join_all().await.iter().filter(|admitted| made(admitted)).count(), 1);
    assert_eq!(store.profiles(OWNER, ALL).await.unwrap().items.len(), 1);
}

async fn those_who_write_to_each_other_at_once_do_so(store: Arc<dyn Store>) {
    people(&*store).await;
    upload(&*store, image(OWNER, 5), 1).await;
    let mut tasks = JoinSet::new();
    for number in 0..60 {
        let store = Arc::clone(&store);
        let (from, to) = if number % 2 == 0 { (OWNER, OTHER) } else { (OTHER, OWNER) };
        tasks.spawn(async move {
            let mut request = admission(from, Endpoint::DirectMessagesNew, 100 + number);
            request.rule.limit = 100;
            let text = MessageText::parse("hello").unwrap();
            let new = NewMessage {
                id: MessageId::new(5000 + i64::try_from(number).unwrap()),
                recipient: to,
                profile: None,
                media: None,
                content: MessageContent::of(text, MessageEntities::default()),
            };
            first(store.send_message(&request, new, None).await.unwrap())
        });
    }
    let sent = |admitted: &Admitted<_>| matches!(admitted, Admitted::Done(_, Ok(_)));
    assert!(tasks.join_all().await.iter().all(sent));
    let page = PageRequest { count: 100, before: None };
    for (account, other) in [(OWNER, OTHER), (OTHER, OWNER)] {
        assert_eq!(store.messages_with(account, other, page).await.unwrap().items.len(), 60);
        let overviews = store.conversations(account, page).await.unwrap().items;
        let newest: Vec<_> = overviews.iter().map(|overview| overview.newest.id.get()).collect();
        assert_eq!(newest, [5059]);
    }
}
