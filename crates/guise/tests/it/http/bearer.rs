//! Bearer tokens: what apps read for themselves (contract §4).

use serde_json::json;

use crate::support::{Person, Reply, World};

const TOKEN: &str = "/oauth2/token";
const REVOKE: &str = "/oauth2/invalidate_token";

async fn fetched(world: &World, app: &Person) -> String {
    let call = world.post(TOKEN).form("grant_type=client_credentials");
    let answer = call.header("authorization", &app.basic()).send().await.success();
    assert_eq!(answer["token_type"], "bearer");
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn read(world: &World, target: &str, bearer: &str) -> Reply {
    world.get(target).header("authorization", &format!("Bearer {bearer}")).send().await
}

#[tokio::test]
async fn an_app_reads_for_itself_with_its_bearer_token() {
    let world = World::new().await;
    let desk = world.person("desk").await;
    let bearer = fetched(&world, &desk).await;
    assert_eq!(fetched(&world, &desk).await, bearer, "the same until it is revoked");
    let id = desk.account.to_string();
    for target in [
        "/1.1/users/show.json?screen_name=desk",
        "/1.1/users/lookup.json?screen_name=desk",
        &format!("/2/users/{id}"),
    ] {
        assert_eq!(read(&world, target, &bearer).await.status, 200, "{target}");
    }
    let looked_up = world.post("/1.1/users/lookup.json").form("user_id=1&screen_name=desk");
    let authorization = format!("bearer  {bearer}");
    let users = looked_up.header("authorization", &authorization).send().await.success();
    assert_eq!(users[0]["screen_name"], "desk");
    let reply = read(&world, "/1.1/users/show.json", &bearer).await;
    reply.refused(400, 214, "user_id or screen_name: is required");
    let reply = read(&world, "/1.1/users/show.json?screen_name=nobody", &bearer).await;
    reply.refused(404, 50, "User not found.");
    assert_eq!(reply.header("x-access-level"), "read");
    assert_eq!(reply.header("x-rate-limit-remaining"), "896", "two shown, one refused, this");
}

#[tokio::test]
async fn what_an_app_reads_is_counted_for_it_apart_from_its_users() {
    let world = World::new().await;
    let (desk, other) = (world.person("desk").await, world.person("other").await);
    let bearer = fetched(&world, &desk).await;
    let show = "/1.1/users/show.json?screen_name=desk";
    for left in ["899", "898"] {
        assert_eq!(read(&world, show, &bearer).await.header("x-rate-limit-remaining"), left);
    }
    for (app, left) in [(&desk, 898), (&other, 900)] {
        let bearer = fetched(&world, app).await;
        let target = "/1.1/application/rate_limit_status.json";
        let status = read(&world, target, &bearer).await.success();
        assert_eq!(status["rate_limit_context"], json!({"application": app.consumer_key}));
        let families: Vec<_> = status["resources"].as_object().unwrap().keys().collect();
        assert_eq!(families, ["application", "users"]);
        assert_eq!(status["resources"]["users"]["/users/show"]["remaining"], left);
    }
    let reply = world.get(show).by(&desk).send().await;
    assert_eq!(reply.header("x-rate-limit-remaining"), "899");
}

#[tokio::test]
async fn a_bearer_token_that_is_nobodys_opens_nothing() {
    let world = World::new().await;
    let desk = world.person("desk").await;
    let bearer = fetched(&world, &desk).await;
    let show = "/1.1/users/show.json?screen_name=desk";
    let id = desk.app.to_string();
    for wrong in [
        "",
        "x",
        "AAAA%2FAAA%3DAAAA",
        "1-x",
        &id,
        &format!("{id}-"),
        &format!("{bearer}x"),
        &bearer[..bearer.len() - 1],
        &format!("{id}-{}", "x".repeat(60)),
        &format!("{id}-{}", "x".repeat(10_000)),
        &desk.token,
    ] {
        read(&world, show, wrong).await.refused(401, 89, "Invalid or expired token.");
    }
    let reply = read(&world, "/1.1/custom_profiles/list.json", &bearer).await;
    reply.refused(403, 220, "Your credentials do not allow access to this resource.");
    world.store.revoke_app(desk.account, desk.app, world.by()).await.unwrap();
    read(&world, show, &bearer).await.refused(401, 89, "Invalid or expired token.");
    refused(&world.post(TOKEN).header("authorization", &desk.basic()).send().await);
}

fn refused(reply: &Reply) {
    let label = "authenticity_token_error";
    let error = json!({"code": 99, "message": "Unable to verify your credentials", "label": label});
    reply.is(403, &json!({"errors": [error]}));
}

#[tokio::test]
async fn a_bearer_token_takes_the_apps_key_and_secret() {
    let world = World::new().await;
    let (desk, other) = (world.person("desk").await, world.person("other").await);
    let grant = || world.post(TOKEN).form("grant_type=client_credentials");
    refused(&grant().send().await);
    let mixed = Person { consumer_secret: other.consumer_secret.clone(), ..desk.clone() };
    let unknown = Person { consumer_key: "x".into(), ..desk.clone() };
    let long = Person { consumer_key: "x".repeat(129), ..desk.clone() };
    for header in [mixed.basic(), unknown.basic(), long.basic()] {
        refused(&grant().header("authorization", &header).send().await);
    }
    for garbled in ["Basic", "Basic ?", "Basic eA==", "Basic Og==", "Bearer x", "OAuth a=b"] {
        refused(&grant().header("authorization", garbled).send().await);
    }
    for form in ["", "grant_type=password", "grant_type="] {
        let reply = world.post(TOKEN).form(form).header("authorization", &desk.basic());
        let reply = reply.send().await;
        reply.refused(400, 214, "grant_type: must be client_credentials");
    }
    let target = format!("{TOKEN}?grant_type=client_credentials");
    let in_query = world.post(&target).header("authorization", &desk.basic()).send().await;
    assert_eq!(in_query.success()["access_token"], json!(fetched(&world, &desk).await));
    assert_ne!(fetched(&world, &desk).await, fetched(&world, &other).await);
}

#[tokio::test]
async fn an_app_revokes_its_own_bearer_token() {
    let world = World::new().await;
    let (desk, other) = (world.person("desk").await, world.person("other").await);
    let bearer = fetched(&world, &desk).await;
    fetched(&world, &other).await;
    let revoke = |app: &Person, bearer: &str| {
        let call = world.post(REVOKE).form(&format!("access_token={bearer}"));
        call.header("authorization", &app.basic()).send()
    };
    let not_yours = "Client application is not permitted to to invalidate this token.";
    revoke(&other, &bearer).await.refused(403, 348, not_yours);
    revoke(&desk, "").await.refused(403, 348, not_yours);
    let show = "/1.1/users/show.json?screen_name=desk";
    assert_eq!(read(&world, show, &bearer).await.status, 200);
    revoke(&desk, &bearer).await.is(200, &json!({"access_token": bearer}));
    read(&world, show, &bearer).await.refused(401, 89, "Invalid or expired token.");
    revoke(&desk, &bearer).await.refused(403, 348, not_yours);
    assert_ne!(fetched(&world, &desk).await, bearer);
}
