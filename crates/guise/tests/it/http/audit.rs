//! The log (`/guise/v1/audit`).

use guise_domain::{Access, By};
use serde_json::{Value, json};

use crate::support::{Person, World};

const AUDIT: &str = "/guise/v1/audit";

async fn lines(world: &World, person: &Person, query: &str) -> Vec<Value> {
    let page = world.get(&format!("{AUDIT}?{query}")).by(person).send().await.success();
    page["entries"].as_array().unwrap().clone()
}

/// What a person's log says was done by requests, oldest first: action, subject and revision.
async fn done(world: &World, person: &Person) -> Vec<(String, String, Value)> {
    let said = |line: &Value| {
        let text = |member: &str| line[member].as_str().unwrap().to_owned();
        (text("action"), text("subject_id"), line["revision"].clone())
    };
    let lines = lines(world, person, "count=50").await;
    lines.iter().rev().filter(|line| line["app_id"].is_string()).map(said).collect()
}

async fn post(world: &World, person: &Person, path: &str, form: &str) -> u16 {
    world.post(path).by(person).form(form).send().await.status.as_u16()
}

async fn write(world: &World, from: &Person, to: &Person, profile: &Value) -> Value {
    let message = json!({"target": {"recipient_id": to.account.to_string()},
        "message_data": {"text": "Hi"}, "custom_profile_id": profile});
    let body = json!({"event": {"type": "message_create", "message_create": message}});
    let call = world.post("/1.1/direct_messages/events/new.json").by(from);
    call.json(&body.to_string()).send().await.json()["event"]["id"].clone()
}

async fn rename(world: &World, person: &Person, profile: &str, name: &str) -> u16 {
    let call = world.patch(&format!("/guise/v1/profiles/{profile}")).by(person);
    let body = json!({"name": name}).to_string();
    call.header("if-match", "*").json(&body).send().await.status.as_u16()
}

#[tokio::test]
async fn every_change_is_one_line_and_a_refused_one_is_none() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let profile = world.profile(&shop, "Jon").await;
    let id = profile["id"].as_str().unwrap().to_owned();
    let media = world.upload(&shop).await;
    assert_eq!(world.create(&shop, "", &media).send().await.status, 400);
    for (name, status) in [("Jon C", 200), ("Jon C", 200), ("a\nb", 400)] {
        assert_eq!(rename(&world, &shop, &id, name).await, status);
    }
    assert_eq!(rename(&world, &shop, "1", "Jon").await, 404);
    let sent = write(&world, &shop, &ann, &profile["id"]).await;
    assert_eq!(write(&world, &shop, &ann, &json!("1")).await, Value::Null);
    let event = sent.as_str().unwrap().to_owned();
    for status in [204, 404] {
        let target = format!("/1.1/direct_messages/events/destroy.json?id={event}");
        assert_eq!(world.delete(&target).by(&shop).send().await.status, status);
    }
    for _ in 0..2 {
        let target = format!("/1.1/custom_profiles/destroy.json?id={id}");
        world.delete(&target).by(&shop).send().await.empty(204);
        for from in ["following", "all"] {
            let form = format!("allow_dms_from={from}");
            assert_eq!(post(&world, &shop, "/1.1/account/settings.json", &form).await, 200);
        }
    }
    let form = format!("user_id={}", ann.account);
    for path in ["create", "create", "destroy", "destroy"] {
        assert_eq!(post(&world, &shop, &format!("/1.1/blocks/{path}.json"), &form).await, 200);
    }
    let (own, other) = (shop.account.to_string(), ann.account.to_string());
    let line = |action: &str, subject: &str, revision: Value| {
        (action.to_owned(), subject.to_owned(), revision)
    };
    let expected = [
        line("profile.created", &id, json!(1)),
        line("profile.edited", &id, json!(2)),
        line("message.sent", &event, json!(2)),
        line("message.destroyed", &event, Value::Null),
        line("profile.destroyed", &id, Value::Null),
        line("messages.closed", &own, Value::Null),
        line("messages.opened", &own, Value::Null),
        line("messages.closed", &own, Value::Null),
        line("messages.opened", &own, Value::Null),
        line("account.blocked", &other, Value::Null),
        line("account.unblocked", &other, Value::Null),
    ];
    assert_eq!(done(&world, &shop).await, expected);
    assert!(done(&world, &ann).await.is_empty(), "what happens to one is in the other's log");
}

