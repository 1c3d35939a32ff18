//! Pictures: told by their first bytes, decoded once under limits, turned upright, and encoded anew in every size.
//!
//! Nothing of the original file is kept: no metadata, no place, no second frame, nothing hidden behind the pixels.

mod decode;
mod kind;
mod renderer;
mod sizes;

use std::io::Cursor;
use std::thread;

use bytes::Bytes;
use guise_domain::{Digest, ImageType, PictureFormat};
use image::{DynamicImage, ImageFormat};
use libjpeg_turbo_rs::{PixelFormat, Subsampling, compress};

pub(crate) use renderer::Renderer;
pub(crate) use sizes::Size;

const JPEG_QUALITY: u8 = 88;

/// Why bytes did not become a picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No kind of picture that is known; says what it looks like.
    #[error("found {0}")]
    Unrecognized(&'static str),
    /// Larger than the limits.
    #[error("{0}")]
    TooLarge(String),
    /// A known kind, but broken.
    #[error("the picture is broken: {0}")]
    Broken(String),
    /// Too many pictures wait.
    #[error("too many pictures wait for being decoded")]
    Busy,
}

/// A picture in every size that is stored.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    /// Kind, as uploaded.
    pub(crate) image_type: ImageType,
    /// The format of `files`.
    pub(crate) format: PictureFormat,
    /// Pixels across, upright.
    pub(crate) width: u32,
    /// Pixels down, upright.
    pub(crate) height: u32,
    /// What the file is recognised by, as uploaded.
    pub(crate) digest: Digest,
    /// Encoded files. Sizes that would equal the original are left out; see [`Size::stored`].
    pub(crate) files: Vec<(Size, Bytes)>,
}

/// Holds a file to the rules that an upload is held to, for clients that want to know before. Blocks for tens of
/// milliseconds.
///
/// # Errors
/// Why the server would not take it.
pub fn check(bytes: &[u8]) -> Result<(), PictureError> {
    decode(bytes).map(drop)
}

fn decode(bytes: &[u8]) -> Result<(ImageType, DynamicImage), PictureError> {
    let image_type = kind::tell(bytes).map_err(PictureError::Unrecognized)?;
    Ok((image_type, decode::decode(bytes, image_type)?))
}

/// Every file that is kept of an upload of these bytes, by the name of its size. Blocks for tens of milliseconds.
///
/// # Errors
/// Why the server would not take it.
pub fn files(bytes: &[u8]) -> Result<Vec<(&'static str, Bytes)>, PictureError> {
    let files = render(bytes)?.files.into_iter();
    Ok(files.map(|(size, bytes)| (size.name(), bytes)).collect())
}

/// Decodes once and encodes every size, on two threads: the original takes as long as all others together.
fn render(bytes: &[u8]) -> Result<Rendered, PictureError> {
    let (image_type, picture) = decode(bytes)?;
    let (width, height) = (picture.width(), picture.height());
    let transparent = picture
        .as_rgba8()
        .is_some_and(|pixels| pixels.pixels().any(|pixel| pixel.0.last() != Some(&255)));
    let (picture, format) = if transparent {
        (picture, PictureFormat::Png)
    } else {
        (DynamicImage::ImageRgb8(picture.into_rgb8()), PictureFormat::Jpeg)
    };
    let (original, smaller) = thread::scope(|scope| {
        let second = thread::Builder::new().name("picture".into());
        let smaller = second.spawn_scoped(scope, || smaller(&picture, format));
        let smaller = smaller.map_err(|_| PictureError::Busy)?;
        let original = encode(&picture, format);
        let smaller = smaller.join().map_err(|_| broken(&"it cannot be scaled"))?;
        Ok((original?, smaller?))
    })?;
    let mut files = vec![(Size::Orig, original)];
    files.extend(smaller);
    Ok(Rendered { image_type, format, width, height, digest: Digest::of(bytes), files })
}

/// The files of all sizes but the original, from large to small, each made of the one before: less to read for every
/// step.
fn smaller(
    picture: &DynamicImage,
    format: PictureFormat,
) -> Result<Vec<(Size, Bytes)>, PictureError> {
    let (width, height) = (picture.width(), picture.height());
    let mut files = Vec::new();
    let mut scaled = None;
    let stored = |size: &Size| *size != Size::Orig && size.stored(width, height) == *size;
    for size in Size::ALL.into_iter().filter(stored) {
        let source = scaled.as_ref().unwrap_or(picture);
        let (w, h) = size.dimensions(width, height);
        if size.is_square() {
            // A long strip's small size is thinner than its square; such squares come from the original.
            let source = if source.width().min(source.height()) >= w { source } else { picture };
            files.push((size, encode(&sizes::square(source, w)?, format)?));
        } else {
            let resized = sizes::resize(source, w, h)?;
            files.push((size, encode(&resized, format)?));
            scaled = Some(resized);
        }
    }
    Ok(files)
}

/// Writes a picture's file.
///
/// # Errors
/// When the picture does not fit the format.
pub(crate) fn encode(picture: &DynamicImage, format: PictureFormat) -> Result<Bytes, PictureError> {
    let bytes = match format {
        PictureFormat::Jpeg => {
            let pixels = picture.as_rgb8().ok_or_else(|| broken(&"it is not opaque"))?;
            let (width, height) = (picture.width() as usize, picture.height() as usize);
            // Colour at full resolution: faces are small, and so are the letters of logos.
            compress(pixels, width, height, PixelFormat::Rgb, JPEG_QUALITY, Subsampling::S444)
                .map_err(|error| broken(&error))?
        }
        PictureFormat::Png => {
            let mut bytes = Cursor::new(Vec::new());
            picture.write_to(&mut bytes, ImageFormat::Png).map_err(|error| broken(&error))?;
            bytes.into_inner()
        }
    };
    Ok(bytes.into())
}

fn broken(reason: &impl ToString) -> PictureError {
    PictureError::Broken(reason.to_string())
}

#[cfg(test)]
mod tests;
