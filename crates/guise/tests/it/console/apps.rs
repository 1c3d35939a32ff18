//! Apps and tokens on pages: made, changed and revoked by their account alone, their secrets shown once.

use guise_domain::limits::{APPS_ON_PAGES_MAX, TOKENS_ON_PAGES_MAX};
use guise_domain::{Access, AppId};

use super::{PASSWORD, account, done, set_password};
use crate::support::{Browser, Person, World, hidden};

const APP: &[(&str, &str)] = &[("name", " Support desk "), ("url", "https://desk.example/")];

/// The keys that a page shows.
fn keys(page: &str) -> Vec<String> {
    let shown = page.split("<dd><code>").skip(1);
    shown.map(|rest| rest.split("</code>").next().unwrap().to_owned()).collect()
}

/// Where the first link with this beginning leads.
fn link(page: &str, begins: &str) -> String {
    let at = page.find(&format!("href=\"{begins}")).unwrap_or_else(|| panic!("{begins} in {page}"));
    page[at + 6..].split('"').next().unwrap().to_owned()
}

async fn signed_in(world: &World, name: &str) -> Browser {
    let mut browser = Browser::new(world);
    browser.sign_in(name, PASSWORD, "night desk").await;
    browser
}

#[tokio::test]
async fn what_a_page_makes_signs_requests_until_it_is_revoked_there() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let mut browser = signed_in(&world, "shop").await;
    world.clock.advance(1);
    let reply = browser.post("/apps", "/apps", APP).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"));
    let page = reply.html();
    let [consumer_key, consumer_secret] = keys(&page).try_into().unwrap();
    let at = link(&page, "/apps/");
    let app: AppId = at.rsplit('/').next().unwrap().parse().unwrap();
    for path in ["/apps", &at] {
        let page = browser.get(path).await.html();
        assert!(page.contains("Support desk") && !page.contains(&consumer_secret), "{path}");
    }
    world.clock.advance(1);
    let fields = [("access", "read"), ("operator", "early shift")];
    let page = browser.post(&at, &format!("{at}/tokens"), &fields).await.html();
    let [_, token, token_secret] = keys(&page).try_into().unwrap();
    let person = Person { account: shop, app, consumer_key, consumer_secret, token, token_secret };
    let (token, secret) = (format!("/tokens/{}", person.token), person.token_secret.clone());
    let verify = "/1.1/account/verify_credentials.json";
    let level = world.get(verify).by(&person).send().await;
    level.success();
    assert_eq!(level.header("x-access-level"), "read");
    for path in ["/apps", &token] {
        assert!(!browser.get(path).await.html().contains(&secret), "{path}");
    }
    world.clock.advance(1);
    browser.post(&token, &token, &[("access", "dm")]).await.sees("/apps");
    world.clock.advance(1000);
    let level = world.get(verify).by(&person).send().await;
    assert_eq!(level.header("x-access-level"), "read-write-directmessages");
    let page = browser.get(&format!("{token}/revoke")).await.html();
    assert!(page.contains("This cannot be taken back"), "{page}");
    world.clock.advance(1);
    let path = format!("{token}/revoke");
    browser.post(&path, &path, &[]).await.sees("/apps");
    world.clock.advance(1000);
    world.get(verify).by(&person).send().await.refused(401, 89, "Invalid or expired token.");
    let path = format!("{at}/revoke");
    browser.post(&path, &path, &[]).await.sees(&at);
    assert!(!browser.get(&at).await.html().contains("Make a token"));
    world.clock.advance(1000);
    let fields = [("access", "read")];
    browser.post("/apps", &format!("{at}/tokens"), &fields).await.says(400, "The app is revoked.");
    let by = |action: &str| (action.to_owned(), Some("night desk".to_owned()));
    let expected =
        ["app.created", "token.created", "token.changed", "token.revoked", "app.revoked"];
    assert_eq!(done(&world, shop).await[3..], expected.map(by));
}

#[tokio::test]
async fn a_form_sent_twice_makes_one_app() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let mut browser = signed_in(&world, "shop").await;
    let shown = browser.get("/apps").await.html();
    let (csrf, once) = (hidden(&shown, "csrf"), hidden(&shown, "once"));
    let proof = [("csrf", csrf.as_str()), ("once", once.as_str())];
    let fields = [&proof, APP].concat();
    assert_eq!(browser.post_bare("/apps", &fields).await.status, 200);
    browser.post_bare("/apps", &fields).await.says(409, "This form was sent before");
    assert_eq!(done(&world, shop).await.len(), 4);
    browser.post_bare("/apps", APP).await.says(403, "This form has expired");
}

