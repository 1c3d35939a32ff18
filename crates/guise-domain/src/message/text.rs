//! The texts in a message, each held to its rules where it is made.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Entities;
use crate::limits::{
    LABEL_CHARS_MAX, MESSAGE_CHARS_MAX, OPTION_DESCRIPTION_CHARS_MAX, OPTION_METADATA_CHARS_MAX,
    PLACE_ID_CHARS_MAX, WEB_URL_BYTES_MAX,
};

/// Why a text may not stand where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed.
    #[error("must be at most {max} characters, got {got}")]
    TooLong {
        /// How many characters it may have.
        max: usize,
        /// How many it has.
        got: usize,
    },
    /// A character that no display or database is trusted with.
    #[error("must not contain the character U+{:04X}", u32::from(*.0))]
    Control(char),
    /// A link where none may be.
    #[error("must not contain a URL")]
    Url,
    /// No web address.
    #[error("must be an http or https URL of at most {WEB_URL_BYTES_MAX} bytes")]
    NotAUrl,
    /// No id of a place.
    #[error("must be 1 to {PLACE_ID_CHARS_MAX} letters and digits")]
    NotAPlace,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and keeps it as it is written.
            ///
            /// # Errors
            /// The first rule that `text` breaks.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                let check: fn(&str) -> Result<(), TextError> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

texts! {
    /// What a message says: at most 10,000 characters, line breaks among them; may be empty beside an attachment.
    MessageText: |text| {
        length(text, MESSAGE_CHARS_MAX)?;
        without_nul(text)
    };
    /// What stands on a quick reply's option: one line of 1 to 36 characters, without a URL.
    OptionLabel: |text| {
        label(text)?;
        if Entities::of(text).urls.is_empty() { Ok(()) } else { Err(TextError::Url) }
    };
    /// What stands below an option's label: at most 72 characters, line breaks among them.
    OptionDescription: |text| {
        not_empty(text)?;
        length(text, OPTION_DESCRIPTION_CHARS_MAX)?;
        without_nul(text)
    };
    /// What comes back to the sender when an option is chosen: at most 1000 characters.
    OptionMetadata: |text| {
        length(text, OPTION_METADATA_CHARS_MAX)?;
        without_nul(text)
    };
    /// What stands on a button: one line of 1 to 36 characters.
    ButtonLabel: label;
    /// An absolute http or https URL: what a button opens, where an app is described.
    WebUrl: |text| {
        // Nothing that hides where it leads.
        let plain = text.chars().all(|char| !char.is_whitespace() && !is_hidden(char));
        let web = plain
            && text.len() <= WEB_URL_BYTES_MAX
            && url::Url::parse(text).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.has_host()
                    && url.username().is_empty()
                    && url.password().is_none()
            });
        if web { Ok(()) } else { Err(TextError::NotAUrl) }
    };
    /// What names a place: letters and digits. Which place that is only the sender and the recipient know.
    PlaceId: |text| {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let fits = (1..=PLACE_ID_CHARS_MAX).contains(&text.len());
        if plain && fits { Ok(()) } else { Err(TextError::NotAPlace) }
    };
}

fn label(text: &str) -> Result<(), TextError> {
    not_empty(text)?;
    length(text, LABEL_CHARS_MAX)?;
    match text.chars().find(|char| char.is_control()) {
        Some(char) => Err(TextError::Control(char)),
        None => Ok(()),
    }
}

fn is_hidden(char: char) -> bool {
    use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory};
    matches!(char.general_category(), Category::Control | Category::Format)
}

fn not_empty(text: &str) -> Result<(), TextError> {
    if text.trim().is_empty() { Err(TextError::Empty) } else { Ok(()) }
}

fn length(text: &str, max: usize) -> Result<(), TextError> {
    let got = text.chars().count();
    if got > max { Err(TextError::TooLong { max, got }) } else { Ok(()) }
}

fn without_nul(text: &str) -> Result<(), TextError> {
    if text.contains('\0') { Err(TextError::Control('\0')) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_counted_in_characters_and_kept_as_it_is() {
        assert_eq!(MessageText::parse(" a\nb\t").unwrap().as_str(), " a\nb\t");
        assert!(MessageText::parse(&"\u{1F600}".repeat(10_000)).is_ok());
        let long = MessageText::parse(&"a".repeat(10_001)).unwrap_err();
        assert_eq!(long, TextError::TooLong { max: 10_000, got: 10_001 });
        assert_eq!(MessageText::parse("a\0"), Err(TextError::Control('\0')));
    }

    #[test]
    fn labels_are_one_short_line_and_an_options_label_is_no_link() {
        assert!(OptionLabel::parse(&"é".repeat(36)).is_ok());
        assert_eq!(OptionLabel::parse(" "), Err(TextError::Empty));
        assert_eq!(OptionLabel::parse("a\nb"), Err(TextError::Control('\n')));
        assert_eq!(OptionLabel::parse("see http://example.com"), Err(TextError::Url));
        assert!(ButtonLabel::parse("see http://example.com").is_ok());
        let long = OptionLabel::parse(&"a".repeat(37)).unwrap_err().to_string();
        assert_eq!(long, "must be at most 36 characters, got 37");
    }

    #[test]
    fn buttons_open_the_web_and_nothing_else() {
        assert!(WebUrl::parse("https://example.com/a?b=c#d").is_ok());
        for bad in [
            "example.com",
            "javascript:alert(1)",
            "ftp://example.com",
            "http://",
            "",
            "https://a:b@example.com",
            "https://example.com/\u{202E}",
            "https://example.com/\n",
        ] {
            assert_eq!(WebUrl::parse(bad), Err(TextError::NotAUrl), "{bad}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2048));
        assert_eq!(WebUrl::parse(&long), Err(TextError::NotAUrl));
    }
}
