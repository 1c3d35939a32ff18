//! `mark_read` and `indicate_typing`.

use guise_domain::MessageId;

use super::{PAGE_MISSING, id, pair, say};
use crate::support::World;

const MARK_READ: &str = "/1.1/direct_messages/mark_read.json";
const TYPING: &str = "/1.1/direct_messages/indicate_typing.json";

#[tokio::test]
async fn what_was_read_is_marked_and_never_goes_back() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let first = id(&say(&world, &shop, &ann, "one").await);
    let second = id(&say(&world, &shop, &ann, "two").await);
    let own = id(&say(&world, &ann, &shop, "mine").await);
    let form = |event: &str| format!("last_read_event_id={event}&recipient_id={}", shop.account);
    let read_up_to = || async {
        let kept = world.store.conversation(ann.account, shop.account).await.unwrap();
        kept.read_up_to.map(MessageId::get).unwrap_or_default().to_string()
    };
    world.post(MARK_READ).by(&ann).form(&form(&second)).send().await.empty(204);
    assert_eq!(read_up_to().await, second);
    let target = format!("{MARK_READ}?{}", form(&first));
    let reply = world.post(&target).by(&ann).send().await;
    reply.empty(204);
    assert_eq!(reply.header("x-rate-limit-remaining"), "998");
    assert_eq!(read_up_to().await, second);
    for event in ["1", &own] {
        let reply = world.post(MARK_READ).by(&ann).form(&form(event)).send().await;
        reply.refused(404, 34, PAGE_MISSING);
    }
    let reply = world.post(MARK_READ).by(&ann).form("last_read_event_id=1").send().await;
    reply.refused(400, 214, "recipient_id: is required");
}

#[tokio::test]
async fn typing_is_indicated_to_those_who_are_there() {
    let world = World::new().await;
    let (shop, ann) = pair(&world).await;
    let form = format!("recipient_id={}", ann.account);
    world.post(TYPING).by(&shop).form(&form).send().await.empty(204);
    let reply = world.post(&format!("{TYPING}?{form}")).by(&shop).send().await;
    reply.empty(204);
    assert_eq!(reply.header("x-rate-limit-remaining"), "998");
    let reply = world.post(TYPING).by(&shop).form("recipient_id=1").send().await;
    reply.refused(403, 108, "Cannot find specified user.");
    assert_eq!(reply.header("x-rate-limit-remaining"), "997");
}
