//! What every page has: headers that keep others out, text that stays text, and a page for each refusal.

use super::{PASSWORD, account};
use crate::support::{Browser, Reply, World};

fn guarded(reply: &Reply) {
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; \
             connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn pages_cannot_be_framed_kept_or_made_to_load_what_is_not_ours() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    for path in ["/", "/sign-in", "/sign-in/link/x", "/settings", "/nothing"] {
        guarded(&browser.get(path).await);
    }
    guarded(&browser.post_bare("/sign-out", &[]).await);
    browser.sign_in("shop", PASSWORD, "").await;
    for path in ["/", "/profiles", "/profiles/new", "/settings"] {
        let reply = browser.get(path).await;
        guarded(&reply);
        let page = reply.html();
        for inline in ["<script>", "<style", " style=", " onclick=", "javascript:", "//"] {
            assert!(!page.contains(inline), "{inline} in {page}");
        }
    }
    guarded(&browser.post_bare("/settings", &[]).await);
}

#[tokio::test]
async fn what_people_typed_is_shown_as_text() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    let nasty = "<script>alert(\"1\")</script>'";
    let fields = [("name", nasty), ("password", "x"), ("operator", nasty), ("to", nasty)];
    let page = browser.post_bare("/sign-in", &fields).await.html();
    assert!(!page.contains("<script>") && !page.contains("\"1\""), "{page}");
    let text = "&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#39;";
    assert_eq!(page.matches(text).count(), 2, "{page}");
    browser.sign_in("shop", PASSWORD, nasty).await;
    let page = browser.get("/").await.html();
    assert!(page.contains(text) && !page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn files_are_named_by_their_content_and_kept_for_good() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/sign-in").await.html();
    let paths: Vec<_> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert_eq!(paths.len(), 3, "{page}");
    for (path, media_type) in [(paths[0], "image/svg+xml"), (paths[1], "text/css; charset=utf-8")] {
        let reply = browser.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, media_type));
        assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let etag = reply.header("etag").to_owned();
        let known = world.get(path).header("if-none-match", &etag).send().await;
        assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    }
    let (name, _) = paths[1].rsplit_once('-').unwrap();
    for path in ["/assets/console.css", &format!("{name}-000000000000.css"), "/assets/..%2Ficon"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_browser_is_told_what_is_wrong_on_a_page_and_a_program_as_before() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    browser.get("/nothing").await.says(404, "There is no such page");
    browser.get("/sign-out").await.says(404, "There is no such page");
    let message = "Sorry, that page does not exist.";
    world.get("/nothing").send().await.refused(404, 34, message);
    for path in ["/1.1/nothing.json", "/2/nothing", "/guise/v1/nothing", "/guise/v1/requests/%ff"] {
        browser.get(path).await.refused(404, 34, message);
    }
    for path in ["/profiles/%ff", &format!("/{}", "a".repeat(3000))] {
        browser.get(path).await.says(404, "There is no such page");
    }
}

#[tokio::test]
async fn odd_cookies_are_nobodys() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "").await;
    let cookie = browser.cookie.clone().unwrap();
    let (name, value) = cookie.split_once('=').unwrap();
    let swapped: String = value.chars().rev().collect();
    for odd in [
        format!("{name}="),
        format!("{name}={}", &value[..42]),
        format!("{name}={value}{value}"),
        format!("{name}={swapped}"),
        format!("{name}=\"{value}\""),
        format!("{name}=%00; {name}={value}"),
        format!("{name}x={value}"),
        format!("Guise={value}"),
        format!("{name}={}", "x".repeat(30_000)),
        ";;;===;".to_owned(),
        "\u{80}\u{ff}".to_owned(),
    ] {
        Browser::with(&world, &odd).get("/").await.sees("/sign-in");
        Browser::with(&world, &odd).get("/sign-in").await.says(200, "Sign in");
    }
    let among = format!("a=b; {cookie}; c=d");
    Browser::with(&world, &among).get("/").await.says(200, "Hello");
}

#[tokio::test]
async fn signing_in_needs_a_connection_that_nobody_can_listen_to() {
    let world = World::new().await;
    account(&world, "shop").await;
    let fields = [("name", "shop"), ("password", PASSWORD)];
    let from = |host: &'static str, origin: &'static str| {
        let mut browser = Browser::new(&world);
        async move { browser.post_as("/sign-in", &fields, &[("host", host), ("origin", origin)]).await }
    };
    let told = "Signing in needs HTTPS";
    from("guise.example", "http://guise.example").await.says(403, told);
    from("10.0.0.1:8080", "http://10.0.0.1:8080").await.says(403, told);
    from("localhost.evil.example", "http://localhost.evil.example").await.says(403, told);
    for host in ["localhost:8080", "[::1]:8080", "127.0.0.2"] {
        let origin = format!("http://{host}");
        let headers = [("host", host), ("origin", origin.as_str())];
        Browser::new(&world).post_as("/sign-in", &fields, &headers).await.sees("/");
    }
}
