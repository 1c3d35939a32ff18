//! `POST /guise/v1/profiles/check`: what would be said of profiles if they were made, without making any.

use axum::extract::State;
use axum::response::Response;
use guise_domain::limits::PROFILES_CHECKED_MAX;
use guise_domain::rate::Endpoint;
use guise_domain::{Draft, Verdict};
use http::StatusCode;
use serde::Serialize;

use super::input::{external_id, kind, name};
use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::lookalike::WarningOut;
use crate::state::Guise;
use crate::wire::Member;

/// `POST /guise/v1/profiles/check`
pub(crate) async fn check(
    State(guise): State<Guise>,
    Signed { caller, input: Checked(items), .. }: Signed<Checked>,
) -> Result<Response, Refusal> {
    let drafts = items.iter().filter_map(|item| item.as_ref().ok()).cloned().collect();
    let server_words = guise.reserved_names();
    let verdicts = guise.store().check_profiles(caller.account().id, drafts, server_words).await?;
    let mut verdicts = verdicts.into_iter();
    let profiles = items.into_iter().map(|item| match item {
        Ok(_) => CheckedOut::judged(verdicts.next().unwrap_or_default()),
        Err(refusals) => CheckedOut::unreadable(&refusals),
    });
    Ok(answer::json(StatusCode::OK, &ChecksOut { profiles: profiles.collect() }))
}

/// Profiles to think about, each with everything that is wrong with it.
#[derive(Debug)]
pub(crate) struct Checked(Vec<Result<Draft, Vec<Refusal>>>);

impl Input for Checked {
    const ENDPOINT: Endpoint = Endpoint::ProfilesCheck;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let body = request.json()?;
        let items = Member::top(&body).member("profiles")?.items(0, PROFILES_CHECKED_MAX)?;
        let drafts = items.iter().map(|item| Ok(draft(&item.as_top()?)));
        Ok(Self(drafts.collect::<Result<_, Refusal>>()?))
    }
}

fn draft(top: &Member<'_>) -> Result<Draft, Vec<Refusal>> {
    let name = top.member("name").and_then(|member| name(&member));
    let kind = top.member("kind").and_then(|member| kind(&member));
    let external_id = top.member("external_id").and_then(|member| external_id(&member));
    match (name, kind, external_id) {
        (Ok(name), Ok(kind), Ok(external_id)) => Ok(Draft { name, kind, external_id }),
        (name, kind, external_id) => {
            Err([name.err(), kind.err(), external_id.err()].into_iter().flatten().collect())
        }
    }
}

#[derive(Debug, Serialize)]
struct ChecksOut {
    profiles: Vec<CheckedOut>,
}

#[derive(Debug, Serialize)]
struct CheckedOut {
    errors: Vec<ErrorOut>,
    warnings: Vec<WarningOut>,
}

#[derive(Debug, Serialize)]
struct ErrorOut {
    slug: &'static str,
    message: String,
}

impl CheckedOut {
    fn unreadable(refusals: &[Refusal]) -> Self {
        Self { errors: refusals.iter().map(ErrorOut::new).collect(), warnings: Vec::new() }
    }

    fn judged(Verdict { broken, alike }: Verdict) -> Self {
        let refusals = broken.into_iter().map(|rule| Refusal::broken(&rule));
        let errors = refusals.map(|refusal| ErrorOut::new(&refusal)).collect();
        Self { errors, warnings: WarningOut::all(&alike) }
    }
}

impl ErrorOut {
    fn new(refusal: &Refusal) -> Self {
        Self { slug: refusal.slug(), message: refusal.wire().2 }
    }
}
