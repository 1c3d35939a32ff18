//! Faces of those without a picture, drawn by the server.

use crate::support::World;

const MISSING: &str = "Sorry, that page does not exist.";
const FACE: &str = "/faces/1150493286110552068-JC.png";

#[tokio::test]
async fn a_face_is_served_for_good_in_every_size_and_form() {
    let world = World::new().await;
    let reply = world.get(FACE).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "image/png"));
    assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let sizes = [
        ("400x400", 400),
        ("thumb", 150),
        ("bigger", 73),
        ("normal", 48),
        ("mini", 24),
        ("orig", 400),
        ("large", 400),
        ("medium", 400),
        ("small", 400),
    ];
    for (size, side) in sizes {
        let colon = world.get(&format!("{FACE}:{size}")).send().await;
        let query = world.get(&format!("{FACE}?name={size}")).send().await;
        let picture = image::load_from_memory(&colon.body).unwrap();
        assert_eq!((picture.width(), picture.height()), (side, side), "{size}");
        assert_eq!(colon.body, query.body, "{size}");
        assert_eq!(colon.body == reply.body, side == 400, "{size}");
    }
}

#[tokio::test]
async fn a_face_shows_its_letters_on_its_profiles_colour() {
    let world = World::new().await;
    let names = ["11-J", "11-7", "11-JC", "11-CJ", "11--", "12-JC"];
    let mut faces = Vec::new();
    for name in names {
        let reply = world.get(&format!("/faces/{name}.png:normal")).send().await;
        assert_eq!(reply.status, 200, "{name}");
        assert!(!faces.contains(&reply.body), "{name}");
        faces.push(reply.body);
    }
}

#[tokio::test]
async fn a_face_that_is_known_already_is_not_sent_again() {
    let world = World::new().await;
    let etag = world.get(FACE).send().await.header("etag").to_owned();
    assert_eq!(etag, "\"1.1150493286110552068-JC.400x400\"");
    let reply = world.get(FACE).header("if-none-match", &etag).send().await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (304, 0));
    assert_eq!(reply.header("etag"), etag);
    let mini = world.get(&format!("{FACE}:mini")).header("if-none-match", &etag).send().await;
    assert_eq!(mini.status, 200);
}

#[tokio::test]
async fn any_other_face_is_missing() {
    let world = World::new().await;
    for file in [
        "",
        "11-JC",
        "11-JC.jpg",
        "11-JC.png:huge",
        "11-JC.png?name=huge",
        "11-JC.png?name=mini&name=thumb",
        "11-jc.png",
        "11-JCX.png",
        "11-%C3%89.png",
        "11-.png",
        "11.png",
        "011-JC.png",
        "0-JC.png",
        "-11-JC.png",
        "9223372036854775808-JC.png",
        "..%2f11-JC.png",
    ] {
        world.get(&format!("/faces/{file}")).send().await.refused(404, 34, MISSING);
    }
}
