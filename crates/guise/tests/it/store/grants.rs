//! How request tokens become access tokens, and what apps hold themselves.

use std::sync::Arc;

use guise_domain::limits::CALLBACKS_MAX;
use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{
    Access, Account, AccountId, Action, AddCallbackError, Admitted, Allowance, AppAdmission, AppId,
    Callback, CallbackUrl, EntryId, ExchangeError, LogFilter, NewApp, NewRequestToken, NewToken,
    PageRequest, ReplayKey, RequestState, RequestTokenError, Sealed, Store, Token, VerifierHash,
};
use tokio::task::JoinSet;

use super::{NOW, OTHER, OWNER, admission, by, cases, people};

const APP: AppId = AppId::new(70);
const FOREIGN: AppId = AppId::new(71);
const TOKEN: &str = "request";
const PLACE: &str = "https://app.example/done";

async fn apps(store: &dyn Store) {
    people(store).await;
    for (owner, id) in [(OWNER, APP), (OTHER, FOREIGN)] {
        let (name, url) = ("Desk".to_owned(), String::new());
        let consumer_secret = Sealed::from_bytes(vec![1]);
        let new = NewApp { id, name, url, consumer_key: format!("key{id}"), consumer_secret };
        store.create_app(owner, new, by(id.get())).await.unwrap().unwrap();
    }
}

fn call(app: AppId, endpoint: Endpoint, request: u64) -> AppAdmission {
    let admission = admission(OWNER, endpoint, request);
    AppAdmission {
        app,
        entry: admission.entry,
        replay: Some((admission.replay, admission.replay_until)),
        endpoint,
        rule: Rule { limit: 10, window_seconds: 900 },
        now: NOW,
    }
}

fn url(text: &str) -> CallbackUrl {
    text.parse().unwrap()
}

fn asking(callback: &str) -> NewRequestToken {
    let (secret, until) = (Sealed::from_bytes(vec![2]), NOW.plus_seconds(900));
    let callback = callback.parse::<Callback>().unwrap();
    NewRequestToken { token: TOKEN.into(), secret, callback, access: Access::Write, until }
}

async fn ask(store: &dyn Store, request: u64) {
    let call = call(APP, Endpoint::OauthRequestToken, request);
    let made = store.create_request_token(&call, asking("oob")).await.unwrap();
    assert!(matches!(made, Admitted::Done(_, Ok(()))), "{made:?}");
}

fn verifier(text: &str) -> VerifierHash {
    VerifierHash::of(TOKEN, text)
}

fn yes(account: AccountId, access: Access) -> Allowance {
    let operator = Some("night".parse().unwrap());
    Allowance { account, operator, access, verifier: verifier("7654321"), now: NOW }
}

fn fresh(number: u64) -> NewToken {
    let (token, secret) = (format!("{OTHER}-{number}"), Sealed::from_bytes(vec![3]));
    let (app, created_at) = (APP, NOW);
    NewToken { token, app, secret, access: Access::Read, operator: None, created_at }
}

async fn exchange(
    store: &dyn Store,
    app: AppId,
    text: &str,
    request: u64,
) -> Result<(Token, Account), ExchangeError> {
    let call = call(app, Endpoint::OauthAccessToken, request);
    let call = AppAdmission { rule: Rule { limit: 100, window_seconds: 900 }, ..call };
    match store.exchange(&call, TOKEN, verifier(text), fresh(request)).await.unwrap() {
        Admitted::Done(_, exchanged) => exchanged,
        other => panic!("{other:?}"),
    }
}

/// What the log says of an account's tokens, the oldest first: which app did it, what, and who is said to have.
async fn lines(store: &dyn Store, account: AccountId) -> Vec<(Option<AppId>, Action, String)> {
    let page = PageRequest { count: 50, before: None };
    let log = store.log(account, LogFilter::default(), page).await.unwrap().items;
    let tokens = log.into_iter().rev().filter(|line| line.action.as_str().starts_with("token."));
    tokens.map(|line| (line.app, line.action, line.operator.unwrap().to_string())).collect()
}
cases! {
    a_request_token_becomes_an_access_token_once_for_its_app_and_verifier,
    of_exchanges_at_once_one_succeeds,
    after_five_wrong_verifiers_the_right_one_is_of_no_use,
    an_app_gets_the_token_again_that_it_has_with_what_is_allowed_now,
    what_is_refused_too_old_or_of_somebody_closed_is_over,
    an_app_has_accounts_led_back_where_it_may_and_no_more_than_ten_places,
    an_apps_calls_are_counted_for_it_and_a_repetition_is_refused,
    an_app_has_one_bearer_token_until_it_is_revoked,
}

