//! The first and the third leg: asking for a request token, and exchanging it (contract §4).

use guise_domain::{Access, Account, Allowance, CallbackUrl, VerifierHash};
use serde_json::json;

use crate::support::{Call, Person, Reply, World};

const REQUEST: &str = "/oauth/request_token";
const ACCESS: &str = "/oauth/access_token";
const GIVE_UP: &str = "/1.1/oauth/invalidate_token.json";
const CALLBACK: &str = "oauth_callback";
const VERIFIER: &str = "oauth_verifier";
const DONE: &str = "https://app.example/done";
const PIN: &str = "7654321";

async fn may_lead_to(world: &World, person: &Person, place: &str) {
    let place: CallbackUrl = place.parse().unwrap();
    let (account, app) = (person.account, person.app);
    world.store.add_callback(account, app, &place, world.by()).await.unwrap().unwrap();
}

/// Asks for a PIN; the app with the request token.
async fn asked(world: &World, app: &Person) -> Person {
    let call = world.post(REQUEST).by(&app.app_alone()).parameter(CALLBACK, "oob");
    app.with_token_of(&call.send().await)
}

/// Somebody's yes.
async fn allow(world: &World, request: &Person, account: &Account, access: Access) {
    let (operator, now) = (None, world.by().entry.created_at());
    let verifier = VerifierHash::of(&request.token, PIN);
    let allowance = Allowance { account: account.id, operator, access, verifier, now };
    assert!(world.store.allow(&request.token, allowance).await.unwrap());
}

async fn account(world: &World, person: &Person) -> Account {
    world.store.account(person.account).await.unwrap().unwrap()
}

fn exchange<'w>(world: &'w World, request: &Person, verifier: &str) -> Call<'w> {
    world.post(ACCESS).by(request).parameter(VERIFIER, verifier)
}

fn bad_token(reply: &Reply) {
    reply.refused(401, 89, "Invalid or expired token.");
}

#[tokio::test]
async fn an_app_asks_and_fetches_its_token_once_it_is_allowed() {
    let world = World::new().await;
    let (desk, ann) = (world.person("desk").await, world.person("ann").await);
    let reply = world.post(REQUEST).by(&desk.app_alone()).parameter(CALLBACK, "oob").send().await;
    assert_eq!(reply.form("oauth_callback_confirmed"), "true");
    assert_eq!(reply.header("x-rate-limit-remaining"), "899");
    let request = desk.with_token_of(&reply);
    bad_token(&exchange(&world, &request, PIN).send().await);
    allow(&world, &request, &account(&world, &ann).await, Access::DirectMessages).await;
    let reply = exchange(&world, &request, PIN).send().await;
    assert_eq!(reply.form("user_id"), ann.account.to_string());
    assert_eq!(reply.form("screen_name"), "ann");
    let given = desk.with_token_of(&reply);
    let me = world.get("/1.1/account/verify_credentials.json").by(&given).send().await;
    assert_eq!(me.success()["screen_name"], "ann");
    assert_eq!(me.header("x-access-level"), "read-write-directmessages");
    bad_token(&exchange(&world, &request, PIN).send().await);
}

#[tokio::test]
async fn what_is_asked_for_may_come_in_the_header_the_query_or_the_form_by_post_or_get() {
    let world = World::new().await;
    let (desk, ann) = (world.person("desk").await, world.person("ann").await);
    may_lead_to(&world, &desk, DONE).await;
    let (app, ann) = (desk.app_alone(), account(&world, &ann).await);
    let in_query = format!("{REQUEST}?{CALLBACK}=https%3A%2F%2Fapp.example%2Fdone");
    let in_form = "oauth_callback=https%3A%2F%2Fapp.example%2Fdone&x_auth_access_type=read";
    for (call, access) in [
        (world.post(REQUEST).parameter(CALLBACK, DONE), Access::DirectMessages),
        (world.post(REQUEST).parameter(CALLBACK, DONE).in_query(), Access::DirectMessages),
        (world.post(&format!("{in_query}&x_auth_access_type=write")), Access::Write),
        (world.post(REQUEST).form(in_form), Access::Read),
        (world.get(&in_query), Access::DirectMessages),
    ] {
        let request = desk.with_token_of(&call.by(&app).send().await);
        let kept = world.store.request_token(&request.token).await.unwrap().unwrap();
        assert_eq!((kept.callback.as_str(), kept.access), (DONE, access));
        allow(&world, &request, &ann, Access::Read).await;
        let call = match access {
            Access::Read => world.get(&format!("{ACCESS}?{VERIFIER}={PIN}")).by(&request),
            Access::Write => world.post(ACCESS).by(&request).form(&format!("{VERIFIER}={PIN}")),
            // One client names its token in the header and in the form, and signs it once.
            Access::DirectMessages => exchange(&world, &request, PIN)
                .form("")
                .unsigned(&format!("oauth_token={}", request.token)),
        };
        assert_eq!(call.send().await.form("screen_name"), "ann");
    }
}

