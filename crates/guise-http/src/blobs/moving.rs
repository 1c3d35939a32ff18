//! Moving blobs from one place into another.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::TryStreamExt;
use guise_domain::{MediaKey, PictureFormat};
use object_store::Error;

use super::{BlobError, Blobs, Name, PICTURES, SEGMENTS, picture};
use crate::picture::Size;

impl Blobs {
    /// Every picture and segment, with the number of its bytes.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn all(&self) -> Result<BTreeMap<String, u64>, BlobError> {
        let mut all = BTreeMap::new();
        for folder in [PICTURES, SEGMENTS] {
            let mut listed = self.store.list(Some(&Name::from(folder)));
            while let Some(found) = listed.try_next().await? {
                all.insert(found.location.to_string(), found.size);
            }
        }
        Ok(all)
    }

    /// Copies a blob, and reads the copy back. `false` when there is none with this name any more.
    ///
    /// # Errors
    /// When it cannot be copied, or the copy is another.
    pub async fn copy(&self, name: &str, to: &Self) -> Result<bool, BlobError> {
        let Some(bytes) = self.get(name).await? else { return Ok(false) };
        to.put(name, bytes.clone()).await?;
        if to.get(name).await?.as_ref() != Some(&bytes) {
            let source = format!("{name} did not read back as it was put").into();
            return Err(Error::Generic { store: "bucket", source }.into());
        }
        Ok(true)
    }

    /// Notes beside the blobs that the move called `id` puts them here.
    ///
    /// # Errors
    /// When it cannot be noted.
    pub async fn claim(&self, id: &[u8]) -> Result<(), BlobError> {
        self.put(&claim(id), Bytes::from_static(b"!")).await
    }

    /// Whether that was noted.
    ///
    /// # Errors
    /// When it cannot be looked up.
    pub async fn is_claimed(&self, id: &[u8]) -> Result<bool, BlobError> {
        Ok(self.get(&claim(id)).await?.is_some())
    }

    /// Forgets that it was noted.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn disclaim(&self, id: &[u8]) -> Result<(), BlobError> {
        self.delete(&claim(id)).await
    }

    /// Removes a blob. One that is gone is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(&self, name: &str) -> Result<(), BlobError> {
        self.delete(name).await
    }
}

/// The folder of what tells whose move began to put blobs into a bucket.
const MOVES: &str = "moves";

fn claim(id: &[u8]) -> String {
    let id = id.iter().fold(0_u128, |id, byte| id << 8 | u128::from(*byte));
    format!("{MOVES}/{id:032x}")
}

/// The names of all blobs that a picture may have.
pub fn blobs_of_picture(key: MediaKey) -> impl Iterator<Item = String> {
    [PictureFormat::Jpeg, PictureFormat::Png]
        .into_iter()
        .flat_map(move |format| Size::ALL.into_iter().map(move |size| picture(key, size, format)))
}
