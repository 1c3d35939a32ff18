//! Custom profiles.

use guise_domain::BrokenRule;
use guise_domain::limits::{PAGE_COUNT_MAX, PROFILE_NAME_CHARS_MAX};
use guise_domain::rate::Endpoint;
use serde_json::{Value, json};

use super::identity::kind;
use super::operation::{FORM, JSON, Operation};
use super::schemas::{
    count, cursor, exactly, id_text, list, milliseconds, object, or_null, schema, with,
};
use crate::error::Refusal;

pub(super) fn operations() -> Vec<Operation> {
    let show = |path, summary| {
        Operation::get(path, Endpoint::CustomProfilesShow, summary)
            .answers(200, "The profile.", schema("CustomProfileAnswer"))
            .says("Its owner may, and who received a message under it.")
            .refuses([Refusal::NotFound])
    };
    let destroy = |operation: Operation| {
        operation
            .answers_empty(204, "It is destroyed, or was before.")
            .says("The id may come in the query, in a form, or in JSON.")
            .refuses([Refusal::NotFound, invalid()])
    };
    vec![
        new(),
        show("/1.1/custom_profiles/show.json", "Shows a profile")
            .takes("query", "id", true, schema("ProfileId"))
            .refuses([invalid()]),
        Operation::get(
            "/1.1/custom_profiles/list.json",
            Endpoint::CustomProfilesList,
            "Lists the caller's profiles, newest first",
        )
        .takes("query", "count", false, count())
        .takes("query", "cursor", false, cursor())
        .answers(200, "A page of profiles.", page())
        .refuses([invalid()]),
        destroy(Operation::delete(
            "/1.1/custom_profiles/destroy.json",
            Endpoint::CustomProfilesDestroy,
            "Destroys a profile",
        ))
        .takes("query", "id", true, schema("ProfileId")),
        destroy(Operation::post(
            "/1.1/custom_profiles/destroy.json",
            Endpoint::CustomProfilesDestroy,
            "Destroys a profile, for clients without DELETE",
        ))
        .reads(FORM, object(1, [("id", schema("ProfileId"))]))
        .reads(JSON, object(1, [("id", schema("ProfileId"))])),
        show("/1.1/custom_profiles/{id}.json", "Shows the profile in the path").takes(
            "path",
            "id",
            true,
            schema("ProfileId"),
        ),
    ]
}

fn new() -> Operation {
    Operation::post(
        "/1.1/custom_profiles/new.json",
        Endpoint::CustomProfilesNew,
        "Creates a profile",
    )
    .says("The avatar's bytes are the profile's own from then on.")
    .reads(JSON, object(1, [("custom_profile", schema("NewCustomProfile"))]))
    .answers(200, "The new profile.", schema("CustomProfileAnswer"))
    .with_header("guise-warning")
    .refuses(broken("custom_profile."))
    .refuses([invalid(), Refusal::MediaNotFound, Refusal::NotAPicture])
}

/// The refusal of what breaks a rule.
pub(super) fn invalid() -> Refusal {
    Refusal::Invalid("What is wrong, its place first.".into())
}

/// The refusals of what the account or the server does not allow.
pub(super) fn broken(within: &str) -> [Refusal; 2] {
    let word = BrokenRule::ReservedWord("…".into());
    [word, BrokenRule::KindRequired].map(|rule| Refusal::broken(&rule).within(within))
}

fn page() -> Value {
    let profiles = with(list(schema("CustomProfile")), "maxItems", PAGE_COUNT_MAX.into());
    exactly(1, [("custom_profiles", profiles), ("next_cursor", cursor())])
}

/// What is said of a member that the original never had.
const NOT_SHOWN: &str =
    "Who speaks; no part of the answer, as the original had none. Some accounts require it.";

pub(super) fn schemas() -> Value {
    let name = json!({
        "type": "string",
        "format": "profile-name",
        "minLength": 1,
        "maxLength": PROFILE_NAME_CHARS_MAX,
        "description": "One line without control, bidirectional or invisible characters. White space around it is \
            taken off, and it is kept in NFC.",
    });
    let media_in = object(1, [("id", schema("MediaId"))]);
    let photo = json!({"const": "photo", "description": "Only with `compat.avatar_type`."});
    let url =
        json!({"type": "string", "format": "uri", "pattern": "/(media|faces)/[^/]+\\.(jpg|png)$"});
    let avatar = exactly(1, [("media", exactly(1, [("url", url)])), ("type", photo)]);
    json!({
        "NewCustomProfile": object(2, [
            ("name", name.clone()),
            ("avatar", object(1, [("media", media_in)])),
            ("kind", or_null(with(kind(), "description", NOT_SHOWN.into()))),
        ]),
        "CustomProfile": exactly(4, [
            ("id", id_text()),
            ("created_timestamp", milliseconds()),
            ("name", name),
            ("avatar", avatar),
        ]),
        "CustomProfileAnswer": exactly(1, [("custom_profile", schema("CustomProfile"))]),
    })
}
