//! Profiles as their owner knows them, and the log.

use guise_domain::limits::{
    EXTERNAL_ID_CHARS_MAX, OPERATOR_CHARS_MAX, PAGE_COUNT_MAX, PROFILE_NAME_CHARS_MAX,
    PROFILE_TAG_CHARS_MAX, PROFILE_TAGS_MAX,
};
use guise_domain::rate::Endpoint;
use guise_domain::{Action, Kind};
use serde_json::{Value, json};

use super::names;
use super::operation::{JSON, Operation};
use super::profiles::{broken, invalid};
use super::schemas::{count, cursor, exactly, id_text, list, object, or_null, schema, text, with};
use crate::error::Refusal;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        find(),
        create(),
        Operation::get("/guise/v1/profiles/{id}", Endpoint::ProfilesShow, "Shows a profile")
            .says("Destroyed ones too.")
            .takes("path", "id", true, schema("ProfileId"))
            .answers(200, "The profile.", exactly(1, [("profile", schema("Profile"))]))
            .refuses([Refusal::NotFound]),
        Operation::patch("/guise/v1/profiles/{id}", Endpoint::ProfilesEdit, "Changes a profile")
            .says("What is absent stays. Another name, picture or kind is a new revision. If-Match `*` changes whatever is there.")
            .takes("path", "id", true, schema("ProfileId"))
            .takes("header", "If-Match", true, revision("^(\\*|\"[1-9][0-9]{0,8}\")$"))
            .reads(JSON, schema("ProfileChange"))
            .answers(200, "The profile as it is now.", made())
            .refuses(broken("").into_iter().take(1))
            .refuses([Refusal::NotFound, Refusal::Stale(1), Refusal::RevisionRequired, invalid()])
            .refuses([Refusal::MediaNotFound, Refusal::NotAPicture, Refusal::ExternalIdTaken]),
        erase(),
        names::check(),
        revisions(),
        put(),
        audit(),
    ]
}

fn find() -> Operation {
    let state = json!({"enum": ["living", "destroyed", "all"], "default": "living"});
    let profiles = with(list(schema("Profile")), "maxItems", PAGE_COUNT_MAX.into());
    Operation::get("/guise/v1/profiles", Endpoint::ProfilesFind, "Finds profiles, newest first")
        .says("Names are compared without case and accents.")
        .takes("query", "name", false, text())
        .takes("query", "name_prefix", false, text())
        .takes("query", "kind", false, kind())
        .takes("query", "tag", false, tag())
        .takes("query", "unused_since", false, moment())
        .takes("query", "state", false, state)
        .takes("query", "count", false, count())
        .takes("query", "cursor", false, cursor())
        .answers(200, "A page.", exactly(1, [("profiles", profiles), ("next_cursor", cursor())]))
        .refuses([invalid()])
}

/// A profile with what is to be said about its name.
fn made() -> Value {
    exactly(2, [("profile", schema("Profile")), ("warnings", names::warnings())])
}

fn create() -> Operation {
    Operation::post("/guise/v1/profiles", Endpoint::CustomProfilesNew, "Makes a profile")
        .reads(JSON, schema("NewProfile"))
        .answers(201, "The new profile.", made())
        .refuses(broken(""))
        .refuses([invalid(), Refusal::MediaNotFound, Refusal::NotAPicture])
        .refuses([Refusal::ExternalIdTaken])
}

fn put() -> Operation {
    let answer = |outcomes: &[&str]| {
        let outcome = json!({"enum": outcomes});
        exactly(
            3,
            [("profile", schema("Profile")), ("outcome", outcome), ("warnings", names::warnings())],
        )
    };
    Operation::put(
        "/guise/v1/profiles/by-external-id/{key}",
        Endpoint::ProfilesEdit,
        "Makes or changes the profile with this external id",
    )
    .says("A new one needs a name, and no If-Match.")
    .takes("path", "key", true, external_id())
    .takes("header", "If-Match", false, revision("^\"[1-9][0-9]{0,8}\"$"))
    .reads(JSON, schema("ProfileChange"))
    .answers(200, "It was there.", answer(&["updated", "unchanged"]))
    .answers(201, "It is new.", answer(&["created"]))
    .refuses(broken(""))
    .refuses([Refusal::NotFound, Refusal::Stale(1), invalid()])
    .refuses([Refusal::MediaNotFound, Refusal::NotAPicture])
}

/// A revision as `ETag` has it.
fn revision(pattern: &str) -> Value {
    let description = "The revision that is changed, in quotes as `ETag` has it.";
    json!({"type": "string", "pattern": pattern, "description": description})
}