#[tokio::test]
async fn without_a_callback_or_with_a_wrong_access_an_app_is_told() {
    let world = World::new().await;
    let app = world.person("desk").await.app_alone();
    let asked = world.post(REQUEST).by(&app).send().await;
    let kept = world.store.request_token(&asked.form("oauth_token")).await.unwrap().unwrap();
    assert_eq!(kept.callback.as_str(), "oob", "some clients leave it out when they want a PIN");
    let wrong = world.post(&format!("{REQUEST}?x_auth_access_type=all")).by(&app).send().await;
    wrong.refused(400, 214, "x_auth_access_type: must be read or write");
    assert_eq!(wrong.header("x-rate-limit-remaining"), "898", "a broken rule counts");
}

#[tokio::test]
async fn nobody_is_led_anywhere_but_where_the_app_may_lead() {
    let world = World::new().await;
    let desk = world.person("desk").await;
    let ask = async |callback: &str| {
        let call = world.post(REQUEST).by(&desk.app_alone()).parameter(CALLBACK, callback);
        call.send().await
    };
    let pin_only = "This app has no approved callback URLs, so oauth_callback must be oob";
    ask(DONE).await.refused(401, 417, pin_only);
    may_lead_to(&world, &desk, DONE).await;
    may_lead_to(&world, &desk, "deskapp://done").await;
    for good in
        [DONE, "https://app.example/done?a=b&c", "HTTPS://APP.example:443/done", "deskapp://done"]
    {
        assert_eq!(ask(good).await.status, 200, "{good}");
    }
    let not_approved = "Callback URL not approved for this client application. Approved callback \
                        URLs can be adjusted with `guise app callback`";
    for elsewhere in [
        "http://app.example/done",
        "https://app.example:444/done",
        "https://app.example/done/",
        "https://app.example/done/../evil",
        "https://app.example/done%2f",
        "https://app.example./done",
        "https://app.example.evil.example/done",
        "https://evil.example/done?https://app.example/done",
        "https://xn--pp-6kc.example/done",
        "deskapp://evil",
        "otherapp://done",
    ] {
        ask(elsewhere).await.refused(403, 415, not_approved);
    }
    for bad in [
        "https://app.example@evil.example/done",
        "https://app.example:x@evil.example/done",
        "https://app.example\\@evil.example/done",
        "https:\\\\app.example\\done",
        "https:/app.example/done",
        "//app.example/done",
        "javascript:alert(1)",
        "JaVaScRiPt://app.example/done%0aalert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "https://app.example/done\r\nlocation: https://evil.example",
        "https://app.example/done#a",
        "https://аpp.example/done",
        "https://app.example/done\u{202e}",
        "OOB",
        "done",
    ] {
        let reply = ask(bad).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["errors"][0]["code"]), (400, &json!(214)));
        let message = reply.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("oauth_callback: must be an absolute URL"), "{message}");
    }
}

#[tokio::test]
async fn only_the_app_itself_asks_within_the_clock_and_once() {
    let world = World::new().await;
    let desk = world.person("desk").await;
    let app = desk.app_alone();
    world.post(REQUEST).send().await.refused(400, 215, "Bad Authentication data.");
    let refused = |reply: Reply| reply.refused(401, 32, "Could not authenticate you.");
    for stranger in [
        Person { consumer_secret: "x".into(), ..app.clone() },
        Person { consumer_key: "x".into(), ..app.clone() },
        Person { consumer_key: "x".repeat(129), ..app.clone() },
    ] {
        refused(world.post(REQUEST).by(&stranger).send().await);
    }
    let reply = world.post(REQUEST).by(&app).off(901).send().await;
    reply.refused(401, 135, "Timestamp out of bounds.");
    world.post(REQUEST).by(&app).nonce("n").send().await.form("oauth_token");
    refused(world.post(REQUEST).by(&app).nonce("n").send().await);
    let reply = world.post(REQUEST).by(&app).parameter("oauth_operator", "night").send().await;
    assert_eq!(reply.status, 403);
    let world = world.restarted().await;
    refused(world.post(REQUEST).by(&app).nonce("n").send().await);
    bad_token(&world.post(REQUEST).by(&desk).send().await);
    world.store.revoke_app(desk.account, desk.app, world.by()).await.unwrap();
    let reply = world.post(REQUEST).by(&app).send().await;
    reply.refused(401, 416, "Invalid / suspended application");
}