#[tokio::test]
async fn a_line_says_when_by_which_app_and_who_worked_with_it() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let night = world.with_operator(&shop, "night desk").await;
    world.profile(&shop, "Jon").await;
    world.clock.advance(3600);
    let profile = world.profile(&night, "Zoë").await;
    let found = lines(&world, &shop, "operator=night%20desk").await;
    let expected = json!([{
        "id": found[0]["id"],
        "at": "2027-01-15T09:00:00.000Z",
        "app_id": night.app.to_string(),
        "operator": "night desk",
        "action": "profile.created",
        "subject_id": profile["id"],
        "revision": 1,
    }]);
    assert_eq!(json!(found), expected);
    for (query, count) in [
        ("", 6),
        ("action=profile.created", 2),
        ("action=message.sent", 0),
        ("since=2027-01-15T09:00:00Z", 1),
        ("until=2027-01-15T09:00:00Z", 5),
        ("count=1", 1),
    ] {
        assert_eq!(lines(&world, &shop, query).await.len(), count, "{query}");
    }
    let subject = format!("subject={}", profile["id"].as_str().unwrap());
    assert_eq!(json!(lines(&world, &shop, &subject).await), expected);
    let page = world.get(&format!("{AUDIT}?count=1")).by(&shop).send().await.success();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = lines(&world, &shop, &format!("cursor={cursor}")).await;
    assert_eq!((rest.len(), &rest[0]["operator"]), (5, &Value::Null));
    for (query, rule) in [
        ("since=x", "since: must be a moment such as 2026-01-31T00:00:00Z"),
        ("subject=x", "subject: must be a positive decimal number of at most 63 bits"),
        ("operator=%00", "operator: must be 1 to 64 visible characters on one line"),
    ] {
        let reply = world.get(&format!("{AUDIT}?{query}")).by(&shop).send().await;
        reply.refused_as(400, 214, "invalid", rule);
    }
    let reply = world.get(&format!("{AUDIT}?action=x")).by(&shop).send().await;
    let told = reply.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(told.starts_with("action: must be one of profile.created, profile.edited"), "{told}");
}

#[tokio::test]
async fn what_the_command_line_does_is_a_line_of_no_app() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let night = Some("night desk".parse().unwrap());
    let by = By { operator: night, ..world.by() };
    world.store.trust_app(shop.account, shop.app, true, by.clone()).await.unwrap();
    let found = lines(&world, &shop, "count=50").await;
    let (account, app) = (shop.account.to_string(), shop.app.to_string());
    let line = |action: &str, subject: &str, operator: Value| {
        json!({"at": "2027-01-15T08:00:00.000Z", "app_id": null, "operator": operator,
            "action": action, "subject_id": subject, "revision": null})
    };
    let expected = [
        line("app.trusted", &app, json!("night desk")),
        line("token.created", &app, Value::Null),
        line("app.created", &app, Value::Null),
        line("account.created", &account, Value::Null),
    ];
    assert_eq!(found[0]["id"], by.entry.to_string());
    let without_id = |mut line: Value| {
        line.as_object_mut().unwrap().remove("id");
        line
    };
    assert_eq!(found.into_iter().map(without_id).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn nothing_is_ever_taken_out_of_the_log() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.profile(&shop, "Jon").await;
    for sql in ["UPDATE log SET action = 'x'", "DELETE FROM log", "UPDATE log SET operator = NULL"]
    {
        let error = world.home.run(sql).await.unwrap_err();
        assert_eq!(error, "the log is append-only", "{sql}");
    }
    let before = done(&world, &shop).await;
    let world = world.restarted().await;
    assert_eq!(done(&world, &shop).await, before);
    assert_eq!(before.len(), 1);
    let reader = world.again(&shop, Access::Read).await;
    assert_eq!(lines(&world, &reader, "action=profile.created").await.len(), 1);
}
