//! Pictures as they are served: a key nobody can guess, a format, and the size of the original.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{AccountId, MediaId};

/// A picture's name in URLs: 64 random bits behind the owner and the upload, so that it says where its row is and
/// still cannot be guessed. Written as 32 characters of URL-safe base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MediaKey {
    /// Who uploaded it.
    pub owner: AccountId,
    /// The upload it came from.
    pub media: MediaId,
    /// The part that cannot be guessed.
    pub random: [u8; 8],
}

impl MediaKey {
    /// The key written as `text`, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (owner, rest) = bytes.split_first_chunk()?;
        let (media, random) = rest.split_first_chunk()?;
        Some(Self {
            owner: AccountId::new(i64::from_be_bytes(*owner)),
            media: MediaId::new(i64::from_be_bytes(*media)),
            random: random.try_into().ok()?,
        })
    }
}

impl fmt::Display for MediaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 24];
        for (to, from) in bytes.iter_mut().zip(
            self.owner
                .get()
                .to_be_bytes()
                .into_iter()
                .chain(self.media.get().to_be_bytes())
                .chain(self.random),
        ) {
            *to = from;
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// The format a picture is served in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// JPEG: pictures without transparency.
    Jpeg,
    /// PNG: pictures with it.
    Png,
}

impl PictureFormat {
    /// The ending of its URLs and files.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The format whose files end so.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "jpg" => Some(Self::Jpeg),
            "png" => Some(Self::Png),
            _ => None,
        }
    }
}

/// The kind of a picture as it was uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageType {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `image/gif`
    Gif,
    /// `image/webp`
    Webp,
}

impl ImageType {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// The kind with this media type.
    #[must_use]
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::Gif, Self::Webp]
            .into_iter()
            .find(|kind| kind.media_type() == media_type)
    }
}

/// A picture that can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its name in URLs.
    pub key: MediaKey,
    /// The format it is served in.
    pub format: PictureFormat,
    /// Pixels across, upright.
    pub width: u32,
    /// Pixels down, upright.
    pub height: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_is_one() {
        let key = MediaKey {
            owner: AccountId::new(1),
            media: MediaId::new(i64::MAX),
            random: *b"\xFFrandom\0",
        };
        let text = key.to_string();
        assert_eq!(text.len(), 32);
        assert_eq!(MediaKey::parse(&text), Some(key));
        for bad in
            ["", "..", "Cr7HZpvVYAAYZIX", &text[1..], &format!("{text}A"), &text.replace('_', "/")]
        {
            assert_eq!(MediaKey::parse(bad), None, "{bad}");
        }
    }
}
