//! Requests that are sent again: `Idempotency-Key`.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Call, JON, Person, Reply, World};

const TAKEN: &str = "Idempotency-Key: was used for a request that asked for something else";

fn keyed<'w>(call: Call<'w>, key: &str) -> Call<'w> {
    call.header("idempotency-key", key)
}

fn simple<'w>(world: &'w World, person: &Person, bytes: &[u8]) -> Call<'w> {
    world.post("/1.1/media/upload.json").by(person).parts(&[("media", bytes)])
}

fn send<'w>(world: &'w World, person: &Person, to: &Person, text: &str) -> Call<'w> {
    let target = json!({"recipient_id": to.account.to_string()});
    let create = json!({"target": target, "message_data": {"text": text}});
    let body = json!({"event": {"type": "message_create", "message_create": create}});
    world.post("/1.1/direct_messages/events/new.json").by(person).json(&body.to_string())
}

/// Holds that `second` says again what `first` said.
#[track_caller]
fn same(first: &Reply, second: &Reply) {
    assert!(first.status.is_success(), "{} {}", first.status, first.json());
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(
        (first.header("idempotent-replayed"), second.header("idempotent-replayed")),
        ("", "true")
    );
    for name in ["content-type", "etag", "x-mediaid", "x-rate-limit-remaining"] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
}

fn files(world: &World) -> usize {
    let mut folders = vec![world.home.folder.path().join("blobs")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                count += 1;
            }
        }
    }
    count
}

#[tokio::test]
async fn a_profile_is_made_once_and_shown_as_it_was_first() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let first = keyed(world.create(&shop, "Jon", &media), "k1").send().await;
    let id = first.json()["custom_profile"]["id"].as_str().unwrap().to_owned();
    // What became of it since does not change what was answered.
    let edit = world.patch(&format!("/guise/v1/profiles/{id}")).by(&shop).header("if-match", "*");
    edit.json(r#"{"name": "Joan"}"#).send().await.success();
    same(&first, &keyed(world.create(&shop, "Jon", &media), "k1").send().await);
    // The same, written otherwise.
    let body = format!(
        r#"{{ "custom_profile": {{"avatar": {{"media": {{"id": "{media}"}} }}, "name": "Jon"}} }}"#
    );
    let call = world.post("/1.1/custom_profiles/new").by(&shop).json(&body);
    same(&first, &keyed(call, "k1").send().await);
    assert_eq!(world.profiles(&shop).await, 1);
    let other = keyed(world.create(&shop, "Jane", &media), "k1").send().await;
    other.refused(422, 214, TAKEN);
    let elsewhere = keyed(send(&world, &shop, &shop, "Hello"), "k1").send().await;
    elsewhere.refused(422, 214, TAKEN);
    assert_eq!(world.profiles(&shop).await, 1);
    keyed(world.create(&shop, "Jane", &media), "k2").send().await.success();
    assert_eq!(world.profiles(&shop).await, 2);
}

#[tokio::test]
async fn what_is_gone_is_told_to_nobody_again_and_not_made_again() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let made = keyed(world.create(&shop, "Jon", &media), "k1").send().await.success();
    let id = made["custom_profile"]["id"].as_str().unwrap();
    world.post(&format!("/guise/v1/profiles/{id}/erase")).by(&shop).send().await.success();
    let again = keyed(world.create(&shop, "Jon", &media), "k1").send().await;
    again.refused(404, 34, "Sorry, that page does not exist.");
    assert_eq!(world.profiles(&shop).await, 0);

    let sent = keyed(send(&world, &shop, &shop, "Hello"), "k2").send().await.success();
    let id = sent["event"]["id"].as_str().unwrap();
    let destroy = format!("/1.1/direct_messages/events/destroy.json?id={id}");
    world.delete(&destroy).by(&shop).send().await.empty(204);
    let again = keyed(send(&world, &shop, &shop, "Hello"), "k2").send().await;
    again.refused(404, 34, "Sorry, that page does not exist.");
}

#[tokio::test]
async fn our_own_way_of_making_one_is_as_safe() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let body = json!({"name": "Jon", "avatar": {"media_id": media}, "external_id": "crm:1"});
    let make = || world.post("/guise/v1/profiles").by(&shop).json(&body.to_string());
    let first = keyed(make(), "k1").send().await;
    assert_eq!(first.header("etag"), "\"1\"");
    same(&first, &keyed(make(), "k1").send().await);
    let taken = world
        .post("/guise/v1/profiles")
        .by(&shop)
        .json(r#"{"name": "x", "avatar": {"media_id": "1"}}"#);
    keyed(taken, "k1").send().await.refused_as(422, 214, "idempotency-key-taken", TAKEN);
}

