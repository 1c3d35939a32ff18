//! HTTP/2 and TLS.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, ClientBuilder, Version};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{Process, Reply, Signer, World};

const TLS: (&str, &str) = ("GUISE_TLS", "127.0.0.1:0");
const ALL_HOSTS: [&str; 7] = [
    "localhost",
    "api.twitter.com",
    "upload.twitter.com",
    "pbs.twimg.com",
    "ton.twitter.com",
    "api.x.com",
    "upload.x.com",
];

/// Trusts the authority of a data folder and nobody else.
fn trusting(data: &Path) -> ClientBuilder {
    let pem = std::fs::read(data.join("tls/ca.pem")).unwrap();
    let authority = Certificate::from_pem(&pem).unwrap();
    reqwest::Client::builder().tls_certs_only([authority]).no_proxy()
}

fn address(url: &str) -> SocketAddr {
    url.rsplit_once('/').unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn http2_is_spoken_in_the_clear_with_those_who_know() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let builder = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let http = builder.http2_prior_knowledge().build().unwrap();
    let reply = world.create(&shop, "A", &media).send_with(&http).await;
    assert_eq!(reply.version, Version::HTTP_2);
    let url = reply.success()["custom_profile"]["avatar"]["media"]["url"].clone();
    assert!(url.as_str().unwrap().starts_with(&world.url()), "{url}");
    assert_eq!(world.profiles(&shop).await, 1);
}

#[tokio::test]
async fn over_tls_client_and_server_agree_on_http2_or_on_http1() {
    let folder = tempdir().unwrap();
    let signer = Signer::new(folder.path(), "shop");
    let server = Process::start(folder.path(), &[TLS], 2);
    let url = format!("{}/1.1/custom_profiles/list.json", server.urls[1]);
    for (http, version) in [
        (trusting(folder.path()), Version::HTTP_2),
        (trusting(folder.path()).http1_only(), Version::HTTP_11),
    ] {
        let request = http.build().unwrap().get(&url);
        let request = request.header("authorization", signer.sign("GET", &url));
        let reply = Reply::read(request.send().await.unwrap()).await;
        assert_eq!(reply.success(), serde_json::json!({"custom_profiles": []}));
        assert_eq!(reply.version, version);
    }
}

#[tokio::test]
async fn the_development_certificate_has_the_names_of_the_original_and_no_others() {
    let folder = tempdir().unwrap();
    let server = Process::start(folder.path(), &[TLS], 2);
    let address = address(&server.urls[1]);
    let client = |host| trusting(folder.path()).resolve(host, address).build().unwrap();
    for host in ALL_HOSTS {
        let url = format!("https://{host}:{}/healthz", address.port());
        assert_eq!(client(host).get(url).send().await.unwrap().status(), 200, "{host}");
    }
    let url = format!("https://guise.example:{}/healthz", address.port());
    assert!(client("guise.example").get(url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_over_tls_in_http1() {
    let folder = tempdir().unwrap();
    let server = Process::start(folder.path(), &[TLS, ("GUISE_CONNECTIONS_MAX", "1")], 2);
    let mut first = TcpStream::connect(address(&server.urls[0])).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut begun = [0; 15];
    first.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200 OK");

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.path().join("tls/ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address(&server.urls[1])).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let mut answer = String::new();
    // The end of the connection may come without TLS's own farewell.
    let _ = timeout(Duration::from_secs(20), stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"errors":[{"code":130,"message":"Over capacity"}]}"#), "{answer}");
}

/// Sends a head and a body, and reads the answer's head only then, as most clients do.
async fn sent_whole(connection: &mut TcpStream, head: &str, bytes: usize) -> String {
    let head = format!("{head} HTTP/1.1\r\nhost: x\r\ncontent-length: {bytes}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&vec![b' '; bytes]).await.unwrap();
    answered(connection).await
}

/// Reads one answer.
async fn answered(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") && !answer.ends_with(b"ok\n") {
        let mut bytes = [0; 4096];
        let count = connection.read(&mut bytes).await.unwrap();
        assert!(count > 0, "cut off after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&bytes[..count]);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn whoever_is_refused_is_told_so_after_sending_everything_and_keeps_the_connection() {
    const BYTES: usize = 8 * 1024 * 1024;
    let world = World::new().await;
    let mut connection = TcpStream::connect(world.address).await.unwrap();
    for (path, status) in [
        ("/1.1/custom_profiles/new.json", "413"),
        ("/1.1/media/upload.json", "400"),
        ("/1.1/no/such/page.json", "404"),
    ] {
        let answer = sent_whole(&mut connection, &format!("POST {path}"), BYTES).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    let answer = sent_whole(&mut connection, "GET /healthz", 0).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn whoever_asks_before_sending_is_refused_before_sending() {
    let world = World::new().await;
    let mut connection = TcpStream::connect(world.address).await.unwrap();
    let head = "POST /1.1/no/such/page.json HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let answer = timeout(Duration::from_secs(10), answered(&mut connection)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}
