//! Uploads in one request (contract §3).

use serde_json::json;

use crate::support::{JON, World};

const UPLOAD: &str = "/1.1/media/upload.json";

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn a_picture_is_uploaded_as_bytes_or_as_base64() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let text = base64(JON);
    let lines = text.as_bytes().chunks(60).map(|line| [line, b"\n"].concat()).collect::<Vec<_>>();
    let form = format!("media_data={}", guise_oauth1::percent_encode(&text));
    for call in [
        world.post(UPLOAD).parts(&[("media", JON)]),
        world.post(UPLOAD).parts(&[("media_data", text.as_bytes())]),
        world.post(UPLOAD).parts(&[("media_data", &lines.concat())]),
        world.post(UPLOAD).form(&form),
    ] {
        let reply = call.by(&shop).send().await;
        let answer = reply.success();
        let id = answer["media_id"].as_i64().unwrap();
        let image = json!({"image_type": "image/jpeg", "w": 400, "h": 400});
        reply.is(
            200,
            &json!({
                "media_id": id,
                "media_id_string": id.to_string(),
                "size": JON.len(),
                "expires_after_secs": 86_400,
                "image": image,
            }),
        );
        assert_eq!(reply.header("x-mediaid"), id.to_string());
    }
}

#[tokio::test]
async fn a_category_adds_a_media_key() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for category in ["dm_image", "DmImage", "TWEET_IMAGE"] {
        let parts = [("media", JON), ("media_category", category.as_bytes())];
        let answer = world.post(UPLOAD).by(&shop).parts(&parts).send().await.success();
        let id = answer["media_id_string"].as_str().unwrap();
        assert_eq!(answer["media_key"], format!("3_{id}"), "{category}");
    }
    let parts = [("media", JON), ("media_category", b"tweet_video".as_slice())];
    let reply = world.post(UPLOAD).by(&shop).parts(&parts).send().await;
    reply.upload_refused("media_category must be tweet_image, tweet_gif, dm_image or dm_gif.");
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_what_it_is() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for (bytes, found) in [
        (b"%PDF-1.7".as_slice(), "found a PDF"),
        (b"".as_slice(), "found no bytes"),
        (b"hello".as_slice(), "found text"),
    ] {
        let reply = world.post(UPLOAD).by(&shop).parts(&[("media", bytes)]).send().await;
        reply.upload_refused(&format!("media type unrecognized. ({found})"));
    }
    let reply = world.post(UPLOAD).by(&shop).send().await;
    reply.refused(400, 38, "media parameter is missing.");
    let reply = world.post(UPLOAD).by(&shop).form("media_data=%21%21").send().await;
    assert_eq!(reply.status, 400);
    assert!(reply.json()["error"].as_str().unwrap().starts_with("media_data is not base64: "));
    let parts = [("media", JON), ("media_data", b"AAAA".as_slice())];
    let reply = world.post(UPLOAD).by(&shop).parts(&parts).send().await;
    reply.upload_refused("give media or media_data, not both.");
    let reply = world.post(UPLOAD).by(&shop).raw("multipart/form-data", b"x").send().await;
    reply.refused(400, 214, "The multipart body's boundary is missing.");
    let blobs = world.home.folder.path().join("blobs/pictures");
    let kept = std::fs::read_dir(blobs).map_or(0, Iterator::count);
    assert_eq!(kept, 0, "nothing was kept");
}

#[tokio::test]
async fn a_picture_over_the_limit_is_refused() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let padded = [JON, &vec![0; 5 * 1024 * 1024]].concat();
    let reply = world.post(UPLOAD).by(&shop).parts(&[("media", &padded)]).send().await;
    let told = reply.json()["error"].as_str().unwrap().to_owned();
    assert!(told.starts_with("media type unrecognized. ("), "{told}");
    let huge = vec![0; 17 * 1024 * 1024];
    let reply = world.post(UPLOAD).by(&shop).parts(&[("media", &huge)]).send().await;
    reply.refused(413, 214, "The body must be at most 16777216 bytes.");
}

#[tokio::test]
async fn odd_multipart_bodies_are_read() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for (content_type, head) in [
        ("multipart/form-data, boundary=\"x\"", "form-data; name=\"media\""),
        (
            "multipart/form-data; charset=utf-8; boundary=x",
            "form-data; name=\"media[]\"; filename=\"a\"",
        ),
        (
            "multipart/form-data; boundary=x",
            "form-data; name=\"media\"; filename=\"a \\\"b\\\".jpg\"",
        ),
    ] {
        let body = [
            format!("--x\r\nContent-Disposition: {head}\r\n\r\n").as_bytes(),
            JON,
            b"\r\n--x\r\nContent-Disposition: form-data; name=\"media_category\"; filename=\"c\"\r\nContent-Type: text/plain\r\n\r\ndm_image\r\n--x--\r\n",
        ]
        .concat();
        let answer = world.post(UPLOAD).by(&shop).raw(content_type, &body).send().await.success();
        assert!(answer["media_key"].is_string(), "{content_type}");
    }
}

#[tokio::test]
async fn additional_owners_may_use_an_upload() {
    let world = World::new().await;
    let (shop, friend) = (world.person("shop").await, world.person("friend").await);
    let owners = friend.account.to_string();
    let parts = [("additional_owners", owners.as_bytes()), ("media", JON)];
    let answer = world.post(UPLOAD).by(&shop).parts(&parts).send().await.success();
    let media = answer["media_id_string"].as_str().unwrap();
    world.create(&friend, "A", media).send().await.success();
    let parts = [("additional_owners", b"1,x".as_slice()), ("media", JON)];
    let reply = world.post(UPLOAD).by(&shop).parts(&parts).send().await;
    let rule = "must be a positive decimal number of at most 63 bits";
    reply.upload_refused(&format!("additional_owners: each {rule}."));
}

#[tokio::test]
async fn an_upload_is_described_in_words() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let media = world.upload(&shop).await;
    let path = "/1.1/media/metadata/create.json";
    let body =
        |id: &str, text: &str| json!({"media_id": id, "alt_text": {"text": text}}).to_string();
    let describe = |body: &str| world.post(path).by(&shop).json(body).send();
    describe(&body(&media, "A man with glasses")).await.empty(200);
    let reply = describe(&body("1", "x")).await;
    reply.refused(400, 325, "A media id was not found.");
    let reply = describe(&body(&media, &"x".repeat(1001))).await;
    reply.refused(400, 214, "alt_text.text: must be at most 1000 characters, got 1001");
}

#[tokio::test]
async fn an_unused_upload_is_swept_after_a_day() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.upload(&shop).await;
    let pictures = world.home.folder.path().join("blobs/pictures");
    let files = || {
        let folders = std::fs::read_dir(&pictures).unwrap();
        folders
            .map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count())
            .sum::<usize>()
    };
    assert!(files() > 0);
    assert_eq!(world.guise.sweep().await.unwrap().uploads, 0);
    world.clock.advance(86_400);
    assert_eq!(world.guise.sweep().await.unwrap().uploads, 1);
    assert_eq!(files(), 0);
}
