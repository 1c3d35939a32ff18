//! The requests of the tour: each is shown with its answer, and each answer is held against the contract.

use anyhow::{Context, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{
    Answer, Client, Names, left, media_id, post_message, post_profile, say, upload,
};
use crate::clock::SystemClock;
use crate::output::Output;
use guise_domain::Clock;

/// Drawn for this project.
const PICTURE: &[u8] = include_bytes!("../../assets/jon.jpg");
const NAME: &str = "Jon C, Partner Engineer";
const HELLO: &str = "Hello! I am Jon. How can I help?";

/// What the tour leaves behind.
pub(super) struct Tour {
    pub(super) media_id: String,
    pub(super) profile_id: String,
    /// Requests and answers, for `--json`.
    pub(super) steps: Vec<Value>,
}

/// The body of the founding page's request, in two lines, so that it fits a terminal.
pub(super) fn profile_body(media_id: &str) -> String {
    let (name, avatar) = (Value::from(NAME), json!({"media": {"id": media_id}}));
    format!("{{\"custom_profile\":{{\"name\":{name},\n      \"avatar\":{avatar}}}}}")
}

/// Uploads, creates, reads back, looks at the picture, and writes to the guest under the new profile.
pub(super) async fn take(
    host: &Client,
    guest: &Client,
    output: &mut Output,
) -> anyhow::Result<Tour> {
    let mut walk = Walk { steps: Vec::new(), output };
    let sent = format!("(multipart: media, {} bytes of image/jpeg)", PICTURE.len());
    let answer = upload(host, "jon.jpg", PICTURE).await?;
    walk.step("POST /1.1/media/upload.json", &sent, &answer)?;
    let media_id = media_id(&expect(&answer, StatusCode::OK)?)?;

    let answer = post_profile(host, NAME, &media_id).await?;
    let sent = profile_body(&media_id);
    walk.step("POST /1.1/custom_profiles/new.json", &sent, &answer)?;
    let created = expect(&answer, StatusCode::OK)?;
    let (id, picture) = conforms(&created)?;

    let path = format!("/1.1/custom_profiles/{id}.json");
    let answer = host.get(&path).await?;
    walk.step(&format!("GET {path}"), "", &answer)?;
    ensure!(expect(&answer, StatusCode::OK)? == created, "it did not read back as it was created");

    let answer = host.fetch(&picture).await?;
    walk.step(&format!("GET {picture}"), "", &answer)?;
    ensure!(
        answer.status == StatusCode::OK && answer.header("content-type") == "image/jpeg",
        "the picture's URL should answer 200 image/jpeg"
    );
    conversation(&mut walk, host, guest, &created).await?;
    Ok(Tour { media_id, profile_id: id, steps: walk.steps })
}

/// The profile in use: a message under it, and what the one sees who gets it.
async fn conversation(
    walk: &mut Walk<'_>,
    host: &Client,
    guest: &Client,
    created: &Value,
) -> anyhow::Result<()> {
    let user = guest.get("/1.1/account/verify_credentials.json").await?.success()?;
    let recipient = text(&user, "/id_str")?;
    let profile = text(created, "/custom_profile/id")?;
    let (target, data) = (json!({"recipient_id": recipient}), json!({"text": HELLO}));
    let message = json!({"target": target, "message_data": data, "custom_profile_id": profile});
    let answer = post_message(host, message).await?;
    let sent = format!(
        "{{\"event\":{{\"type\":\"message_create\",\"message_create\":{{\n      \"target\":{target},\n      \
         \"message_data\":{data},\n      \"custom_profile_id\":\"{profile}\"}}}}}}"
    );
    walk.step("POST /1.1/direct_messages/events/new.json", &sent, &answer)?;
    let written = expect(&answer, StatusCode::OK)?;
    let written = written.get("event").context("event is missing")?;
    ensure!(
        text(written, "/message_create/custom_profile_id")? == profile,
        "the message should carry the profile it was written under"
    );

    walk.say("The other side, signed by the one it was written to:\n")?;
    let path = "/1.1/direct_messages/events/list.json?count=1";
    let answer = guest.get(path).await?;
    walk.step(&format!("GET {path}"), "", &answer)?;
    let page = expect(&answer, StatusCode::OK)?;
    ensure!(page.pointer("/events/0") == Some(written), "it should be read as it was sent");
    let path = format!("/1.1/custom_profiles/{profile}.json");
    let answer = guest.get(&path).await?;
    walk.step(&format!("GET {path}"), "", &answer)?;
    ensure!(expect(&answer, StatusCode::OK)? == *created, "its recipient should read the profile");
    if walk.output.json {
        return Ok(());
    }
    walk.say("which a person sees as:\n")?;
    let shown = json!({"event": written, "custom_profile": created.get("custom_profile")});
    say(&shown, &mut Names::new(guest), walk.output).await
}

/// What was done so far, and where it is shown.
struct Walk<'a> {
    steps: Vec<Value>,
    output: &'a mut Output,
}

impl Walk<'_> {
    fn step(&mut self, request: &str, sent: &str, answer: &Answer) -> anyhow::Result<()> {
        self.steps.push(json!({
            "request": request,
            "status": answer.status.as_u16(),
            "content_type": answer.header("content-type"),
            "body": answer.json(),
        }));
        tell(request, sent, answer, self.output)
    }

    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        if self.output.json {
            return Ok(());
        }
        Ok(self.output.line(&self.output.paint("1", text))?)
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.with_context(|| format!("{} should be a text", pointer.trim_start_matches('/')))
}

fn expect(answer: &Answer, status: StatusCode) -> anyhow::Result<Value> {
    ensure!(answer.status == status, "the answer should be {status}, and was {}", answer.status);
    answer.json().context("the answer should be JSON")
}

/// Holds the founding page's answer against the contract; its id and picture.
fn conforms(answer: &Value) -> anyhow::Result<(String, String)> {
    let profile = answer.get("custom_profile").context("custom_profile is missing")?;
    let text = |pointer: &str| text(profile, pointer).context("in custom_profile");
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
