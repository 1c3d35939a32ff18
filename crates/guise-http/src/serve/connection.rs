//! One connection's life.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use guise_domain::limits::{HEADER_BYTES_MAX, HTTP2_STREAMS_MAX};

use super::body::Paced;
use super::requests::Requests;
use super::{ServeOptions, Tls, stopped};
use crate::origin::Peer;

const OVER_CAPACITY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json;charset=utf-8\r\ncontent-length: 51\r\nretry-after: 1\r\nconnection: close\r\n\r\n\
    {\"errors\":[{\"code\":130,\"message\":\"Over capacity\"}]}";

/// Everything one connection needs.
pub(super) struct Connection {
    pub(super) app: Router,
    pub(super) tls: Option<Tls>,
    pub(super) options: ServeOptions,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) addr: SocketAddr,
    pub(super) local: Option<SocketAddr>,
}

impl Connection {
    /// Serves until the client leaves, breaks a bound, or the server stops.
    pub(super) async fn serve(self, stream: TcpStream) {
        let requests = Requests::default();
        match &self.tls {
            None => self.speak(stream, &requests).await,
            Some(tls) => match timeout(self.options.header, tls.serving.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream, &requests).await,
                Ok(Err(error)) => {
                    tracing::debug!(addr = %self.addr, %error, "no TLS handshake");
                }
                Err(_) => tracing::debug!(addr = %self.addr, "the TLS handshake took too long"),
            },
        }
        // The connection keeps its place until then: whoever leaves early cannot begin more than others.
        requests.finish().await;
    }

    /// Says that there is no room.
    pub(super) async fn refuse(self, mut stream: TcpStream) {
        let answer = async {
            match &self.tls {
                None => say_no(&mut stream).await,
                Some(tls) => {
                    if let Ok(mut stream) = tls.refusing.accept(stream).await {
                        say_no(&mut stream).await;
                    }
                }
            }
        };
        // Whoever does not listen to the refusal loses nothing.
        let _ = timeout(Duration::from_secs(2), answer).await;
    }

    async fn speak<S>(&self, stream: S, requests: &Requests)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { options, addr, .. } = self;
        let mut stopping = self.stopping.clone();
        let begun = Arc::new(AtomicBool::new(false));
        let note = Arc::clone(&begun);
        let (app, requests) = (self.app.clone(), requests.clone());
        let peer = Peer { addr: self.addr, local: self.local, tls: self.tls.is_some() };
        let pause = options.body_pause;
        let service = service_fn(move |mut request: Request<Incoming>| {
            note.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(peer);
            let request = Paced::body_of(request, pause).map(Body::new);
            requests.begin(app.clone().oneshot(request))
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(options.header)
            .max_buf_size(HEADER_BYTES_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(HTTP2_STREAMS_MAX)
            .max_header_list_size(u32::try_from(HEADER_BYTES_MAX).unwrap_or(u32::MAX))
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        // The library's own timers start only once it knows which HTTP is spoken.
        let first = sleep(options.header);
        tokio::pin!(first);
        let (mut waiting, mut leaving) = (true, false);
        let served = loop {
            tokio::select! {
                served = &mut connection => break served,
                () = stopped(&mut stopping), if !leaving => {
                    connection.as_mut().graceful_shutdown();
                    leaving = true;
                }
                () = &mut first, if waiting => {
                    waiting = false;
                    if !begun.load(Ordering::Relaxed) {
                        tracing::debug!(%addr, "no request came in time");
                        return;
                    }
                }
            }
        };
        if let Err(error) = served {
            tracing::debug!(%addr, %error, "the connection ended early");
        }
    }
}

async fn say_no(stream: &mut (impl AsyncWrite + Unpin)) {
    let _ = stream.write_all(OVER_CAPACITY).await;
    let _ = stream.shutdown().await;
}
