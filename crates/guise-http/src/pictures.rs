//! Pictures as they are served: `/media/<key>.jpg`, public, immutable, small ones from memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use guise_domain::limits::PICTURE_CACHED_BYTES_MAX;
use guise_domain::{MediaKey, Picture, PictureFormat};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Deserialize;

use crate::answer::NOSNIFF;
use crate::blobs;
use crate::error::Refusal;
use crate::picture::Size;
use crate::state::Guise;

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const DEFAULT: &[u8] = include_bytes!("../assets/default_profile.png");

type Name = (MediaKey, Size, PictureFormatOf);
/// Whether the file is a JPEG; part of the name, so that a wrong ending finds nothing.
type PictureFormatOf = bool;

/// A file with the tag it is called by.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    etag: HeaderValue,
    bytes: Bytes,
}

/// Small public pictures in memory, bounded in bytes.
#[derive(Debug)]
pub(crate) struct PictureCache {
    kept: Cache<Name, File, Bytewise>,
    /// How often pictures had to be forgotten.
    forgotten: Mutex<u64>,
}

#[derive(Clone, Debug)]
struct Bytewise;

impl Weighter<Name, File> for Bytewise {
    fn weight(&self, _: &Name, file: &File) -> u64 {
        file.bytes.len() as u64 + 256
    }
}

impl PictureCache {
    /// A cache of at most `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / 8192).unwrap_or(usize::MAX).max(16);
        Self { kept: Cache::with_weighter(items, bytes, Bytewise), forgotten: Mutex::new(0) }
    }

    fn get(&self, name: &Name) -> Option<File> {
        self.kept.get(name)
    }

    /// To be taken before the store is asked whether a picture is public.
    fn mark(&self) -> u64 {
        *self.forgotten()
    }

    /// Keeps what was read since `mark`, unless something was forgotten meanwhile: it may have been this.
    fn keep(&self, mark: u64, name: Name, file: File) {
        let forgotten = self.forgotten();
        if *forgotten == mark && file.bytes.len() <= PICTURE_CACHED_BYTES_MAX {
            self.kept.insert(name, file);
        }
    }

    /// Forgets pictures that are not public any more, as the store has said before.
    pub(crate) fn forget(&self, keys: &[MediaKey]) {
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        for key in keys {
            for size in Size::ALL {
                self.kept.remove(&(*key, size, true));
                self.kept.remove(&(*key, size, false));
            }
        }
    }

    fn forgotten(&self) -> MutexGuard<'_, u64> {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `?format=jpg&name=small`
#[derive(Debug, Deserialize)]
pub(crate) struct Form {
    pub(crate) format: Option<String>,
    pub(crate) name: Option<String>,
}

/// `GET /media/<key>.jpg`, `/media/<key>.jpg:small`, `/media/<key>?format=jpg&name=small`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(file): Path<String>,
    form: Result<Query<Form>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let headers = request.into_parts().0.headers;
    let Query(Form { format, name }) = form.map_err(|_| Refusal::NotFound)?;
    let named = Named::parse(&file, format.as_deref(), name.as_deref());
    let named = named.ok_or(Refusal::NotFound)?;
    let File { etag, bytes } = find(&guise, named).await?.ok_or(Refusal::NotFound)?;
    let known = etag.to_str().is_ok_and(|etag| is_known(&headers, etag));
    let for_good = called(etag);
    if known {
        return Ok((StatusCode::NOT_MODIFIED, for_good).into_response());
    }
    let content_type = [(CONTENT_TYPE, HeaderValue::from_static(named.format.media_type()))];
    Ok((for_good, content_type, bytes).into_response())
}

/// Whether the client has what this tag names.
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| matches!(tag.trim().trim_start_matches("W/"), tag if tag == etag || tag == "*"))
}

/// The headers of what is called by this tag and never changes.
pub(crate) fn for_good(etag: &str) -> Result<[(HeaderName, HeaderValue); 3], Refusal> {
    Ok(called(tag(etag)?))
}

fn tag(etag: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(etag).map_err(|error| Refusal::Internal(error.to_string()))
}

fn called(etag: HeaderValue) -> [(HeaderName, HeaderValue); 3] {
    [(CACHE_CONTROL, IMMUTABLE), (ETAG, etag), (X_CONTENT_TYPE_OPTIONS, NOSNIFF)]
}

/// What a picture's URL names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) key: MediaKey,
    pub(crate) size: Size,
    pub(crate) format: PictureFormat,
}

