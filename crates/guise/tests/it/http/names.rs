//! Names that are reserved, required to come with a kind, or look like others: on every path that sets one.

use guise_domain::{NamingChange, ReservedWord};
use guise_http::Settings;
use serde_json::{Value, json};

use crate::support::{Call, Person, Reply, World};

const PROFILES: &str = "/guise/v1/profiles";
const NEW: &str = "/1.1/custom_profiles/new.json";
const CHECK: &str = "/guise/v1/profiles/check";

fn word(text: &str) -> ReservedWord {
    ReservedWord::parse(text).unwrap()
}

async fn reserve(world: &World, person: &Person, text: &str) {
    world.store.reserve_words(person.account, vec![word(text)], world.by()).await.unwrap().unwrap();
}

fn body(name: &str, media: &str) -> Value {
    json!({"name": name, "avatar": {"media_id": media}})
}

fn put<'w>(world: &'w World, person: &Person, body: &Value) -> Call<'w> {
    world.put(&format!("{PROFILES}/by-external-id/crm:1")).by(person).json(&body.to_string())
}

/// The answers of every path that sets a name: to one that makes a profile by the original's API, by ours, by an edit,
/// and by putting in place.
async fn everywhere(world: &World, person: &Person, id: &str, name: &str) -> [Reply; 4] {
    let media = world.upload(person).await;
    let new = body(name, &media).to_string();
    let edit = json!({ "name": name }).to_string();
    [
        world.create(person, name, &media).send().await,
        world.post(PROFILES).by(person).json(&new).send().await,
        world
            .patch(&format!("{PROFILES}/{id}"))
            .by(person)
            .header("if-match", "*")
            .json(&edit)
            .send()
            .await,
        put(world, person, &body(name, &media)).send().await,
    ]
}

#[tokio::test]
async fn a_reserved_word_is_refused_wherever_a_name_is_set() {
    let reserved_names = [word("Twitter")].into();
    let world = World::with(Settings { reserved_names, ..Settings::default() }).await;
    let (shop, other) = (world.person("shop").await, world.person("other").await);
    let id = world.profile(&shop, "Jon").await["id"].as_str().unwrap().to_owned();
    reserve(&world, &shop, "Acme").await;
    for (name, told) in [("Acme Support", "Acme"), ("АCME", "Acme"), ("the tw1tter", "Twitter")] {
        let rule = format!("contains the reserved word \"{told}\"");
        let [original, ours @ ..] = everywhere(&world, &shop, &id, name).await;
        original.refused(400, 214, &format!("custom_profile.name: {rule}"));
        for reply in ours {
            reply.refused_as(400, 214, "reserved-name", &format!("name: {rule}"));
        }
    }
    assert_eq!(world.profiles(&shop).await, 1);
    for reply in everywhere(&world, &shop, &id, "Acmeology").await {
        reply.success();
    }
    world.profile(&other, "Acme").await;
}

#[tokio::test]
async fn a_name_that_stays_is_not_asked_about_again() {
    let mut world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    put(&world, &shop, &body("Acme Jon", &media)).send().await.success();
    reserve(&world, &shop, "Jon").await;
    world.set(|settings| settings.reserved_names = [word("Acme")].into());
    let world = world.restarted().await;
    let kept = put(&world, &shop, &json!({"name": "Acme Jon", "kind": "human"})).send().await;
    assert_eq!(kept.success()["outcome"], "updated");
    let reply = put(&world, &shop, &json!({"name": "Acme  jon"})).send().await;
    let rule = "name: contains the reserved word \"Acme\"";
    reply.refused_as(400, 214, "reserved-name", rule);
}

