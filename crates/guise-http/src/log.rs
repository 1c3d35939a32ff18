//! `GET /guise/v1/audit`: who did what in the caller's account.

use axum::extract::State;
use axum::response::Response;
use guise_domain::rate::Endpoint;
use guise_domain::{
    Action, Entry, EntryId, IdError, LogFilter, Operator, OperatorError, Page, PageRequest,
};
use http::StatusCode;
use serde::Serialize;

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;
use crate::wire::{Cursor, Pairs, moment, page, written_moment};

/// `GET /guise/v1/audit`
pub(crate) async fn read(
    State(guise): State<Guise>,
    Signed { caller, input: Asked { filter, page }, .. }: Signed<Asked>,
) -> Result<Response, Refusal> {
    let Page { items, next } = guise.store().log(caller.account().id, filter, page).await?;
    let entries = items.into_iter().map(EntryOut::from).collect();
    let next_cursor = next.map(|id| Cursor(id).write());
    Ok(answer::json(StatusCode::OK, &EntriesOut { entries, next_cursor }))
}

/// Which lines to read.
#[derive(Debug)]
pub(crate) struct Asked {
    filter: LogFilter,
    page: PageRequest,
}

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::Audit;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { filter: filter(&request.query)?, page: page(&request.query)? })
    }
}

/// Which lines a query asks for.
///
/// # Errors
/// When one of its parameters breaks its rule.
pub(crate) fn filter(query: &Pairs) -> Result<LogFilter, Refusal> {
    let given = |name| query.get(name);
    let refuse =
        |name: &str, rule: &dyn std::fmt::Display| Refusal::Invalid(format!("{name}: {rule}"));
    let action = given("action").map(|word| {
        let known = || Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>();
        Action::parse(word)
            .ok_or_else(|| refuse("action", &format_args!("must be one of {}", known().join(", "))))
    });
    let operator = given("operator").map(|label| {
        label.parse::<Operator>().map_err(|rule: OperatorError| refuse("operator", &rule))
    });
    let subject = given("subject").map(|id| {
        let id: Result<EntryId, IdError> = id.parse();
        id.map(EntryId::get).map_err(|rule| refuse("subject", &rule))
    });
    Ok(LogFilter {
        action: action.transpose()?,
        operator: operator.transpose()?,
        subject: subject.transpose()?,
        since: given("since").map(|text| moment("since", text)).transpose()?,
        until: given("until").map(|text| moment("until", text)).transpose()?,
    })
}

#[derive(Debug, Serialize)]
struct EntriesOut {
    entries: Vec<EntryOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One line. Every member is always there, `null` where there is nothing.
#[derive(Debug, Serialize)]
struct EntryOut {
    id: String,
    at: String,
    app_id: Option<String>,
    operator: Option<String>,
    action: &'static str,
    subject_id: String,
    revision: Option<u32>,
}

impl From<Entry> for EntryOut {
    fn from(entry: Entry) -> Self {
        let Entry { id, app, operator, action, subject, revision } = entry;
        Self {
            id: id.to_string(),
            at: written_moment(id.created_at()),
            app_id: app.map(|app| app.to_string()),
            operator: operator.map(|operator| operator.to_string()),
            action: action.as_str(),
            subject_id: subject.to_string(),
            revision,
        }
    }
}
