//! Rate limits (contract §5).

use std::sync::Arc;

use guise_domain::Access;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::World;

#[tokio::test]
async fn the_1001st_create_of_a_day_is_refused_and_the_next_day_begins_anew() {
    let world = Arc::new(World::new().await);
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (world, shop, media) = (Arc::clone(&world), shop.clone(), media.clone());
        tasks.spawn(async move {
            for _ in 0..50 {
                world.create(&shop, "A", &media).send().await.success();
            }
        });
    }
    tasks.join_all().await;
    let other_app = world.again(&shop, Access::DirectMessages).await;
    let reply = world.create(&other_app, "A", &media).send().await;
    reply.refused(429, 88, "Rate limit exceeded");
    for (name, value) in [
        ("x-rate-limit-limit", "1000"),
        ("x-rate-limit-remaining", "0"),
        ("x-rate-limit-reset", "1800086400"),
        ("retry-after", "86400"),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
    world.clock.advance(86_400);
    let media = world.upload(&shop).await;
    let reply = world.create(&shop, "A", &media).send().await;
    reply.success();
    assert_eq!(reply.header("x-rate-limit-remaining"), "999");
}

#[tokio::test]
async fn reads_are_counted_per_token_also_across_a_restart() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let list = "/1.1/custom_profiles/list.json";
    for left in (0..180).rev() {
        let reply = world.get(list).by(&shop).send().await;
        assert_eq!(reply.header("x-rate-limit-remaining"), left.to_string());
    }
    let world = world.restarted().await;
    let reply = world.get(list).by(&shop).send().await;
    reply.refused(429, 88, "Rate limit exceeded");
    assert_eq!(reply.header("retry-after"), "900");
    let other = world.again(&shop, Access::DirectMessages).await;
    world.get(list).by(&other).send().await.success();
    world.clock.advance(900);
    world.get(list).by(&shop).send().await.success();
}

#[tokio::test]
async fn broken_rules_count_and_what_is_no_request_does_not() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let left = |reply: &crate::support::Reply| reply.header("x-rate-limit-remaining").to_owned();
    let reply = world.create(&shop, "", "1").send().await;
    assert_eq!((reply.status.as_u16(), left(&reply).as_str()), (400, "999"));
    let reply = world.create(&shop, "A", "1").send().await;
    assert_eq!((reply.status.as_u16(), left(&reply).as_str()), (400, "998"));
    world.post("/1.1/custom_profiles/new.json").by(&shop).json("{").send().await;
    world.post("/1.1/custom_profiles/new.json").json("{}").send().await;
    let reply = world.create(&shop, "A", "1").send().await;
    assert_eq!(left(&reply), "997");
}

#[tokio::test]
async fn the_status_of_all_limits_can_be_read() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.get("/1.1/custom_profiles/list.json").by(&shop).send().await.success();
    world.upload(&shop).await;
    let target = "/1.1/application/rate_limit_status.json?resources=custom_profiles,media";
    let status = world.get(target).by(&shop).send().await.success();
    let window = |limit: u32, remaining: u32| json!({"limit": limit, "remaining": remaining, "reset": 1_800_000_900});
    assert_eq!(
        status,
        json!({
            "rate_limit_context": {"access_token": shop.token},
            "resources": {
                "custom_profiles": {
                    "/custom_profiles/show": window(180, 180),
                    "/custom_profiles/list": window(180, 179),
                },
                "media": {
                    "/media/upload": window(500, 499),
                    "/media/metadata/create": window(15, 15),
                },
            },
        })
    );
    let all = world.get("/1.1/application/rate_limit_status.json").by(&shop).send().await.success();
    assert!(all["resources"]["account"]["/account/verify_credentials"].is_object());
}

#[tokio::test]
async fn what_is_refused_uncounted_still_tells_what_is_left() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.create(&shop, "A", "1").send().await.refused(400, 325, "A media id was not found.");
    let tells = |reply: &crate::support::Reply, limit: &str, left: &str| {
        assert_eq!(reply.header("x-rate-limit-limit"), limit);
        assert_eq!(reply.header("x-rate-limit-remaining"), left);
        assert_eq!(reply.header("x-rate-limit-reset").len(), 10);
    };
    let new = "/1.1/custom_profiles/new.json";
    let reply = world.post(new).by(&shop).json("{").send().await;
    assert_eq!(reply.status, 400);
    tells(&reply, "1000", "999");
    let reader = world.again(&shop, Access::Read).await;
    let reply = world.create(&reader, "A", "1").send().await;
    reply.refused(403, 261, "Application cannot perform write actions.");
    tells(&reply, "1000", "999");
    let upload = "/1.1/media/upload.json";
    let reply = world.post(upload).by(&reader).form("command=INIT").send().await;
    reply.refused(403, 261, "Application cannot perform write actions.");
    tells(&reply, "500", "500");
    let reply = world.post(upload).by(&shop).raw("multipart/form-data", b"x").send().await;
    reply.refused(400, 214, "The multipart body's boundary is missing.");
    tells(&reply, "500", "500");
    world.store.allow_custom_profiles(shop.account, false, world.by()).await.unwrap();
    world.clock.advance(1);
    let reply = world.create(&shop, "A", "1").send().await;
    reply.refused(403, 87, "Client is not permitted to perform this action.");
    tells(&reply, "1000", "999");
}
