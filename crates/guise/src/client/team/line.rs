//! The lines of a team's file, held to the rules the server holds profiles to.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, ensure};
use guise_domain::limits::{PROFILE_TAGS_MAX, TEAM_BYTES_MAX, TEAM_LINE_BYTES_MAX};
use guise_domain::{ExternalId, Kind, ProfileName, ProfileTag};
use serde::Deserialize;
use serde_json::Value;

use super::problems::Problems;

/// A line that breaks no rule.
#[derive(Debug)]
pub(super) struct Line {
    /// Its place in the file, from 1.
    pub(super) number: usize,
    pub(super) external_id: ExternalId,
    pub(super) name: ProfileName,
    pub(super) kind: Option<Kind>,
    /// In order, each once.
    pub(super) tags: Option<Vec<ProfileTag>>,
    /// A file's path, in the folder with the pictures.
    pub(super) picture: Option<String>,
    /// Which profile an export wrote here. Nothing is changed by it.
    pub(super) id: Option<String>,
}

#[derive(Deserialize)]
struct Members {
    id: Option<Value>,
    external_id: Option<Value>,
    name: Option<Value>,
    kind: Option<Value>,
    tags: Option<Value>,
    picture: Option<Value>,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

/// Reads a whole file.
///
/// # Errors
/// When it cannot be read, or is too large. What is wrong with its lines is noted among `problems`.
pub(super) fn read(path: &Path, problems: &mut Problems) -> anyhow::Result<Vec<Line>> {
    let named = || format!("{} cannot be read", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(named)?;
    file.take(TEAM_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).with_context(named)?;
    let fits = bytes.len() <= TEAM_BYTES_MAX;
    ensure!(fits, "{} is larger than {TEAM_BYTES_MAX} bytes", path.display());
    Ok(lines(&bytes, problems))
}

fn lines(bytes: &[u8], problems: &mut Problems) -> Vec<Line> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut seen = HashMap::new();
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match members(text) {
            Ok(members) => {
                let line = Reader { number, problems: &mut *problems };
                lines.extend(line.read(members, &mut seen));
            }
            Err(reason) => problems.note(number, reason),
        }
    }
    lines
}

fn members(text: &[u8]) -> Result<Members, String> {
    if text.len() > TEAM_LINE_BYTES_MAX {
        return Err(format!("is longer than {TEAM_LINE_BYTES_MAX} bytes"));
    }
    let text = std::str::from_utf8(text).map_err(|_| "is not UTF-8")?;
    if !text.starts_with('{') {
        return Err("is no JSON object".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        let what = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(what, _)| what);
        format!("is no JSON object: {what} (column {})", error.column())
    })
}

/// Reads one line, and notes everything that is wrong with it.
struct Reader<'p> {
    number: usize,
    problems: &'p mut Problems,
}

