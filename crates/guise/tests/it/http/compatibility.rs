//! Small promises of docs/compatibility.md that belong to no resource.

use guise_http::{Settings, TrustedProxies};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JON, World};

const LIST: &str = "/1.1/custom_profiles/list.json";
const UPLOAD: &str = "/1.1/media/upload.json";

/// Status and body of a request that nobody signed.
async fn unsigned(world: &World, method: &str, path: &str) -> (u16, Value) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let answer = world.http.request(method, format!("{}{path}", world.url())).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

fn refusal(status: u16, code: u16, message: &str) -> (u16, Value) {
    (status, json!({"errors": [{"code": code, "message": message}]}))
}

#[tokio::test]
async fn what_the_page_calls_absent_is_not_found() {
    let world = World::new().await;
    for absent in [
        "POST /1.1/direct_messages/welcome_messages/new.json",
        "GET /1.1/direct_messages/welcome_messages/show.json",
        "GET /1.1/direct_messages/welcome_messages/list.json",
        "PUT /1.1/direct_messages/welcome_messages/update.json",
        "DELETE /1.1/direct_messages/welcome_messages/destroy.json",
        "POST /1.1/direct_messages/welcome_messages/rules/new.json",
        "GET /1.1/direct_messages/welcome_messages/rules/show.json",
        "GET /1.1/direct_messages/welcome_messages/rules/list.json",
        "DELETE /1.1/direct_messages/welcome_messages/rules/destroy.json",
        "GET /1.1/blocks/list.json",
        "GET /2/users/by/username/ann",
        "POST /1.1/account_activity/all/prod/webhooks.json",
        "GET /1.1/account_activity/all/webhooks.json",
        "PUT /1.1/account_activity/all/prod/webhooks/1.json",
        "DELETE /1.1/account_activity/all/prod/webhooks/1.json",
        "POST /1.1/account_activity/all/prod/subscriptions.json",
    ] {
        let (method, path) = absent.split_once(' ').unwrap();
        let not_found = refusal(404, 34, "Sorry, that page does not exist.");
        assert_eq!(unsigned(&world, method, path).await, not_found, "{absent}");
    }
}

#[tokio::test]
async fn the_suffix_and_a_trailing_question_mark_are_optional_on_every_path() {
    let world = World::new().await;
    for there in [
        "GET /1.1/account/verify_credentials",
        "GET /1.1/application/rate_limit_status",
        "POST /1.1/custom_profiles/new",
        "GET /1.1/custom_profiles/show",
        "GET /1.1/custom_profiles/1",
        "GET /1.1/custom_profiles/list",
        "DELETE /1.1/custom_profiles/destroy",
        "POST /1.1/media/upload",
        "POST /1.1/media/metadata/create",
    ] {
        let (method, path) = there.split_once(' ').unwrap();
        for spelling in ["", ".json", "?", ".json?"] {
            let path = format!("{path}{spelling}");
            let unproven = refusal(400, 215, "Bad Authentication data.");
            assert_eq!(unsigned(&world, method, &path).await, unproven, "{path}");
        }
    }
    let shop = world.person("shop").await;
    for spelling in ["list", "list?", "list.json?"] {
        let path = format!("/1.1/custom_profiles/{spelling}");
        world.get(&path).by(&shop).send().await.is(200, &json!({"custom_profiles": []}));
    }
}

#[tokio::test]
async fn a_body_on_a_read_is_ignored() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for body in ["{}", "no JSON at all"] {
        world.get(LIST).by(&shop).json(body).send().await.is(200, &json!({"custom_profiles": []}));
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_where_a_request_was_sent() {
    let proxies = |entry| TrustedProxies::parse([entry]).unwrap();
    let public = "https://api.example.com";
    let trusting =
        World::with(Settings { trusted_proxies: proxies("127.0.0.0/8"), ..Settings::default() });
    let world = trusting.await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let created = world
        .create(&shop, "A", &media)
        .signed_for(public)
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "api.example.com")
        .send()
        .await
        .success();
    let url = created["custom_profile"]["avatar"]["media"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://api.example.com/media/"), "{url}");
    let reply = world.get(LIST).by(&shop).signed_for(public).send().await;
    reply.refused(401, 32, "Could not authenticate you.");

    let elsewhere =
        World::with(Settings { trusted_proxies: proxies("10.0.0.0/8"), ..Settings::default() });
    let world = elsewhere.await;
    let shop = world.person("shop").await;
    let reply = world
        .get(LIST)
        .by(&shop)
        .signed_for(public)
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "api.example.com")
        .send()
        .await;
    reply.refused(401, 32, "Could not authenticate you.");
}

#[tokio::test]
async fn the_public_url_may_be_signed_and_starts_the_urls_of_pictures() {
    let public_urls = vec!["https://one.example".to_owned(), "https://two.example:8443".to_owned()];
    let world = World::with(Settings { public_urls, ..Settings::default() }).await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    for base in ["https://one.example", "https://two.example:8443"] {
        let call = world.create(&shop, "A", &media).signed_for(base);
        let created = call.send().await.success();
        let url = created["custom_profile"]["avatar"]["media"]["url"].as_str().unwrap();
        assert!(url.starts_with("https://one.example/media/"), "{url}");
    }
}

#[tokio::test]
async fn shared_is_read_in_every_spelling_of_a_truth_value() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for shared in ["true", "True", "TRUE", "t", "T", "1", "false", "False", "f", "0", ""] {
        let parts = [("shared", shared.as_bytes()), ("media", JON)];
        assert_eq!(world.post(UPLOAD).by(&shop).parts(&parts).send().await.status, 200, "{shared}");
        let form = format!("command=INIT&total_bytes=1&media_type=image%2Fpng&shared={shared}");
        assert_eq!(world.post(UPLOAD).by(&shop).form(&form).send().await.status, 202, "{shared}");
    }
    for shared in ["yes", "2", "tru"] {
        let parts = [("shared", shared.as_bytes()), ("media", JON)];
        let reply = world.post(UPLOAD).by(&shop).parts(&parts).send().await;
        reply.upload_refused("shared must be true or false.");
    }
}

#[tokio::test]
async fn an_upload_has_at_most_a_hundred_additional_owners() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let friend = world.person("friend").await.account.to_string();
    let owners = |count: usize| vec![friend.as_str(); count].join(",");
    let parts = [("additional_owners", owners(101)), ("media_category", "dm_image".to_owned())];
    let parts: Vec<_> = parts.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let reply = world.post(UPLOAD).by(&shop).parts(&[&parts[..], &[("media", JON)]].concat());
    reply.send().await.upload_refused("additional_owners: at most 100, got 101.");
    let hundred = owners(100);
    let parts = [("additional_owners", hundred.as_bytes()), ("media", JON)];
    assert_eq!(world.post(UPLOAD).by(&shop).parts(&parts).send().await.status, 200);
}
