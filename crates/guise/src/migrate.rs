//! `guise migrate`: an installation goes from its folder into a database and a bucket, while its server goes on.
//!
//! What changes is noted from the beginning. Tables and pictures are copied; what was noted is moved in passes, until
//! little is left; both sides are compared at one moment. Then the folder is sealed, the last of what was noted is moved
//! and compared, and the database is said to be complete: only from then on does a server start on it. Whatever goes wrong
//! before that leaves the folder as it was, and in charge.

mod copy;
mod pass;
mod pictures;
mod progress;
mod switch;

use std::fs::{File, TryLockError};
use std::time::Duration;

use anyhow::{Context, bail};
use guise_domain::moving::Table;
use guise_domain::{Clock, Randomness, Sealed, Timestamp};
use guise_postgres::moving::{Stage as There, Target};
use guise_postgres::{Options, without_password};
use guise_sqlite::moving::{Source, Stage as Here};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::admin::{program, quoted};
use crate::args::MigrateArgs;
use crate::clock::{OsRandomness, SystemClock};
use crate::config::{Config, KeyFrom};
use crate::data;
use crate::output::{Output, clock_time, warn};
use crate::serve::{local_blobs, open_bucket};

use pictures::Pictures;
use progress::Progress;

/// Connections to the database: tables that are copied, and what is asked beside.
const CONNECTIONS: u32 = 8;

/// Everything that a move works with.
struct Move<'a> {
    source: Source,
    target: Target,
    tables: Vec<Table>,
    pictures: Option<Pictures>,
    progress: Progress<'a>,
    /// The target's address without its password.
    address: String,
}

/// What was moved.
struct Moved {
    rows: u64,
    pictures: usize,
    /// How long nothing could be changed.
    sealed: Duration,
}

/// Runs the command.
pub(crate) async fn run(
    args: &MigrateArgs,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let path = data::database(config);
    if !path.exists() {
        bail!("there is no installation in {}: say with --from where it is", config.data.display());
    }
    let _alone = alone(config)?;
    if args.abandon && config.store.is_none() {
        return abandon_here(config, output);
    }
    let Some(address) = &config.store else {
        bail!("say with --to which database it is moved to, such as postgres://guise@db1/guise");
    };
    let target =
        Target::open(address.expose_secret(), Options { connections: CONNECTIONS }).await?;
    if args.abandon {
        return abandon(Source::open_to_abandon(&path)?, &target, output).await;
    }
    let tables = target.tables();
    let source = Source::open(&path, &tables)?;
    let address = without_password(address.expose_secret());
    let proof = source.key_proof()?;
    data::check_proof(config, proof.clone().map(Sealed::from_bytes).as_ref())?;
    let progress = Progress::new(output);
    let mut moving = Move { source, target, tables, pictures: None, progress, address };
    let began = match moving.stages().await? {
        (Here::Still | Here::Moving(_), There::Empty) => None,
        (Here::Moving(here), There::Moving(there)) if here == there => Some(here),
        (Here::Sealed(here), There::Moving(there)) if here == there => {
            moving.source.unseal()?;
            Some(here)
        }
        (Here::Sealed(here) | Here::Moved(here), There::Moved(there)) if here == there => {
            moving.source.finish()?;
            return told(None, &moving.address.clone(), config, output);
        }
        (here, there) => bail!(refusal(&here, &there, &moving.address)),
    };
    if let Some(bucket) = &config.blobs {
        let (from, to) = (local_blobs(&config.data)?, open_bucket(bucket).await?);
        moving.pictures = Some(Pictures::open(from, to, began.as_deref()).await?);
    } else {
        warn(
            "without --blobs pictures stay in the folder: only a server on this machine can show them",
        );
    }
    let id = match began {
        Some(id) => id,
        None => moving.begin().await?,
    };
    let moved = moving.run(&id, proof).await?;
    let address = moving.address.clone();
    drop(moving);
    told(Some(&moved), &address, config, output)
}

