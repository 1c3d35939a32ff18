//! What is learnt about a request on its way: for the headers of its answer and its one line in the log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use guise_domain::rate::Quota;
use guise_domain::{Access, AccountId, AppId, Timestamp};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::auth::Named;
use crate::error::Cause;
use crate::inspect;
use crate::state::Guise;

/// Filled in by extractors and handlers, read once the answer is ready.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<Facts>>);

/// What was learnt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    caller: Option<(Option<AccountId>, AppId, Option<Access>)>,
    quota: Option<Quota>,
    /// The route's pattern.
    pub(crate) route: Option<MatchedPath>,
    /// Whom the request names.
    pub(crate) named: Option<Named>,
    /// The body, if the signature was looked at after it was read.
    pub(crate) body: Option<Bytes>,
}

impl Record {
    /// Who the signature, or the session of a page, proved to be calling. Only a token has an access level.
    pub(crate) fn set_caller(&self, account: AccountId, app: AppId, access: Option<Access>) {
        self.with(|facts| facts.caller = Some((Some(account), app, access)));
    }

    /// Which app calls for itself.
    pub(crate) fn set_app(&self, app: AppId, access: Option<Access>) {
        self.with(|facts| facts.caller = Some((None, app, access)));
    }

    /// What is left of the limit this request counts against.
    pub(crate) fn set_quota(&self, quota: Quota) {
        self.with(|facts| facts.quota = Some(quota));
    }

    /// Whom the request names; proven only once the caller is set.
    pub(crate) fn set_named(&self, named: Named) {
        self.with(|facts| facts.named = Some(named));
    }

    /// The body that came with it.
    pub(crate) fn set_body(&self, body: &Bytes) {
        self.with(|facts| facts.body = Some(body.clone()));
    }

    fn set_route(&self, route: &MatchedPath) {
        self.with(|facts| facts.route = Some(route.clone()));
    }

    fn with(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take(&self) -> Facts {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notes the route's pattern: it carries no ids, so that lines of the log can be counted by it.
pub(crate) async fn note_route(request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    if let (Some(record), Some(path)) =
        (extensions.get::<Record>(), extensions.get::<MatchedPath>())
    {
        record.set_route(path);
    }
    next.run(request).await
}

/// Gives the request its record, then dresses the answer, writes the log's line, and lets the inspector see both.
pub(crate) async fn record(State(guise): State<Guise>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let record = Record::default();
    let id = guise.request_id();
    let (mut parts, body) = request.into_parts();
    let (method, seen) = (parts.method.clone(), inspect::see(&guise, &parts));
    parts.extensions.insert(record.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;

    let facts = record.take();
    // In JSON, a number of 128 bits would be written as text.
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status();
    let cause = response.extensions_mut().remove::<Cause>();
    dress(response.headers_mut(), status, &facts, guise.now());
    set(response.headers_mut(), "x-response-time", millis.into());
    if let Ok(id) = HeaderValue::from_str(&id) {
        set(response.headers_mut(), "x-transaction-id", id);
    }
    log(&id, method.as_str(), &facts, status, millis, cause.as_ref());
    match seen {
        Some(seen) => inspect::note(&guise, seen, facts, id, millis, response).await,
        None => response,
    }
}

fn log(
    id: &str,
    method: &str,
    facts: &Facts,
    status: StatusCode,
    millis: u64,
    cause: Option<&Cause>,
) {
    let route = facts.route.as_ref().map_or("-", MatchedPath::as_str);
    let (account, app) = match facts.caller {
        Some((account, app, _)) => (account.map(AccountId::get), Some(app.get())),
        None => (None, None),
    };
    let status = status.as_u16();
    if let Some(Cause(cause)) = cause {
        tracing::error!(
            request = id,
            account,
            app,
            method,
            route,
            status,
            ms = millis,
            cause,
            "answered"
        );
    } else {
        tracing::info!(request = id, account, app, method, route, status, ms = millis, "answered");
    }
}

fn dress(headers: &mut HeaderMap, status: StatusCode, facts: &Facts, now: Timestamp) {
    if let Some((_, _, Some(access))) = facts.caller {
        set(headers, "x-access-level", HeaderValue::from_static(access.as_str()));
    }
    if let Some(quota) = facts.quota {
        set(headers, "x-rate-limit-limit", quota.limit.into());
        set(headers, "x-rate-limit-remaining", quota.remaining.into());
        set(headers, "x-rate-limit-reset", quota.resets_at.seconds().into());
        if status == StatusCode::TOO_MANY_REQUESTS {
            let wait = (quota.resets_at.seconds() - now.seconds()).max(1);
            headers.insert(RETRY_AFTER, wait.into());
        }
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: HeaderValue) {
    headers.insert(HeaderName::from_static(name), value);
}
