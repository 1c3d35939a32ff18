//! What a request was sent to, in signatures and in the URLs of answers.

use guise_http::{Settings, TrustedProxies};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Reply, World};

const ACCOUNT: &str = "/1.1/account/verify_credentials.json";

fn picture(reply: &Reply) -> String {
    reply.success()["profile_image_url_https"].as_str().unwrap().to_owned()
}

async fn behind(proxies: &[&str]) -> World {
    let trusted_proxies = TrustedProxies::parse(proxies.iter().copied()).unwrap();
    World::with(Settings { trusted_proxies, ..Settings::default() }).await
}

#[tokio::test]
async fn a_trusted_proxy_says_what_the_client_sees() {
    let world = behind(&["127.0.0.0/8"]).await;
    let shop = world.person("shop").await;
    let forwarded = || {
        let call = world.get(ACCOUNT).by(&shop).header("x-forwarded-proto", "https");
        call.header("x-forwarded-host", "guise.example, inner.example")
    };
    let reply = forwarded().signed_for("https://guise.example").send().await;
    assert_eq!(picture(&reply), "https://guise.example/images/default_profile_normal.png");
    let reply = forwarded().send().await;
    reply.refused(401, 32, "Could not authenticate you.");
}

#[tokio::test]
async fn what_anybody_else_says_about_it_is_not_believed() {
    let world = behind(&["192.0.2.7"]).await;
    let shop = world.person("shop").await;
    let forwarded = || {
        let call = world.get(ACCOUNT).by(&shop).header("x-forwarded-proto", "https");
        call.header("x-forwarded-host", "guise.example")
    };
    let reply = forwarded().send().await;
    let expected = format!("{}/images/default_profile_normal.png", world.url());
    assert_eq!(picture(&reply), expected);
    let reply = forwarded().signed_for("https://guise.example").send().await;
    reply.refused(401, 32, "Could not authenticate you.");
}

#[tokio::test]
async fn without_a_host_urls_begin_with_the_address_that_was_reached() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let (head, _) = world.get(ACCOUNT).by(&shop).bytes();
    let host = format!("host: {}\r\n", world.address);
    let head = head.replace("HTTP/1.1", "HTTP/1.0").replace(&host, "");
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let expected = format!("\"{}/images/default_profile_normal.png\"", world.url());
    assert!(answer.contains(&expected), "{answer}");
}
