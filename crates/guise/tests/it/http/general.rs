//! What every answer has (contract §6).

use guise_http::openapi;

use crate::support::World;

#[tokio::test]
async fn unknown_paths_and_verbs_do_not_exist() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let message = "Sorry, that page does not exist.";
    for path in
        ["/nothing", "/1.1", "/1.1/nothing.json", "/2/custom_profiles/list.json", "/1.1/%00"]
    {
        world.get(path).by(&shop).send().await.refused(404, 34, message);
    }
    world.post("/1.1/custom_profiles/list.json").by(&shop).send().await.refused(404, 34, message);
    world.delete("/1.1/custom_profiles/new.json").by(&shop).send().await.refused(404, 34, message);
    let long = format!("/1.1/{}", "a".repeat(5000));
    world.get(&long).by(&shop).send().await.refused(404, 34, message);
}

#[tokio::test]
async fn answers_carry_the_originals_headers() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let reply = world.get("/1.1/custom_profiles/list?").by(&shop).send().await;
    assert_eq!(reply.success(), serde_json::json!({"custom_profiles": []}));
    for (name, value) in [
        ("content-type", "application/json;charset=utf-8"),
        ("cache-control", "no-cache, no-store, must-revalidate, pre-check=0, post-check=0"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-access-level", "read-write-directmessages"),
        ("x-rate-limit-limit", "180"),
        ("x-rate-limit-remaining", "179"),
        ("x-rate-limit-reset", "1800000900"),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
    assert!(reply.header("x-response-time").parse::<u32>().is_ok());
    assert_eq!(reply.header("x-transaction-id").len(), 16);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let body = format!("{{\"a\":\"{}\"}}", "x".repeat(600_000));
    let reply = world.post("/1.1/custom_profiles/new.json").by(&shop).json(&body).send().await;
    reply.refused(413, 214, "The body must be at most 524288 bytes.");
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn the_account_shows_itself() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let reply = world.get("/1.1/account/verify_credentials.json").by(&shop).send().await;
    let user = reply.success();
    assert_eq!(user["id_str"], shop.account.to_string());
    assert_eq!(user["id"], shop.account.get());
    assert_eq!(user["screen_name"], "shop");
    assert_eq!(user["created_at"], "Fri Jan 15 08:00:00 +0000 2027");
    let picture = user["profile_image_url_https"].as_str().unwrap();
    let reply = world.get(picture.strip_prefix(&world.url()).unwrap()).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "image/png"));
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    world.get("/images/default_profile_other.png").send().await.refused(
        404,
        34,
        "Sorry, that page does not exist.",
    );
}

#[tokio::test]
async fn the_documents_of_the_api_need_no_credentials() {
    let world = World::new().await;
    for (name, document) in [("v1.1", openapi::v1_1()), ("guise-v1", openapi::guise_v1())] {
        let reply = world.get(&format!("/guise/v1/openapi/{name}.json")).send().await;
        assert_eq!(reply.success(), document, "{name}");
    }
}

#[tokio::test]
async fn the_server_tells_its_health() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(world.get(path).send().await.status, 200, "{path}");
    }
    world.store.close().await.unwrap();
    assert_eq!(world.get("/healthz").send().await.status, 200);
    assert_eq!(world.get("/readyz").send().await.status, 503);
}
