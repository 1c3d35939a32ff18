//! Direct messages.

use guise_domain::limits::{
    BUTTONS_MAX, LABEL_CHARS_MAX, MESSAGE_CHARS_MAX, OPTION_DESCRIPTION_CHARS_MAX,
    OPTION_METADATA_CHARS_MAX, PAGE_COUNT_MAX, PLACE_ID_CHARS_MAX, QUICK_REPLY_OPTIONS_MAX,
    WEB_URL_BYTES_MAX,
};
use guise_domain::rate::Endpoint;
use serde_json::{Value, json};

use super::operation::{FORM, JSON, Operation};
use super::profiles::invalid;
use super::schemas::{count, cursor, exactly, list, object, or_null, schema, with};
use crate::error::Refusal;

/// Any text without NUL.
const PLAIN: &str = "^[^\\u0000]*$";
/// One line that is not empty.
const LINE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$";
/// Any text without NUL that is not empty.
const SAYING: &str = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$";

pub(super) fn operations() -> Vec<Operation> {
    let mut operations = events();
    operations.extend(around());
    operations.push(picture());
    operations
}

fn events() -> Vec<Operation> {
    vec![
        new(),
        Operation::get(
            "/1.1/direct_messages/events/show.json",
            Endpoint::DirectMessagesShow,
            "Shows a message of the caller's box",
        )
        .takes("query", "id", true, schema("MessageId"))
        .answers(200, "The message.", schema("EventAnswer"))
        .refuses([Refusal::NotFound, invalid()]),
        Operation::get(
            "/1.1/direct_messages/events/list.json",
            Endpoint::DirectMessagesList,
            "Lists what the caller sent and received in 30 days, newest first",
        )
        .takes("query", "count", false, count())
        .takes("query", "cursor", false, cursor())
        .answers(200, "A page of messages.", page())
        .refuses([invalid()]),
        Operation::delete(
            "/1.1/direct_messages/events/destroy.json",
            Endpoint::DirectMessagesDestroy,
            "Removes the caller's copy of a message",
        )
        .says("The id may come in the query, in a form, or in JSON.")
        .takes("query", "id", true, schema("MessageId"))
        .answers_empty(204, "It is gone.")
        .refuses([Refusal::NotFound, invalid()]),
    ]
}

fn new() -> Operation {
    Operation::post(
        "/1.1/direct_messages/events/new.json",
        Endpoint::DirectMessagesNew,
        "Sends a message",
    )
    .says(
        "Up to five messages back within a day after the other party wrote are not counted. `custom_profile_id` is \
         taken from `event` and from `message_data` too, where clients put it; two that differ are refused.",
    )
    .reads(JSON, object(1, [("event", schema("NewEvent"))]))
    .answers(200, "The message.", schema("EventAnswer"))
    .refuses([
        invalid(),
        Refusal::NotPermitted,
        Refusal::NoRecipient,
        Refusal::RecipientClosed,
        Refusal::TextTooLong,
        Refusal::NotSent("the reason".into()),
    ])
}

fn around() -> [Operation; 2] {
    let read = || {
        object(
            2,
            [("last_read_event_id", schema("MessageId")), ("recipient_id", schema("AccountId"))],
        )
    };
    let typing = || object(1, [("recipient_id", schema("AccountId"))]);
    [
        Operation::post(
            "/1.1/direct_messages/mark_read.json",
            Endpoint::DirectMessagesMarkRead,
            "Says up to which message of a party the caller has read",
        )
        .reads(FORM, read())
        .reads(JSON, read())
        .answers_empty(204, "It is noted.")
        .refuses([Refusal::NotFound, invalid()]),
        Operation::post(
            "/1.1/direct_messages/indicate_typing.json",
            Endpoint::DirectMessagesIndicateTyping,
            "Says that the caller is writing",
        )
        .reads(FORM, typing())
        .reads(JSON, typing())
        .answers_empty(204, "It is told to whoever listens.")
        .refuses([Refusal::NoRecipient, invalid()]),
    ]
}

fn picture() -> Operation {
    let binary = json!({"schema": {"type": "string", "format": "binary"}});
    Operation::get(
        "/1.1/ton/data/dm/{message}/{media}/{file}",
        Endpoint::DirectMessagesMedia,
        "Gets the picture of a message",
    )
    .says("As `media_url` names it; `:small` and the like behind it choose a size.")
    .takes("path", "message", true, schema("MessageId"))
    .takes("path", "media", true, schema("MediaId"))
    .takes("path", "file", true, json!({"type": "string", "format": "picture-file"}))
    .takes(
        "query",
        "name",
        false,
        json!({
            "enum": ["thumb", "small", "medium", "large", "orig"],
            "description": "The size, when the path names none.",
        }),
    )
    .answers_as(200, "The picture.", json!({"image/jpeg": binary, "image/png": binary}))
    .refuses([Refusal::NotFound])
}

