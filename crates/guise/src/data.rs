//! The data folder: database, pictures, and the key that seals secrets unless that is kept elsewhere.

mod key;

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use guise_domain::{Sealed, SealingKey, Store};
use guise_postgres::PostgresStore;
use guise_sqlite::SqliteStore;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::OsRandomness;
use crate::config::Config;
use crate::log;

/// What the proof of the key says, and the name it is sealed for.
const PROOF: &str = "guise key proof";

/// The database's name in the folder.
const DATABASE: &str = "guise.db";
/// Held by the server that runs on the folder.
const LOCK: &str = "lock";

/// Refuses a key that cannot be read. Makes nothing.
pub(crate) fn check_key(config: &Config) -> anyhow::Result<()> {
    key::find(&config.key, &config.data, config.data.join(DATABASE).exists()).map(drop)
}

/// The configured folder's database, wherever another may be configured.
pub(crate) fn database(config: &Config) -> PathBuf {
    config.data.join(DATABASE)
}

/// Refuses a key that the secrets in the folder's database, whose proof this is, were not sealed with.
pub(crate) fn check_proof(config: &Config, proof: Option<&Sealed>) -> anyhow::Result<()> {
    let key = key::find(&config.key, &config.data, true)?.context("there is no key")?;
    match proof {
        Some(proof) if key.open(proof, PROOF).is_err() => {
            Err(wrong_key(&database(config).display().to_string()))
        }
        _ => Ok(()),
    }
}

fn wrong_key(database: &str) -> anyhow::Error {
    anyhow!(
        "the key is not the one that {database} was made with: its secrets would not open; \
         give the key it had (see key_file in `guise config example`)"
    )
}

/// An open data folder.
pub(crate) struct DataFolder {
    pub(crate) path: PathBuf,
    /// Seals and opens the secrets in the store.
    pub(crate) key: SealingKey,
    pub(crate) store: Arc<dyn Store>,
}

impl DataFolder {
    /// Whether the configured folder was made already. A database elsewhere is there for whoever names it.
    pub(crate) fn exists(config: &Config) -> bool {
        config.store.is_some() || config.data.join(DATABASE).exists()
    }

    /// Opens the configured folder; makes it, and what belongs into it, on first start.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        Self::open_with(config, None).await
    }

    /// The same for a server, which has to end when its database can no longer be written.
    pub(crate) async fn open_to_serve(config: &Config) -> anyhow::Result<Self> {
        let exit = || {
            tracing::error!("the database can no longer be written; see the lines above");
            log::flush();
            std::process::exit(1)
        };
        Self::open_with(config, Some(Box::new(exit))).await
    }

    /// Keeps every other server off this folder, for as long as the file is open.
    pub(crate) fn lock(&self) -> anyhow::Result<File> {
        let file = self.lock_file(LOCK)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!(
                "another server runs on {}: stop it, or choose another folder with --data",
                self.path.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).context("the data folder has no locks"),
        }
    }

    /// Waits until no other command makes things in this folder; it is this one's turn for as long as the file is open.
    pub(crate) fn turn(&self) -> anyhow::Result<File> {
        let file = self.lock_file("turn")?;
        file.lock().context("the data folder has no locks")?;
        Ok(file)
    }

    fn lock_file(&self, name: &str) -> anyhow::Result<File> {
        let path = self.path.join(name);
        File::create(&path).with_context(|| format!("{} cannot be made", path.display()))
    }

    async fn open_with(
        config: &Config,
        on_writer_end: Option<Box<dyn FnOnce() + Send>>,
    ) -> anyhow::Result<Self> {
        let path = config.data.clone();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("the data folder {} cannot be made", path.display()))?;
        let database = path.join(DATABASE);
        let key = key::obtain(&config.key, &path, database.exists(), &OsRandomness)?;
        let store = match &config.store {
            Some(address) => open_elsewhere(address).await?,
            None => open_store(&database, config, on_writer_end)?,
        };
        let folder = Self { path, key, store };
        folder.prove_key(config).await?;
        Ok(folder)
    }

    /// Refuses a key that is not the one the database's secrets were sealed with.
    async fn prove_key(&self, config: &Config) -> anyhow::Result<()> {
        let proof = self.key.seal(PROOF.as_bytes(), PROOF, &OsRandomness)?;
        let kept = self.store.key_proof(proof).await?;
        if self.key.open(&kept, PROOF).is_err() {
            let database = match &config.store {
                Some(_) => "the database".to_owned(),
                None => self.path.join(DATABASE).display().to_string(),
            };
            return Err(wrong_key(&database));
        }
        Ok(())
    }
}

async fn open_elsewhere(address: &SecretString) -> anyhow::Result<Arc<dyn Store>> {
    let store = PostgresStore::open(address.expose_secret(), guise_postgres::Options::default());
    Ok(Arc::new(store.await?))
}

fn open_store(
    database: &Path,
    config: &Config,
    on_writer_end: Option<Box<dyn FnOnce() + Send>>,
) -> anyhow::Result<Arc<dyn Store>> {
    let lock = config.data.join(LOCK);
    let in_use = move || {
        File::create(&lock)
            .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    };
    let options = guise_sqlite::Options {
        wal_checkpoint_pages: u32::try_from(config.wal_checkpoint_pages).unwrap_or(u32::MAX),
        on_writer_end,
        in_use: Some(Box::new(in_use)),
        ..guise_sqlite::Options::default()
    };
    let store = SqliteStore::open(database, options)
        .with_context(|| format!("the database {} cannot be opened", database.display()))?;
    Ok(Arc::new(store))
}
