//! Sending plain messages, and reading boxes.

use serde_json::{Value, json};

use super::{DESTROY, LIST, PAGE_MISSING, SHOW, id, inbox, pair, say, send, texts};
use crate::support::World;

const NO_ENTITIES: &str = r#"{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[]}"#;

#[tokio::test]
async fn a_message_is_answered_and_read_in_the_originals_form() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let reply = send(&world, &shop, &ann, &json!({"text": "Hello\nAnn"})).send().await;
    let event = reply.success()["event"].clone();
    let id = id(&event);
    let millis = (id.parse::<i64>().unwrap() >> 22) + 1_288_834_974_657;
    let text = |app: &str| {
        format!(
            "{{\"event\":{{\"type\":\"message_create\",\"id\":\"{id}\",\"created_timestamp\":\"{millis}\",\
             \"message_create\":{{\"target\":{{\"recipient_id\":\"{}\"}},\"sender_id\":\"{}\",{app}\
             \"message_data\":{{\"text\":\"Hello\\nAnn\",\"entities\":{NO_ENTITIES}}}}}}}",
            ann.account, shop.account
        )
    };
    let written = |reply: &crate::support::Reply| String::from_utf8(reply.body.clone()).unwrap();
    assert_eq!(written(&reply), text("") + "}");
    assert_eq!(reply.header("x-rate-limit-limit"), "1000");
    assert_eq!(reply.header("x-rate-limit-remaining"), "999");

    let target = format!("{SHOW}?id={id}");
    let read = world.get(&target).by(&ann).send().await;
    assert_eq!(written(&read), text("") + "}", "the recipient does not learn the app");
    let read = world.get(&target).by(&shop).send().await;
    let app = shop.app;
    let apps = format!(
        ",\"apps\":{{\"{app}\":{{\"id\":\"{app}\",\"name\":\"Test\",\"url\":\"https://app.example\"}}}}}}"
    );
    assert_eq!(written(&read), text(&format!("\"source_app_id\":\"{app}\",")) + &apps);
}

#[tokio::test]
async fn a_box_mixes_sent_and_received_newest_first_page_by_page() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    for number in 0..23 {
        let (from, to) = if number % 2 == 0 { (&shop, &ann) } else { (&ann, &shop) };
        say(&world, from, to, &number.to_string()).await;
    }
    let expected: Vec<String> = (0..23).rev().map(|number| number.to_string()).collect();
    assert_eq!(texts(&world, &ann).await, expected[..20]);
    let page = world.get(&format!("{LIST}?count=15")).by(&shop).send().await.success();
    assert!(page["apps"][shop.app.to_string()].is_object());
    let cursor = page["next_cursor"].as_str().unwrap();
    say(&world, &ann, &shop, "late").await;
    let target = format!("{LIST}?count=15&cursor={cursor}");
    let page = world.get(&target).by(&shop).send().await.success();
    let rest: Vec<&Value> = page["events"].as_array().unwrap().iter().collect();
    assert_eq!(rest.len(), 8);
    assert_eq!(rest[7]["message_create"]["message_data"]["text"], "0");
    assert!(page.get("next_cursor").is_none());
    let reply = world.get(&format!("{LIST}?cursor=nonsense!")).by(&shop).send().await;
    reply.refused(400, 214, "invalid cursor");
}

#[tokio::test]
async fn a_cursor_of_somebody_elses_box_reads_ones_own() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let other = world.person("other").await;
    say(&world, &other, &other, "mine").await;
    world.clock.advance(1);
    say(&world, &shop, &ann, "first").await;
    say(&world, &shop, &ann, "second").await;
    let page = world.get(&format!("{LIST}?count=1")).by(&shop).send().await.success();
    let cursor = page["next_cursor"].as_str().unwrap();
    let reply = world.get(&format!("{LIST}?cursor={cursor}")).by(&other).send().await;
    let events = reply.success()["events"].clone();
    assert_eq!(events.as_array().unwrap().len(), 1);
    assert_eq!(events[0]["message_create"]["message_data"]["text"], "mine");
}

