//! The application: everything a handler may reach. Time, randomness and ids enter here and nowhere else.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use guise_domain::rate::Rules;
use guise_domain::{
    Clock, Ids, Picture, ProfileId, ProfileName, Randomness, ReservedWord, Sealed, SealingKey,
    Store, StoreError, Timestamp, UnsealError,
};
use guise_oauth1::SigningKey;

use crate::auth::{Credentials, ReadReplays};
use crate::blobs::Blobs;
use crate::console::Passwords;
use crate::face;
use crate::inspect::Inspector;
use crate::last_uses::LastUses;
use crate::media::MediaBodies;
use crate::origin::TrustedProxies;
use crate::picture::Renderer;
use crate::pictures::PictureCache;
use crate::quota::ReadWindows;
use crate::retry::Running;
use crate::signals::Signals;

/// Windows kept in one step of the store.
const KEPT_AT_ONCE: usize = 1000;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Base URLs (`https://api.example.com`) that clients may sign with. The first one begins the URLs of pictures;
    /// without any they begin with what the request was sent to.
    pub public_urls: Vec<String>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// How far a signed timestamp may be from the clock.
    pub clock_skew_seconds: i64,
    /// The rate limits.
    pub rules: Rules,
    /// Adds `"type":"photo"` to avatars, which one published client needs.
    pub avatar_type: bool,
    /// Memory for small pictures.
    pub picture_cache_bytes: u64,
    /// Words that no profile's new name may contain.
    pub reserved_names: Arc<[ReservedWord]>,
    /// Whether accounts can look at the last requests of their apps.
    pub inspector: bool,
    /// Whether they see bodies too.
    pub inspector_bodies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_urls: Vec::new(),
            trusted_proxies: TrustedProxies::default(),
            clock_skew_seconds: 900,
            rules: Rules::default(),
            avatar_type: false,
            picture_cache_bytes: 64 * 1024 * 1024,
            reserved_names: Arc::default(),
            inspector: true,
            inspector_bodies: false,
        }
    }
}

/// What the application stands on.
pub struct Foundation {
    /// Where rows are kept.
    pub store: Arc<dyn Store>,
    /// Where bytes are kept.
    pub blobs: Blobs,
    /// Opens the secrets in the store.
    pub key: SealingKey,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives what nobody can guess.
    pub randomness: Arc<dyn Randomness>,
    /// This node's number in ids, 0 to 1023, where the store gives it none.
    pub node: u16,
}

/// The application's state; clones share it.
#[derive(Clone)]
pub struct Guise(Arc<Inner>);

struct Inner {
    foundation: Foundation,
    settings: Settings,
    ids: Arc<Ids>,
    credentials: Credentials,
    replays: ReadReplays,
    reads: ReadWindows,
    last_uses: LastUses,
    renderer: Renderer,
    faces: Renderer,
    pictures: PictureCache,
    signals: Signals,
    media_bodies: MediaBodies,
    running: Running,
    passwords: Passwords,
    inspector: Inspector,
    decoy: SigningKey,
    requests: AtomicU64,
    request_ids: RandomState,
}

