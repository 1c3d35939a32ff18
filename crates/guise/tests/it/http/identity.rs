//! Profiles as their owner knows them: `/guise/v1/profiles/…`.

use guise_domain::Digest;
use serde_json::{Value, json};

use crate::support::{Call, JON, Person, World, other_jon};

const PROFILES: &str = "/guise/v1/profiles";

fn make<'w>(world: &'w World, person: &Person, body: &Value) -> Call<'w> {
    world.post(PROFILES).by(person).json(&body.to_string())
}

fn edit<'w>(world: &'w World, person: &Person, id: &str, of: &str, body: &Value) -> Call<'w> {
    let call = world.patch(&format!("{PROFILES}/{id}")).by(person);
    call.header("if-match", of).json(&body.to_string())
}

async fn made(world: &World, person: &Person, body: Value) -> Value {
    let media = world.upload(person).await;
    let mut body = body;
    body["avatar"] = json!({"media_id": media});
    let reply = make(world, person, &body).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (201, "\"1\""));
    reply.json()["profile"].clone()
}

fn id(profile: &Value) -> &str {
    profile["id"].as_str().unwrap()
}

fn picture(profile: &Value) -> &str {
    profile["avatar"]["url"].as_str().unwrap()
}

async fn names(world: &World, person: &Person, query: &str) -> Vec<String> {
    let page = world.get(&format!("{PROFILES}?{query}")).by(person).send().await.success();
    let name = |profile: &Value| profile["name"].as_str().unwrap().to_owned();
    page["profiles"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn a_profile_shows_all_that_its_owner_knows() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let body =
        json!({"name": "Zoë", "kind": "bot", "external_id": "crm:1", "tags": ["b", "a", "b"]});
    let profile = made(&world, &shop, body).await;
    let (id, url) = (id(&profile), picture(&profile));
    let expected = json!({
        "id": id,
        "revision": 1,
        "name": "Zoë",
        "kind": "bot",
        "avatar": {"url": url, "sha256": Digest::of(JON).to_string()},
        "external_id": "crm:1",
        "tags": ["a", "b"],
        "uses": 0,
        "created_at": "2027-01-15T08:00:00.000Z",
        "changed_at": "2027-01-15T08:00:00.000Z",
        "last_used_at": null,
        "destroyed_at": null,
        "erased_at": null,
    });
    assert_eq!(profile, expected);
    let shown = world.get(&format!("{PROFILES}/{id}")).by(&shop).send().await;
    assert_eq!(shown.success(), json!({"profile": expected}));
    assert_eq!(shown.header("etag"), "\"1\"");
    let original = world.get(&format!("/1.1/custom_profiles/{id}.json")).by(&shop).send().await;
    let members: Vec<_> =
        original.success()["custom_profile"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["id", "created_timestamp", "name", "avatar"]);
    let stranger = world.person("stranger").await;
    let missing = "Sorry, that page does not exist.";
    for id in [id, "1", "abc"] {
        let reply = world.get(&format!("{PROFILES}/{id}")).by(&stranger).send().await;
        reply.refused_as(404, 34, "not-found", missing);
    }
}

#[tokio::test]
async fn one_without_a_picture_has_a_face_until_it_gets_one() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let target = format!("{PROFILES}/by-external-id/b");
    let put = world.put(&target).by(&shop).json(&json!({"name": "Order bot"}).to_string());
    assert_eq!(put.send().await.status, 201);
    for avatar in [Value::Null, json!({"media_id": null})] {
        let body = json!({"name": "Zoë Weiß", "avatar": avatar});
        let status = make(&world, &shop, &body).send().await.status.as_u16();
        assert_eq!(status, if avatar.is_null() { 201 } else { 400 }, "{avatar}");
    }
    let made = make(&world, &shop, &json!({"name": "Zoë Weiß"})).send().await.success();
    let profile = &made["profile"];
    let id = id(profile);
    let face = format!("{}/faces/{id}-ZW.png", world.url());
    assert_eq!(profile["avatar"], json!({"url": face, "sha256": null}));
    let original = world.get(&format!("/1.1/custom_profiles/{id}.json")).by(&shop).send().await;
    let avatar = &original.success()["custom_profile"]["avatar"];
    assert_eq!(*avatar, json!({"media": {"url": face}}));
    let path = face.strip_prefix(&world.url()).unwrap();
    let drawn = world.get(path).send().await;
    assert_eq!((drawn.status.as_u16(), drawn.header("content-type")), (200, "image/png"));

    let renamed = edit(&world, &shop, id, "*", &json!({"name": "Bo"})).send().await.success();
    let url = renamed["profile"]["avatar"]["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("/faces/{id}-B.png")), "another name has another URL: {url}");
    let media = world.upload(&shop).await;
    let body = json!({"avatar": {"media_id": media}});
    let edited = edit(&world, &shop, id, "*", &body).send().await.success();
    assert!(edited["profile"]["avatar"]["url"].as_str().unwrap().contains("/media/"));
    let history = world.get(&format!("{PROFILES}/{id}/revisions")).by(&shop).send().await.success();
    let urls: Vec<_> = history["revisions"].as_array().unwrap().iter().collect();
    let urls: Vec<_> = urls.iter().map(|revision| &revision["avatar"]["url"]).collect();
    let expected = [&edited["profile"], &renamed["profile"], profile];
    assert_eq!(urls, expected.map(|profile| &profile["avatar"]["url"]));
}

#[tokio::test]
async fn each_change_is_a_new_revision_and_what_was_is_kept() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let profile = made(&world, &shop, json!({"name": "Jon"})).await;
    let id = id(&profile);
    world.clock.advance(60);
    let other_app = world.again(&shop, guise_domain::Access::DirectMessages).await;
    let other_app = world.with_operator(&other_app, "night desk").await;
    let reply = edit(&world, &other_app, id, "\"1\"", &json!({"name": "Jon C", "kind": "human"}));
    let reply = reply.send().await;
    assert_eq!(reply.header("etag"), "\"2\"");
    let edited = reply.success()["profile"].clone();
    assert_eq!((&edited["name"], &edited["revision"]), (&json!("Jon C"), &json!(2)));
    assert_eq!(edited["changed_at"], "2027-01-15T08:01:00.000Z");
    let media = world.upload_of(&shop, &other_jon()).await;
    let reply = edit(&world, &shop, id, "*", &json!({"avatar": {"media_id": media}})).send().await;
    let third = reply.success()["profile"].clone();
    assert_ne!(picture(&third), picture(&edited));

    let history = world.get(&format!("{PROFILES}/{id}/revisions")).by(&shop).send().await.success();
    let app = |person: &Person| person.app.to_string();
    let revisions = json!([
        {"revision": 3, "name": "Jon C", "kind": "human", "avatar": {"url": picture(&third)},
            "made_at": "2027-01-15T08:01:00.000Z", "app_id": app(&shop), "operator": null},
        {"revision": 2, "name": "Jon C", "kind": "human", "avatar": {"url": picture(&edited)},
            "made_at": "2027-01-15T08:01:00.000Z", "app_id": app(&other_app),
            "operator": "night desk"},
        {"revision": 1, "name": "Jon", "kind": null, "avatar": {"url": picture(&profile)},
            "made_at": "2027-01-15T08:00:00.000Z", "app_id": app(&shop), "operator": null},
    ]);
    assert_eq!(history, json!({"revisions": revisions}));
    let target = format!("{PROFILES}/{id}/revisions?count=2");
    let page = world.get(&target).by(&shop).send().await.success();
    assert_eq!(page["revisions"], json!([revisions[0], revisions[1]]));
    let target = format!("{target}&cursor={}", page["next_cursor"].as_str().unwrap());
    let page = world.get(&target).by(&shop).send().await.success();
    assert_eq!(page, json!({"revisions": [revisions[2]]}));
}

