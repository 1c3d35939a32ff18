//! A server in this process, on real sockets and a real database, whose clock stands still until it is moved.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guise_domain::{
    Access, Account, AccountId, AppId, By, Clock, EntryId, Ids, NewAccount, NewApp, NewToken,
    Randomness, SealingKey, Store, Timestamp,
};
use guise_http::serve::{Drained, Listener, ServeOptions, serve};
use guise_http::{Blobs, Foundation, Guise, Settings};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::home::Home;
use super::{Call, JON, Reply, http_client};

/// A clock that its owner moves.
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000_000)))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The machine's own.
pub(crate) struct OsRandomness;

impl Randomness for OsRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// An account with an app and a token.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) app: AppId,
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) token: String,
    pub(crate) token_secret: String,
}

impl Person {
    /// The app alone, which signs without a token.
    pub(crate) fn app_alone(&self) -> Self {
        Self { token: String::new(), token_secret: String::new(), ..self.clone() }
    }

    /// The app, with a token that it was answered.
    pub(crate) fn with_token_of(&self, reply: &Reply) -> Self {
        let (token, token_secret) = (reply.form("oauth_token"), reply.form("oauth_token_secret"));
        Self { token, token_secret, ..self.clone() }
    }

    /// The header that brings the app's key and secret.
    pub(crate) fn basic(&self) -> String {
        let credentials = format!("{}:{}", self.consumer_key, self.consumer_secret);
        format!("Basic {}", STANDARD.encode(credentials))
    }
}

/// Bounds short enough for a test to wait for them.
pub(crate) fn short() -> ServeOptions {
    ServeOptions {
        header: Duration::from_millis(300),
        body_pause: Duration::from_millis(300),
        drain: Duration::from_secs(10),
        connections_max: 100,
    }
}

/// Bounds that no test reaches.
fn patient() -> ServeOptions {
    let long = Duration::from_secs(30);
    ServeOptions { header: long, body_pause: long, drain: long, connections_max: 1000 }
}

/// The server.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) clock: ManualClock,
    pub(crate) guise: Guise,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) http: reqwest::Client,
    pub(crate) home: Home,
    settings: Settings,
    ids: Arc<Ids>,
    nonces: AtomicU64,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<Drained>>,
}

