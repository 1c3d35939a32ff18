//! Pictures: told by their first bytes, decoded once under limits, turned upright, and encoded anew in every size.
//!
//! Nothing of the original file is kept: no metadata, no place, no second frame, nothing hidden behind the pixels.

mod decode;
mod kind;
mod sizes;

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use guise_domain::limits::PICTURES_WAITING_MAX;
use guise_domain::{Digest, ImageType, PictureFormat};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat};
use tokio::sync::Semaphore;

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

/// Renders pictures off the async threads, as many at once as there are cores.
#[derive(Debug)]
pub(crate) struct Renderer {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Renderer {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores + PICTURES_WAITING_MAX)),
        }
    }
}

impl Renderer {
    /// Renders one picture.
    ///
    /// # Errors
    /// Why it is none, or that too many wait.
    pub(crate) async fn render(&self, bytes: Bytes) -> Result<Rendered, PictureError> {
        self.run(move || render(&bytes)).await
    }

    /// Does `work` when it is its turn.
    ///
    /// # Errors
    /// Its own, or that too many wait.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
    ) -> Result<T, PictureError> {
        let waiting = Arc::clone(&self.waiting);
        let place = waiting.try_acquire_owned().map_err(|_| PictureError::Busy)?;
        let running = Arc::clone(&self.running);
        let core = running.acquire_owned().await.map_err(|_| PictureError::Busy)?;
        let work = move || {
            // Work cannot be called off, so it keeps its place and core also when nobody waits for it any more.
            let _permits = (place, core);
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|_| Err(PictureError::Broken("it cannot be decoded".into())))
    }
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

/// Decodes once and encodes every size. Blocks for tens of milliseconds.
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
    let mut files = Vec::new();
    // From large to small, each made of the one before: less to read for every step.
    let mut source = picture.clone();
    for size in Size::ALL.into_iter().filter(|size| size.stored(width, height) == *size) {
        if size == Size::Orig {
            files.push((size, encode(&picture, format)?));
            continue;
        }
        if !size.is_square() {
            let (w, h) = size.dimensions(width, height);
            source = sizes::resize(&source, w, h);
            files.push((size, encode(&source, format)?));
            continue;
        }
        let (side, _) = size.dimensions(width, height);
        // A long strip's small size is thinner than its square; such squares come from the original.
        let from = if source.width().min(source.height()) >= side { &source } else { &picture };
        files.push((size, encode(&sizes::square(from, side), format)?));
    }
    Ok(Rendered { image_type, format, width, height, digest: Digest::of(bytes), files })
}

/// Writes a picture's file.
///
/// # Errors
/// When the picture does not fit the format.
pub(crate) fn encode(picture: &DynamicImage, format: PictureFormat) -> Result<Bytes, PictureError> {
    let mut bytes = Vec::new();
    match format {
        PictureFormat::Jpeg => {
            picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))
        }
        PictureFormat::Png => picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png),
    }
    .map_err(|error| PictureError::Broken(error.to_string()))?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests;
