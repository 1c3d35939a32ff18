//! One-time links.

use super::{PASSWORD, account, done, link};
use crate::support::{Browser, World};

const NEW: &str = "another horse";
const FIELDS: &[(&str, &str)] = &[("password", NEW), ("again", NEW), ("operator", "boss")];
const OVER: &str = "This link was used before, or is more than a day old.";

#[tokio::test]
async fn a_link_sets_a_password_and_signs_in_once() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let mut before = Browser::new(&world);
    before.sign_in("shop", PASSWORD, "").await;
    let (path, sister) = (link(&world, shop).await, link(&world, shop).await);
    world.clock.advance(1);
    let planted = format!("__Host-guise={}", "A".repeat(43));
    let mut browser = Browser::with(&world, &planted);
    for _ in 0..2 {
        browser.get(&path).await.says(200, "<strong>@shop</strong>");
    }
    browser.post_bare(&path, FIELDS).await.sees("/");
    assert_ne!(browser.cookie.as_ref(), Some(&planted), "nobody chooses another's ticket");
    Browser::with(&world, &planted).get("/").await.sees("/sign-in");
    browser.get("/").await.says(200, "Hello, @shop");
    before.get("/").await.sees("/sign-in");
    for path in [&path, &sister] {
        Browser::new(&world).get(path).await.says(410, OVER);
        Browser::new(&world).post_bare(path, FIELDS).await.says(410, OVER);
    }
    let old = [("name", "shop"), ("password", PASSWORD)];
    Browser::new(&world).post_bare("/sign-in", &old).await.says(403, "No account");
    Browser::new(&world).sign_in("shop", NEW, "").await;
    let lines = done(&world, shop).await;
    let boss = Some("boss".to_owned());
    let expected = [("account.password-set", boss.clone()), ("account.signed-in", boss)];
    let expected = expected.map(|(action, operator)| (action.to_owned(), operator));
    assert_eq!(lines[5..7], expected);
}

#[tokio::test]
async fn a_password_that_breaks_a_rule_leaves_the_link_as_it_was() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let path = link(&world, shop).await;
    let mut browser = Browser::new(&world);
    let rule = "The password must be 10 to 256 characters, without tabs or line breaks.";
    let long = "x".repeat(257);
    for bad in ["", "too short", "with\na line break", &long] {
        let fields = [("password", bad), ("again", bad)];
        browser.post_bare(&path, &fields).await.says(400, rule);
    }
    let fields = [("password", NEW), ("again", PASSWORD)];
    browser.post_bare(&path, &fields).await.says(400, "The two passwords are not the same.");
    let fields = [("password", NEW), ("again", NEW), ("operator", "a\nb")];
    browser.post_bare(&path, &fields).await.says(400, "Who is at work must be");
    browser.post_bare(&path, FIELDS).await.sees("/");
}

#[tokio::test]
async fn a_link_of_a_day_ago_of_a_closed_account_or_of_nobody_opens_nothing() {
    let world = World::new().await;
    let (shop, closed) = (account(&world, "shop").await, account(&world, "closed").await);
    let (path, its) = (link(&world, shop).await, link(&world, closed).await);
    assert!(world.store.close_account(closed, world.by()).await.unwrap());
    let unknown = format!("/sign-in/link/{}", "A".repeat(43));
    for path in [&its, &unknown, "/sign-in/link/x", "/sign-in/link/%00"] {
        Browser::new(&world).get(path).await.says(410, OVER);
        Browser::new(&world).post_bare(path, FIELDS).await.says(410, OVER);
    }
    world.clock.advance(86_399);
    Browser::new(&world).get(&path).await.says(200, "@shop");
    world.clock.advance(1);
    Browser::new(&world).get(&path).await.says(410, OVER);
    Browser::new(&world).post_bare(&path, FIELDS).await.says(410, OVER);
    assert_eq!(world.guise.sweep().await.unwrap().sessions, 1, "the link is swept");
    assert!(world.store.password(shop).await.unwrap().is_some());
}

#[tokio::test]
async fn of_two_who_use_a_link_at_once_one_comes_in() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let path = link(&world, shop).await;
    let (mut one, mut other) = (Browser::new(&world), Browser::new(&world));
    let (first, second) =
        tokio::join!(one.post_bare(&path, FIELDS), other.post_bare(&path, FIELDS));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
}
