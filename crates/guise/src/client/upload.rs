//! Uploading a picture: in one piece, or in segments with INIT, APPEND and FINALIZE.

use anyhow::Context;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use super::{Answer, Body, Client};

const PATH: &str = "/1.1/media/upload.json";
/// One segment's size: small enough that a lost one costs little.
const SEGMENT_BYTES: usize = 1024 * 1024;

/// Uploads `bytes`; the server's answer to it. `name` is the file's.
pub(crate) async fn upload(client: &Client, name: &str, bytes: &[u8]) -> anyhow::Result<Answer> {
    upload_as(client, name, bytes, None).await
}

/// The same, for a purpose that the server knows by this name.
pub(super) async fn upload_as(
    client: &Client,
    name: &str,
    bytes: &[u8],
    category: Option<&'static str>,
) -> anyhow::Result<Answer> {
    let part = Part::bytes(bytes.to_vec()).file_name(name.to_owned());
    let form = Form::new().part("media", part);
    let form = match category {
        Some(category) => form.text("media_category", category),
        None => form,
    };
    client.post(PATH, Body::Multipart(form)).await
}

/// Uploads `bytes` in segments; the server's answer to the last step.
pub(super) async fn upload_chunked(
    client: &Client,
    name: &str,
    bytes: &[u8],
) -> anyhow::Result<Answer> {
    let media_type = match name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).as_deref()
    {
        Some("png") => "image%2Fpng",
        Some("gif") => "image%2Fgif",
        Some("webp") => "image%2Fwebp",
        _ => "image%2Fjpeg",
    };
    let init = format!("command=INIT&total_bytes={}&media_type={media_type}", bytes.len());
    let init = client.post(PATH, Body::Form(init)).await?.success()?;
    let id = media_id(&init)?;
    for (index, segment) in bytes.chunks(SEGMENT_BYTES).enumerate() {
        let form = Form::new()
            .text("command", "APPEND")
            .text("media_id", id.clone())
            .text("segment_index", index.to_string())
            .part("media", Part::bytes(segment.to_vec()).file_name(name.to_owned()));
        client.post(PATH, Body::Multipart(form)).await?.success()?;
    }
    client.post(PATH, Body::Form(format!("command=FINALIZE&media_id={id}"))).await
}

/// The id in an upload's answer.
pub(crate) fn media_id(json: &Value) -> anyhow::Result<String> {
    let id = json.get("media_id_string").and_then(Value::as_str);
    id.map(str::to_owned).context("the server's answer has no media_id_string")
}
