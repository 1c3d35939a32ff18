//! `guise serve`: the server in one process, from opening its data folder to the last answer.

mod check;
mod guard;
mod signals;
mod tls;
mod upkeep;

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use guise_domain::{Operator, Randomness, Store, StoreError};
use guise_http::serve::{Listener, ServeOptions};
use guise_http::{Blobs, Bucket, Foundation, Guise, Settings, TrustedProxies};
use serde_json::json;
use tokio::net::TcpListener;

use crate::admin::Office;
use crate::args::ServeArgs;
use crate::clock::{OsRandomness, SystemClock};
use crate::config::Config;
use crate::data::DataFolder;
use crate::log;
use crate::output::Output;

pub(crate) use check::check;
pub(crate) use signals::stop_signal;
pub(crate) use tls::ca_path;

/// Runs the server until it is told to stop.
pub(crate) async fn run(
    args: &ServeArgs,
    operator: Option<Operator>,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    check(config, args.yes_listen_publicly)?;
    log::start(&config.log, config.log_format)?;
    let data = DataFolder::open_to_serve(config).await?;
    let server = Server::open(config, &data).await?;
    let urls = server.urls();
    if output.json {
        output.value(&json!({ "listening": urls }))?;
    } else {
        urls.iter().try_for_each(|url| output.line(&format!("listening on {url}")))?;
    }
    if output.is_watched()
        && let Some(url) = config.public_urls.first().or(urls.first())
        && let Some((name, link)) = Office::within(data, operator).await?.first_link(url).await?
    {
        output.line(&format!("to sign in as {name}, open {link}"))?;
    }
    server.run(stop_signal()).await
}

/// A server that has its sockets and can begin to answer.
pub(crate) struct Server {
    guise: Guise,
    store: Arc<dyn Store>,
    listeners: Vec<Listener>,
    options: ServeOptions,
    /// Where plain HTTP is served.
    pub(crate) http: Option<SocketAddr>,
    /// Where HTTPS is served.
    pub(crate) tls: Option<SocketAddr>,
    /// Keeps a second server off the data folder.
    _lock: File,
}

impl Server {
    /// Binds the configured sockets and takes up the work where `data` left it.
    pub(crate) async fn open(config: &Config, data: &DataFolder) -> anyhow::Result<Self> {
        let lock = data.lock()?;
        let foundation = Foundation {
            store: Arc::clone(&data.store),
            blobs: blobs(config, data).await?,
            key: data.key.clone(),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(OsRandomness),
            node: u16::try_from(config.node)?,
        };
        let mut server = Self {
            guise: Guise::start(foundation, settings(config)?).await?,
            store: Arc::clone(&data.store),
            listeners: Vec::new(),
            options: options(config)?,
            http: None,
            tls: None,
            _lock: lock,
        };
        if let Some(address) = config.http {
            let tcp = bind(address, "http").await?;
            server.http = Some(tcp.local_addr()?);
            server.listeners.push(Listener { tcp, tls: None });
        }
        if let Some(address) = config.tls {
            let tcp = bind(address, "tls").await?;
            server.tls = Some(tcp.local_addr()?);
            let tls = Some(tls::settings(config, &data.path)?);
            server.listeners.push(Listener { tcp, tls });
        }
        Ok(server)
    }

    /// What clients can be pointed to on this machine.
    pub(crate) fn urls(&self) -> Vec<String> {
        let http = self.http.map(|address| format!("http://{address}"));
        let tls = self.tls.map(|address| format!("https://{address}"));
        http.into_iter().chain(tls).collect()
    }

    /// Answers until `stop`, finishes what was begun, and leaves everything durable behind.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Self { guise, store, listeners, options, _lock: lock, .. } = self;
        let upkeep = tokio::spawn(upkeep::run(guise.clone(), Arc::clone(&store)));
        let relaying = guise.clone();
        let relay = tokio::spawn(async move { relaying.relay().await });
        let router = guise_http::router(guise.clone());
        let stopping = guise.clone();
        let stop = async move {
            stop.await;
            stopping.hang_up();
        };
        let drained = guise_http::serve::serve(listeners, router, options, stop).await;
        upkeep.abort();
        relay.abort();
        if drained.cut > 0 {
            tracing::warn!(connections = drained.cut, "cut off at the end of drain_seconds");
        }
        match guise.stop().await {
            // The database is full, away, or sealed because all was moved: nothing else is lost.
            Err(error @ StoreError::Unavailable(_)) => {
                tracing::warn!(%error, "read limits start anew, and the last uses of a minute are lost");
            }
            kept => kept.context("the read limits and last uses could not be kept")?,
        }
        store.close().await.context("the database did not close cleanly")?;
        drop(lock);
        tracing::info!("stopped");
        Ok(())
    }
}

async fn blobs(config: &Config, data: &DataFolder) -> anyhow::Result<Blobs> {
    match &config.blobs {
        Some(bucket) => open_bucket(bucket).await,
        None => local_blobs(&data.path),
    }
}

/// The pictures in a data folder.
pub(crate) fn local_blobs(folder: &Path) -> anyhow::Result<Blobs> {
    Ok(Blobs::local(&folder.join("blobs"))?)
}

/// Opens a bucket, once it was seen to be fit for pictures.
pub(crate) async fn open_bucket(bucket: &Bucket) -> anyhow::Result<Blobs> {
    let mut probe = [0; 16];
    OsRandomness.fill(&mut probe);
    let opened = Blobs::bucket(bucket, u128::from_le_bytes(probe)).await;
    // Each of its errors tells all of its causes already.
    opened.map_err(|error| anyhow!("the bucket {bucket} cannot be used (blobs): {error}"))
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} cannot be listened on; choose another with --{key}"))
}

fn settings(config: &Config) -> anyhow::Result<Settings> {
    Ok(Settings {
        public_urls: config.public_urls.clone(),
        trusted_proxies: TrustedProxies::parse(config.trusted_proxies.iter().map(String::as_str))?,
        clock_skew_seconds: i64::try_from(config.clock_skew_seconds)?,
        rules: config.rules.clone(),
        avatar_type: config.avatar_type,
        picture_cache_bytes: config.picture_cache_bytes,
        reserved_names: config.reserved_names.as_slice().into(),
        inspector: config.inspector,
        inspector_bodies: config.inspector_bodies,
    })
}

fn options(config: &Config) -> anyhow::Result<ServeOptions> {
    Ok(ServeOptions {
        header: Duration::from_secs(config.header_timeout_seconds),
        body_pause: Duration::from_secs(config.body_timeout_seconds),
        drain: Duration::from_secs(config.drain_seconds),
        connections_max: usize::try_from(config.connections_max)?,
    })
}
