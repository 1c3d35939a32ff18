//! Signing in and out, and what sessions outlive.

use super::{PASSWORD, account, done, set_password};
use crate::support::{Browser, World};

/// Of [`PASSWORD`], with less work than is usual now.
const OLDER: &str = "$argon2id$v=19$m=64,t=1,p=1$AQEBAQEBAQEBAQEBAQEBAQ$8bu9imwLAAT/QW/nFwjFxxNkvJzIA0aP06LMVY0cpCQ";
const WRONG: &str = "No account has this name and this password.";

#[tokio::test]
async fn who_signs_in_sees_the_pages_and_who_signs_out_does_not() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    browser.get("/").await.sees("/sign-in");
    browser.get("/settings?a=b").await.sees("/sign-in?to=%2Fsettings%3Fa%3Db");
    browser.get("/sign-in?to=%2Fsettings%3Fa%3Db").await.says(200, "value=\"/settings?a=b\"");
    let fields = [
        ("name", "@SHOP"),
        ("password", PASSWORD),
        ("operator", "Night & day"),
        ("to", "/settings?a=b"),
    ];
    let reply = browser.post_bare("/sign-in", &fields).await;
    reply.sees("/settings?a=b");
    let set = reply.header("set-cookie");
    let (pair, attributes) = set.split_once("; ").unwrap();
    assert_eq!(attributes, "Max-Age=604800; Path=/; Secure; HttpOnly; SameSite=Lax");
    let ticket = pair.strip_prefix("__Host-guise=").unwrap();
    assert_eq!(ticket.len(), 43, "32 random bytes");
    let page = browser.get("/").await.html();
    assert!(page.contains("Hello, @shop") && page.contains("Night &#38; day"), "{page}");
    browser.get("/sign-in?to=%2Fsettings").await.sees("/settings");
    let reply = browser.post("/", "/sign-out", &[]).await;
    reply.sees("/sign-in");
    let cleared = "__Host-guise=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(reply.header("set-cookie"), cleared);
    browser.get("/").await.sees("/sign-in");
    Browser::with(&world, pair).get("/").await.sees("/sign-in");
    let lines = done(&world, shop).await;
    let signed_in = ("account.signed-in".to_owned(), Some("Night & day".to_owned()));
    assert_eq!(lines[2..], [signed_in], "one line, and none of leaving");
}

#[tokio::test]
async fn what_a_page_changes_is_done_by_the_console_app_once_and_as_the_operator() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "night").await;
    let shown = browser.get("/settings").await.html();
    let proof = ["csrf", "once"].map(|name| (name, crate::support::hidden(&shown, name)));
    let [csrf, once] = &proof;
    let close = [(csrf.0, csrf.1.as_str()), (once.0, &once.1), ("messages_from", "following")];
    let open = [(csrf.0, csrf.1.as_str()), (once.0, &once.1), ("messages_from", "all")];
    browser.post_bare("/settings", &close).await.sees("/settings");
    browser.post_bare("/settings", &close).await.says(409, "This form was sent before");
    browser.post_bare("/settings", &open).await.sees("/settings");
    let odd = [(csrf.0, csrf.1.as_str()), ("messages_from", "nobody")];
    browser.post_bare("/settings", &odd).await.says(400, "messages_from: is all or following");
    let mut again = Browser::new(&world);
    again.sign_in("shop", PASSWORD, "").await;
    again.post("/settings", "/settings", &[("messages_from", "following")]).await.sees("/settings");
    let night = Some("night".to_owned());
    let expected = [
        ("account.signed-in", night.clone()),
        ("messages.closed", night.clone()),
        ("messages.opened", night),
        ("account.signed-in", None),
        ("messages.closed", None),
    ];
    let lines = done(&world, shop).await;
    let expected = expected.map(|(action, operator)| (action.to_owned(), operator));
    assert_eq!(lines[2..], expected);
    let page = guise_domain::PageRequest { count: 5, before: None };
    let log = world.store.log(shop, guise_domain::LogFilter::default(), page);
    let apps: Vec<_> = log.await.unwrap().items.iter().map(|entry| entry.app.unwrap()).collect();
    assert!(apps.iter().all(|app| *app == apps[0]), "one app for all: {apps:?}");
    let console = world.store.app(apps[0]).await.unwrap().unwrap();
    assert_eq!((console.name.as_str(), console.owner), ("Guise console", shop));
    assert!(world.store.apps(shop).await.unwrap().is_empty(), "it is not among the owner's own");
}

