//! When apps and tokens were last used.

use std::sync::Arc;

use guise_domain::{Access, AccountId};
use guise_domain::{AppId, LastUse, NewApp, NewToken, Sealed, Store, Timestamp, Used};

use super::{NOW, OTHER, OWNER, by, cases, people};

const APP: AppId = AppId::new(7);

async fn kept(store: &dyn Store) -> (Option<Timestamp>, Option<Timestamp>) {
    let app = store.app(APP).await.unwrap().unwrap();
    let credential = store.credential("key", "22-t").await.unwrap().unwrap();
    let token = store.tokens(OTHER).await.unwrap().remove(0);
    assert_eq!(credential.app, app);
    assert_eq!(credential.token.unwrap().0, token);
    assert_eq!(store.apps(OWNER).await.unwrap(), std::slice::from_ref(&app));
    assert_eq!(store.bearer(APP).await.unwrap().unwrap().0, app);
    (app.last_used_at, token.last_used_at)
}

fn uses(app_of: AccountId, token_of: AccountId, at: Timestamp) -> Vec<LastUse> {
    vec![
        LastUse { account: app_of, used: Used::App(APP), at },
        LastUse { account: token_of, used: Used::Token("22-t".into()), at },
    ]
}
cases! {
    last_uses_only_move_forward_and_are_reached_through_their_account,
}

async fn last_uses_only_move_forward_and_are_reached_through_their_account(store: Arc<dyn Store>) {
    people(&*store).await;
    let (name, url, consumer_key) = ("Desk".to_owned(), String::new(), "key".to_owned());
    let consumer_secret = Sealed::from_bytes(vec![1]);
    let new = NewApp { id: APP, name, url, consumer_key, consumer_secret };
    store.create_app(OWNER, new, by(100)).await.unwrap().unwrap();
    let (token, secret) = ("22-t".to_owned(), Sealed::from_bytes(vec![2]));
    let (access, operator, created_at) = (Access::Read, None, NOW);
    let new = NewToken { token, app: APP, secret, access, operator, created_at };
    store.create_token(OTHER, new, by(101)).await.unwrap().unwrap();
    assert_eq!(kept(&*store).await, (None, None));
    let version = store.credentials_version().await.unwrap();
    store.keep_last_uses(uses(OTHER, OWNER, NOW)).await.unwrap();
    assert_eq!(kept(&*store).await, (None, None), "theirs, not the other's");
    for (at, expected) in [(5, 5), (9, 9), (7, 9), (9, 9)] {
        store.keep_last_uses(uses(OWNER, OTHER, NOW.plus_seconds(at))).await.unwrap();
        let expected = Some(NOW.plus_seconds(expected));
        assert_eq!(kept(&*store).await, (expected, expected), "after {at}");
    }
    let again = store.credentials_version().await.unwrap();
    assert_eq!(again, version, "no cache has to forget anything");
}
