//! What bad messages get. Nothing of them is sent.

use guise_domain::Access;
use serde_json::{Value, json};

use super::{LIST, NEW, inbox, pair, say, send};
use crate::support::World;

const DATA: &str = "event.message_create.message_data";

#[tokio::test]
async fn texts_are_held_to_their_rules() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let long = "\u{1F600}".repeat(10_000);
    send(&world, &shop, &ann, &json!({"text": long})).send().await.success();
    let reply = send(&world, &shop, &ann, &json!({"text": format!("{long}x")})).send().await;
    let message = "The text of your direct message is over the max character limit.";
    reply.refused(403, 354, message);
    for (data, rule) in [
        (json!({"text": ""}), "must not be empty without an attachment"),
        (json!({"text": " \n"}), "must not be empty without an attachment"),
        (json!({}), "is required"),
        (json!({"text": 5}), "must be a string, got a number"),
        (json!({"text": "a\u{0}"}), "must not contain the character U+0000"),
    ] {
        let reply = send(&world, &shop, &ann, &data).send().await;
        reply.refused(400, 214, &format!("{DATA}.text: {rule}"));
    }
    assert_eq!(inbox(&world, &ann).await.len(), 1);
}

#[tokio::test]
async fn recipients_are_looked_up() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let closed = world.person("closed").await;
    world.store.close_account(closed.account, world.by()).await.unwrap();
    let to = |recipient: Value| {
        let body = json!({"event": {"type": "message_create", "message_create": {
            "target": {"recipient_id": recipient}, "message_data": {"text": "Hello"},
        }}});
        world.post(NEW).by(&shop).json(&body.to_string()).send()
    };
    for unknown in [json!("1"), json!(closed.account.to_string())] {
        to(unknown).await.refused(403, 108, "Cannot find specified user.");
    }
    let place = "event.message_create.target.recipient_id";
    let rule = "must be a positive decimal number of at most 63 bits";
    let message = format!("{place}: 'xxx' is not a valid Long, {rule}");
    to(json!("xxx")).await.refused(400, 214, &message);
    to(Value::Null).await.refused(400, 214, &format!("{place}: is required"));
    to(json!(ann.account.get())).await.success();
    assert_eq!(inbox(&world, &ann).await.len(), 1);
}

#[tokio::test]
async fn a_closed_box_takes_only_what_it_asked_for() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let closed = "You cannot send messages to this user.";
    let settings = "/1.1/account/settings.json";
    let set = |word: &str| world.post(settings).by(&ann).form(&format!("allow_dms_from={word}"));
    let answer = set("following").send().await.success();
    assert_eq!(answer["allow_dms_from"], "following");
    let reply = send(&world, &shop, &ann, &json!({"text": "Hello"})).send().await;
    reply.refused(403, 349, closed);
    say(&world, &ann, &shop, "A question").await;
    say(&world, &shop, &ann, "An answer").await;
    let block = format!("user_id={}", shop.account);
    let answer = world.post("/1.1/blocks/create.json").by(&ann).form(&block).send().await;
    assert_eq!(answer.success()["screen_name"], "shop");
    let reply = send(&world, &shop, &ann, &json!({"text": "Hello"})).send().await;
    reply.refused(403, 349, closed);
    let ids = world.get("/1.1/blocks/ids.json").by(&ann).send().await.success();
    assert_eq!(ids["ids"], json!([shop.account.get()]));
    let target = "/1.1/blocks/ids.json?stringify_ids=true";
    let ids = world.get(target).by(&ann).send().await.success();
    assert_eq!(ids["ids"], json!([shop.account.to_string()]));
    let answer = world.post("/1.1/blocks/destroy.json").by(&ann).form("screen_name=SHOP");
    answer.send().await.success();
    set("all").send().await.success();
    say(&world, &shop, &ann, "Hello again").await;
    assert_eq!(inbox(&world, &ann).await.len(), 3);
    let reply = set("nobody").send().await;
    reply.refused(400, 214, "allow_dms_from: must be all or following");
}

