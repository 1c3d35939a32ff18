//! Messages as they are answered.

use serde_json::{Value, json};

use super::schemas::{exactly, id_number, id_text, list, milliseconds, schema, text};

pub(super) fn schemas() -> Value {
    json!({
        "Event": event(),
        "EventAnswer": exactly(1, [("event", schema("Event")), ("apps", schema("Apps"))]),
        "Apps": {
            "type": "object",
            "description": "The apps that the caller's own messages were sent by.",
            "minProperties": 1,
            "additionalProperties":
                exactly(3, [("id", id_text()), ("name", text()), ("url", text())]),
        },
        "Entities": entities(),
        "Picture": picture_out(),
    })
}

/// A message as it is answered.
fn event() -> Value {
    let option = exactly(1, [("label", text()), ("description", text()), ("metadata", text())]);
    let kind = json!({"const": "options"});
    let button = exactly(
        4,
        [
            ("type", json!({"const": "web_url"})),
            ("label", text()),
            ("url", text()),
            ("tco_url", text()),
        ],
    );
    let place =
        exactly(2, [("type", json!({"const": "location"})), ("location", schema("Location"))]);
    let media = exactly(2, [("type", json!({"const": "media"})), ("media", schema("Picture"))]);
    let data = exactly(
        2,
        [
            ("text", text()),
            ("entities", schema("Entities")),
            ("quick_reply_response", exactly(2, [("type", kind.clone()), ("metadata", text())])),
            ("attachment", json!({"oneOf": [media, place]})),
            ("quick_reply", exactly(2, [("type", kind), ("options", list(option))])),
            ("ctas", list(button)),
        ],
    );
    let message = exactly(
        3,
        [
            ("target", exactly(1, [("recipient_id", id_text())])),
            ("sender_id", id_text()),
            ("message_data", data),
            ("source_app_id", id_text()),
            ("custom_profile_id", id_text()),
        ],
    );
    let via = json!({"oneOf": [
        exactly(1, [("tweet_id", id_text())]),
        exactly(1, [("welcome_message_id", id_text())]),
    ]});
    exactly(
        4,
        [
            ("type", json!({"const": "message_create"})),
            ("id", id_text()),
            ("created_timestamp", milliseconds()),
            ("message_create", message),
            ("initiated_via", via),
        ],
    )
}

/// Where something stands in a text, in code points.
fn indices() -> Value {
    let index = json!({"type": "integer", "minimum": 0});
    json!({"type": "array", "minItems": 2, "maxItems": 2, "items": index})
}

fn entities() -> Value {
    let tags = || list(exactly(2, [("text", text()), ("indices", indices())]));
    let mention = exactly(
        5,
        [
            ("screen_name", text()),
            ("name", text()),
            ("id", id_number()),
            ("id_str", id_text()),
            ("indices", indices()),
        ],
    );
    let url = exactly(
        4,
        [
            ("url", text()),
            ("expanded_url", text()),
            ("display_url", text()),
            ("indices", indices()),
        ],
    );
    exactly(
        4,
        [
            ("hashtags", tags()),
            ("symbols", tags()),
            ("user_mentions", list(mention)),
            ("urls", list(url)),
        ],
    )
}

fn picture_out() -> Value {
    let side = || json!({"type": "integer", "minimum": 1});
    let scaled = |resize: &str| {
        exactly(3, [("w", side()), ("h", side()), ("resize", json!({"const": resize}))])
    };
    let sizes = exactly(
        4,
        [
            ("thumb", scaled("crop")),
            ("small", scaled("fit")),
            ("medium", scaled("fit")),
            ("large", scaled("fit")),
        ],
    );
    let url = json!({"type": "string", "format": "uri", "pattern": "/1\\.1/ton/data/dm/"});
    exactly(
        10,
        [
            ("id", id_number()),
            ("id_str", id_text()),
            ("indices", indices()),
            ("media_url", url.clone()),
            ("media_url_https", url.clone()),
            ("url", url.clone()),
            ("display_url", text()),
            ("expanded_url", url),
            ("type", json!({"const": "photo"})),
            ("sizes", sizes),
        ],
    )
}
