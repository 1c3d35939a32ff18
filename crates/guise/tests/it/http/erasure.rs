//! Erasing profiles: `POST /guise/v1/profiles/{id}/erase`, and where nothing may be left of them.

use std::fs;
use std::path::Path;

use guise_domain::rate::{Endpoint, Rule};
use guise_domain::{Admission, Admitted, EntryId, ProfileId, ReplayKey};
use serde_json::{Value, json};

use crate::support::{Person, Reply, World};

const PROFILES: &str = "/guise/v1/profiles";
const MISSING: &str = "Sorry, that page does not exist.";
const PLACEHOLDER: &str = "Erased profile";

async fn make(world: &World, person: &Person, body: Value) -> Value {
    let reply = world.post(PROFILES).by(person).json(&body.to_string()).send().await;
    reply.success()["profile"].clone()
}

async fn edit(world: &World, person: &Person, id: &str, body: &Value) -> Reply {
    let call = world.patch(&format!("{PROFILES}/{id}")).by(person).header("if-match", "*");
    call.json(&body.to_string()).send().await
}

async fn erase(world: &World, person: &Person, id: &str) -> Reply {
    world.post(&format!("{PROFILES}/{id}/erase")).by(person).send().await
}

/// Writes under a profile, with a picture or none.
async fn write(world: &World, from: &Person, to: &Person, id: &str, media: Option<&str>) -> Reply {
    let mut data = json!({"text": "Hi"});
    if let Some(media) = media {
        data["attachment"] = json!({"type": "media", "media": {"id": media}});
    }
    let target = json!({"recipient_id": to.account.to_string()});
    let message = json!({"target": target, "message_data": data, "custom_profile_id": id});
    let body = json!({"event": {"type": "message_create", "message_create": message}});
    let call = world.post("/1.1/direct_messages/events/new.json").by(from);
    call.json(&body.to_string()).send().await
}

fn id(profile: &Value) -> &str {
    profile["id"].as_str().unwrap()
}

fn path<'u>(world: &World, profile: &'u Value) -> &'u str {
    profile["avatar"]["url"].as_str().unwrap().strip_prefix(&world.url()).unwrap()
}

/// Uploads a transparent picture that has a file in every size; the media id.
async fn wide(world: &World, person: &Person) -> String {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::new(2100, 30).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let call = world.post("/1.1/media/upload.json").by(person);
    let reply = call.parts(&[("media", png.get_ref())]).send().await;
    reply.success()["media_id_string"].as_str().unwrap().to_owned()
}

/// The names and the pictures that a box shows, the newest first.
async fn shown(world: &World, person: &Person) -> Vec<(String, String)> {
    let page = world.get("/guise/v1/direct_messages?count=50").by(person).send().await.success();
    let face = |message: &Value| {
        let text = |place: &str| message.pointer(place).unwrap().as_str().unwrap().to_owned();
        (text("/custom_profile/name"), text("/custom_profile/avatar/media/url"))
    };
    page["messages"].as_array().unwrap().iter().map(face).collect()
}

/// The files of all pictures.
fn files(world: &World) -> Vec<String> {
    let folders = fs::read_dir(world.home.folder.path().join("blobs/pictures")).unwrap();
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path().display().to_string()).collect()
}

/// How many of the files are of the picture at this path.
fn files_of(world: &World, path: &str) -> usize {
    let key = path.trim_start_matches("/media/").split('.').next().unwrap();
    files(world).iter().filter(|file| file.contains(key)).count()
}

