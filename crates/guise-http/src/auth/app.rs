//! Apps that call for themselves: to ask accounts for their leave, to fetch what those gave, and for bearer tokens.

use bytes::Bytes;
use guise_domain::limits::CREDENTIAL_BYTES_MAX;
use guise_domain::rate::Endpoint;
use guise_domain::{
    Admitted, App, AppAdmission, AppId, EntryId, ReplayKey, RequestState, RequestToken, Timestamp,
    Used,
};
use guise_oauth1::{Presented, SigningKey};
use http::HeaderMap;
use http::request::Parts;

use super::credentials::Found;
use super::verify::{Body, Proof, Proven, prove};
use super::{Named, bearer, take};
use crate::error::Refusal;
use crate::record::Record;
use crate::state::Guise;

/// An app, with the request token that it signs with if it names one.
struct SigningApp {
    app: App,
    request: Option<RequestToken>,
    key: SigningKey,
}

impl Proof for SigningApp {
    async fn find(
        guise: &Guise,
        presented: &Presented<'_>,
        _: Timestamp,
    ) -> Result<Found<Self>, Refusal> {
        let consumer_key = presented.consumer_key();
        if consumer_key.len() > CREDENTIAL_BYTES_MAX {
            return Ok(Found::UnknownConsumer);
        }
        let found = guise.store().credential(consumer_key, "").await?;
        let Some(app) = found.map(|found| found.app) else { return Ok(Found::UnknownConsumer) };
        let (mut request, mut token_secret) = (None, String::new());
        if let Some(token) = presented.token() {
            let found = guise.store().request_token(token).await?;
            let Some(found) = found.filter(|found| found.app == app.id) else {
                return Ok(Found::UnknownToken(Some(Named::app(&app))));
            };
            token_secret = guise.credentials().open(&found.secret, &found.token)?;
            request = Some(found);
        }
        let consumer_secret = guise.credentials().open(&app.consumer_secret, &app.consumer_key)?;
        let key = SigningKey::new(&consumer_secret, &token_secret);
        Ok(Found::Known(Self { app, request, key }))
    }

    fn key(&self) -> &SigningKey {
        &self.key
    }

    fn in_use(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.app.revoked {
            return Err(Refusal::AppSuspended);
        }
        let over = |token: &RequestToken| token.until <= now || token.state == RequestState::Over;
        if self.request.as_ref().is_some_and(over) { Err(Refusal::BadToken) } else { Ok(()) }
    }

    fn names_operators(&self) -> bool {
        self.app.names_operators
    }

    fn named(&self) -> Named {
        Named::app(&self.app)
    }
}

/// An app that calls for itself, proven by its signature or its secret.
#[derive(Debug)]
pub(crate) struct AppCaller {
    /// The app.
    pub(crate) app: App,
    /// The request token that it signed with.
    pub(crate) request: Option<RequestToken>,
    /// `oauth_callback`
    pub(crate) callback: Option<String>,
    /// `oauth_verifier`
    pub(crate) verifier: Option<String>,
    /// When the request was verified.
    pub(crate) now: Timestamp,
    replay: Option<(ReplayKey, Timestamp)>,
    record: Record,
}

impl AppCaller {
    /// The app that signed the request, with a request token or without any.
    ///
    /// # Errors
    /// As for users; [`Refusal::BadToken`] when the request token is unknown, another app's, too old or over.
    pub(crate) async fn by_signature(
        guise: &Guise,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<Self, Refusal> {
        let proven: Proven<'_, SigningApp> = prove(guise, parts, Body::Read(body)).await?;
        let said = |name| match proven.presented.parameter(name) {
            Ok(value) => Ok(value.map(std::borrow::Cow::into_owned)),
            Err(_) => Err(Refusal::BadAuthentication),
        };
        let (callback, verifier) = (said("oauth_callback")?, said("oauth_verifier")?);
        let SigningApp { app, request, .. } = proven.known;
        proven.record.set_app(app.id, None);
        let replay = Some((proven.replay, proven.replay_until));
        let (now, record) = (proven.now, proven.record);
        Ok(Self { app, request, callback, verifier, now, replay, record })
    }

    /// The app whose key and secret the request brings (RFC 6749 §2.3.1).
    ///
    /// # Errors
    /// [`Refusal::CredentialsRefused`], whatever is wrong with them.
    pub(crate) async fn by_secret(
        guise: &Guise,
        headers: &HeaderMap,
        record: Record,
    ) -> Result<Self, Refusal> {
        let app = bearer::by_secret(guise, headers, &record).await?;
        record.set_app(app.id, None);
        let now = guise.now();
        guise.last_uses().note(app.owner, Used::App(app.id), now);
        let (request, callback, verifier, replay) = (None, None, None, None);
        Ok(Self { app, request, callback, verifier, now, replay, record })
    }

    /// The app's id.
    pub(crate) fn id(&self) -> AppId {
        self.app.id
    }

    /// What a write of this request has to pass in the store.
    pub(crate) fn admission(&self, guise: &Guise, endpoint: Endpoint) -> AppAdmission {
        AppAdmission {
            app: self.app.id,
            entry: EntryId::new(guise.next_id(self.now)),
            replay: self.replay,
            endpoint,
            rule: guise.settings().rules.rule(endpoint),
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

    /// Answers `refusal`, after counting it.
    pub(crate) async fn refuse(
        &self,
        guise: &Guise,
        endpoint: Endpoint,
        refusal: Refusal,
    ) -> Refusal {
        match guise.store().count_for_app(&self.admission(guise, endpoint)).await {
            Ok(admitted) => self.admitted(admitted).err().unwrap_or(refusal),
            Err(error) => error.into(),
        }
    }
}
