//! Passwords, sessions and one-time links.

use std::sync::Arc;

use guise_domain::limits::{SESSION_IDLE_SECONDS, SESSION_SECONDS};
use guise_domain::{
    Account, AccountId, Action, AppId, EntryId, LogFilter, NewApp, NewLink, NewSession, NewToken,
    Operator, PageRequest, PasswordHash, Sealed, Session, Store, TicketHash, Timestamp,
};
use tokio::task::JoinSet;

use super::{NOW, OTHER, OWNER, by, cases, people};

const NOBODY: AccountId = AccountId::new(99);

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

fn ticket(number: u8) -> TicketHash {
    TicketHash([number; 32])
}

fn operator() -> Operator {
    "night".parse().unwrap()
}

/// A session whose ticket and log's line are called by `number`.
fn new(number: u8, now: Timestamp) -> NewSession {
    let console = NewApp {
        id: AppId::new(500 + i64::from(number)),
        name: "Console".to_owned(),
        url: String::new(),
        consumer_key: format!("console{number}"),
        consumer_secret: Sealed::from_bytes(vec![number]),
    };
    let entry = EntryId::new(2000 + i64::from(number));
    NewSession { ticket: ticket(number), operator: Some(operator()), console, entry, now }
}

fn link(number: u8) -> NewLink {
    NewLink { ticket: ticket(number), until: NOW.plus_seconds(60) }
}

async fn begin(store: &dyn Store, number: u8, now: Timestamp) -> Session {
    store.begin_session(OWNER, hash("a"), new(number, now)).await.unwrap().unwrap()
}

/// People, of whom the owner has the password `a`.
async fn doors(store: &dyn Store) -> Account {
    people(store).await;
    assert!(store.set_password(OWNER, hash("a"), by(100)).await.unwrap());
    store.account(OWNER).await.unwrap().unwrap()
}

/// Lines of an account's log beyond the first: id, action and app.
async fn lines(store: &dyn Store, account: AccountId) -> Vec<(i64, Action, Option<i64>)> {
    let page = PageRequest { count: 50, before: None };
    let log = store.log(account, LogFilter::default(), page).await.unwrap().items;
    let line = log.iter().rev().skip(1);
    line.map(|line| (line.id.get(), line.action, line.app.map(AppId::get))).collect()
}
cases! {
    a_password_is_an_open_accounts_and_is_replaced_only_where_it_is_what_it_was,
    a_session_begins_with_the_password_and_makes_one_console_app,
    the_console_app_is_nobodys_to_revoke_trust_or_give_tokens_for,
    a_session_ends_when_it_rests_or_is_old_and_is_swept_then,
    sessions_end_one_by_one_all_at_once_and_with_what_opened_them,
    of_many_who_use_a_link_at_once_one_sets_the_password,
}

async fn a_password_is_an_open_accounts_and_is_replaced_only_where_it_is_what_it_was(
    store: Arc<dyn Store>,
) {
    people(&*store).await;
    assert_eq!(store.password(OWNER).await, Ok(None));
    assert_eq!(store.password(NOBODY).await, Ok(None));
    assert!(!store.set_password(NOBODY, hash("a"), by(100)).await.unwrap());
    assert!(store.set_password(OWNER, hash("a"), by(101)).await.unwrap());
    assert_eq!(store.password(OWNER).await, Ok(Some(hash("a"))));
    assert_eq!(store.password(OTHER).await, Ok(None));
    assert!(!store.rehash_password(OWNER, hash("b"), hash("c")).await.unwrap());
    assert!(!store.rehash_password(OTHER, hash("a"), hash("c")).await.unwrap());
    assert!(store.rehash_password(OWNER, hash("a"), hash("b")).await.unwrap());
    assert_eq!(store.password(OWNER).await, Ok(Some(hash("b"))));
    for (who, proven) in [(OWNER, "a"), (OTHER, "b"), (NOBODY, "b")] {
        let changed = store.change_password(who, hash(proven), hash("d"), by(104)).await;
        assert_eq!(changed, Ok(false));
    }
    let session = store.begin_session(OWNER, hash("b"), new(1, NOW)).await.unwrap();
    assert!(store.change_password(OWNER, hash("b"), hash("d"), by(3000)).await.unwrap());
    assert_eq!(store.password(OWNER).await, Ok(Some(hash("d"))));
    assert_eq!(store.session(session.unwrap().ticket, NOW).await, Ok(None));
    store.close_account(OWNER, by(3001)).await.unwrap();
    assert_eq!(store.password(OWNER).await, Ok(None));
    assert!(!store.change_password(OWNER, hash("d"), hash("e"), by(3002)).await.unwrap());
    assert!(!store.set_password(OWNER, hash("a"), by(3003)).await.unwrap());
    let expected = [
        (101, Action::PasswordSet, None),
        (2001, Action::SignedIn, Some(501)),
        (3000, Action::PasswordSet, None),
        (3001, Action::AccountClosed, None),
    ];
    assert_eq!(lines(&*store, OWNER).await, expected);
}