const KEY: [u8; 32] = [7; 32];

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::open(Home::new().await, ManualClock::new(), settings, patient()).await
    }

    /// One that keeps all in its folder, whatever the others do.
    pub(crate) async fn in_files() -> Self {
        Self::open(Home::in_files(), ManualClock::new(), Settings::default(), patient()).await
    }

    pub(crate) async fn bounded(options: ServeOptions) -> Self {
        Self::open(Home::new().await, ManualClock::new(), Settings::default(), options).await
    }

    /// Another server on the same data. Only one whose home is shared can have some beside it.
    pub(crate) async fn beside(&self) -> Self {
        let home = self.home.clone();
        let world = Self::open(home, self.clock.clone(), self.settings.clone(), patient()).await;
        // Its requests are others than this one's.
        world.nonces.store(1_000_000 * u64::from(world.address.port()), Ordering::SeqCst);
        world
    }

    /// One in a database that several servers share.
    pub(crate) async fn shared() -> Self {
        Self::open(Home::shared().await, ManualClock::new(), Settings::default(), patient()).await
    }

    async fn open(
        home: Home,
        clock: ManualClock,
        settings: Settings,
        options: ServeOptions,
    ) -> Self {
        let store = home.store().await;
        let foundation = Foundation {
            store: Arc::clone(&store),
            blobs: Blobs::local(&home.folder.path().join("blobs")).unwrap(),
            key: SealingKey::new(&KEY),
            clock: Arc::new(clock.clone()),
            randomness: Arc::new(OsRandomness),
            node: 0,
        };
        let ids = store.ids(1023).await.unwrap();
        let guise = Guise::start(foundation, settings.clone()).await.unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let router = guise_http::router(guise.clone());
        let serving =
            tokio::spawn(serve(vec![Listener { tcp, tls: None }], router, options, async {
                let _ = stopped.await;
            }));
        let http = http_client();
        Self {
            address,
            clock,
            guise,
            store,
            http,
            home,
            settings,
            ids,
            nonces: AtomicU64::new(0),
            stop: Some(stop),
            serving: Some(serving),
        }
    }

    /// Tells the server to stop; how that ended comes from the handle.
    pub(crate) fn stop(&mut self) -> JoinHandle<Drained> {
        self.guise.hang_up();
        self.stop.take().unwrap().send(()).unwrap();
        self.serving.take().unwrap()
    }

    /// Changes what the operator decided, from the next start on.
    pub(crate) fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
    }

    /// The same data after a clean restart.
    pub(crate) async fn restarted(mut self) -> Self {
        let drained = self.stop().await.unwrap();
        assert_eq!(drained, Drained { cut: 0 });
        self.guise.stop().await.unwrap();
        self.store.close().await.unwrap();
        let nonces = self.nonces.load(Ordering::SeqCst);
        let home = self.home.clone();
        let world = Self::open(home, self.clock.clone(), self.settings.clone(), patient()).await;
        world.nonces.store(nonces, Ordering::SeqCst);
        world
    }

    /// A fresh id.
    pub(crate) fn next_id(&self) -> i64 {
        self.ids.next(self.clock.now())
    }

    /// Nobody in particular, at the server's own command line.
    pub(crate) fn by(&self) -> By {
        By { entry: EntryId::new(self.next_id()), app: None, operator: None }
    }

    /// Lets a person's app name operators, or not any more.
    pub(crate) async fn trust(&self, person: &Person, trusted: bool) {
        let changed = self.store.trust_app(person.account, person.app, trusted, self.by()).await;
        assert!(changed.unwrap());
        self.clock.advance(1);
    }

    pub(crate) async fn person(&self, name: &str) -> Person {
        let id = AccountId::new(self.ids.next(self.clock.now()));
        let new = NewAccount { id, name: name.parse().unwrap(), custom_profiles: true };
        let account = self.store.create_account(new, self.by()).await.unwrap().unwrap();
        self.app_of(&account, Access::DirectMessages).await
    }

    /// Another app and token for a person's account.
    pub(crate) async fn again(&self, person: &Person, access: Access) -> Person {
        let account = self.store.account(person.account).await.unwrap().unwrap();
        self.app_of(&account, access).await
    }

    /// Another account with a token for a person's app.
    pub(crate) async fn with_app_of(&self, person: &Person, name: &str) -> Person {
        let other = self.person(name).await;
        let key = SealingKey::new(&KEY);
        let token = format!("{}-token-of-{}", other.account, person.app);
        let secret = key.seal(other.token_secret.as_bytes(), &token, &OsRandomness).unwrap();
        let (access, created_at) = (Access::DirectMessages, self.clock.now());
        let new = NewToken {
            token: token.clone(),
            app: person.app,
            secret,
            access,
            operator: None,
            created_at,
        };
        self.store.create_token(other.account, new, self.by()).await.unwrap().unwrap();
        let (consumer_key, consumer_secret) =
            (person.consumer_key.clone(), person.consumer_secret.clone());
        Person { token, app: person.app, consumer_key, consumer_secret, ..other }
    }

    /// Another token of a person's for the same app, for somebody to work with.
    pub(crate) async fn with_operator(&self, person: &Person, operator: &str) -> Person {
        let key = SealingKey::new(&KEY);
        let token = format!("{}-token-of-{}", person.account, operator.replace(' ', "-"));
        let secret = key.seal(person.token_secret.as_bytes(), &token, &OsRandomness).unwrap();
        let new = NewToken {
            token: token.clone(),
            app: person.app,
            secret,
            access: Access::DirectMessages,
            operator: Some(operator.parse().unwrap()),
            created_at: self.clock.now(),
        };
        self.store.create_token(person.account, new, self.by()).await.unwrap().unwrap();
        Person { token, ..person.clone() }
    }

    async fn app_of(&self, account: &Account, access: Access) -> Person {
        let key = SealingKey::new(&KEY);
        let app = AppId::new(self.ids.next(self.clock.now()));
        let consumer_key = format!("consumer{app}");
        let consumer_secret = format!("consumer-secret-{app}");
        let sealed = key.seal(consumer_secret.as_bytes(), &consumer_key, &OsRandomness).unwrap();
        let new = NewApp {
            id: app,
            name: "Test".to_owned(),
            url: "https://app.example".to_owned(),
            consumer_key: consumer_key.clone(),
            consumer_secret: sealed,
        };
        self.store.create_app(account.id, new, self.by()).await.unwrap().unwrap();
        let token = format!("{}-token{app}", account.id);
        let token_secret = format!("token-secret-{app}");
        let secret = key.seal(token_secret.as_bytes(), &token, &OsRandomness).unwrap();
        let created_at = self.clock.now();
        let operator = None;
        let new = NewToken { token: token.clone(), app, secret, access, operator, created_at };
        self.store.create_token(account.id, new, self.by()).await.unwrap().unwrap();
        Person { account: account.id, app, consumer_key, consumer_secret, token, token_secret }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn nonce(&self) -> String {
        format!("nonce{}", self.nonces.fetch_add(1, Ordering::SeqCst))
    }

    pub(crate) fn get(&self, target: &str) -> Call<'_> {
        Call::new(self, Method::GET, target)
    }

    pub(crate) fn post(&self, target: &str) -> Call<'_> {
        Call::new(self, Method::POST, target)
    }

    pub(crate) fn patch(&self, target: &str) -> Call<'_> {
        Call::new(self, Method::PATCH, target)
    }

    pub(crate) fn put(&self, target: &str) -> Call<'_> {
        Call::new(self, Method::PUT, target)
    }

    pub(crate) fn delete(&self, target: &str) -> Call<'_> {
        Call::new(self, Method::DELETE, target)
    }

    /// Uploads [`JON`]; the media id.
    pub(crate) async fn upload(&self, person: &Person) -> String {
        self.upload_of(person, JON).await
    }

    /// Uploads a picture; the media id.
    pub(crate) async fn upload_of(&self, person: &Person, bytes: &[u8]) -> String {
        let call = self.post("/1.1/media/upload.json").by(person).parts(&[("media", bytes)]);
        call.send().await.success()["media_id_string"].as_str().unwrap().to_owned()
    }

    /// Sends the founding page's request.
    pub(crate) fn create(&self, person: &Person, name: &str, media: &str) -> Call<'_> {
        let body = json!({"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}});
        self.post("/1.1/custom_profiles/new.json").by(person).json(&body.to_string())
    }

    /// A new profile.
    pub(crate) async fn profile(&self, person: &Person, name: &str) -> Value {
        let media = self.upload(person).await;
        self.create(person, name, &media).send().await.success()["custom_profile"].clone()
    }

    /// How many profiles a person has.
    pub(crate) async fn profiles(&self, person: &Person) -> usize {
        let reply = self.get("/1.1/custom_profiles/list.json?count=50").by(person).send().await;
        reply.success()["custom_profiles"].as_array().unwrap().len()
    }
}