#[tokio::test]
async fn nobody_sees_or_changes_another_accounts_apps_and_tokens() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    account(&world, "other").await;
    let before = done(&world, shop.account).await;
    let mut browser = signed_in(&world, "other").await;
    let told = "Sorry, that page does not exist.";
    let (app, token) = (format!("/apps/{}", shop.app), format!("/tokens/{}", shop.token));
    for path in [&app, &token, &format!("{app}/revoke"), &format!("{token}/revoke")] {
        browser.get(path).await.says(404, told);
    }
    browser.post("/apps", &format!("{app}/revoke"), &[]).await.says(404, told);
    browser.post("/apps", &format!("{token}/revoke"), &[]).await.says(404, told);
    browser.post("/apps", &format!("{app}/tokens"), &[("access", "dm")]).await.says(404, told);
    browser.post("/apps", &token, &[("access", "read")]).await.says(404, told);
    assert_eq!(done(&world, shop.account).await, before);
    let page = browser.get("/apps").await.html();
    assert!(!page.contains(&shop.consumer_key) && !page.contains(&shop.token), "{page}");
}

#[tokio::test]
async fn tokens_of_others_apps_are_told_apart_and_can_be_revoked() {
    let world = World::new().await;
    let desk = world.person("desk").await;
    let shop = world.with_app_of(&desk, "shop").await;
    set_password(&world, shop.account, PASSWORD).await;
    let mut browser = signed_in(&world, "shop").await;
    let page = browser.get("/apps").await.html();
    assert!(page.contains("an app of @desk"), "{page}");
    let path = format!("/tokens/{}/revoke", shop.token);
    browser.post(&path, &path, &[]).await.sees("/apps");
    world.clock.advance(1000);
    let verify = world.get("/1.1/account/verify_credentials.json");
    verify.by(&shop).send().await.refused(401, 89, "Invalid or expired token.");
    world.get("/1.1/account/verify_credentials.json").by(&desk).send().await.success();
}

#[tokio::test]
async fn wrong_fields_are_told_and_make_nothing() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    set_password(&world, shop.account, PASSWORD).await;
    let mut browser = signed_in(&world, "shop").await;
    let before = done(&world, shop.account).await;
    let long = "x".repeat(65);
    for (name, url, told) in [
        ("", "", "The name must be 1 to 64 visible characters on one line."),
        (" ", "", "The name must be"),
        (&long, "", "The name must be"),
        ("a\nb", "", "The name must be"),
        ("ksed\u{202E}", "", "The name must be"),
        ("\u{200B}", "", "The name must be"),
        ("desk", "javascript:alert(1)", "The address "),
        ("desk", "desk.example", "The address "),
    ] {
        browser.post("/apps", "/apps", &[("name", name), ("url", url)]).await.says(400, told);
    }
    let nasty = "<script>alert(1)</script>";
    let reply = browser.post("/apps", "/apps", &[("name", nasty), ("url", nasty)]).await;
    assert!(!reply.html().contains("<script>"));
    let tokens = format!("/apps/{}/tokens", shop.app);
    let told = "access: must be read, write or dm";
    browser.post("/apps", &tokens, &[]).await.says(400, told);
    browser.post("/apps", &tokens, &[("access", "all")]).await.says(400, told);
    let fields = [("access", "read"), ("operator", long.as_str())];
    let told = "Who works with it must be 1 to 64 visible characters on one line.";
    browser.post("/apps", &tokens, &fields).await.says(400, told);
    browser.post("/apps", &format!("/tokens/{}", shop.token), &[]).await.says(400, "access: ");
    assert_eq!(done(&world, shop.account).await, before);
}

#[tokio::test]
async fn callbacks_are_added_and_taken_away_by_the_apps_owner() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    account(&world, "other").await;
    set_password(&world, shop.account, PASSWORD).await;
    let mut browser = signed_in(&world, "shop").await;
    let app = format!("/apps/{}", shop.app);
    let (add, remove) = (format!("{app}/callbacks"), format!("{app}/callbacks/remove"));
    world.clock.advance(1);
    let place = [("callback", "https://desk.example/done")];
    browser.post(&app, &add, &place).await.sees(&app);
    assert!(browser.get(&app).await.html().contains("<code>https://desk.example/done</code>"));
    for (callback, told) in [
        ("", "The callback "),
        ("javascript:alert(1)", "The callback "),
        ("https://desk.example/?a=b", "Leave the query out"),
    ] {
        browser.post(&app, &add, &[("callback", callback)]).await.says(400, told);
    }
    let mut stranger = signed_in(&world, "other").await;
    for path in [&add, &remove] {
        stranger.post("/apps", path, &place).await.says(404, "Sorry");
    }
    assert_eq!(world.store.callbacks(shop.app).await.unwrap(), ["https://desk.example/done"]);
    world.clock.advance(1);
    browser.post(&app, &remove, &place).await.sees(&app);
    browser.post(&app, &remove, &place).await.says(404, "Sorry");
    browser.post(&app, &remove, &[("callback", "x")]).await.says(400, "callback: ");
    assert!(world.store.callbacks(shop.app).await.unwrap().is_empty());
    let by = |action: &str| (action.to_owned(), Some("night desk".to_owned()));
    let log = done(&world, shop.account).await;
    assert_eq!(log[log.len() - 2..], ["callback.added", "callback.removed"].map(by));
}

