//! Who may call (contract §4).

use guise_domain::Access;

use crate::support::{Person, World};

const LIST: &str = "/1.1/custom_profiles/list.json";

#[tokio::test]
async fn no_or_garbled_credentials_are_bad_authentication_data() {
    let world = World::new().await;
    let bad = |reply: crate::support::Reply| reply.refused(400, 215, "Bad Authentication data.");
    bad(world.get(LIST).send().await);
    for garbled in ["OAuth", "OAuth oauth_token", "Basic abc", "OAuth oauth_nonce=\"a\"", "\u{1}"] {
        if let Ok(value) = reqwest::header::HeaderValue::from_str(garbled) {
            bad(world.get(LIST).header("authorization", value.to_str().unwrap()).send().await);
        }
    }
    let body = r#"{"custom_profile":{"name":"A","avatar":{"media":{"id":"1"}}}}"#;
    bad(world.post("/1.1/custom_profiles/new.json").json(body).send().await);
}

#[tokio::test]
async fn a_wrong_signature_and_an_unknown_consumer_are_not_authenticated() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let wrong = [
        Person { consumer_secret: "x".into(), ..shop.clone() },
        Person { token_secret: "x".into(), ..shop.clone() },
        Person { consumer_key: "x".into(), ..shop.clone() },
    ];
    for person in &wrong {
        let reply = world.get(LIST).by(person).send().await;
        reply.refused(401, 32, "Could not authenticate you.");
        let reply = world.create(person, "A", &media).send().await;
        reply.refused(401, 32, "Could not authenticate you.");
    }
    let elsewhere = world.get(LIST).by(&shop).signed_for("https://evil.example").send().await;
    elsewhere.refused(401, 32, "Could not authenticate you.");
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn unknown_and_revoked_tokens_and_closed_accounts_open_nothing() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let unknown = Person { token: "1-x".into(), ..shop.clone() };
    world.get(LIST).by(&unknown).send().await.refused(401, 89, "Invalid or expired token.");
    let media = world.upload(&shop).await;
    world.store.revoke_token(shop.account, &shop.token, world.by()).await.unwrap();
    world.clock.advance(1);
    let reply = world.create(&shop, "A", &media).send().await;
    reply.refused(401, 89, "Invalid or expired token.");
    let other = world.again(&shop, Access::DirectMessages).await;
    assert_eq!(world.profiles(&other).await, 0);
    world.store.close_account(shop.account, world.by()).await.unwrap();
    world.clock.advance(1);
    world.get(LIST).by(&other).send().await.refused(401, 89, "Invalid or expired token.");
}

#[tokio::test]
async fn a_revoked_app_is_suspended_for_those_who_know_its_secrets() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.store.revoke_app(shop.account, shop.app, world.by()).await.unwrap();
    world.clock.advance(1);
    let reply = world.get(LIST).by(&shop).send().await;
    reply.refused(401, 416, "Invalid / suspended application");
    let stranger = Person { token_secret: "x".into(), ..shop };
    let reply = world.get(LIST).by(&stranger).send().await;
    reply.refused(401, 32, "Could not authenticate you.");
}

#[tokio::test]
async fn a_clock_may_be_a_quarter_of_an_hour_off() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for seconds in [-900, 900] {
        world.get(LIST).by(&shop).off(seconds).send().await.success();
    }
    for seconds in [-901, 901] {
        let reply = world.get(LIST).by(&shop).off(seconds).send().await;
        reply.refused(401, 135, "Timestamp out of bounds.");
    }
    let media = world.upload(&shop).await;
    let reply = world.create(&shop, "A", &media).off(-901).send().await;
    reply.refused(401, 135, "Timestamp out of bounds.");
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn a_repeated_request_is_refused_a_write_also_after_a_restart() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    world.get(LIST).by(&shop).nonce("r").send().await.success();
    let reply = world.get(LIST).by(&shop).nonce("r").send().await;
    reply.refused(401, 32, "Could not authenticate you.");
    world.create(&shop, "A", &media).nonce("w").send().await.success();
    let reply = world.create(&shop, "A", &media).nonce("w").send().await;
    reply.refused(401, 32, "Could not authenticate you.");
    let world = world.restarted().await;
    let reply = world.create(&shop, "A", &media).nonce("w").send().await;
    reply.refused(401, 32, "Could not authenticate you.");
    assert_eq!(world.profiles(&shop).await, 1);
    world.create(&shop, "A", &media).nonce("w2").send().await.success();
}

