//! The requests of the tour: each is shown with its answer, and each answer is held against the contract.

use anyhow::{Context, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Answer, Client, left, media_id, post_profile, upload};
use crate::clock::SystemClock;
use crate::output::Output;
use guise_domain::Clock;

/// Drawn for this project.
const PICTURE: &[u8] = include_bytes!("../../assets/jon.jpg");
const NAME: &str = "Jon C, Partner Engineer";

/// What the tour leaves behind.
pub(super) struct Tour {
    pub(super) media_id: String,
    /// Requests and answers, for `--json`.
    pub(super) steps: Vec<Value>,
}

/// The body of the founding page's request, in two lines, so that it fits a terminal.
pub(super) fn profile_body(media_id: &str) -> String {
    let (name, avatar) = (Value::from(NAME), json!({"media": {"id": media_id}}));
    format!("{{\"custom_profile\":{{\"name\":{name},\n      \"avatar\":{avatar}}}}}")
}

/// Uploads, creates, reads back and looks at the picture.
pub(super) async fn take(client: &Client, output: &mut Output) -> anyhow::Result<Tour> {
    let mut steps = Vec::new();
    let mut step = |request: &str, sent: &str, answer: &Answer| {
        steps.push(json!({
            "request": request,
            "status": answer.status.as_u16(),
            "content_type": answer.header("content-type"),
            "body": answer.json(),
        }));
        tell(request, sent, answer, output)
    };

    let sent = format!("(multipart: media, {} bytes of image/jpeg)", PICTURE.len());
    let answer = upload(client, "jon.jpg", PICTURE).await?;
    step("POST /1.1/media/upload.json", &sent, &answer)?;
    let media_id = media_id(&expect(&answer, StatusCode::OK)?)?;

    let answer = post_profile(client, NAME, &media_id).await?;
    let sent = profile_body(&media_id);
    step("POST /1.1/custom_profiles/new.json", &sent, &answer)?;
    let created = expect(&answer, StatusCode::OK)?;
    let (id, picture) = conforms(&created)?;

    let path = format!("/1.1/custom_profiles/{id}.json");
    let answer = client.get(&path).await?;
    step(&format!("GET {path}"), "", &answer)?;
    ensure!(expect(&answer, StatusCode::OK)? == created, "it did not read back as it was created");

    let answer = client.fetch(&picture).await?;
    step(&format!("GET {picture}"), "", &answer)?;
    ensure!(
        answer.status == StatusCode::OK && answer.header("content-type") == "image/jpeg",
        "the picture's URL should answer 200 image/jpeg"
    );
    Ok(Tour { media_id, steps })
}

fn expect(answer: &Answer, status: StatusCode) -> anyhow::Result<Value> {
    ensure!(answer.status == status, "the answer should be {status}, and was {}", answer.status);
    answer.json().context("the answer should be JSON")
}

/// Holds the founding page's answer against the contract; its id and picture.
fn conforms(answer: &Value) -> anyhow::Result<(String, String)> {
    let profile = answer.get("custom_profile").context("custom_profile is missing")?;
    let text = |pointer: &str| {
        let text = profile.pointer(pointer).and_then(Value::as_str);
        text.with_context(|| format!("custom_profile{pointer} should be a text"))
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (id, picture) = (text("/id")?, text("/avatar/media/url")?);
    ensure!(digits(id), "custom_profile/id should be digits");
    ensure!(
        digits(text("/created_timestamp")?),
        "custom_profile/created_timestamp should be digits"
    );
    ensure!(text("/name")? == NAME, "custom_profile/name should be {NAME}");
    Ok((id.to_owned(), picture.to_owned()))
}

fn tell(request: &str, sent: &str, answer: &Answer, output: &mut Output) -> anyhow::Result<()> {
    if output.json {
        return Ok(());
    }
    output.line(&output.paint("1;36", &format!("→ {request}")))?;
    if !sent.is_empty() {
        output.line(&format!("  {sent}"))?;
    }
    let colour = if answer.status.is_success() { "1;32" } else { "1;31" };
    let limits =
        left(answer, SystemClock.now()).map(|left| output.paint("2", &format!("  {left}")));
    let status = output.paint(colour, &format!("← {}", answer.status));
    output.line(&format!("{status}{}", limits.unwrap_or_default()))?;
    let body = match answer.json() {
        Some(json) => format!("{json:#}").replace('\n', "\n  "),
        None => format!("({} bytes of {})", answer.body.len(), answer.header("content-type")),
    };
    Ok(output.line(&format!("  {body}\n"))?)
}
