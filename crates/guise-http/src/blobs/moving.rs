//! Moving blobs from one place into another.

use std::collections::BTreeMap;

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

    /// Removes a blob. One that is gone is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(&self, name: &str) -> Result<(), BlobError> {
        self.delete(name).await
    }
}

/// The names of all blobs that a picture may have.
pub fn blobs_of_picture(key: MediaKey) -> impl Iterator<Item = String> {
    [PictureFormat::Jpeg, PictureFormat::Png]
        .into_iter()
        .flat_map(move |format| Size::ALL.into_iter().map(move |size| picture(key, size, format)))
}
