//! Clients that write all the time, and keep what they were told has happened.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{StreamExt, stream};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{JON, Signer};

/// Where every server says it is, so that a request that one was sent is as good for another.
pub(super) const PUBLIC: &str = "http://guise.example";

/// Settings by which no limit stops anybody.
pub(super) const UNLIMITED: &[(&str, &str)] = &[
    ("GUISE_PUBLIC_URL", PUBLIC),
    ("GUISE_LIMITS_CUSTOM_PROFILES_NEW", "1000000/24h"),
    ("GUISE_LIMITS_CUSTOM_PROFILES_SHOW", "1000000/15m"),
    ("GUISE_LIMITS_CUSTOM_PROFILES_LIST", "1000000/15m"),
    ("GUISE_LIMITS_CUSTOM_PROFILES_DESTROY", "1000000/24h"),
    ("GUISE_LIMITS_MEDIA_UPLOAD", "1000000/15m"),
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_NEW", "1000000/24h"),
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_NEW_BY_APP", "1000000/24h"),
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_LIST", "1000000/15m"),
    ("GUISE_LIMITS_DIRECT_MESSAGES_EVENTS_DESTROY", "1000000/15m"),
    ("GUISE_LIMITS_GUISE_PROFILES_EDIT", "1000000/24h"),
];

/// A request, as it is sent; the same one may be sent again.
pub(super) struct Sent {
    method: Method,
    target: String,
    signature: String,
    body: Option<String>,
    key: Option<String>,
}

impl Sent {
    /// The same asked for again, as another request.
    pub(super) fn signed_anew(&self, client: &Client) -> Self {
        let Self { method, target, body, key, .. } = self;
        let signature = client.signer.sign(method.as_str(), &format!("{PUBLIC}{target}"));
        let (method, target) = (method.clone(), target.clone());
        Self { method, target, signature, body: body.clone(), key: key.clone() }
    }
}

/// Why a request was refused.
pub(super) type Refused = (u16, String);

/// A client, and what it knows.
pub(super) struct Client {
    pub(super) signer: Signer,
    /// Whom it writes to.
    pub(super) to: String,
    /// The names of its profiles that live, by id.
    pub(super) profiles: BTreeMap<String, String>,
    /// The paths of their pictures, by id.
    pub(super) pictures: BTreeMap<String, String>,
    /// The profile that has the external id that all have in turn.
    holder: Option<String>,
    /// Profiles that are gone.
    pub(super) gone: Vec<String>,
    /// The texts of messages it sent, by id.
    pub(super) messages: BTreeMap<String, String>,
    /// Those that it destroyed in its own box.
    pub(super) destroyed: Vec<String>,
    /// Messages sent under a key, with what was answered.
    pub(super) once: Vec<(Sent, Value)>,
}

impl Client {
    fn new(signer: Signer, to: String) -> Self {
        Self {
            signer,
            to,
            profiles: BTreeMap::new(),
            pictures: BTreeMap::new(),
            holder: None,
            gone: Vec::new(),
            messages: BTreeMap::new(),
            destroyed: Vec::new(),
            once: Vec::new(),
        }
    }

    pub(super) fn request(&self, method: Method, target: &str, body: Option<&Value>) -> Sent {
        let signature = self.signer.sign(method.as_str(), &format!("{PUBLIC}{target}"));
        let body = body.map(Value::to_string);
        Sent { method, target: target.to_owned(), signature, body, key: None }
    }

    pub(super) async fn send(&self, base: &str, sent: &Sent) -> Result<Value, Refused> {
        let Sent { method, target, signature, body, key } = sent;
        let mut request = self.signer.http.request(method.clone(), format!("{base}{target}"));
        request = request.header("authorization", signature).header("if-match", "*");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        answer(request).await
    }

