//! Conversations: reading and writing them, and who may not.

use std::time::Duration;

use guise_domain::limits::STREAMS_OF_ACCOUNT_MAX;
use guise_domain::rate::{Endpoint, Rule};
use guise_http::Settings;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{PASSWORD, set_password};
use crate::support::{Browser, JON, Person, Reply, World, hidden};

/// A person who has a password too.
pub(super) async fn person(world: &World, name: &str) -> Person {
    let person = world.person(name).await;
    set_password(world, person.account, PASSWORD).await;
    person
}

pub(super) async fn browser(world: &World, name: &str) -> Browser {
    let mut browser = Browser::new(world);
    browser.sign_in(name, PASSWORD, "").await;
    browser
}

/// Sends by the API; the event.
pub(super) async fn say(
    world: &World,
    from: &Person,
    to: &Person,
    data: Value,
    profile: &str,
) -> Value {
    let mut message = json!({
        "target": {"recipient_id": to.account.to_string()},
        "message_data": data,
    });
    if !profile.is_empty() {
        message["custom_profile_id"] = json!(profile);
    }
    let body = json!({"event": {"type": "message_create", "message_create": message}});
    let call = world.post("/1.1/direct_messages/events/new.json").by(from);
    let event = call.json(&body.to_string()).send().await.success()["event"].clone();
    // Requests of one millisecond would come in the order of chance.
    world.clock.advance(1);
    event
}

async fn text(world: &World, from: &Person, to: &Person, text: &str) -> Value {
    say(world, from, to, json!({"text": text}), "").await
}

/// The messages on a page, each as its piece of it.
pub(super) fn shown(reply: &Reply) -> Vec<String> {
    let page = reply.html();
    page.split("<li class=\"said").skip(1).map(str::to_owned).collect()
}

#[tokio::test]
async fn each_message_shows_its_face_and_always_the_account_behind_it() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "Ann").await);
    let jon = world.profile(&shop, "Jon & <b>Co</b>").await;
    let mut anns = browser(&world, "ann").await;
    assert!(anns.get("/conversations").await.html().contains("Nothing was written"));
    say(&world, &shop, &ann, json!({"text": "Hello"}), jon["id"].as_str().unwrap()).await;
    text(&world, &shop, &ann, "plain").await;
    text(&world, &ann, &shop, "back").await;
    let page = anns.get("/conversations/shop").await;
    let said = shown(&page);
    assert_eq!(said.len(), 3);
    let url = jon["avatar"]["media"]["url"].as_str().unwrap();
    let path = url.strip_prefix(&world.url()).unwrap();
    assert!(said[0].contains(&format!("src=\"{path}?name=thumb\"")), "{}", said[0]);
    assert!(said[0].contains("<bdi>Jon &#38; &#60;b&#62;Co&#60;/b&#62;</bdi>"), "{}", said[0]);
    assert!(said[1].contains("<bdi>shop</bdi>"), "{}", said[1]);
    for (piece, (via, own)) in said.iter().zip([("shop", false), ("shop", false), ("Ann", true)]) {
        assert!(piece.contains(&format!("via @{via}</span>")), "{piece}");
        assert_eq!(piece.starts_with(" own\""), own, "{piece}");
    }
    let shops = shown(&browser(&world, "shop").await.get("/conversations/ann").await);
    let own: Vec<_> = shops.iter().map(|piece| piece.starts_with(" own\"")).collect();
    assert_eq!(own, [true, true, false]);
}

#[tokio::test]
async fn what_a_message_holds_is_shown_and_never_runs() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let evil = "<script>alert(1)</script> javascript:alert(2) https://example.com/?a=1&b=%22x";
    let data = json!({
        "text": evil,
        "quick_reply": {"type": "options", "options": [
            {"label": "<i>Red</i>", "description": "a \"colour\""},
        ]},
        "ctas": [{"type": "web_url", "label": "Go > there", "url": "https://example.com/?x=1&y=2"}],
        "attachment": {"type": "location", "location": {
            "type": "shared_coordinate",
            "shared_coordinate": {"coordinates": {"type": "Point", "coordinates": [-122.5, 37.75]}},
        }},
    });
    say(&world, &shop, &ann, data, "").await;
    let said = shown(&browser(&world, "ann").await.get("/conversations/shop").await);
    let rel = "target=\"_blank\" rel=\"noopener noreferrer nofollow\"";
    for piece in [
        "&#60;script&#62;alert(1)&#60;/script&#62; javascript:alert(2) ".to_owned(),
        format!("<a href=\"https://example.com/?a=1&#38;b=%22x\" {rel}>"),
        format!("href=\"https://example.com/?x=1&#38;y=2\" {rel}>Go &#62; there</a>"),
        "&#60;i&#62;Red&#60;/i&#62;<small>a &#34;colour&#34;</small></button>".to_owned(),
        "Place: 37.75, -122.5".to_owned(),
    ] {
        assert!(said[0].contains(&piece), "no {piece} in {}", said[0]);
    }
}

