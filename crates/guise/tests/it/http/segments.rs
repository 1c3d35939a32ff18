//! Uploads in segments: INIT, APPEND, FINALIZE, STATUS (contract §3).

use guise_domain::{Digest, MediaKey};
use serde_json::json;

use crate::support::{JON, Person, Reply, World};

const UPLOAD: &str = "/1.1/media/upload.json";
const SUM: &str = "Segments do not add up to provided total file size.";

async fn init(world: &World, by: &Person, total: usize) -> String {
    let form = format!("command=INIT&total_bytes={total}&media_type=image%2Fjpeg");
    let reply = world.post(UPLOAD).by(by).form(&form).send().await;
    assert_eq!(reply.status, 202);
    let answer = reply.json();
    let id = answer["media_id_string"].as_str().unwrap().to_owned();
    let number: i64 = id.parse().unwrap();
    assert_eq!(
        answer,
        json!({"media_id": number, "media_id_string": id, "expires_after_secs": 86_400})
    );
    id
}

async fn append(world: &World, by: &Person, id: &str, index: &str, bytes: &[u8]) -> Reply {
    let parts = [
        ("media", bytes),
        ("command", b"APPEND".as_slice()),
        ("media_id", id.as_bytes()),
        ("segment_index", index.as_bytes()),
    ];
    world.post(UPLOAD).by(by).parts(&parts).send().await
}

async fn finalize(world: &World, by: &Person, id: &str) -> Reply {
    let form = format!("command=FINALIZE&media_id={id}");
    world.post(UPLOAD).by(by).form(&form).send().await
}

#[tokio::test]
async fn segments_may_come_at_once_and_out_of_order() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let id = init(&world, &shop, JON.len()).await;
    let half = JON.len() / 2;
    let (second, first) = tokio::join!(
        append(&world, &shop, &id, "1", &JON[half..]),
        append(&world, &shop, &id, "0", &JON[..half]),
    );
    first.empty(204);
    second.empty(204);
    assert_eq!(first.header("x-mediaid"), id);
    let status =
        world.get(&format!("{UPLOAD}?command=STATUS&media_id={id}")).by(&shop).send().await;
    assert_eq!(status.success()["media_id_string"], id);
    assert!(status.json()["processing_info"]["state"].is_string());
    let (one, two) = tokio::join!(finalize(&world, &shop, &id), finalize(&world, &shop, &id));
    for reply in [one, two] {
        assert_eq!(reply.status, 201);
        assert_eq!(reply.json()["image"], json!({"image_type": "image/jpeg", "w": 400, "h": 400}));
        assert_eq!(reply.json()["size"], JON.len());
    }
    let profile = world.create(&shop, "A", &id).send().await.success();
    let profile = profile["custom_profile"]["id"].as_str().unwrap().to_owned();
    let shown = world.get(&format!("/guise/v1/profiles/{profile}")).by(&shop).send().await;
    let digest = &shown.success()["profile"]["avatar"]["sha256"];
    assert_eq!(digest, &Digest::of(JON).to_string(), "of all segments together");
    let left = std::fs::read_dir(world.home.folder.path().join("blobs/segments"));
    let left = left.map_or(0, |folders| {
        folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
    });
    assert_eq!(left, 0, "segments are gone once they were put together");
}

#[tokio::test]
async fn a_segment_sent_twice_replaces_itself() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let id = init(&world, &shop, JON.len()).await;
    append(&world, &shop, &id, "0", b"something else").await.empty(204);
    append(&world, &shop, &id, "0", JON).await.empty(204);
    assert_eq!(finalize(&world, &shop, &id).await.status, 201);
    let reply = append(&world, &shop, &id, "0", JON).await;
    reply.upload_refused(&format!("Invalid media_id: Some({id}) (already finalized)"));
}

#[tokio::test]
async fn segments_that_do_not_add_up_are_refused() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let id = init(&world, &shop, 100).await;
    append(&world, &shop, &id, "1", &[0; 50]).await.empty(204);
    let reply = finalize(&world, &shop, &id).await;
    reply.upload_refused(&format!("{SUM} (segment 0 is missing)"));
    append(&world, &shop, &id, "0", &[0; 40]).await.empty(204);
    let reply = finalize(&world, &shop, &id).await;
    reply.upload_refused(&format!("{SUM} (got 90 of 100 bytes)"));
    let reply = append(&world, &shop, &id, "2", &[0; 11]).await;
    reply.upload_refused(&format!("{SUM} (more than 100 bytes)"));
    world.create(&shop, "A", &id).send().await.refused(
        400,
        324,
        "The validation of media ids failed.",
    );
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn segments_are_held_to_their_rules() {
    let world = World::new().await;
    let (shop, thief) = (world.person("shop").await, world.person("thief").await);
    let id = init(&world, &shop, 6 * 1024 * 1024).await;
    for index in ["1000", "-1", "x"] {
        let reply = append(&world, &shop, &id, index, b"x").await;
        reply.upload_refused("SegmentIndex must be between 0 and 999.");
    }
    let reply = append(&world, &shop, &id, "0", &vec![0; 5 * 1024 * 1024 + 1]).await;
    reply.upload_refused("A segment must be at most 5242880 bytes.");
    let unknown = format!("Invalid media_id: Some({id})");
    append(&world, &thief, &id, "0", b"x").await.upload_refused(&unknown);
    finalize(&world, &thief, &id).await.upload_refused(&unknown);
    finalize(&world, &shop, "abc").await.upload_refused("Invalid media_id: Some(abc)");
    world.clock.advance(86_400);
    append(&world, &shop, &id, "0", b"x").await.upload_refused(&unknown);
    let reply = world.post(UPLOAD).by(&shop).form("command=FINALIZE").send().await;
    reply.refused(400, 38, "media_id parameter is missing.");
}

