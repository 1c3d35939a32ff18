//! Direct messages (contract §2).

mod around;
mod attachments;
mod faces;
mod reading;
mod refusals;
mod replies;
mod streams;

use guise_domain::AccountId;
use serde_json::{Value, json};

use crate::support::{Call, Person, World};

const NEW: &str = "/1.1/direct_messages/events/new.json";
const SHOW: &str = "/1.1/direct_messages/events/show.json";
const LIST: &str = "/1.1/direct_messages/events/list.json";
const DESTROY: &str = "/1.1/direct_messages/events/destroy.json";
const PAGE_MISSING: &str = "Sorry, that page does not exist.";

/// The request for a message with this data, under a profile or none.
fn body(to: AccountId, data: &Value, profile: Option<&str>) -> Value {
    let mut message = json!({
        "target": {"recipient_id": to.to_string()},
        "message_data": data,
    });
    if let Some(profile) = profile {
        message["custom_profile_id"] = json!(profile);
    }
    json!({"event": {"type": "message_create", "message_create": message}})
}

/// Sends `data`, which may be refused.
fn send<'w>(world: &'w World, from: &Person, to: &Person, data: &Value) -> Call<'w> {
    let body = body(to.account, data, None);
    world.post(NEW).by(from).json(&body.to_string())
}

/// Sends a text; its event.
async fn say(world: &World, from: &Person, to: &Person, text: &str) -> Value {
    let reply = send(world, from, to, &json!({"text": text})).send().await;
    reply.success()["event"].clone()
}

/// Sends a text under a profile; its event.
async fn say_as(world: &World, from: &Person, to: &Person, text: &str, profile: &Value) -> Value {
    let body = body(to.account, &json!({"text": text}), profile["id"].as_str());
    let reply = world.post(NEW).by(from).json(&body.to_string()).send().await;
    reply.success()["event"].clone()
}

fn id(event: &Value) -> String {
    event["id"].as_str().unwrap().to_owned()
}

/// The events on the first page of a box.
async fn inbox(world: &World, person: &Person) -> Vec<Value> {
    let page = world.get(LIST).by(person).send().await.success();
    page["events"].as_array().unwrap().clone()
}

async fn texts(world: &World, person: &Person) -> Vec<String> {
    let text = |event: &Value| {
        event["message_create"]["message_data"]["text"].as_str().unwrap().to_owned()
    };
    inbox(world, person).await.iter().map(text).collect()
}

/// Two accounts.
async fn pair(world: &World) -> (Person, Person) {
    (world.person("shop").await, world.person("ann").await)
}