#[tokio::test]
async fn a_message_is_sent_once() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let first = keyed(send(&world, &shop, &ann, "Hello"), "k1").send().await;
    same(&first, &keyed(send(&world, &shop, &ann, "Hello"), "k1").send().await);
    keyed(send(&world, &shop, &ann, "Hello?"), "k1").send().await.refused(422, 214, TAKEN);
    let list = world.get("/1.1/direct_messages/events/list.json").by(&ann).send().await.success();
    assert_eq!(list["events"].as_array().unwrap().len(), 1);
    // Another account's key is another key.
    keyed(send(&world, &ann, &shop, "Hello"), "k1").send().await.success();
}

#[tokio::test]
async fn a_picture_is_kept_once_however_it_is_packed() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let first = keyed(simple(&world, &shop, JON), "k1").send().await;
    let kept = files(&world);
    same(&first, &keyed(simple(&world, &shop, JON), "k1").send().await);
    let mut body = b"--another\r\ncontent-disposition: form-data; name=\"media\"\r\n\r\n".to_vec();
    body.extend_from_slice(JON);
    body.extend_from_slice(b"\r\n--another--\r\n");
    let again = world.post("/1.1/media/upload.json").by(&shop);
    let again = again.raw("multipart/form-data; boundary=another", &body);
    same(&first, &keyed(again, "k1").send().await);
    keyed(simple(&world, &shop, b"other"), "k1").send().await.refused(422, 214, TAKEN);
    assert_eq!(files(&world), kept);

    let init = || {
        let form = "command=INIT&total_bytes=100&media_type=image%2Fjpeg";
        keyed(world.post("/1.1/media/upload.json").by(&shop).form(form), "k2")
    };
    same(&init().send().await, &init().send().await);
}

#[tokio::test]
async fn one_that_is_asked_for_again_is_answered_with_an_empty_window_too() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let first = keyed(simple(&world, &shop, JON), "k1").send().await;
    for _ in 0..499 {
        let form = "command=INIT&total_bytes=100&media_type=image%2Fjpeg";
        world.post("/1.1/media/upload.json").by(&shop).form(form).send().await.success();
    }
    assert_eq!(simple(&world, &shop, JON).send().await.status, 429);
    let again = keyed(simple(&world, &shop, JON), "k1").send().await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    assert_eq!(keyed(simple(&world, &shop, b"other"), "k1").send().await.status, 429);
}

#[tokio::test]
async fn while_one_runs_the_others_are_told_so() {
    let world = Arc::new(World::in_files().await);
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    // As long as another process writes, what is asked for cannot be done.
    let lock = rusqlite::Connection::open(world.home.folder.path().join("guise.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let (world, shop, ann) = (Arc::clone(&world), shop.clone(), ann.clone());
        calls.spawn(async move { keyed(send(&world, &shop, &ann, "Hello"), "k1").send().await });
    }
    for _ in 0..4 {
        let told = calls.join_next().await.unwrap().unwrap();
        let message = "Idempotency-Key: the first request with it is still running";
        told.refused(409, 214, message);
        assert_eq!(told.header("retry-after"), "1");
    }
    lock.execute_batch("COMMIT").unwrap();
    let first = calls.join_next().await.unwrap().unwrap();
    same(&first, &keyed(send(&world, &shop, &ann, "Hello"), "k1").send().await);
}

#[tokio::test]
async fn a_key_outlives_a_restart_and_ends_after_a_day() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let first = keyed(send(&world, &shop, &ann, "Hello"), "k1").send().await;
    let world = world.restarted().await;
    world.clock.advance(86_399);
    world.guise.sweep().await.unwrap();
    let again = keyed(send(&world, &shop, &ann, "Hello"), "k1").send().await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    world.clock.advance(1);
    assert_eq!(world.guise.sweep().await.unwrap().answers, 1);
    let anew = keyed(send(&world, &shop, &ann, "Hello"), "k1").send().await.success();
    assert_ne!(anew["event"]["id"], first.json()["event"]["id"]);
}

#[tokio::test]
async fn what_was_refused_may_be_asked_for_again_under_its_key() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let early = keyed(world.create(&shop, "Jon", "77"), "k1").send().await;
    early.refused(400, 325, "A media id was not found.");
    let media = world.upload(&shop).await;
    keyed(world.create(&shop, "Jon", &media), "k1").send().await.success();
}

#[tokio::test]
async fn keys_that_are_none_are_refused_and_counted() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let long = "x".repeat(256);
    for bad in ["", "a b", &long] {
        let reply = keyed(world.create(&shop, "Jon", &media), bad).send().await;
        reply.refused(400, 214, "Idempotency-Key: must be 1 to 255 visible ASCII characters");
    }
    let twice = keyed(keyed(simple(&world, &shop, JON), "a"), "a").send().await;
    twice.refused(400, 214, "Idempotency-Key: must be given once");
    let reply = world.create(&shop, "Jon", &media).send().await;
    assert_eq!(reply.header("x-rate-limit-remaining"), "996");
    // Where nothing is made, the header says nothing.
    let shown = keyed(world.get("/1.1/custom_profiles/list.json").by(&shop), "").send().await;
    assert_eq!(shown.success()["custom_profiles"], json!([reply.json()["custom_profile"]]));
}
