//! Messages under custom profiles.

use serde_json::json;

use super::{NEW, PAGE_MISSING, body, id, inbox, pair, say, say_as};
use crate::support::World;

#[tokio::test]
async fn a_message_carries_the_profile_it_is_written_under() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let jon = world.profile(&shop, "Jon C, Partner Engineer").await;
    let event = say_as(&world, &shop, &ann, "Hello", &jon).await;
    assert_eq!(event["message_create"]["custom_profile_id"], jon["id"]);
    let message = event["message_create"].as_object().unwrap();
    let keys: Vec<_> = message.keys().collect();
    assert_eq!(keys, ["target", "sender_id", "custom_profile_id", "message_data"]);
    assert_eq!(inbox(&world, &ann).await[0], event);
}

#[tokio::test]
async fn the_profiles_id_is_taken_wherever_clients_put_it() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let (jon, zoe) = (world.profile(&shop, "Jon").await, world.profile(&shop, "Zoë").await);
    let (jon, zoe) = (&jon["id"], &zoe["id"]);
    let number: i64 = jon.as_str().unwrap().parse().unwrap();
    let plain = body(ann.account, &json!({"text": "Hello"}), None);
    let with = |places: &[(&str, serde_json::Value)]| {
        let mut body = plain.clone();
        for (place, value) in places {
            body.pointer_mut(place).unwrap()["custom_profile_id"] = value.clone();
        }
        world.post(NEW).by(&shop).json(&body.to_string()).send()
    };
    let (event, message) = ("/event", "/event/message_create");
    let data = "/event/message_create/message_data";
    for places in [
        &[(event, jon.clone())][..],
        &[(message, jon.clone())],
        &[(data, json!(number))],
        &[(event, jon.clone()), (message, json!(number)), (data, jon.clone())],
    ] {
        let event = with(places).await.success()["event"].clone();
        assert_eq!(event["message_create"]["custom_profile_id"], *jon);
        assert!(event.get("custom_profile_id").is_none());
    }
    let reply = with(&[(event, jon.clone()), (message, zoe.clone())]).await;
    let rule = "event.custom_profile_id: must be the same wherever it is given";
    reply.refused(400, 214, rule);
    assert_eq!(inbox(&world, &ann).await.len(), 4);
}

#[tokio::test]
async fn only_ones_own_living_profiles_are_written_under() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let foreign = world.profile(&ann, "Ann").await;
    let gone = world.profile(&shop, "Gone").await;
    let gone = gone["id"].as_str().unwrap();
    let target = format!("/1.1/custom_profiles/destroy.json?id={gone}");
    world.delete(&target).by(&shop).send().await.empty(204);
    let unsent = "There was an error sending your message: the custom profile";
    for (profile, reason) in [
        ("100001", "was not found"),
        (foreign["id"].as_str().unwrap(), "was not found"),
        (gone, "was destroyed"),
    ] {
        let body = body(ann.account, &json!({"text": "Hello"}), Some(profile));
        let reply = world.post(NEW).by(&shop).json(&body.to_string()).send().await;
        reply.refused(403, 151, &format!("{unsent} {reason}."));
    }
    let body = body(ann.account, &json!({"text": "Hello"}), Some("abc"));
    let reply = world.post(NEW).by(&shop).json(&body.to_string()).send().await;
    let place = "event.message_create.custom_profile_id: 'abc' is not a valid Long";
    let rule = format!("{place}, must be a positive decimal number of at most 63 bits");
    reply.refused(400, 214, &rule);
    assert!(inbox(&world, &ann).await.is_empty());
}

#[tokio::test]
async fn an_account_without_the_permission_writes_as_itself_only() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let jon = world.profile(&shop, "Jon").await;
    world.store.allow_custom_profiles(shop.account, false, world.by()).await.unwrap();
    world.clock.advance(1);
    let body = body(ann.account, &json!({"text": "Hello"}), jon["id"].as_str());
    let reply = world.post(NEW).by(&shop).json(&body.to_string()).send().await;
    reply.refused(403, 87, "Client is not permitted to perform this action.");
    say(&world, &shop, &ann, "as myself").await;
    assert_eq!(inbox(&world, &ann).await.len(), 1);
    let face = world.profile(&ann, "Ann").await;
    say_as(&world, &ann, &shop, "Hi", &face).await;
    let path = format!("/1.1/custom_profiles/{}.json", face["id"].as_str().unwrap());
    let seen = world.get(&path).by(&shop).send().await.success();
    assert_eq!(seen["custom_profile"], face, "who was written to may see by whom");
}

#[tokio::test]
async fn whoever_got_a_message_under_a_profile_reads_it_and_nobody_else() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let stranger = world.person("stranger").await;
    let jon = world.profile(&shop, "Jon").await;
    let other = world.profile(&shop, "Other").await;
    let path_of = |profile: &serde_json::Value| {
        format!("/1.1/custom_profiles/{}.json", profile["id"].as_str().unwrap())
    };
    world.get(&path_of(&jon)).by(&ann).send().await.refused(404, 34, PAGE_MISSING);
    say_as(&world, &shop, &ann, "Hello", &jon).await;
    let read = world.get(&path_of(&jon)).by(&ann).send().await.success();
    assert_eq!(read, json!({"custom_profile": jon}));
    world.get(&path_of(&other)).by(&ann).send().await.refused(404, 34, PAGE_MISSING);
    world.get(&path_of(&jon)).by(&stranger).send().await.refused(404, 34, PAGE_MISSING);
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={}", jon["id"].as_str().unwrap());
    world.delete(&destroy).by(&ann).send().await.refused(404, 34, PAGE_MISSING);
}

#[tokio::test]
async fn a_destroyed_profile_goes_on_showing_what_was_said_under_it() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let jon = world.profile(&shop, "Jon").await;
    let event = say_as(&world, &shop, &ann, "Hello", &jon).await;
    let profile = jon["id"].as_str().unwrap();
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={profile}");
    world.delete(&destroy).by(&shop).send().await.empty(204);
    world.clock.advance(2 * 86_400);
    world.guise.sweep().await.unwrap();
    assert_eq!(inbox(&world, &ann).await[0], event);
    let path = format!("/1.1/custom_profiles/{profile}.json");
    let read = world.get(&path).by(&ann).send().await.success();
    assert_eq!(read, json!({"custom_profile": jon}));
    let picture = jon["avatar"]["media"]["url"].as_str().unwrap();
    let picture = picture.strip_prefix(&world.url()).unwrap();
    assert_eq!(world.get(picture).send().await.status, 200);
    world.get(&path).by(&shop).send().await.refused(404, 34, PAGE_MISSING);
    let target = format!("{}?id={}", super::DESTROY, id(&event));
    world.delete(&target).by(&ann).send().await.empty(204);
    world.get(&path).by(&ann).send().await.success();
}
