//! From a request's signature to the account behind it.
//!
//! Only this room makes a [`Caller`]. Whoever holds one holds a verified signature of a live token of a live account.

mod app;
mod bearer;
mod credentials;
mod replay;
mod verify;

use std::sync::Arc;

use bytes::Bytes;
use guise_domain::rate::{Endpoint, Kind, Permission, Quota};
use guise_domain::{
    Access, Account, AccountId, Admission, Admitted, App, AppId, AppRule, EntryId, Operator,
    ReplayKey, Timestamp,
};
use guise_oauth1::{SigningKey, body_hash_matches};
use tokio::task::spawn_blocking;

pub(crate) use app::AppCaller;
pub(crate) use bearer::{AppReader, app_of as bearer_app, bearer, sealed_for as bearer_name};
pub(crate) use credentials::Credentials;
use credentials::Found;
pub(crate) use replay::ReadReplays;
pub use verify::PRODUCTION;
pub(crate) use verify::{Body, base_urls, looks_like_json, named, names_known, verify};

use crate::error::Refusal;
use crate::record::Record;
use crate::retry::Attempt;
use crate::state::Guise;

/// An app and a token as they are known to the verifier.
#[derive(Debug)]
pub(crate) struct Known {
    app: AppId,
    owner: AccountId,
    consumer_key: Box<str>,
    app_revoked: bool,
    names_operators: bool,
    token: Arc<str>,
    token_revoked: bool,
    access: Access,
    operator: Option<Operator>,
    account: Account,
    key: SigningKey,
}

/// Whom a request names, proven or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The app of its consumer key.
    pub(crate) app: AppId,
    /// The account that owns the app.
    pub(crate) owner: AccountId,
    /// The account of its token, if that is known.
    pub(crate) account: Option<AccountId>,
}

impl Named {
    /// An app, and no account that it calls for.
    fn app(app: &App) -> Self {
        Self { app: app.id, owner: app.owner, account: None }
    }
}

/// Who calls, proven by a signature.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    known: Arc<Known>,
    replay: ReplayKey,
    replay_until: Timestamp,
    body_hash: Option<Arc<str>>,
    operator: Option<Operator>,
    /// When the request was verified; the present moment for everything the request does.
    pub(crate) now: Timestamp,
    /// That the request may be sent again, if it says so.
    pub(crate) attempt: Option<Arc<Attempt>>,
    record: Record,
}

impl Caller {
    /// The account the token acts for.
    pub(crate) fn account(&self) -> &Account {
        &self.known.account
    }

    /// The app that calls.
    pub(crate) fn app(&self) -> AppId {
        self.known.app
    }

    /// Whether the app is the account's own.
    pub(crate) fn owns_its_app(&self) -> bool {
        self.known.owner == self.known.account.id
    }

    /// The token's public half.
    pub(crate) fn token(&self) -> &Arc<str> {
        &self.known.token
    }

    /// Checks the `oauth_body_hash` of a body that was read only after the signature was verified.
    ///
    /// # Errors
    /// When another body was signed for.
    pub(crate) async fn vouch_for(&self, body: &Bytes) -> Result<(), Refusal> {
        let Some(hash) = self.body_hash.clone() else { return Ok(()) };
        let body = body.clone();
        let matches = spawn_blocking(move || body_hash_matches(&hash, &body)).await;
        let matches = matches.map_err(|error| Refusal::Internal(error.to_string()))?;
        if matches { Ok(()) } else { Err(Refusal::NotAuthenticated) }
    }

