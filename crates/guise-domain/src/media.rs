//! Uploads: bytes on their way to become a picture, and what may be done with them.

use crate::{AccountId, Digest, ImageType, MediaId, MediaKey, Picture, PictureFormat, Timestamp};

/// What an upload says it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// A picture for public use.
    TweetImage,
    /// An animation for public use.
    TweetGif,
    /// A picture for a direct message.
    DmImage,
    /// An animation for a direct message.
    DmGif,
}

impl Category {
    /// The category's name in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TweetImage => "tweet_image",
            Self::TweetGif => "tweet_gif",
            Self::DmImage => "dm_image",
            Self::DmGif => "dm_gif",
        }
    }

    /// The category called `name` in snake, camel or upper case (`dm_image`, `DmImage`, `DM_IMAGE`).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
        let name = plain(name);
        [Self::TweetImage, Self::TweetGif, Self::DmImage, Self::DmGif]
            .into_iter()
            .find(|category| plain(category.as_str()) == name)
    }
}

/// What is known of an upload's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Segments are still coming in.
    Receiving {
        /// How many bytes all segments have together.
        total_bytes: u64,
        /// What the client says they are.
        media_type: String,
    },
    /// A picture, re-encoded and kept.
    Image {
        /// Bytes, as uploaded.
        size: u64,
        /// Kind, as uploaded.
        image_type: ImageType,
        /// The format it is served in.
        format: PictureFormat,
        /// Pixels across, upright.
        width: u32,
        /// Pixels down, upright.
        height: u32,
        /// The digest of the file, as uploaded; absent where it was not kept yet.
        digest: Option<Digest>,
    },
}

/// An upload as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The picture's name in URLs; holds the upload's owner and id.
    pub key: MediaKey,
    /// What it is for, if the client said so.
    pub category: Option<Category>,
    /// Whether it may go into more than one message.
    pub shared: bool,
    /// From when on it cannot be used any more.
    pub expires_at: Timestamp,
    /// What is known of its bytes.
    pub content: Content,
}

impl Upload {
    /// The upload's id.
    #[must_use]
    pub const fn id(&self) -> MediaId {
        self.key.media
    }

    /// The picture it became, if it has.
    #[must_use]
    pub const fn picture(&self) -> Option<Picture> {
        match self.content {
            Content::Receiving { .. } => None,
            Content::Image { format, width, height, .. } => {
                Some(Picture { key: self.key, format, width, height })
            }
        }
    }

    /// The digest of the file that was uploaded, if it was kept.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        match self.content {
            Content::Receiving { .. } => None,
            Content::Image { digest, .. } => digest,
        }
    }
}

/// An upload to be kept, whole or to be filled with segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpload {
    /// The upload; its id and key are fresh.
    pub upload: Upload,
    /// Accounts besides the owner that may use it, at most 100. Unknown ones do no harm.
    pub additional_owners: Vec<AccountId>,
}

/// One segment of a chunked upload. Its bytes are a blob that was written before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its place, 0 to 999.
    pub index: u16,
    /// How many bytes it has.
    pub bytes: u64,
    /// The blob's name.
    pub blob: String,
}

/// Why a segment was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddSegmentError {
    /// No such upload of this owner, or it has expired.
    #[error("the media id is unknown")]
    UnknownUpload,
    /// The upload was finalized before.
    #[error("the upload is already finalized")]
    Finalized,
    /// All segments together are more than INIT announced.
    #[error("segments exceed the announced total of {total_bytes} bytes")]
    TooMuch {
        /// What INIT announced.
        total_bytes: u64,
    },
}

/// Why an upload was not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FinishUploadError {
    /// No such upload of this owner, or it has expired.
    #[error("the media id is unknown")]
    UnknownUpload,
}

/// Why a description was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescribeUploadError {
    /// No such upload of this owner, or it has expired.
    #[error("the media id is unknown")]
    UnknownUpload,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_read_in_every_spelling_clients_use() {
        for name in ["dm_image", "DmImage", "DM_IMAGE", "dmImage"] {
            assert_eq!(Category::parse(name), Some(Category::DmImage));
        }
        assert_eq!(Category::parse("TWEET_IMAGE"), Some(Category::TweetImage));
        assert_eq!(Category::parse("tweet_video"), None);
    }
}
