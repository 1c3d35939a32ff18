//! What is left on the disk of uploads that were made and forgotten.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use guise_domain::Clock;

use crate::support::{JON, World};

const UPLOAD: &str = "/1.1/media/upload.json";

/// The folders of uploads and of their segments. Each is made to look as old as the world's clock says.
fn folders(world: &World) -> Vec<PathBuf> {
    let now = u64::try_from(world.clock.now().millis()).unwrap();
    let kinds =
        ["pictures", "segments"].map(|kind| world.home.folder.path().join("blobs").join(kind));
    let folders = kinds.into_iter().flat_map(|kind| fs::read_dir(kind).unwrap());
    let folders: Vec<_> = folders.map(|folder| folder.unwrap().path()).collect();
    for folder in &folders {
        let changed_at = UNIX_EPOCH + Duration::from_millis(now);
        File::open(folder).unwrap().set_modified(changed_at).unwrap();
    }
    folders
}

#[tokio::test]
async fn forgotten_uploads_leave_no_folders_behind() {
    let world = World::new().await;
    let shop = world.person("shop").await;
    world.profile(&shop, "A").await;
    let form = format!("command=INIT&total_bytes={}&media_type=image%2Fjpeg", JON.len());
    let begun = world.post(UPLOAD).by(&shop).form(&form).send().await.json();
    let id = begun["media_id_string"].as_str().unwrap();
    let parts = [
        ("command", b"APPEND".as_slice()),
        ("media_id", id.as_bytes()),
        ("segment_index", b"0"),
        ("media", JON),
    ];
    world.post(UPLOAD).by(&shop).parts(&parts).send().await.empty(204);
    let form = format!("command=FINALIZE&media_id={id}");
    assert_eq!(world.post(UPLOAD).by(&shop).form(&form).send().await.status, 201);
    assert_eq!(folders(&world).len(), 3, "two pictures, and the segment's empty one");
    world.clock.advance(86_400);
    world.guise.sweep().await.unwrap();
    let emptied = folders(&world);
    assert_eq!(world.guise.sweep_orphans().await.unwrap().folders, 0, "they may still be in use");
    world.clock.advance(2 * 86_400 + 1);
    assert_eq!(world.guise.sweep_orphans().await.unwrap().folders, 2);
    let left: Vec<_> = emptied.iter().filter(|folder| folder.exists()).collect();
    assert_eq!(left.len(), 1, "the profile's picture stays: {left:?}");
    assert!(fs::read_dir(left[0]).unwrap().count() > 0);
}
