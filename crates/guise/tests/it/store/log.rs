//! The lines that changes to accounts, apps and tokens leave: one each, and none where nothing changed.

use std::sync::Arc;

use guise_domain::{
    Access, AccountId, Action, AppId, Entry, EntryId, LogFilter, NewAccount, NewApp, NewToken,
    PageRequest, Sealed, Store,
};
use tokio::task::JoinSet;

use super::{NOW, OTHER, OWNER, by, cases, people};

const APP: AppId = AppId::new(70);
const TOKEN: &str = "11-token";

async fn log(store: &dyn Store, account: AccountId) -> Vec<Entry> {
    let page = PageRequest { count: 50, before: None };
    let mut lines = store.log(account, LogFilter::default(), page).await.unwrap().items;
    lines.reverse();
    lines
}

/// The lines that `by` leaves: their ids, and what was done to what.
fn lines(lines: &[(i64, Action, i64)]) -> Vec<Entry> {
    let line = |(id, action, subject): &(i64, Action, i64)| Entry {
        id: EntryId::new(*id),
        app: None,
        operator: by(*id).operator,
        action: *action,
        subject: *subject,
        revision: None,
    };
    lines.iter().map(line).collect()
}

fn new_app(id: AppId) -> NewApp {
    let (name, url) = ("Desk".to_owned(), String::new());
    let consumer_secret = Sealed::from_bytes(vec![1]);
    NewApp { id, name, url, consumer_key: format!("key{id}"), consumer_secret }
}

fn new_token(app: AppId) -> NewToken {
    let (token, secret) = (TOKEN.to_owned(), Sealed::from_bytes(vec![1]));
    NewToken { token, app, secret, access: Access::Write, operator: None, created_at: NOW }
}
cases! {
    changes_of_an_account_are_lines_of_its_own_log,
    changes_of_an_app_are_lines_of_its_owners_log,
    changes_of_a_token_are_lines_of_the_log_of_whom_it_acts_for,
    what_changes_nothing_is_no_news_and_of_changes_at_once_one_is_a_line,
}

async fn changes_of_an_account_are_lines_of_its_own_log(store: Arc<dyn Store>) {
    people(&*store).await;
    let nobody = AccountId::new(99);
    let name = "Owner".parse().unwrap();
    let new = NewAccount { id: nobody, name, custom_profiles: true };
    store.create_account(new, by(100)).await.unwrap().unwrap_err();
    assert!(store.allow_custom_profiles(OWNER, true, by(101)).await.unwrap());
    for (entry, allowed) in [(102, false), (103, false), (104, true), (105, true)] {
        assert!(store.allow_custom_profiles(OWNER, allowed, by(entry)).await.unwrap());
        let account = store.account(OWNER).await.unwrap().unwrap();
        assert_eq!(account.custom_profiles, allowed);
    }
    for entry in [106, 107] {
        assert!(store.close_account(OWNER, by(entry)).await.unwrap());
        assert!(store.account(OWNER).await.unwrap().unwrap().closed);
    }
    assert!(!store.close_account(nobody, by(108)).await.unwrap());
    assert!(!store.allow_custom_profiles(nobody, true, by(109)).await.unwrap());
    let own = OWNER.get();
    let expected = [
        (own, Action::AccountCreated, own),
        (102, Action::ProfilesDenied, own),
        (104, Action::ProfilesAllowed, own),
        (106, Action::AccountClosed, own),
    ];
    assert_eq!(log(&*store, OWNER).await, lines(&expected));
    let expected = [(OTHER.get(), Action::AccountCreated, OTHER.get())];
    assert_eq!(log(&*store, OTHER).await, lines(&expected));
    assert_eq!(log(&*store, nobody).await, []);
}

