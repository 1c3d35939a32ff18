//! The log in plain words: filters, pages, and nobody else's lines.

use guise_domain::{LogFilter, PageRequest};

use super::{PASSWORD, account};
use crate::support::{Browser, World};

fn lines(page: &str) -> Vec<String> {
    let items = page.split("<li><time").skip(1).map(|item| item.split("</li>").next().unwrap());
    items.map(text).collect()
}

/// The words of a piece of a page.
fn text(html: &str) -> String {
    let mut words = String::new();
    for piece in html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text))
    {
        words.push_str(piece);
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_log_says_who_did_what_and_through_what() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let other = world.person("other").await;
    super::set_password(&world, shop.account, PASSWORD).await;
    let profile = world.profile(&shop, "Jon <b>").await;
    world.clock.advance(1);
    let message = serde_json::json!({
        "target": {"recipient_id": other.account.to_string()},
        "message_data": {"text": "Hello"},
        "custom_profile_id": profile["id"],
    });
    let body = serde_json::json!({"event": {"type": "message_create", "message_create": message}});
    let call = world.post("/1.1/direct_messages/events/new.json").by(&shop);
    let sent = call.json(&body.to_string()).send().await.success();
    world.clock.advance(1);
    let block = format!("user_id={}", other.account);
    world.post("/1.1/blocks/create.json").by(&shop).form(&block).send().await.success();
    world.clock.advance(60);
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "night desk").await;
    let page = browser.get("/log").await.html();
    let lines = lines(&page);
    let at = lines[0].split(" UTC").next().unwrap();
    let words: Vec<_> =
        lines.iter().map(|line| line.split(" UTC ").nth(1).unwrap_or(line)).collect();
    assert_eq!(
        words,
        [
            "night desk signed in through Guise console",
            "Somebody blocked @other through Test",
            &format!(
                "Somebody sent the message {} through Test",
                sent["event"]["id"].as_str().unwrap()
            ),
            "Somebody made the profile Jon &#60;b&#62; (revision 1) through Test",
            "Somebody set a password on the server’s command line",
            "Somebody gave a token to the app Test on the server’s command line",
            "Somebody registered the app Test on the server’s command line",
            "Somebody made the account on the server’s command line",
        ],
        "{at}"
    );
    let id = profile["id"].as_str().unwrap();
    for (query, count) in [
        (format!("subject={id}"), 1),
        ("action=profile.created&subject=&operator=&since=&until=".to_owned(), 1),
        ("operator=night+desk".to_owned(), 1),
        ("operator=nobody".to_owned(), 0),
        ("since=2000-01-01".to_owned(), 8),
        ("until=2000-01-01".to_owned(), 0),
    ] {
        let page = browser.get(&format!("/log?{query}")).await.html();
        assert_eq!(self::lines(&page).len(), count, "{query}");
    }
}

#[tokio::test]
async fn days_include_their_first_and_last_moments() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "").await;
    let page = browser.get("/log").await.html();
    let today = page.split("datetime=\"").nth(1).unwrap().get(..10).unwrap().to_owned();
    let page = browser.get(&format!("/log?since={today}&until={today}")).await.html();
    assert_eq!(lines(&page).len(), 3);
}

#[tokio::test]
async fn a_wrong_filter_is_told_on_the_page_and_shows_nothing() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    browser.get("/log?action=x").await.sees("/sign-in?to=%2Flog%3Faction%3Dx");
    browser.sign_in("shop", PASSWORD, "").await;
    for (query, told) in [
        ("action=%3Cb%3E", "action: must be one of profile.created"),
        ("subject=x", "subject: "),
        ("operator=a%0Ab", "operator: must be 1 to 64 visible characters on one line"),
        ("since=yesterday", "since: must be a day such as 2026-01-31"),
        ("until=9999-12-31", "until: must be a day such as 2026-01-31"),
        ("since=2026-02-30", "since: must be a day"),
        ("cursor=!", "invalid cursor"),
    ] {
        let reply = browser.get(&format!("/log?{query}")).await;
        reply.says(400, told);
        assert!(lines(&reply.html()).is_empty(), "{query}");
    }
}

#[tokio::test]
async fn older_lines_are_on_further_pages_and_the_filter_goes_along() {
    let world = World::new().await;
    let shop = account(&world, "shop").await;
    for turn in 0..21 {
        let done = world.store.allow_custom_profiles(shop, turn % 2 == 1, world.by()).await;
        assert!(done.unwrap());
        world.clock.advance(1);
    }
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "").await;
    let mut way = Some("/log?action=profiles.denied".to_owned());
    let mut counts = Vec::new();
    while let Some(path) = way {
        let page = browser.get(&path).await.html();
        counts.push(lines(&page).len());
        way = older(&page);
    }
    assert_eq!(counts, [11]);
    let (mut way, mut all) = (Some("/log".to_owned()), 0);
    while let Some(path) = way {
        let page = browser.get(&path).await.html();
        all += lines(&page).len();
        way = older(&page);
    }
    let page = PageRequest { count: 50, before: None };
    let kept = world.store.log(shop, LogFilter::default(), page).await.unwrap().items.len();
    assert_eq!(all, kept);
}

/// Where the link to older lines leads.
fn older(page: &str) -> Option<String> {
    let (before, _) = page.split_once("\">Older</a>")?;
    Some(before.rsplit_once("href=\"")?.1.replace("&#38;", "&"))
}
