//! A file that gets its name only when all of it is there.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// A file that is being written, beside its name.
pub(super) struct Draft<'p> {
    path: &'p Path,
    beside: PathBuf,
    file: BufWriter<File>,
}

impl<'p> Draft<'p> {
    /// Begins the file that will be called `path`, which must not exist yet.
    pub(super) fn of(path: &'p Path) -> anyhow::Result<Self> {
        ensure!(!path.exists(), "{} is there already", path.display());
        let beside = path.with_added_extension("partial");
        let file = File::create(&beside);
        let file = file.with_context(|| format!("{} cannot be written", beside.display()))?;
        Ok(Self { path, beside, file: BufWriter::new(file) })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let written = self.file.write_all(bytes);
        written.with_context(|| format!("{} cannot be written", self.beside.display()))
    }

    /// Gives the file its name: one that is there is whole, also after a crash.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let Self { path, beside, file } = self;
        let named = || format!("{} cannot be written", beside.display());
        file.into_inner()?.sync_all().with_context(named)?;
        std::fs::rename(&beside, path).with_context(named)
    }
}