#[tokio::test]
async fn nobody_reads_a_conversation_or_a_picture_of_others() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    person(&world, "eve").await;
    let media = world.upload_of(&shop, JON).await;
    let attachment = json!({"type": "media", "media": {"id": media}});
    let event = say(&world, &shop, &ann, json!({"text": "secret", "attachment": attachment}), "");
    let event = event.await;
    let mut anns = browser(&world, "ann").await;
    let page = anns.get("/conversations/shop").await.html();
    let path = page.split("href=\"/messages/").nth(1).unwrap().split('?').next().unwrap();
    let path = format!("/messages/{path}");
    let picture = anns.get(&format!("{path}?name=small")).await;
    assert_eq!((picture.status, picture.header("content-type")), (StatusCode::OK, "image/jpeg"));
    assert_eq!(picture.header("cache-control"), "no-store");
    assert_eq!(picture.header("x-frame-options"), "DENY");
    // Browsers draw a picture that is opened alone with a style of their own.
    let policy =
        "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    assert_eq!(picture.header("content-security-policy"), policy);

    let mut eves = browser(&world, "eve").await;
    for name in ["ann", "shop", "eve"] {
        assert_eq!(shown(&eves.get(&format!("/conversations/{name}")).await).len(), 0);
    }
    assert!(!eves.get("/conversations").await.html().contains("secret"));
    eves.get(&path).await.says(404, "There is no such page");
    for by_id in [ann.account.to_string(), event["id"].as_str().unwrap().to_owned()] {
        eves.get(&format!("/conversations/{by_id}")).await.says(404, "There is no such page");
        eves.get(&format!("/conversations/{by_id}/stream")).await.says(404, "no such page");
    }
    anns.get(&path.replace(".jpg", ".png")).await.says(404, "There is no such page");
    let mut nobody = Browser::new(&world);
    for path in ["/conversations", "/conversations/shop", "/conversations/shop/stream", &path] {
        let to: String = guise_oauth1::percent_encode(path);
        nobody.get(path).await.sees(&format!("/sign-in?to={to}"));
    }
}

#[tokio::test]
async fn what_is_shown_is_read_and_lists_are_in_pages() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let bob = person(&world, "bob").await;
    for number in 0..25 {
        text(&world, &shop, &ann, &format!("number {number}.")).await;
    }
    text(&world, &bob, &ann, "later").await;
    let mut anns = browser(&world, "ann").await;
    let unread = |page: &str| page.matches("class=\"talk unread\"").count();
    let list = anns.get("/conversations").await.html();
    assert_eq!(unread(&list), 2);
    assert!(list.find("@bob").unwrap() < list.find("@shop").unwrap(), "{list}");
    let page = anns.get("/conversations/shop").await;
    let said = shown(&page);
    assert_eq!(said.len(), 20);
    assert!(said[0].contains("number 5.") && said[19].contains("number 24."), "oldest first");
    assert_eq!(unread(&anns.get("/conversations").await.html()), 1);
    let older = page.html().split("?cursor=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let older = shown(&anns.get(&format!("/conversations/shop?cursor={older}")).await);
    assert_eq!(older.len(), 5);
    assert!(older[4].contains("number 4."), "{older:?}");
    anns.get("/conversations/shop?cursor=x!").await.says(400, "invalid cursor");
    let list = anns.get("/conversations?count=1").await.html();
    let next = list.split("?cursor=").nth(1).unwrap().split('"').next().unwrap();
    let list = anns.get(&format!("/conversations?count=1&cursor={next}")).await.html();
    assert!(list.contains("@shop") && !list.contains("@bob"), "{list}");
}

