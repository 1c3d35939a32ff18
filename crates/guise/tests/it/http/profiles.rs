//! Custom profiles (contract §1).

use serde_json::json;

use crate::support::World;

const NEW: &str = "/1.1/custom_profiles/new.json";
const PAGE_MISSING: &str = "Sorry, that page does not exist.";

#[tokio::test]
async fn a_profile_is_created_read_listed_and_destroyed() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let created = world.create(&shop, "Jon C, Partner Engineer", &media).send().await.success();
    let profile = &created["custom_profile"];
    let keys: Vec<_> = profile.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "created_timestamp", "name", "avatar"]);
    assert_eq!(profile["name"], "Jon C, Partner Engineer");
    let id = profile["id"].as_str().unwrap();
    let millis = (id.parse::<i64>().unwrap() >> 22) + 1_288_834_974_657;
    assert_eq!(profile["created_timestamp"], millis.to_string());
    assert_eq!(millis, 1_800_000_000_000);

    for target in [
        format!("/1.1/custom_profiles/{id}.json"),
        format!("/1.1/custom_profiles/{id}"),
        format!("/1.1/custom_profiles/show.json?id={id}"),
    ] {
        assert_eq!(world.get(&target).by(&shop).send().await.success(), created);
    }
    let listed = world.get("/1.1/custom_profiles/list.json").by(&shop).send().await.success();
    assert_eq!(listed, json!({"custom_profiles": [profile]}));

    let destroy = format!("/1.1/custom_profiles/destroy.json?id={id}");
    for _ in 0..2 {
        world.delete(&destroy).by(&shop).send().await.empty(204);
    }
    let gone = format!("/1.1/custom_profiles/{id}.json");
    world.get(&gone).by(&shop).send().await.refused(404, 34, PAGE_MISSING);
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn destroying_takes_query_form_or_json_by_delete_or_post() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let path = "/1.1/custom_profiles/destroy.json";
    for way in 0..4 {
        let profile = world.profile(&shop, "A").await;
        let id = profile["id"].as_str().unwrap();
        let call = match way {
            0 => world.delete(&format!("{path}?id={id}")),
            1 => world.post(path).form(&format!("id={id}")),
            2 => world.delete(path).json(&json!({ "id": id }).to_string()),
            _ => world.post(path).json(&format!("{{\"id\":{id}}}")),
        };
        call.by(&shop).send().await.empty(204);
    }
    let reply = world.delete(path).by(&shop).send().await;
    reply.refused(400, 214, "id: is required");
    let reply = world.delete(&format!("{path}?id=abc")).by(&shop).send().await;
    let message =
        "id: 'abc' is not a valid Long, must be a positive decimal number of at most 63 bits";
    reply.refused(400, 214, message);
}

#[tokio::test]
async fn somebody_elses_profile_is_as_unknown_as_one_that_never_was() {
    let world = World::new().await;
    let (shop, thief) = (world.person("shop").await, world.person("thief").await);
    let profile = world.profile(&shop, "A").await;
    let id = profile["id"].as_str().unwrap();
    for id in [id, "1", "abc", "-1", "99999999999999999999"] {
        let target = format!("/1.1/custom_profiles/{id}.json");
        world.get(&target).by(&thief).send().await.refused(404, 34, PAGE_MISSING);
    }
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={id}");
    world.delete(&destroy).by(&thief).send().await.refused(404, 34, PAGE_MISSING);
    assert_eq!((world.profiles(&shop).await, world.profiles(&thief).await), (1, 0));
}

