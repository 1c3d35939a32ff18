//! What Guise adds: the stream of a box, and these documents.

use guise_domain::limits::PAGE_COUNT_MAX;
use guise_domain::rate::Endpoint;
use serde_json::json;

use super::operation::{JSON, Operation};
use super::profiles::invalid;
use super::schemas::{count, cursor, exactly, list, or_null, schema, with};

pub(super) fn operations() -> Vec<Operation> {
    let document = |path, summary| {
        let document = json!({JSON: {"schema": {"type": "object", "required": ["openapi"]}}});
        Operation::public(path, summary).answers_as(200, "The document.", document)
    };
    let message = exactly(
        2,
        [
            ("event", json!({"type": "object", "required": ["id", "message_create"]})),
            (
                "custom_profile",
                or_null(json!({"type": "object", "required": ["id", "name", "avatar"]})),
            ),
        ],
    );
    let messages = with(list(message), "maxItems", PAGE_COUNT_MAX.into());
    vec![
        Operation::get(
            "/guise/v1/direct_messages",
            Endpoint::DirectMessagesBox,
            "Lists the caller's box, newest first, each message with the face it was written under",
        )
        .says("`event` and `custom_profile` are as the API v1.1 has them.")
        .takes("query", "count", false, count())
        .takes("query", "cursor", false, cursor())
        .answers(200, "A page.", exactly(1, [("messages", messages), ("next_cursor", cursor())]))
        .refuses([invalid()]),
        Operation::get(
            "/guise/v1/direct_messages/stream",
            Endpoint::DirectMessagesStream,
            "Streams the caller's box as it fills",
        )
        .says(
            "Server-sent events. `open` comes first when there is no `Last-Event-ID`. `message` has the members `event`, as `direct_messages/events/list` has it, and \
             `custom_profile`, the profile it was written under or null; its id can be sent back as `Last-Event-ID`. \
             `typing` has `sender_id` and `expires_after_secs`. `read` has `reader_id` and `last_read_event_id`.",
        )
        .takes("header", "Last-Event-ID", false, schema("MessageId"))
        .answers_as(200, "Events, until the client goes.", json!({"text/event-stream": {}}))
        .refuses([invalid()]),
        document("/guise/v1/openapi/v1.1.json", "The document of the API v1.1"),
        document("/guise/v1/openapi/guise-v1.json", "This document"),
    ]
}
