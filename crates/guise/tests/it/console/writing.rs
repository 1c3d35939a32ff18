//! What people write on pages beside text: pictures, what those show, and answers to choose.

use serde_json::{Value, json};

use super::talks::{browser, person, say, shown};
use crate::support::{Browser, JON, Person, Reply, World, hidden};

const TO_ANN: &str = "/conversations/ann";
const SENT: &str = "/conversations/ann#end";
const DESCRIBE: &str = "/1.1/media/metadata/create.json";

/// What is in somebody's box, the newest first.
async fn inbox(world: &World, person: &Person) -> Vec<Value> {
    let list = world.get("/1.1/direct_messages/events/list.json").by(person).send().await.success();
    let events = list["events"].as_array().unwrap();
    events.iter().map(|event| event["message_create"]["message_data"].clone()).collect()
}

async fn send(browser: &mut Browser, fields: &[(&str, &str)], file: &[u8]) -> Reply {
    browser.post_file(TO_ANN, TO_ANN, fields, file).await
}

#[tokio::test]
async fn a_picture_is_sent_with_what_it_shows_and_both_see_it() {
    let world = World::new().await;
    let (_, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let mut shops = browser(&world, "shop").await;
    let fields = [("text", "This is Jon."), ("alt", " Jon, \"smiling\" <b>\r\nat work ")];
    send(&mut shops, &fields, JON).await.sees(SENT);
    world.clock.advance(1);
    send(&mut shops, &[("text", ""), ("alt", "")], JON).await.sees(SENT);
    let received = inbox(&world, &ann).await;
    assert_eq!((received[0]["attachment"]["type"].as_str(), received.len()), (Some("media"), 2));
    assert!(!received[1].to_string().contains("smiling"), "v1.1 has no place for it");
    for (mut browser, path) in
        [(browser(&world, "ann").await, "/conversations/shop"), (shops, TO_ANN)]
    {
        let said = shown(&browser.get(path).await);
        let alt = "alt=\"Jon, &#34;smiling&#34; &#60;b&#62;\nat work\"";
        assert!(said[0].contains(alt), "{}", said[0]);
        assert!(said[1].contains("alt=\"Picture from shop\""), "{}", said[1]);
    }
}

#[tokio::test]
async fn a_message_keeps_the_description_that_its_picture_had_when_it_was_sent() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let media = world.upload_of(&shop, JON).await;
    let describe = async |text: &str| {
        let body = json!({"media_id": media, "alt_text": {"text": text}}).to_string();
        assert_eq!(world.post(DESCRIBE).by(&shop).json(&body).send().await.status, 200);
    };
    describe("Jon before").await;
    let attachment = json!({"type": "media", "media": {"id": media}});
    say(&world, &shop, &ann, json!({"attachment": attachment}), "").await;
    describe("Jon after").await;
    for (name, other) in [("ann", "shop"), ("shop", "ann")] {
        let page = browser(&world, name).await.get(&format!("/conversations/{other}")).await;
        assert!(shown(&page)[0].contains("alt=\"Jon before\""), "{name}");
    }
}

