//! Bytes by name, durable: pictures and segments, through `object_store`.
//!
//! Locally a blob is written under another name, synced, renamed, and its folder synced. A crash leaves no half file
//! under a served name, and nothing that was answered is lost.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use guise_domain::{MediaId, MediaKey, Picture, PictureFormat, Timestamp};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::picture::Size;

/// A blob could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("blob storage failed: {0}")]
pub struct BlobError(#[from] object_store::Error);

/// Where bytes are kept. Clones share it.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    folder: Arc<Path>,
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
        Ok(Self { store: Arc::new(store), folder: folder.into() })
    }

    /// Keeps a blob, in place of one with this name.
    pub(crate) async fn put(&self, name: &str, bytes: Bytes) -> Result<(), BlobError> {
        self.store
            .put(&Name::parse(name).map_err(object_store::Error::from)?, bytes.into())
            .await?;
        Ok(())
    }

    /// A blob's bytes; `None` when there is none with this name.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Bytes>, BlobError> {
        let name = Name::parse(name).map_err(object_store::Error::from)?;
        match self.store.get(&name).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a blob. One that is gone is no error.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), BlobError> {
        let name = Name::parse(name).map_err(object_store::Error::from)?;
        match self.store.delete(&name).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
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
        let folder = self.folder.join(folder);
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

fn failed(source: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "local", source: Box::new(source) }
}

/// The folder of all pictures.
pub(crate) const PICTURES: &str = "pictures";
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

    #[tokio::test]
    async fn a_blob_reads_back_until_it_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(&folder.path().join("blobs")).unwrap();
        let name = segment(MediaId::new(7), 0, "ab");
        assert_eq!(blobs.get(&name).await.unwrap(), None);
        blobs.put(&name, Bytes::from_static(b"one")).await.unwrap();
        blobs.put(&name, Bytes::from_static(b"two")).await.unwrap();
        assert_eq!(blobs.get(&name).await.unwrap().as_deref(), Some(b"two".as_slice()));
        let listed: Vec<_> = blobs.list(SEGMENTS).try_collect().await.unwrap();
        assert_eq!(listed.iter().map(|blob| &*blob.name).collect::<Vec<_>>(), [&name]);
        blobs.delete(&name).await.unwrap();
        blobs.delete(&name).await.unwrap();
        assert_eq!(blobs.get(&name).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_name_never_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        assert!(blobs.get("pictures/../../secret").await.is_err());
    }
}