#[tokio::test]
async fn a_request_token_is_good_for_its_own_app_and_verifier_and_not_for_long() {
    let world = World::new().await;
    let (desk, other) = (world.person("desk").await, world.person("other").await);
    let ann = account(&world, &world.person("ann").await).await;
    let request = asked(&world, &desk).await;
    allow(&world, &request, &ann, Access::Write).await;
    let (token, token_secret) = (request.token.clone(), request.token_secret.clone());
    let stolen = Person { token, token_secret, ..other };
    bad_token(&exchange(&world, &stolen, PIN).send().await);
    let missing = world.post(ACCESS).by(&request).send().await;
    missing.refused(400, 214, "oauth_verifier: is required");
    let forged = Person { token_secret: "x".into(), ..request.clone() };
    exchange(&world, &forged, PIN).send().await.refused(401, 32, "Could not authenticate you.");
    for wrong in ["7654322", "765432", "76543211", &"7".repeat(10_000)] {
        bad_token(&exchange(&world, &request, wrong).form("").in_form().send().await);
    }
    exchange(&world, &request, PIN).send().await.form("oauth_token");
    let request = asked(&world, &desk).await;
    allow(&world, &request, &ann, Access::Write).await;
    for _ in 0..5 {
        bad_token(&exchange(&world, &request, "0000000").send().await);
    }
    bad_token(&exchange(&world, &request, PIN).send().await);
    let request = asked(&world, &desk).await;
    allow(&world, &request, &ann, Access::Write).await;
    world.clock.advance(900);
    bad_token(&exchange(&world, &request, PIN).send().await);
    assert_eq!(world.guise.sweep().await.unwrap().request_tokens, 3);
    bad_token(&exchange(&world, &request, PIN).send().await);
    assert_eq!(world.store.tokens(ann.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_request_token_opens_nothing_else() {
    let world = World::new().await;
    let desk = world.person("desk").await;
    let request = asked(&world, &desk).await;
    allow(&world, &request, &account(&world, &desk).await, Access::Write).await;
    bad_token(&world.get("/1.1/account/verify_credentials.json").by(&request).send().await);
    bad_token(&world.post(ACCESS).by(&desk).parameter(VERIFIER, PIN).send().await);
}

#[tokio::test]
async fn without_a_token_there_is_no_access_token() {
    let world = World::new().await;
    let desk = world.person("desk").await;
    let form = "x_auth_username=desk&x_auth_password=secret&x_auth_mode=client_auth";
    for call in [
        world.post(ACCESS),
        world.post(ACCESS).header("authorization", "OAuth oauth_nonce=\"a\""),
        world.post(ACCESS).by(&desk.app_alone()),
        world.post(ACCESS).by(&desk.app_alone()).form(form),
    ] {
        call.send().await.refused(401, 32, "Could not authenticate you.");
    }
}

#[tokio::test]
async fn an_account_that_allowed_an_app_before_gives_it_the_same_token() {
    let world = World::new().await;
    let (desk, ann) = (world.person("desk").await, world.person("ann").await);
    let ann = account(&world, &ann).await;
    let mut given: Vec<Person> = Vec::new();
    for access in [Access::Write, Access::Write, Access::DirectMessages] {
        let request = asked(&world, &desk).await;
        allow(&world, &request, &ann, access).await;
        let reply = exchange(&world, &request, PIN).send().await;
        given.push(desk.with_token_of(&reply));
        let me = world.get("/1.1/account/verify_credentials.json").by(&given[0]).send().await;
        assert_eq!(me.header("x-access-level"), access.as_str());
    }
    for again in &given[1..] {
        let same = (&again.token, &again.token_secret);
        assert_eq!(same, (&given[0].token, &given[0].token_secret));
    }
}

#[tokio::test]
async fn a_token_is_given_up_by_whoever_holds_it_and_only_that() {
    let world = World::new().await;
    let desk = world.person("desk").await;
    let reader = world.again(&desk, Access::Read).await;
    for person in [&desk, &reader] {
        let reply = world.post(GIVE_UP).by(person).send().await;
        reply.is(200, &json!({"access_token": person.token}));
        bad_token(&world.get("/1.1/account/settings.json").by(person).send().await);
        bad_token(&world.post(GIVE_UP).by(person).send().await);
    }
    let other = world.again(&desk, Access::Read).await;
    world.get("/1.1/account/settings.json").by(&other).send().await.success();
    let page = world.get("/guise/v1/audit?action=token.revoked").by(&other).send().await.success();
    let apps: Vec<_> =
        page["entries"].as_array().unwrap().iter().map(|line| &line["app_id"]).collect();
    assert_eq!(apps, [&json!(reader.app.to_string()), &json!(desk.app.to_string())]);
}

#[tokio::test]
async fn request_tokens_are_limited_for_each_app() {
    let mut settings = guise_http::Settings::default();
    let rule = guise_domain::rate::Rule { limit: 2, window_seconds: 900 };
    settings.rules.set(guise_domain::rate::Endpoint::OauthRequestToken, rule);
    let world = World::with(settings).await;
    let (desk, other) = (world.person("desk").await, world.person("other").await);
    for _ in 0..2 {
        asked(&world, &desk).await;
    }
    let reply = world.post(REQUEST).by(&desk.app_alone()).send().await;
    reply.refused(429, 88, "Rate limit exceeded");
    assert_eq!(reply.header("retry-after"), "900");
    asked(&world, &other).await;
    world.clock.advance(900);
    asked(&world, &desk).await;
}