#[tokio::test]
async fn malformed_json_is_told_where_and_what() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let deep = "[".repeat(100_000);
    for (body, message) in [
        (
            "{\"custom_profile\": {\"name\": \"Jon C, Partner Engineer\",\"avatar\": {\"media\": {\"id\": \"692797692624265216\"}}}",
            "Malformed JSON at line 1, column 105: the body ends inside the object that opens at line 1, column 1, expected '}'.",
        ),
        ("", "The body is empty: expected a JSON object."),
        (
            "{\"custom_profile\":{\"name\":\"A\",\"name\":\"B\"}}",
            "Malformed JSON at line 1, column 36: the key \"name\" comes twice.",
        ),
        (
            "{\"custom_profile\":{\"name\":\"\\ud800\"}}",
            "Malformed JSON at line 1, column 34: unexpected end of hex escape.",
        ),
        (
            &deep,
            "Malformed JSON at line 1, column 33: arrays and objects may be at most 32 levels deep.",
        ),
        ("[]", "The body must be an object, got an array."),
        ("{}", "custom_profile.name: is required"),
    ] {
        let reply = world.post(NEW).by(&shop).json(body).send().await;
        reply.refused(400, 214, message);
    }
    let reply = world.post(NEW).by(&shop).raw("application/json", b"{\"a\":\"\xff\"}").send().await;
    reply.refused(400, 214, "Malformed JSON at line 1, column 7: the bytes are not UTF-8.");
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn names_are_held_to_their_rules() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let long = "x".repeat(49);
    for (name, rule) in [
        ("", "must not be empty"),
        (" \t ", "must not be empty"),
        (long.as_str(), "must be at most 48 characters, got 49"),
        ("a\0b", "must not contain control characters, got U+0000"),
        ("a\nb", "must not contain line breaks, got U+000A"),
        ("a\u{202e}b", "must not contain bidirectional controls, got U+202E"),
        ("a\u{200b}b", "must not contain invisible characters, got U+200B"),
    ] {
        let reply = world.create(&shop, name, &media).send().await;
        reply.refused(400, 214, &format!("custom_profile.name: {rule}"));
    }
    for (name, rule) in [("null", "is required"), ("5", "must be a string, got a number")] {
        let body = format!(
            "{{\"custom_profile\":{{\"name\":{name},\"avatar\":{{\"media\":{{\"id\":{media}}}}}}}}}"
        );
        let reply = world.post(NEW).by(&shop).json(&body).send().await;
        reply.refused(400, 214, &format!("custom_profile.name: {rule}"));
    }
    assert_eq!(world.profiles(&shop).await, 0);
    let emoji = "\u{1F600}".repeat(48);
    let reply = world.create(&shop, &emoji, &media).send().await;
    assert_eq!(reply.success()["custom_profile"]["name"], emoji);
    let reply = world.create(&shop, " Zoe\u{308} ", &media).send().await;
    assert_eq!(reply.success()["custom_profile"]["name"], "Zo\u{eb}");
}

#[tokio::test]
async fn media_ids_are_held_to_their_rules() {
    let world = World::new().await;
    let (shop, other) = (world.person("shop").await, world.person("other").await);
    let path = "custom_profile.avatar.media.id";
    let rule = "must be a positive decimal number of at most 63 bits";
    for (id, message) in [
        ("-1", format!("{path}: '-1' is not a valid Long, {rule}")),
        (
            "99999999999999999999",
            format!("{path}: '99999999999999999999' is not a valid Long, {rule}"),
        ),
        ("", format!("{path}: '' is not a valid Long, {rule}")),
    ] {
        world.create(&shop, "A", id).send().await.refused(400, 214, &message);
    }
    let reply = world.post(NEW).by(&shop).json(r#"{"custom_profile":{"name":"A"}}"#).send().await;
    reply.refused(400, 214, &format!("{path}: is required"));
    let foreign = world.upload(&other).await;
    let old = world.upload(&shop).await;
    for id in ["1", foreign.as_str()] {
        let reply = world.create(&shop, "A", id).send().await;
        reply.refused(400, 325, "A media id was not found.");
    }
    world.clock.advance(86_400);
    let reply = world.create(&shop, "A", &old).send().await;
    reply.refused(400, 325, "A media id was not found.");
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn json_is_read_whatever_its_label_and_unknown_keys_are_ignored() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let body = format!(
        "{{\"custom_profile\":{{\"name\":\"A\",\"x\":1,\"avatar\":{{\"type\":\"photo\",\"media\":{{\"id\":{media}}}}}}}}}"
    );
    for label in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=x"]
    {
        world.post(NEW).by(&shop).raw(label, body.as_bytes()).send().await.success();
    }
    assert_eq!(world.profiles(&shop).await, 3);
}

#[tokio::test]
async fn lists_are_read_page_by_page_while_profiles_are_created() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    for number in 0..45 {
        world.create(&shop, &format!("n{number}"), &media).send().await.success();
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let target = format!("/1.1/custom_profiles/list.json?count=20{cursor}");
        let page = world.get(&target).by(&shop).send().await.success();
        for profile in page["custom_profiles"].as_array().unwrap() {
            names.push(profile["name"].as_str().unwrap().to_owned());
        }
        world.create(&shop, "late", &media).send().await.success();
        let Some(next) = page.get("next_cursor") else { break };
        cursor = format!("&cursor={}", next.as_str().unwrap());
    }
    let expected: Vec<_> = (0..45).rev().map(|number| format!("n{number}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn counts_are_clamped_and_bad_ones_refused() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    for _ in 0..52 {
        world.create(&shop, "A", &media).send().await.success();
    }
    for (count, length) in [("", 20), ("0", 1), ("-5", 1), ("50", 50), ("999999999999", 50)] {
        let target = format!("/1.1/custom_profiles/list.json?count={count}");
        let page = world.get(&target).by(&shop).send().await.success();
        assert_eq!(page["custom_profiles"].as_array().unwrap().len(), length, "{count}");
    }
    let reply = world.get("/1.1/custom_profiles/list.json?count=many").by(&shop).send().await;
    reply.refused(400, 214, "count: must be a number, got 'many'");
    let reply = world.get("/1.1/custom_profiles/list.json?cursor=%21").by(&shop).send().await;
    reply.refused(400, 214, "invalid cursor");
}