#[tokio::test]
async fn people_write_and_answer_as_whom_they_choose() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let jon = world.profile(&shop, "Jon").await;
    let jon = jon["id"].as_str().unwrap();
    let mut shops = browser(&world, "shop").await;
    shops.get("/conversations?with=%40ANN").await.sees("/conversations/ann#end");
    let to_ann = "/conversations/ann";
    let fields = [("profile", jon), ("text", "Hello,\r\n@shop here")];
    shops.post_file(to_ann, to_ann, &fields, b"").await.sees("/conversations/ann#end");
    world.clock.advance(1);
    shops
        .post_file(to_ann, to_ann, &[("profile", ""), ("text", "as myself")], b"")
        .await
        .sees("/conversations/ann#end");
    let inbox = world.get("/1.1/direct_messages/events/list.json").by(&ann).send().await.success();
    let sent = |nth: usize| inbox["events"][nth]["message_create"].clone();
    assert_eq!(sent(1)["custom_profile_id"], jon);
    assert_eq!(sent(1)["message_data"]["text"], "Hello,\n@shop here");
    let mention = &sent(1)["message_data"]["entities"]["user_mentions"][0];
    assert_eq!(mention["id_str"], shop.account.to_string());
    assert_eq!(sent(0)["custom_profile_id"], Value::Null);
    let page = shops.get(&format!("{to_ann}?as={jon}")).await.html();
    assert!(page.contains(&format!("<option value=\"{jon}\" selected>Jon</option>")), "{page}");

    let shown = shops.get(to_ann).await.html();
    let proof = [("csrf", hidden(&shown, "csrf")), ("once", hidden(&shown, "once"))];
    let fields = [("csrf", &*proof[0].1), ("once", &*proof[1].1), ("text", "once")];
    shops.post_parts(to_ann, &fields, b"").await.sees("/conversations/ann#end");
    shops.post_parts(to_ann, &fields, b"").await.says(409, "This form was sent before");
    shops.post_parts(to_ann, &[("text", "forged")], b"").await.says(403, "This form has expired.");
    assert_eq!(world.profiles(&shop).await, 1);
}

#[tokio::test]
async fn each_of_many_profiles_can_be_chosen() {
    let world = World::new().await;
    let shop = person(&world, "shop").await;
    person(&world, "ann").await;
    for number in 0..60 {
        world.profile(&shop, &format!("Face {number}")).await;
    }
    let page = browser(&world, "shop").await.get("/conversations/ann").await.html();
    for number in 0..60 {
        assert!(page.contains(&format!(">Face {number}</option>")), "{number}");
    }
}

#[tokio::test]
async fn what_is_not_sent_says_why_and_keeps_the_text() {
    let mut settings = Settings::default();
    settings.rules.set(Endpoint::DirectMessagesNew, Rule { limit: 3, window_seconds: 86_400 });
    let world = World::with(settings).await;
    let ann = person(&world, "ann").await;
    person(&world, "shop").await;
    let theirs = world.profile(&ann, "Zoe").await;
    let mut shops = browser(&world, "shop").await;
    let to_ann = "/conversations/ann";
    let long = "x".repeat(10_001);
    let id = theirs["id"].as_str().unwrap();
    for (profile, text, status, told) in [
        ("", " \r\n ", 400, "Write something first, or choose a picture."),
        ("", &*long, 400, "The text must be at most 10000 characters, got 10001."),
        ("", "nul\0", 400, "The text must not contain the character U+0000."),
        ("x", "kept &", 400, "This profile is gone."),
        (id, "kept &", 403, "This profile is gone."),
    ] {
        let reply =
            shops.post_file(to_ann, to_ann, &[("profile", profile), ("text", text)], b"").await;
        reply.says(status, told);
        if text.starts_with("kept") {
            reply.says(status, "kept &#38;</textarea>");
        }
    }
    shops.post_file(to_ann, to_ann, &[("text", "one")], b"").await.sees("/conversations/ann#end");
    let nobody = "There is no account called @";
    shops.get("/conversations?with=nobody").await.says(404, nobody);
    shops.get("/conversations?with=%3Cb%3E").await.says(404, "@&#60;b&#62;.");
    shops
        .post_file(to_ann, "/conversations/nobody", &[("text", "x")], b"")
        .await
        .says(404, "no such page");
    world.post("/1.1/blocks/create.json").by(&ann).form("screen_name=shop").send().await.success();
    shops.get("/conversations?with=ann").await.says(403, "@ann takes no messages from you.");
    for (text, status, told) in [
        ("two, kept", 403, "Not sent: the recipient takes no messages from this account."),
        ("three, kept", 429, "The limit of 3 messages is used up until 16 Jan 2027"),
    ] {
        let reply = shops.post_file(to_ann, to_ann, &[("text", text)], b"").await;
        reply.says(status, told);
        reply.says(status, &format!("{text}</textarea>"));
    }
    world.store.close_account(ann.account, world.by()).await.unwrap();
    let page = shops.get(to_ann).await;
    page.says(200, "The account was closed.");
    assert_eq!(shown(&page).len(), 1, "what was written stays");
}

/// A conversation's stream.
struct Heard(reqwest::Response, String);

