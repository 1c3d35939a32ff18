//! The inspector: the last requests to an account's apps.

use guise_domain::limits::PAGE_COUNT_MAX;
use guise_domain::rate::Endpoint;
use serde_json::{Value, json};

use super::operation::{JSON, Operation};
use super::profiles::invalid;
use super::schemas::{count, cursor, exactly, id_text, list, or_null, schema, text, with};
use crate::error::Refusal;

const PATH: &str = "/guise/v1/requests";

pub(super) fn operations() -> Vec<Operation> {
    let requests = with(list(schema("Request")), "maxItems", PAGE_COUNT_MAX.into());
    let page = exactly(1, [("requests", requests), ("next_cursor", cursor())]);
    let whole = json!({JSON: {"schema": schema("InspectedRequest")}});
    let all = Operation::get(
        PATH,
        Endpoint::Requests,
        "Lists the last requests to the account's own apps, newest first",
    )
    .says("In memory only, and without looks at the inspector itself. The calling app has to be the account's own.");
    let stream = Operation::get(
        "/guise/v1/requests/stream",
        Endpoint::RequestsStream,
        "Streams the requests to the account's own apps as they are answered",
    )
    .says(
        "Server-sent events. `open` comes first when there is no `Last-Event-ID`. `request` is as in the list; its id \
         can be sent back as `Last-Event-ID`. `missed` says that some are forgotten before they could be told.",
    );
    vec![
        filtered(all)
            .takes("query", "count", false, count())
            .takes("query", "cursor", false, cursor())
            .answers(200, "A page.", page)
            .refuses([invalid(), Refusal::NotOwnApp]),
        Operation::get(
            "/guise/v1/requests/{id}",
            Endpoint::RequestsShow,
            "Shows one request, and why its signature was refused",
        )
        .says("The id is the answer's `x-transaction-id`.")
        .takes("path", "id", true, schema("RequestId"))
        .answers_as(200, "The request.", whole)
        .refuses([Refusal::NotFound, Refusal::NotOwnApp]),
        filtered(stream)
            .takes("header", "Last-Event-ID", false, json!({"type": "integer", "minimum": 0}))
            .answers_as(200, "Events, until the client goes.", json!({"text/event-stream": {}}))
            .refuses([invalid(), Refusal::NotOwnApp]),
    ]
}

fn filtered(operation: Operation) -> Operation {
    let status = json!({"type": "string", "pattern": "^([1-5]xx|[1-5][0-9][0-9])$"});
    let code = json!({"type": "integer", "minimum": 0, "maximum": u16::MAX});
    operation
        .takes("query", "method", false, text())
        .takes("query", "status", false, status)
        .takes("query", "code", false, code)
        .takes("query", "path", false, text())
        .takes("query", "app", false, id_text())
}

pub(super) fn schemas() -> Value {
    let number = || json!({"type": "integer", "minimum": 0});
    let request = exactly(
        12,
        [
            ("id", schema("RequestId")),
            ("at", json!({"type": "string", "format": "date-time"})),
            ("method", text()),
            ("path", text()),
            ("route", or_null(text())),
            ("status", number()),
            ("code", or_null(number())),
            ("slug", or_null(text())),
            ("ms", number()),
            ("account_id", or_null(id_text())),
            ("app_id", id_text()),
            ("token", or_null(text())),
        ],
    );
    let pairs = || list(exactly(2, [("name", text()), ("value", text())]));
    let body = || or_null(exactly(2, [("text", text()), ("bytes", number())]));
    let mistakes = list(exactly(2, [("mistake", text()), ("says", text())]));
    let diagnosis = exactly(
        5,
        [
            ("mistakes", mistakes),
            ("base_string", or_null(text())),
            ("signed_base_string", or_null(text())),
            ("signature", or_null(text())),
            ("skew_seconds", or_null(json!({"type": "integer"}))),
        ],
    );
    let more = exactly(
        5,
        [
            ("oauth", pairs()),
            ("headers", pairs()),
            ("body", body()),
            ("answer", body()),
            ("diagnosis", or_null(diagnosis)),
        ],
    );
    json!({
        "RequestId": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "InspectedRequest": both(request.clone(), more),
        "Request": request,
    })
}

/// An object of the members of both.
fn both(one: Value, other: Value) -> Value {
    let mut all = one;
    if let (Some(Value::Array(required)), Some(Value::Array(more))) =
        (all.get_mut("required"), other.get("required"))
    {
        required.extend(more.iter().cloned());
    }
    if let (Some(Value::Object(properties)), Some(Value::Object(more))) =
        (all.get_mut("properties"), other.get("properties"))
    {
        properties.extend(more.clone());
    }
    all
}
