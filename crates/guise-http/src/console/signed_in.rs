//! Who is signed in, proven by a session's ticket.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use guise_domain::limits::{FORM_SECONDS, SESSION_SEEN_SECONDS};
use guise_domain::rate::{Endpoint, Permission};
use guise_domain::{
    Account, Admission, Admitted, AppRule, By, EntryId, Once, Operator, ReplayKey, Session, Ticket,
    Timestamp,
};
use http::Method;
use http::request::Parts;
use sha2::{Digest, Sha256};

use super::sign_in::{way_back, way_in};
use super::{Frame, Section, cookie};
use crate::error::Refusal;
use crate::origin::Origin;
use crate::record::Record;
use crate::state::Guise;

/// Somebody who signed in. Who is not is sent to the sign-in page, and comes back from there.
///
/// A request that may change something has to come from a page of ours. To change something it also has to bring a form
/// that proves the same, which [`super::Posted`] reads: [`SignedIn::admission`] and [`SignedIn::by`] refuse without it.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    session: Session,
    ticket: Ticket,
    /// When the request came; the present moment for everything it does.
    pub(crate) now: Timestamp,
    form: Option<ReplayKey>,
    path: String,
    record: Record,
}

impl FromRequestParts<Guise> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, guise: &Guise) -> Result<Self, Response> {
        let reading = parts.method == Method::GET || parts.method == Method::HEAD;
        if !reading {
            Origin::of(guise, parts).is_ours(guise, &parts.headers).map_err(refused)?;
        }
        match find(guise, parts).await.map_err(refused)? {
            Some(signed) => Ok(signed),
            None if reading => Err(way_in(parts.uri.path_and_query())),
            None => Err(way_back(parts)),
        }
    }
}

fn refused(refusal: Refusal) -> Response {
    refusal.into_response()
}

/// Who the request's cookie says is signed in.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn find(guise: &Guise, parts: &Parts) -> Result<Option<SignedIn>, Refusal> {
    let Some(ticket) = cookie::ticket(&parts.headers) else { return Ok(None) };
    let now = guise.now();
    let Some(session) = guise.store().session(ticket.hash(), now).await? else { return Ok(None) };
    if session.last_seen_at.plus_seconds(SESSION_SEEN_SECONDS) <= now
        && let Err(error) = guise.store().see_session(session.ticket, now).await
    {
        // Pages can be read while nothing can be written; the session only ends earlier.
        tracing::warn!(%error, "it was not kept that a session is in use");
    }
    let record = parts.extensions.get::<Record>().cloned().unwrap_or_default();
    record.set_caller(session.account.id, session.console, None);
    let path = parts.uri.path().to_owned();
    Ok(Some(SignedIn { session, ticket, now, form: None, path, record }))
}

impl SignedIn {
    /// The account whose pages these are.
    pub(crate) fn account(&self) -> &Account {
        &self.session.account
    }

    /// Who is at work, if they said so.
    pub(crate) fn operator(&self) -> Option<&Operator> {
        self.session.operator.as_ref()
    }

    /// The session.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// What stands around a page in `section`.
    pub(crate) fn frame(&self, guise: &Guise, section: Section) -> Frame {
        Frame {
            account: Some(self.account().name.to_string()),
            operator: self.operator().map(ToString::to_string),
            section,
            csrf: self.csrf(),
            once: guise.random_hex(),
        }
    }

    /// Takes a form's fields `csrf` and `once` and, so that it is not taken twice, the rest of what it says.
    ///
    /// # Errors
    /// When another session, or nobody, was shown the form.
    pub(crate) fn take_form(
        &mut self,
        csrf: Option<&str>,
        once: Option<&str>,
        content: &[u8],
    ) -> Result<(), Refusal> {
        // Of hashes, so that the time it takes tells nothing.
        let expected = Sha256::digest(self.csrf());
        if csrf.map(Sha256::digest) != Some(expected) {
            return Err(Refusal::FormExpired);
        }
        let mut hash = Sha256::new().chain_update(self.session.ticket.0);
        for piece in [once.unwrap_or_default().as_bytes(), self.path.as_bytes(), content] {
            // Their lengths keep the pieces apart.
            hash.update(piece.len().to_be_bytes());
            hash.update(piece);
        }
        let key = hash.finalize().first_chunk().copied();
        self.form = key.map(ReplayKey);
        Ok(())
    }

