//! Bytes by name, durable: pictures and segments, through `object_store`.
//!
//! Locally a blob is written under another name, synced, renamed, and its folder synced. A crash leaves no half file
//! under a served name, and nothing that was answered is lost. In a bucket a name is given once: what is there stays.

mod bucket;
mod moving;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use guise_domain::limits::BLOB_PART_BYTES;
use guise_domain::{MediaId, MediaKey, Picture, PictureFormat, Timestamp};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, WriteMultipart};

pub use bucket::Bucket;
pub use moving::blobs_of_picture;

use crate::picture::Size;

/// A blob could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("blob storage failed: {0}")]
pub struct BlobError(#[from] Error);

/// Where bytes are kept. Clones share it.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// The folder they are in, unless it is a bucket.
    folder: Option<Arc<Path>>,
}

/// A blob that is there.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) changed_at: Timestamp,
}

impl Blobs {
    /// Blobs as files in `folder`, which is made if need be.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn local(folder: &Path) -> Result<Self, BlobError> {
        std::fs::create_dir_all(folder).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: Some(folder.into()) })
    }

    /// Blobs as objects in a bucket, once it was seen to keep what is put there, and to refuse a name that is taken.
    ///
    /// # Errors
    /// When it cannot be reached or written, or gives a name twice. `probe` has to be a new random number.
    pub async fn bucket(bucket: &Bucket, probe: u128) -> Result<Self, BlobError> {
        let blobs = Self { store: Arc::new(bucket.open()?), folder: None };
        let name = Name::parse(format!("{PROBES}/{probe:032x}")).map_err(Error::from)?;
        let put =
            || blobs.store.put_opts(&name, Bytes::from_static(b"?").into(), PutMode::Create.into());
        put().await?;
        let again = put().await;
        blobs.store.delete(&name).await?;
        match again {
            Err(Error::AlreadyExists { .. }) => Ok(blobs),
            Err(error) => Err(error.into()),
            Ok(_) => Err(BlobError(Error::NotSupported {
                source: "the bucket lets a name be given twice: it does not know If-None-Match"
                    .into(),
            })),
        }
    }

    /// Keeps a blob. In a folder it takes the place of one with this name; in a bucket that one stays.
    pub(crate) async fn put(&self, name: &str, bytes: Bytes) -> Result<(), BlobError> {
        let name = Name::parse(name).map_err(Error::from)?;
        if self.folder.is_some() {
            self.store.put(&name, bytes.into()).await?;
            return Ok(());
        }
        if bytes.len() > BLOB_PART_BYTES {
            let upload = self.store.put_multipart(&name).await?;
            let mut parts = WriteMultipart::new_with_chunk_size(upload, BLOB_PART_BYTES);
            parts.put(bytes);
            parts.finish().await?;
            return Ok(());
        }
        match self.store.put_opts(&name, bytes.into(), PutMode::Create.into()).await {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A blob's bytes; `None` when there is none with this name.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Bytes>, BlobError> {
        let name = Name::parse(name).map_err(Error::from)?;
        if let Some(folder) = &self.folder {
            // `object_store` would go to the blocking threads once to open the file, and once more to read it.
            let file = folder.join(name.as_ref());
            let read = tokio::task::spawn_blocking(move || std::fs::read(file)).await;
            return match read.map_err(io::Error::other).flatten() {
                Ok(bytes) => Ok(Some(bytes.into())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(failed(error).into()),
            };
        }
        match self.store.get(&name).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a blob. One that is gone is no error.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), BlobError> {
        let name = Name::parse(name).map_err(Error::from)?;
        match self.store.delete(&name).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// All blobs in a folder and below it.
    pub(crate) fn list(&self, folder: &str) -> BoxStream<'static, Result<Listed, BlobError>> {
        let listed = self.store.list(Some(&Name::from(folder)));
        Box::pin(listed.map_err(BlobError::from).map_ok(|found| Listed {
            name: found.location.to_string(),
            changed_at: Timestamp::from_millis(found.last_modified.timestamp_millis()),
        }))
    }

    /// Removes the folders in a folder that have been empty since before `oldest`; how many.
    ///
    /// `object_store` could remove each with its last blob, but then a blob that is put at the same moment now and
    /// again finds its folder gone and fails. So only folders go that nobody can be about to put anything into.
    pub(crate) async fn remove_empty(
        &self,
        folder: &str,
        oldest: Timestamp,
    ) -> Result<u64, BlobError> {
        let Some(place) = &self.folder else { return Ok(0) };
        let folder = place.join(folder);
        let removed = tokio::task::spawn_blocking(move || remove_empty(&folder, oldest)).await;
        Ok(removed.map_err(io::Error::other).flatten().map_err(failed)?)
    }
}

fn remove_empty(folder: &Path, oldest: Timestamp) -> io::Result<u64> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let since = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed_at =
            Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        // One that is not empty stays: the system removes no other.
        if metadata.is_dir() && changed_at < oldest && std::fs::remove_dir(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

fn failed(source: io::Error) -> Error {
    Error::Generic { store: "local", source: Box::new(source) }
}

/// The folder of all pictures.
pub(crate) const PICTURES: &str = "pictures";
/// The folder of what is put into a bucket to see whether it can be.
const PROBES: &str = "probes";
/// The folder of all segments.
pub(crate) const SEGMENTS: &str = "segments";

/// The name of a picture in one of its sizes.
pub(crate) fn picture(key: MediaKey, size: Size, format: PictureFormat) -> String {
    format!("{PICTURES}/{key}/{}.{}", size.name(), format.extension())
}

/// The names of all files a picture may have.
pub(crate) fn picture_files(picture_: Picture) -> impl Iterator<Item = String> {
    Size::ALL.into_iter().map(move |size| picture(picture_.key, size, picture_.format))
}

/// The name of a segment; the random part keeps apart two that come with the same index.
pub(crate) fn segment(media: MediaId, index: u16, random: &str) -> String {
    format!("{SEGMENTS}/{media}/{index}-{random}")
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    /// A bucket of this test's own: the one that tests are given, below a prefix.
    fn bucket(prefix: &str) -> Bucket {
        let given = std::env::var("TEST_BUCKET");
        let given = given
            .expect("a bucket in TEST_BUCKET: run ./check tests, or tests/backends/run cargo test");
        let (place, query) = given.split_once('?').unwrap_or((&given, ""));
        Bucket::parse(&format!("{place}/{prefix}?{query}")).unwrap()
    }

    async fn in_bucket(prefix: &str) -> Blobs {
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        Blobs::bucket(&bucket(prefix), 1).await.unwrap()
    }

    async fn reads_back_until_it_is_deleted(blobs: &Blobs) {
        let name = segment(MediaId::new(7), 0, "ab");
        assert_eq!(blobs.get(&name).await.unwrap(), None);
        let bytes = Bytes::from_static(b"one");
        blobs.put(&name, bytes.clone()).await.unwrap();
        blobs.put(&name, bytes.clone()).await.unwrap();
        assert_eq!(blobs.get(&name).await.unwrap(), Some(bytes));
        let listed: Vec<_> = blobs.list(SEGMENTS).try_collect().await.unwrap();
        assert_eq!(listed.iter().map(|blob| &*blob.name).collect::<Vec<_>>(), [&name]);
        let long_ago = Timestamp::from_millis(1_600_000_000_000);
        assert!(listed.iter().all(|blob| blob.changed_at > long_ago));
        blobs.delete(&name).await.unwrap();
        blobs.delete(&name).await.unwrap();
        assert_eq!(blobs.get(&name).await.unwrap(), None);
        assert!(blobs.get("pictures/../../secret").await.is_err(), "no name leads out");
        assert_eq!(blobs.remove_empty("none", long_ago).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_file_reads_back_until_it_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(&folder.path().join("blobs")).unwrap();
        reads_back_until_it_is_deleted(&blobs).await;
        blobs.put("a", Bytes::from_static(b"one")).await.unwrap();
        blobs.put("a", Bytes::from_static(b"two")).await.unwrap();
        assert_eq!(blobs.get("a").await.unwrap().as_deref(), Some(b"two".as_slice()));
    }

    #[tokio::test]
    async fn an_object_reads_back_until_it_is_deleted() {
        let blobs = in_bucket("objects").await;
        reads_back_until_it_is_deleted(&blobs).await;
        blobs.put("a", Bytes::from_static(b"one")).await.unwrap();
        blobs.put("a", Bytes::from_static(b"two")).await.unwrap();
        assert_eq!(blobs.get("a").await.unwrap().as_deref(), Some(b"one".as_slice()), "it stays");
        let others = in_bucket("others").await;
        assert_eq!(others.get("a").await.unwrap(), None, "prefixes are apart");
    }

    #[tokio::test]
    async fn a_large_object_goes_in_parts() {
        let blobs = in_bucket("large").await;
        let bytes: Vec<u8> = (0..=255).cycle().take(2 * BLOB_PART_BYTES + 1).collect();
        let bytes = Bytes::from(bytes);
        blobs.put("pictures/large", bytes.clone()).await.unwrap();
        assert_eq!(blobs.get("pictures/large").await.unwrap(), Some(bytes));
    }
}