#[tokio::test]
async fn every_sign_in_has_a_fresh_ticket_and_ends_the_session_before() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    let planted = format!("__Host-guise={}", "A".repeat(43));
    browser.cookie = Some(planted.clone());
    browser.sign_in("shop", PASSWORD, "").await;
    let first = browser.cookie.clone().unwrap();
    assert_ne!(first, planted, "nobody chooses another's ticket");
    browser.sign_in("shop", PASSWORD, "").await;
    let second = browser.cookie.clone().unwrap();
    assert_ne!(first, second);
    Browser::with(&world, &first).get("/").await.sees("/sign-in");
    Browser::with(&world, &planted).get("/").await.sees("/sign-in");
    browser.get("/").await.says(200, "Hello, @shop");
}

#[tokio::test]
async fn a_session_outlives_a_restart_and_ends_when_it_rests_or_is_old() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "").await;
    let used = browser.cookie.unwrap();
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "").await;
    let resting = browser.cookie.unwrap();
    let world = world.restarted().await;
    let hours = 3600;
    for _ in 0..15 {
        Browser::with(&world, &used).get("/").await.says(200, "Hello");
        world.clock.advance(11 * hours);
        world.guise.sweep().await.unwrap();
    }
    Browser::with(&world, &resting).get("/").await.sees("/sign-in");
    Browser::with(&world, &used).get("/").await.says(200, "Hello");
    world.clock.advance(3 * hours);
    Browser::with(&world, &used).get("/").await.sees("/sign-in");
    assert_eq!(world.guise.sweep().await.unwrap().sessions, 1, "the other was swept before");
}

#[tokio::test]
async fn signing_out_everywhere_a_new_password_and_closing_end_every_session_of_the_account() {
    let world = World::new().await;
    let (shop, other) = (account(&world, "shop").await, account(&world, "other").await);
    let mut stranger = Browser::new(&world);
    stranger.sign_in("other", PASSWORD, "").await;
    for (round, password) in [PASSWORD, PASSWORD, "another horse"].into_iter().enumerate() {
        let mut browsers = [Browser::new(&world), Browser::new(&world)];
        for browser in &mut browsers {
            browser.sign_in("shop", password, "night").await;
        }
        world.clock.advance(1);
        match round {
            0 => browsers[0].post("/", "/sign-out-everywhere", &[]).await.sees("/sign-in"),
            1 => set_password(&world, shop, "another horse").await,
            _ => assert!(world.store.close_account(shop, world.by()).await.unwrap()),
        }
        for browser in &mut browsers {
            browser.get("/").await.sees("/sign-in");
        }
    }
    stranger.get("/").await.says(200, "Hello, @other");
    let fields = [("name", "shop"), ("password", "another horse")];
    Browser::new(&world).post_bare("/sign-in", &fields).await.says(403, WRONG);
    let actions: Vec<_> = done(&world, shop).await.into_iter().map(|(action, _)| action).collect();
    let expected = [
        "account.created",
        "account.password-set",
        "account.signed-in",
        "account.signed-in",
        "account.signed-out-everywhere",
        "account.signed-in",
        "account.signed-in",
        "account.password-set",
        "account.signed-in",
        "account.signed-in",
        "account.closed",
    ];
    assert_eq!(actions, expected);
    assert_eq!(done(&world, other).await.len(), 3);
}