    /// Whether the account may do what callers of an endpoint do.
    ///
    /// # Errors
    /// When it lacks the permission.
    pub(crate) fn may(&self, endpoint: Endpoint) -> Result<(), Refusal> {
        let profiles = endpoint.permission() == Permission::CustomProfiles;
        if profiles && !self.account().custom_profiles {
            return Err(Refusal::NotPermitted);
        }
        Ok(())
    }

    /// What a write of this request has to pass in the store: that of the API, by the account's console app.
    ///
    /// # Errors
    /// When the account lacks the permission, or no form was taken.
    pub(crate) fn admission(
        &self,
        guise: &Guise,
        endpoint: Endpoint,
    ) -> Result<Admission, Refusal> {
        self.may(endpoint)?;
        Ok(self.admission_of(guise, endpoint, self.form.ok_or(Refusal::FormExpired)?))
    }

    /// The same for what is noted because a page was shown: nobody asked for it, so nobody can ask for it twice.
    pub(crate) fn admission_to_note(&self, guise: &Guise, endpoint: Endpoint) -> Admission {
        let mut once = [0; 16];
        guise.randomness().fill(&mut once);
        self.admission_of(guise, endpoint, ReplayKey(once))
    }

    fn admission_of(&self, guise: &Guise, endpoint: Endpoint, replay: ReplayKey) -> Admission {
        let rules = &guise.settings().rules;
        let by_app = |endpoint| AppRule { endpoint, rule: rules.rule(endpoint) };
        Admission {
            account: self.account().id,
            app: self.session.console,
            operator: self.session.operator.clone(),
            entry: EntryId::new(guise.next_id(self.now)),
            replay,
            replay_until: self.now.plus_seconds(FORM_SECONDS),
            endpoint,
            rule: rules.rule(endpoint),
            by_app: endpoint.by_app().map(by_app),
            now: self.now,
        }
    }

    /// Whether the session goes on, for what outlives its request.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn goes_on(&self, guise: &Guise) -> Result<bool, Refusal> {
        Ok(guise.store().session(self.session.ticket, guise.now()).await?.is_some())
    }

    /// Takes what the store made of a write.
    ///
    /// # Errors
    /// When the form was sent before, or the write does not fit into its window.
    pub(crate) fn admitted<T>(&self, admitted: Admitted<T>) -> Result<T, Refusal> {
        match admitted {
            Admitted::Replayed => Err(Refusal::FormRepeated),
            Admitted::Limited(quota) => {
                self.record.set_quota(quota);
                Err(Refusal::Limited(quota))
            }
            Admitted::Done(_, value) => Ok(value),
        }
    }

    /// The same of a write that could have named a key to be sent again by, and did not.
    ///
    /// # Errors
    /// When the form was sent before, or the write does not fit into its window.
    pub(crate) fn admitted_once<T>(&self, once: Once<T>) -> Result<T, Refusal> {
        match once {
            Once::First(admitted) => self.admitted(admitted),
            Once::Again(..) | Once::KeyTaken(_) => Err(Refusal::FormRepeated),
        }
    }

    /// Who makes a change of apps, tokens or sessions.
    ///
    /// # Errors
    /// When no form was taken, or the same one before. These steps do not know it again themselves.
    pub(crate) fn by(&self, guise: &Guise) -> Result<By, Refusal> {
        let form = self.form.ok_or(Refusal::FormExpired)?;
        if !guise.replays().insert(form, self.now) {
            return Err(Refusal::FormRepeated);
        }
        let entry = EntryId::new(guise.next_id(self.now));
        Ok(By { entry, app: Some(self.session.console), operator: self.session.operator.clone() })
    }

    fn csrf(&self) -> String {
        self.ticket.derive("form")
    }
}