async fn changes_of_an_app_are_lines_of_its_owners_log(store: Arc<dyn Store>) {
    people(&*store).await;
    store.create_app(OWNER, new_app(APP), by(100)).await.unwrap().unwrap();
    assert_eq!(store.create_app(AccountId::new(99), new_app(APP), by(101)).await, Ok(None));
    for (entry, trusted) in [(102, false), (103, true), (104, true), (105, false), (106, true)] {
        assert!(store.trust_app(OWNER, APP, trusted, by(entry)).await.unwrap());
        assert_eq!(store.app(APP).await.unwrap().unwrap().names_operators, trusted);
        let found = store.credential("key70", "11-x").await.unwrap().unwrap();
        assert_eq!(found.app.names_operators, trusted);
    }
    assert!(!store.trust_app(OTHER, APP, false, by(107)).await.unwrap());
    assert!(!store.revoke_app(OTHER, APP, by(108)).await.unwrap());
    for entry in [109, 110] {
        assert!(store.revoke_app(OWNER, APP, by(entry)).await.unwrap());
    }
    let app = store.app(APP).await.unwrap().unwrap();
    assert_eq!((app.revoked, app.names_operators), (true, true));
    let expected = [
        (OWNER.get(), Action::AccountCreated, OWNER.get()),
        (100, Action::AppCreated, APP.get()),
        (103, Action::AppTrusted, APP.get()),
        (105, Action::AppDistrusted, APP.get()),
        (106, Action::AppTrusted, APP.get()),
        (109, Action::AppRevoked, APP.get()),
    ];
    assert_eq!(log(&*store, OWNER).await, lines(&expected));
    assert_eq!(log(&*store, OTHER).await.len(), 1);
}

async fn changes_of_a_token_are_lines_of_the_log_of_whom_it_acts_for(store: Arc<dyn Store>) {
    people(&*store).await;
    store.create_app(OTHER, new_app(APP), by(100)).await.unwrap().unwrap();
    store.create_token(OWNER, new_token(APP), by(101)).await.unwrap().unwrap();
    assert_eq!(store.create_token(OWNER, new_token(AppId::new(1)), by(102)).await, Ok(None));
    for (entry, access) in [(103, Access::Write), (104, Access::Read), (105, Access::Read)] {
        assert!(store.change_access(OWNER, TOKEN, access, by(entry)).await.unwrap());
        assert_eq!(store.tokens(OWNER).await.unwrap()[0].access, access);
    }
    assert!(!store.change_access(OTHER, TOKEN, Access::Write, by(106)).await.unwrap());
    assert!(!store.revoke_token(OTHER, TOKEN, by(107)).await.unwrap());
    for entry in [108, 109] {
        assert!(store.revoke_token(OWNER, TOKEN, by(entry)).await.unwrap());
    }
    assert!(!store.revoke_token(OWNER, "11-x", by(110)).await.unwrap());
    let token = &store.tokens(OWNER).await.unwrap()[0];
    assert_eq!((token.access, token.revoked), (Access::Read, true));
    let expected = [
        (OWNER.get(), Action::AccountCreated, OWNER.get()),
        (101, Action::TokenCreated, APP.get()),
        (104, Action::TokenChanged, APP.get()),
        (108, Action::TokenRevoked, APP.get()),
    ];
    assert_eq!(log(&*store, OWNER).await, lines(&expected));
    assert_eq!(log(&*store, OTHER).await.len(), 2);
}

async fn what_changes_nothing_is_no_news_and_of_changes_at_once_one_is_a_line(
    store: Arc<dyn Store>,
) {
    people(&*store).await;
    store.create_app(OWNER, new_app(APP), by(100)).await.unwrap().unwrap();
    let before = store.credentials_version().await.unwrap();
    let mut tasks = JoinSet::new();
    for entry in 200..240 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.trust_app(OWNER, APP, true, by(entry)).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await, [true; 40]);
    assert_eq!(store.credentials_version().await.unwrap(), before + 1);
    let log = log(&*store, OWNER).await;
    let trusted = log.iter().filter(|line| line.action == Action::AppTrusted);
    assert_eq!(trusted.count(), 1);
}
