//! Moving pictures, and what is on its way to become one.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

use anyhow::{bail, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use guise_domain::limits::BLOBS_MOVED_AT_ONCE;
use guise_domain::moving::{Row, Table, Value};
use guise_domain::{AccountId, MediaId, MediaKey};
use guise_http::{Blobs, blobs_of_picture};

use super::progress::Progress;

/// The folder and the bucket.
pub(super) struct Pictures {
    from: Blobs,
    to: Blobs,
    /// The names of what is in the bucket.
    kept: RefCell<HashSet<String>>,
}

impl Pictures {
    /// Takes up the work in a bucket, which has to be empty unless this very move `began` there before: what is in it
    /// and not in the folder is removed.
    pub(super) async fn open(from: Blobs, to: Blobs, began: Option<&[u8]>) -> anyhow::Result<Self> {
        let ours = match began {
            Some(id) => to.is_claimed(id).await?,
            None => false,
        };
        if !ours && !to.all().await?.is_empty() {
            bail!(
                "there are pictures in the bucket already: name another one, or a prefix of its own"
            );
        }
        Ok(Self { from, to, kept: RefCell::default() })
    }

    /// Has the bucket known as this move's, until that is over.
    pub(super) async fn claim(&self, id: &[u8]) -> anyhow::Result<()> {
        Ok(self.to.claim(id).await?)
    }

    /// Leaves nothing but pictures behind.
    pub(super) async fn disclaim(&self, id: &[u8]) -> anyhow::Result<()> {
        Ok(self.to.disclaim(id).await?)
    }

    /// How many files are in the bucket.
    pub(super) fn count(&self) -> usize {
        self.kept.borrow().len()
    }

    /// Copies what is in the folder and not in the bucket; removes from there what is not in the folder any more.
    pub(super) async fn copy(&self, progress: &Progress<'_>) -> anyhow::Result<()> {
        // In this order: what is only there was removed here, and is not new here.
        let there = self.to.all().await?;
        let here = self.from.all().await?;
        self.kept.replace(there.keys().cloned().collect());
        for (name, size) in &here {
            let same = there.get(name).is_none_or(|kept| kept == size);
            ensure!(same, "{name} is another one in the bucket: begin anew with an empty one");
        }
        let missing: Vec<_> = here.keys().filter(|name| !there.contains_key(*name)).collect();
        let bar = progress.bar("pictures", missing.len() as u64);
        self.add(missing.into_iter(), || bar.inc(1)).await?;
        self.remove(there.keys().filter(|name| !here.contains_key(*name))).await?;
        Ok(progress.over(&bar, "files")?)
    }

    /// Does the same with what rows spoke of that changed.
    pub(super) async fn follow(&self, Touched { before, now }: Touched) -> anyhow::Result<()> {
        let missing: Vec<_> = {
            let kept = self.kept.borrow();
            now.iter().filter(|name| !kept.contains(*name)).collect()
        };
        self.add(missing.into_iter(), || ()).await?;
        self.remove(before.difference(&now)).await
    }

    async fn add(
        &self,
        names: impl Iterator<Item = &String>,
        told: impl Fn(),
    ) -> anyhow::Result<()> {
        let added = stream::iter(names)
            .map(async |name| {
                // One that is gone by now is spoken of by no row either.
                if self.from.copy(name, &self.to).await? {
                    self.kept.borrow_mut().insert(name.clone());
                }
                told();
                Ok(())
            })
            .buffer_unordered(BLOBS_MOVED_AT_ONCE);
        added.try_collect().await
    }

    async fn remove(&self, names: impl Iterator<Item = &String>) -> anyhow::Result<()> {
        let removed = stream::iter(names)
            .map(async |name| {
                self.to.remove(name).await?;
                self.kept.borrow_mut().remove(name);
                Ok(())
            })
            .buffer_unordered(BLOBS_MOVED_AT_ONCE);
        removed.try_collect().await
    }
}

/// The names of what rows spoke of before they changed, and speak of now.
#[derive(Default)]
pub(super) struct Touched {
    before: BTreeSet<String>,
    now: BTreeSet<String>,
}

impl Touched {
    /// Whether the rows of a table speak of pictures.
    pub(super) fn concerns(table: &Table) -> bool {
        ["uploads", "segments"].contains(&&*table.name)
    }

    /// Notes what changed rows of such a table speak of.
    pub(super) fn note(&mut self, table: &Table, before: &[Row], now: &[Row]) {
        self.before.extend(before.iter().flat_map(|row| names(table, row)));
        self.now.extend(now.iter().flat_map(|row| names(table, row)));
    }
}

/// What a row of `uploads` or `segments` speaks of.
fn names(table: &Table, row: &Row) -> Vec<String> {
    let cell = |name: &str| {
        let place = table.columns.iter().position(|column| column.name == name)?;
        row.get(place)
    };
    if let Some(Value::Text(blob)) = cell("blob") {
        return vec![blob.clone()];
    }
    let (Some(Value::Number(owner)), Some(Value::Number(media)), Some(Value::Bytes(random))) =
        (cell("owner"), cell("id"), cell("random"))
    else {
        return Vec::new();
    };
    let Ok(random) = random.as_slice().try_into() else { return Vec::new() };
    let key = MediaKey { owner: AccountId::new(*owner), media: MediaId::new(*media), random };
    blobs_of_picture(key).collect()
}