async fn a_session_begins_with_the_password_and_makes_one_console_app(store: Arc<dyn Store>) {
    let account = doors(&*store).await;
    for (who, password) in [(OWNER, "b"), (OTHER, "a"), (NOBODY, "a")] {
        let refused = store.begin_session(who, hash(password), new(1, NOW)).await;
        assert_eq!(refused, Ok(None));
    }
    let version = store.credentials_version().await.unwrap();
    let first = begin(&*store, 1, NOW).await;
    let console = AppId::new(501);
    let expected = Session {
        ticket: ticket(1),
        account,
        console,
        operator: Some(operator()),
        created_at: NOW,
        last_seen_at: NOW,
    };
    assert_eq!(first, expected);
    assert_eq!(store.session(ticket(1), NOW).await, Ok(Some(first)));
    assert_eq!(store.session(ticket(2), NOW).await, Ok(None));
    assert_eq!(begin(&*store, 2, NOW).await.console, console, "one for all");
    assert_eq!(store.credentials_version().await.unwrap(), version + 1);
    let expected = [
        (100, Action::PasswordSet, None),
        (2001, Action::SignedIn, Some(501)),
        (2002, Action::SignedIn, Some(501)),
    ];
    assert_eq!(lines(&*store, OWNER).await, expected);
    assert_eq!(lines(&*store, OTHER).await, []);
}

async fn the_console_app_is_nobodys_to_revoke_trust_or_give_tokens_for(store: Arc<dyn Store>) {
    doors(&*store).await;
    let console = begin(&*store, 1, NOW).await.console;
    assert_eq!(store.app(console).await.unwrap().unwrap().owner, OWNER);
    assert_eq!(store.apps(OWNER).await, Ok(Vec::new()));
    assert!(!store.revoke_app(OWNER, console, by(200)).await.unwrap());
    assert!(!store.trust_app(OWNER, console, true, by(201)).await.unwrap());
    let token = NewToken {
        token: "11-token".to_owned(),
        app: console,
        secret: Sealed::from_bytes(vec![1]),
        access: guise_domain::Access::Write,
        operator: None,
        created_at: NOW,
    };
    assert_eq!(store.create_token(OWNER, token, by(202)).await, Ok(None));
    assert_eq!(lines(&*store, OWNER).await.len(), 2);
    assert!(store.credential("console1", "").await.unwrap().unwrap().token.is_none());
}

async fn a_session_ends_when_it_rests_or_is_old_and_is_swept_then(store: Arc<dyn Store>) {
    doors(&*store).await;
    begin(&*store, 1, NOW).await;
    begin(&*store, 2, NOW).await;
    let end = NOW.plus_seconds(SESSION_IDLE_SECONDS);
    let before = end.plus_seconds(-1);
    assert!(store.see_session(ticket(1), before).await.unwrap());
    assert!(store.see_session(ticket(1), NOW).await.unwrap(), "a clock that steps back");
    let seen = store.session(ticket(1), end).await.unwrap().unwrap();
    assert_eq!((seen.created_at, seen.last_seen_at), (NOW, before));
    assert_eq!(store.session(ticket(2), end).await, Ok(None));
    assert!(!store.see_session(ticket(2), end).await.unwrap(), "it is not woken again");
    assert!(!store.see_session(ticket(3), end).await.unwrap());
    assert_eq!(store.sweep_sessions(end.plus_seconds(-1)).await, Ok(0));
    assert_eq!(store.sweep_sessions(end).await, Ok(1));
    let mut now = before;
    let last = NOW.plus_seconds(SESSION_SECONDS);
    while now < last {
        assert!(store.see_session(ticket(1), now).await.unwrap());
        now = now.plus_seconds(SESSION_IDLE_SECONDS / 2);
    }
    assert!(store.session(ticket(1), last.plus_seconds(-1)).await.unwrap().is_some());
    assert_eq!(store.session(ticket(1), last).await, Ok(None));
    assert_eq!(store.sweep_sessions(last).await, Ok(1));
}

