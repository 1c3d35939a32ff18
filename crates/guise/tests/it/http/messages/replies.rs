//! Limits of sending, and messages back that are free.

use guise_domain::Access;
use guise_domain::rate::{Endpoint, Rule, Rules};
use guise_http::Settings;
use serde_json::json;

use super::{inbox, pair, say, send};
use crate::support::World;

const HELLO: &str = "Hello";

fn limited(endpoint: Endpoint, limit: u32) -> Settings {
    let mut rules = Rules::default();
    rules.set(endpoint, Rule { limit, window_seconds: 86_400 });
    Settings { rules, ..Settings::default() }
}

#[tokio::test]
async fn messages_are_counted_for_each_account_across_apps() {
    let world = World::with(limited(Endpoint::DirectMessagesNew, 3)).await;
    let (shop, ann) = pair(&world).await;
    for _ in 0..3 {
        say(&world, &shop, &ann, HELLO).await;
    }
    let other_app = world.again(&shop, Access::DirectMessages).await;
    let reply = send(&world, &other_app, &ann, &json!({"text": HELLO})).send().await;
    reply.refused(429, 88, "Rate limit exceeded");
    assert_eq!(reply.header("retry-after"), "86400");
    assert_eq!(inbox(&world, &ann).await.len(), 3);
    world.clock.advance(86_400);
    say(&world, &shop, &ann, HELLO).await;
}

#[tokio::test]
async fn messages_are_counted_for_each_app_across_accounts() {
    let world = World::with(limited(Endpoint::DirectMessagesNewByApp, 3)).await;
    let (shop, ann) = pair(&world).await;
    let bob = world.with_app_of(&shop, "bob").await;
    say(&world, &shop, &ann, HELLO).await;
    say(&world, &shop, &ann, HELLO).await;
    say(&world, &bob, &ann, HELLO).await;
    for person in [&shop, &bob] {
        let reply = send(&world, person, &ann, &json!({"text": HELLO})).send().await;
        reply.refused(429, 88, "Rate limit exceeded");
        assert_eq!(reply.header("x-rate-limit-limit"), "3");
    }
    let other_app = world.again(&shop, Access::DirectMessages).await;
    say(&world, &other_app, &ann, HELLO).await;
}

#[tokio::test]
async fn five_messages_back_within_a_day_count_against_no_limit() {
    let world = World::with(limited(Endpoint::DirectMessagesNew, 2)).await;
    let (shop, ann) = pair(&world).await;
    let left = |reply: &crate::support::Reply| reply.header("x-rate-limit-remaining").to_owned();
    say(&world, &shop, &ann, "one").await;
    say(&world, &shop, &ann, "two").await;
    say(&world, &ann, &shop, "question").await;
    for number in 0..5 {
        let reply = send(&world, &shop, &ann, &json!({"text": number.to_string()})).send().await;
        reply.success();
        assert_eq!(left(&reply), "0");
    }
    let refused = || send(&world, &shop, &ann, &json!({"text": HELLO})).send();
    refused().await.refused(429, 88, "Rate limit exceeded");
    say(&world, &ann, &shop, "another").await;
    say(&world, &shop, &ann, "answer").await;
    world.clock.advance(86_399);
    say(&world, &shop, &ann, "late answer").await;
    assert_eq!(inbox(&world, &ann).await.len(), 11);
}

#[tokio::test]
async fn a_message_back_that_a_rule_refuses_is_counted_and_takes_nothing_of_the_five() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    say(&world, &ann, &shop, "question").await;
    let bad = json!({"text": HELLO, "attachment": {"type": "media", "media": {"id": "1"}}});
    let reply = send(&world, &shop, &ann, &bad).send().await;
    assert_eq!(reply.status, 403);
    assert_eq!(reply.header("x-rate-limit-remaining"), "999");
    for _ in 0..5 {
        let reply = send(&world, &shop, &ann, &json!({"text": HELLO})).send().await;
        assert_eq!(reply.header("x-rate-limit-remaining"), "999");
    }
    let reply = send(&world, &shop, &ann, &json!({"text": HELLO})).send().await;
    assert_eq!(reply.header("x-rate-limit-remaining"), "998");
}

#[tokio::test]
async fn writing_to_oneself_is_no_answer() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    say(&world, &shop, &shop, HELLO).await;
    let reply = send(&world, &shop, &shop, &json!({"text": HELLO})).send().await;
    assert_eq!(reply.header("x-rate-limit-remaining"), "998");
}
