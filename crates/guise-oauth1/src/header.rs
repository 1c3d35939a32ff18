//! The `Authorization` header's parameters (RFC 5849 §3.5.1), as leniently as clients write them.

/// The longest header that is read.
const HEADER_BYTES_MAX: usize = 8 * 1024;

/// The parameters after the scheme `OAuth`, still encoded; `None` for another scheme.
///
/// # Errors
/// What cannot be read.
pub(crate) fn parse(header: &str) -> Result<Option<Vec<(&str, &str)>>, &'static str> {
    let header = header.trim_ascii();
    let (scheme, mut rest) = header.split_once([' ', '\t']).unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("oauth") {
        return Ok(None);
    }
    if header.len() > HEADER_BYTES_MAX {
        return Err("the authorization header is too long");
    }
    let mut parameters = Vec::with_capacity(8);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Ok(Some(parameters));
        }
        let (name, after) = rest.split_once('=').ok_or("a parameter has no value")?;
        let (value, after) = value(after.trim_ascii_start())?;
        parameters.push((name.trim_ascii(), value));
        rest = after;
    }
}

/// A value and what follows it: quoted, or bare up to the next comma.
fn value(text: &str) -> Result<(&str, &str), &'static str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_once(',').unwrap_or((text, ""));
        return Ok((value.trim_ascii(), after));
    };
    let mut escaped = false;
    let end = quoted.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let (value, after) =
        end.and_then(|end| quoted.split_at_checked(end)).ok_or("a quotation mark is missing")?;
    let after = after.get(1..).unwrap_or_default().trim_ascii_start();
    if after.is_empty() || after.starts_with(',') {
        Ok((value, after))
    } else {
        Err("a comma is missing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_in_every_punctuation() {
        let expected =
            Ok(Some(vec![("realm", "a, \\\"b"), ("oauth_token", "t"), ("oauth_nonce", "n")]));
        for header in [
            r#"OAuth realm="a, \"b", oauth_token="t", oauth_nonce="n""#,
            r#"oauth realm="a, \"b",oauth_token="t",oauth_nonce=n,"#,
            r#" OAUTH  realm = "a, \"b" ,, oauth_token = t , oauth_nonce="n""#,
        ] {
            assert_eq!(parse(header), expected, "{header}");
        }
        assert_eq!(parse("Basic Zm9v"), Ok(None));
        assert_eq!(parse("OAuth"), Ok(Some(vec![])));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        assert_eq!(parse("OAuth oauth_token"), Err("a parameter has no value"));
        assert_eq!(parse(r#"OAuth oauth_token="t"#), Err("a quotation mark is missing"));
        assert_eq!(parse(r#"OAuth a="t" b="u""#), Err("a comma is missing"));
    }
}