#[tokio::test]
async fn what_changes_nothing_makes_no_revision() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let profile = made(&world, &shop, json!({"name": "Jon", "tags": ["a"]})).await;
    let id = id(&profile);
    for body in [json!({}), json!({"name": "Jon"}), json!({"tags": ["b"]})] {
        let reply = edit(&world, &shop, id, "\"1\"", &body).send().await;
        assert_eq!(reply.success()["profile"]["revision"], 1);
    }
    let shown = world.get(&format!("{PROFILES}/{id}")).by(&shop).send().await.success();
    assert_eq!(shown["profile"]["tags"], json!(["b"]));
}

#[tokio::test]
async fn the_same_file_again_is_no_new_picture() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let profile = made(&world, &shop, json!({"name": "Jon", "external_id": "crm:1"})).await;
    let target = format!("{PROFILES}/by-external-id/crm:1");
    for (file, outcome, revision) in [
        (JON.to_vec(), "unchanged", 1),
        (other_jon(), "updated", 2),
        (other_jon(), "unchanged", 2),
        (JON.to_vec(), "updated", 3),
    ] {
        let media = world.upload_of(&shop, &file).await;
        let body = json!({"avatar": {"media_id": media}}).to_string();
        let put = world.put(&target).by(&shop).json(&body).send().await.success();
        assert_eq!(
            (&put["outcome"], &put["profile"]["revision"]),
            (&json!(outcome), &json!(revision))
        );
        assert_eq!(put["profile"]["avatar"]["sha256"], Digest::of(&file).to_string());
        assert_eq!(picture(&put["profile"]) == picture(&profile), revision == 1);
    }
}