impl Move<'_> {
    async fn stages(&self) -> anyhow::Result<(Here, There)> {
        let until = self.source.callers_unknown_until()?.unwrap_or_default();
        if Timestamp::from_millis(until) > SystemClock.now() {
            bail!(
                "requests that the server took before it was brought to this version could be repeated on the new \
                 place: run the command again at {}",
                clock_time(&(until + 60_000).to_string())
            );
        }
        Ok((self.source.stage()?, self.target.stage().await?))
    }

    /// Begins on both sides. A beginning that only one of them knows is no obstacle.
    async fn begin(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut id = vec![0; 16];
        OsRandomness.fill(&mut id);
        self.source.begin(&id)?;
        self.target.begin(&id).await?;
        Ok(id)
    }

    /// Moves everything.
    async fn run(&mut self, id: &[u8], proof: Option<Vec<u8>>) -> anyhow::Result<Moved> {
        if let Some(pictures) = &self.pictures {
            pictures.claim(id).await?;
        }
        let rows = tokio::select! {
            rows = self.prepare() => rows?,
            _ = tokio::signal::ctrl_c() => bail!(STOPPED),
        };
        let sealed = self.switch(proof).await?;
        if let Some(pictures) = &self.pictures
            && pictures.disclaim(id).await.is_err()
        {
            warn("what lies in the folder moves of the bucket is of no use any more");
        }
        let pictures = self.pictures.as_ref().map_or(0, Pictures::count);
        Ok(Moved { rows, pictures, sealed })
    }

    /// Moves what can be moved while others make changes; how many rows there are.
    async fn prepare(&mut self) -> anyhow::Result<u64> {
        let rows =
            self.copy().await.context("not all is copied; run the command again to go on")?;
        self.catch_up().await?;
        Ok(rows)
    }
}

const STOPPED: &str = "stopped; the folder is in charge: run the command again to go on, or with --abandon to take the move back";

/// Keeps a second move off the folder, for as long as the file is open.
fn alone(config: &Config) -> anyhow::Result<File> {
    let path = config.data.join("moving");
    let file = File::create(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("{} is being moved by another `guise migrate`", config.data.display())
        }
        Err(TryLockError::Error(error)) => Err(error).context("the data folder has no locks"),
    }
}

/// Why a move cannot begin or go on.
fn refusal(here: &Here, there: &There, address: &str) -> String {
    match (here, there) {
        (Here::Moved(_), _) => "the folder was moved already, to another database".to_owned(),
        (Here::Sealed(_), _) => {
            "the folder is about to be moved to another database: name that, or take it back with --abandon".to_owned()
        }
        (_, There::Used | There::Moved(_)) => format!(
            "there is an installation in {address} already: make a new database, and name that with --to"
        ),
        _ => format!(
            "another installation is being moved to {address}, or this one was and it was taken back: make a new \
             database, and name that with --to"
        ),
    }
}

/// Takes back what is only in the folder: one that is sealed may be in charge elsewhere.
fn abandon_here(config: &Config, output: &mut Output) -> anyhow::Result<()> {
    let mut source = Source::open_to_abandon(&data::database(config))?;
    if let Here::Sealed(_) | Here::Moved(_) = source.stage_to_abandon()? {
        bail!(
            "the folder takes no changes any more: say with --to where it was to be moved, to see whether it was"
        );
    }
    source.abandon()?;
    Ok(output.line(ABANDONED)?)
}

const ABANDONED: &str = "Taken back: the folder is as before. Drop the database it was to be moved to, and empty the bucket.";

async fn abandon(mut source: Source, target: &Target, output: &mut Output) -> anyhow::Result<()> {
    let (here, there) = (source.stage_to_abandon()?, target.stage().await?);
    match (here, there) {
        (Here::Moving(_) | Here::Still, _) => {}
        (Here::Sealed(here), There::Moving(there)) if here == there => {}
        (Here::Sealed(here) | Here::Moved(here), There::Moved(there)) if here == there => {
            bail!("it was moved, and is in charge there: nothing is taken back")
        }
        _ => bail!(
            "the folder takes no changes any more, and was to be moved to another database: name that with --to"
        ),
    }
    source.abandon()?;
    Ok(output.line(ABANDONED)?)
}

/// Says what was moved, and what to do next.
fn told(
    moved: Option<&Moved>,
    address: &str,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let blobs =
        config.blobs.as_ref().map(|bucket| format!(" --blobs {}", quoted(bucket.address())));
    let key = match &config.key {
        KeyFrom::File(path) => format!(" --key-file {}", quoted(&path.to_string_lossy())),
        _ => String::new(),
    };
    let (program, store, blobs) = (program(config), quoted(address), blobs.unwrap_or_default());
    let next = format!("{program} serve --store {store}{blobs}{key}");
    if output.json {
        let moved = moved.map(|moved| {
            json!({"rows": moved.rows, "pictures": moved.pictures, "read_only_seconds": moved.sealed.as_secs_f64()})
        });
        return Ok(output.value(&json!({"to": address, "moved": moved, "next": next}))?);
    }
    match moved {
        Some(Moved { rows, pictures, sealed }) => {
            output.line(&format!(
                "Moved {rows} rows and {pictures} files of pictures to {address}, which holds what the folder does.\n\
                 Nothing could be changed for {:.1} seconds until then, and in the folder nothing can be any more.",
                sealed.as_secs_f64()
            ))?;
        }
        None => output.line(&format!("It was moved to {address} already."))?,
    }
    output.line(&format!("\nNow stop the old server, which only reads, and start\n  {next}"))?;
    Ok(output.line("with the database's password, if it has one, in the address.")?)
}
