//! Pictures as they are served (contract §3).

use crate::support::{JON, World};

const MISSING: &str = "Sorry, that page does not exist.";

async fn picture(world: &World) -> String {
    let shop = world.person("shop").await;
    let profile = world.profile(&shop, "A").await;
    let url = profile["avatar"]["media"]["url"].as_str().unwrap();
    url.strip_prefix(&world.url()).unwrap().to_owned()
}

#[tokio::test]
async fn a_picture_is_served_for_good_in_every_size_and_form() {
    let world = World::new().await;
    let path = picture(&world).await;
    let reply = world.get(&path).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "image/jpeg"));
    assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert!(reply.body.starts_with(b"\xff\xd8") && reply.body != JON, "it was made anew");
    let bare = path.strip_suffix(".jpg").unwrap();
    for size in ["thumb", "small", "medium", "large", "orig", "normal", "bigger", "mini", "400x400"]
    {
        let colon = world.get(&format!("{path}:{size}")).send().await;
        let query = world.get(&format!("{bare}?format=jpg&name={size}")).send().await;
        assert_eq!((colon.status.as_u16(), colon.header("content-type")), (200, "image/jpeg"));
        assert_eq!(colon.body, query.body, "{size}");
    }
    world.clock.advance(2 * 86_400);
    world.guise.sweep().await.unwrap();
    world.guise.sweep_orphans().await.unwrap();
    assert_eq!(world.get(&path).send().await.status, 200);
}

#[tokio::test]
async fn a_picture_that_is_known_already_is_not_sent_again() {
    let world = World::new().await;
    let path = picture(&world).await;
    let etag = world.get(&path).send().await.header("etag").to_owned();
    assert!(etag.starts_with('"'), "a strong one: {etag}");
    for tag in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let reply = world.get(&path).header("if-none-match", &tag).send().await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (304, 0), "{tag}");
        assert_eq!(reply.header("etag"), etag);
    }
    assert_eq!(world.get(&path).header("if-none-match", "\"x\"").send().await.status, 200);
    let head = world.http.head(format!("{}{path}", world.url())).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert!(head.headers()["content-length"].to_str().unwrap().parse::<u32>().unwrap() > 1000);
}

#[tokio::test]
async fn anything_else_is_missing() {
    let world = World::new().await;
    let path = picture(&world).await;
    let bare = path.strip_suffix(".jpg").unwrap().to_owned();
    let (start, end) = bare.split_at(bare.len() - 1);
    let guessed = format!("{start}{}.jpg", if end == "A" { "B" } else { "A" });
    for path in [
        guessed,
        format!("{bare}.png"),
        format!("{path}:huge"),
        bare.clone(),
        format!("{bare}?format=exe"),
        "/media/..%2f..%2fguise.db".to_owned(),
        "/media/%2e%2e/guise.db".to_owned(),
        "/media/a.jpg".to_owned(),
        "/media/".to_owned(),
    ] {
        world.get(&path).send().await.refused(404, 34, MISSING);
    }
    let shop = world.person("other").await;
    world.upload(&shop).await;
    for folder in std::fs::read_dir(world.home.folder.path().join("blobs/pictures")).unwrap() {
        let key = folder.unwrap().file_name().into_string().unwrap();
        if !bare.ends_with(&key) {
            let path = format!("/media/{key}.jpg");
            world.get(&path).send().await.refused(404, 34, MISSING);
        }
    }
}