#[tokio::test]
async fn a_refused_name_is_counted_and_its_account_may_allow_it_again() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let own = NamingChange { own_name_reserved: Some(true), ..NamingChange::default() };
    world.store.set_naming(shop.account, own, world.by()).await.unwrap();
    let media = world.upload(&shop).await;
    let refused = world.create(&shop, "Shop help", &media).send().await;
    refused.refused(400, 214, "custom_profile.name: contains the reserved word \"shop\"");
    assert_eq!(refused.header("x-rate-limit-remaining"), "999");
    let own = NamingChange { own_name_reserved: Some(false), ..NamingChange::default() };
    world.store.set_naming(shop.account, own, world.by()).await.unwrap();
    world.create(&shop, "Shop help", &media).send().await.success();
}

#[tokio::test]
async fn a_name_that_looks_like_another_is_taken_with_a_warning() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann_smith").await);
    let media = world.upload(&shop).await;
    let first = world.create(&shop, "Zoë", &media).send().await;
    assert_eq!(first.header("guise-warning"), "");
    let first = first.success()["custom_profile"]["id"].as_str().unwrap().to_owned();
    world.profile(&ann, "Вob").await;

    let second = world.create(&shop, "Z0e", &media).send().await;
    let warning = format!("name-looks-like; profile=\"{first}\"");
    assert_eq!(second.header("guise-warning"), warning);
    let members = second.success()["custom_profile"].as_object().unwrap().len();
    assert_eq!((second.success().as_object().unwrap().len(), members), (1, 4), "no member more");
    let second = second.success()["custom_profile"]["id"].as_str().unwrap().to_owned();
    let reply = world.create(&shop, "Ann Smith", &media).send().await;
    assert_eq!(reply.header("guise-warning"), "name-looks-like; account=\"ann_smith\"");

    let like = |whose: &str| format!("name: looks like that of {whose}");
    let message = like("a profile of another account");
    let others = json!([{"slug": "name-looks-like", "message": message}]);
    let reply = world.post(PROFILES).by(&shop).json(&body("Bob", &media).to_string()).send().await;
    assert_eq!(reply.success()["warnings"], others, "and nothing of whose it is");
    assert_eq!(reply.header("guise-warning"), "");
    let edit = |name: &str| {
        let call = world.patch(&format!("{PROFILES}/{second}")).by(&shop);
        call.header("if-match", "*").json(&json!({ "name": name }).to_string())
    };
    let message = like("@ann_smith");
    let reply = edit("ann-smith").send().await.success();
    let account = &reply["warnings"][0];
    assert_eq!(
        account,
        &json!({"slug": "name-looks-like", "message": message, "account": "ann_smith"})
    );
    assert_eq!(edit("ann-smith").send().await.success()["warnings"], json!([]));
    let message = like(&format!("profile {first}"));
    let zoe = json!({"slug": "name-looks-like", "message": message, "profile_id": first});
    let made = put(&world, &shop, &body("ZOE", &media)).send().await;
    assert_eq!((made.status.as_u16(), &made.json()["warnings"]), (201, &json!([zoe])));
    let again = put(&world, &shop, &json!({"name": "Nobody else"})).send().await.success();
    assert_eq!((&again["outcome"], &again["warnings"]), (&json!("updated"), &json!([])));
}

