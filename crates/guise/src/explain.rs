//! `guise explain`: why a request's signature does not hold, for a request pasted from a log or a curl line.

mod curl;
mod paste;

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use guise_domain::Clock;
use guise_oauth1::{Diagnosis, Evidence, Mistake, Presented, Request, diagnose, percent_decode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::args::ExplainArgs;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::credentials;
use crate::output::{Output, plain};

/// A request as somebody tells it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    method: String,
    /// The whole URL.
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The text fields of a multipart body.
    fields: Vec<(String, String)>,
    multipart: bool,
}

/// What to sign with, and what belongs to it.
struct Secrets {
    consumer: SecretString,
    token: SecretString,
    /// The public halves, where they are known.
    public: Option<(String, String)>,
}

/// Explains the request; fails when its signature does not hold.
pub(crate) fn run(
    args: &ExplainArgs,
    profile: &str,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    let told = told(args, config)?;
    let secrets = secrets(args, profile, config)?;
    let now = match &args.at {
        Some(text) => text
            .parse::<jiff::Timestamp>()
            .with_context(|| format!("{text} is no moment such as 2026-01-31T00:00:00Z"))?
            .as_second(),
        None => SystemClock.now().seconds(),
    };
    let diagnosis = told.diagnosed(&secrets, config, now)?;
    let other = told.other_credentials(&secrets);
    let holds = diagnosis.mistakes.iter().all(is_of_time);
    if output.json {
        let mut explained = guise_http::explanation(&diagnosis);
        if let Value::Object(members) = &mut explained {
            members.insert("holds".to_owned(), holds.into());
            members.insert("note".to_owned(), json!(other));
        }
        output.value(&explained)?;
    } else {
        output.line(&output.paint("1", &format!("{} {}", told.method, plain(&told.url))))?;
        let verdict = if holds { ("32", "holds") } else { ("31", "does not hold") };
        output.line(&output.paint(verdict.0, &format!("The signature {}.", verdict.1)))?;
        if let Some(other) = other {
            output.line(&other)?;
        }
        tell(&guise_http::explanation(&diagnosis), output)?;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a mistake leaves the signature right.
fn is_of_time(mistake: &Mistake) -> bool {
    matches!(mistake, Mistake::Clock { .. } | Mistake::Milliseconds)
}

fn told(args: &ExplainArgs, config: &Config) -> anyhow::Result<Told> {
    if let Some(line) = &args.curl {
        return curl::read(line);
    }
    let given = !(args.header.is_empty() && args.body.is_empty() && args.form.is_empty());
    let given = given || args.method.is_some();
    if let Some(url) = args.url.as_ref().filter(|url| given || url.contains("oauth_signature")) {
        let flag = |name: &str, values: &[String]| {
            values.iter().flat_map(|value| [name.to_owned(), value.clone()]).collect::<Vec<_>>()
        };
        let method = args.method.iter().cloned().collect::<Vec<_>>();
        let flags = [
            flag("-X", &method),
            flag("-H", &args.header),
            flag("-d", &args.body),
            flag("-F", &args.form),
        ];
        return curl::of_words(flags.concat().into_iter().chain([url.clone()]));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    if text.trim_start().starts_with("curl ") {
        return curl::read(&text);
    }
    paste::read(&text, args.url.as_deref(), &credentials::server_url(config))
}

fn secrets(args: &ExplainArgs, profile: &str, config: &Config) -> anyhow::Result<Secrets> {
    let read = |path: &Path| -> anyhow::Result<SecretString> {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(text.trim().to_owned().into())
    };
    if let (Some(consumer), Some(token)) = (&args.consumer_secret_file, &args.token_secret_file) {
        return Ok(Secrets { consumer: read(consumer)?, token: read(token)?, public: None });
    }
    let profile = credentials::find(profile, config)?;
    Ok(Secrets {
        consumer: profile.consumer_secret,
        token: profile.token_secret,
        public: Some((profile.consumer_key, profile.token)),
    })
}

impl Told {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn query(&self) -> &str {
        self.url.split_once('?').map_or("", |(_, query)| query)
    }

    fn request(&self) -> Request<'_> {
        let kind = self.header("content-type").unwrap_or_default();
        let is_form =
            kind.starts_with("application/x-www-form-urlencoded") && !self.looks_like_json();
        Request {
            method: &self.method,
            query: self.query(),
            form: is_form.then_some(&self.body),
            authorization: self.header("authorization"),
        }
    }

    fn looks_like_json(&self) -> bool {
        self.body.trim_ascii_start().first().is_some_and(|byte| matches!(byte, b'{' | b'['))
    }

    fn diagnosed(&self, secrets: &Secrets, config: &Config, now: i64) -> anyhow::Result<Diagnosis> {
        let base = self.url.split('?').next().unwrap_or_default();
        let place = base.find("://").map(|at| at + 3);
        let path = place.and_then(|start| base.get(start..)).and_then(|rest| rest.find('/'));
        let Some(start) = place else { bail!("{base} is no URL with a scheme and a host") };
        let path = path.and_then(|at| base.get(start + at..)).unwrap_or("/");
        let public = config.public_urls.iter().map(String::as_str);
        let others = public.chain(guise_http::PRODUCTION).map(|place| format!("{place}{path}"));
        let base_urls: Vec<String> = std::iter::once(base.to_owned()).chain(others).collect();
        let request = self.request();
        let unsigned = if request.form.is_some() { Vec::new() } else { self.as_forms() };
        let mut diagnosis = diagnose(&Evidence {
            request,
            unsigned: Some(&unsigned),
            base_urls: &base_urls,
            consumer_secret: secrets.consumer.expose_secret(),
            token_secret: secrets.token.expose_secret(),
            needs_token: !path.starts_with("/oauth/"),
            now,
            skew_seconds_max: i64::try_from(config.clock_skew_seconds)?,
        });
        let presented = Presented::parse(&request);
        if !self.multipart && presented.is_ok_and(|it| !it.body_hash_matches(&self.body)) {
            diagnosis.mistakes.push(Mistake::BodyHash);
        }
        Ok(diagnosis)
    }

    /// What the body may have been signed as, though it is no form.
    fn as_forms(&self) -> Vec<Vec<u8>> {
        if !self.fields.is_empty() {
            let pair = |(name, value): &(String, String)| {
                let encode = guise_oauth1::percent_encode;
                format!("{}={}", encode(name), encode(value))
            };
            return vec![self.fields.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes()];
        }
        guise_http::forms_of_body(self.header("content-type").unwrap_or_default(), &self.body)
    }

    /// That the request names other credentials than those it is checked with.
    fn other_credentials(&self, secrets: &Secrets) -> Option<String> {
        let (consumer_key, token) = secrets.public.as_ref()?;
        let (named, named_token) = guise_oauth1::names(&self.request());
        let differs = |what: &str, named: Option<String>, own: &str| {
            let named = named.filter(|named| named != own)?;
            Some(format!(
                "The request names the {what} {}, and the profile has another: its secrets are not the request's. \
                 Choose a profile with --profile.",
                plain(&named)
            ))
        };
        differs("consumer key", named, consumer_key)
            .or_else(|| differs("token", named_token, token))
    }
}

/// Prints an explanation: what is wrong, and the base string with what was signed in its place.
pub(crate) fn tell(explained: &Value, output: &mut Output) -> anyhow::Result<()> {
    let text = |member: &str| explained.get(member).and_then(Value::as_str);
    let mistakes = explained.get("mistakes").and_then(Value::as_array);
    let says = mistakes.into_iter().flatten().filter_map(|mistake| mistake.get("says")?.as_str());
    let says: Vec<String> = says.map(plain).collect();
    if !says.is_empty() {
        output.line(&output.paint("1", "\nWhat is wrong"))?;
        says.iter().try_for_each(|says| output.line(&format!("  {says}")))?;
    }
    let Some(base_string) = text("base_string") else { return Ok(()) };
    let signed = text("signed_base_string");
    output.line(&output.paint("1", "\nThe base string, decoded"))?;
    let (right, wrong) = readable(base_string, signed.unwrap_or(base_string));
    for line in &right {
        let missing = signed.is_some() && !wrong.contains(line);
        let line =
            if missing { output.paint("32", &format!("+ {line}")) } else { format!("  {line}") };
        output.line(&line)?;
    }
    let signed: Vec<_> = wrong.iter().filter(|line| !right.contains(line)).collect();
    if !signed.is_empty() {
        output.line(&output.paint("1", "\nSigned in place of what is marked"))?;
        signed
            .iter()
            .try_for_each(|line| output.line(&output.paint("31", &format!("- {line}"))))?;
    }
    output.line(&output.paint("1", "\nAs it is hashed"))?;
    output.line(&format!("  {}", plain(base_string)))?;
    if let Some(signature) = text("signature") {
        output.line(&output.paint("1", "\nThe signature that came"))?;
        output.line(&format!("  {}", plain(signature)))?;
    }
    Ok(())
}

/// Both base strings, a line for each part; as encoded as they must be for what differs to be seen.
fn readable(right: &str, wrong: &str) -> (Vec<String>, Vec<String>) {
    let decoded = (lines(right, true), lines(wrong, true));
    if decoded.0 == decoded.1 && right != wrong {
        return (lines(right, false), lines(wrong, false));
    }
    decoded
}

fn lines(base_string: &str, decode: bool) -> Vec<String> {
    let mut parts = base_string.splitn(3, '&');
    let mut part = || percent_decode(parts.next().unwrap_or_default());
    let (method, url, parameters) = (part(), part(), part());
    let pairs = parameters.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if decode {
            format!("{} = {}", percent_decode(name), percent_decode(value))
        } else {
            format!("{name} = {value}")
        }
    });
    [method, url].into_iter().chain(pairs).map(|line| plain(&line)).collect()
}