impl Named {
    /// Reads the URL's last segment, and `format` and `name` of its query. A bare URL means medium.
    pub(crate) fn parse(file: &str, format: Option<&str>, name: Option<&str>) -> Option<Self> {
        let (file, suffix) = match file.split_once(':') {
            Some((file, suffix)) => (file, Some(suffix)),
            None => (file, None),
        };
        let (key, extension) = match file.split_once('.') {
            Some((key, extension)) => (key, Some(extension)),
            None => (file, format),
        };
        let size = match suffix.or(name) {
            Some(name) => Size::parse(name)?,
            None => Size::Medium,
        };
        let format = PictureFormat::from_extension(extension?)?;
        Some(Self { key: MediaKey::parse(key)?, size, format })
    }
}

/// The bytes of a picture in a size, from where blobs are kept.
///
/// # Errors
/// When they are gone, or cannot be read.
pub(crate) async fn read(guise: &Guise, picture: Picture, size: Size) -> Result<Bytes, Refusal> {
    let Picture { key, format, width, height } = picture;
    let stored = size.stored(width, height);
    let bytes = guise.blobs().get(&blobs::picture(key, stored, format)).await?;
    bytes.ok_or_else(|| Refusal::Internal(format!("the {} file of {key} is gone", stored.name())))
}

async fn find(guise: &Guise, named: Named) -> Result<Option<File>, Refusal> {
    let Named { key, size, format } = named;
    let name = |size| (key, size, format == PictureFormat::Jpeg);
    // Only what is public ever gets into the cache.
    let cache = guise.pictures();
    if let Some(file) = cache.get(&name(size)) {
        return Ok(Some(file));
    }
    let mark = cache.mark();
    let Some(picture) = guise.store().public_picture(key).await? else {
        return Ok(None);
    };
    if picture.format != format {
        return Ok(None);
    }
    let stored = size.stored(picture.width, picture.height);
    let bytes = match cache.get(&name(stored)) {
        Some(file) => file.bytes,
        None => match read(guise, picture, size).await {
            Ok(bytes) => bytes,
            // Erased a moment ago: that its bytes are gone is as it should be.
            Err(_) if guise.store().public_picture(key).await?.is_none() => return Ok(None),
            Err(refusal) => return Err(refusal),
        },
    };
    // The key never changes its meaning, so it names the bytes.
    let file = File { etag: tag(&format!("\"{key}.{}\"", size.name()))?, bytes };
    cache.keep(mark, name(size), file.clone());
    Ok(Some(file))
}

/// What the default picture is called in each of the original's sizes.
const NAMES: &[&str] = &[
    "default_profile.png",
    "default_profile_normal.png",
    "default_profile_bigger.png",
    "default_profile_mini.png",
];

/// `GET /images/default_profile_normal.png`: the face of an account that has none.
pub(crate) async fn default(Path(file): Path<String>) -> Result<Response, Refusal> {
    if !NAMES.contains(&file.as_str()) {
        return Err(Refusal::NotFound);
    }
    let png = HeaderValue::from_static("image/png");
    let headers =
        [(CONTENT_TYPE, png), (CACHE_CONTROL, IMMUTABLE), (X_CONTENT_TYPE_OPTIONS, NOSNIFF)];
    Ok((headers, DEFAULT).into_response())
}

#[cfg(test)]
mod tests {
    use guise_domain::{AccountId, MediaId};

    use super::*;

    #[test]
    fn what_was_read_before_its_picture_was_forgotten_is_not_kept_afterwards() {
        let cache = PictureCache::new(1 << 20);
        let key = MediaKey { owner: AccountId::new(1), media: MediaId::new(2), random: [3; 8] };
        let names: Vec<_> = Size::ALL.into_iter().map(|size| (key, size, true)).collect();
        let etag = HeaderValue::from_static("\"a\"");
        let file = File { etag, bytes: Bytes::from_static(b"a face") };
        let mark = cache.mark();
        for name in &names {
            cache.keep(mark, *name, file.clone());
        }
        assert!(names.iter().all(|name| cache.get(name).is_some()));

        let slow = cache.mark();
        cache.forget(&[key]);
        assert!(names.iter().all(|name| cache.get(name).is_none()));
        cache.keep(slow, names[0], file.clone());
        assert_eq!(cache.get(&names[0]), None);
        cache.keep(cache.mark(), names[0], file.clone());
        assert_eq!(cache.get(&names[0]), Some(file));
    }
}
