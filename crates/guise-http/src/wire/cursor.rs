//! Cursors: unpadded base64 of a decimal number, the id below which the next page starts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

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