impl Heard {
    async fn open(world: &World, cookie: &str, path: &str) -> Self {
        let request = world.http.get(format!("{}{path}", world.url())).header("cookie", cookie);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response, String::new())
    }

    /// The next message's piece of page, or an event's name and data; `None` when the stream ends. Fails the test after 20 seconds.
    async fn next(&mut self) -> Option<String> {
        timeout(Duration::from_secs(20), self.heard()).await.expect("an event")
    }

    async fn heard(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let line = |name| event.lines().find_map(|line| line.strip_prefix(name));
                let html = line("data: ").map(|data| {
                    if let Some(name) = line("event: ") {
                        return format!("{name} {data}");
                    }
                    let data: Value = serde_json::from_str(data).unwrap();
                    data["html"].as_str().unwrap().to_owned()
                });
                self.1 = String::from(rest);
                if html.is_some() {
                    return html;
                }
                continue;
            }
            let chunk = self.0.chunk().await.unwrap()?;
            self.1 += std::str::from_utf8(&chunk).unwrap();
        }
    }
}

#[tokio::test]
async fn new_messages_of_this_conversation_come_by_themselves_until_the_session_ends() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let bob = person(&world, "bob").await;
    text(&world, &shop, &ann, "before").await;
    world.clock.advance(60);
    let mut anns = browser(&world, "ann").await;
    let page = anns.get("/conversations/shop").await.html();
    let newest = page.split("data-newest=\"").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/conversations/shop/stream?after={newest}");
    let cookie = anns.cookie.clone().unwrap();
    let mut heard = Heard::open(&world, &cookie, &path).await;
    text(&world, &bob, &ann, "of somebody else").await;
    text(&world, &shop, &ann, "<b>\r\nlive").await;
    let piece = heard.next().await.unwrap();
    assert!(piece.contains("&#60;b&#62;\r\nlive</p>") && piece.contains("via @shop"), "{piece}");
    let list = anns.get("/conversations").await.html();
    assert_eq!(list.matches("class=\"talk unread\"").count(), 1, "what was shown is read: {list}");
    let own = [("text", "own")];
    anns.post_file("/conversations/shop", "/conversations/shop", &own, b"")
        .await
        .sees("/conversations/shop#end");
    assert!(heard.next().await.unwrap().contains("said own"));
    anns.post("/settings", "/sign-out", &[]).await.sees("/sign-in");
    text(&world, &shop, &ann, "after the end").await;
    assert_eq!(heard.next().await, None);
}

#[tokio::test]
async fn an_account_has_so_many_streams_and_people_are_told_in_their_words() {
    let world = World::new().await;
    for name in ["shop", "ann"] {
        person(&world, name).await;
    }
    let mut anns = browser(&world, "ann").await;
    let cookie = anns.cookie.clone().unwrap();
    let path = "/conversations/shop/stream";
    let mut open = Vec::new();
    for _ in 0..STREAMS_OF_ACCOUNT_MAX {
        open.push(Heard::open(&world, &cookie, path).await);
    }
    anns.get(path).await.says(503, "The server is busy");
    let mut shops = browser(&world, "shop").await;
    Heard::open(&world, &shops.cookie.take().unwrap(), "/conversations/ann/stream").await;
}

#[tokio::test]
async fn a_page_says_that_the_other_party_is_writing_and_has_read() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let bob = person(&world, "bob").await;
    let sent = text(&world, &ann, &shop, "read me").await;
    let id = sent["id"].as_str().unwrap();
    let mut anns = browser(&world, "ann").await;
    let seen = "id=\"seen\">Read by @shop</p>";
    assert!(!anns.get("/conversations/shop").await.html().contains(seen));
    let cookie = anns.cookie.clone().unwrap();
    let path = format!("/conversations/shop/stream?after={id}");
    let mut heard = Heard::open(&world, &cookie, &path).await;
    for (from, to) in [(&bob, &ann), (&shop, &bob), (&ann, &shop), (&shop, &ann)] {
        let form = format!("recipient_id={}", to.account);
        let call = world.post("/1.1/direct_messages/indicate_typing.json").by(from).form(&form);
        call.send().await.empty(204);
    }
    let read = format!("last_read_event_id={id}&recipient_id={}", ann.account);
    let call = world.post("/1.1/direct_messages/mark_read.json").by(&shop).form(&read);
    call.send().await.empty(204);
    assert_eq!(
        heard.next().await.unwrap(),
        format!("typing {}", guise_domain::limits::TYPING_SECONDS)
    );
    assert_eq!(heard.next().await.unwrap(), format!("read {id}"));
    // A page that was made before, and listens only now, has to learn of it too.
    let mut late = Heard::open(&world, &cookie, &path).await;
    assert_eq!(late.next().await.unwrap(), format!("read {id}"));
    assert!(anns.get("/conversations/shop").await.html().contains(seen));
    text(&world, &shop, &ann, "and back").await;
    assert!(!anns.get("/conversations/shop").await.html().contains(seen), "that comes last");
}
