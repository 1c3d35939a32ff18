//! What a message holds besides its picture, and the one form in which every store keeps it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::text::{
    ButtonLabel, MessageText, OptionDescription, OptionLabel, OptionMetadata, PlaceId, WebUrl,
};
use crate::limits::MENTIONS_MAX;
use crate::{Account, AccountId, Entities, Link, Mention, ScreenName, Tag};

/// What a message says and offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageContent {
    /// Its text; empty only beside an attachment.
    pub text: MessageText,
    /// What in the text leads somewhere.
    pub entities: MessageEntities,
    /// What the picture attached to it shows, as it was described when the message was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
    /// A place attached to it, instead of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Answers that the recipient may choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_reply: Vec<QuickReplyOption>,
    /// What the option that this message chooses carries for its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick_reply_response: Option<OptionMetadata>,
    /// Buttons below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<CallToAction>,
    /// What the conversation began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiated_via: Option<InitiatedVia>,
}

/// A stored message's content cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a stored message cannot be read: {0}")]
pub struct StoredContentError(#[from] serde_json::Error);

impl MessageContent {
    /// A message that says `text` and nothing else.
    #[must_use]
    pub fn of(text: MessageText, entities: MessageEntities) -> Self {
        Self {
            text,
            entities,
            alt_text: None,
            location: None,
            quick_reply: Vec::new(),
            quick_reply_response: None,
            buttons: Vec::new(),
            initiated_via: None,
        }
    }

    /// The content as a store keeps it: JSON, whose absent members may be new ones.
    ///
    /// # Errors
    /// Never for values that were parsed; the signature is the library's.
    pub fn to_stored(&self) -> Result<String, StoredContentError> {
        Ok(serde_json::to_string(self)?)
    }

    /// The content that a store kept.
    ///
    /// # Errors
    /// When it is not what [`MessageContent::to_stored`] wrote.
    pub fn from_stored(text: &str) -> Result<Self, StoredContentError> {
        Ok(serde_json::from_str(text)?)
    }
}

/// The entities of a text, its mentions resolved to the accounts there were when it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEntities {
    /// `#word`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashtags: Vec<Tag>,
    /// `$WORD`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<Tag>,
    /// `@name` of accounts that exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mentioned>,
    /// Web addresses, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<Link>,
}

impl MessageEntities {
    /// Keeps of `found` all but the mentions of nobody among the open ones of `accounts`.
    #[must_use]
    pub fn resolved(found: Entities, accounts: &[Account]) -> Self {
        let open = accounts.iter().filter(|account| !account.closed);
        let by_name: HashMap<String, &Account> =
            open.map(|account| (account.name.folded(), account)).collect();
        let resolve = |mention: Mention| {
            let account = by_name.get(&mention.screen_name.to_ascii_lowercase())?;
            Some(Mentioned {
                account: account.id,
                screen_name: account.name.to_string(),
                indices: mention.indices,
            })
        };
        let Entities { hashtags, symbols, mentions, urls } = found;
        let mentions = mentions.into_iter().filter_map(resolve).collect();
        Self { hashtags, symbols, mentions, urls }
    }
}

impl Entities {
    /// The names that are mentioned first and can be accounts', each once, as many as are looked up.
    #[must_use]
    pub fn mentioned_names(&self) -> Vec<ScreenName> {
        let mut seen = HashSet::new();
        let names = self.mentions.iter().filter_map(|mention| mention.screen_name.parse().ok());
        names.filter(|name: &ScreenName| seen.insert(name.folded())).take(MENTIONS_MAX).collect()
    }
}

/// An account that a text mentions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentioned {
    /// Which account.
    pub account: AccountId,
    /// Its name, as the account writes it.
    pub screen_name: String,
    /// Where, in code points of the text; the end is exclusive.
    pub indices: (u32, u32),
}

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// A point, in degrees.
    Coordinate {
        /// East of Greenwich, -180 to 180.
        longitude: f64,
        /// North of the equator, -90 to 90.
        latitude: f64,
    },
    /// A place by its id.
    Place(PlaceId),
}

/// One answer to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickReplyOption {
    /// What stands on it, and what choosing it says.
    pub label: OptionLabel,
    /// What stands below the label; of all options of a message, or of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<OptionDescription>,
    /// What comes back when it is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<OptionMetadata>,
}

/// A button that opens a web address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallToAction {
    /// What stands on it.
    pub label: ButtonLabel,
    /// What it opens.
    pub url: WebUrl,
}

/// What made somebody write first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitiatedVia {
    /// A tweet with a button to write a message.
    Tweet(i64),
    /// A link to a welcome message.
    WelcomeMessage(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_reads_back_and_may_lack_what_came_later() {
        let text = MessageText::parse("a\u{1F600}\n").unwrap();
        let content = MessageContent {
            location: Some(Location::Coordinate { longitude: -122.443_893, latitude: 37.771_718 }),
            quick_reply: vec![QuickReplyOption {
                label: OptionLabel::parse("Red").unwrap(),
                description: None,
                metadata: Some(OptionMetadata::parse("1").unwrap()),
            }],
            buttons: vec![CallToAction {
                label: ButtonLabel::parse("Go").unwrap(),
                url: WebUrl::parse("https://example.com").unwrap(),
            }],
            initiated_via: Some(InitiatedVia::WelcomeMessage(i64::MAX)),
            ..MessageContent::of(text.clone(), MessageEntities::default())
        };
        let stored = content.to_stored().unwrap();
        assert_eq!(MessageContent::from_stored(&stored).unwrap(), content);
        let oldest = r#"{"text":"a😀\n","entities":{}}"#;
        let plain = MessageContent::of(text, MessageEntities::default());
        assert_eq!(plain.to_stored().unwrap(), oldest);
        assert_eq!(MessageContent::from_stored(oldest).unwrap(), plain);
        assert!(MessageContent::from_stored("{}").is_err());
    }
}
