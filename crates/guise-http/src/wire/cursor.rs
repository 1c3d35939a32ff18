//! Pages of lists: `count`, and cursors, which are unpadded base64 of a decimal number: the id below which the next
//! page starts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use guise_domain::PageRequest;
use guise_domain::limits::{PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX};

use super::Pairs;
use crate::error::Refusal;

/// Where a page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) i64);

impl Cursor {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let decode = || {
            let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
            let digits = String::from_utf8(bytes).ok()?;
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).map(Self)
        };
        decode().ok_or_else(|| Refusal::Invalid("invalid cursor".into()))
    }

    pub(crate) fn write(self) -> String {
        STANDARD_NO_PAD.encode(self.0.to_string())
    }
}

/// The page that a query asks for.
///
/// # Errors
/// When `count` is no number, or `cursor` none of ours.
pub(crate) fn page(query: &Pairs) -> Result<PageRequest, Refusal> {
    let count = match query.get("count") {
        None | Some("") => PAGE_COUNT_DEFAULT,
        Some(text) => count(text)?,
    };
    let before = match query.get("cursor") {
        None | Some("") => None,
        Some(text) => Some(Cursor::parse(text)?.0),
    };
    Ok(PageRequest { count, before })
}

/// Clamps any whole number, however long, to what a page may hold.
fn count(text: &str) -> Result<u32, Refusal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let shown: String = text.chars().take(40).collect();
        return Err(Refusal::Invalid(format!("count: must be a number, got '{shown}'")));
    }
    if digits.len() < text.len() {
        return Ok(1);
    }
    Ok(digits.parse().unwrap_or(PAGE_COUNT_MAX).clamp(1, PAGE_COUNT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_nothing_else_is_one() {
        assert_eq!(Cursor(12_345_678).write(), "MTIzNDU2Nzg");
        assert_eq!(Cursor::parse("MTIzNDU2Nzg"), Ok(Cursor(12_345_678)));
        assert_eq!(Cursor::parse("MTIzNDU2Nzg="), Ok(Cursor(12_345_678)));
        for bad in ["", "0", "-1", "MTIz!", "YWJj", "LTE", "OTIyMzM3MjAzNjg1NDc3NTgwOA"] {
            assert_eq!(Cursor::parse(bad), Err(Refusal::Invalid("invalid cursor".into())), "{bad}");
        }
    }
}