    /// Whether the credentials would still open what they did, for what goes on after its request was let in.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn is_still_welcome(&self, guise: &Guise) -> Result<bool, Refusal> {
        let Known { consumer_key, token, .. } = &*self.known;
        let found =
            guise.credentials().find(guise.store(), consumer_key, token, guise.now()).await?;
        Ok(match found {
            Found::Known(known) => {
                let open = !known.app_revoked && !known.token_revoked && !known.account.closed;
                open && known.access >= self.known.access
            }
            Found::UnknownConsumer | Found::UnknownToken(_) => false,
        })
    }

    /// Lets the caller use `endpoint`: the access level must allow it, the account must have the permission, and a
    /// read is counted. A write is counted in its own step.
    ///
    /// # Errors
    /// What the caller lacks, or that the window of a read is used up.
    pub(crate) async fn enter(&self, guise: &Guise, endpoint: Endpoint) -> Result<(), Refusal> {
        match endpoint.permission() {
            Permission::CustomProfiles if !self.account().custom_profiles => {
                return Err(Refusal::NotPermitted);
            }
            Permission::DirectMessages if self.known.access < Access::DirectMessages => {
                return Err(Refusal::NoDirectMessages);
            }
            _ => {}
        }
        match endpoint.kind() {
            Kind::Write if endpoint.needs_write_access() && self.known.access < Access::Write => {
                Err(Refusal::ReadOnly)
            }
            Kind::Write | Kind::App => Ok(()),
            Kind::Read => {
                if !guise.replays().insert(self.replay, self.now) {
                    return Err(Refusal::NotAuthenticated);
                }
                count_read(guise, self.token(), endpoint, self.now, &self.record).await
            }
        }
    }

    /// What a write of this request has to pass in the store.
    pub(crate) fn admission(&self, guise: &Guise, endpoint: Endpoint) -> Admission {
        Admission {
            account: self.account().id,
            app: self.app(),
            operator: self.operator.clone(),
            entry: EntryId::new(guise.next_id(self.now)),
            replay: self.replay,
            replay_until: self.replay_until,
            endpoint,
            rule: guise.settings().rules.rule(endpoint),
            by_app: endpoint
                .by_app()
                .map(|endpoint| AppRule { endpoint, rule: guise.settings().rules.rule(endpoint) }),
            now: self.now,
        }
    }

    /// Takes what the store made of a write.
    ///
    /// # Errors
    /// When the write repeats an earlier request, or does not fit into its window.
    pub(crate) fn admitted<T>(&self, admitted: Admitted<T>) -> Result<T, Refusal> {
        take(&self.record, admitted)
    }

    /// Tells the caller what is left.
    pub(crate) fn tell_quota(&self, quota: Quota) {
        self.record.set_quota(quota);
    }

    /// Refuses early what the store would refuse anyway, so that costly work is not begun in vain.
    ///
    /// # Errors
    /// When the window of the write is used up.
    pub(crate) async fn foresee(&self, guise: &Guise, endpoint: Endpoint) -> Result<(), Refusal> {
        let quota = self.write_quota(guise, endpoint).await?;
        if quota.remaining == 0 {
            self.record.set_quota(quota);
            return Err(Refusal::Limited(quota));
        }
        Ok(())
    }

    /// What is left of a write's window.
    pub(crate) async fn write_quota(
        &self,
        guise: &Guise,
        endpoint: Endpoint,
    ) -> Result<Quota, Refusal> {
        let open = match endpoint.kind() {
            Kind::App => guise.store().app_window(self.app(), endpoint).await?,
            Kind::Read | Kind::Write => {
                guise.store().write_window(self.account().id, endpoint).await?
            }
        };
        let rule = guise.settings().rules.rule(endpoint);
        Ok(guise_domain::rate::Window::peek(open, rule, self.now))
    }

    /// Answers `refusal`, which is not counted, with what is left. A repetition is told nothing.
    pub(crate) async fn uncounted(
        &self,
        guise: &Guise,
        endpoint: Endpoint,
        refusal: Refusal,
    ) -> Refusal {
        // A read that does not fit was told so when it was counted.
        if matches!(refusal, Refusal::NotAuthenticated | Refusal::Limited(_)) {
            return refusal;
        }
        let quota = match endpoint.kind() {
            // Without an answer from the store there is nothing to tell, and the refusal stands.
            Kind::Read => {
                guise.reads().left(guise.store(), self.token(), endpoint, self.now).await.ok()
            }
            Kind::Write | Kind::App => self.write_quota(guise, endpoint).await.ok(),
        };
        if let Some(quota) = quota {
            self.record.set_quota(quota);
        }
        refusal
    }

    /// Answers `refusal`, after counting it when the request was a write that broke a rule.
    pub(crate) async fn refuse(
        &self,
        guise: &Guise,
        endpoint: Endpoint,
        refusal: Refusal,
    ) -> Refusal {
        if endpoint.kind() == Kind::Read {
            return refusal;
        }
        match guise.store().count(&self.admission(guise, endpoint)).await {
            Ok(admitted) => self.admitted(admitted).err().unwrap_or(refusal),
            Err(error) => error.into(),
        }
    }
}

/// Counts a read, and tells what is left.
async fn count_read(
    guise: &Guise,
    token: &Arc<str>,
    endpoint: Endpoint,
    now: Timestamp,
    record: &Record,
) -> Result<(), Refusal> {
    match guise.reads().count(guise.store(), token, endpoint, now).await {
        Ok(quota) => {
            record.set_quota(quota);
            Ok(())
        }
        Err(refusal) => {
            if let Refusal::Limited(quota) = refusal {
                record.set_quota(quota);
            }
            Err(refusal)
        }
    }
}

/// Takes what the store made of a write, and tells what is left.
fn take<T>(record: &Record, admitted: Admitted<T>) -> Result<T, Refusal> {
    match admitted {
        Admitted::Replayed => Err(Refusal::NotAuthenticated),
        Admitted::Limited(quota) => {
            record.set_quota(quota);
            Err(Refusal::Limited(quota))
        }
        Admitted::Done(quota, value) => {
            record.set_quota(quota);
            Ok(value)
        }
    }
}