    async fn call(
        &self,
        base: &str,
        method: Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refused> {
        self.send(base, &self.request(method, target, body)).await
    }

    pub(super) async fn get(&self, base: &str, target: &str) -> Value {
        self.call(base, Method::GET, target, None).await.unwrap()
    }

    /// Every item of a list, page by page.
    pub(super) async fn all(&self, base: &str, path: &str, items: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(base, &format!("{path}?count=50{cursor}")).await;
            all.extend(page[items].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { return all };
            cursor = format!("&cursor={}", guise_oauth1::percent_encode(next));
        }
    }

    async fn upload(&self, base: &str) -> Result<String, Refused> {
        let target = "/1.1/media/upload.json";
        let form = Form::new().part("media", Part::bytes(JON).file_name("jon.jpg"));
        let signature = self.signer.sign("POST", &format!("{PUBLIC}{target}"));
        let request = self.signer.http.post(format!("{base}{target}"));
        let media = answer(request.header("authorization", signature).multipart(form)).await?;
        Ok(media["media_id_string"].as_str().unwrap().to_owned())
    }

    /// Makes a profile: its id, and the path of its picture.
    async fn make(&self, base: &str, media: &str, name: &str) -> Result<(String, String), Refused> {
        let body = json!({"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}});
        let new = "/1.1/custom_profiles/new.json";
        let made = &self.call(base, Method::POST, new, Some(&body)).await?["custom_profile"];
        let picture = made["avatar"]["media"]["url"].as_str().unwrap();
        let picture = picture.strip_prefix(PUBLIC).unwrap().to_owned();
        Ok((made["id"].as_str().unwrap().to_owned(), picture))
    }

    /// What sends a message as a profile.
    fn message(&self, profile: &str, text: &str) -> Sent {
        let message = json!({"target": {"recipient_id": self.to}, "message_data": {"text": text},
            "custom_profile_id": profile});
        let body = json!({"event": {"type": "message_create", "message_create": message}});
        self.request(Method::POST, "/1.1/direct_messages/events/new.json", Some(&body))
    }

    /// Makes a hundred profiles with one picture, and sends a message as each.
    pub(super) async fn hundred(&mut self, base: &str) {
        let media = &self.upload(base).await.unwrap();
        let first = self.profiles.len();
        let this = &*self;
        let each = (first..first + 100).map(|number| async move {
            let (name, text) = (format!("Zoë {number}"), format!("message {number}"));
            let (id, picture) = this.make(base, media, &name).await.unwrap();
            let event = this.send(base, &this.message(&id, &text)).await.unwrap();
            let event = event["event"]["id"].as_str().unwrap().to_owned();
            (id, name, picture, event, text)
        });
        let made: Vec<_> = stream::iter(each).buffer_unordered(32).collect().await;
        for (id, name, picture, event, text) in made {
            if self.profiles.len() == first {
                self.pictures.insert(id.clone(), picture);
            }
            self.profiles.insert(id, name);
            self.messages.insert(event, text);
        }
    }

    /// Everything that clients do, once.
    pub(super) async fn round(&mut self, base: &str, number: usize) -> Result<(), Refused> {
        let media = self.upload(base).await?;
        let name = format!("Zoë {number}");
        let (id, picture) = self.make(base, &media, &name).await?;
        self.pictures.insert(id.clone(), picture);
        self.profiles.insert(id.clone(), name);

        // What others know it by goes from profile to profile.
        let name = format!("Zoë {number}, on duty");
        let mut change = json!({"name": name, "tags": ["night", format!("t{number}")]});
        if number.is_multiple_of(3) {
            if let Some(holder) = self.holder.as_ref().filter(|id| self.profiles.contains_key(*id))
            {
                let holder = format!("/guise/v1/profiles/{holder}");
                let other = json!({"external_id": format!("crm:{number}")});
                self.call(base, Method::PATCH, &holder, Some(&other)).await?;
            }
            self.holder = None;
            change["external_id"] = json!("crm:on-duty");
        }
        let profile = format!("/guise/v1/profiles/{id}");
        self.call(base, Method::PATCH, &profile, Some(&change)).await?;
        self.profiles.insert(id.clone(), name);
        if number.is_multiple_of(3) {
            self.holder = Some(id.clone());
        }

        let text = format!("message {number}");
        let sent = Sent { key: Some(format!("key{number}")), ..self.message(&id, &text) };
        let event = self.send(base, &sent).await?;
        self.messages.insert(event["event"]["id"].as_str().unwrap().to_owned(), text);
        self.once.push((sent, event));

        if number % 3 == 1 {
            let (message, _) = self.messages.last_key_value().unwrap();
            let target = format!("/1.1/direct_messages/events/destroy.json?id={message}");
            self.call(base, Method::DELETE, &target, None).await?;
            self.destroyed.push(message.clone());
        }
        if number % 4 == 1 {
            let (first, _) = self.profiles.first_key_value().unwrap();
            let first = first.clone();
            if number % 8 == 1 {
                let target = format!("/guise/v1/profiles/{first}/erase");
                self.call(base, Method::POST, &target, None).await?;
            } else {
                let target = format!("/1.1/custom_profiles/destroy.json?id={first}");
                self.call(base, Method::DELETE, &target, None).await?;
            }
            self.profiles.remove(&first);
            self.pictures.remove(&first);
            self.gone.push(first);
        }
        Ok(())
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value, Refused> {
    let response = request.send().await.unwrap();
    let (status, body) = (response.status(), response.text().await.unwrap());
    if !status.is_success() {
        return Err((status.as_u16(), body));
    }
    Ok(if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() })
}

/// Clients that go on until they are refused.
pub(super) struct Traffic {
    tasks: JoinSet<(Client, Refused)>,
    rounds: Arc<AtomicUsize>,
    round: Arc<Notify>,
}

impl Traffic {
    /// So many clients with accounts of their own, each of which writes to the next one.
    pub(super) fn clients(data: &Path, count: usize) -> Vec<Client> {
        let signers: Vec<_> =
            (0..count).map(|number| Signer::new(data, &format!("shop{number}"))).collect();
        let next = |number: usize| signers[(number + 1) % count].account.clone();
        signers
            .iter()
            .cloned()
            .enumerate()
            .map(|(n, signer)| Client::new(signer, next(n)))
            .collect()
    }

    pub(super) fn start(clients: Vec<Client>, base: &str) -> Self {
        let (mut tasks, rounds) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
        let round = Arc::new(Notify::new());
        for mut client in clients {
            let (base, rounds, round) = (base.to_owned(), Arc::clone(&rounds), Arc::clone(&round));
            tasks.spawn(async move {
                let mut number = client.once.len();
                loop {
                    if let Err(refused) = client.round(&base, number).await {
                        return (client, refused);
                    }
                    number += 1;
                    rounds.fetch_add(1, Ordering::SeqCst);
                    round.notify_waiters();
                }
            });
        }
        Self { tasks, rounds, round }
    }

    /// Waits until so many rounds more are over.
    pub(super) async fn rounds(&self, more: usize) {
        let until = self.rounds.load(Ordering::SeqCst) + more;
        loop {
            let next = self.round.notified();
            if self.rounds.load(Ordering::SeqCst) >= until {
                return;
            }
            next.await;
        }
    }

    /// The clients, once all were refused, which has to be because the server only reads.
    pub(super) async fn over(self) -> Vec<Client> {
        let mut clients = Vec::new();
        let refused = timeout(Duration::from_mins(1), self.tasks.join_all()).await;
        for (client, (status, body)) in refused.expect("clients that are refused") {
            assert_eq!(status, 503, "{body}");
            assert!(body.contains("\"code\":130") || body.contains("over-capacity"), "{body}");
            clients.push(client);
        }
        clients.sort_by(|one, other| one.signer.account.cmp(&other.signer.account));
        clients
    }
}
