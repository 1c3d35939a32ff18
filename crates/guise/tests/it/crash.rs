//! What was acknowledged outlives the death of the program.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guise_oauth1::Credentials;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::support::{JON, Process, guise, http_client};

const ROUNDS: usize = 20;
const CREATES: usize = 200;
const UNLIMITED: &[(&str, &str)] = &[
    ("GUISE_LIMITS_CUSTOM_PROFILES_NEW", "1000000/24h"),
    ("GUISE_LIMITS_CUSTOM_PROFILES_SHOW", "1000000/15m"),
    ("GUISE_LIMITS_MEDIA_UPLOAD", "1000000/15m"),
];

#[derive(Clone)]
struct Signer {
    http: reqwest::Client,
    keys: Arc<[String; 4]>,
    nonces: Arc<AtomicUsize>,
    /// No server takes any number of pictures at once.
    uploads: Arc<Semaphore>,
}

impl Signer {
    fn new(data: &Path) -> Self {
        let run = |arguments: &[&str]| -> Value {
            let output = guise(data, arguments);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
        run(&["--json", "account", "add", "shop"]);
        let app = run(&["--json", "app", "add", "Crash", "--account", "shop"]);
        let token =
            run(&["--json", "token", "add", "--account", "shop", "--app", &text(&app, "id")]);
        let keys = [
            text(&app, "consumer_key"),
            text(&app, "consumer_secret"),
            text(&token, "token"),
            text(&token, "token_secret"),
        ];
        let http = http_client();
        Self {
            http,
            keys: Arc::new(keys),
            nonces: Arc::default(),
            uploads: Arc::new(Semaphore::new(32)),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the program under test has the machine's clock")]
    fn sign(&self, method: &str, url: &str) -> String {
        let [consumer_key, consumer_secret, token, token_secret] = &*self.keys;
        let credentials =
            Credentials { consumer_key, consumer_secret, token: Some(token), token_secret };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let nonce = format!("n{}", self.nonces.fetch_add(1, Ordering::SeqCst));
        guise_oauth1::sign(&credentials, method, url, None, now.as_secs(), &nonce, &[])
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Option<Value> {
        let response = request.send().await.ok()?;
        let status = response.status();
        let body = response.bytes().await.ok()?;
        assert!(status.is_success(), "{status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).ok()
    }

    /// Uploads and creates; the profile, if it was acknowledged.
    async fn create(&self, base: &str, name: &str) -> Option<Value> {
        let url = format!("{base}/1.1/media/upload.json");
        let form = Form::new().part("media", Part::bytes(JON).file_name("jon.jpg"));
        let request = self.http.post(&url).header("authorization", self.sign("POST", &url));
        let place = self.uploads.acquire().await.unwrap();
        let media = self.answer(request.multipart(form)).await?;
        drop(place);
        let media = &media["media_id_string"];
        let url = format!("{base}/1.1/custom_profiles/new.json");
        let body = json!({"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}});
        let request = self.http.post(&url).header("authorization", self.sign("POST", &url));
        Some(self.answer(request.body(body.to_string())).await?["custom_profile"].clone())
    }

    async fn show(&self, base: &str, id: &str) -> Value {
        let url = format!("{base}/1.1/custom_profiles/{id}.json");
        let request = self.http.get(&url).header("authorization", self.sign("GET", &url));
        self.answer(request).await.unwrap()["custom_profile"].clone()
    }
}

/// A picture's path, which stays when the port changes.
fn path(profile: &Value) -> &str {
    let url = profile["avatar"]["media"]["url"].as_str().unwrap();
    &url[url.find("/media/").unwrap()..]
}

/// 200 creates at once, killed when `enough` of them were acknowledged; those that were.
async fn killed_amid_creates(
    signer: &Signer,
    server: &mut Process,
    round: usize,
    enough: usize,
) -> Vec<Value> {
    let base = server.urls[0].clone();
    let (count, reached) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut tasks = JoinSet::new();
    for number in 0..CREATES {
        let (signer, base) = (signer.clone(), base.clone());
        let (count, reached) = (Arc::clone(&count), Arc::clone(&reached));
        tasks.spawn(async move {
            let created = signer.create(&base, &format!("p{round}-{number}")).await;
            if created.is_some() && count.fetch_add(1, Ordering::SeqCst) + 1 == enough {
                reached.notify_one();
            }
            created
        });
    }
    reached.notified().await;
    server.kill();
    tasks.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_profile_outlives_twenty_kills() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let signer = Signer::new(&data);
    let mut server = Process::start(&data, UNLIMITED, 1);
    let mut ids = HashSet::new();
    let mut all = HashMap::new();
    for round in 0..ROUNDS {
        let acknowledged = killed_amid_creates(&signer, &mut server, round, 5 + 7 * round).await;
        server = Process::start(&data, UNLIMITED, 1);
        let base = server.urls[0].clone();
        for profile in acknowledged {
            let id = profile["id"].as_str().unwrap().to_owned();
            assert!(ids.insert(id.clone()), "the id {id} was given twice");
            let shown = signer.show(&base, &id).await;
            assert_eq!((&shown["name"], path(&shown)), (&profile["name"], path(&profile)));
            let picture =
                signer.http.get(format!("{base}{}", path(&profile))).send().await.unwrap();
            assert_eq!(picture.status(), 200);
            assert_eq!(picture.headers()["content-type"], "image/jpeg");
            assert!(picture.bytes().await.unwrap().ends_with(b"\xff\xd9"), "the picture is whole");
            all.insert(id, profile["name"].clone());
        }
        let db = rusqlite::Connection::open(data.join("guise.db")).unwrap();
        let verdict: String = db.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "after round {round}");
    }
    let base = server.urls[0].clone();
    for (id, name) in &all {
        assert_eq!(&signer.show(&base, id).await["name"], name);
    }
    assert!(all.len() >= ROUNDS * 5, "{} profiles", all.len());
}
