//! What a message carries besides its text.

use serde_json::{Value, json};

use super::{DESTROY, id, inbox, pair, send};
use crate::support::{JON, Person, World};

const UNSENT: &str = "There was an error sending your message:";
const MISSING: &str = "Sorry, that page does not exist.";

async fn shared_upload(world: &World, person: &Person) -> String {
    let parts = [("shared", b"true".as_slice()), ("media", JON)];
    let call = world.post("/1.1/media/upload.json").by(person).parts(&parts);
    call.send().await.success()["media_id_string"].as_str().unwrap().to_owned()
}

fn with_media(media: &str) -> Value {
    json!({"text": "Look", "attachment": {"type": "media", "media": {"id": media}}})
}

#[tokio::test]
async fn a_picture_is_shown_to_both_participants_and_nobody_else() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let stranger = world.person("stranger").await;
    let media = world.upload(&shop).await;
    let event =
        send(&world, &shop, &ann, &with_media(&media)).send().await.success()["event"].clone();
    let attachment = &event["message_create"]["message_data"]["attachment"];
    assert_eq!(attachment["type"], "media");
    let picture = &attachment["media"];
    assert_eq!(picture["id_str"], media);
    assert_eq!(picture["id"].to_string(), media);
    assert_eq!((&picture["type"], &picture["indices"]), (&json!("photo"), &json!([4, 4])));
    let sizes = json!({
        "thumb": {"w": 150, "h": 150, "resize": "crop"},
        "small": {"w": 400, "h": 400, "resize": "fit"},
        "medium": {"w": 400, "h": 400, "resize": "fit"},
        "large": {"w": 400, "h": 400, "resize": "fit"},
    });
    assert_eq!(picture["sizes"], sizes);
    let url = picture["media_url_https"].as_str().unwrap();
    let path = url.strip_prefix(&world.url()).unwrap();
    assert!(path.starts_with(&format!("/1.1/ton/data/dm/{}/{media}/", id(&event))), "{path}");
    for person in [&shop, &ann] {
        let reply = world.get(path).by(person).send().await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "image/jpeg"));
        assert_eq!(reply.header("cache-control"), "private, no-store");
        let thumb = world.get(&format!("{path}:thumb")).by(person).send().await;
        assert!(thumb.status == 200 && thumb.body.len() < reply.body.len());
    }
    world.get(path).by(&stranger).send().await.refused(404, 34, MISSING);
    world.get(path).send().await.refused(400, 215, "Bad Authentication data.");
    let file = path.rsplit('/').next().unwrap();
    world.get(&format!("/media/{file}")).send().await.refused(404, 34, MISSING);
    world.clock.advance(2 * 86_400);
    world.guise.sweep().await.unwrap();
    world.guise.sweep_orphans().await.unwrap();
    assert_eq!(world.get(path).by(&ann).send().await.status, 200, "it outlives the upload");
    world.delete(&format!("{DESTROY}?id={}", id(&event))).by(&ann).send().await.empty(204);
    world.get(path).by(&ann).send().await.refused(404, 34, MISSING);
    assert_eq!(world.get(path).by(&shop).send().await.status, 200);
}

#[tokio::test]
async fn an_upload_is_good_for_one_message_unless_it_is_shared() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let media = world.upload(&shop).await;
    send(&world, &shop, &ann, &with_media(&media)).send().await.success();
    let reply = send(&world, &shop, &ann, &with_media(&media)).send().await;
    let reason = "the media was used before, and was not uploaded with shared=true";
    reply.refused(403, 151, &format!("{UNSENT} {reason}."));
    world.create(&shop, "A face of it", &media).send().await.success();
    let media = shared_upload(&world, &shop).await;
    for _ in 0..2 {
        send(&world, &shop, &ann, &with_media(&media)).send().await.success();
    }
    let media = world.upload(&shop).await;
    world.create(&shop, "A face", &media).send().await.success();
    send(&world, &shop, &ann, &with_media(&media)).send().await.success();
    assert_eq!(inbox(&world, &ann).await.len(), 4);
}

#[tokio::test]
async fn media_of_others_expired_or_unknown_is_not_sent() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let foreign = world.upload(&ann).await;
    let expired = world.upload(&shop).await;
    world.clock.advance(86_400);
    for media in ["1", &foreign, &expired] {
        let reply = send(&world, &shop, &ann, &with_media(media)).send().await;
        reply.refused(403, 151, &format!("{UNSENT} the media was not found."));
    }
    let form = "command=INIT&total_bytes=3&media_type=image%2Fjpeg";
    let init = world.post("/1.1/media/upload.json").by(&shop).form(form).send().await.success();
    let media = init["media_id_string"].as_str().unwrap();
    let reply = send(&world, &shop, &ann, &with_media(media)).send().await;
    reply.refused(403, 151, &format!("{UNSENT} the media is not a finished upload of a picture."));
    assert!(inbox(&world, &ann).await.is_empty());
}

#[tokio::test]
async fn places_choices_answers_and_buttons_read_back_as_they_were_sent() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let point = json!({"type": "Point", "coordinates": [-122.443_893, 37.771_718]});
    let coordinate =
        json!({"type": "shared_coordinate", "shared_coordinate": {"coordinates": point}});
    let place =
        json!({"type": "shared_place", "shared_place": {"place": {"id": "07d9cd6afd884001"}}});
    let options = json!({"type": "options", "options": [
        {"label": "Red", "description": "A\nbird", "metadata": "1"},
        {"label": "Blue", "description": "Another"},
    ]});
    let chosen = json!({"type": "options", "metadata": "1"});
    let buttons = json!([{"type": "web_url", "label": "Open", "url": "https://example.com/?a=b"}]);
    for (member, value) in [
        ("attachment", json!({"type": "location", "location": coordinate})),
        ("attachment", json!({"type": "location", "location": place})),
        ("quick_reply", options),
        ("quick_reply_response", chosen),
    ] {
        let event = send(&world, &shop, &ann, &json!({"text": "x", member: value})).send().await;
        let event = event.success()["event"].clone();
        assert_eq!(event["message_create"]["message_data"][member], value);
        assert_eq!(inbox(&world, &ann).await[0], event);
    }
    let event = send(&world, &shop, &ann, &json!({"text": "x", "ctas": buttons})).send().await;
    let mut expected = buttons.clone();
    expected[0]["tco_url"] = expected[0]["url"].clone();
    assert_eq!(event.success()["event"]["message_create"]["message_data"]["ctas"], expected);
    let only = json!({"attachment": {"type": "location", "location": place}});
    let event = send(&world, &shop, &ann, &only).send().await.success();
    assert_eq!(event["event"]["message_create"]["message_data"]["text"], "");
}

#[tokio::test]
async fn what_a_conversation_began_with_is_told() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    for via in [json!({"tweet_id": "123"}), json!({"welcome_message_id": "456"})] {
        let mut body = super::body(shop.account, &json!({"text": "Hi"}), None);
        body["event"]["initiated_via"] = via.clone();
        let reply = world.post(super::NEW).by(&ann).json(&body.to_string()).send().await;
        let event = reply.success()["event"].clone();
        let keys: Vec<_> = event.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["type", "id", "created_timestamp", "initiated_via", "message_create"]);
        assert_eq!(event["initiated_via"], via);
    }
}