fn page() -> Value {
    let events = with(list(schema("Event")), "maxItems", PAGE_COUNT_MAX.into());
    exactly(1, [("events", events), ("next_cursor", cursor()), ("apps", schema("Apps"))])
}

pub(super) fn schemas() -> Value {
    json!({
        "NewEvent": new_event(),
        "Location": location(),
        "QuickReply": quick_reply(),
        "QuickReplyResponse": object(2, [
            ("type", json!({"const": "options"})),
            ("metadata", within(OPTION_METADATA_CHARS_MAX, PLAIN)),
        ]),
        "InitiatedVia": {"oneOf": [
            object(1, [("tweet_id", schema("MessageId"))]),
            object(1, [("welcome_message_id", schema("MessageId"))]),
        ]},
    })
}

fn within(max: usize, pattern: &str) -> Value {
    json!({"type": "string", "maxLength": max, "pattern": pattern})
}

fn new_event() -> Value {
    let media = object(1, [("id", schema("MediaId"))]);
    let attachment = json!({"oneOf": [
        object(2, [("type", json!({"const": "media"})), ("media", media)]),
        object(2, [("type", json!({"const": "location"})), ("location", schema("Location"))]),
    ]});
    let url = json!({
        "type": "string",
        "format": "web-url",
        "maxLength": WEB_URL_BYTES_MAX,
        "description": "Absolute, http or https.",
    });
    let button = object(
        3,
        [
            ("type", json!({"const": "web_url"})),
            ("label", within(LABEL_CHARS_MAX, LINE)),
            ("url", url),
        ],
    );
    let buttons = json!({"type": "array", "minItems": 1, "maxItems": BUTTONS_MAX, "items": button});
    let data = object(
        0,
        [
            ("text", or_null(within(MESSAGE_CHARS_MAX, PLAIN))),
            ("attachment", or_null(attachment.clone())),
            ("quick_reply", or_null(schema("QuickReply"))),
            ("quick_reply_response", or_null(schema("QuickReplyResponse"))),
            ("ctas", or_null(buttons)),
        ],
    );
    let said = json!([
        object(1, [("text", within(MESSAGE_CHARS_MAX, SAYING))]),
        object(1, [("attachment", attachment)]),
    ]);
    let data = with(data, "anyOf", said);
    let message = object(
        2,
        [
            ("target", object(1, [("recipient_id", schema("AccountId"))])),
            ("message_data", data),
            ("custom_profile_id", or_null(schema("ProfileId"))),
        ],
    );
    object(
        2,
        [
            ("type", json!({"const": "message_create"})),
            ("message_create", message),
            ("initiated_via", or_null(schema("InitiatedVia"))),
        ],
    )
}

fn location() -> Value {
    let degrees = |max: i32| json!({"type": "number", "minimum": -max, "maximum": max});
    let point = json!({
        "type": "array",
        "description": "Longitude, then latitude.",
        "minItems": 2,
        "maxItems": 2,
        "prefixItems": [degrees(180), degrees(90)],
        "items": degrees(180),
    });
    let point = object(2, [("type", json!({"const": "Point"})), ("coordinates", point)]);
    let place =
        json!({"type": "string", "pattern": format!("^[A-Za-z0-9]{{1,{PLACE_ID_CHARS_MAX}}}$")});
    json!({"oneOf": [
        object(2, [
            ("type", json!({"const": "shared_coordinate"})),
            ("shared_coordinate", object(1, [("coordinates", point)])),
        ]),
        object(2, [
            ("type", json!({"const": "shared_place"})),
            ("shared_place", object(1, [("place", object(1, [("id", place)]))])),
        ]),
    ]})
}

fn quick_reply() -> Value {
    let label = with(within(LABEL_CHARS_MAX, LINE), "description", "No URL may be in it.".into());
    let metadata = || or_null(within(OPTION_METADATA_CHARS_MAX, PLAIN));
    let bare = object(
        1,
        [
            ("label", label.clone()),
            ("description", json!({"type": "null"})),
            ("metadata", metadata()),
        ],
    );
    let described = object(
        2,
        [
            ("label", label),
            ("description", within(OPTION_DESCRIPTION_CHARS_MAX, SAYING)),
            ("metadata", metadata()),
        ],
    );
    let options = |option| json!({"type": "array", "minItems": 1, "maxItems": QUICK_REPLY_OPTIONS_MAX, "items": option});
    object(
        2,
        [
            ("type", json!({"const": "options"})),
            (
                "options",
                json!({
                    "description": "Either all have a description, or none.",
                    "anyOf": [options(bare), options(described)],
                }),
            ),
        ],
    )
}
