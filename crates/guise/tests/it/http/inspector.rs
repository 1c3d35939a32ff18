//! The last requests to an account's apps (`/guise/v1/requests`), and why signatures were refused.

use guise_domain::Access;
use guise_domain::limits::INSPECTED_REQUESTS_MAX;
use guise_http::Settings;
use serde_json::{Value, json};

use crate::support::{Heard, Person, Reply, World};

const REQUESTS: &str = "/guise/v1/requests";
const STREAM: &str = "/guise/v1/requests/stream";
const LIST: &str = "/1.1/custom_profiles/list.json";
const NEW: &str = "/1.1/custom_profiles/new.json";

async fn with_bodies() -> World {
    World::with(Settings { inspector_bodies: true, ..Settings::default() }).await
}

async fn listed(world: &World, person: &Person, query: &str) -> Vec<Value> {
    let page = world.get(&format!("{REQUESTS}?{query}")).by(person).send().await.success();
    page["requests"].as_array().unwrap().clone()
}

async fn shown(world: &World, person: &Person, id: &str) -> Value {
    world.get(&format!("{REQUESTS}/{id}")).by(person).send().await.success()
}

/// What is known of the request that was answered so.
async fn of(world: &World, person: &Person, reply: &Reply) -> Value {
    shown(world, person, reply.header("x-transaction-id")).await
}

/// The words for what was found wrong with it.
async fn mistakes(world: &World, person: &Person, reply: &Reply) -> Vec<String> {
    let found = of(world, person, reply).await["diagnosis"]["mistakes"].clone();
    let found = found.as_array().unwrap().iter();
    found.map(|mistake| mistake["mistake"].as_str().unwrap().to_owned()).collect()
}

/// An authorization as a client makes it that believes in another URL, or in another body.
fn authorization(world: &World, person: &Person, method: &str, url: &str, form: &str) -> String {
    let credentials = guise_oauth1::Credentials {
        consumer_key: &person.consumer_key,
        consumer_secret: &person.consumer_secret,
        token: Some(&person.token),
        token_secret: &person.token_secret,
    };
    let now = u64::try_from(guise_domain::Clock::now(&world.clock).seconds()).unwrap();
    let form = Some(form.as_bytes()).filter(|form| !form.is_empty());
    guise_oauth1::sign(&credentials, method, url, form, now, &world.nonce(), &[])
}

#[tokio::test]
async fn every_request_that_names_an_app_is_there_newest_first() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let stranger = Person { token_secret: "x".into(), ..shop.clone() };
    let unknown = Person { token: format!("{}-x", shop.account), ..shop.clone() };
    let nobody = Person { consumer_key: "x".into(), ..shop.clone() };
    world.get(&format!("{LIST}?count=7")).by(&shop).send().await.success();
    world.upload(&shop).await;
    world.post(NEW).by(&shop).json("{}").send().await;
    world.get(LIST).by(&stranger).send().await;
    world.get(LIST).by(&unknown).send().await;
    world.get("/1.1/nothing.json").by(&shop).send().await;
    let huge = "x".repeat(600_000);
    world.post(NEW).by(&shop).json(&huge).send().await;
    world.get(LIST).by(&shop).in_query().send().await.success();
    let half = format!("OAuth oauth_consumer_key=\"{}\"", shop.consumer_key);
    world.get(LIST).header("authorization", &half).send().await;
    world.get(LIST).by(&nobody).send().await;
    world.get(LIST).send().await;
    world.get("/healthz").send().await;

    let requests = listed(&world, &shop, "").await;
    let line = |request: &Value| {
        let path = request["path"].as_str().unwrap().split('?').next().unwrap().to_owned();
        let method = request["method"].as_str().unwrap().to_owned();
        (method, path, request["status"].as_u64().unwrap(), request["code"].as_u64())
    };
    let lines: Vec<_> = requests.iter().rev().map(line).collect();
    let expected = [
        ("GET", LIST, 200, None),
        ("POST", "/1.1/media/upload.json", 200, None),
        ("POST", NEW, 400, Some(214)),
        ("GET", LIST, 401, Some(32)),
        ("GET", LIST, 401, Some(89)),
        ("GET", "/1.1/nothing.json", 404, Some(34)),
        ("POST", NEW, 413, Some(214)),
        ("GET", LIST, 200, None),
        ("GET", LIST, 400, Some(215)),
    ]
    .map(|(method, path, status, code)| (method.to_owned(), path.to_owned(), status, code));
    assert_eq!(lines, expected);
    let mut first = requests.last().unwrap().clone();
    let members = first.as_object_mut().unwrap();
    assert!(members.remove("ms").unwrap().is_u64() && members.remove("id").unwrap().is_string());
    let token = format!("{}-toke…", shop.account);
    let expected = json!({
        "at": "2027-01-15T08:00:00.000Z", "method": "GET", "path": format!("{LIST}?count=7"),
        "route": "/1.1/custom_profiles/list", "status": 200, "code": null, "slug": null,
        "account_id": shop.account.to_string(), "app_id": shop.app.to_string(), "token": token,
    });
    assert_eq!(first, expected);
    assert_eq!(listed(&world, &shop, "").await.len(), 9, "looking is not remembered");
}

