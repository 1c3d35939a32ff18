//! Custom profiles: a name and a face that an account writes under, and everything they were before.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::{EXTERNAL_ID_CHARS_MAX, PROFILE_TAG_CHARS_MAX};
use crate::{
    AppId, BrokenRule, Digest, Face, Lookalike, MediaId, MediaKey, Operator, Picture, ProfileId,
    ProfileName, ReservedWord, Timestamp,
};

/// A custom profile as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its id, which also tells when it was made.
    pub id: ProfileId,
    /// What it is now.
    pub current: Revision,
    /// What its owner calls it elsewhere; unique among an account's living profiles.
    pub external_id: Option<ExternalId>,
    /// Messages written under it.
    pub uses: u64,
    /// When the last of them was sent.
    pub last_used_at: Option<Timestamp>,
    /// When it was destroyed.
    pub destroyed_at: Option<Timestamp>,
    /// When it was erased, which destroys it too.
    pub erased_at: Option<Timestamp>,
}

impl Profile {
    /// What others see of it.
    #[must_use]
    pub fn face(self) -> Face {
        let Revision { revision, name, avatar, .. } = self.current;
        Face { profile: self.id, revision, name, avatar }
    }
}

/// A profile with the words it is found by, and what its picture is recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The profile.
    pub profile: Profile,
    /// The words, in order.
    pub tags: Vec<ProfileTag>,
    /// The digest of the picture's file, as uploaded; absent where it was not kept.
    pub digest: Option<Digest>,
}

/// What a profile is or was. Messages keep the revision they were written under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// How many there were before it, and one more.
    pub revision: u32,
    /// The profile's name.
    pub name: ProfileName,
    /// Its picture; without one it is shown with a default face.
    pub avatar: Option<Picture>,
    /// Who or what speaks.
    pub kind: Option<Kind>,
    /// When it was made.
    pub made_at: Timestamp,
    /// The app that made it; absent for those from before this was kept.
    pub app: Option<AppId>,
    /// Who made it, if the app or its token said so.
    pub operator: Option<Operator>,
}

/// Who or what speaks under a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person.
    Human,
    /// A program that follows rules.
    Bot,
    /// A program that writes its own words.
    Ai,
}

impl Kind {
    /// The word it is written by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Bot => "bot",
            Self::Ai => "ai",
        }
    }

    /// What `word` stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Human, Self::Bot, Self::Ai].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a profile is called in the systems of its owner: 1 to 128 visible ASCII characters, compared exactly. It stands
/// in a path, in which one dot or two would lead elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId(String);

/// Why a text is no external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {EXTERNAL_ID_CHARS_MAX} visible ASCII characters, other than . and ..")]
pub struct ExternalIdError;

impl ExternalId {
    /// Takes what a store kept.
    #[must_use]
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExternalId {
    type Err = ExternalIdError;

    fn from_str(text: &str) -> Result<Self, ExternalIdError> {
        let fits = (1..=EXTERNAL_ID_CHARS_MAX).contains(&text.len());
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        let dots = matches!(text, "." | "..");
        if fits && visible && !dots { Ok(Self(text.to_owned())) } else { Err(ExternalIdError) }
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A word that profiles are found by: 1 to 32 lower case ASCII letters, digits, hyphens and underscores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileTag(String);

/// Why a text is no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {PROFILE_TAG_CHARS_MAX} of a-z, 0-9, - and _")]
pub struct ProfileTagError;

impl ProfileTag {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileTag {
    type Err = ProfileTagError;

    fn from_str(text: &str) -> Result<Self, ProfileTagError> {
        let fits = (1..=PROFILE_TAG_CHARS_MAX).contains(&text.len());
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if fits && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProfileTagError)
        }
    }
}

/// A custom profile to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// A fresh id.
    pub id: ProfileId,
    /// Its name.
    pub name: ProfileName,
    /// The upload that becomes its picture.
    pub avatar: Option<MediaId>,
    /// Who or what speaks.
    pub kind: Option<Kind>,
    /// What its owner calls it.
    pub external_id: Option<ExternalId>,
    /// Words to find it by, at most 16.
    pub tags: Vec<ProfileTag>,
    /// What the server allows in no name.
    pub server_words: Arc<[ReservedWord]>,
}

impl NewProfile {
    /// One with nothing but a name and a picture.
    #[must_use]
    pub fn plain(id: ProfileId, name: ProfileName, avatar: MediaId) -> Self {
        Self {
            id,
            name,
            avatar: Some(avatar),
            kind: None,
            external_id: None,
            tags: Vec::new(),
            server_words: Arc::default(),
        }
    }
}

/// Why a custom profile was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateProfileError {
    /// The upload is unknown, expired, or neither the caller's nor shared with it: one answer for all three.
    #[error("the media id is unknown")]
    MediaNotFound,
    /// The upload is the caller's, but its bytes never became a picture.
    #[error("the media is not a picture")]
    NotAPicture,
    /// Another living profile of the account has this external id.
    #[error("the external id is taken")]
    ExternalIdTaken,
    /// The account or the server does not allow it.
    #[error(transparent)]
    Broken(BrokenRule),
}

