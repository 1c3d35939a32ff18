//! `guise call`: one signed request, like curl, and its answer with the limits left.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use guise_domain::{Clock, Timestamp};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::{Answer, Body, Client};
use crate::args::CallArgs;
use crate::clock::SystemClock;
use crate::output::Output;

/// Sends the request and shows the answer; fails when the server refused.
pub(crate) async fn run(
    args: CallArgs,
    client: &Client,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    let body = body(&args)?;
    let method = match (&args.method, &body) {
        (Some(method), _) => Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .with_context(|| format!("{method} is not a method"))?,
        (None, Body::None) => Method::GET,
        (None, _) => Method::POST,
    };
    let target = target(&args.path, &client.profile().url)?;
    let answer = client.send(method, &target, body, headers(&args.header)?).await?;
    show(&answer, output)?;
    let refused = answer.status.is_client_error() || answer.status.is_server_error();
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The path as the server knows it. A whole URL of this server is fine too: answers are full of them.
fn target(path: &str, url: &str) -> anyhow::Result<String> {
    match path.strip_prefix(url).unwrap_or(path) {
        path if path.starts_with('/') => Ok(path.to_owned()),
        path if path.contains("://") => {
            bail!("{path} is not on {url}: credentials are only sent to the profile's own server")
        }
        path => Ok(format!("/{path}")),
    }
}

fn headers(lines: &[String]) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').context("a header is written \"name: value\"")?;
        headers.insert(
            HeaderName::from_bytes(name.trim().as_bytes())?,
            HeaderValue::from_str(value.trim())?,
        );
    }
    Ok(headers)
}

fn body(args: &CallArgs) -> anyhow::Result<Body> {
    if !args.form.is_empty() {
        let form = args.form.iter().try_fold(Form::new(), |form, field| part(form, field))?;
        return Ok(Body::Multipart(form));
    }
    let pieces: Vec<String> = args.body.iter().map(|body| text(body)).collect::<Result<_, _>>()?;
    let data = pieces.join("&");
    match data.trim_start().chars().next() {
        _ if pieces.is_empty() => Ok(Body::None),
        Some('{' | '[') => Ok(Body::Json(data)),
        _ => Ok(Body::Form(data)),
    }
}

fn text(data: &str) -> anyhow::Result<String> {
    match data.strip_prefix('@') {
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))
        }
        None => Ok(data.to_owned()),
    }
}

fn part(form: Form, field: &str) -> anyhow::Result<Form> {
    let (name, value) =
        field.split_once('=').context("a part is written name=value or name=@FILE")?;
    let Some(path) = value.strip_prefix('@') else {
        return Ok(form.text(name.to_owned(), value.to_owned()));
    };
    let bytes = std::fs::read(path).with_context(|| format!("{path} cannot be read"))?;
    let file = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(form.part(name.to_owned(), Part::bytes(bytes).file_name(file)))
}

fn show(answer: &Answer, output: &mut Output) -> anyhow::Result<()> {
    let json = answer.json();
    let text = || String::from_utf8_lossy(&answer.body).into_owned();
    if output.json {
        let body = match (&json, answer.body.is_empty()) {
            (Some(json), _) => json.clone(),
            (None, true) => Value::Null,
            (None, false) => Value::String(text()),
        };
        let status = answer.status.as_u16();
        return Ok(
            output.value(&json!({"status": status, "rate_limit": limits(answer), "body": body}))?
        );
    }
    let colour = if answer.status.is_success() { "32" } else { "31" };
    output.line(&output.paint(colour, &answer.status.to_string()))?;
    if let Some(left) = left(answer, SystemClock.now()) {
        output.line(&output.paint("2", &left))?;
    }
    match json {
        Some(json) => Ok(output.value(&json)?),
        None if answer.body.is_empty() => Ok(()),
        None if answer.header("content-type").starts_with("image/") => {
            let kind = answer.header("content-type");
            Ok(output.line(&format!("({} bytes of {kind})", answer.body.len()))?)
        }
        None => Ok(output.line(&text())?),
    }
}

fn number(answer: &Answer, name: &str) -> Option<i64> {
    answer.header(name).parse().ok()
}

fn limits(answer: &Answer) -> Value {
    match number(answer, "x-rate-limit-limit") {
        None => Value::Null,
        Some(limit) => json!({
            "limit": limit,
            "remaining": number(answer, "x-rate-limit-remaining"),
            "reset": number(answer, "x-rate-limit-reset"),
        }),
    }
}

/// What is left of the call's limit, in words.
pub(crate) fn left(answer: &Answer, now: Timestamp) -> Option<String> {
    let limit = number(answer, "x-rate-limit-limit")?;
    let remaining = number(answer, "x-rate-limit-remaining")?;
    let seconds = (number(answer, "x-rate-limit-reset")? - now.seconds()).max(0);
    let again = match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    };
    Some(format!("{remaining} of {limit} calls left; all again in {again}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_the_profiles_server_only() {
        let url = "http://127.0.0.1:8080";
        assert_eq!(target("1.1/x.json?a=b", url).unwrap(), "/1.1/x.json?a=b");
        assert_eq!(target("http://127.0.0.1:8080/media/x.jpg", url).unwrap(), "/media/x.jpg");
        assert!(target("https://evil.example/1.1/x.json", url).is_err());
        assert!(
            target("http://127.0.0.1:8080.evil.example/x", url)
                .is_ok_and(|path| path.starts_with('/'))
        );
    }

    #[test]
    fn limits_are_told_in_words() {
        let mut headers = HeaderMap::new();
        let now = Timestamp::from_seconds(1_700_000_000);
        for (name, value) in [("limit", "180"), ("remaining", "7"), ("reset", "1700000840")] {
            let name = HeaderName::from_bytes(format!("x-rate-limit-{name}").as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_static(value));
        }
        let answer = Answer { status: reqwest::StatusCode::OK, headers, body: Vec::new() };
        assert_eq!(left(&answer, now).unwrap(), "7 of 180 calls left; all again in 14 min");
    }
}