#[tokio::test]
async fn a_new_profile_has_a_kind_where_its_account_requires_one() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let id = world.profile(&shop, "Jon").await["id"].as_str().unwrap().to_owned();
    let require = NamingChange { kind_required: Some(true), ..NamingChange::default() };
    world.store.set_naming(shop.account, require, world.by()).await.unwrap();
    let [original, ours, edited, put_in_place] = everywhere(&world, &shop, &id, "A").await;
    let rule = "kind: is required by this account: human, bot or ai";
    original.refused(400, 214, &format!("custom_profile.{rule}"));
    ours.refused_as(400, 214, "kind-required", rule);
    put_in_place.refused_as(400, 214, "kind-required", rule);
    edited.success();
    let media = world.upload(&shop).await;
    let new = |kind: Value| {
        let avatar = json!({"media": {"id": media}});
        let body = json!({"custom_profile": {"name": "B", "avatar": avatar, "kind": kind}});
        world.post(NEW).by(&shop).json(&body.to_string())
    };
    let made = new(json!("bot")).send().await.success()["custom_profile"].clone();
    let members: Vec<_> = made.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["id", "created_timestamp", "name", "avatar"]);
    let target = format!("{PROFILES}/{}", made["id"].as_str().unwrap());
    let shown = world.get(&target).by(&shop).send().await.success();
    assert_eq!(shown["profile"]["kind"], "bot");
    let rule = "custom_profile.kind: must be human or bot or ai";
    new(json!("robot")).send().await.refused(400, 214, rule);
    let call = world.patch(&target).by(&shop).header("if-match", "*");
    let edited = call.json(&json!({"kind": null, "name": "C"}).to_string()).send().await;
    assert_eq!(edited.success()["profile"]["kind"], "bot", "no edit takes it away");
}

#[tokio::test]
async fn names_are_checked_without_making_anything() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let zoe = world.profile(&shop, "Zoë").await["id"].as_str().unwrap().to_owned();
    world.profile(&ann, "Bob").await;
    reserve(&world, &shop, "CEO").await;
    let require = NamingChange { kind_required: Some(true), ..NamingChange::default() };
    world.store.set_naming(shop.account, require, world.by()).await.unwrap();
    let check = |body: &Value| world.post(CHECK).by(&shop).json(&body.to_string());
    let reply = check(&json!({"profiles": [
        {"name": "Jon", "kind": "human", "external_id": "crm:9"},
        {"name": "The CEO"},
        {"name": "Zoe", "kind": "bot"},
        {"name": "BOB", "kind": "bot"},
        {"name": " ", "kind": "robot", "external_id": "a b"},
        {},
    ]}));
    let reply = reply.send().await;
    assert_eq!(reply.header("x-rate-limit-limit"), "180");
    let error = |slug: &str, message: &str| json!({"slug": slug, "message": message});
    let kind = error("kind-required", "kind: is required by this account: human, bot or ai");
    let zoe = json!({"slug": "name-looks-like", "profile_id": zoe,
        "message": format!("name: looks like that of profile {zoe}")});
    let bob = error("name-looks-like", "name: looks like that of a profile of another account");
    reply.is(
        200,
        &json!({"profiles": [
            {"errors": [], "warnings": []},
            {"errors": [error("reserved-name", "name: contains the reserved word \"CEO\""), kind],
                "warnings": []},
            {"errors": [], "warnings": [zoe]},
            {"errors": [], "warnings": [bob]},
            {"errors": [
                error("invalid", "name: must not be empty"),
                error("invalid", "kind: must be human or bot or ai"),
                error("invalid", "external_id: must be 1 to 128 visible ASCII characters, other than . and .."),
            ], "warnings": []},
            {"errors": [error("invalid", "name: is required")], "warnings": []},
        ]}),
    );
    assert_eq!(world.profiles(&shop).await, 1);
    for (body, rule) in [
        (json!({}), "profiles: is required"),
        (json!({"profiles": [{}, 7]}), "profiles[1]: must be an object, got a number"),
        (json!({"profiles": [null]}), "profiles[0]: must be an object, got null"),
        (
            json!({"profiles": vec![json!({}); 1001]}),
            "profiles: must have 0 to 1000 items, got 1001",
        ),
    ] {
        check(&body).send().await.refused_as(400, 214, "invalid", rule);
    }
    let most = json!({"profiles": vec![json!({"name": "é".repeat(48), "kind": "ai"}); 1000]});
    let answered = check(&most).send().await.success();
    assert_eq!(answered["profiles"].as_array().unwrap().len(), 1000);
    let reply = world.post(CHECK).json("{}").send().await;
    reply.refused_as(400, 215, "bad-authentication", "Bad Authentication data.");
}