#[tokio::test]
async fn wrong_names_and_passwords_are_told_alike_and_have_to_wait() {
    let world = World::new().await;
    account(&world, "shop").await;
    let plain = guise_domain::NewAccount {
        id: guise_domain::AccountId::new(world.next_id()),
        name: "plain".parse().unwrap(),
        custom_profiles: true,
    };
    world.store.create_account(plain, world.by()).await.unwrap().unwrap();
    let mut browser = Browser::new(&world);
    let wrong = [
        ("shop", "another horse"),
        ("nobody", PASSWORD),
        ("plain", PASSWORD),
        ("no name!", PASSWORD),
        ("", PASSWORD),
        ("shop", ""),
        ("shop", "short"),
    ];
    for (name, password) in wrong {
        let fields = [("name", name), ("password", password)];
        browser.post_bare("/sign-in", &fields).await.says(403, WRONG);
    }
    let attempt = [("name", "shop"), ("password", "another horse")];
    for _ in 0..2 {
        browser.post_bare("/sign-in", &attempt).await.says(403, WRONG);
    }
    let right = [("name", "SHOP"), ("password", PASSWORD)];
    let reply = browser.post_bare("/sign-in", &right).await;
    reply.says(429, "Too many wrong passwords. Try again in 5 seconds.");
    assert_eq!(reply.header("retry-after"), "5");
    assert!(reply.headers.get("set-cookie").is_none());
    world.clock.advance(4);
    browser.post_bare("/sign-in", &right).await.says(429, "in 1 second.");
    world.clock.advance(1);
    browser.post_bare("/sign-in", &attempt).await.says(403, WRONG);
    browser.post_bare("/sign-in", &right).await.says(429, "in 10 seconds");
    let others = [("name", "other"), ("password", PASSWORD)];
    browser.post_bare("/sign-in", &others).await.says(403, WRONG);
    world.clock.advance(10);
    browser.post_bare("/sign-in", &right).await.sees("/");
    for _ in 0..4 {
        browser.post_bare("/sign-in", &attempt).await.says(403, WRONG);
    }
    browser.post_bare("/sign-in", &right).await.sees("/");
}

#[tokio::test]
async fn one_address_that_guesses_at_many_names_has_to_wait_too() {
    let proxies = guise_http::TrustedProxies::parse(["127.0.0.0/8", "10.0.0.0/8"]).unwrap();
    let settings =
        guise_http::Settings { trusted_proxies: proxies, ..guise_http::Settings::default() };
    let world = World::with(settings).await;
    let origin = world.url();
    let guess = async |name: String, heard: &str| {
        let headers = [("origin", origin.as_str()), ("x-forwarded-for", heard)];
        let fields = [("name", name.as_str()), ("password", "")];
        Browser::new(&world).post_as("/sign-in", &fields, &headers).await.status.as_u16()
    };
    for attempt in 0..20 {
        assert_eq!(guess(format!("name{attempt}"), "192.0.2.1").await, 403);
    }
    assert_eq!(guess("one_more".to_owned(), "192.0.2.1").await, 429);
    let invented = "192.0.2.99, 192.0.2.1, 10.1.2.3";
    assert_eq!(guess("one_more".to_owned(), invented).await, 429, "what proxies heard counts");
    assert_eq!(guess("one_more".to_owned(), "192.0.2.2").await, 403);
}

#[tokio::test]
async fn a_hash_of_older_making_is_made_anew_when_its_password_is_given() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let hash = guise_domain::PasswordHash::from_stored(OLDER.to_owned());
    world.store.set_password(shop, hash, world.by()).await.unwrap();
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "").await;
    let kept = world.store.password(shop).await.unwrap().unwrap();
    assert!(kept.is_current());
    browser.sign_in("shop", PASSWORD, "").await;
    assert_eq!(world.store.password(shop).await.unwrap().unwrap(), kept);
}
