//! What is said of names.

use guise_domain::limits::{LOOKALIKES_MAX, PROFILES_CHECKED_MAX};
use guise_domain::rate::Endpoint;
use serde_json::{Value, json};

use super::operation::{JSON, Operation};
use super::profiles::invalid;
use super::schemas::{exactly, id_text, list, object, schema, text, with};

pub(super) fn check() -> Operation {
    let bounded = |items| with(list(items), "maxItems", PROFILES_CHECKED_MAX.into());
    let error = exactly(2, [("slug", text()), ("message", text())]);
    let checked = exactly(2, [("errors", list(error)), ("warnings", warnings())]);
    Operation::post(
        "/guise/v1/profiles/check",
        Endpoint::ProfilesCheck,
        "Says what would be said of profiles, without making any",
    )
    .says(
        "One answer for each, in order: why its name or kind would be refused, and whom the name looks like. One \
        with the external id of a living profile is held against the rules for changing that.",
    )
    .reads(JSON, object(1, [("profiles", bounded(schema("Draft")))]))
    .answers(200, "What would be said.", exactly(1, [("profiles", bounded(checked))]))
    .refuses([invalid()])
}

/// Whom a new name looks like.
pub(super) fn warnings() -> Value {
    with(list(schema("Warning")), "maxItems", LOOKALIKES_MAX.into())
}

pub(super) fn schemas() -> Value {
    json!({
        "Draft": {
            "type": "object",
            "description": "Name, kind and external id as `NewProfile` has them. What is wrong with them is no error of \
                the request's: it is the answer.",
        },
        "Warning": exactly(2, [
            ("slug", json!({"const": "name-looks-like"})),
            ("message", text()),
            ("profile_id", id_text()),
            ("account", text()),
        ]),
    })
}