async fn a_request_token_becomes_an_access_token_once_for_its_app_and_verifier(
    store: Arc<dyn Store>,
) {
    apps(&*store).await;
    ask(&*store, 1).await;
    let asked = store.request_token(TOKEN).await.unwrap().unwrap();
    assert_eq!((asked.app, asked.access), (APP, Access::Write));
    assert_eq!((asked.callback, asked.state), (Callback::Pin, RequestState::Asked));
    assert_eq!(exchange(&*store, APP, "7654321", 2).await, Err(ExchangeError), "not allowed");
    assert!(store.allow(TOKEN, yes(OTHER, Access::Write)).await.unwrap());
    assert!(!store.allow(TOKEN, yes(OWNER, Access::Write)).await.unwrap(), "once only");
    assert!(!store.deny(TOKEN, NOW).await.unwrap());
    let allowed = store.request_token(TOKEN).await.unwrap().unwrap();
    assert_eq!(allowed.state, RequestState::Allowed(OTHER));
    assert_eq!(exchange(&*store, FOREIGN, "7654321", 3).await, Err(ExchangeError));
    assert_eq!(exchange(&*store, APP, "7654322", 4).await, Err(ExchangeError));
    let (token, account) = exchange(&*store, APP, "7654321", 5).await.unwrap();
    assert_eq!((&*token.token, token.access, account.id), ("22-5", Access::Write, OTHER));
    assert_eq!(store.tokens(OTHER).await.unwrap(), [token]);
    assert_eq!(exchange(&*store, APP, "7654321", 6).await, Err(ExchangeError), "used");
    let expected = [(Some(APP), Action::TokenCreated, "night".to_owned())];
    assert_eq!(lines(&*store, OTHER).await, expected);
    assert_eq!(lines(&*store, OWNER).await, []);
}