impl Reader<'_> {
    fn read(mut self, members: Members, seen: &mut HashMap<String, usize>) -> Option<Line> {
        let Members { id, external_id, name, kind, tags, picture, unknown } = members;
        for member in unknown.keys() {
            self.note(&format!("{member}: is no member of a line"));
        }
        let external_id = self.required("external_id", external_id.as_ref(), |text| {
            text.parse::<ExternalId>().map_err(|rule| rule.to_string())
        });
        if let Some(external_id) = &external_id {
            let first = *seen.entry(external_id.to_string()).or_insert(self.number);
            if first != self.number {
                self.note(&format!("external_id: {external_id} is on line {first} too"));
            }
        }
        let name = self.required("name", name.as_ref(), |text| {
            ProfileName::parse(text).map_err(|rule| rule.to_string())
        });
        let kind = self.optional("kind", kind.as_ref(), |text| {
            Kind::parse(text).ok_or_else(|| "must be human, bot or ai".to_owned())
        });
        let tags = self.tags(tags.as_ref());
        let picture = self.optional("picture", picture.as_ref(), |text| Ok(text.to_owned()));
        let id = self.optional("id", id.as_ref(), |text| Ok(text.to_owned()));
        let (number, external_id, name) = (self.number, external_id?, name?);
        Some(Line {
            number,
            external_id,
            name,
            kind: kind?,
            tags: tags?,
            picture: picture?,
            id: id?,
        })
    }

    fn note(&mut self, reason: &str) {
        self.problems.note(self.number, reason);
    }

    /// The value of a member; `None` when it is wrong, which is noted.
    fn parsed<T>(
        &mut self,
        member: &str,
        value: &Value,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let parsed = value.as_str().ok_or_else(|| "must be a string".to_owned()).and_then(parse);
        parsed.map_err(|rule| self.note(&format!("{member}: {rule}"))).ok()
    }

    fn required<T>(
        &mut self,
        member: &str,
        value: Option<&Value>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if value.is_none() {
            self.note(&format!("{member}: is required"));
        }
        self.parsed(member, value?, parse)
    }

    /// The same, where nothing may be: then `Some(None)`.
    #[expect(clippy::option_option, reason = "absent and wrong are two things")]
    fn optional<T>(
        &mut self,
        member: &str,
        value: Option<&Value>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match value {
            None => Some(None),
            Some(value) => self.parsed(member, value, parse).map(Some),
        }
    }

    #[expect(clippy::option_option, reason = "absent and wrong are two things")]
    fn tags(&mut self, value: Option<&Value>) -> Option<Option<Vec<ProfileTag>>> {
        let Some(value) = value else { return Some(None) };
        let Some(items) = value.as_array().filter(|items| items.len() <= PROFILE_TAGS_MAX) else {
            self.note(&format!("tags: must be an array of at most {PROFILE_TAGS_MAX} strings"));
            return None;
        };
        let parse = |text: &str| text.parse().map_err(|rule| format!("{rule}"));
        let tags: Vec<Option<ProfileTag>> = (0..)
            .zip(items)
            .map(|(index, item)| self.parsed(&format!("tags[{index}]"), item, parse))
            .collect();
        let mut tags: Vec<ProfileTag> = tags.into_iter().collect::<Option<_>>()?;
        tags.sort();
        tags.dedup();
        Some(Some(tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &[u8]) -> Vec<String> {
        let mut problems = Problems::default();
        lines(text, &mut problems);
        problems.lines()
    }

    #[test]
    fn a_line_is_read_with_what_it_leaves_out() {
        let text = b"\xEF\xBB\xBF{\"external_id\":\"a\",\"name\":\" Zo\\u0065\\u0308 \",\"kind\":null}\r\n\n  \n\
            {\"external_id\":\"b\",\"name\":\"B\",\"tags\":[\"x\",\"a\",\"x\"],\"picture\":\"b.jpg\",\"id\":\"7\"}";
        let mut problems = Problems::default();
        let read = lines(text, &mut problems);
        assert_eq!(problems.lines(), [""; 0]);
        let [zoe, other] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!((zoe.number, zoe.name.as_str(), zoe.kind), (1, "Zoë", None));
        assert!(zoe.tags.is_none() && zoe.picture.is_none());
        let tags: Vec<_> = other.tags.iter().flatten().map(ProfileTag::as_str).collect();
        assert_eq!((other.number, tags), (4, vec!["a", "x"]));
        assert_eq!((other.picture.as_deref(), other.id.as_deref()), (Some("b.jpg"), Some("7")));
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line() {
        let text = b"nothing\n{\"external_id\":\"a\",\"name\":\"A\"}\n[1]\n{\"name\":7,\"kind\":\"cat\",\"x\":1,\"y\":2}\n\
            {\"external_id\":\"a\",\"name\":\"A\",\"tags\":[\"A\",\"b\",3]}\n{\"name\":\n\xFF\n\
            {\"external_id\":\"\xC3\xA9\",\"name\":\"a\\nb\",\"tags\":{},\"picture\":1}\n\
            {\"name\":\"A\",\"name\":\"B\",\"external_id\":\"c\"}\n{\"external_id\":\"..\",\"name\":\"A\"}";
        assert_eq!(
            told(text),
            [
                "line 1: is no JSON object",
                "line 3: is no JSON object",
                "line 4: x: is no member of a line",
                "line 4: y: is no member of a line",
                "line 4: external_id: is required",
                "line 4: name: must be a string",
                "line 4: kind: must be human, bot or ai",
                "line 5: external_id: a is on line 2 too",
                "line 5: tags[0]: must be 1 to 32 of a-z, 0-9, - and _",
                "line 5: tags[2]: must be a string",
                "line 6: is no JSON object: EOF while parsing a value (column 8)",
                "line 7: is not UTF-8",
                "line 8: external_id: must be 1 to 128 visible ASCII characters, other than . and ..",
                "line 8: name: must not contain line breaks, got U+000A",
                "line 8: tags: must be an array of at most 16 strings",
                "line 8: picture: must be a string",
                "line 9: is no JSON object: duplicate field `name` (column 18)",
                "line 10: external_id: must be 1 to 128 visible ASCII characters, other than . and ..",
            ]
        );
        let long = format!("{{\"name\":\"{}\"}}", "a".repeat(TEAM_LINE_BYTES_MAX));
        assert_eq!(told(long.as_bytes()), ["line 1: is longer than 16384 bytes"]);
    }
}
