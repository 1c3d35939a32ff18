//! Connections: the bounds on each, and the end of all.

use std::time::Duration;

use guise_http::serve::{Drained, ServeOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{World, short};

/// Everything the server says until it closes the connection, or fails the test after 20 seconds.
async fn heard(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset has said what it had to say.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn connect(world: &World, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// A request in progress: the server waits for the two bytes of its body.
async fn begin(world: &World) -> TcpStream {
    let head = "POST /1.1/custom_profiles/new.json HTTP/1.1\r\nhost: x\r\n\
        expect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    let mut stream = connect(world, head).await;
    let mut going_on = [0; 25];
    stream.read_exact(&mut going_on).await.unwrap();
    assert_eq!(&going_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn headers_that_do_not_come_end_the_connection() {
    let world = World::bounded(short()).await;
    for head in ["", "P", "GET /healthz HTTP/1.1\r\nhost: x\r\n"] {
        let answer = heard(&mut connect(&world, head).await).await;
        assert!(!answer.contains("200"), "{answer}");
    }
    assert_eq!(world.get("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn a_body_that_stops_is_told_so() {
    let world = World::bounded(short()).await;
    let head =
        "POST /1.1/custom_profiles/new.json HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    let answer = heard(&mut connect(&world, head).await).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let body = r#"{"errors":[{"code":214,"message":"The body did not arrive in time."}]}"#;
    assert!(answer.ends_with(body), "{answer}");
}

#[tokio::test]
async fn one_connection_too_many_is_told_to_come_back() {
    let pause = Duration::from_mins(1);
    let options = ServeOptions { connections_max: 1, body_pause: pause, ..short() };
    let world = World::bounded(options).await;
    let _first = begin(&world).await;
    let mut second = TcpStream::connect(world.address).await.unwrap();
    let answer = heard(&mut second).await;
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"errors":[{"code":130,"message":"Over capacity"}]}"#);
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    assert!(head.contains("retry-after: 1"), "{head}");
}

#[tokio::test]
async fn headers_that_are_too_long_are_refused() {
    let world = World::bounded(short()).await;
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "x".repeat(100_000));
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    // The server may stop reading before all of it is sent.
    let _ = stream.write_all(long.as_bytes()).await;
    let answer = heard(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(world.get("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn what_is_no_http_harms_nobody() {
    let world = World::bounded(short()).await;
    for garbage in
        ["\0\0\0", "\u{16}\u{3}\u{1}", "GET\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxx"]
    {
        heard(&mut connect(&world, garbage).await).await;
    }
    assert_eq!(world.get("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn a_server_that_stops_answers_what_it_has_begun_and_takes_nothing_new() {
    let options = ServeOptions { body_pause: Duration::from_secs(10), ..short() };
    let mut world = World::bounded(options).await;
    let mut begun = begin(&world).await;
    let stopped = world.stop();
    let refused = async { while TcpStream::connect(world.address).await.is_ok() {} };
    timeout(Duration::from_secs(20), refused).await.unwrap();
    begun.write_all(b"{}").await.unwrap();
    let answer = heard(&mut begun).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(stopped.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn a_request_that_takes_longer_than_the_drain_is_cut() {
    let options = ServeOptions {
        body_pause: Duration::from_mins(1),
        drain: Duration::from_millis(100),
        ..short()
    };
    let mut world = World::bounded(options).await;
    let _begun = begin(&world).await;
    assert_eq!(world.stop().await.unwrap(), Drained { cut: 1 });
}
