//! `guise requests`: the last requests to the account's own apps, listed, followed, or one of them in full.

use serde_json::{Value, json};

use super::follow::{Follower, follow, note};
use super::identity::text;
use super::{Client, Streamed, pages};
use crate::args::RequestsArgs;
use crate::explain;
use crate::output::{Output, plain};

const REQUESTS: &str = "/guise/v1/requests";
const STREAM: &str = "/guise/v1/requests/stream";

/// Lists, follows or shows.
pub(crate) async fn run(
    args: RequestsArgs,
    client: &Client,
    output: &mut Output,
) -> anyhow::Result<()> {
    let RequestsArgs { id, watch: following, method, status, code, path, app, count } = args;
    let query =
        [("method", method), ("status", status), ("code", code), ("path", path), ("app", app)];
    match id {
        Some(id) => show(client, &id, output).await,
        None if following => {
            let mut shown = Shown { last: None, output };
            follow(client, &pages::target(STREAM, &query), &mut shown).await
        }
        None => list(client, &pages::target(REQUESTS, &query), count, output).await,
    }
}

async fn list(
    client: &Client,
    target: &str,
    count: u32,
    output: &mut Output,
) -> anyhow::Result<()> {
    let requests = pages::up_to(client, target, "requests", usize::try_from(count)?).await?;
    if output.json {
        return Ok(output.value(&Value::Array(requests))?);
    }
    heading(output)?;
    requests.iter().try_for_each(|request| line(request, output))
}

/// Requests as they are shown while they come.
struct Shown<'a> {
    last: Option<String>,
    output: &'a mut Output,
}

impl Follower for Shown<'_> {
    fn last(&self) -> Option<String> {
        self.last.clone()
    }

    async fn take(&mut self, event: Streamed) -> anyhow::Result<()> {
        let Streamed { kind, id, data } = event;
        self.last = id.or(self.last.take());
        tell(&kind, &data, self.output)
    }
}

fn tell(kind: &str, data: &Value, output: &mut Output) -> anyhow::Result<()> {
    match kind {
        "open" => {
            note("Watching; Ctrl-C ends it.");
            if output.json { Ok(()) } else { heading(output) }
        }
        _ if output.json => Ok(output.line(&json!({"event": kind, "data": data}).to_string())?),
        "request" => line(data, output),
        "missed" => {
            note("Some requests came too fast to be shown.");
            Ok(())
        }
        other => {
            anyhow::bail!("the server sent an unknown event, {other}: is this program too old?")
        }
    }
}

/// One that fits lines that are still to come.
fn columns(cells: [&str; 7]) -> String {
    let [at, status, code, method, millis, id, path] = cells;
    format!("{at:24}  {status:6}  {code:>4}  {method:6}  {millis:>6}  {id:16}  {path}")
}

fn heading(output: &mut Output) -> anyhow::Result<()> {
    let heading = columns(["WHEN", "STATUS", "CODE", "METHOD", "MS", "ID", "PATH"]);
    Ok(output.line(&output.paint("1", &heading))?)
}

fn line(request: &Value, output: &mut Output) -> anyhow::Result<()> {
    let cells = ["at", "status", "code", "method", "ms", "id", "path"];
    let cells = cells.map(|cell| text(request, cell));
    let line = columns(cells.each_ref().map(String::as_str));
    let failed = request.get("status").and_then(Value::as_u64).is_some_and(|it| it >= 400);
    let line = if failed { output.paint("31", &line) } else { line };
    Ok(output.line(&line)?)
}

async fn show(client: &Client, id: &str, output: &mut Output) -> anyhow::Result<()> {
    let target = format!("{REQUESTS}/{}", guise_oauth1::percent_encode(id));
    let request = client.get(&target).await?.success()?;
    if output.json {
        return Ok(output.value(&request)?);
    }
    let said = |member: &str| text(&request, member);
    let title = format!("{} {}", said("method"), said("path"));
    output.line(&output.paint("1", &title))?;
    let refusal = [said("code"), said("slug")].join(" ");
    let millis = format!("{} ms", said("ms"));
    let fields = [
        ("answered", said("status")),
        ("refusal", refusal.trim().to_owned()),
        ("at", said("at")),
        ("took", millis),
        ("route", said("route")),
        ("app", said("app_id")),
        ("account", said("account_id")),
        ("token", said("token")),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    output.fields(&fields)?;
    for (title, member) in [("Protocol parameters", "oauth"), ("Headers", "headers")] {
        pairs(title, request.get(member), output)?;
    }
    for (title, member) in [("Body", "body"), ("Answer", "answer")] {
        body(title, request.get(member), output)?;
    }
    match request.get("diagnosis") {
        None | Some(Value::Null) => Ok(()),
        Some(diagnosis) => explain::tell(diagnosis, output),
    }
}

fn pairs(title: &str, pairs: Option<&Value>, output: &mut Output) -> anyhow::Result<()> {
    let pairs = pairs.and_then(Value::as_array).cloned().unwrap_or_default();
    if pairs.is_empty() {
        return Ok(());
    }
    output.line(&output.paint("1", &format!("\n{title}")))?;
    let pairs: Vec<_> = pairs.iter().map(|it| (text(it, "name"), text(it, "value"))).collect();
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(output.fields(&pairs)?)
}

fn body(title: &str, body: Option<&Value>, output: &mut Output) -> anyhow::Result<()> {
    let Some(shown) = body.and_then(|body| body.get("text")).and_then(Value::as_str) else {
        return Ok(());
    };
    let bytes = body.map(|body| text(body, "bytes")).unwrap_or_default();
    output.line(&output.paint("1", &format!("\n{title} ({bytes} bytes)")))?;
    shown.lines().try_for_each(|line| Ok(output.line(&format!("  {}", plain(line)))?))
}