#[tokio::test]
async fn requests_are_found_by_what_they_were_and_page_by_page() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for _ in 0..3 {
        world.get(LIST).by(&shop).send().await.success();
    }
    world.post(NEW).by(&shop).json("{}").send().await;
    world.get("/1.1/nothing.json").by(&shop).send().await;
    for (query, count) in [
        ("method=post", 1),
        ("method=GET", 4),
        ("status=4xx", 2),
        ("status=404", 1),
        ("status=5xx", 0),
        ("code=214", 1),
        ("path=/1.1/custom_profiles/", 4),
        ("path=/1.1/custom_profiles/&method=POST", 1),
        (&format!("app={}", shop.app), 5),
        ("app=1", 0),
        ("count=2", 2),
    ] {
        assert_eq!(listed(&world, &shop, query).await.len(), count, "{query}");
    }
    let page = world.get(&format!("{REQUESTS}?count=2")).by(&shop).send().await.success();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = listed(&world, &shop, &format!("cursor={cursor}")).await;
    assert_eq!(rest, listed(&world, &shop, "").await[2..]);
    for (query, rule) in [
        ("status=40", "status: must be like 404, or like 4xx"),
        ("status=6xx", "status: must be like 404, or like 4xx"),
        ("code=x", "code: must be a number such as 32"),
        (
            "app=x",
            "app: 'x' is not a valid Long, must be a positive decimal number of at most 63 bits",
        ),
    ] {
        let reply = world.get(&format!("{REQUESTS}?{query}")).by(&shop).send().await;
        reply.refused_as(400, 214, "invalid", rule);
    }
    let reply = world.get(&format!("{REQUESTS}/0123456789abcdef")).by(&shop).send().await;
    reply.refused_as(404, 34, "not-found", "Sorry, that page does not exist.");
}

#[tokio::test]
async fn nobody_sees_requests_to_anothers_apps() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let guest = world.with_app_of(&shop, "guest").await;
    let reply = world.get(LIST).by(&shop).send().await;
    let id = reply.header("x-transaction-id");
    assert_eq!(listed(&world, &ann, "").await, [Value::Null; 0]);
    let path = format!("{REQUESTS}/{id}");
    let hidden = world.get(&path).by(&ann).send().await;
    hidden.refused_as(404, 34, "not-found", "Sorry, that page does not exist.");
    let message = "Only an app of the account's own may look at the requests of its apps.";
    for path in [REQUESTS, STREAM, &path] {
        let reply = world.get(path).by(&guest).send().await;
        reply.refused_as(403, 87, "not-own-app", message);
    }
    let reply = world.get(LIST).by(&guest).send().await;
    let seen = of(&world, &shop, &reply).await;
    assert_eq!(seen["account_id"], guest.account.to_string());
    assert_eq!(seen["token"].as_str().unwrap(), format!("{}-toke…", guest.account));
    world.get(REQUESTS).send().await.refused_as(
        400,
        215,
        "bad-authentication",
        "Bad Authentication data.",
    );
    let reader = world.again(&shop, Access::Read).await;
    assert_eq!(listed(&world, &reader, "").await.len(), 2, "reading is enough");
}