#[tokio::test]
async fn a_change_is_of_the_revision_that_its_author_saw() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let profile = made(&world, &shop, json!({"name": "Jon"})).await;
    let id = id(&profile);
    let body = json!({"name": "Other"});
    edit(&world, &shop, id, "\"1\"", &body).send().await.success();
    let reply = edit(&world, &shop, id, "\"1\"", &body).send().await;
    reply.refused_as(412, 214, "stale-revision", "The profile is at revision 2.");
    let reply = world.patch(&format!("{PROFILES}/{id}")).by(&shop).json("{}").send().await;
    let rule = "If-Match: is required, with the profile's revision in quotes, or *";
    reply.refused_as(428, 214, "revision-required", rule);
    let rule = "If-Match: must be the profile's revision in quotes, or *";
    for garbled in ["2", "\"+2\"", "\"02\"", "\"\"", "W/\"2\"", "\"2\", \"3\"", "**"] {
        let reply = edit(&world, &shop, id, garbled, &body).send().await;
        reply.refused_as(400, 214, "invalid", rule);
    }
    let twice = edit(&world, &shop, id, "*", &body).header("if-match", "\"1\"").send().await;
    twice.refused_as(400, 214, "invalid", rule);
    for (person, id) in [(&ann, id), (&shop, "1"), (&shop, "abc")] {
        let reply = edit(&world, person, id, "*", &body).send().await;
        reply.refused_as(404, 34, "not-found", "Sorry, that page does not exist.");
    }
    let reply = edit(&world, &shop, id, "*", &json!({"name": "a\nb", "kind": "x"})).send().await;
    reply.refused_as(400, 214, "invalid", "name: must not contain line breaks, got U+000A");
    let reply = edit(&world, &shop, id, "*", &json!({"kind": "robot"})).send().await;
    reply.refused_as(400, 214, "invalid", "kind: must be human or bot or ai");
    let reply = edit(&world, &shop, id, "*", &json!({"avatar": {"media_id": "1"}})).send().await;
    reply.refused_as(400, 325, "media-not-found", "A media id was not found.");
    let shown = world.get(&format!("{PROFILES}/{id}")).by(&shop).send().await.success();
    assert_eq!(
        (&shown["profile"]["revision"], &shown["profile"]["name"]),
        (&json!(2), &json!("Other"))
    );
}

#[tokio::test]
async fn a_message_keeps_the_revision_it_was_written_under() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let profile = made(&world, &shop, json!({"name": "Jon"})).await;
    let id = id(&profile);
    let write = || async {
        let target = json!({"recipient_id": ann.account.to_string()});
        let message =
            json!({"target": target, "message_data": {"text": "Hi"}, "custom_profile_id": id});
        let body = json!({"event": {"type": "message_create", "message_create": message}});
        let call = world.post("/1.1/direct_messages/events/new.json").by(&shop);
        call.json(&body.to_string()).send().await.success();
    };
    let seen = || async {
        let reply = world.get(&format!("/1.1/custom_profiles/{id}.json")).by(&ann).send().await;
        reply.success()["custom_profile"]["name"].as_str().unwrap().to_owned()
    };
    write().await;
    edit(&world, &shop, id, "*", &json!({"name": "Renamed"})).send().await.success();
    assert_eq!(seen().await, "Jon", "nothing was said under the new name");
    write().await;
    assert_eq!(seen().await, "Renamed");
    let shown = world.get(&format!("{PROFILES}/{id}")).by(&shop).send().await.success();
    assert_eq!((&shown["profile"]["uses"], &shown["profile"]["revision"]), (&json!(2), &json!(2)));
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={id}");
    world.delete(&destroy).by(&shop).send().await.empty(204);
    for person in [&shop, &ann] {
        let page = world.get("/guise/v1/direct_messages").by(person).send().await.success();
        let messages = page["messages"].as_array().unwrap();
        let names: Vec<_> =
            messages.iter().map(|message| &message["custom_profile"]["name"]).collect();
        assert_eq!(names, ["Renamed", "Jon"], "each as it was then");
    }
}

