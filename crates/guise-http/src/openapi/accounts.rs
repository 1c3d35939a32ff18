//! Accounts, their settings and blocks, and what is left of limits.

use guise_domain::limits::USERS_LOOKUP_MAX;
use guise_domain::rate::Endpoint;
use serde_json::{Value, json};

use super::operation::{FORM, Operation};
use super::profiles::invalid;
use super::schemas::{exactly, id_number, id_text, list, object, schema, text, with};
use crate::error::Refusal;

pub(super) fn operations() -> Vec<Operation> {
    let mut operations = vec![
        Operation::get(
            "/1.1/account/verify_credentials.json",
            Endpoint::AccountVerifyCredentials,
            "Shows the caller's account",
        )
        .answers(200, "The account.", schema("User")),
        Operation::get(
            "/1.1/application/rate_limit_status.json",
            Endpoint::ApplicationRateLimitStatus,
            "Shows what is left of the limits",
        )
        .says("Windows of more than 15 minutes are not listed.")
        .takes("query", "resources", false, resources())
        .answers(200, "The windows by family and endpoint.", limits()),
    ];
    operations.extend(settings());
    operations.extend(users());
    operations.extend(blocks());
    operations
}

fn settings() -> [Operation; 2] {
    const PATH: &str = "/1.1/account/settings.json";
    let from = json!({"enum": ["all", "following"]});
    [
        Operation::get(PATH, Endpoint::AccountSettings, "Shows the caller's settings")
            .answers(200, "The settings.", schema("Settings"))
            .refuses([Refusal::NoUser]),
        Operation::post(
            PATH,
            Endpoint::AccountSettingsUpdate,
            "Sets whose messages the caller takes",
        )
        .reads(FORM, object(1, [("allow_dms_from", from)]))
        .answers(200, "The settings.", schema("Settings"))
        .refuses([invalid()]),
    ]
}

fn users() -> [Operation; 4] {
    const LOOKUP: &str = "/1.1/users/lookup.json";
    let found = || list(schema("User"));
    let refusals = || [invalid(), Refusal::NoUsers, Refusal::TooManyUsers];
    let v2 = exactly(3, [("id", id_text()), ("name", text()), ("username", text())]);
    [
        Operation::get("/1.1/users/show.json", Endpoint::UsersShow, "Shows an account")
            .takes_together("user", schema("UserReference"))
            .answers(200, "The account.", schema("User"))
            .refuses([invalid(), Refusal::NoUser]),
        Operation::get(LOOKUP, Endpoint::UsersLookup, "Shows several accounts")
            .takes_together("users", schema("UserReferences"))
            .answers(200, "Those that exist.", found())
            .refuses(refusals()),
        Operation::post(
            LOOKUP,
            Endpoint::UsersLookup,
            "Shows several accounts, asked for in a form",
        )
        .reads(FORM, schema("UserReferences"))
        .answers(200, "Those that exist.", found())
        .refuses(refusals()),
        Operation::get("/2/users/{id}", Endpoint::UsersShow, "Shows an account as version 2 did")
            .takes("path", "id", true, schema("AccountId"))
            .answers(200, "The account.", exactly(1, [("data", v2)]))
            .refuses([Refusal::NoUser]),
    ]
}

fn blocks() -> [Operation; 3] {
    let set = |path, endpoint, summary| {
        Operation::post(path, endpoint, summary)
            .reads(FORM, schema("UserReference"))
            .answers(200, "The other account.", schema("User"))
            .refuses([invalid(), Refusal::NoUser])
    };
    let cursor = json!({
        "type": "integer",
        "format": "int64",
        "minimum": i64::MIN,
        "maximum": i64::MAX,
        "default": -1,
        "description": "`next_cursor` of the page before; -1 is the first page's.",
    });
    [
        set(
            "/1.1/blocks/create.json",
            Endpoint::BlocksCreate,
            "Takes no more messages from an account",
        ),
        set("/1.1/blocks/destroy.json", Endpoint::BlocksDestroy, "Lifts a block"),
        Operation::get(
            "/1.1/blocks/ids.json",
            Endpoint::BlocksIds,
            "Lists whom the caller blocked",
        )
        .takes("query", "cursor", false, cursor)
        .takes("query", "stringify_ids", false, stringify_ids())
        .answers(200, "A page of ids.", blocked())
        .refuses([invalid()]),
    ]
}

fn stringify_ids() -> Value {
    json!({
        "type": "string",
        "description": "`true`: ids as texts, for those whose numbers have fewer than 63 bits; else as numbers.",
    })
}

