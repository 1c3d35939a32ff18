//! The pages on which an account decides on an app.

use guise_domain::{Access, AccountId, CallbackUrl, RequestState};

use super::{PASSWORD, account, done};
use crate::support::{Browser, Person, Reply, World, hidden};

const DONE: &str = "https://app.example/done";
const OVER: &str = "The app&#39;s request was decided on before";

/// A desk with an app that may lead to two places, and Ann, who is signed in.
async fn desk_and_ann(world: &World) -> (Person, AccountId, Browser) {
    let desk = world.person("desk").await;
    for place in [DONE, "deskapp://done"] {
        let place: CallbackUrl = place.parse().unwrap();
        let (account, app) = (desk.account, desk.app);
        world.store.add_callback(account, app, &place, world.by()).await.unwrap().unwrap();
    }
    let ann = account(world, "ann").await;
    let mut browser = Browser::new(world);
    browser.sign_in("ann", PASSWORD, "night desk").await;
    (desk, ann, browser)
}

/// The app with a request token.
async fn asked(world: &World, desk: &Person, callback: &str, access: &str) -> Person {
    let target = format!("/oauth/request_token?x_auth_access_type={access}");
    let call = world.post(&target).by(&desk.app_alone()).parameter("oauth_callback", callback);
    desk.with_token_of(&call.send().await)
}

fn ask(request: &Person) -> String {
    format!("/oauth/authorize?oauth_token={}", request.token)
}

fn ask_once(request: &Person) -> String {
    format!("/oauth/authenticate?oauth_token={}", request.token)
}

/// Presses a button on the page.
async fn decide(browser: &mut Browser, request: &Person, decision: &str) -> Reply {
    let fields = [("oauth_token", &*request.token), ("decision", decision)];
    browser.post(&ask(request), "/oauth/authorize", &fields).await
}

async fn exchange(world: &World, request: &Person, verifier: &str) -> Reply {
    let call = world.post("/oauth/access_token").by(request).parameter("oauth_verifier", verifier);
    call.send().await
}

/// What a redirect to the app says.
fn led_back<'r>(reply: &'r Reply, place: &str) -> &'r str {
    assert_eq!(reply.status, 303);
    let location = reply.header("location");
    location.strip_prefix(place).unwrap_or_else(|| panic!("{location}"))
}