#[tokio::test]
async fn an_external_id_is_put_in_place_as_often_as_one_likes() {
    let world = World::new().await;
    let (shop, other) = (world.person("shop").await, world.person("other").await);
    let target = format!("{PROFILES}/by-external-id/crm%3A1%2Fjon");
    let put =
        |person: &Person, body: Value| world.put(&target).by(person).json(&body.to_string()).send();
    let reply = put(&shop, json!({"kind": "bot"})).await;
    let rule = "name: is required for a new profile";
    reply.refused_as(400, 214, "invalid", rule);
    let media = world.upload(&shop).await;
    let body = json!({"name": "Jon", "avatar": {"media_id": media}, "tags": ["crm"]});
    let created = put(&shop, body.clone()).await;
    assert_eq!((created.status.as_u16(), &created.json()["outcome"]), (201, &json!("created")));
    let profile = created.json()["profile"].clone();
    assert_eq!(profile["external_id"], "crm:1/jon");
    for (body, outcome, revision) in [
        (json!({"name": "Jon"}), "unchanged", 1),
        (body, "unchanged", 1),
        (json!({"name": "Jon C"}), "updated", 2),
        (json!({"tags": []}), "updated", 2),
    ] {
        let reply = put(&shop, body).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["outcome"]), (200, &json!(outcome)));
        assert_eq!(reply.json()["profile"]["id"], profile["id"]);
        assert_eq!(reply.json()["profile"]["revision"], revision);
    }
    let media = world.upload(&shop).await;
    let taken = json!({"name": "B", "avatar": {"media_id": media}, "external_id": "crm:1/jon"});
    let reply = make(&world, &shop, &taken).send().await;
    let rule = "external_id: is taken by another living profile of this account";
    reply.refused_as(409, 214, "external-id-taken", rule);
    made(&world, &other, json!({"name": "Other", "external_id": "crm:1/jon"})).await;
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={}", id(&profile));
    world.delete(&destroy).by(&shop).send().await.empty(204);
    let again = json!({"name": "Jon", "avatar": {"media_id": media}});
    assert_eq!(put(&shop, again).await.status, 201, "what is destroyed frees its external id");
}

#[tokio::test]
async fn a_profile_gets_its_external_id_later_or_another() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let jon = made(&world, &shop, json!({"name": "Jon"})).await;
    let zoe = made(&world, &shop, json!({"name": "Zoë", "external_id": "crm:2"})).await;
    let call = |body: Value| edit(&world, &shop, id(&jon), "\"1\"", &body).send();
    let taken = call(json!({"name": "Jon C", "external_id": "crm:2"})).await;
    let rule = "external_id: is taken by another living profile of this account";
    taken.refused_as(409, 214, "external-id-taken", rule);
    for external_id in ["crm:1", "crm:1", "crm:3"] {
        let edited = call(json!({"external_id": external_id})).await.success()["profile"].clone();
        assert_eq!((&edited["external_id"], &edited["revision"]), (&json!(external_id), &json!(1)));
    }
    let target = format!("{PROFILES}/by-external-id/crm:3");
    let put = |body: Value| world.put(&target).by(&shop).json(&body.to_string()).send();
    let rule = "external_id: must be the one in the path";
    put(json!({"external_id": "crm:1"})).await.refused_as(400, 214, "invalid", rule);
    let same = put(json!({"external_id": "crm:3"})).await.success();
    assert_eq!((&same["outcome"], &same["profile"]["id"]), (&json!("unchanged"), &jon["id"]));
    let lines = format!("/guise/v1/audit?action=profile.edited&subject={}", id(&jon));
    let lines = world.get(&lines).by(&shop).send().await.success();
    assert_eq!(lines["entries"].as_array().unwrap().len(), 2, "once for each that was new");
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={}", id(&zoe));
    world.delete(&destroy).by(&shop).send().await.empty(204);
    call(json!({"external_id": "crm:2"})).await.success();
}

#[tokio::test]
async fn what_is_put_in_place_may_say_which_revision_it_is_of() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let target = format!("{PROFILES}/by-external-id/crm:1");
    let put = |of: &'static str, name: &str| {
        let call = world.put(&target).by(&shop).header("if-match", of);
        call.json(&json!({"name": name}).to_string()).send()
    };
    put("\"1\"", "A").await.refused_as(404, 34, "not-found", "Sorry, that page does not exist.");
    made(&world, &shop, json!({"name": "A", "external_id": "crm:1"})).await;
    let stale = put("\"2\"", "B").await;
    stale.refused_as(412, 214, "stale-revision", "The profile is at revision 1.");
    let rule = "If-Match: must be the profile's revision in quotes";
    put("*", "B").await.refused_as(400, 214, "invalid", rule);
    assert_eq!(put("\"1\"", "B").await.success()["profile"]["revision"], 2);
    put("\"1\"", "C").await.refused_as(412, 214, "stale-revision", "The profile is at revision 2.");
    assert_eq!(names(&world, &shop, "state=all").await, ["B"]);
}