async fn erasures(world: &World, person: &Person) -> Vec<Value> {
    let target = "/guise/v1/audit?action=profile.erased";
    let page = world.get(target).by(person).send().await.success();
    page["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn nothing_is_left_of_an_erased_profile_but_its_messages() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let body = json!({"name": "Zoë Weiß", "kind": "human", "external_id": "crm:1", "tags": ["a"],
        "avatar": {"media_id": world.upload(&shop).await}});
    let first = make(&world, &shop, body).await;
    let id = id(&first);
    write(&world, &shop, &ann, id, None).await.success();
    let avatar = json!({"media_id": world.upload(&shop).await});
    let body = json!({"name": "Zoë Schwarz", "avatar": avatar});
    edit(&world, &shop, id, &body).await.success();
    write(&world, &shop, &ann, id, None).await.success();
    world.clock.advance(3600);

    let erased = erase(&world, &shop, id).await;
    assert_eq!(erased.header("etag"), "\"2\"");
    let face = format!("{}/faces/{id}-EP.png", world.url());
    let expected = json!({"profile": {
        "id": id,
        "revision": 2,
        "name": PLACEHOLDER,
        "kind": "human",
        "avatar": {"url": face, "sha256": null},
        "external_id": null,
        "tags": [],
        "uses": 2,
        "created_at": "2027-01-15T08:00:00.000Z",
        "changed_at": "2027-01-15T08:00:00.000Z",
        "last_used_at": "2027-01-15T08:00:00.000Z",
        "destroyed_at": "2027-01-15T09:00:00.000Z",
        "erased_at": "2027-01-15T09:00:00.000Z",
    }});
    erased.is(200, &expected);
    for person in [&shop, &ann] {
        let placeholder = (PLACEHOLDER.to_owned(), face.clone());
        assert_eq!(shown(&world, person).await, [placeholder.clone(), placeholder]);
    }
    let history = world.get(&format!("{PROFILES}/{id}/revisions")).by(&shop).send().await.success();
    for revision in history["revisions"].as_array().unwrap() {
        let told = (&revision["name"], &revision["avatar"]["url"]);
        assert_eq!(told, (&json!(PLACEHOLDER), &json!(face)));
    }
    let seen = world.get(&format!("/1.1/custom_profiles/{id}.json"));
    let seen = seen.by(&ann).send().await.success();
    assert_eq!(seen["custom_profile"]["name"], PLACEHOLDER);
    let drawn = world.get(face.strip_prefix(&world.url()).unwrap()).send().await;
    assert_eq!(drawn.status, 200);
    for query in ["state=all&tag=a", "state=all&name=zoe", "kind=human"] {
        let page = world.get(&format!("{PROFILES}?{query}")).by(&shop).send().await.success();
        assert_eq!(page["profiles"], json!([]), "{query}");
    }
    let own = world.get(&format!("/1.1/custom_profiles/{id}.json")).by(&shop).send().await;
    own.refused(404, 34, MISSING);
    let edited = edit(&world, &shop, id, &json!({"name": "Zoë"})).await;
    edited.refused_as(404, 34, "not-found", MISSING);
    assert_eq!(write(&world, &shop, &ann, id, None).await.status, 403);
}

#[tokio::test]
async fn the_pictures_of_an_erased_profile_are_gone_in_every_size_from_memory_and_disk() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let avatar = json!({"media_id": world.upload(&shop).await});
    let first = make(&world, &shop, json!({"name": "Zoë", "avatar": avatar})).await;
    let body = json!({"avatar": {"media_id": wide(&world, &shop).await}});
    let second = edit(&world, &shop, id(&first), &body).await.success()["profile"].clone();
    let pictures = [path(&world, &first), path(&world, &second)];
    for (picture, files) in pictures.into_iter().zip([5, 9]) {
        for size in ["", ":mini", ":thumb"] {
            assert_eq!(world.get(&format!("{picture}{size}")).send().await.status, 200);
        }
        assert_eq!(files_of(&world, picture), files);
    }
    erase(&world, &shop, id(&first)).await.success();
    for picture in pictures {
        for size in ["", ":mini", ":thumb", ":orig"] {
            let reply = world.get(&format!("{picture}{size}")).send().await;
            reply.refused(404, 34, MISSING);
        }
        let known = world.get(picture).header("if-none-match", "*").send().await;
        known.refused(404, 34, MISSING);
    }
    assert_eq!(files(&world), [""; 0]);
}

