//! Percent-encoding as signatures need it (RFC 5849 §3.6): every byte but the unreserved ones, in upper case.

use std::borrow::Cow;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Encodes `text`.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    // Addresses, the longest texts, have about one byte in eight that needs three.
    let mut encoded = String::with_capacity(text.len() + text.len() / 4 + 2);
    text.bytes().for_each(|byte| push(&mut encoded, byte));
    encoded
}

/// Decodes `text`. Bytes that are no UTF-8 become replacement characters, a percent sign that begins no escape stays.
#[must_use]
pub fn percent_decode(text: &str) -> String {
    decode(text).into_owned()
}

/// Appends one byte, encoded if need be.
pub(crate) fn push(to: &mut String, byte: u8) {
    if is_unreserved(byte) {
        to.push(char::from(byte));
    } else {
        to.push('%');
        for digit in [byte >> 4, byte & 15] {
            to.extend(HEX.get(usize::from(digit)).copied().map(char::from));
        }
    }
}

/// For each byte whether it stands for itself: a table, since every byte of every signed request is looked up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "the index stays below 256, or this would not compile"
)]
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let char = byte as u8;
        table[byte] = char.is_ascii_alphanumeric() || matches!(char, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

fn is_unreserved(byte: u8) -> bool {
    UNRESERVED.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Whether a plus sign stands for a space: in queries and forms, not in headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plus {
    Space,
    Literal,
}

/// Brings what a client encoded in its own way into the one form that is signed, as if decoded and encoded anew.
/// Borrows when it has that form already. A percent sign that begins no escape stands for itself.
pub(crate) fn normalize(raw: &[u8], plus: Plus) -> Cow<'_, str> {
    if is_normal(raw)
        && let Ok(text) = std::str::from_utf8(raw)
    {
        return Cow::Borrowed(text);
    }
    let mut normal = String::with_capacity(raw.len() + raw.len() / 4);
    let mut rest = raw;
    while let Some((byte, after)) = next(rest, plus) {
        push(&mut normal, byte);
        rest = after;
    }
    Cow::Owned(normal)
}

/// Decodes what [`normalize`] made. Bytes that are no UTF-8 become replacement characters.
pub(crate) fn decode(normal: &str) -> Cow<'_, str> {
    if !normal.contains('%') {
        return Cow::Borrowed(normal);
    }
    Cow::Owned(String::from_utf8_lossy(&bytes(normal)).into_owned())
}

/// The bytes that [`normalize`] encoded.
pub(crate) fn bytes(normal: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(normal.len());
    let mut rest = normal.as_bytes();
    while let Some((byte, after)) = next(rest, Plus::Literal) {
        bytes.push(byte);
        rest = after;
    }
    bytes
}

/// Encodes a path that is encoded already, except for its slashes.
pub(crate) fn encode_path(path: &str) -> String {
    path.split('/').map(percent_encode).collect::<Vec<_>>().join("/")
}

fn next(bytes: &[u8], plus: Plus) -> Option<(u8, &[u8])> {
    match bytes {
        [] => None,
        [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            Some((value(*high) << 4 | value(*low), rest))
        }
        [b'+', rest @ ..] if plus == Plus::Space => Some((b' ', rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
    }
}

fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

fn is_normal(raw: &[u8]) -> bool {
    let upper = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|byte| !is_unreserved(*byte)) {
        match rest.get(at..) {
            Some([b'%', high, low, after @ ..])
                if upper(*high)
                    && upper(*low)
                    && !is_unreserved(value(*high) << 4 | value(*low)) =>
            {
                rest = after;
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_value_has_one_normal_form() {
        for raw in ["Ladies%20%2B%20Gentlemen", "Ladies+%2b+Gentle%6Den"] {
            assert_eq!(normalize(raw.as_bytes(), Plus::Space), "Ladies%20%2B%20Gentlemen");
        }
        assert!(matches!(normalize(b"a%2Bb", Plus::Space), Cow::Borrowed("a%2Bb")));
        assert_eq!(normalize(b"100%", Plus::Space), "100%25");
        assert_eq!(normalize(b"%zz%4", Plus::Space), "%25zz%254");
        assert_eq!(normalize(b"a+b", Plus::Literal), "a%2Bb");
        assert_eq!(normalize("é\u{FF}".as_bytes(), Plus::Space), "%C3%A9%C3%BF");
        assert_eq!(normalize(b"\xFF", Plus::Space), "%FF");
        assert_eq!(decode("%C3%A9%20b"), "é b");
    }
}