fn blocked() -> Value {
    let number = json!({"type": "integer", "format": "int64", "minimum": 0});
    exactly(
        5,
        [
            ("ids", json!({"anyOf": [list(id_number()), list(id_text())]})),
            ("next_cursor", number.clone()),
            ("next_cursor_str", json!({"type": "string", "pattern": "^[0-9]{1,19}$"})),
            ("previous_cursor", json!({"const": 0})),
            ("previous_cursor_str", json!({"const": "0"})),
        ],
    )
}

fn resources() -> Value {
    json!({"type": "string", "description": "Families with commas between them; all when it is left out."})
}

fn limits() -> Value {
    let user = exactly(1, [("access_token", text())]);
    let app = exactly(1, [("application", text())]);
    let number = json!({"type": "integer", "minimum": 0});
    let window =
        exactly(3, [("limit", number.clone()), ("remaining", number.clone()), ("reset", number)]);
    let family = json!({
        "type": "object",
        "propertyNames": {"pattern": "^/[a-z_/]+$"},
        "additionalProperties": window,
    });
    exactly(
        2,
        [
            ("rate_limit_context", json!({"anyOf": [user, app]})),
            ("resources", json!({"type": "object", "additionalProperties": family})),
        ],
    )
}

pub(super) fn schemas() -> Value {
    let name = json!({
        "type": "string",
        "minLength": 1,
        "description": "A screen name; any other text is nobody's.",
    });
    let several = json!({
        "type": "string",
        "pattern": "[^,\\s]",
        "description": format!("Up to {USERS_LOOKUP_MAX} in all, with commas between them."),
    });
    let one = object(0, [("user_id", schema("AccountId")), ("screen_name", text())]);
    let more = object(0, [("user_id", schema("AccountIds")), ("screen_name", text())]);
    // The other may be empty, which is as good as absent.
    let either = |of, id: Value, name: Value| {
        let (id, name) = (object(1, [("user_id", id)]), object(1, [("screen_name", name)]));
        with(of, "anyOf", json!([id, name]))
    };
    let (one, more) =
        (either(one, schema("AccountId"), name), either(more, several.clone(), several));
    json!({"UserReference": one, "UserReferences": more, "User": user(), "Settings": settings_out()})
}

/// The members of [`crate::users::user`].
fn user() -> Value {
    let (null, zero) = (json!({"type": "null"}), json!({"const": 0}));
    let picture = json!({"type": "string", "format": "uri"});
    let no_urls = exactly(1, [("urls", json!({"type": "array", "maxItems": 0}))]);
    let date = "^[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \\+0000 [0-9]{4}$";
    exactly(
        26,
        [
            ("id", id_number()),
            ("id_str", id_text()),
            ("name", text()),
            ("screen_name", text()),
            ("location", json!({"const": ""})),
            ("description", json!({"const": ""})),
            ("url", null.clone()),
            ("entities", exactly(1, [("description", no_urls)])),
            ("protected", json!({"const": false})),
            ("followers_count", zero.clone()),
            ("friends_count", zero.clone()),
            ("listed_count", zero.clone()),
            ("created_at", json!({"type": "string", "pattern": date})),
            ("favourites_count", zero.clone()),
            ("utc_offset", null.clone()),
            ("time_zone", null.clone()),
            ("geo_enabled", json!({"const": false})),
            ("verified", json!({"const": false})),
            ("statuses_count", zero),
            ("lang", null),
            ("contributors_enabled", json!({"const": false})),
            ("is_translator", json!({"const": false})),
            ("profile_image_url", picture.clone()),
            ("profile_image_url_https", picture),
            ("default_profile", json!({"const": true})),
            ("default_profile_image", json!({"const": true})),
        ],
    )
}

/// The members of `account/settings`.
fn settings_out() -> Value {
    let (null, no) = (json!({"type": "null"}), json!({"const": false}));
    let sleep =
        exactly(3, [("enabled", no.clone()), ("end_time", null.clone()), ("start_time", null)]);
    exactly(
        13,
        [
            ("protected", no.clone()),
            ("screen_name", text()),
            ("always_use_https", json!({"const": true})),
            ("use_cookie_personalization", no.clone()),
            ("sleep_time", sleep),
            ("geo_enabled", no.clone()),
            ("language", json!({"const": "en"})),
            ("discoverable_by_email", no.clone()),
            ("discoverable_by_mobile_phone", no.clone()),
            ("display_sensitive_media", no),
            ("allow_contributor_request", json!({"const": "none"})),
            ("allow_dms_from", json!({"enum": ["all", "following"]})),
            ("allow_dm_groups_from", json!({"const": "following"})),
        ],
    )
}