#[tokio::test]
async fn a_bearer_token_is_no_user() {
    let world = World::new().await;
    let message = "Your credentials do not allow access to this resource.";
    let reply = world.get(LIST).header("authorization", "Bearer AAAA").send().await;
    reply.refused(403, 220, message);
}

#[tokio::test]
async fn a_token_that_may_only_read_reads() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let reader = world.again(&shop, Access::Read).await;
    let reply = world.create(&reader, "A", &media).send().await;
    reply.refused(403, 261, "Application cannot perform write actions.");
    assert_eq!(reply.header("x-access-level"), "read");
    assert_eq!(world.profiles(&reader).await, 0);
}

#[tokio::test]
async fn an_account_without_the_permission_is_not_permitted() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.store.allow_custom_profiles(shop.account, false, world.by()).await.unwrap();
    world.clock.advance(1);
    let reply = world.get(LIST).by(&shop).send().await;
    reply.refused(403, 87, "Client is not permitted to perform this action.");
    world.upload(&shop).await;
}

#[tokio::test]
async fn clients_may_sign_for_the_hosts_of_the_original() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for base in ["https://api.twitter.com", "https://upload.x.com", "https://api.x.com"] {
        world.get(LIST).by(&shop).signed_for(base).send().await.success();
    }
}

#[tokio::test]
async fn a_body_hash_is_checked_when_it_is_sent() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let reply = world
        .create(&shop, "A", &media)
        .parameter("oauth_body_hash", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
        .send()
        .await;
    reply.refused(401, 32, "Could not authenticate you.");
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn a_form_on_delete_may_be_signed_or_not() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    // With a parameter behind it, the signer of these tests does not take the body for a form and leaves it out.
    for label in ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded;a=b"] {
        let id = world.profile(&shop, "A").await["id"].as_str().unwrap().to_owned();
        let body = format!("id={id}");
        let call = world.delete("/1.1/custom_profiles/destroy.json").by(&shop);
        call.raw(label, body.as_bytes()).send().await.empty(204);
    }
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn a_key_longer_than_any_we_issue_is_not_even_looked_up() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.get(LIST).by(&shop).send().await.success();
    // Whoever asks the store is told so from here on.
    world.store.close().await.unwrap();
    let long = Person { consumer_key: "x".repeat(129), ..shop.clone() };
    world.get(LIST).by(&long).send().await.refused(401, 32, "Could not authenticate you.");
    let long = Person { token: "1".repeat(129), ..shop.clone() };
    world.get(LIST).by(&long).send().await.refused(401, 89, "Invalid or expired token.");
    let unknown = Person { consumer_key: "x".repeat(128), ..shop };
    world.get(LIST).by(&unknown).send().await.refused(503, 130, "Over capacity");
}

#[tokio::test]
async fn credentials_may_come_in_the_query_or_in_a_form() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.get(LIST).by(&shop).in_query().send().await.success();
    let destroy = "/1.1/custom_profiles/destroy.json";
    for place in 0..3 {
        let id = world.profile(&shop, "A").await["id"].as_str().unwrap().to_owned();
        let call = world.post(destroy).by(&shop).form(&format!("id={id}"));
        let call = match place {
            0 => call.in_query(),
            1 => call.in_form(),
            // One client names its token in the header and in the form, and signs it once.
            _ => call.unsigned(&format!("&oauth_token={}", shop.token)),
        };
        call.send().await.empty(204);
    }
    assert_eq!(world.profiles(&shop).await, 0);
    let stranger = Person { token_secret: "x".into(), ..shop };
    let reply = world.get(LIST).by(&stranger).in_query().send().await;
    reply.refused(401, 32, "Could not authenticate you.");
    let reply = world.post(destroy).by(&stranger).form("id=1").in_form().send().await;
    reply.refused(401, 32, "Could not authenticate you.");
}

#[tokio::test]
async fn the_signature_of_a_large_form_is_checked_all_the_same() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let stranger = Person { token_secret: "x".into(), ..shop.clone() };
    let form = format!("media_data={}", "A".repeat(1_000_000));
    let upload = |by: &Person| world.post("/1.1/media/upload.json").by(by).form(&form).send();
    upload(&stranger).await.refused(401, 32, "Could not authenticate you.");
    assert_eq!(upload(&shop).await.status, 400);
    let unknown = Person { consumer_key: "x".into(), ..shop };
    upload(&unknown).await.refused(401, 32, "Could not authenticate you.");
}