fn erase() -> Operation {
    Operation::post(
        "/guise/v1/profiles/{id}/erase",
        Endpoint::CustomProfilesDestroy,
        "Erases a profile for good",
    )
    .says(
        "Destroyed or not. A placeholder and a default face take the place of its name and its picture, in every \
        revision and in every message; its tags and its external id are gone. There is no way back. Nothing changes \
        the second time.",
    )
    .takes("path", "id", true, schema("ProfileId"))
    .answers(200, "What is left of it.", exactly(1, [("profile", schema("Profile"))]))
    .refuses([Refusal::NotFound])
}

fn revisions() -> Operation {
    let revisions = with(list(schema("Revision")), "maxItems", PAGE_COUNT_MAX.into());
    Operation::get(
        "/guise/v1/profiles/{id}/revisions",
        Endpoint::ProfilesRevisions,
        "Lists what a profile is and was, newest first",
    )
    .takes("path", "id", true, schema("ProfileId"))
    .takes("query", "count", false, count())
    .takes("query", "cursor", false, cursor())
    .answers(200, "A page.", exactly(1, [("revisions", revisions), ("next_cursor", cursor())]))
    .refuses([Refusal::NotFound, invalid()])
}

fn audit() -> Operation {
    let entries = with(list(schema("LogEntry")), "maxItems", PAGE_COUNT_MAX.into());
    Operation::get("/guise/v1/audit", Endpoint::Audit, "Lists who did what, newest first")
        .takes("query", "action", false, action())
        .takes("query", "operator", false, operator())
        .takes("query", "subject", false, id_text())
        .takes("query", "since", false, moment())
        .takes("query", "until", false, moment())
        .takes("query", "count", false, count())
        .takes("query", "cursor", false, cursor())
        .answers(200, "A page.", exactly(1, [("entries", entries), ("next_cursor", cursor())]))
        .refuses([invalid()])
}

/// Who or what speaks.
pub(super) fn kind() -> Value {
    json!({"enum": [Kind::Human.as_str(), Kind::Bot.as_str(), Kind::Ai.as_str()]})
}

fn action() -> Value {
    let words: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    json!({"enum": words})
}

fn operator() -> Value {
    json!({"type": "string", "format": "operator", "minLength": 1, "maxLength": OPERATOR_CHARS_MAX})
}

fn tag() -> Value {
    json!({"type": "string", "pattern": format!("^[a-z0-9_-]{{1,{PROFILE_TAG_CHARS_MAX}}}$")})
}

fn external_id() -> Value {
    json!({"type": "string", "pattern": format!("^(?!\\.{{1,2}}$)[!-~]{{1,{EXTERNAL_ID_CHARS_MAX}}}$")})
}

fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

pub(super) fn schemas() -> Value {
    let name = json!({
        "type": "string",
        "format": "profile-name",
        "minLength": 1,
        "maxLength": PROFILE_NAME_CHARS_MAX,
    });
    let revision = json!({"type": "integer", "minimum": 1});
    let number = json!({"type": "integer", "minimum": 0});
    let url = || ("url", json!({"type": "string", "format": "uri"}));
    let sha256 = json!({
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "description": "Of the file that was uploaded; null where it was not kept.",
    });
    let media = || object(1, [("media_id", schema("MediaId"))]);
    let tags = || with(list(tag()), "maxItems", PROFILE_TAGS_MAX.into());
    json!({
        "NewProfile": object(1, [
            ("name", name.clone()),
            ("avatar", or_null(media())),
            ("kind", or_null(kind())),
            ("external_id", or_null(external_id())),
            ("tags", or_null(tags())),
        ]),
        "ProfileChange": object(0, [
            ("name", or_null(name.clone())),
            ("avatar", or_null(media())),
            ("kind", or_null(kind())),
            ("external_id", or_null(external_id())),
            ("tags", or_null(tags())),
        ]),
        "Profile": exactly(13, [
            ("id", id_text()),
            ("revision", revision.clone()),
            ("name", name.clone()),
            ("kind", or_null(kind())),
            ("avatar", exactly(2, [url(), ("sha256", or_null(sha256))])),
            ("external_id", or_null(external_id())),
            ("tags", tags()),
            ("uses", number),
            ("created_at", moment()),
            ("changed_at", moment()),
            ("last_used_at", or_null(moment())),
            ("destroyed_at", or_null(moment())),
            ("erased_at", or_null(moment())),
        ]),
        "Revision": exactly(7, [
            ("revision", revision.clone()),
            ("name", name),
            ("kind", or_null(kind())),
            ("avatar", exactly(1, [url()])),
            ("made_at", moment()),
            ("app_id", or_null(id_text())),
            ("operator", or_null(operator())),
        ]),
        "LogEntry": exactly(7, [
            ("id", id_text()),
            ("at", moment()),
            ("app_id", or_null(id_text())),
            ("operator", or_null(operator())),
            ("action", action()),
            ("subject_id", id_text()),
            ("revision", or_null(revision)),
        ]),
    })
}
