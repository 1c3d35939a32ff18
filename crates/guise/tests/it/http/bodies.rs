//! Bodies: who may make the server hold how many, how slowly, and what becomes of those cut short.

use std::path::Path;
use std::time::Duration;

use guise_domain::rate::Endpoint;
use guise_http::serve::ServeOptions;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{JON, Person, World, short};

const UPLOAD: &str = "/1.1/media/upload.json";
/// `oauth_body_hash` of the multipart body that holds [`JON`] and nothing else.
const HASH: &str = "KgRNTE0WAoZmKTRiIlFQbajp1OM=";
/// The same for no body at all.
const EMPTY_HASH: &str = "2jmj7l5rSw0yVb/vlWAYkK/YBwk=";

/// The first line of what the server says.
async fn first_line(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    let read = async {
        while !line.ends_with(b"\r\n") {
            line.push(stream.read_u8().await.unwrap());
        }
    };
    timeout(Duration::from_secs(20), read).await.unwrap();
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

/// Begins a form of 100 bytes, of which none is sent, for whoever `authorization` says.
async fn begin_form(world: &World, authorization: &str) -> TcpStream {
    let head = format!(
        "POST {UPLOAD} HTTP/1.1\r\nhost: x\r\n{authorization}expect: 100-continue\r\n\
        content-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\n"
    );
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn strangers_with_slow_forms_keep_nobody_from_uploading() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let stranger = "authorization: OAuth oauth_consumer_key=\"x\", oauth_token=\"1-x\"\r\n";
    let mut begun = Vec::new();
    for authorization in ["", stranger].repeat(40) {
        let mut stream = begin_form(&world, authorization).await;
        begun.push((first_line(&mut stream).await, stream));
    }
    let waiting = begun.iter().filter(|(line, _)| line == "HTTP/1.1 100 Continue").count();
    let refused = begun.iter().filter(|(line, _)| line == "HTTP/1.1 503 Service Unavailable");
    assert_eq!((waiting, refused.count()), (8, 72));
    world.upload(&shop).await;
    let form = "command=INIT&total_bytes=100&media_type=image/jpeg";
    assert_eq!(world.post(UPLOAD).by(&shop).form(form).send().await.status, 202);
}

#[tokio::test]
async fn a_body_that_trickles_is_told_that_it_is_late() {
    let world = World::bounded(short()).await;
    let mut stream = begin_form(&world, "").await;
    assert_eq!(first_line(&mut stream).await, "HTTP/1.1 100 Continue");
    assert_eq!(first_line(&mut stream).await, "");
    let trickle = async {
        let mut answer = [0; 64];
        loop {
            // Each byte comes well within the pause that a body may make.
            stream.write_all(b"a").await.unwrap();
            let listen = timeout(Duration::from_millis(50), stream.read(&mut answer)).await;
            if let Ok(heard) = listen {
                return String::from_utf8_lossy(&answer[..heard.unwrap()]).into_owned();
            }
        }
    };
    // All 100 bytes would take five seconds.
    let answer = timeout(Duration::from_secs(4), trickle).await.unwrap();
    assert!(answer.contains("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn the_hash_of_a_multipart_body_is_checked_once_it_is_there() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let upload = |hash| {
        let call = world.post(UPLOAD).by(&shop).parts(&[("media", JON)]);
        call.parameter("oauth_body_hash", hash).send()
    };
    upload(HASH).await.success();
    upload(EMPTY_HASH).await.refused(401, 32, "Could not authenticate you.");
    assert_eq!(uploads_left(&world, &shop).await, 499);
}

#[tokio::test]
async fn a_boundary_may_hold_what_separates_parameters() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for boundary in ["a,b", "a;b", "a b", "boundary=x"] {
        let body = part(boundary, "name=\"media\"; filename=\"x; name=foo\"", JON);
        let body = [body, format!("--{boundary}--\r\n").into_bytes()].concat();
        let content_type = format!("multipart/form-data; charset=utf-8; boundary=\"{boundary}\"");
        let reply = world.post(UPLOAD).by(&shop).raw(&content_type, &body).send().await;
        assert_eq!(reply.success()["size"], JON.len(), "{boundary}");
    }
}

#[tokio::test]
async fn a_file_name_names_no_field() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for disposition in [
        "filename=\"x; name=foo\"; name=\"media\"",
        "filename=\"a \\\"b\\\"; name=foo\"; name=media",
        "filename=name; Name=\"media\"",
        "name=\"media\"; filename=\"a \"b\".jpg\"",
    ] {
        let body = [part("edge", disposition, JON), b"--edge--\r\n".to_vec()].concat();
        let call = world.post(UPLOAD).by(&shop).raw("multipart/form-data; boundary=edge", &body);
        assert_eq!(call.send().await.success()["size"], JON.len(), "{disposition}");
    }
}

