//! The inspector's pages: what was asked and answered, why a signature does not hold, and nobody else's requests.

use guise_domain::AppId;
use guise_http::Settings;

use super::{PASSWORD, account, set_password};
use crate::support::{Browser, Heard, Person, World};

const LIST: &str = "/1.1/custom_profiles/list.json";

async fn shop_in(world: &World) -> (Person, Browser) {
    let shop = world.person("shop").await;
    set_password(world, shop.account, PASSWORD).await;
    let mut browser = Browser::new(world);
    browser.sign_in("shop", PASSWORD, "").await;
    (shop, browser)
}

/// The calls that a page lists, each as its method and path.
fn calls(page: &str) -> Vec<String> {
    let calls = page.split("<span class=\"method\">").skip(1);
    let calls = calls.map(|call| call.split("</a>").next().unwrap().replace("</span>", ""));
    calls.collect()
}

#[tokio::test]
async fn requests_are_listed_newest_first_and_narrowed() {
    let world = World::new().await;
    let (shop, mut browser) = shop_in(&world).await;
    let page = browser.get("/inspector").await.html();
    assert!(page.contains("No request yet."), "{page}");
    let own = shop.app.to_string();
    world.get(&format!("{LIST}?count=7")).by(&shop).send().await.success();
    world.post("/1.1/blocks/create.json").by(&shop).form("user_id=1").send().await;
    let stranger = Person { token_secret: "x".into(), ..shop.clone() };
    world.get(LIST).by(&stranger).send().await;
    let list = format!("GET {LIST}");
    let (first, block) = (format!("{list}?count=7"), "POST /1.1/blocks/create.json".to_owned());
    let all = vec![list.clone(), block.clone(), first.clone()];
    for (query, fitting) in [
        (String::new(), all.clone()),
        ("method=&status=&code=&path=&app=".to_owned(), all.clone()),
        ("method=post".to_owned(), vec![block.clone()]),
        ("status=4xx".to_owned(), vec![list.clone(), block.clone()]),
        ("status=200".to_owned(), vec![first.clone()]),
        ("code=32".to_owned(), vec![list.clone()]),
        (format!("path={LIST}"), vec![list, first]),
        (format!("app={own}&status=2xx"), all[2..].to_vec()),
        (format!("app={}", AppId::new(5)), Vec::new()),
    ] {
        let page = browser.get(&format!("/inspector?{query}")).await.html();
        assert_eq!(calls(&page), fitting, "{query}");
    }
    for (query, told) in [
        ("status=9xx", "status: must be like 404, or like 4xx"),
        ("code=x", "code: must be a number such as 32"),
        ("app=%3Cb%3E", "app: "),
        ("cursor=!", "invalid cursor"),
    ] {
        let reply = browser.get(&format!("/inspector?{query}")).await;
        reply.says(400, told);
        assert!(calls(&reply.html()).is_empty() && !reply.html().contains("<b>"), "{query}");
    }
}

#[tokio::test]
async fn older_requests_are_on_further_pages_which_stand_still() {
    let world = World::new().await;
    let (shop, mut browser) = shop_in(&world).await;
    for number in 0..25 {
        world.get(&format!("/1.1/{number}.json")).by(&shop).send().await;
    }
    let page = browser.get("/inspector?status=404").await.html();
    assert_eq!((calls(&page).len(), calls(&page)[0].as_str()), (20, "GET /1.1/24.json"));
    assert!(page.contains("data-stream"), "{page}");
    let older = page.split("\">Older</a>").next().unwrap().rsplit_once("href=\"").unwrap().1;
    let page = browser.get(&older.replace("&#38;", "&")).await.html();
    assert_eq!((calls(&page).len(), calls(&page)[4].as_str()), (5, "GET /1.1/0.json"));
    assert!(!page.contains("data-stream") && !page.contains("Older"), "{page}");
}

