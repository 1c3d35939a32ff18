//! Who is at work: the operator that a trusted app names in `oauth_operator`.

use serde_json::{Value, json};

use crate::support::{Call, Person, Reply, World};

const OPERATOR: &str = "oauth_operator";
const LIST: &str = "/1.1/custom_profiles/list.json";
const BLOCK: &str = "/1.1/blocks/create.json";

/// The operators of the newest lines of a person's log that requests left, the oldest first.
async fn operators(world: &World, person: &Person) -> Vec<Value> {
    let page = world.get("/guise/v1/audit?count=50").by(person).send().await.success();
    let lines = page["entries"].as_array().unwrap().iter().rev();
    let asked = lines.filter(|line| line["app_id"].is_string());
    asked.map(|line| line["operator"].clone()).collect()
}

/// Blocks somebody else each time: a change that a form makes.
async fn block<'w>(world: &'w World, by: &Person, name: &str) -> Call<'w> {
    let other = world.person(name).await;
    world.post(BLOCK).by(by).form(&format!("user_id={}", other.account))
}

#[tokio::test]
async fn a_trusted_app_names_who_is_at_work_in_the_header_the_query_or_the_form() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.trust(&shop, true).await;
    let day = world.with_operator(&shop, "day desk").await;
    let media = world.upload(&shop).await;
    let call = world.create(&shop, "A", &media).parameter(OPERATOR, " Zoë & \"co\" + ");
    call.send().await.success();
    let call = block(&world, &shop, "a").await.parameter(OPERATOR, "in query").in_query();
    call.send().await.success();
    let call = block(&world, &shop, "b").await.parameter(OPERATOR, "in form").in_form();
    call.send().await.success();
    block(&world, &day, "c").await.parameter(OPERATOR, "night").send().await.success();
    block(&world, &day, "d").await.send().await.success();
    block(&world, &shop, "e").await.send().await.success();
    let expected = [
        json!("Zoë & \"co\" +"),
        json!("in query"),
        json!("in form"),
        json!("night"),
        json!("day desk"),
    ];
    let found = operators(&world, &shop).await;
    assert_eq!(found[..5], expected);
    assert_eq!(found[5..], [Value::Null]);
    world.get(LIST).by(&shop).parameter(OPERATOR, "reader").send().await.success();
}

#[tokio::test]
async fn an_app_that_is_not_trusted_is_refused_and_nothing_is_counted_or_done() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let message = "This app is not trusted to name operators (oauth_operator).";
    let refused = |reply: Reply| {
        reply.refused(403, 87, message);
        assert_eq!(reply.header("x-rate-limit-remaining"), "");
    };
    let create = |nonce: &str| world.create(&shop, "A", &media).nonce(nonce);
    for _ in 0..2 {
        refused(create("n").parameter(OPERATOR, "night").send().await);
        refused(world.get(LIST).by(&shop).parameter(OPERATOR, "night").send().await);
        let parts: [(&str, &[u8]); 1] = [("media", b"x")];
        let upload = world.post("/1.1/media/upload.json").by(&shop).parts(&parts);
        refused(upload.parameter(OPERATOR, "night").send().await);
    }
    let reply = world.get("/guise/v1/audit").by(&shop).parameter(OPERATOR, "").send().await;
    reply.refused_as(403, 87, "operator-not-trusted", message);
    let reply = world.get(LIST).by(&shop).send().await;
    assert_eq!(reply.success()["custom_profiles"], json!([]));
    assert_eq!(reply.header("x-rate-limit-remaining"), "179");
    let reply = create("n").send().await;
    reply.success();
    assert_eq!(reply.header("x-rate-limit-remaining"), "999");

    let named = || world.get(LIST).by(&shop).parameter(OPERATOR, "night");
    world.trust(&shop, true).await;
    named().send().await.success();
    let other = world.again(&shop, guise_domain::Access::DirectMessages).await;
    refused(world.get(LIST).by(&other).parameter(OPERATOR, "night").send().await);
    world.trust(&shop, false).await;
    refused(named().send().await);
}

#[tokio::test]
async fn what_is_no_label_is_refused_and_not_counted() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.trust(&shop, true).await;
    let rule = "oauth_operator: must be 1 to 64 visible characters on one line";
    let long = "ü".repeat(65);
    for label in ["", " ", "a\nb", "a\u{7}", &long] {
        let reply = world.get(LIST).by(&shop).parameter(OPERATOR, label).send().await;
        reply.refused(400, 214, rule);
    }
    let garbled = world.get(&format!("{LIST}?oauth_operator=%FF")).by(&shop).send().await;
    garbled.refused(400, 214, "oauth_operator: must be percent-encoded UTF-8");
    let reply = world.get(LIST).by(&shop).parameter(OPERATOR, &long[2..]).send().await;
    reply.success();
    assert_eq!(reply.header("x-rate-limit-remaining"), "179");
}

#[tokio::test]
async fn it_is_named_once_or_twice_alike() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.trust(&shop, true).await;
    let call = |target: &str| world.get(target).by(&shop).parameter(OPERATOR, "night");
    call(&format!("{LIST}?oauth_operator=night")).send().await.success();
    for target in
        ["oauth_operator=day", "oauth_operator=", "oauth_operator=night&oauth_operator=day"]
    {
        let reply = call(&format!("{LIST}?{target}")).send().await;
        reply.refused(400, 215, "Bad Authentication data.");
    }
}

#[tokio::test]
async fn only_who_signs_names_anybody() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.trust(&shop, true).await;
    let refused = |reply: Reply| reply.refused(401, 32, "Could not authenticate you.");
    refused(block(&world, &shop, "a").await.unsigned("&oauth_operator=boss").send().await);
    let (head, _) = world.get(LIST).by(&shop).parameter(OPERATOR, "night").bytes();
    let header = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap();
    for changed in [
        header.replace("night", "boss"),
        header.replace("oauth_operator=\"night\", ", ""),
        format!("{header}, oauth_operator=\"night\""),
    ] {
        assert_ne!(changed, header);
        let status = world.get(LIST).header("authorization", &changed).send().await.status;
        assert!(matches!(status.as_u16(), 400 | 401), "{status}");
    }
    world.get(LIST).header("authorization", header).send().await.success();
    // A form on DELETE may be unsigned: it names nobody then.
    let id = world.profile(&shop, "A").await["id"].as_str().unwrap().to_owned();
    // The signer of these tests takes no body with such a label for a form.
    let destroy = |body: &str| {
        let call = world.delete("/1.1/custom_profiles/destroy.json").by(&shop);
        call.raw("application/x-www-form-urlencoded;a=b", body.as_bytes())
    };
    let body = format!("id={id}");
    refused(destroy(&format!("{body}&oauth_operator=boss")).send().await);
    destroy(&body).parameter(OPERATOR, "night").send().await.empty(204);
    assert_eq!(operators(&world, &shop).await, [Value::Null, json!("night")]);
}
