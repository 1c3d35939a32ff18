//! Uploads.

use guise_domain::limits::{
    ADDITIONAL_OWNERS_MAX, ALT_TEXT_CHARS_MAX, ANIMATION_BYTES_MAX, MEDIA_FORM_BYTES_MAX,
    MULTIPART_BYTES_MAX, SEGMENTS_MAX, UPLOAD_SECONDS,
};
use guise_domain::rate::Endpoint;
use serde_json::{Value, json};

use super::operation::{FORM, JSON, Operation};
use super::profiles::invalid;
use super::schemas::{exactly, id_number, id_text, object, schema, with};
use crate::error::Refusal;

const UPLOAD: &str = "/1.1/media/upload.json";
const MULTIPART: &str = "multipart/form-data";

pub(super) fn operations() -> Vec<Operation> {
    let status = json!({"const": "STATUS"});
    vec![
        Operation::get(UPLOAD, Endpoint::MediaUploadStatus, "Tells how far an upload is")
            .takes("query", "command", true, status)
            .takes("query", "media_id", true, schema("UploadId"))
            .answers(200, "The upload and its progress.", schema("Upload"))
            .with_header("x-mediaid")
            .refuses([Refusal::Upload(String::new()), missing("command"), missing("media_id")]),
        upload(),
        Operation::post(
            "/1.1/media/metadata/create.json",
            Endpoint::MediaMetadataCreate,
            "Describes a picture in words",
        )
        .reads(JSON, description())
        .answers_empty(200, "It is described.")
        .refuses([invalid(), Refusal::MediaNotFound]),
    ]
}

fn missing(name: &'static str) -> Refusal {
    Refusal::Missing(name)
}

fn upload() -> Operation {
    Operation::post(UPLOAD, Endpoint::MediaUpload, "Uploads a picture, in one piece or in segments")
        .says(
            "INIT, APPEND, FINALIZE and STATUS take their parameters from the query too. Segments may come at once \
             and in any order; one that comes twice counts as it came last. JPEG, PNG, GIF and WebP are taken, \
             whatever they are called.",
        )
        .reads(MULTIPART, schema("UploadByMultipart"))
        .reads(FORM, schema("UploadByForm"))
        .answers(200, "The picture, uploaded in one piece; or the answer to STATUS.", schema("Upload"))
        .answers(201, "The picture, put together by FINALIZE.", schema("Upload"))
        .answers(202, "The upload that INIT began.", schema("Upload"))
        .answers_empty(204, "The segment was taken by APPEND.")
        .with_header("x-mediaid")
        .refuses([
            Refusal::Upload(String::new()),
            missing("media"),
            missing("media_id"),
            missing("media_type"),
            missing("segment_index"),
            missing("total_bytes"),
            Refusal::TooLarge(MEDIA_FORM_BYTES_MAX),
            Refusal::TooLarge(MULTIPART_BYTES_MAX),
        ])
}

fn description() -> Value {
    let words = json!({"type": "string", "maxLength": ALT_TEXT_CHARS_MAX});
    object(2, [("media_id", schema("MediaId")), ("alt_text", object(1, [("text", words)]))])
}

/// The forms that an upload's body may have, with the picture in `media` or in `media_data`.
fn body(media: &str, bytes: &Value) -> Value {
    let command = |name: &str| json!({"const": name});
    let id = || schema("UploadId");
    let index = json!({"type": "integer", "minimum": 0, "maximum": SEGMENTS_MAX - 1});
    let total = json!({"type": "integer", "minimum": 1, "maximum": ANIMATION_BYTES_MAX});
    let types = json!({"enum": ["image/jpeg", "image/png", "image/gif", "image/webp"]});
    let [category, shared, owners] = traits();
    let whole = [(media, bytes.clone()), category.clone(), shared.clone(), owners.clone()];
    let (total, types) = (("total_bytes", total), ("media_type", types));
    json!({"anyOf": [
        object(1, whole),
        object(3, [("command", command("INIT")), total, types, category, shared, owners]),
        object(4, [
            ("command", command("APPEND")),
            ("media_id", schema("OpenUploadId")),
            ("segment_index", index),
            (media, bytes.clone()),
        ]),
        object(2, [("command", command("FINALIZE")), ("media_id", id())]),
        object(2, [("command", command("STATUS")), ("media_id", id())]),
    ]})
}

/// What can be said of an upload when it begins, as members of its body.
fn traits() -> [(&'static str, Value); 3] {
    let category = json!({
        "enum": ["tweet_image", "tweet_gif", "dm_image", "dm_gif"],
        "description": "Also in camel and upper case.",
    });
    let shared = json!({
        "enum": ["true", "false"],
        "description": "Whether several messages may carry it. Also `t`, `f`, `1` and `0`, in any case.",
    });
    let owners = json!({
        "type": "string",
        "pattern": "^([1-9][0-9]{0,17}(,[1-9][0-9]{0,17})*)?$",
        "description": format!("Up to {ADDITIONAL_OWNERS_MAX} accounts that may use it too, with commas between them."),
    });
    [("media_category", category), ("shared", shared), ("additional_owners", owners)]
}

pub(super) fn schemas() -> Value {
    let binary = json!({"type": "string", "format": "binary", "contentMediaType": "image/*"});
    let base64 = json!({
        "type": "string",
        "format": "byte",
        "contentEncoding": "base64",
        "contentMediaType": "image/*",
    });
    let field = json!({
        "description": "It stands in a header, where no control characters may be.",
        "pattern": "^[^\\u0000-\\u001f\\u007f]*$",
    });
    let side = || json!({"type": "integer", "minimum": 1});
    let kinds = json!({"enum": ["image/jpeg", "image/png", "image/gif", "image/webp"]});
    let progress = exactly(
        1,
        [
            ("state", json!({"enum": ["pending", "succeeded"]})),
            ("check_after_secs", json!({"const": 1})),
            ("progress_percent", json!({"const": 100})),
        ],
    );
    let key = json!({
        "type": "string",
        "pattern": "^3_[1-9][0-9]{0,18}$",
        "description": "Only when a category was given.",
    });
    json!({
        "UploadByMultipart": with(body("media", &binary), "propertyNames", field),
        "UploadByForm": body("media_data", &base64),
        "Upload": exactly(3, [
            ("media_id", id_number()),
            ("media_id_string", id_text()),
            ("expires_after_secs", json!({"type": "integer", "minimum": 0, "maximum": UPLOAD_SECONDS})),
            ("media_key", key),
            ("size", json!({"type": "integer", "minimum": 1, "maximum": ANIMATION_BYTES_MAX})),
            ("image", exactly(3, [("image_type", kinds), ("w", side()), ("h", side())])),
            ("processing_info", progress),
        ]),
    })
}
