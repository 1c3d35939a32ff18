//! Apps and tokens in memory, with the HMAC state of their secrets.
//!
//! Another process may change credentials in the same store at any time. The store's version is asked for at most
//! every [`CREDENTIALS_STALE_MILLIS`]; when it has grown, everything here is forgotten.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use guise_domain::limits::{
    CREDENTIAL_BYTES_MAX, CREDENTIALS_CACHED_MAX, CREDENTIALS_STALE_MILLIS,
};
use guise_domain::{Credential, Sealed, SealingKey, Store, Timestamp};
use guise_oauth1::SigningKey;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use super::{Known, Named};
use crate::error::Refusal;

/// What is known of a consumer key and a token.
#[derive(Clone, Debug)]
pub(crate) enum Found<K = Arc<Known>> {
    /// Both exist; either may be revoked.
    Known(K),
    /// No app has this consumer key.
    UnknownConsumer,
    /// The app, where it was looked up, has no such token.
    UnknownToken(Option<Named>),
}

/// The cache. Absence is cached too: an unknown key then costs what a wrong signature costs.
pub(crate) struct Credentials {
    cache: Cache<(Box<str>, Box<str>), Found>,
    key: SealingKey,
    version: AtomicI64,
    checked_at: AtomicI64,
}

#[derive(PartialEq, Eq)]
struct Pair<'a>(&'a str, &'a str);

impl Hash for Pair<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0, self.1).hash(state);
    }
}

impl Equivalent<(Box<str>, Box<str>)> for Pair<'_> {
    fn equivalent(&self, key: &(Box<str>, Box<str>)) -> bool {
        *self.0 == *key.0 && *self.1 == *key.1
    }
}

impl Credentials {
    /// An empty cache that opens secrets with `key`.
    pub(crate) fn new(key: SealingKey) -> Self {
        Self {
            cache: Cache::new(CREDENTIALS_CACHED_MAX),
            key,
            version: AtomicI64::new(i64::MIN),
            checked_at: AtomicI64::new(i64::MIN),
        }
    }

    /// What is known of this pair at `now`.
    ///
    /// # Errors
    /// When the store fails, or a secret in it does not open.
    pub(crate) async fn find(
        &self,
        store: &dyn Store,
        consumer_key: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Found, Refusal> {
        // Strangers choose these texts: long ones would fill the memory that the number of entries is to bound.
        if consumer_key.len() > CREDENTIAL_BYTES_MAX {
            return Ok(Found::UnknownConsumer);
        }
        if token.len() > CREDENTIAL_BYTES_MAX {
            return Ok(Found::UnknownToken(None));
        }
        self.refresh(store, now).await?;
        if let Some(found) = self.cache.get(&Pair(consumer_key, token)) {
            return Ok(found);
        }
        let version = self.version.load(Ordering::Acquire);
        let found = self.describe(store.credential(consumer_key, token).await?)?;
        // A version that has grown meanwhile may have made this stale; the next request asks again.
        if self.version.load(Ordering::Acquire) == version {
            self.cache.insert((consumer_key.into(), token.into()), found.clone());
        }
        Ok(found)
    }

    /// Has the next request ask the store whether anything changed, for what this process changed itself.
    pub(crate) fn recheck(&self) {
        self.checked_at.store(i64::MIN, Ordering::Release);
    }

    async fn refresh(&self, store: &dyn Store, now: Timestamp) -> Result<(), Refusal> {
        let age = now.millis().abs_diff(self.checked_at.load(Ordering::Acquire));
        if age < CREDENTIALS_STALE_MILLIS {
            return Ok(());
        }
        let version = store.credentials_version().await?;
        if self.version.swap(version, Ordering::AcqRel) != version {
            self.cache.clear();
        }
        self.checked_at.store(now.millis(), Ordering::Release);
        Ok(())
    }

    fn describe(&self, credential: Option<Credential>) -> Result<Found, Refusal> {
        let Some(Credential { app, token }) = credential else {
            return Ok(Found::UnknownConsumer);
        };
        let Some((token, account)) = token else {
            return Ok(Found::UnknownToken(Some(Named::app(&app))));
        };
        let consumer_secret = self.open(&app.consumer_secret, &app.consumer_key)?;
        let token_secret = self.open(&token.secret, &token.token)?;
        Ok(Found::Known(Arc::new(Known {
            app: app.id,
            owner: app.owner,
            consumer_key: app.consumer_key.into(),
            app_revoked: app.revoked,
            names_operators: app.names_operators,
            token: token.token.into(),
            token_revoked: token.revoked,
            access: token.access,
            operator: token.operator,
            account,
            key: SigningKey::new(&consumer_secret, &token_secret),
        })))
    }

    /// The secrets behind a consumer key and a token as they are now; without the token, or an unknown one, its half is
    /// empty. `None` when no app has the key.
    ///
    /// # Errors
    /// When the store fails, or a secret in it does not open.
    pub(crate) async fn secrets(
        &self,
        store: &dyn Store,
        consumer_key: &str,
        token_name: &str,
    ) -> Result<Option<(String, String)>, Refusal> {
        let Some(Credential { app, token }) = store.credential(consumer_key, token_name).await?
        else {
            return Ok(None);
        };
        let consumer = self.open(&app.consumer_secret, &app.consumer_key)?;
        let token = match token {
            Some((token, _)) => self.open(&token.secret, &token.token)?,
            // Apps sign with a request token until they have an access token.
            None => match store.request_token(token_name).await? {
                Some(found) if found.app == app.id => self.open(&found.secret, &found.token)?,
                _ => String::new(),
            },
        };
        Ok(Some((consumer, token)))
    }

    /// Opens a secret that was sealed for `name`.
    ///
    /// # Errors
    /// When it does not open.
    pub(crate) fn open(&self, sealed: &Sealed, name: &str) -> Result<String, Refusal> {
        let bytes =
            self.key.open(sealed, name).map_err(|error| Refusal::Internal(error.to_string()))?;
        String::from_utf8(bytes)
            .map_err(|_| Refusal::Internal("a stored secret is not text".into()))
    }
}