#[tokio::test]
async fn a_picture_waits_for_the_rest_to_be_right_and_nobody_sends_anothers() {
    let world = World::new().await;
    let (_, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let mut shops = browser(&world, "shop").await;
    let reply = send(&mut shops, &[("text", "kept"), ("alt", "described")], b"no picture").await;
    reply.says(400, "The picture was not taken: media type unrecognized.");
    let page = reply.html();
    assert!(page.contains("kept</textarea>") && page.contains("described</textarea>"), "{page}");
    assert!(!page.contains("<script>alert") && !page.contains("name=\"uploaded\""), "{page}");
    send(&mut shops, &[("text", " ")], b"").await.says(400, "Write something first, or choose a");
    let long = "x".repeat(1001);
    let reply = send(&mut shops, &[("text", "kept"), ("alt", &long)], JON).await;
    reply.says(400, "The description must be at most 1000 characters, got 1001.");
    let uploaded = hidden(&reply.html(), "uploaded");
    let theirs = world.upload_of(&ann, JON).await;
    for (media, status) in [(theirs.as_str(), 403), ("1", 403)] {
        let fields = [("text", "kept"), ("alt", ""), ("uploaded", media)];
        let reply = send(&mut shops, &fields, b"").await;
        reply.says(status, "The picture is not kept any more. Choose it again.");
        reply.says(status, "kept</textarea>");
    }
    assert!(inbox(&world, &ann).await.is_empty());
    let fields = [("text", ""), ("alt", "Jon"), ("uploaded", uploaded.as_str())];
    world.clock.advance(1);
    send(&mut shops, &fields, b"").await.sees(SENT);
    send(&mut shops, &fields, b"").await.says(403, "The picture is not kept any more.");
    assert_eq!(inbox(&world, &ann).await.len(), 1);
    let said = shown(&shops.get(TO_ANN).await);
    assert!(said[0].contains("alt=\"Jon\""), "{}", said[0]);
    shops.post_parts(TO_ANN, &[("text", "forged")], JON).await.says(403, "This form has expired.");
}

/// A message of the shop's with two answers to choose; its id.
async fn question(world: &World, shop: &Person, ann: &Person) -> String {
    let options = json!([
        {"label": "Red & blue", "metadata": "colour-1"},
        {"label": "Green"},
    ]);
    let data = json!({
        "text": "Which colour?",
        "quick_reply": {"type": "options", "options": options},
    });
    let event = say(world, shop, ann, data, "").await;
    event["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_that_was_offered_is_sent_by_its_button() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let zoe = world.profile(&ann, "Zoe").await;
    let id = question(&world, &shop, &ann).await;
    let mut anns = browser(&world, "ann").await;
    let to_shop = "/conversations/shop";
    let page = anns.get(to_shop).await.html();
    let button = "<button class=\"plain\" form=\"write\" name=\"answer\"";
    let first = format!("{button} value=\"{id}.0\">Red &#38; blue</button>");
    assert!(page.contains(&first) && page.contains("id=\"write\""), "{page}");
    assert!(!browser(&world, "shop").await.get(TO_ANN).await.html().contains("name=\"answer\""));
    let profile = zoe["id"].as_str().unwrap();
    let (one, two) = (format!("{id}.0"), format!("{id}.1"));
    let fields = [("answer", one.as_str()), ("profile", profile), ("text", "")];
    anns.post_file(to_shop, to_shop, &fields, b"").await.sees("/conversations/shop#end");
    world.clock.advance(1);
    let fields = [("answer", two.as_str()), ("profile", ""), ("text", "half a sentence")];
    let reply = anns.post_file(to_shop, to_shop, &fields, b"").await;
    reply.says(200, "half a sentence</textarea>");
    assert!(shown(&reply)[2].contains("Green"), "and the answer is sent");
    let received = inbox(&world, &shop).await;
    assert_eq!(received[1]["text"], "Red & blue");
    let response = json!({"type": "options", "metadata": "colour-1"});
    assert_eq!(received[1]["quick_reply_response"], response);
    assert_eq!(
        (&received[0]["text"], &received[0]["quick_reply_response"]),
        (&json!("Green"), &Value::Null)
    );
    let said = shown(&anns.get(to_shop).await);
    assert!(said[1].contains("<bdi>Zoe</bdi>") && said[2].contains("<bdi>ann</bdi>"), "{said:?}");
}

#[tokio::test]
async fn only_what_the_other_party_offered_is_an_answer() {
    let world = World::new().await;
    let (shop, ann) = (person(&world, "shop").await, person(&world, "ann").await);
    let eve = person(&world, "eve").await;
    let (asked, eves) = (question(&world, &shop, &ann).await, question(&world, &eve, &ann).await);
    let hers = question(&world, &ann, &shop).await;
    let between = question(&world, &eve, &shop).await;
    let mut anns = browser(&world, "ann").await;
    let to_shop = "/conversations/shop";
    for odd in [
        format!("{asked}.2"),
        format!("{asked}.-1"),
        asked.clone(),
        format!("{eves}.0"),
        format!("{hers}.0"),
        format!("{between}.0"),
        "1.0".to_owned(),
        String::new(),
    ] {
        let fields = [("answer", odd.as_str()), ("text", "kept")];
        let reply = anns.post_file(to_shop, to_shop, &fields, b"").await;
        reply.says(403, "This answer is not offered any more.");
        reply.says(403, "kept</textarea>");
    }
    let before = inbox(&world, &shop).await.len();
    let (csrf, once) = anns.proof(to_shop).await;
    let answer = format!("{asked}.1");
    let proof = [("csrf", csrf.as_str()), ("once", once.as_str())];
    anns.post_parts(to_shop, &[("answer", answer.as_str())], b"").await.says(403, "has expired");
    let fields = [&proof[..], &[("answer", &answer)]].concat();
    anns.post_parts(to_shop, &fields, b"").await.sees("/conversations/shop#end");
    anns.post_parts(to_shop, &fields, b"").await.says(409, "This form was sent before");
    assert_eq!(inbox(&world, &shop).await.len(), before + 1);
}
