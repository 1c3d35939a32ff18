//! A curl command line, as far as it says what is sent.

use anyhow::{Context, bail};
use guise_oauth1::percent_encode;

use super::Told;
use super::paste::header;

/// Options that take a value and change nothing that is signed.
const IGNORED: &str = "AbcCDeEKmoPQrtTuUwxyYz";
/// The same, spelt out.
const IGNORED_LONG: [&str; 24] = [
    "--cacert",
    "--capath",
    "--cert",
    "--ciphers",
    "--config",
    "--connect-timeout",
    "--connect-to",
    "--cookie",
    "--cookie-jar",
    "--dump-header",
    "--key",
    "--limit-rate",
    "--max-time",
    "--output",
    "--proxy",
    "--range",
    "--referer",
    "--resolve",
    "--retry",
    "--retry-delay",
    "--unix-socket",
    "--user",
    "--user-agent",
    "--write-out",
];

/// Reads a line as a shell would. Nothing is sent.
pub(super) fn read(line: &str) -> anyhow::Result<Told> {
    // A line that goes on would otherwise begin with a word of nothing.
    let line = line.replace("\\\r\n", " ").replace("\\\n", " ");
    let words = shlex::split(line.trim()).context("the curl line has a quotation mark too many")?;
    let mut words = words.into_iter();
    if words.next().is_none_or(|word| word != "curl") {
        bail!("the line has to begin with curl");
    }
    of_words(words)
}

/// What is gathered on the way.
#[derive(Default)]
struct Line {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<(String, String)>,
    data: Vec<String>,
    fields: Vec<(String, String)>,
    multipart: bool,
    /// What kind the data is, if an option says so.
    kind: Option<&'static str>,
    in_query: bool,
    head: bool,
}

/// Reads curl's arguments.
pub(super) fn of_words(words: impl Iterator<Item = String>) -> anyhow::Result<Told> {
    let mut line = Line::default();
    let mut words = words;
    while let Some(word) = words.next() {
        let Some((option, value)) = option(&word) else {
            line.url = Some(word);
            continue;
        };
        if takes_none(&option) {
            line.switch(&option);
            continue;
        }
        let value = value.or_else(|| words.next());
        let value = value.with_context(|| format!("{option} lacks its value"))?;
        line.take(&option, value)?;
    }
    line.told()
}

/// An option and the value that is written into the same word; nothing for what is no option. Of short options that
/// share a word all but the last are switches, and of those only a few matter.
fn option(word: &str) -> Option<(String, Option<String>)> {
    if word.starts_with("--") && word.len() > 2 {
        return Some(match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word.to_owned(), None),
        });
    }
    let letters = word.strip_prefix('-').filter(|letters| !letters.is_empty())?;
    let at = letters.find(takes_value).unwrap_or(0);
    let mut rest = letters.get(at..)?.chars();
    let letter = if letters.chars().any(takes_value) {
        rest.next()?
    } else {
        // Switches only: the one that matters, if there is one.
        letters.chars().find(|letter| "GI".contains(*letter)).or(rest.next())?
    };
    let value =
        Some(rest.as_str().to_owned()).filter(|value| takes_value(letter) && !value.is_empty());
    Some((format!("-{letter}"), value))
}

fn takes_value(letter: char) -> bool {
    "XHdF".contains(letter) || IGNORED.contains(letter)
}

fn takes_none(option: &str) -> bool {
    let known = ["--request", "--header", "--url", "--json", "--form", "--form-string"];
    match option.strip_prefix('-') {
        Some(letter) if letter.len() == 1 => !letter.chars().any(takes_value),
        _ => {
            !(known.contains(&option)
                || option.starts_with("--data")
                || IGNORED_LONG.contains(&option))
        }
    }
}

impl Line {
    fn switch(&mut self, option: &str) {
        match option {
            "-G" | "--get" => self.in_query = true,
            "-I" | "--head" => self.head = true,
            _ => {}
        }
    }