impl Guise {
    /// Takes up the work where the store left it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn start(foundation: Foundation, settings: Settings) -> Result<Self, StoreError> {
        let ids = foundation.store.ids(foundation.node).await?;
        let kept = foundation.store.all_reads().await?;
        let mut decoy = [0; 32];
        foundation.randomness.fill(&mut decoy);
        Ok(Self(Arc::new(Inner {
            ids,
            credentials: Credentials::new(foundation.key.clone()),
            replays: ReadReplays::new(settings.clock_skew_seconds),
            reads: ReadWindows::new(settings.rules.clone(), kept),
            last_uses: LastUses::default(),
            renderer: Renderer::default(),
            faces: Renderer::default(),
            pictures: PictureCache::new(settings.picture_cache_bytes),
            signals: Signals::default(),
            media_bodies: MediaBodies::default(),
            running: Running::default(),
            passwords: Passwords::default(),
            inspector: Inspector::default(),
            decoy: SigningKey::new(&hex(&decoy), ""),
            requests: AtomicU64::default(),
            request_ids: RandomState::new(),
            foundation,
            settings,
        })))
    }

    /// Ends what would go on for ever, so that the server can stop.
    pub fn hang_up(&self) {
        self.signals().end();
    }

    /// Passes word of what is new to and from the nodes that share the store, for ever.
    pub async fn relay(&self) {
        self.signals().relay(self.store()).await;
    }

    /// Keeps what lives in memory only. To be called after the last request was answered.
    ///
    /// # Errors
    /// When the store does not answer; limits of reads then start anew.
    pub async fn stop(&self) -> Result<(), StoreError> {
        self.keep_last_uses().await?;
        let now = self.now();
        for reads in self.0.reads.unreported(now).chunks(KEPT_AT_ONCE) {
            self.store().keep_reads(reads.to_vec(), now).await?;
        }
        Ok(())
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.foundation.clock.now()
    }

    /// A fresh id made of `now`.
    pub(crate) fn next_id(&self, now: Timestamp) -> i64 {
        self.0.ids.next(now)
    }

    /// Eight random bytes.
    pub(crate) fn random(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        self.0.foundation.randomness.fill(&mut bytes);
        bytes
    }

    /// An id for a request, in 16 hexadecimal digits. It only has to be another one each time.
    pub(crate) fn request_id(&self) -> String {
        let count = self.0.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}", self.0.request_ids.hash_one(count))
    }

    /// Eight random bytes as 16 hexadecimal digits.
    pub(crate) fn random_hex(&self) -> String {
        hex(&self.random())
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.0.foundation.store
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.0.foundation.blobs
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    pub(crate) fn replays(&self) -> &ReadReplays {
        &self.0.replays
    }

    pub(crate) fn reads(&self) -> &ReadWindows {
        &self.0.reads
    }

    /// The last uses of apps and tokens that are not kept yet.
    pub(crate) fn last_uses(&self) -> &LastUses {
        &self.0.last_uses
    }

    pub(crate) fn renderer(&self) -> &Renderer {
        &self.0.renderer
    }

    /// Draws faces. Apart from what renders uploads, so that neither waits for the other.
    pub(crate) fn faces(&self) -> &Renderer {
        &self.0.faces
    }

    pub(crate) fn pictures(&self) -> &PictureCache {
        &self.0.pictures
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.0.signals
    }

    pub(crate) fn media_bodies(&self) -> &MediaBodies {
        &self.0.media_bodies
    }

    /// The requests that run under a key of their own.
    pub(crate) fn running(&self) -> &Running {
        &self.0.running
    }

    /// Hashes passwords.
    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Gives what nobody can guess.
    pub(crate) fn randomness(&self) -> Arc<dyn Randomness> {
        Arc::clone(&self.0.foundation.randomness)
    }

    /// Seals `secret` for the thing called `name`.
    ///
    /// # Errors
    /// Never, for a secret that fits into memory.
    pub(crate) fn seal(&self, secret: &[u8], name: &str) -> Result<Sealed, UnsealError> {
        self.0.foundation.key.seal(secret, name, &*self.0.foundation.randomness)
    }

    /// What remembers the last requests.
    pub(crate) fn inspector(&self) -> &Inspector {
        &self.0.inspector
    }

    /// The key that signatures of unknown keys are compared with.
    pub(crate) fn decoy(&self) -> &SigningKey {
        &self.0.decoy
    }

    /// Words that no profile's new name may contain.
    pub(crate) fn reserved_names(&self) -> Arc<[ReservedWord]> {
        Arc::clone(&self.settings().reserved_names)
    }

    /// What URLs in answers begin with: the configured public base, or else `received`.
    pub(crate) fn base_url<'a>(&'a self, received: &'a str) -> &'a str {
        self.settings().public_urls.first().map_or(received, String::as_str)
    }

    /// The URL of a profile's picture, or of the face that is drawn for one without.
    pub(crate) fn avatar_url(
        &self,
        received: &str,
        profile: ProfileId,
        name: &ProfileName,
        avatar: Option<Picture>,
    ) -> String {
        format!("{}{}", self.base_url(received), avatar_path(profile, name, avatar))
    }
}

/// The same within this server, for pages.
pub(crate) fn avatar_path(
    profile: ProfileId,
    name: &ProfileName,
    avatar: Option<Picture>,
) -> String {
    match avatar {
        Some(Picture { key, format, .. }) => format!("/media/{key}.{}", format.extension()),
        None => format!("/faces/{}", face::file(profile, face::initials(name.as_str()))),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