#[tokio::test]
async fn lists_reach_back_thirty_days() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let old = id(&say(&world, &shop, &ann, "old").await);
    world.clock.advance(30 * 86_400);
    assert_eq!(texts(&world, &ann).await, ["old"]);
    world.clock.advance(1);
    say(&world, &shop, &ann, "new").await;
    assert_eq!(texts(&world, &ann).await, ["new"]);
    world.get(&format!("{SHOW}?id={old}")).by(&ann).send().await.success();
}

#[tokio::test]
async fn destroying_removes_ones_own_copy_and_no_other() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let stranger = world.person("stranger").await;
    let event = id(&say(&world, &shop, &ann, "Hello").await);
    let (target, shown) = (format!("{DESTROY}?id={event}"), format!("{SHOW}?id={event}"));
    for reply in [
        world.get(&shown).by(&stranger).send().await,
        world.delete(&target).by(&stranger).send().await,
        world.get(&format!("{SHOW}?id=1")).by(&shop).send().await,
    ] {
        reply.refused(404, 34, PAGE_MISSING);
    }
    world.delete(&target).by(&ann).send().await.empty(204);
    world.delete(&target).by(&ann).send().await.refused(404, 34, PAGE_MISSING);
    world.get(&shown).by(&ann).send().await.refused(404, 34, PAGE_MISSING);
    assert_eq!((inbox(&world, &ann).await.len(), inbox(&world, &shop).await.len()), (0, 1));
    let call = world.delete(DESTROY).by(&shop).form(&format!("id={event}"));
    call.send().await.empty(204);
    assert!(inbox(&world, &shop).await.is_empty());
}

#[tokio::test]
async fn one_may_write_to_oneself_and_has_one_copy() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    say(&world, &shop, &shop, "note").await;
    assert_eq!(texts(&world, &shop).await, ["note"]);
}

#[tokio::test]
async fn entities_are_found_and_mentions_lead_to_accounts() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let text = "\u{1F600} #hi $GUIS @ANN @nobody_here see https://example.com/a?b=c";
    let event = say(&world, &shop, &ann, text).await;
    let entities = &event["message_create"]["message_data"]["entities"];
    assert_eq!(entities["hashtags"], json!([{"text": "hi", "indices": [2, 5]}]));
    assert_eq!(entities["symbols"], json!([{"text": "GUIS", "indices": [6, 11]}]));
    let mentioned = json!([{
        "screen_name": "ann",
        "name": "ann",
        "id": ann.account.get(),
        "id_str": ann.account.to_string(),
        "indices": [12, 16],
    }]);
    assert_eq!(entities["user_mentions"], mentioned);
    let url = &entities["urls"][0];
    assert_eq!(url["url"], "https://example.com/a?b=c");
    assert_eq!(url["expanded_url"], "https://example.com/a?b=c");
    assert_eq!(url["display_url"], "example.com/a?b=c");
    assert_eq!(url["indices"], json!([34, 59]));
    assert_eq!(
        inbox(&world, &ann).await[0]["message_create"]["message_data"]["entities"],
        *entities
    );
}

#[tokio::test]
async fn a_link_without_a_protocol_can_be_followed() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let event = say(&world, &shop, &ann, "see Example.com/a and HTTPS://example.com").await;
    let links = json!([
        {
            "url": "Example.com/a",
            "expanded_url": "http://Example.com/a",
            "display_url": "Example.com/a",
            "indices": [4, 17],
        },
        {
            "url": "HTTPS://example.com",
            "expanded_url": "HTTPS://example.com",
            "display_url": "example.com",
            "indices": [22, 41],
        },
    ]);
    assert_eq!(event["message_create"]["message_data"]["entities"]["urls"], links);
}

#[tokio::test]
async fn a_box_outlives_a_restart() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    say(&world, &shop, &ann, "kept").await;
    let world = world.restarted().await;
    assert_eq!(texts(&world, &ann).await, ["kept"]);
    assert_eq!(texts(&world, &shop).await, ["kept"]);
}
