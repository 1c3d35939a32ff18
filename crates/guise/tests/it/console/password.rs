//! A new password, chosen on a page.

use super::{PASSWORD, account, done, link};
use crate::support::{Browser, World, hidden};

const NEW: &str = "another horse";
const PAGE: &str = "/settings";
const CHANGE: &str = "/settings/password";
const GOOD: &[(&str, &str)] = &[("current", PASSWORD), ("password", NEW), ("again", NEW)];

async fn signed_in(world: &World) -> Browser {
    let mut browser = Browser::new(world);
    browser.sign_in("shop", PASSWORD, "night desk").await;
    browser
}

#[tokio::test]
async fn who_knows_the_password_sets_another_and_stays_while_all_others_are_signed_out() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    account(&world, "other").await;
    let (mut browser, mut elsewhere) = (signed_in(&world).await, signed_in(&world).await);
    let mut stranger = Browser::new(&world);
    stranger.sign_in("other", PASSWORD, "").await;
    world.clock.advance(1);
    let invitation = link(&world, shop).await;
    world.clock.advance(1);
    let before = browser.cookie.clone().unwrap();
    browser.post(PAGE, CHANGE, GOOD).await.sees("/settings?password=changed");
    assert_ne!(browser.cookie.as_deref(), Some(before.as_str()), "a fresh ticket");
    let page = browser.get("/settings?password=changed").await.html();
    assert!(page.contains("The account has a new password") && page.contains("night desk"));
    Browser::with(&world, &before).get("/").await.sees("/sign-in");
    elsewhere.get("/").await.sees("/sign-in");
    elsewhere.get(&invitation).await.says(410, "");
    stranger.get("/").await.says(200, "Hello, @other");
    let old = [("name", "shop"), ("password", PASSWORD)];
    elsewhere.post_bare("/sign-in", &old).await.says(403, "No account has this name");
    elsewhere.sign_in("shop", NEW, "").await;
    let actions = ["account.password-set", "account.signed-in"];
    let night = |action: &str| (action.to_owned(), Some("night desk".to_owned()));
    let lines = done(&world, shop).await;
    assert_eq!(lines[5..7], actions.map(night), "{lines:?}");
}

#[tokio::test]
async fn a_password_that_breaks_a_rule_or_comes_from_elsewhere_changes_nothing() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let mut browser = signed_in(&world).await;
    let kept = world.store.password(shop).await.unwrap();
    let long = "a".repeat(257);
    for (current, password, again, status, told) in [
        ("wrong horse", NEW, NEW, 403, "This is not the password that the account has now."),
        ("", NEW, NEW, 403, "This is not the password that the account has now."),
        (PASSWORD, "short", "short", 400, "The password must be 10 to 256 characters"),
        (PASSWORD, &long, &long, 400, "The password must be 10 to 256 characters"),
        (PASSWORD, NEW, "another house", 400, "The two passwords are not the same."),
    ] {
        let fields = [("current", current), ("password", password), ("again", again)];
        let reply = browser.post(PAGE, CHANGE, &fields).await;
        reply.says(status, told);
        let page = reply.html();
        assert!(!page.contains(password) && !page.contains("has a new password"), "{page}");
    }
    browser.post_bare(CHANGE, GOOD).await.says(403, "This form has expired");
    let (csrf, once) = browser.proof(PAGE).await;
    let fields = [&[("csrf", csrf.as_str()), ("once", &once)], GOOD].concat();
    let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(browser.post_as(CHANGE, &fields, &foreign).await.status, 403);
    assert_eq!(signed_in(&world).await.post_bare(CHANGE, &fields).await.status, 403, "another's");
    Browser::new(&world).post_bare(CHANGE, &fields).await.sees("/sign-in?over&to=%2F");
    assert_eq!(world.store.password(shop).await.unwrap(), kept);
    browser.get("/").await.says(200, "Hello, @shop");
    let lines = done(&world, shop).await;
    assert!(lines[2..].iter().all(|(action, _)| action == "account.signed-in"), "{lines:?}");
}

#[tokio::test]
async fn guessing_at_the_current_password_is_as_slow_as_at_sign_in() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = signed_in(&world).await;
    let guess = [("current", "wrong horse"), ("password", NEW), ("again", NEW)];
    for _ in 0..5 {
        assert_eq!(browser.post(PAGE, CHANGE, &guess).await.status, 403);
    }
    let reply = browser.post(PAGE, CHANGE, GOOD).await;
    reply.says(429, "Too many wrong passwords. Try again in 5 seconds.");
    assert_eq!(reply.header("retry-after"), "5");
    let at_the_door = [("name", "shop"), ("password", PASSWORD)];
    Browser::new(&world).post_bare("/sign-in", &at_the_door).await.says(429, "in 5 seconds");
    world.clock.advance(5);
    browser.post(PAGE, CHANGE, GOOD).await.sees("/settings?password=changed");
}

#[tokio::test]
async fn of_two_who_change_it_at_once_one_does() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let (mut first, mut second) = (signed_in(&world).await, signed_in(&world).await);
    world.clock.advance(1);
    let change = async |browser: &mut Browser, password: &str| {
        let shown = browser.get(PAGE).await.html();
        let (csrf, once) = (hidden(&shown, "csrf"), hidden(&shown, "once"));
        let fields = [
            ("csrf", csrf.as_str()),
            ("once", &once),
            ("current", PASSWORD),
            ("password", password),
            ("again", password),
        ];
        browser.post_bare(CHANGE, &fields).await
    };
    tokio::join!(change(&mut first, "the first horse"), change(&mut second, "the second horse"));
    let lines = done(&world, shop).await;
    let set = lines.iter().filter(|(action, _)| action == "account.password-set").count();
    assert_eq!(set, 2, "when the account was made, and once more: {lines:?}");
    let mut inside = 0;
    for browser in [&mut first, &mut second] {
        inside += usize::from(browser.get("/").await.status == 200);
    }
    assert_eq!(inside, 1);
}
