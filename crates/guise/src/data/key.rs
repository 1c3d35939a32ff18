//! The key that seals secrets: read, or made on first start, and never readable by others.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guise_domain::{Randomness, SealingKey};
use secrecy::ExposeSecret;

use crate::config::KeyFrom;

/// The key's file in a data folder.
const NAME: &str = "key";
const BYTES: usize = 32;

/// The key that the configuration names. Makes the data folder's own, unless it `has_data` that another key sealed.
pub(super) fn obtain(
    from: &KeyFrom,
    folder: &Path,
    has_data: bool,
    randomness: &dyn Randomness,
) -> anyhow::Result<SealingKey> {
    if let Some(key) = find(from, folder, has_data)? {
        return Ok(key);
    }
    let path = folder.join(NAME);
    make(&path, randomness).with_context(|| cannot("be made", &path))?;
    read(&path)
}

/// The key that the configuration names; `None` when the data folder's own has yet to be made.
pub(super) fn find(
    from: &KeyFrom,
    folder: &Path,
    has_data: bool,
) -> anyhow::Result<Option<SealingKey>> {
    match from {
        KeyFrom::Value(text) => {
            decode(text.expose_secret()).map(Some).context("`key` is not a key")
        }
        KeyFrom::File(path) => read(path).map(Some),
        KeyFrom::DataFolder => {
            let path = folder.join(NAME);
            if path.exists() {
                return read(&path).map(Some);
            }
            if has_data {
                bail!(
                    "the key {} is gone, and without it the secrets in the database do not open: \
                     put it back from a backup, or say where it is with key_file",
                    path.display()
                );
            }
            Ok(None)
        }
    }
}

fn cannot(what: &str, path: &Path) -> String {
    format!("the key {} cannot {what}", path.display())
}

fn read(path: &Path) -> anyhow::Result<SealingKey> {
    let mode = fs::metadata(path).with_context(|| cannot("be read", path))?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "the key {0} can be read by others (mode {1:o}): run `chmod 600 {0}`",
            path.display(),
            mode & 0o777
        );
    }
    let text = fs::read_to_string(path).with_context(|| cannot("be read", path))?;
    decode(text.trim()).with_context(|| format!("{} is not a key", path.display()))
}

fn decode(text: &str) -> anyhow::Result<SealingKey> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; BYTES]>::try_from(bytes).ok());
    let bytes = bytes.ok_or_else(|| {
        anyhow!("a key is {BYTES} bytes in base64; `openssl rand -base64 {BYTES}` makes one")
    })?;
    Ok(SealingKey::new(&bytes))
}

/// Writes the whole key beside `path` first, so that neither a crash nor a second process ever sees half of one.
fn make(path: &Path, randomness: &dyn Randomness) -> std::io::Result<()> {
    let mut bytes = [0; BYTES];
    randomness.fill(&mut bytes);
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", STANDARD.encode(bytes))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::OsRandomness;

    fn told(result: anyhow::Result<SealingKey>) -> String {
        format!("{:#}", result.expect_err("a refusal"))
    }

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        obtain(&KeyFrom::DataFolder, folder.path(), false, &OsRandomness).unwrap();
        let path = folder.path().join("key");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        obtain(&KeyFrom::DataFolder, folder.path(), true, &OsRandomness).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        make(&path, &OsRandomness).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let told = told(read(&path));
        assert!(told.contains("can be read by others (mode 640): run `chmod 600 "), "{told}");
    }

    #[test]
    fn a_lost_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let told = told(obtain(&KeyFrom::DataFolder, folder.path(), true, &OsRandomness));
        assert!(told.contains("put it back from a backup"), "{told}");
    }

    #[test]
    fn what_is_not_a_key_says_what_one_is() {
        let told =
            told(obtain(&KeyFrom::Value("abc".into()), Path::new("."), false, &OsRandomness));
        assert_eq!(
            told,
            "`key` is not a key: a key is 32 bytes in base64; `openssl rand -base64 32` makes one"
        );
    }
}