#[tokio::test]
async fn profiles_are_found_by_name_kind_tag_use_and_state() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    made(&world, &shop, json!({"name": "Zoë Weiß", "kind": "human", "tags": ["night"]})).await;
    let bot = made(&world, &shop, json!({"name": "Order bot", "kind": "bot"})).await;
    let gone = made(&world, &shop, json!({"name": "Weiss, gone"})).await;
    made(&world, &ann, json!({"name": "Zoë of Ann"})).await;
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={}", id(&gone));
    world.delete(&destroy).by(&shop).send().await.empty(204);
    world.clock.advance(3600);
    let message = json!({"target": {"recipient_id": ann.account.to_string()},
        "message_data": {"text": "Hi"}, "custom_profile_id": bot["id"]});
    let body = json!({"event": {"type": "message_create", "message_create": message}});
    let call = world.post("/1.1/direct_messages/events/new.json").by(&shop);
    call.json(&body.to_string()).send().await.success();
    for (query, found) in [
        ("", &["Order bot", "Zoë Weiß"][..]),
        ("name=ZOE", &["Zoë Weiß"]),
        ("name=wei", &["Zoë Weiß"]),
        ("name_prefix=wei", &[]),
        ("name_prefix=zo%C3%AB%20%20w", &["Zoë Weiß"]),
        ("kind=bot", &["Order bot"]),
        ("tag=night", &["Zoë Weiß"]),
        ("tag=day", &[]),
        ("state=destroyed", &["Weiss, gone"]),
        ("state=all&name=weis", &["Weiss, gone"]),
        ("unused_since=2027-01-15T08:30:00Z", &["Zoë Weiß"]),
        ("unused_since=2027-01-15T07:30:00Z", &[]),
        ("count=1", &["Order bot"]),
    ] {
        assert_eq!(names(&world, &shop, query).await, found, "{query}");
    }
    let page = world.get(&format!("{PROFILES}?count=1")).by(&shop).send().await.success();
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(names(&world, &shop, &format!("cursor={cursor}")).await, ["Zoë Weiß"]);
    for (query, rule) in [
        ("kind=x", "kind: must be human, bot or ai"),
        ("kind=", "kind: must be human, bot or ai"),
        ("state=x", "state: must be living, destroyed or all"),
        ("tag=A", "tag: must be 1 to 32 of a-z, 0-9, - and _"),
        ("unused_since=x", "unused_since: must be a moment such as 2026-01-31T00:00:00Z"),
        ("count=x", "count: must be a number, got 'x'"),
        ("cursor=x", "invalid cursor"),
    ] {
        let reply = world.get(&format!("{PROFILES}?{query}")).by(&shop).send().await;
        reply.refused_as(400, 214, "invalid", rule);
    }
}

#[tokio::test]
async fn making_one_is_held_to_its_rules() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let avatar = json!({"media_id": media});
    for (body, rule) in [
        (json!({}), "name: is required"),
        (json!({"name": "A", "avatar": {}}), "avatar.media_id: is required"),
        (
            json!({"name": "A", "avatar": avatar, "external_id": "a b"}),
            "external_id: must be 1 to 128 visible ASCII characters, other than . and ..",
        ),
        (
            json!({"name": "A", "avatar": avatar, "external_id": ".."}),
            "external_id: must be 1 to 128 visible ASCII characters, other than . and ..",
        ),
        (
            json!({"name": "A", "avatar": avatar, "tags": ["a", "B"]}),
            "tags[1]: must be 1 to 32 of a-z, 0-9, - and _",
        ),
        (
            json!({"name": "A", "avatar": avatar, "tags": vec!["a"; 17]}),
            "tags: must have 0 to 16 items, got 17",
        ),
    ] {
        let reply = make(&world, &shop, &body).send().await;
        reply.refused_as(400, 214, "invalid", rule);
    }
    assert!(names(&world, &shop, "state=all").await.is_empty());
    let reply = world.post(PROFILES).json("{}").send().await;
    reply.refused_as(400, 215, "bad-authentication", "Bad Authentication data.");
    world.store.allow_custom_profiles(shop.account, false, world.by()).await.unwrap();
    world.clock.advance(1);
    let reply = world.get(PROFILES).by(&shop).send().await;
    let message = "Client is not permitted to perform this action.";
    reply.refused_as(403, 87, "not-permitted", message);
}
