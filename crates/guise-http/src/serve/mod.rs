//! The accept loop: HTTP/1.1 and HTTP/2, plain and TLS, with a limit on everything and a graceful end.

mod body;
mod connection;
mod requests;
pub mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

pub use body::BodyTimeout;

/// Refusals for lack of room that may be written at once; beyond them connections are just closed.
const REFUSALS_MAX: usize = 64;

/// A socket to accept connections from.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub tcp: TcpListener,
    /// How to speak TLS on it; plain when absent.
    pub tls: Option<Arc<ServerConfig>>,
}

/// The bounds of a connection's life.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// How long request headers may take, and a TLS handshake.
    pub header: Duration,
    /// How long a body may pause.
    pub body_pause: Duration,
    /// How long requests in progress may take after the signal to stop.
    pub drain: Duration,
    /// Connections at once.
    pub connections_max: usize,
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because their requests took longer than the drain allows.
    pub cut: usize,
}

/// Serves `app` until `shutdown`, then answers what was begun and returns.
pub async fn serve(
    listeners: Vec<Listener>,
    app: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let (stop, stopping) = watch::channel(false);
    let room = Arc::new(Semaphore::new(options.connections_max));
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    let mut loops = JoinSet::new();
    for Listener { tcp, tls } in listeners {
        let door = Door {
            app: app.clone(),
            tls: tls.map(Tls::new),
            options,
            room: Arc::clone(&room),
            refusals: Arc::clone(&refusals),
            stopping: stopping.clone(),
        };
        loops.spawn(door.accept(tcp));
    }
    shutdown.await;
    // A send fails only when nobody listens any more, which is what it asks for.
    let _ = stop.send(true);
    let deadline = tokio::time::sleep(options.drain);
    tokio::pin!(deadline);
    while !loops.is_empty() {
        tokio::select! {
            _ = loops.join_next() => {}
            () = &mut deadline => break,
        }
    }
    let cut = options.connections_max - room.available_permits();
    loops.shutdown().await;
    Drained { cut }
}

/// Returns once the server is to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // The sender outlives every receiver; were it gone, stopping would be right too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// How TLS begins.
#[derive(Clone)]
struct Tls {
    serving: TlsAcceptor,
    /// A refusal is written as HTTP/1.1, so that nothing else may be agreed on.
    refusing: TlsAcceptor,
}

impl Tls {
    fn new(config: Arc<ServerConfig>) -> Self {
        let mut refusing = ServerConfig::clone(&config);
        refusing.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { serving: config.into(), refusing: Arc::new(refusing).into() }
    }
}

/// One socket's way in.
struct Door {
    app: Router,
    tls: Option<Tls>,
    options: ServeOptions,
    room: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

impl Door {
    /// Accepts until told to stop, then waits for its connections.
    async fn accept(mut self, tcp: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stopped(&mut self.stopping) => break,
                Some(_) = connections.join_next() => continue,
                accepted = tcp.accept() => accepted,
            };
            match accepted {
                Ok((stream, addr)) => self.admit(&mut connections, stream, addr),
                Err(error) => {
                    // Out of file descriptors, most likely: trying again at once would only spin.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(tcp);
        while connections.join_next().await.is_some() {}
    }

    fn admit(&self, connections: &mut JoinSet<()>, stream: TcpStream, addr: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let connection = connection::Connection {
            app: self.app.clone(),
            tls: self.tls.clone(),
            options: self.options,
            stopping: self.stopping.clone(),
            addr,
            local: stream.local_addr().ok(),
        };
        if let Ok(place) = Arc::clone(&self.room).try_acquire_owned() {
            connections.spawn(async move {
                let _place = place;
                connection.serve(stream).await;
            });
        } else if let Ok(place) = Arc::clone(&self.refusals).try_acquire_owned() {
            connections.spawn(async move {
                let _place = place;
                connection.refuse(stream).await;
            });
        }
    }
}