#[tokio::test]
async fn an_account_allows_an_app_and_the_browser_goes_back_to_it_with_a_verifier() {
    let world = World::new().await;
    let (desk, ann, mut browser) = desk_and_ann(&world).await;
    let callback = "https://APP.example/done?a=%2F+b&oauth_verifier=mine";
    let request = asked(&world, &desk, callback, "").await;
    let reply = browser.get(&format!("{}&force_login=true&screen_name=desk", ask(&request))).await;
    let policy = reply.header("content-security-policy").to_owned();
    assert!(policy.contains("; form-action 'self' https://app.example; "), "{policy}");
    let page = reply.html();
    for said in [
        "<bdi>Test</bdi> to act for @ann?",
        "An app of @desk, described at <bdi>https://app.example</bdi>",
        "<li>Write messages as this account, under any of its profiles</li>",
        "<li>See or change the password, or allow other apps</li>",
        "Either way you go on to <bdi>https://app.example/done</bdi>",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
    let reply = decide(&mut browser, &request, "allow").await;
    let start = format!("{DONE}?a=%2F+b&oauth_token={}&oauth_verifier=", request.token);
    let verifier = led_back(&reply, &start).to_owned();
    assert_eq!(verifier.len(), 32);
    let reply = exchange(&world, &request, &verifier).await;
    assert_eq!(reply.form("screen_name"), "ann");
    let tokens = world.store.tokens(ann).await.unwrap();
    assert_eq!((tokens[0].app, tokens[0].access), (desk.app, Access::DirectMessages));
    let expected = ("token.created".to_owned(), Some("night desk".to_owned()));
    assert_eq!(done(&world, ann).await.last(), Some(&expected));
    exchange(&world, &request, &verifier).await.refused(401, 89, "Invalid or expired token.");
}

#[tokio::test]
async fn an_account_refuses_an_app_and_the_app_is_told() {
    let world = World::new().await;
    let (desk, ann, mut browser) = desk_and_ann(&world).await;
    for callback in ["https://app.example/done?a=b&denied=x&oauth_token=y", "deskapp://done?a=b"] {
        let request = asked(&world, &desk, callback, "read").await;
        let reply = decide(&mut browser, &request, "refuse").await;
        let place = callback.split('?').next().unwrap();
        let said = led_back(&reply, place);
        assert_eq!(said, format!("?a=b&denied={}", request.token));
        exchange(&world, &request, "x").await.refused(401, 89, "Invalid or expired token.");
    }
    let request = asked(&world, &desk, "oob", "").await;
    decide(&mut browser, &request, "refuse").await.says(200, "<bdi>Test</bdi> gets nothing.");
    assert_eq!(world.store.tokens(ann).await.unwrap(), []);
    assert_eq!(done(&world, ann).await.last().unwrap().0, "account.signed-in");
}

#[tokio::test]
async fn without_a_callback_a_pin_of_seven_digits_is_shown() {
    let world = World::new().await;
    let (desk, _, mut browser) = desk_and_ann(&world).await;
    let request = asked(&world, &desk, "oob", "write").await;
    let reply = browser.get(&ask(&request)).await;
    assert!(reply.header("content-security-policy").contains("; form-action 'self'; "));
    let page = reply.html();
    assert!(page.contains("you get a PIN to type into the app"), "{page}");
    assert!(page.find("Change whose messages") < page.find("will not be able"), "{page}");
    assert!(page.find("Read every message") > page.find("will not be able"), "{page}");
    let page = decide(&mut browser, &request, "allow").await.html();
    let pin = page.split("<output>").nth(1).unwrap().split('<').next().unwrap();
    assert!(pin.len() == 7 && pin.bytes().all(|byte| byte.is_ascii_digit()), "{pin}");
    let given = desk.with_token_of(&exchange(&world, &request, pin).await);
    let me = world.get("/1.1/account/verify_credentials.json").by(&given).send().await;
    assert_eq!(me.header("x-access-level"), "read-write");
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_first_and_goes_on_from_there() {
    let world = World::new().await;
    let (desk, _, _) = desk_and_ann(&world).await;
    let request = asked(&world, &desk, DONE, "").await;
    let mut browser = Browser::new(&world);
    let reply = browser.get(&ask(&request)).await;
    reply.sees(&format!("/sign-in?to=%2Foauth%2Fauthorize%3Foauth_token%3D{}", request.token));
    let page = browser.get(reply.header("location")).await.html();
    let to = hidden(&page, "to");
    assert_eq!(to, ask(&request));
    let fields = [("name", "ann"), ("password", PASSWORD), ("to", &*to)];
    // No redirect: browsers would hold what follows to the policy of the page that the form was on.
    let page = browser.post_bare("/sign-in", &fields).await;
    page.says(200, &format!("<meta http-equiv=\"refresh\" content=\"0;url={to}\">"));
    browser.get(&to).await.says(200, "to act for @ann?");
    let state = world.store.request_token(&request.token).await.unwrap().unwrap().state;
    assert_eq!(state, RequestState::Asked, "to look at it decides nothing");
}

#[tokio::test]
async fn who_allowed_as_much_before_is_not_asked_again() {
    let world = World::new().await;
    let (desk, ann, mut browser) = desk_and_ann(&world).await;
    let request = asked(&world, &desk, "oob", "write").await;
    browser.get(&ask_once(&request)).await.says(200, "to act for @ann?");
    let page = decide(&mut browser, &request, "allow").await.html();
    let pin = page.split("<output>").nth(1).unwrap().split('<').next().unwrap();
    let given = desk.with_token_of(&exchange(&world, &request, pin).await);
    for (access, asks) in [("write", false), ("read", false), ("", true)] {
        let request = asked(&world, &desk, DONE, access).await;
        let reply = browser.get(&ask_once(&request)).await;
        if asks {
            reply.says(200, "to act for @ann?");
            continue;
        }
        let start = format!("{DONE}?oauth_token={}&oauth_verifier=", request.token);
        let verifier = led_back(&reply, &start).to_owned();
        let again = desk.with_token_of(&exchange(&world, &request, &verifier).await);
        assert_eq!(again.token, given.token);
        let tokens = world.store.tokens(ann).await.unwrap();
        assert_eq!((tokens.len(), tokens[0].access), (1, Access::Write), "nothing changed");
    }
    let request = asked(&world, &desk, DONE, "read").await;
    browser.get(&ask(&request)).await.says(200, "to act for @ann?");
    world.store.revoke_token(ann, &given.token, world.by()).await.unwrap();
    browser.get(&ask_once(&request)).await.says(200, "to act for @ann?");
    let other = world.person("other").await;
    let other = asked(&world, &other, "oob", "read").await;
    browser.get(&ask_once(&other)).await.says(200, "to act for @ann?");
}

#[tokio::test]
async fn what_was_decided_on_is_unknown_or_too_old_is_over() {
    let world = World::new().await;
    let (desk, ann, mut browser) = desk_and_ann(&world).await;
    for path in ["/oauth/authorize", "/oauth/authenticate", "/oauth/authorize?oauth_token=x"] {
        browser.get(path).await.says(410, OVER);
    }
    let request = asked(&world, &desk, DONE, "").await;
    let page = browser.get(&ask(&request)).await.html();
    let (csrf, once) = (hidden(&page, "csrf"), hidden(&page, "once"));
    let pressed = async |browser: &mut Browser, token: &str, decision: &str| {
        let fields =
            [("csrf", &*csrf), ("once", &*once), ("oauth_token", token), ("decision", decision)];
        browser.post_bare("/oauth/authorize", &fields).await
    };
    pressed(&mut browser, &request.token, "maybe").await.says(400, "decision: is allow or refuse");
    pressed(&mut browser, "x", "allow").await.says(410, OVER);
    led_back(&pressed(&mut browser, &request.token, "allow").await, DONE);
    for decision in ["allow", "refuse"] {
        pressed(&mut browser, &request.token, decision).await.says(410, OVER);
    }
    browser.get(&ask(&request)).await.says(410, OVER);
    let late = asked(&world, &desk, DONE, "").await;
    let revoked = asked(&world, &desk, DONE, "").await;
    world.store.revoke_app(desk.account, desk.app, world.by()).await.unwrap();
    browser.get(&ask(&revoked)).await.says(410, OVER);
    world.clock.advance(900);
    browser.get(&ask(&late)).await.says(410, OVER);
    pressed(&mut browser, &late.token, "allow").await.says(410, OVER);
    assert_eq!(world.store.tokens(ann).await.unwrap(), []);
}

#[tokio::test]
async fn what_an_app_is_called_is_shown_as_text() {
    let world = World::new().await;
    let (desk, _, mut browser) = desk_and_ann(&world).await;
    let nasty = "<script>alert(1)</script>\u{202e}\"''";
    let rename = format!("UPDATE apps SET name = '{nasty}', url = '{nasty}'");
    world.home.run(&rename).await.unwrap();
    let request = asked(&world, &desk, "oob", "").await;
    let page = browser.get(&ask(&request)).await.html();
    let page = page + &decide(&mut browser, &request, "allow").await.html();
    assert!(!page.contains("<script>"), "{page}");
    let shown = "<bdi>&#60;script&#62;alert(1)&#60;/script&#62;\u{202e}&#34;&#39;</bdi>";
    assert_eq!(page.matches(shown).count(), 3, "{page}");
}

#[tokio::test]
async fn nobody_else_decides_for_an_account() {
    let world = World::new().await;
    let (desk, ann, mut browser) = desk_and_ann(&world).await;
    let request = asked(&world, &desk, DONE, "").await;
    let page = browser.get(&ask(&request)).await.html();
    let (csrf, once) = (hidden(&page, "csrf"), hidden(&page, "once"));
    let fields = [("once", &*once), ("oauth_token", &*request.token), ("decision", "allow")];
    let proven = [&fields[..], &[("csrf", &*csrf)]].concat();
    browser.post_bare("/oauth/authorize", &fields).await.says(403, "This form has expired.");
    let elsewhere = [("origin", "https://app.example"), ("sec-fetch-site", "cross-site")];
    let reply = browser.post_as("/oauth/authorize", &proven, &elsewhere).await;
    reply.says(403, "not sent from a page of this server");
    account(&world, "bob").await;
    let mut other = Browser::new(&world);
    other.post_bare("/oauth/authorize", &proven).await.sees("/sign-in?over&to=%2F");
    other.sign_in("bob", PASSWORD, "").await;
    other.post_bare("/oauth/authorize", &proven).await.says(403, "This form has expired.");
    let state = world.store.request_token(&request.token).await.unwrap().unwrap().state;
    assert_eq!(state, RequestState::Asked);
    led_back(&browser.post_bare("/oauth/authorize", &proven).await, DONE);
    let state = world.store.request_token(&request.token).await.unwrap().unwrap().state;
    assert_eq!(state, RequestState::Allowed(ann));
}