#[tokio::test]
async fn secrets_are_in_nothing_that_is_remembered() {
    let world = with_bodies().await;
    let shop = world.person("shop").await;
    let secrets = [shop.consumer_secret.clone(), shop.token_secret.clone()];
    let [consumer_secret, token_secret] = &secrets;
    let key = format!("{consumer_secret}&{token_secret}");
    world.upload(&shop).await;
    let leak = format!("{LIST}?oauth_consumer_secret={consumer_secret}&a={token_secret}");
    world.get(&leak).by(&shop).send().await.success();
    let stranger = Person { token_secret: "x".into(), ..shop.clone() };
    world.get(&leak).by(&stranger).send().await;
    world.get(LIST).by(&shop).header("cookie", token_secret).send().await;
    world.get(LIST).by(&shop).header("x-my-secret", token_secret).send().await;
    world.get(LIST).by(&shop).header("x-note", token_secret).send().await;
    world.post(NEW).by(&shop).json(&format!("{{\"a\": \"{token_secret}\"}}")).send().await;
    let form = format!("id=1&password={token_secret}&b={consumer_secret}");
    world.post("/1.1/custom_profiles/destroy.json").by(&shop).form(&form).send().await;
    for method in ["PLAINTEXT", "HMAC-SHA1"] {
        let plaintext = format!(
            "OAuth oauth_consumer_key={}, oauth_token={}, oauth_signature_method={method}, oauth_timestamp=1, \
             oauth_nonce=n, oauth_signature=\"{}\"",
            shop.consumer_key,
            shop.token,
            guise_oauth1::percent_encode(&key)
        );
        world.get(LIST).header("authorization", &plaintext).send().await;
    }
    let requests = listed(&world, &shop, "").await;
    assert_eq!(requests.len(), 10);
    let mut seen = String::new();
    for request in &requests {
        seen += &shown(&world, &shop, request["id"].as_str().unwrap()).await.to_string();
    }
    assert!(seen.contains("(hidden)") && seen.contains("oauth_signature"), "{seen}");
    for secret in &secrets {
        assert!(!seen.contains(secret.as_str()), "{secret} in {seen}");
    }
    // What a list shows of a query is hidden by its name.
    let named = json!(requests).to_string();
    assert!(!named.contains(consumer_secret.as_str()), "{named}");
    assert!(!named.contains(&shop.token), "{named}");
}

