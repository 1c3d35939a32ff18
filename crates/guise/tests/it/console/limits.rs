//! Limits and the reference: what is counted is shown, and the reference needs nobody.

use super::{PASSWORD, account, set_password};
use crate::support::{Browser, World};

#[tokio::test]
async fn reads_are_shown_by_token_and_writes_by_account() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    set_password(&world, shop.account, PASSWORD).await;
    for _ in 0..2 {
        world.get("/1.1/account/settings.json").by(&shop).send().await.success();
    }
    world.upload(&shop).await;
    let mut browser = Browser::new(&world);
    browser.sign_in("shop", PASSWORD, "").await;
    let page = browser.get("/limits").await.html();
    let end = &shop.token[shop.token.len() - 6..];
    let reads = format!("aria-label=\"/account/settings, Test, …{end}\">2 of 15</meter>");
    let writes = "aria-label=\"/media/upload, @shop\">1 of 500</meter>";
    let unused = "aria-label=\"/custom_profiles/new, @shop\">0 of 1000</meter>";
    for bar in [&reads, writes, unused] {
        assert!(page.contains(bar), "{bar} in {page}");
    }
    let apps = "aria-label=\"/direct_messages/events/new_by_app, ";
    assert!(page.contains(&format!("{apps}Test\">0 of 15000")), "{page}");
    assert!(page.contains(&format!("{apps}these pages\">0 of 15000")), "{page}");
    assert_eq!(page.matches("starts anew in 15 minutes").count(), 2, "{page}");
    world.clock.advance(900);
    let page = browser.get("/limits").await.html();
    assert!(!page.contains(&reads) && !page.contains("starts anew"), "{page}");
}

#[tokio::test]
async fn nobody_sees_what_another_account_used() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    account(&world, "other").await;
    world.upload(&shop).await;
    world.get("/1.1/account/settings.json").by(&shop).send().await.success();
    let mut browser = Browser::new(&world);
    browser.get("/limits").await.sees("/sign-in?to=%2Flimits");
    browser.sign_in("other", PASSWORD, "").await;
    let page = browser.get("/limits").await.html();
    assert!(!page.contains("starts anew") && !page.contains("Test"), "{page}");
}

#[tokio::test]
async fn the_reference_shows_every_endpoint_to_everybody() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/docs").await.html();
    for part in [
        "guise call /1.1/custom_profiles/new.json -d &#39;{&#34;custom_profile&#34;",
        "<code>/1.1/custom_profiles/new.json</code>",
        "<code>/guise/v1/audit</code>",
        "id=\"getAudit\"",
        "At most 1000 calls in 1440 minutes for each account",
        "214: ",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("Sign out"));
    browser.sign_in("shop", PASSWORD, "").await;
    let page = browser.get("/docs").await.html();
    assert!(page.contains("aria-current=\"page\">Docs") && page.contains("Sign out"));
}
