//! What `/1.1/` answers, byte for byte, as it was recorded before profiles could be changed, found and erased.
//!
//! One answer is not as it was then: `rate_limit_status` left out, later, what the original did not tell of.
//!
//! Only what differs from run to run is written in its own way: ids, random keys and cursors by the order in which they
//! appear, the server's address as one word. `UPDATE=1` records anew, which nothing but a change of the contract asks for.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Call, JON, Person, World};

/// How long a picture's key is in a path.
const KEY_CHARS: usize = 32;

/// Everything that was asked and answered.
struct Record<'w> {
    world: &'w World,
    text: String,
    /// Ids and keys, in the order in which they appeared.
    known: Vec<String>,
    tokens: [String; 2],
}

impl Record<'_> {
    /// Sends a call and records its answer, whose JSON comes back.
    async fn note(&mut self, call: Call<'_>, what: &str) -> Value {
        let reply = call.send().await;
        let body = String::from_utf8(reply.body.clone()).unwrap();
        let body = body.replace(&self.world.address.to_string(), "guise");
        let body = self.tokens.iter().fold(body, |body, token| body.replace(token, "token"));
        let (status, kind) = (reply.status.as_u16(), reply.header("content-type").to_owned());
        let left = reply.header("x-rate-limit-remaining").to_owned();
        let (what, body) = (self.named(what), self.named(&body));
        let left = if left.is_empty() { left } else { format!(", {left} left") };
        writeln!(self.text, "{what}\n{status} {kind}{left}\n{body}\n").unwrap();
        reply.json()
    }

    async fn get(&mut self, person: &Person, target: &str) -> Value {
        let call = self.world.get(target).by(person);
        self.note(call, &format!("GET {target}")).await
    }

    async fn post(&mut self, person: &Person, target: &str, body: &Value) -> Value {
        let call = self.world.post(target).by(person).json(&body.to_string());
        self.note(call, &format!("POST {target} {body}")).await
    }

    async fn form(&mut self, person: &Person, target: &str, body: &str) -> Value {
        let call = self.world.post(target).by(person).form(body);
        self.note(call, &format!("POST {target} {body}")).await
    }

    async fn delete(&mut self, person: &Person, target: &str) -> Value {
        let call = self.world.delete(target).by(person);
        self.note(call, &format!("DELETE {target}")).await
    }

    /// `text` with what differs from run to run named by when it first appeared.
    fn named(&mut self, text: &str) -> String {
        let (mut named, mut word, mut before) = (String::new(), String::new(), String::new());
        for char in text.chars().chain(['\n']) {
            if char.is_ascii_alphanumeric() || matches!(char, '-' | '_') {
                word.push(char);
                continue;
            }
            let id = word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_digit());
            let key = word.len() == KEY_CHARS && before.ends_with('/');
            let cursor = before.ends_with("\"next_cursor\":\"");
            let varies = id || key || cursor || self.known.contains(&word);
            named.push_str(&if varies { self.name(&word) } else { word.clone() });
            before.push_str(&word);
            before.push(char);
            named.push(char);
            word.clear();
        }
        named.trim_end().to_owned()
    }

    fn name(&mut self, word: &str) -> String {
        let known = self.known.iter().position(|known| known == word);
        let at = known.unwrap_or_else(|| {
            self.known.push(word.to_owned());
            self.known.len() - 1
        });
        format!("#{at}")
    }

    async fn upload(&mut self, person: &Person) -> String {
        let call = self.world.post("/1.1/media/upload.json").by(person).parts(&[("media", JON)]);
        let made = self.note(call, "POST /1.1/media/upload.json media").await;
        made["media_id_string"].as_str().unwrap().to_owned()
    }

    async fn profiles(&mut self, shop: &Person, ann: &Person) -> String {
        let new = "/1.1/custom_profiles/new.json";
        let avatar = |media: &str| json!({"media": {"id": media}});
        let media = self.upload(shop).await;
        let named = |name: &str, media: &str| json!({"custom_profile": {"name": name, "avatar": avatar(media)}});
        let made = self.post(shop, new, &named("Jon C, Partner Engineer", &media)).await;
        let id = made["custom_profile"]["id"].as_str().unwrap().to_owned();
        self.post(shop, new, &named(" Zoe\u{308} ", &media)).await;
        self.post(shop, new, &named(&"x".repeat(49), &media)).await;
        self.post(shop, new, &named("", &media)).await;
        self.post(shop, new, &named("Jon", "12")).await;
        self.post(shop, new, &json!({"custom_profile": {"name": "Jon"}})).await;
        self.post(ann, new, &named("Jon", &media)).await;
        for target in [&format!("{id}.json"), &format!("show.json?id={id}"), "show.json", "7.json"]
        {
            self.get(shop, &format!("/1.1/custom_profiles/{target}")).await;
        }
        self.get(ann, &format!("/1.1/custom_profiles/{id}.json")).await;
        let page = self.get(shop, "/1.1/custom_profiles/list.json?count=1").await;
        let cursor = page["next_cursor"].as_str().unwrap().replace('=', "%3D");
        self.get(shop, &format!("/1.1/custom_profiles/list.json?count=1&cursor={cursor}")).await;
        self.get(shop, "/1.1/custom_profiles/list.json?cursor=nonsense").await;
        id
    }

    async fn segments(&mut self, shop: &Person) {
        let upload = "/1.1/media/upload.json";
        let init = format!("command=INIT&total_bytes={}&media_type=image%2Fjpeg", JON.len());
        let begun = self.form(shop, upload, &init).await;
        let id = begun["media_id_string"].as_str().unwrap().to_owned();
        let fields: [(&str, &[u8]); 4] = [
            ("command", b"APPEND"),
            ("media_id", id.as_bytes()),
            ("segment_index", b"0"),
            ("media", JON),
        ];
        let append = self.world.post(upload).by(shop).parts(&fields);
        self.note(append, "POST /1.1/media/upload.json APPEND").await;
        self.get(shop, &format!("{upload}?command=STATUS&media_id={id}")).await;
        self.form(shop, upload, &format!("command=FINALIZE&media_id={id}")).await;
        self.get(shop, &format!("{upload}?command=STATUS&media_id={id}")).await;
        self.form(shop, upload, "command=FINALIZE&media_id=12").await;
        self.form(shop, upload, "command=INIT&total_bytes=0&media_type=image%2Fjpeg").await;
        let described = json!({"media_id": id, "alt_text": {"text": "Jon"}});
        self.post(shop, "/1.1/media/metadata/create.json", &described).await;
    }

    async fn messages(&mut self, shop: &Person, ann: &Person, profile: &str) {
        let new = "/1.1/direct_messages/events/new.json";
        let event = |to: &Person, data: Value, profile: Option<&str>| {
            let mut message = json!({
                "target": {"recipient_id": to.account.to_string()},
                "message_data": data,
            });
            if let Some(profile) = profile {
                message["custom_profile_id"] = json!(profile);
            }
            json!({"event": {"type": "message_create", "message_create": message}})
        };
        let text = json!({"text": "Hello @ann, see https://example.com/a and #this $TWTR"});
        let sent = self.post(shop, new, &event(ann, text, Some(profile))).await;
        let sent = sent["event"]["id"].as_str().unwrap().to_owned();
        let media = self.upload(shop).await;
        let attachment = json!({"type": "media", "media": {"id": media}});
        let data = json!({"text": "Look", "attachment": attachment});
        self.post(shop, new, &event(ann, data.clone(), None)).await;
        self.post(shop, new, &event(ann, data, None)).await;
        let options = json!([{"label": "Yes", "description": "of course", "metadata": "y"}]);
        let ctas = json!([{"type": "web_url", "label": "Go", "url": "https://example.com"}]);
        let quick_reply = json!({"type": "options", "options": options});
        let data = json!({"text": "Well?", "quick_reply": quick_reply, "ctas": ctas});
        self.post(shop, new, &event(ann, data, Some(profile))).await;
        self.post(ann, new, &event(shop, json!({"text": "Yes"}), None)).await;
        self.post(ann, new, &event(shop, json!({"text": "Yes"}), Some(profile))).await;
        self.post(shop, new, &event(ann, json!({"text": ""}), None)).await;
        self.post(shop, new, &event(ann, json!({"text": "x".repeat(10_001)}), None)).await;
        self.post(shop, new, &json!({"event": {"type": "message_create"}})).await;
        for reader in [shop, ann] {
            self.get(reader, &format!("/1.1/direct_messages/events/show.json?id={sent}")).await;
            self.get(reader, "/1.1/direct_messages/events/list.json?count=2").await;
            self.get(reader, "/1.1/direct_messages/events/list.json").await;
        }
        self.get(ann, &format!("/1.1/custom_profiles/{profile}.json")).await;
        let read = format!("last_read_event_id={sent}&recipient_id={}", shop.account);
        self.form(ann, "/1.1/direct_messages/mark_read.json", &read).await;
        let typing = format!("recipient_id={}", shop.account);
        self.form(ann, "/1.1/direct_messages/indicate_typing.json", &typing).await;
        self.delete(ann, &format!("/1.1/direct_messages/events/destroy.json?id={sent}")).await;
        self.delete(ann, &format!("/1.1/direct_messages/events/destroy.json?id={sent}")).await;
    }

    async fn accounts(&mut self, shop: &Person, ann: &Person) {
        self.get(shop, "/1.1/account/verify_credentials.json").await;
        self.get(shop, "/1.1/account/settings.json").await;
        self.form(shop, "/1.1/account/settings.json", "allow_dms_from=following").await;
        self.get(shop, "/1.1/users/show.json?screen_name=ann").await;
        self.get(shop, "/1.1/users/show.json?screen_name=nobody").await;
        self.get(shop, "/1.1/users/lookup.json?screen_name=ann,shop").await;
        self.get(shop, &format!("/2/users/{}", ann.account)).await;
        self.form(shop, "/1.1/blocks/create.json", "screen_name=ann").await;
        self.get(shop, "/1.1/blocks/ids.json").await;
        self.form(shop, "/1.1/blocks/destroy.json", "screen_name=ann").await;
        self.get(shop, "/1.1/application/rate_limit_status.json").await;
        self.get(shop, "/1.1/nothing.json").await;
    }
}

#[tokio::test]
async fn what_the_original_answered_is_answered_byte_for_byte() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let tokens = [shop.token.clone(), ann.token.clone()];
    let mut record = Record { world: &world, text: String::new(), known: Vec::new(), tokens };
    let profile = record.profiles(&shop, &ann).await;
    record.segments(&shop).await;
    record.messages(&shop, &ann, &profile).await;
    record.accounts(&shop, &ann).await;
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={profile}");
    record.delete(&shop, &destroy).await;
    record.delete(&shop, &destroy).await;
    record.delete(&ann, &destroy).await;
    record.get(&shop, &format!("/1.1/custom_profiles/{profile}.json")).await;
    record.get(&ann, &format!("/1.1/custom_profiles/{profile}.json")).await;
    record.get(&ann, "/1.1/direct_messages/events/list.json").await;

    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/http/recorded.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &record.text).unwrap();
    }
    let recorded = std::fs::read_to_string(&path).unwrap();
    for (number, (now, then)) in record.text.lines().zip(recorded.lines()).enumerate() {
        assert_eq!(now, then, "line {}", number + 1);
    }
    assert_eq!(record.text.lines().count(), recorded.lines().count());
}
