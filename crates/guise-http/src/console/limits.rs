//! What is left of each limit: reads of each token, writes of the account, and what is counted for each app besides.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guise_domain::rate::{Endpoint, Kind, Quota, Rule, Window};
use guise_domain::{AppId, Timestamp};
use http::StatusCode;

use super::tokens::held;
use super::{Frame, Section, SignedIn, When, page};
use crate::error::Refusal;
use crate::state::Guise;

#[derive(Template)]
#[template(path = "limits.html")]
struct LimitsPage {
    frame: Frame,
    account: String,
    families: Vec<Family>,
}

/// Endpoints with the same first word.
struct Family {
    name: String,
    limits: Vec<Limit>,
}

/// An endpoint's limit, and the windows that are counted against it.
struct Limit {
    path: &'static str,
    rule: String,
    bars: Vec<Bar>,
}

/// A window: whose it is, what is used of it, and when it starts anew, if anything is used.
struct Bar {
    whose: String,
    used: u32,
    limit: u32,
    anew: Option<(When, String)>,
}

impl Bar {
    fn new(whose: String, quota: Quota, now: Timestamp) -> Self {
        let Quota { limit, remaining, resets_at } = quota;
        let used = limit.saturating_sub(remaining);
        let minutes = ((resets_at.millis() - now.millis()).max(0) + 59_999) / 60_000;
        let anew = (used > 0).then(|| (When(resets_at), within(minutes)));
        Self { whose, used, limit, anew }
    }

    /// From where on a bar is nearly full.
    fn high(&self) -> u32 {
        self.limit - self.limit / 5
    }
}

/// `GET /limits`
pub(crate) async fn show(
    State(guise): State<Guise>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    let counted = Counted::of(&guise, &signed).await?;
    let mut families: Vec<Family> = Vec::new();
    for &endpoint in Endpoint::ALL {
        let rule = guise.settings().rules.rule(endpoint);
        let bars = counted.bars(&guise, endpoint, rule).await?;
        let limit = Limit { path: endpoint.path(), rule: written(endpoint.kind(), rule), bars };
        let name = endpoint.family().replace('_', " ");
        match families.iter_mut().find(|family| family.name == name) {
            Some(family) => family.limits.push(limit),
            None => families.push(Family { name, limits: vec![limit] }),
        }
    }
    let account = signed.account().name.to_string();
    let frame = signed.frame(&guise, Section::Limits);
    Ok(page(StatusCode::OK, &LimitsPage { frame, account, families }))
}

/// What an account's windows are found by.
struct Counted<'s> {
    signed: &'s SignedIn,
    /// Apps that may act for the account, and the pages, which are one too.
    apps: Vec<(AppId, String)>,
    /// What each live token has read, and what the token is called.
    reads: Vec<(String, Vec<(Endpoint, Quota)>)>,
}

impl<'s> Counted<'s> {
    async fn of(guise: &Guise, signed: &'s SignedIn) -> Result<Self, Refusal> {
        let mut apps = vec![(signed.session().console, "these pages".to_owned())];
        let mut reads = Vec::new();
        for token in held(guise, signed.account().id).await?.into_iter().filter(|one| !one.revoked)
        {
            let read = guise.reads().of_token(guise.store(), &token.token, signed.now).await?;
            reads.push((token.label(), read));
            if !apps.iter().any(|(app, _)| *app == token.app_id) {
                apps.push((token.app_id, token.app));
            }
        }
        Ok(Self { signed, apps, reads })
    }

    async fn bars(
        &self,
        guise: &Guise,
        endpoint: Endpoint,
        rule: Rule,
    ) -> Result<Vec<Bar>, Refusal> {
        let (account, now) = (self.signed.account(), self.signed.now);
        let bar = |whose: String, open| Bar::new(whose, Window::peek(open, rule, now), now);
        let mut bars = Vec::new();
        match endpoint.kind() {
            Kind::Read => {
                for (token, read) in &self.reads {
                    let read = read.iter().find(|(one, _)| *one == endpoint);
                    bars.extend(read.map(|(_, quota)| Bar::new(token.clone(), *quota, now)));
                }
            }
            Kind::Write => {
                let open = guise.store().write_window(account.id, endpoint).await?;
                bars.push(bar(format!("@{}", account.name), open));
            }
            Kind::App => {
                for (app, name) in &self.apps {
                    bars.push(bar(name.clone(), guise.store().app_window(*app, endpoint).await?));
                }
            }
        }
        Ok(bars)
    }
}

/// `180 in 15 minutes for each token`
fn written(kind: Kind, rule: Rule) -> String {
    let whose = match kind {
        Kind::Read => "token",
        Kind::Write => "account",
        Kind::App => "app",
    };
    let length = match rule.window_seconds {
        seconds if seconds % 3600 == 0 => (seconds / 3600, "hour"),
        seconds if seconds % 60 == 0 => (seconds / 60, "minute"),
        seconds => (seconds, "second"),
    };
    format!("{} in {} for each {whose}", rule.limit, several(length.0.into(), length.1))
}

/// `in 12 minutes`
fn within(minutes: i64) -> String {
    match minutes {
        0..=90 => format!("in {}", several(minutes, "minute")),
        _ => format!("in {}", several((minutes + 59) / 60, "hour")),
    }
}

fn several(count: i64, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{count} {of}s") }
}
