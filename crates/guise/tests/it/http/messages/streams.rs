//! A box as it fills (`/guise/v1/direct_messages/stream`).

use guise_domain::Access;
use serde_json::{Value, json};

use super::{id, pair, say, say_as};
use crate::support::{Heard, Person, World};

const STREAM: &str = "/guise/v1/direct_messages/stream";

/// A box's stream, after `open` where it goes on from nowhere.
async fn listen(world: &World, person: &Person, last: Option<&str>) -> Heard {
    let mut heard = Heard::open(world.get(STREAM).by(person), last).await;
    if last.is_none() {
        let (kind, id, _) = heard.next().await.unwrap();
        assert!(kind == "open" && id.is_some(), "{kind}");
    }
    heard
}

/// The message that a stream tells of next.
async fn message(heard: &mut Heard) -> Value {
    let (kind, id, data) = heard.next().await.unwrap();
    assert_eq!((kind.as_str(), id.as_deref()), ("message", data["event"]["id"].as_str()));
    data
}

#[tokio::test]
async fn a_stream_tells_of_each_message_and_the_face_it_was_written_under() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let jon = world.profile(&shop, "Jon").await;
    say(&world, &shop, &ann, "before").await;
    let mut anns = listen(&world, &ann, None).await;
    let mut shops = listen(&world, &shop, None).await;
    let event = say_as(&world, &shop, &ann, "Hello", &jon).await;
    assert_eq!(message(&mut anns).await, json!({"event": event, "custom_profile": jon}));
    let own = message(&mut shops).await;
    assert_eq!(own["event"]["message_create"]["source_app_id"], shop.app.to_string());
    let event = say(&world, &ann, &shop, "Hi").await;
    assert_eq!(message(&mut shops).await, json!({"event": event, "custom_profile": null}));
    let form = format!("recipient_id={}", shop.account);
    let call = world.post("/1.1/direct_messages/indicate_typing.json").by(&ann).form(&form);
    call.send().await.empty(204);
    let typing = json!({"sender_id": ann.account.to_string(), "expires_after_secs": 3});
    assert_eq!(shops.next().await, Some(("typing".to_owned(), None, typing)));
    let form = format!("recipient_id={}&last_read_event_id={}", ann.account, id(&event));
    let call = world.post("/1.1/direct_messages/mark_read.json").by(&shop).form(&form);
    call.send().await.empty(204);
    assert_eq!(message(&mut anns).await["event"]["id"], event["id"]);
    let read = json!({"reader_id": shop.account.to_string(), "last_read_event_id": event["id"]});
    assert_eq!(anns.next().await, Some(("read".to_owned(), None, read)));
}

#[tokio::test]
async fn a_stream_goes_on_where_an_earlier_one_ended() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let first = id(&say(&world, &shop, &ann, "0").await);
    world.clock.advance(60);
    for number in 1..=120 {
        say(&world, &shop, &ann, &number.to_string()).await;
    }
    let mut heard = listen(&world, &ann, Some(&first)).await;
    for number in 1..=120 {
        let text =
            message(&mut heard).await["event"]["message_create"]["message_data"]["text"].clone();
        assert_eq!(text, number.to_string());
    }
    let reply = world.get(STREAM).by(&ann).header("last-event-id", "x").send().await;
    let rule = "must be a positive decimal number of at most 63 bits";
    reply.refused_as(400, 214, "invalid", &format!("Last-Event-ID: {rule}"));
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_the_server() {
    let mut world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let other = world.again(&ann, Access::DirectMessages).await;
    let less = world.again(&ann, Access::DirectMessages).await;
    let mut revoked = listen(&world, &ann, None).await;
    let mut lowered = listen(&world, &less, None).await;
    let mut stopped = listen(&world, &other, None).await;
    world.store.revoke_token(ann.account, &ann.token, world.by()).await.unwrap();
    let changed = world.store.change_access(ann.account, &less.token, Access::Write, world.by());
    assert!(changed.await.unwrap());
    world.clock.advance(1);
    say(&world, &shop, &ann, "not for the revoked").await;
    assert_eq!(revoked.next().await, None);
    assert_eq!(lowered.next().await, None);
    message(&mut stopped).await;
    let drained = world.stop();
    assert_eq!(stopped.next().await, None);
    assert_eq!(drained.await.unwrap(), guise_http::serve::Drained { cut: 0 });
}

#[tokio::test]
async fn a_stream_needs_the_access_level_of_messages() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let writer = world.again(&shop, Access::Write).await;
    let reply = world.get(STREAM).by(&writer).send().await;
    assert_eq!(reply.status, 403);
    let reply = world.get(STREAM).send().await;
    reply.refused_as(400, 215, "bad-authentication", "Bad Authentication data.");
}

#[tokio::test]
async fn a_stream_reaches_back_as_far_as_a_list() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    say(&world, &shop, &ann, "old").await;
    world.clock.advance(31 * 86_400);
    say(&world, &shop, &ann, "new").await;
    let mut heard = listen(&world, &ann, Some("1")).await;
    let first = message(&mut heard).await;
    assert_eq!(first["event"]["message_create"]["message_data"]["text"], "new");
}

#[tokio::test]
async fn one_account_has_sixteen_streams_and_leaves_the_rest_to_others() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(listen(&world, &shop, None).await);
    }
    let reply = world.get(STREAM).by(&shop).send().await;
    reply.refused_as(503, 130, "over-capacity", "Over capacity");
    let mut anns = listen(&world, &ann, None).await;
    let event = say(&world, &shop, &ann, "Hello").await;
    assert_eq!(message(&mut anns).await["event"]["id"], event["id"]);
    for heard in &mut open {
        message(heard).await;
    }
}

#[tokio::test]
async fn those_who_are_blocked_are_not_heard_and_reading_never_goes_back() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let first = id(&say(&world, &ann, &shop, "one").await);
    let second = id(&say(&world, &ann, &shop, "two").await);
    let mut anns = listen(&world, &ann, None).await;
    let block = format!("user_id={}", shop.account);
    world.post("/1.1/blocks/create.json").by(&ann).form(&block).send().await.success();
    let form = format!("recipient_id={}", ann.account);
    let reply = world.post("/1.1/direct_messages/indicate_typing.json").by(&shop).form(&form);
    reply.send().await.refused(403, 349, "You cannot send messages to this user.");
    world.post("/1.1/blocks/destroy.json").by(&ann).form(&block).send().await.success();
    for event in [&second, &first, &second] {
        let form = format!("recipient_id={}&last_read_event_id={event}", ann.account);
        let call = world.post("/1.1/direct_messages/mark_read.json").by(&shop).form(&form);
        call.send().await.empty(204);
    }
    let read = json!({"reader_id": shop.account.to_string(), "last_read_event_id": second});
    assert_eq!(anns.next().await, Some(("read".to_owned(), None, read)));
    let third = say(&world, &shop, &ann, "three").await;
    assert_eq!(message(&mut anns).await["event"]["id"], third["id"], "nothing came in between");
}