#[tokio::test]
async fn what_is_called_a_secret_is_hidden_wherever_it_is() {
    let world = with_bodies().await;
    let shop = world.person("shop").await;
    let stranger = Person { token_secret: "x".into(), ..shop.clone() };
    let path = format!("{LIST}?a=1&password=unmistakable");
    let in_query = world.get(&path).by(&stranger).send().await;
    let call = world.post("/1.1/custom_profiles/destroy.json").by(&stranger);
    let in_form = call.form("id=1&my_secret=unmistakable").send().await;
    let call = world.post(NEW).by(&shop).json(r#"{"a": {"Password": "unmistakable"}}"#);
    let in_json = call.send().await;
    for (reply, base, body) in [
        (in_query, "a%3D1%26", Value::Null),
        (in_form, "id%3D1%26my_secret%3D%28hidden%29%26", json!("id=1&my_secret=(hidden)")),
        (in_json, "", json!(r#"{"a":{"Password":"(hidden)"}}"#)),
    ] {
        let seen = of(&world, &shop, &reply).await;
        assert!(!seen.to_string().contains("unmistakable"), "{seen}");
        assert!(seen.to_string().contains(base), "{seen}");
        assert_eq!(seen["body"]["text"], body);
    }
}

#[tokio::test]
async fn bodies_are_kept_only_where_they_are_wanted() {
    for bodies in [false, true] {
        let world = World::with(Settings { inspector_bodies: bodies, ..Settings::default() }).await;
        let shop = world.person("shop").await;
        let body = r#"{"custom_profile":{"name":"Unmistakable"}}"#;
        let reply = world.post(NEW).by(&shop).json(body).send().await;
        let answer = String::from_utf8(reply.body.clone()).unwrap();
        let seen = of(&world, &shop, &reply).await;
        if bodies {
            assert_eq!(seen["body"], json!({"text": body, "bytes": body.len()}));
            assert_eq!(seen["answer"], json!({"text": answer, "bytes": answer.len()}));
        } else {
            assert_eq!((&seen["body"], &seen["answer"]), (&Value::Null, &Value::Null));
            assert!(!seen.to_string().contains("Unmistakable"));
        }
        let long = format!("{{\"a\": \"{}\"}}", "é".repeat(50_000));
        let reply = world.post(NEW).by(&shop).json(&long).send().await;
        let seen = of(&world, &shop, &reply).await;
        if bodies {
            assert_eq!(seen["body"]["bytes"], long.len());
            assert_eq!(seen["body"]["text"].as_str().unwrap().len(), 8191);
        }
        let picture = world.upload(&shop).await;
        assert!(!picture.is_empty());
        let upload = &listed(&world, &shop, "path=/1.1/media").await[0];
        let seen = shown(&world, &shop, upload["id"].as_str().unwrap()).await;
        assert_eq!(seen["body"], Value::Null, "a picture is no text");
        assert_eq!(seen["answer"].is_object(), bodies);
    }
}

#[tokio::test]
async fn an_account_has_its_last_two_hundred_requests() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    world.get(LIST).by(&ann).send().await.success();
    let first = world.get("/1.1/first.json").by(&shop).send().await;
    for _ in 0..INSPECTED_REQUESTS_MAX {
        world.get("/1.1/nothing.json").by(&shop).send().await;
    }
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let path = format!("{REQUESTS}?count=50{cursor}");
        let page = world.get(&path).by(&shop).send().await.success();
        count += page["requests"].as_array().unwrap().len();
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(count, INSPECTED_REQUESTS_MAX);
    assert_eq!(listed(&world, &shop, "path=/1.1/first").await, [Value::Null; 0]);
    let path = format!("{REQUESTS}/{}", first.header("x-transaction-id"));
    assert_eq!(world.get(&path).by(&shop).send().await.status, 404);
    assert_eq!(
        listed(&world, &ann, "").await.len(),
        1,
        "one account's crowd pushes out nobody else"
    );
}

#[tokio::test]
async fn the_five_usual_mistakes_are_explained() {
    let world = with_bodies().await;
    let shop = world.person("shop").await;
    let refused = |reply: Reply| {
        assert_eq!(reply.status, 401);
        reply
    };
    // The host.
    let reply = refused(world.get(LIST).by(&shop).signed_for("https://localhost").send().await);
    let seen = of(&world, &shop, &reply).await;
    let says = seen["diagnosis"]["mistakes"][0]["says"].as_str().unwrap();
    assert!(says.contains("https://localhost/1.1/custom_profiles/list.json"), "{says}");
    assert!(says.contains(&format!("{}{LIST}", world.url())), "{says}");
    let base = seen["diagnosis"]["base_string"].as_str().unwrap();
    assert!(base.starts_with("GET&http%3A%2F%2F127.0.0.1%3A"), "{base}");
    let signed = seen["diagnosis"]["signed_base_string"].as_str().unwrap();
    assert!(signed.starts_with("GET&https%3A%2F%2Flocalhost%2F1.1"), "{signed}");
    let signature = seen["oauth"].as_array().unwrap().iter();
    let signature = signature.clone().find(|pair| pair["name"] == "oauth_signature").unwrap();
    assert_eq!(seen["diagnosis"]["signature"], signature["value"]);
    assert_eq!(mistakes(&world, &shop, &reply).await, ["url"]);
    // The body.
    let body = r#"{"custom_profile":{"name":"A=B&C"}}"#;
    let (base, url) = (world.url(), format!("{}{NEW}", world.url()));
    let signed = authorization(&world, &shop, "POST", &url, body);
    let call = world.post(NEW).json(body).header("authorization", &signed);
    let reply = refused(call.send().await);
    assert_eq!(mistakes(&world, &shop, &reply).await, ["body-signed"]);
    // The encoding.
    let twice = format!("{base}{LIST}?cursor=MTI%253D");
    let signed = authorization(&world, &shop, "GET", &twice, "");
    let call = world.get(&format!("{LIST}?cursor=MTI%3D")).header("authorization", &signed);
    let reply = refused(call.send().await);
    assert_eq!(mistakes(&world, &shop, &reply).await, ["encoded-twice"]);
    // The secret.
    let stranger = Person { token_secret: "x".into(), ..shop.clone() };
    let reply = refused(world.get(LIST).by(&stranger).send().await);
    assert_eq!(mistakes(&world, &shop, &reply).await, ["wrong-secret"]);
    // The clock.
    let reply = refused(world.get(LIST).by(&shop).off(-3600).send().await);
    assert_eq!(mistakes(&world, &shop, &reply).await, ["clock"]);
    assert_eq!(of(&world, &shop, &reply).await["diagnosis"]["skew_seconds"], -3600);
    // What was let in has no diagnosis.
    let reply = world.get(LIST).by(&shop).send().await;
    assert_eq!(of(&world, &shop, &reply).await["diagnosis"], Value::Null);
}

#[tokio::test]
async fn what_else_is_refused_for_its_credentials_is_explained_too() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.get(LIST).by(&shop).nonce("r").send().await.success();
    let reply = world.get(LIST).by(&shop).nonce("r").send().await;
    assert_eq!(mistakes(&world, &shop, &reply).await, ["repeated"]);
    let call = world.post(NEW).by(&shop).json("{}");
    let reply = call.parameter("oauth_body_hash", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=").send().await;
    assert_eq!(mistakes(&world, &shop, &reply).await, ["body-hash"]);
    let half = format!("OAuth oauth_consumer_key=\"{}\"", shop.consumer_key);
    let reply = world.get(LIST).header("authorization", &half).send().await;
    let seen = of(&world, &shop, &reply).await;
    let says = "The credentials cannot be read: oauth_signature_method is missing.";
    let expected = json!([{"mistake": "unreadable", "says": says}]);
    assert_eq!(seen["diagnosis"]["mistakes"], expected);
    let form = "id=1&more=2";
    let label = "application/x-www-form-urlencoded;a=b";
    let call = world.post("/1.1/custom_profiles/destroy.json").by(&shop);
    let reply = call.raw(label, form.as_bytes()).send().await;
    assert_eq!(mistakes(&world, &shop, &reply).await, ["form-unsigned"]);
    // Where bodies are not kept it cannot be told whether one was signed, and that is said.
    let url = format!("{}{NEW}", world.url());
    let signed = authorization(&world, &shop, "POST", &url, "{}");
    let reply = world.post(NEW).json("{}").header("authorization", &signed).send().await;
    let seen = of(&world, &shop, &reply).await;
    let says = seen["diagnosis"]["mistakes"][0]["says"].as_str().unwrap();
    assert!(
        says.ends_with("it could not be tried whether it was signed: only forms are."),
        "{says}"
    );
    let long = format!("{LIST}?a={}", "x".repeat(17_000));
    let stranger = Person { token_secret: "x".into(), ..shop.clone() };
    let reply = world.get(&long).by(&stranger).send().await;
    assert_eq!(mistakes(&world, &shop, &reply).await, ["not-kept"]);
}

#[tokio::test]
async fn requests_for_tokens_are_explained_and_their_secrets_are_not_remembered() {
    let world = with_bodies().await;
    let desk = world.person("desk").await;
    let app = desk.app_alone();
    let ask = || world.post("/oauth/request_token").by(&app).parameter("oauth_callback", "oob");
    let reply = ask().send().await;
    let request = desk.with_token_of(&reply);
    let seen = of(&world, &desk, &reply).await.to_string();
    assert!(
        !seen.contains(&request.token_secret) && !seen.contains("oauth_token_secret"),
        "{seen}"
    );
    let reply = ask().signed_for("https://localhost").send().await;
    assert_eq!(mistakes(&world, &desk, &reply).await, ["url"]);
    let exchange = |base: &str| {
        let call = world.post("/oauth/access_token").by(&request);
        call.parameter("oauth_verifier", "7654321").signed_for(base)
    };
    let reply = exchange("https://localhost").send().await;
    assert_eq!(reply.status, 401);
    let seen = of(&world, &desk, &reply).await;
    assert_eq!(mistakes(&world, &desk, &reply).await, ["url"], "by the request token's secret");
    assert!(!seen.to_string().contains(&request.token_secret), "{seen}");
    let pair = |pair: &&Value| pair["name"] == "oauth_verifier";
    assert_eq!(seen["oauth"].as_array().unwrap().iter().find(pair).unwrap()["value"], "(hidden)");
}

#[tokio::test]
async fn what_an_app_asks_for_itself_is_remembered_without_its_secrets() {
    let world = with_bodies().await;
    let shop = world.person("shop").await;
    let ask = || world.post("/oauth2/token").form("grant_type=client_credentials");
    let given = ask().header("authorization", &shop.basic()).send().await.success();
    let bearer = given["access_token"].as_str().unwrap();
    let wrong = Person { consumer_secret: "wrong".into(), ..shop.clone() };
    ask().header("authorization", &wrong.basic()).send().await;
    let authorization = format!("Bearer {bearer}");
    for path in ["/1.1/users/show.json?screen_name=shop", LIST] {
        world.get(path).header("authorization", &authorization).send().await;
    }
    world.get(LIST).header("authorization", &format!("{authorization}x")).send().await;
    let requests = listed(&world, &shop, "").await;
    let statuses: Vec<_> = requests.iter().map(|request| &request["status"]).collect();
    assert_eq!(statuses, [403, 200, 403, 200]);
    for request in &requests {
        let seen = shown(&world, &shop, request["id"].as_str().unwrap()).await.to_string();
        assert!(!seen.contains(bearer) && !seen.contains(&shop.consumer_secret), "{seen}");
        assert!(seen.contains("Bearer (hidden)") || seen.contains("Basic (hidden)"), "{seen}");
    }
}

#[tokio::test]
async fn an_inspector_that_is_off_remembers_nothing() {
    let world = World::with(Settings { inspector: false, ..Settings::default() }).await;
    let shop = world.person("shop").await;
    world.get(LIST).by(&shop).send().await.success();
    assert_eq!(listed(&world, &shop, "").await, [Value::Null; 0]);
}

async fn listen(world: &World, person: &Person, query: &str, last: Option<&str>) -> Heard {
    Heard::open(world.get(&format!("{STREAM}?{query}")).by(person), last).await
}

#[tokio::test]
async fn requests_are_told_as_they_are_answered() {
    let mut world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    world.get("/1.1/before.json").by(&shop).send().await;
    let mut heard = listen(&world, &shop, "status=4xx", None).await;
    let (kind, open, _) = heard.next().await.unwrap();
    assert_eq!(kind, "open");
    world.get("/1.1/another.json").by(&ann).send().await;
    world.get(LIST).by(&shop).send().await.success();
    world.get("/1.1/one.json").by(&shop).send().await;
    let (kind, first, told) = heard.next().await.unwrap();
    assert_eq!((kind.as_str(), &told), ("request", &listed(&world, &shop, "status=4xx").await[0]));
    assert_eq!(told["path"], "/1.1/one.json");
    let mut again = listen(&world, &shop, "", open.as_deref()).await;
    for path in [LIST, "/1.1/one.json"] {
        assert_eq!(again.next().await.unwrap().2["path"], path);
    }
    for _ in 0..=INSPECTED_REQUESTS_MAX {
        world.get("/1.1/nothing.json").by(&shop).send().await;
    }
    let mut late = listen(&world, &shop, "", first.as_deref()).await;
    assert_eq!(late.next().await.unwrap().0, "missed");
    assert_eq!(late.next().await.unwrap().2["path"], "/1.1/nothing.json");
    let reply = world.get(STREAM).by(&shop).header("last-event-id", "x").send().await;
    reply.refused_as(400, 214, "invalid", "Last-Event-ID: must be a number");
    drop((heard, again, late));
    let mut stopped = listen(&world, &shop, "", None).await;
    assert_eq!(stopped.next().await.unwrap().0, "open");
    let drained = world.stop();
    assert_eq!(stopped.next().await, None);
    assert_eq!(drained.await.unwrap(), guise_http::serve::Drained { cut: 0 });
}