    fn take(&mut self, option: &str, value: String) -> anyhow::Result<()> {
        match option {
            "-X" | "--request" => self.method = Some(value),
            "-H" | "--header" => self.headers.push(header(&value)?),
            "--url" => self.url = Some(value),
            "-d" | "--data" | "--data-ascii" => self.data.push(data(value, true)?),
            "--data-binary" => self.data.push(data(value, false)?),
            "--data-raw" => self.data.push(value),
            "--data-urlencode" => self.data.push(urlencoded(&value)?),
            "--json" => {
                self.kind = Some("application/json");
                self.data.push(data(value, false)?);
            }
            "-F" | "--form" | "--form-string" => {
                self.multipart = true;
                let (name, value) =
                    value.split_once('=').context("a part is written name=value")?;
                let is_file = option != "--form-string" && value.starts_with(['@', '<']);
                if !is_file {
                    self.fields.push((name.to_owned(), value.to_owned()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn told(self) -> anyhow::Result<Told> {
        let mut url = self.url.context("the curl line has no URL")?;
        if !url.contains("://") {
            url = format!("http://{url}");
        }
        url.truncate(url.find('#').unwrap_or(url.len()));
        let mut body = self.data.join(if self.kind.is_some() { "" } else { "&" });
        if self.in_query && !body.is_empty() {
            url = format!("{url}{}{body}", if url.contains('?') { '&' } else { '?' });
            body.clear();
        }
        let sends = self.multipart || !self.in_query && !self.data.is_empty();
        let default = match (self.head, sends) {
            (true, _) => "HEAD",
            (false, true) => "POST",
            (false, false) => "GET",
        };
        let mut told = Told {
            method: self.method.unwrap_or_else(|| default.to_owned()),
            url,
            headers: self.headers,
            body: body.into_bytes(),
            fields: self.fields,
            multipart: self.multipart,
        };
        if sends && told.header("content-type").is_none() {
            let kind = match (self.kind, self.multipart) {
                (Some(kind), _) => kind,
                (None, true) => "multipart/form-data",
                (None, false) => "application/x-www-form-urlencoded",
            };
            told.headers.push(("content-type".to_owned(), kind.to_owned()));
        }
        Ok(told)
    }
}

/// What `-d` sends: the text, or a file's, of which curl takes the line breaks out.
fn data(value: String, lines: bool) -> anyhow::Result<String> {
    let Some(path) = value.strip_prefix('@') else { return Ok(value) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))?;
    Ok(if lines { text.replace(['\r', '\n'], "") } else { text })
}

/// What `--data-urlencode` makes of `text`, `=text`, `name=text` and `name@file`.
fn urlencoded(value: &str) -> anyhow::Result<String> {
    if let Some((name, text)) = value.split_once('=') {
        let equals = if name.is_empty() { "" } else { "=" };
        return Ok(format!("{name}{equals}{}", percent_encode(text)));
    }
    let Some((name, path)) = value.split_once('@') else { return Ok(percent_encode(value)) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))?;
    let equals = if name.is_empty() { "" } else { "=" };
    Ok(format!("{name}{equals}{}", percent_encode(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> (String, String, String, String) {
        let told = read(line).unwrap();
        let kind = told.header("content-type").unwrap_or_default().to_owned();
        (told.method, told.url, kind, String::from_utf8(told.body).unwrap())
    }

    #[test]
    fn curl_lines_say_what_is_sent() {
        let form = "application/x-www-form-urlencoded";
        for (line, method, url, kind, body) in [
            ("curl http://a/b?c=d", "GET", "http://a/b?c=d", "", ""),
            ("curl -sSL a.example/b", "GET", "http://a.example/b", "", ""),
            ("curl -XDELETE 'http://a/b'", "DELETE", "http://a/b", "", ""),
            ("curl -d a=b -d 'c=d e' http://a", "POST", "http://a", form, "a=b&c=d e"),
            ("curl -G -d a=b http://a?c=d", "GET", "http://a?c=d&a=b", "", ""),
            ("curl -sG --data-urlencode 'a=b c&' http://a", "GET", "http://a?a=b%20c%26", "", ""),
            (
                "curl --json '{\"a\":1}' http://a",
                "POST",
                "http://a",
                "application/json",
                "{\"a\":1}",
            ),
            ("curl -H 'Content-Type: x/y' --data-raw @z http://a", "POST", "http://a", "x/y", "@z"),
            ("curl \\\n  --request PUT \\\n  --url \"http://a/b#c\"", "PUT", "http://a/b", "", ""),
            ("curl -o out -u a:b --max-time 5 -k http://a", "GET", "http://a", "", ""),
            ("curl http://a \\\n  -k", "GET", "http://a", "", ""),
            ("curl -F a=b -F media=@x.png http://a", "POST", "http://a", "multipart/form-data", ""),
            ("curl --data=a http://a", "POST", "http://a", form, "a"),
        ] {
            let expected = (method.into(), url.into(), kind.into(), body.into());
            assert_eq!(said(line), expected, "{line}");
        }
        let told = read("curl -F a=b -F media=@x.png --form-string c=@d http://a").unwrap();
        let fields = [("a", "b"), ("c", "@d")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(told.fields, fields);
    }

    #[test]
    fn what_is_no_curl_line_is_told_so() {
        for line in ["", "wget http://a", "curl", "curl -X", "curl 'http://a", "curl -H x http://a"]
        {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
