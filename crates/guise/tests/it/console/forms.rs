//! Forms that others made: everything here must fail.

use super::{PASSWORD, account, done};
use crate::support::{Browser, World, hidden};

const CLOSE: (&str, &str) = ("messages_from", "following");

#[tokio::test]
async fn a_form_from_another_site_is_refused_whatever_it_knows() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "").await;
    let csrf = hidden(&browser.get("/settings").await.html(), "csrf");
    let known = [("csrf", csrf.as_str()), CLOSE];
    let own = world.url();
    let (upper, port) = (own.to_uppercase(), format!("{own}0"));
    let (tls, slash) = (own.replace("http:", "https:"), format!("{own}/"));
    let elsewhere: &[&[(&str, &str)]] = &[
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", &port)],
        &[("origin", &tls)],
        &[("origin", &slash)],
        &[("origin", "http://127.0.0.1.evil.example")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", &own), ("sec-fetch-site", "cross-site")],
        &[("origin", &own), ("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        &[("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")],
        &[("referer", &own)],
    ];
    let told = "This form was not sent from a page of this server.";
    for headers in elsewhere {
        for path in ["/settings", "/sign-out", "/sign-out-everywhere"] {
            browser.post_as(path, &known, headers).await.says(403, told);
        }
        let fields = [("name", "shop"), ("password", PASSWORD)];
        let reply = Browser::new(&world).post_as("/sign-in", &fields, headers).await;
        reply.says(403, told);
        assert!(reply.headers.get("set-cookie").is_none());
        let link = format!("/sign-in/link/{}", "A".repeat(43));
        Browser::new(&world).post_as(&link, &[], headers).await.says(403, told);
    }
    assert_eq!(done(&world, shop).await.len(), 3, "nothing was done");
    for headers in [&[("origin", upper.as_str())][..], &[("sec-fetch-site", "same-origin")]] {
        browser
            .post_as("/settings", &[known[0], ("messages_from", "x")], headers)
            .await
            .says(400, "");
    }
}

#[tokio::test]
async fn a_form_that_this_session_was_not_shown_is_refused() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    account(&world, "other").await;
    let (mut browser, mut stranger) = (Browser::new(&world), Browser::new(&world));
    browser.sign_in("shop", PASSWORD, "").await;
    stranger.sign_in("other", PASSWORD, "").await;
    let theirs = hidden(&stranger.get("/settings").await.html(), "csrf");
    let before = hidden(&browser.get("/settings").await.html(), "csrf");
    browser.sign_in("shop", PASSWORD, "").await;
    let told = "This form has expired.";
    let ours = hidden(&browser.get("/settings").await.html(), "csrf");
    let cut = &ours[..42];
    for csrf in ["", "x", &theirs, &before, cut, &format!("{ours}x"), &ours.to_lowercase()] {
        browser.post_bare("/settings", &[("csrf", csrf), CLOSE]).await.says(403, told);
        browser.post_bare("/sign-out", &[("csrf", csrf)]).await.says(403, told);
    }
    browser.post_bare("/settings", &[CLOSE]).await.says(403, told);
    browser.post_bare("/settings", &[("csrf", &theirs), ("csrf", &ours)]).await.says(403, told);
    browser.post_bare("/sign-out-everywhere", &[]).await.says(403, told);
    assert_eq!(done(&world, shop).await.len(), 4, "nothing was done");
    let mut over = Browser::new(&world);
    over.post_bare("/settings", &[("csrf", &ours), CLOSE]).await.sees("/sign-in?over&to=%2F");
    let (origin, page) = (world.url(), format!("{}/settings?a=b", world.url()));
    let headers = [("origin", &*origin), ("referer", &*page)];
    let way = "/sign-in?over&to=%2Fsettings%3Fa%3Db";
    over.post_as("/settings/password", &[CLOSE], &headers).await.sees(way);
    let page = over.get(way).await.html();
    assert!(page.contains("what you sent was not taken"), "{page}");
    assert!(page.contains("name=\"to\" value=\"/settings?a=b\""), "{page}");
    over.post_bare("/sign-out", &[]).await.sees("/sign-in");
    browser.post_bare("/settings", &[("csrf", &ours), CLOSE]).await.sees("/settings");
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let world = World::new().await;
    account(&world, "shop").await;
    for to in
        ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/%0d"]
    {
        let mut browser = Browser::new(&world);
        let asked = guise_oauth1::percent_encode(to);
        let page = browser.get(&format!("/sign-in?to={asked}")).await.html();
        let shown = if to == "/%0d" { to } else { "/" };
        assert_eq!(hidden(&page, "to"), shown);
        let fields = [("name", "shop"), ("password", PASSWORD), ("to", to)];
        browser.post_bare("/sign-in", &fields).await.sees(shown);
        browser.get(&format!("/sign-in?to={asked}")).await.sees(shown);
    }
}

#[tokio::test]
async fn forms_that_are_too_long_or_no_forms_are_refused() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    let long = "x".repeat(20_000);
    let fields = [("name", "shop"), ("password", long.as_str())];
    browser.post_bare("/sign-in", &fields).await.says(413, "at most 16384 bytes");
    browser.post_bare("/sign-in", &[]).await.says(403, "No account has this name");
    let fields = [("name", "shop"), ("password", PASSWORD), ("operator", &"x".repeat(65))];
    let told = "Who is at work must be 1 to 64 visible characters on one line.";
    browser.post_bare("/sign-in", &fields).await.says(400, told);
    browser.sign_in("shop", PASSWORD, "").await;
    let long = "x".repeat(600_000);
    browser.post_bare("/settings", &[("csrf", &long)]).await.says(413, "at most 524288 bytes");
}
