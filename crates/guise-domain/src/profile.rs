//! Custom profiles: a name and a face that an account writes under.

use crate::{Face, MediaId, Picture, ProfileId, ProfileName, Timestamp};

/// A custom profile as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its id, which also tells when it was made.
    pub id: ProfileId,
    /// How often it was changed, and once more.
    pub revision: u32,
    /// Its name.
    pub name: ProfileName,
    /// Its picture.
    pub avatar: Picture,
    /// Messages written under it.
    pub uses: u64,
    /// When the last of them was sent.
    pub last_used_at: Option<Timestamp>,
}

impl Profile {
    /// What others see of it.
    #[must_use]
    pub fn face(self) -> Face {
        let Self { id, revision, name, avatar, uses: _, last_used_at: _ } = self;
        Face { profile: id, revision, name, avatar }
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
    pub avatar: MediaId,
}

/// Why a custom profile was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateProfileError {
    /// The upload is unknown, expired, or neither the caller's nor shared with it: one answer for all three.
    #[error("the media id is unknown")]
    MediaNotFound,
    /// The upload is the caller's, but its bytes never became a picture.
    #[error("the media is not a picture")]
    NotAPicture,
}