#[tokio::test]
async fn erasing_is_one_line_of_the_log_however_often_it_is_asked_for() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let profile = make(&world, &shop, json!({"name": "Zoë", "external_id": "crm:1"})).await;
    let id = id(&profile);
    for (person, id) in [(&ann, id), (&shop, "1"), (&shop, "abc")] {
        erase(&world, person, id).await.refused_as(404, 34, "not-found", MISSING);
    }
    assert_eq!((erasures(&world, &shop).await, erasures(&world, &ann).await), (vec![], vec![]));
    let (first, second) = tokio::join!(erase(&world, &shop, id), erase(&world, &shop, id));
    let first = first.success();
    assert_eq!(second.success(), first, "at once");
    world.clock.advance(60);
    assert_eq!(erase(&world, &shop, id).await.success(), first, "also when it was first");
    let lines = erasures(&world, &shop).await;
    let expected = json!([{
        "id": lines[0]["id"],
        "at": "2027-01-15T08:00:00.000Z",
        "app_id": shop.app.to_string(),
        "operator": null,
        "action": "profile.erased",
        "subject_id": id,
        "revision": null,
    }]);
    assert_eq!(json!(lines), expected);
    let page = world.get(&format!("/guise/v1/audit?subject={id}")).by(&shop).send().await.success();
    assert_eq!(page["entries"].as_array().unwrap().len(), 2, "made, and erased");
    let again = make(&world, &shop, json!({"name": "Bo", "external_id": "crm:1"})).await;
    assert_eq!(again["external_id"], "crm:1", "an erased one frees its external id");
}

#[tokio::test]
async fn a_destroyed_profile_can_be_erased_and_was_destroyed_when_it_was() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let profile = make(&world, &shop, json!({"name": "Zoë"})).await;
    let id = id(&profile);
    write(&world, &shop, &ann, id, None).await.success();
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={id}");
    world.delete(&destroy).by(&shop).send().await.empty(204);
    world.clock.advance(60);
    let erased = erase(&world, &shop, id).await.success()["profile"].clone();
    assert_eq!(erased["destroyed_at"], "2027-01-15T08:00:00.000Z");
    assert_eq!(erased["erased_at"], "2027-01-15T08:01:00.000Z");
    assert_eq!(shown(&world, &ann).await[0].0, PLACEHOLDER);
    world.delete(&destroy).by(&shop).send().await.empty(204);
    assert_eq!(erasures(&world, &shop).await.len(), 1);
}

#[tokio::test]
async fn a_picture_stays_until_the_last_that_shows_it_is_erased() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let media = world.upload(&shop).await;
    let avatar = json!({"media_id": media});
    let jon = make(&world, &shop, json!({"name": "Jon", "avatar": avatar})).await;
    let bo = make(&world, &shop, json!({"name": "Bo", "avatar": avatar})).await;
    // Bo shows it only in what he was.
    let other = json!({"avatar": {"media_id": wide(&world, &shop).await}});
    edit(&world, &shop, id(&bo), &other).await.success();
    let picture = path(&world, &jon);
    erase(&world, &shop, id(&jon)).await.success();
    assert_eq!(world.get(picture).send().await.status, 200);
    erase(&world, &shop, id(&bo)).await.success();
    world.get(picture).send().await.refused(404, 34, MISSING);
    assert_eq!(files(&world), [""; 0]);

    // One that is in a message too belongs to that, and is public no more.
    let media = world.upload(&shop).await;
    let zoe = json!({"name": "Zoë", "avatar": {"media_id": media}});
    let zoe = make(&world, &shop, zoe).await;
    let picture = path(&world, &zoe);
    let event = write(&world, &shop, &ann, id(&zoe), Some(&media)).await.success()["event"].clone();
    assert_eq!(world.get(picture).send().await.status, 200);
    erase(&world, &shop, id(&zoe)).await.success();
    world.get(picture).send().await.refused(404, 34, MISSING);
    let attached = "/message_create/message_data/attachment/media/media_url";
    let attached = event.pointer(attached).unwrap().as_str().unwrap();
    let attached = attached.strip_prefix(&world.url()).unwrap();
    assert_eq!(world.get(attached).by(&ann).send().await.status, 200);
    world.clock.advance(2 * 86_400);
    world.guise.sweep().await.unwrap();
    world.guise.sweep_orphans().await.unwrap();
    assert_eq!(world.get(attached).by(&ann).send().await.status, 200);
}