async fn sessions_end_one_by_one_all_at_once_and_with_what_opened_them(store: Arc<dyn Store>) {
    doors(&*store).await;
    let alive = async |numbers: [u8; 2]| {
        let first = store.session(ticket(numbers[0]), NOW).await.unwrap();
        (first.is_some(), store.session(ticket(numbers[1]), NOW).await.unwrap().is_some())
    };
    for number in 1..=2 {
        begin(&*store, number, NOW).await;
    }
    assert!(!store.end_session(OTHER, ticket(1)).await.unwrap(), "it is another's");
    assert_eq!(alive([1, 2]).await, (true, true));
    assert!(store.end_session(OWNER, ticket(1)).await.unwrap());
    assert!(!store.end_session(OWNER, ticket(1)).await.unwrap());
    assert_eq!(alive([1, 2]).await, (false, true));
    assert!(store.create_link(OWNER, link(7), by(200)).await.unwrap());
    assert_eq!(store.end_sessions(OTHER, by(201)).await, Ok(0));
    assert_eq!(store.end_sessions(OWNER, by(202)).await, Ok(1));
    assert_eq!(store.end_sessions(OWNER, by(203)).await, Ok(0));
    assert_eq!(alive([1, 2]).await, (false, false));
    assert_eq!(store.link(ticket(7), NOW).await, Ok(None));
    begin(&*store, 3, NOW).await;
    store.rehash_password(OWNER, hash("a"), hash("b")).await.unwrap();
    assert_eq!(alive([3, 1]).await, (true, false), "it is the same password");
    store.set_password(OWNER, hash("a"), by(204)).await.unwrap();
    assert_eq!(alive([3, 1]).await, (false, false));
    begin(&*store, 4, NOW).await;
    store.create_link(OWNER, link(8), by(205)).await.unwrap();
    store.close_account(OWNER, by(206)).await.unwrap();
    assert_eq!(alive([4, 1]).await, (false, false));
    assert_eq!(store.link(ticket(8), NOW).await, Ok(None));
    assert_eq!(store.begin_session(OWNER, hash("a"), new(5, NOW)).await, Ok(None));
}

async fn of_many_who_use_a_link_at_once_one_sets_the_password(store: Arc<dyn Store>) {
    let account = doors(&*store).await;
    assert!(!store.create_link(NOBODY, link(1), by(200)).await.unwrap());
    for number in [1, 2] {
        let made = store.create_link(OWNER, link(number), by(200 + i64::from(number))).await;
        assert!(made.unwrap());
    }
    begin(&*store, 9, NOW).await;
    assert_eq!(store.link(ticket(1), NOW).await, Ok(Some(account)));
    let late = NOW.plus_seconds(60);
    assert_eq!(store.link(ticket(1), late).await, Ok(None));
    let used = store.use_link(ticket(1), hash("b"), by(300), late).await;
    assert_eq!(used, Ok(None));
    let mut tasks = JoinSet::new();
    for entry in 3001..3021 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let password = hash(&entry.to_string());
            store.use_link(ticket(1), password, by(entry), NOW).await.unwrap()
        });
    }
    let used = tasks.join_all().await;
    assert_eq!(used.iter().filter(|used| **used == Some(OWNER)).count(), 1, "{used:?}");
    assert_eq!(used.iter().filter(|used| used.is_none()).count(), 19);
    assert_eq!(store.link(ticket(2), NOW).await, Ok(None), "its sister goes too");
    assert_eq!(store.session(ticket(9), NOW).await, Ok(None));
    let lines = lines(&*store, OWNER).await;
    let set = lines.last().unwrap();
    assert_eq!((lines.len(), set.1, set.2), (5, Action::PasswordSet, None));
}