#[tokio::test]
async fn what_init_announces_is_held_to_the_limits() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for (form, message) in [
        ("total_bytes=0&media_type=image/png", "total_bytes must be a positive number."),
        ("total_bytes=-1&media_type=image/png", "total_bytes must be a positive number."),
        ("total_bytes=99999999&media_type=image/png", "File size exceeds 15728640 bytes."),
        (
            "total_bytes=1&media_type=video/mp4",
            "media type unrecognized. (video/mp4 is none of image/jpeg, image/png, image/gif, image/webp)",
        ),
        ("total_bytes=1&media_type=image/png&shared=maybe", "shared must be true or false."),
    ] {
        let form = format!("command=INIT&{form}");
        world.post(UPLOAD).by(&shop).form(&form).send().await.upload_refused(message);
    }
    let reply = world.post(UPLOAD).by(&shop).form("command=INIT&total_bytes=1").send().await;
    reply.refused(400, 38, "media_type parameter is missing.");
    let reply = world.post(UPLOAD).by(&shop).form("command=STOP").send().await;
    reply.upload_refused("command must be INIT, APPEND, FINALIZE or STATUS.");
}

#[tokio::test]
async fn a_status_is_asked_for_by_a_media_id() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let ask = |query: &str| world.get(&format!("{UPLOAD}?command=STATUS{query}")).by(&shop).send();
    ask("&media_id=abc").await.upload_refused("Invalid media_id: Some(abc)");
    ask("&media_id=1").await.upload_refused("Invalid media_id: Some(1)");
    ask("").await.refused(400, 38, "media_id parameter is missing.");
}

#[tokio::test]
async fn segments_that_make_no_picture_make_no_avatar() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let pdf = b"%PDF-1.7 and more of it";
    let id = init(&world, &shop, pdf.len()).await;
    append(&world, &shop, &id, "0", &pdf[..9]).await.empty(204);
    append(&world, &shop, &id, "1", &pdf[9..]).await.empty(204);
    let reply = finalize(&world, &shop, &id).await;
    reply.upload_refused("media type unrecognized. (found a PDF)");
    let reply = world.create(&shop, "A", &id).send().await;
    reply.refused(400, 324, "The validation of media ids failed.");
    assert_eq!(world.profiles(&shop).await, 0);
}

#[tokio::test]
async fn a_segment_may_be_replaced_while_segments_are_put_together() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for _ in 0..10 {
        let id = init(&world, &shop, JON.len()).await;
        append(&world, &shop, &id, "0", JON).await.empty(204);
        let (one, _, two, _) = tokio::join!(
            finalize(&world, &shop, &id),
            append(&world, &shop, &id, "0", JON),
            finalize(&world, &shop, &id),
            append(&world, &shop, &id, "0", JON),
        );
        assert_eq!((one.status.as_u16(), two.status.as_u16()), (201, 201));
        assert_eq!((one.json(), two.json()), (one.json(), one.json()));
    }
    // Each FINALIZE rendered files of its own; those of the one that came second are gone.
    let pictures = std::fs::read_dir(world.home.folder.path().join("blobs/pictures")).unwrap();
    let full = pictures.filter(|folder| {
        std::fs::read_dir(folder.as_ref().unwrap().path()).unwrap().next().is_some()
    });
    assert_eq!(full.count(), 10);
}

#[tokio::test]
async fn files_of_a_finalize_that_came_too_late_are_swept_and_no_others() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let profile = world.profile(&shop, "A").await;
    let url = profile["avatar"]["media"]["url"].as_str().unwrap();
    let path = url.strip_prefix(&world.url()).unwrap();
    let key = path.strip_prefix("/media/").unwrap().strip_suffix(".jpg").unwrap();
    let key = MediaKey::parse(key).unwrap();
    let late = MediaKey { random: key.random.map(|byte| !byte), ..key };
    let pictures = world.home.folder.path().join("blobs/pictures");
    let late = pictures.join(late.to_string());
    std::fs::create_dir(&late).unwrap();
    std::fs::write(late.join("orig.jpg"), JON).unwrap();
    // The world's clock is far ahead of the files' own: all of them are old.
    assert_eq!(world.guise.sweep_orphans().await.unwrap().blobs, 1);
    assert!(!late.join("orig.jpg").exists());
    assert_eq!(world.get(path).send().await.status, 200);
}