#[tokio::test]
async fn choices_and_buttons_are_held_to_their_rules() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let option = |label: &str| json!({"label": label});
    let options =
        |options: Vec<Value>| json!({"quick_reply": {"type": "options", "options": options}});
    let button = |label: &str, url: &str| json!({"type": "web_url", "label": label, "url": url});
    let link = "https://example.com";
    for (data, message) in [
        (options(vec![option("a"); 21]), "quick_reply.options: must have 1 to 20 items, got 21"),
        (options(vec![]), "quick_reply.options: must have 1 to 20 items, got 0"),
        (
            options(vec![option(&"x".repeat(37))]),
            "quick_reply.options[0].label: must be at most 36 characters, got 37",
        ),
        (
            options(vec![option("a"), option("see http://example.com")]),
            "quick_reply.options[1].label: must not contain a URL",
        ),
        (
            options(vec![json!({"label": "a", "description": "x".repeat(73)})]),
            "quick_reply.options[0].description: must be at most 72 characters, got 73",
        ),
        (
            options(vec![json!({"label": "a", "metadata": "x".repeat(1001)})]),
            "quick_reply.options[0].metadata: must be at most 1000 characters, got 1001",
        ),
        (
            options(vec![json!({"label": "a", "description": "b"}), option("c")]),
            "quick_reply.options: must all have a description, or none",
        ),
        (json!({"quick_reply": {"type": "text_input"}}), "quick_reply.type: must be options"),
        (json!({"ctas": vec![button("a", link); 4]}), "ctas: must have 1 to 3 items, got 4"),
        (
            json!({"ctas": [button(&"x".repeat(37), link)]}),
            "ctas[0].label: must be at most 36 characters, got 37",
        ),
        (
            json!({"ctas": [button("a", "javascript:alert(1)")]}),
            "ctas[0].url: must be an http or https URL of at most 2048 bytes",
        ),
    ] {
        let mut data = data;
        data["text"] = json!("Choose");
        let reply = send(&world, &shop, &ann, &data).send().await;
        reply.refused(400, 214, &format!("{DATA}.{message}"));
    }
    assert!(inbox(&world, &ann).await.is_empty());
}

#[tokio::test]
async fn attachments_are_held_to_their_rules() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let point = |coordinates: Value| {
        let point = json!({"type": "Point", "coordinates": coordinates});
        let location =
            json!({"type": "shared_coordinate", "shared_coordinate": {"coordinates": point}});
        json!({"type": "location", "location": location})
    };
    let coordinates = "location.shared_coordinate.coordinates.coordinates";
    let place = json!({"type": "shared_place", "shared_place": {"place": {"id": "a b"}}});
    for (attachment, message) in [
        (json!({"type": "video"}), ".type: must be media or location".to_owned()),
        (json!({"type": "media"}), ".media.id: is required".to_owned()),
        (
            json!({"type": "media", "media": {"id": "-1"}}),
            ".media.id: '-1' is not a valid Long, must be a positive decimal number of at most 63 bits".to_owned(),
        ),
        (point(json!([181, 0])), format!(".{coordinates}[0]: must be -180 to 180, got 181")),
        (point(json!([0, -90.5])), format!(".{coordinates}[1]: must be -90 to 90, got -90.5")),
        (point(json!([1])), format!(".{coordinates}: must have 2 to 2 items, got 1")),
        (
            json!({"type": "location", "location": place}),
            ".location.shared_place.place.id: must be 1 to 64 letters and digits".to_owned(),
        ),
    ] {
        let data = json!({"text": "Look", "attachment": attachment});
        let reply = send(&world, &shop, &ann, &data).send().await;
        reply.refused(400, 214, &format!("{DATA}.attachment{message}"));
    }
    assert!(inbox(&world, &ann).await.is_empty());
}

#[tokio::test]
async fn an_event_is_of_a_known_type() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for (body, message) in [
        (json!({}), "event.type: is required"),
        (json!({"event": {"type": "x"}}), "event.type: must be message_create"),
        (
            json!({"event": {"type": "message_create"}}),
            "event.message_create.message_data.text: is required",
        ),
    ] {
        let reply = world.post(NEW).by(&shop).json(&body.to_string()).send().await;
        reply.refused(400, 214, message);
    }
}

#[tokio::test]
async fn messages_need_their_own_access_level() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let writer = world.again(&shop, Access::Write).await;
    let message = "This application is not allowed to access or delete your direct messages.";
    let reply = send(&world, &writer, &ann, &json!({"text": "Hello"})).send().await;
    reply.refused(403, 93, message);
    assert_eq!(reply.header("x-access-level"), "read-write");
    world.get(LIST).by(&writer).send().await.refused(403, 93, message);
    assert!(inbox(&world, &ann).await.is_empty());
}