#[tokio::test]
async fn one_request_is_shown_with_what_was_wrong() {
    let world = World::with(Settings { inspector_bodies: true, ..Settings::default() }).await;
    let (shop, mut browser) = shop_in(&world).await;
    let call = world.get(&format!("{LIST}?count=7&<i>=<b>")).by(&shop).header("x-mark", "<u>");
    let reply = call.signed_for("https://localhost").send().await;
    assert_eq!(reply.status, 401);
    let path = format!("/inspector/{}", reply.header("x-transaction-id"));
    let page = browser.get(&path).await.html();
    for shown in [
        format!("The signature is for https://localhost{LIST}, but the request came to"),
        format!("<mark><code>{}{LIST}</code></mark>", world.url()),
        format!("<mark><code>https://localhost{LIST}</code></mark>"),
        "<li><code>count=7</code></li>".to_owned(),
        "<dt><code>count</code></dt><dd><code>7</code></dd>".to_owned(),
        "<dt><code>authorization</code></dt><dd><code>OAuth (hidden)</code></dd>".to_owned(),
        "<dt><code>x-mark</code></dt><dd><code>&#60;u&#62;</code></dd>".to_owned(),
        "<strong>32 not-authenticated</strong>".to_owned(),
        "The client’s clock was right.".to_owned(),
        "&#34;code&#34;: 32".to_owned(),
        "@shop".to_owned(),
    ] {
        assert!(page.contains(&shown), "{shown} in {page}");
    }
    for hidden in [&shop.token, &shop.token_secret, &shop.consumer_secret] {
        let in_base_strings = page.matches(hidden.as_str()).count();
        let of_them = page.matches(&format!("oauth_token={hidden}")).count()
            + page.matches(&format!("oauth_token%3D{hidden}")).count();
        assert_eq!(in_base_strings, of_them, "{page}");
    }
    let reply = world.get(LIST).by(&shop).send().await;
    let path = format!("/inspector/{}", reply.header("x-transaction-id"));
    let page = browser.get(&path).await.html();
    assert!(
        !page.contains("does not hold") && page.contains("&#34;custom_profiles&#34;: []"),
        "{page}"
    );
    browser.get("/inspector/none").await.says(404, "There is no such page");
}

#[tokio::test]
async fn bodies_are_absent_where_none_are_remembered_and_that_is_said() {
    let world = World::new().await;
    let (shop, mut browser) = shop_in(&world).await;
    let reply = world.get(LIST).by(&shop).send().await;
    let path = format!("/inspector/{}", reply.header("x-transaction-id"));
    browser.get(&path).await.says(200, "<code>inspector.bodies = true</code>");
    let world = World::with(Settings { inspector: false, ..Settings::default() }).await;
    let (_, mut browser) = shop_in(&world).await;
    let page = browser.get("/inspector").await.html();
    assert!(page.contains("<code>inspector.on = true</code>") && !page.contains("data-stream"));
}

#[tokio::test]
async fn nobody_sees_requests_to_anothers_apps() {
    let world = World::new().await;
    let (shop, mut browser) = shop_in(&world).await;
    let reply = world.get(LIST).by(&shop).send().await;
    let one = format!("/inspector/{}", reply.header("x-transaction-id"));
    browser.get(&one).await.says(200, LIST);
    account(&world, "other").await;
    let mut other = Browser::new(&world);
    for path in ["/inspector", "/inspector/stream", &one] {
        let to = guise_oauth1::percent_encode(path);
        other.get(path).await.sees(&format!("/sign-in?to={to}"));
    }
    other.sign_in("other", PASSWORD, "").await;
    assert!(calls(&other.get("/inspector").await.html()).is_empty());
    other.get(&one).await.says(404, "There is no such page");
    let given = format!("/inspector?app={}", shop.app);
    assert!(calls(&other.get(&given).await.html()).is_empty());
}

async fn listen(world: &World, browser: &Browser, path: &str, last: Option<&str>) -> Heard {
    Heard::open(world.get(path).header("cookie", browser.cookie.as_ref().unwrap()), last).await
}

#[tokio::test]
async fn requests_appear_as_they_are_answered_while_somebody_is_signed_in() {
    let world = World::new().await;
    let (shop, mut browser) = shop_in(&world).await;
    world.get("/1.1/before.json").by(&shop).send().await;
    let page = browser.get("/inspector?status=4xx").await.html();
    let attribute = |name: &str| {
        let found = page.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        found.replace("&#38;", "&")
    };
    let path = format!("{}&after={}", attribute("data-stream"), attribute("data-newest"));
    world.get("/1.1/between.json").by(&shop).send().await;
    let mut heard = listen(&world, &browser, &path, None).await;
    let (kind, id, told) = heard.next().await.unwrap();
    let html = told["html"].as_str().unwrap();
    assert_eq!((kind.as_str(), calls(html)), ("request", vec!["GET /1.1/between.json".to_owned()]));
    world.get(LIST).by(&shop).send().await.success();
    world.get("/1.1/after.json").by(&shop).send().await;
    let (_, _, told) = heard.next().await.unwrap();
    assert_eq!(calls(told["html"].as_str().unwrap()), ["GET /1.1/after.json"]);
    let line = browser.get("/inspector?status=4xx").await.html();
    assert!(line.contains(told["html"].as_str().unwrap()), "the same piece of page");
    let mut again = listen(&world, &browser, &path, id.as_deref()).await;
    assert_eq!(again.next().await.unwrap().2, told);
    browser.get("/inspector/stream?status=x").await.says(400, "status: must be like 404");
    drop(again);
    browser.post("/settings", "/sign-out", &[]).await.sees("/sign-in");
    world.get("/1.1/late.json").by(&shop).send().await;
    assert_eq!(heard.next().await, None);
}