#[tokio::test]
async fn what_a_crash_left_of_an_erased_picture_is_swept() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    let avatar = json!({"media_id": world.upload(&shop).await});
    let kept = make(&world, &shop, json!({"name": "Kept", "avatar": avatar})).await;
    let avatar = json!({"media_id": world.upload(&shop).await});
    let gone = make(&world, &shop, json!({"name": "Gone", "avatar": avatar})).await;
    // The store's step, and then nothing more.
    let admission = Admission {
        account: shop.account,
        app: shop.app,
        operator: None,
        entry: EntryId::new(world.next_id()),
        replay: ReplayKey([9; 16]),
        replay_until: guise_domain::Clock::now(&world.clock).plus_seconds(900),
        endpoint: Endpoint::CustomProfilesDestroy,
        rule: Rule { limit: 10, window_seconds: 900 },
        by_app: None,
        now: guise_domain::Clock::now(&world.clock),
    };
    let id: ProfileId = id(&gone).parse().unwrap();
    let erased = world.store.erase_profile(&admission, id).await.unwrap();
    let Admitted::Done(_, Some(erased)) = erased else { panic!("{erased:?}") };
    assert_eq!(erased.removed.len(), 1);
    world.get(path(&world, &gone)).send().await.refused(404, 34, MISSING);
    assert_eq!(files_of(&world, path(&world, &gone)), 5);
    world.clock.advance(3 * 86_400);
    world.guise.sweep().await.unwrap();
    world.guise.sweep_orphans().await.unwrap();
    assert_eq!(files_of(&world, path(&world, &gone)), 0);
    assert_eq!(files_of(&world, path(&world, &kept)), 5);
}

/// The files of the database in which `text` can be read.
fn readable_in(folder: &Path, text: &str) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.is_file());
    let holds = |file: &Path| {
        fs::read(file).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    };
    files.filter(|file| holds(file)).map(|file| file.display().to_string()).collect()
}

#[tokio::test]
async fn once_the_database_is_closed_no_byte_of_an_erased_name_is_in_it() {
    let world = World::in_files().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let tags = json!(["unmistakable-tag"]);
    let body = json!({"name": "Unmistakable", "external_id": "crm-unmistakable", "tags": tags});
    let profile = make(&world, &shop, body).await;
    write(&world, &shop, &ann, id(&profile), None).await.success();
    edit(&world, &shop, id(&profile), &json!({"name": "Unmistakable too"})).await.success();
    write(&world, &shop, &ann, id(&profile), None).await.success();
    for text in ["Unmistakable", "unmistakable too", "crm-unmistakable", "unmistakable-tag"] {
        assert_ne!(readable_in(world.home.folder.path(), text), [""; 0], "{text}");
    }
    erase(&world, &shop, id(&profile)).await.success();
    let world = world.restarted().await;
    for text in ["Unmistakable", "unmistakable"] {
        assert_eq!(readable_in(world.home.folder.path(), text), [""; 0], "{text}");
    }
    assert_eq!(shown(&world, &ann).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_message_and_an_erasure_at_once_no_box_keeps_the_name() {
    let world = World::new().await;
    let (shop, ann) = (world.person("shop").await, world.person("ann").await);
    let mut sent = 0;
    for round in 0..16 {
        let profile = make(&world, &shop, json!({"name": format!("Zoë {round}")})).await;
        let id = id(&profile);
        let write = || write(&world, &shop, &ann, id, None);
        let (one, two, erased, three) =
            tokio::join!(write(), write(), erase(&world, &shop, id), write());
        erased.success();
        for reply in [one, two, three] {
            match reply.status.as_u16() {
                200 => sent += 1,
                status => assert_eq!(status, 403),
            }
        }
    }
    for person in [&shop, &ann] {
        let names = shown(&world, person).await;
        assert!(names.iter().all(|(name, _)| name == PLACEHOLDER), "{names:?}");
    }
    assert!(sent > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_while_it_is_erased_does_not_bring_a_picture_back() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    for _ in 0..16 {
        let avatar = json!({"media_id": world.upload(&shop).await});
        let profile = make(&world, &shop, json!({"name": "Zoë", "avatar": avatar})).await;
        let picture = path(&world, &profile);
        let look = |size: &'static str| {
            let call = world.get(&format!("{picture}:{size}"));
            async move { (size, call.send().await.status.as_u16()) }
        };
        let (erased, one, two, three, four) = tokio::join!(
            erase(&world, &shop, id(&profile)),
            look("mini"),
            look("normal"),
            look("thumb"),
            look("orig"),
        );
        erased.success();
        for (size, status) in [one, two, three, four] {
            assert!([200, 404].contains(&status), "{size}: {status}");
            assert_eq!(look(size).await.1, 404, "{size}");
        }
    }
}