/// What is to change about a profile. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// A new name.
    pub name: Option<ProfileName>,
    /// An upload that becomes the picture.
    pub avatar: Option<MediaId>,
    /// A new kind.
    pub kind: Option<Kind>,
    /// What its owner's systems call it from now on. It is no part of a revision, nor are its tags.
    pub external_id: Option<ExternalId>,
    /// The words to find it by, in place of those it has.
    pub tags: Option<Vec<ProfileTag>>,
    /// What the server allows in no new name.
    pub server_words: Arc<[ReservedWord]>,
}

/// Why a profile was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditProfileError {
    /// No such living profile of the caller's.
    #[error("the profile is unknown")]
    NotFound,
    /// It was changed since the caller looked.
    #[error("the profile is at revision {current}")]
    Stale {
        /// The revision it is at.
        current: u32,
    },
    /// The upload is unknown, expired, or neither the caller's nor shared with it: one answer for all three.
    #[error("the media id is unknown")]
    MediaNotFound,
    /// The upload is the caller's, but its bytes never became a picture.
    #[error("the media is not a picture")]
    NotAPicture,
    /// Another living profile of the account has this external id.
    #[error("the external id is taken")]
    ExternalIdTaken,
    /// There is nothing to change, and too little to make one of.
    #[error("a new profile needs a name")]
    Incomplete,
    /// The account or the server does not allow it. A name that stays is not asked about again.
    #[error(transparent)]
    Broken(BrokenRule),
}

/// What an erasure left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The profile, with a placeholder for its name and no picture.
    pub profile: Profile,
    /// Its pictures that nobody else shows: they are not public any more.
    pub hidden: Vec<MediaKey>,
    /// Those of them that are in no message either: their uploads are gone, and their blobs are nobody's.
    pub removed: Vec<MediaKey>,
}

/// What became of a profile that was put in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It has a new revision.
    Updated,
    /// It was so already.
    Unchanged,
}

/// A profile that was changed or put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedProfile {
    /// The profile as it is now.
    pub profile: Tagged,
    /// What became of it.
    pub outcome: Outcome,
    /// Whom its name looks like, when that is new.
    pub alike: Vec<Lookalike>,
}

/// Which profiles to find; all living ones by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFilter {
    /// Those whose folded name contains this, folded.
    pub name: Option<String>,
    /// Those whose folded name begins with this, folded.
    pub name_prefix: Option<String>,
    /// Those of this kind.
    pub kind: Option<Kind>,
    /// Those with this tag.
    pub tag: Option<ProfileTag>,
    /// Those that were neither made nor used since then.
    pub unused_since: Option<Timestamp>,
    /// Destroyed ones or living ones.
    pub state: ProfileState,
}

/// Whether profiles live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProfileState {
    /// Only living ones.
    #[default]
    Living,
    /// Only destroyed ones.
    Destroyed,
    /// Both.
    All,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_ids_and_tags_are_plain() {
        assert!("crm:4711/Jon".parse::<ExternalId>().is_ok());
        for bad in ["", "a b", "é", "a\n", ".", "..", &"x".repeat(129)] {
            assert_eq!(bad.parse::<ExternalId>(), Err(ExternalIdError), "{bad:?}");
        }
        assert!("night-shift_2".parse::<ProfileTag>().is_ok());
        for bad in ["", "Night", "a b", "é", &"x".repeat(33)] {
            assert_eq!(bad.parse::<ProfileTag>(), Err(ProfileTagError), "{bad:?}");
        }
    }
}