async fn of_exchanges_at_once_one_succeeds(store: Arc<dyn Store>) {
    apps(&*store).await;
    ask(&*store, 1).await;
    store.allow(TOKEN, yes(OTHER, Access::Write)).await.unwrap();
    let mut tasks = JoinSet::new();
    for request in 100..140 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { exchange(&*store, APP, "7654321", request).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(store.tokens(OTHER).await.unwrap().len(), 1);
}

async fn after_five_wrong_verifiers_the_right_one_is_of_no_use(store: Arc<dyn Store>) {
    apps(&*store).await;
    ask(&*store, 1).await;
    for request in 2..8 {
        assert!(exchange(&*store, APP, "0000000", request).await.is_err(), "not yet allowed");
    }
    store.allow(TOKEN, yes(OTHER, Access::Write)).await.unwrap();
    for request in 10..14 {
        // Another app's guesses are none.
        assert!(exchange(&*store, FOREIGN, "0000000", 20 + request).await.is_err());
        assert!(exchange(&*store, APP, "0000000", request).await.is_err());
        let state = store.request_token(TOKEN).await.unwrap().unwrap().state;
        assert_eq!(state, RequestState::Allowed(OTHER));
    }
    assert!(exchange(&*store, APP, "0000000", 14).await.is_err());
    assert_eq!(store.request_token(TOKEN).await.unwrap().unwrap().state, RequestState::Over);
    assert!(exchange(&*store, APP, "7654321", 15).await.is_err());
    assert_eq!(store.tokens(OTHER).await.unwrap(), []);
    assert_eq!(lines(&*store, OTHER).await, []);
}

async fn an_app_gets_the_token_again_that_it_has_with_what_is_allowed_now(store: Arc<dyn Store>) {
    apps(&*store).await;
    let operator = Some("desk".parse().unwrap());
    let labelled = NewToken { operator, access: Access::DirectMessages, ..fresh(900) };
    store.create_token(OTHER, labelled, by(900)).await.unwrap().unwrap();
    let version = store.credentials_version().await.unwrap();
    for (round, access, token) in
        [(1, Access::Write, "22-11"), (2, Access::Write, "22-11"), (3, Access::Read, "22-11")]
    {
        let request = u64::try_from(round).unwrap();
        ask(&*store, request).await;
        assert!(store.allow(TOKEN, yes(OTHER, access)).await.unwrap());
        let (given, _) = exchange(&*store, APP, "7654321", 10 + request).await.unwrap();
        assert_eq!((&*given.token, given.access), (token, access));
        let changes = [1, 1, 2][usize::try_from(round).unwrap() - 1];
        assert_eq!(store.credentials_version().await.unwrap(), version + changes);
        store.sweep_request_tokens(NOW.plus_seconds(900)).await.unwrap();
    }
    store.revoke_token(OTHER, "22-11", by(901)).await.unwrap();
    ask(&*store, 4).await;
    store.allow(TOKEN, yes(OTHER, Access::Write)).await.unwrap();
    let (given, _) = exchange(&*store, APP, "7654321", 14).await.unwrap();
    assert_eq!(&*given.token, "22-14", "what was revoked is not given again");
    let line = |app, action, operator: &str| (app, action, operator.to_owned());
    let expected = [
        line(None, Action::TokenCreated, "root"),
        line(None, Action::TokenRevoked, "root"),
        line(Some(APP), Action::TokenCreated, "night"),
        line(Some(APP), Action::TokenChanged, "night"),
        line(Some(APP), Action::TokenCreated, "night"),
    ];
    assert_eq!(lines(&*store, OTHER).await, expected);
}

async fn what_is_refused_too_old_or_of_somebody_closed_is_over(store: Arc<dyn Store>) {
    apps(&*store).await;
    ask(&*store, 1).await;
    let end = NOW.plus_seconds(900);
    let late = Allowance { now: end, ..yes(OTHER, Access::Write) };
    assert!(!store.allow(TOKEN, late).await.unwrap());
    assert!(!store.deny(TOKEN, end).await.unwrap());
    assert!(!store.allow("unknown", yes(OTHER, Access::Write)).await.unwrap());
    assert!(!store.allow(TOKEN, yes(AccountId::new(99), Access::Write)).await.unwrap());
    assert!(store.deny(TOKEN, NOW).await.unwrap());
    assert!(!store.allow(TOKEN, yes(OTHER, Access::Write)).await.unwrap());
    assert_eq!(store.sweep_request_tokens(end.plus_seconds(-1)).await.unwrap(), 0);
    assert_eq!(store.sweep_request_tokens(end).await.unwrap(), 1);
    assert_eq!(store.request_token(TOKEN).await.unwrap(), None);

    ask(&*store, 2).await;
    store.allow(TOKEN, yes(OTHER, Access::Write)).await.unwrap();
    let late = AppAdmission { now: end, ..call(APP, Endpoint::OauthAccessToken, 3) };
    let exchanged = store.exchange(&late, TOKEN, verifier("7654321"), fresh(3)).await.unwrap();
    assert!(matches!(exchanged, Admitted::Done(_, Err(ExchangeError))));
    store.close_account(OTHER, by(902)).await.unwrap();
    assert!(exchange(&*store, APP, "7654321", 4).await.is_err(), "closed meanwhile");
    store.sweep_request_tokens(end).await.unwrap();

    ask(&*store, 5).await;
    store.revoke_app(OWNER, APP, by(903)).await.unwrap();
    assert!(!store.allow(TOKEN, yes(OWNER, Access::Write)).await.unwrap());
    assert_eq!(lines(&*store, OTHER).await, []);
}

async fn an_app_has_accounts_led_back_where_it_may_and_no_more_than_ten_places(
    store: Arc<dyn Store>,
) {
    apps(&*store).await;
    let store = &*store;
    let asked = async |callback, request| {
        let call = call(APP, Endpoint::OauthRequestToken, request);
        match store.create_request_token(&call, asking(callback)).await.unwrap() {
            Admitted::Done(_, asked) => asked,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(PLACE, 1).await, Err(RequestTokenError::PinOnly));
    let add = async |owner, place: &str| {
        store.add_callback(owner, APP, &url(place), by(500)).await.unwrap()
    };
    assert_eq!(add(OTHER, PLACE).await, Err(AddCallbackError::NoApp));
    assert_eq!(add(OWNER, PLACE).await, Ok(()));
    for (request, elsewhere) in [
        "http://app.example/done",
        "https://app.example/done/",
        "https://app.example/Done",
        "https://app.example:8443/done",
        "https://app.example.evil.example/done",
        "https://evil.example/done",
        "https://evil.example/?https://app.example/done",
    ]
    .into_iter()
    .enumerate()
    {
        let request = 10 + u64::try_from(request).unwrap();
        let refused = asked(elsewhere, request).await;
        assert_eq!(refused, Err(RequestTokenError::NotApproved), "{elsewhere}");
    }
    assert_eq!(asked("https://APP.example:443/done?a=b", 20).await, Ok(()));
    for number in 1..CALLBACKS_MAX {
        let place = format!("https://app.example/{number}");
        let by = by(600 + i64::try_from(number).unwrap());
        assert_eq!(store.add_callback(OWNER, APP, &url(&place), by).await, Ok(Ok(())));
    }
    assert_eq!(add(OWNER, PLACE).await, Ok(()), "it is there already");
    assert_eq!(add(OWNER, "https://app.example/more").await, Err(AddCallbackError::TooMany));
    let remove = async |owner| store.remove_callback(owner, APP, &url(PLACE), by(501)).await;
    assert_eq!(remove(OTHER).await, Ok(false));
    assert_eq!(remove(OWNER).await, Ok(true));
    assert_eq!(remove(OWNER).await, Ok(false));
    assert_eq!(store.callbacks(APP).await.unwrap().len(), CALLBACKS_MAX - 1);
    assert_eq!(store.callbacks(FOREIGN).await.unwrap(), [""; 0]);
}

async fn an_apps_calls_are_counted_for_it_and_a_repetition_is_refused(store: Arc<dyn Store>) {
    apps(&*store).await;
    let call = |app, request| call(app, Endpoint::OauthRequestToken, request);
    for request in 1..11 {
        let counted = store.count_for_app(&call(APP, request)).await.unwrap();
        assert!(matches!(counted, Admitted::Done(..)), "{counted:?}");
    }
    assert_eq!(store.count_for_app(&call(APP, 3)).await.unwrap(), Admitted::Replayed);
    let beyond = store.create_request_token(&call(APP, 11), asking("oob")).await.unwrap();
    assert!(matches!(beyond, Admitted::Limited(_)));
    assert_eq!(store.request_token(TOKEN).await.unwrap(), None);
    let other = store.count_for_app(&call(FOREIGN, 11)).await.unwrap();
    assert!(matches!(other, Admitted::Done(..)));
    let unsigned = AppAdmission { replay: None, ..call(FOREIGN, 0) };
    for _ in 0..2 {
        let counted = store.count_for_app(&unsigned).await.unwrap();
        assert!(matches!(counted, Admitted::Done(..)), "nothing tells them apart");
    }
    let window = store.app_window(FOREIGN, Endpoint::OauthRequestToken).await.unwrap();
    assert_eq!(window.unwrap().used, 3);
    let again = call(APP, 99);
    let replay = Some((ReplayKey([9; 16]), NOW));
    let again = AppAdmission { replay, entry: EntryId::new(1), ..again };
    assert!(matches!(store.count_for_app(&again).await.unwrap(), Admitted::Limited(_)));
}

async fn an_app_has_one_bearer_token_until_it_is_revoked(store: Arc<dyn Store>) {
    apps(&*store).await;
    let sealed = |byte| Sealed::from_bytes(vec![byte]);
    let call = |request| call(APP, Endpoint::Oauth2Token, request);
    assert_eq!(store.bearer(AppId::new(1)).await.unwrap(), None);
    let kept = async |request, byte| match store.keep_bearer(&call(request), sealed(byte)).await {
        Ok(Admitted::Done(_, kept)) => kept,
        other => panic!("{other:?}"),
    };
    assert_eq!(kept(1, 1).await, sealed(1));
    assert_eq!(kept(2, 2).await, sealed(1));
    let (app, bearer) = store.bearer(APP).await.unwrap().unwrap();
    assert_eq!((app.id, bearer), (APP, Some(sealed(1))));
    let revoked =
        async |request, byte| match store.revoke_bearer(&call(request), &sealed(byte)).await {
            Ok(Admitted::Done(_, revoked)) => revoked,
            other => panic!("{other:?}"),
        };
    assert!(!revoked(3, 2).await);
    assert!(revoked(4, 1).await);
    assert!(!revoked(5, 1).await);
    assert_eq!(kept(6, 3).await, sealed(3));
    assert_eq!(store.bearer(FOREIGN).await.unwrap().unwrap().1, None);
}