#[tokio::test]
async fn of_two_pictures_in_one_body_none_is_taken() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for (one, other) in [("media", "media"), ("media", "media[]"), ("media_data", "media_data")] {
        let parts = [(one, b"AAAA".as_slice()), (other, b"AAAA".as_slice())];
        let reply = world.post(UPLOAD).by(&shop).parts(&parts).send().await;
        reply.upload_refused("give one picture, not several.");
    }
    assert_eq!(files(&world.home.folder.path().join("blobs")), 0);
}

#[tokio::test]
async fn what_was_begun_is_finished_without_the_client() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let (head, body) = world.post(UPLOAD).by(&shop).parts(&[("media", JON)]).bytes();
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    drop(stream);
    let window = || world.store.write_window(shop.account, Endpoint::MediaUpload);
    let counted = async { while window().await.unwrap().is_none() {} };
    timeout(Duration::from_secs(20), counted).await.unwrap();
    assert!(files(&world.home.folder.path().join("blobs/pictures")) > 0);
}

#[tokio::test]
async fn of_an_upload_that_breaks_off_nothing_is_kept() {
    let long = Duration::from_secs(30);
    let options = ServeOptions { header: long, body_pause: long, ..short() };
    let mut world = World::bounded(options).await;
    let shop = world.person("shop").await;
    let (head, body) = world.post(UPLOAD).by(&shop).parts(&[("media", JON)]).bytes();
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..body.len() / 2]).await.unwrap();
    drop(stream);
    assert_eq!(uploads_left(&world, &shop).await, 500);
    // The server ends once everything that was begun has ended.
    assert_eq!(world.stop().await.unwrap().cut, 0);
    assert_eq!(files(&world.home.folder.path().join("blobs")), 0);
}

/// A multipart body's part.
fn part(boundary: &str, disposition: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// What is left of a person's uploads.
async fn uploads_left(world: &World, person: &Person) -> u64 {
    let target = "/1.1/application/rate_limit_status.json?resources=media";
    let status = world.get(target).by(person).send().await.success();
    status["resources"]["media"]["/media/upload"]["remaining"].as_u64().unwrap()
}

/// The files in a folder and below it.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn a_status_asked_for_with_post_counts_as_a_status() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let form = format!("command=STATUS&media_id={media}");
    let ask = || world.post(UPLOAD).by(&shop).form(&form).nonce("s");
    let reply = ask().send().await;
    assert_eq!(reply.success()["processing_info"]["state"], "succeeded");
    let left = |name: &str| reply.header(name).to_owned();
    assert_eq!(
        (left("x-rate-limit-limit"), left("x-rate-limit-remaining")),
        ("500".into(), "499".into())
    );
    ask().send().await.refused(401, 32, "Could not authenticate you.");
    let target = "/1.1/application/rate_limit_status.json?resources=media";
    let status = world.get(target).by(&shop).send().await.success();
    let media = &status["resources"]["media"];
    assert_eq!(media["/media/upload"]["remaining"], json!(499));
}
