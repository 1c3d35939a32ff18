//! Accounts: how they are found, and whose messages they take.

use std::sync::Arc;

use guise_domain::rate::Endpoint;
use guise_domain::{Action, Admission, Admitted, LogFilter, MessagesFrom, PageRequest, Store};

use super::{OTHER, OWNER, admission, cases, people};

const ALL: PageRequest = PageRequest { count: 50, before: None };

fn change(request: u64) -> Admission {
    admission(OWNER, Endpoint::DirectMessagesMarkRead, request)
}
cases! {
    accounts_are_found_by_name_in_any_case_and_page_by_page,
    what_an_account_takes_and_blocks_is_kept_and_logged_once,
}

async fn accounts_are_found_by_name_in_any_case_and_page_by_page(store: Arc<dyn Store>) {
    people(&*store).await;
    let found = store.account_by_name(&"OWNER".parse().unwrap()).await.unwrap();
    assert_eq!(found.map(|account| account.id), Some(OWNER));
    assert_eq!(store.account_by_name(&"nobody".parse().unwrap()).await, Ok(None));
    let names = ["Other", "nobody", "owner"].map(|name| name.parse().unwrap()).to_vec();
    let found = store.accounts_by_name(names).await.unwrap();
    assert_eq!(found.iter().map(|account| account.id).collect::<Vec<_>>(), [OTHER, OWNER]);
    let newest = store.accounts(PageRequest { count: 1, before: None }).await.unwrap();
    assert_eq!((newest.items[0].id, newest.next), (OTHER, Some(OTHER.get())));
    let last = store.accounts(PageRequest { count: 1, before: newest.next }).await.unwrap();
    assert_eq!((last.items[0].id, last.next), (OWNER, None));
}

async fn what_an_account_takes_and_blocks_is_kept_and_logged_once(store: Arc<dyn Store>) {
    people(&*store).await;
    for request in 1..3 {
        let taken = store.take_messages_from(&change(request), MessagesFrom::Known).await;
        assert!(matches!(taken, Ok(Admitted::Done(..))));
        let blocked = store.block(&change(10 + request), OTHER, true).await;
        assert!(matches!(blocked, Ok(Admitted::Done(..))));
    }
    let owner = store.account(OWNER).await.unwrap().unwrap();
    assert_eq!(owner.messages_from, MessagesFrom::Known);
    assert_eq!(store.blocked(OWNER, ALL).await.unwrap().items, [OTHER]);
    assert_eq!(store.blocked(OTHER, ALL).await.unwrap().items, []);
    for request in 3..5 {
        store.block(&change(10 + request), OTHER, false).await.unwrap();
    }
    assert_eq!(store.blocked(OWNER, ALL).await.unwrap().items, []);
    let log = store.log(OWNER, LogFilter::default(), ALL).await.unwrap().items;
    let mut actions: Vec<_> = log.iter().map(|line| line.action).collect();
    actions.retain(|action| *action != Action::AccountCreated);
    let said = [Action::AccountUnblocked, Action::AccountBlocked, Action::MessagesClosed];
    assert_eq!(actions, said);
}
