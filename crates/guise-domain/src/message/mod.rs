//! Messages: what one account writes to another, and the face it is written under.

mod content;
mod text;

use crate::{
    AccountId, AppId, MediaId, MessageId, Picture, ProfileId, ProfileName, Timestamp, limits,
};

pub use content::{
    CallToAction, InitiatedVia, Location, Mentioned, MessageContent, MessageEntities,
    QuickReplyOption, StoredContentError,
};
pub use text::{
    ButtonLabel, MessageText, OptionDescription, OptionLabel, OptionMetadata, PlaceId, TextError,
    WebUrl,
};

/// A profile as it was at one revision: what a message was written under, and goes on showing until it is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// The profile.
    pub profile: ProfileId,
    /// Which of its revisions, from 1.
    pub revision: u32,
    /// Its name then.
    pub name: ProfileName,
    /// Its picture then; without one it is shown with a default face.
    pub avatar: Option<Picture>,
}

/// One participant's copy of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its id, the same in both copies, which also tells when it was sent.
    pub id: MessageId,
    /// Who wrote it.
    pub sender: AccountId,
    /// Who it was written to.
    pub recipient: AccountId,
    /// The app that sent it.
    pub app: AppId,
    /// What it was written under; nothing but the account when absent.
    pub face: Option<Face>,
    /// The picture attached to it.
    pub media: Option<Picture>,
    /// Everything else in it.
    pub content: MessageContent,
}

/// A message to be sent by the caller.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// A fresh id.
    pub id: MessageId,
    /// Who it is written to; the caller itself is allowed.
    pub recipient: AccountId,
    /// The caller's profile to write it under.
    pub profile: Option<ProfileId>,
    /// The upload to attach.
    pub media: Option<MediaId>,
    /// Everything else in it.
    pub content: MessageContent,
}

/// Why a message was not sent. Nothing of it is in any box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No such account, or it was closed.
    #[error("there is no such recipient")]
    NoRecipient,
    /// The recipient blocked the sender, or takes messages only from accounts it wrote to.
    #[error("the recipient takes no messages from this account")]
    RecipientClosed,
    /// The profile is unknown or somebody else's: one answer for both.
    #[error("the custom profile was not found")]
    ProfileNotFound,
    /// The profile was the caller's and is destroyed.
    #[error("the custom profile was destroyed")]
    ProfileDestroyed,
    /// The upload is unknown, expired, or neither the caller's nor shared with it: one answer for all three.
    #[error("the media was not found")]
    MediaNotFound,
    /// The upload never became a picture.
    #[error("the media is not a finished upload of a picture")]
    NotAPicture,
    /// The upload went into a message before and was not made to be shared.
    #[error("the media was used before, and was not uploaded with shared=true")]
    MediaUsed,
}

/// Why a conversation was not marked as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkReadError {
    /// No such message of this party in the caller's box.
    #[error("the message is unknown")]
    UnknownMessage,
}

/// What two accounts have to do with each other, seen from one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// When the other party wrote last.
    pub heard_at: Option<Timestamp>,
    /// When this party wrote last.
    pub wrote_at: Option<Timestamp>,
    /// Messages since `heard_at` that counted against no limit.
    pub replies: u32,
    /// The newest message that this party marked as read.
    pub read_up_to: Option<MessageId>,
}

/// A conversation as a list of them shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// With whom; oneself when one writes to oneself.
    pub other: AccountId,
    /// The newest message that is left in the box.
    pub newest: Message,
    /// Whether there is something from the other party that was not marked as read.
    pub unread: bool,
}

impl Conversation {
    /// Whether a message to the other party at `now` counts against no limit.
    #[must_use]
    pub fn next_is_free(&self, now: Timestamp) -> bool {
        let recent = |heard: Timestamp| now < heard.plus_seconds(limits::REPLIES_FREE_SECONDS);
        self.replies < limits::REPLIES_FREE_MAX && self.heard_at.is_some_and(recent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_messages_back_within_a_day_are_free() {
        let heard = Timestamp::from_seconds(1_700_000_000);
        let heard_at =
            |replies| Conversation { heard_at: Some(heard), replies, ..Conversation::default() };
        assert!(!Conversation::default().next_is_free(heard));
        assert!(heard_at(0).next_is_free(heard));
        assert!(heard_at(4).next_is_free(heard.plus_seconds(86_399)));
        assert!(!heard_at(5).next_is_free(heard));
        assert!(!heard_at(0).next_is_free(heard.plus_seconds(86_400)));
    }
}
