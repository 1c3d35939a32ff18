//! Accounts as others see them (contract §4).

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn a_user_is_shown_by_id_or_name() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("Ann").await);
    for query in [format!("user_id={}", ann.account), "screen_name=aNN".to_owned()] {
        let target = format!("/1.1/users/show.json?{query}");
        let user = world.get(&target).by(&shop).send().await.success();
        assert_eq!((&user["screen_name"], &user["id"]), (&json!("Ann"), &json!(ann.account.get())));
    }
    let closed = world.person("closed").await;
    world.store.close_account(closed.account, world.by()).await.unwrap();
    for query in ["user_id=1", "screen_name=nobody", "screen_name=no%20name", "screen_name=closed"]
    {
        let target = format!("/1.1/users/show.json?{query}");
        world.get(&target).by(&shop).send().await.refused(404, 50, "User not found.");
    }
    let reply = world.get("/1.1/users/show.json").by(&shop).send().await;
    reply.refused(400, 214, "user_id or screen_name: is required");
    assert_eq!(reply.header("x-rate-limit-limit"), "900");
}

#[tokio::test]
async fn users_are_looked_up_a_hundred_at_once() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let query = format!("user_id=1,{}&screen_name=shop,nobody", ann.account);
    let target = format!("/1.1/users/lookup.json?{query}");
    for call in [world.get(&target), world.post("/1.1/users/lookup.json").form(&query)] {
        let users = call.by(&shop).send().await.success();
        let names: Vec<_> =
            users.as_array().unwrap().iter().map(|user| &user["screen_name"]).collect();
        assert_eq!(names, ["ann", "shop"]);
    }
    let lookup =
        |query: &str| world.get(&format!("/1.1/users/lookup.json?{query}")).by(&shop).send();
    let reply = lookup("screen_name=nobody").await;
    reply.refused(404, 17, "No user matches for specified terms.");
    let many = vec!["a"; 101].join(",");
    let reply = lookup(&format!("screen_name={many}")).await;
    reply.refused(403, 18, "Too many terms specified in query.");
    lookup("").await.refused(400, 214, "user_id or screen_name: is required");
}

#[tokio::test]
async fn clients_of_the_next_version_find_a_user_by_id() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let id = ann.account.to_string();
    let reply = world.get(&format!("/2/users/{id}")).by(&shop).send().await;
    reply.is(200, &json!({"data": {"id": id, "name": "ann", "username": "ann"}}));
    for id in ["1", "me"] {
        let reply = world.get(&format!("/2/users/{id}")).by(&shop).send().await;
        reply.refused(404, 50, "User not found.");
    }
}

#[tokio::test]
async fn settings_are_shown_and_one_blocks_others_only() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let settings = world.get("/1.1/account/settings.json").by(&shop).send().await.success();
    assert_eq!(
        (&settings["screen_name"], &settings["allow_dms_from"]),
        (&json!("shop"), &json!("all"))
    );
    let block = |form: &str| world.post("/1.1/blocks/create.json").by(&shop).form(form).send();
    block("screen_name=shop").await.refused(400, 214, "user_id: must not be the caller's own");
    block("screen_name=nobody").await.refused(404, 50, "User not found.");
    let ids = world.get("/1.1/blocks/ids.json?cursor=-1").by(&shop).send().await.success();
    assert_eq!((&ids["ids"], &ids["next_cursor"]), (&json!([]), &json!(0)));
}