/// What a page says about when something was last used.
fn last_use(page: &str) -> &str {
    let (_, rest) = page.split_once("<dt>Last used</dt><dd>").unwrap();
    let said = rest.split("</dd>").next().unwrap();
    said.split_once("datetime=\"").map_or(said, |(_, moment)| moment.split('"').next().unwrap())
}

#[tokio::test]
async fn pages_tell_when_apps_and_tokens_were_last_used_also_after_a_restart() {
    let mut world = World::new().await;
    let shop = world.person("shop").await;
    set_password(&world, shop.account, PASSWORD).await;
    let mut browser = signed_in(&world, "shop").await;
    let (app, token) = (format!("/apps/{}", shop.app), format!("/tokens/{}", shop.token));
    let verify = "/1.1/account/verify_credentials.json";
    let thief = Person { token_secret: "guessed".to_owned(), ..shop.clone() };
    assert_eq!(world.get(verify).by(&thief).send().await.status, 401);
    let page = browser.get("/apps").await.html();
    assert_eq!(page.matches("never used").count(), 2, "{page}");
    for path in [&app, &token] {
        assert_eq!(last_use(&browser.get(path).await.html()), "never", "{path}");
    }
    world.get(verify).by(&shop).send().await.success();
    world.guise.keep_last_uses().await.unwrap();
    world.clock.advance(100);
    for path in [&app, &token] {
        assert_eq!(last_use(&browser.get(path).await.html()), "2027-01-15T08:00:01.000Z", "{path}");
    }
    world.get(verify).by(&shop).send().await.success();
    let page = browser.get("/apps").await.html();
    let told = "last used <time datetime=\"2027-01-15T08:01:41.000Z\"";
    assert_eq!(page.matches(told).count(), 2, "{page}");
    world.clock.advance(100);
    let bearer = world.post("/oauth2/token").form("grant_type=client_credentials");
    bearer.header("authorization", &shop.basic()).send().await.success();
    world = world.restarted().await;
    let mut browser = Browser::with(&world, &browser.cookie.unwrap());
    assert_eq!(last_use(&browser.get(&token).await.html()), "2027-01-15T08:01:41.000Z");
    let app = browser.get(&app).await.html();
    assert_eq!(last_use(&app), "2027-01-15T08:03:21.000Z", "for itself");
}

#[tokio::test]
async fn pages_make_so_many_apps_and_tokens_and_no_more() {
    let world = World::in_files().await;
    let shop = world.person("shop").await;
    set_password(&world, shop.account, PASSWORD).await;
    for _ in 2..APPS_ON_PAGES_MAX.max(TOKENS_ON_PAGES_MAX) {
        world.again(&shop, Access::Read).await;
    }
    let mut browser = signed_in(&world, "shop").await;
    let tokens = format!("/apps/{}/tokens", shop.app);
    browser.post("/apps", "/apps", &[("name", "Last")]).await.says(200, "Registered Last");
    browser.post("/apps", &tokens, &[("access", "read")]).await.says(200, "A token for");
    let told = "This account has 200 apps, counting revoked ones.";
    browser.post("/apps", "/apps", &[("name", "Further")]).await.says(400, told);
    let told = "This account has 200 tokens, counting revoked ones.";
    browser.post("/apps", &tokens, &[("access", "read")]).await.says(400, told);
    assert_eq!(world.store.apps(shop.account).await.unwrap().len(), 200);
    assert_eq!(world.store.tokens(shop.account).await.unwrap().len(), 200);
}

#[tokio::test]
async fn a_revoked_app_gets_no_further_callback() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    set_password(&world, shop.account, PASSWORD).await;
    assert!(world.store.revoke_app(shop.account, shop.app, world.by()).await.unwrap());
    let mut browser = signed_in(&world, "shop").await;
    let path = format!("/apps/{}/callbacks", shop.app);
    let fields = [("callback", "https://desk.example/done")];
    browser.post("/apps", &path, &fields).await.says(400, "The app is revoked.");
    assert!(world.store.callbacks(shop.app).await.unwrap().is_empty());
}
