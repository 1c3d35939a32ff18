//! Profiles and their pictures.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tempfile::tempdir;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{ROUNDS, is_whole};
use crate::support::{Process, Signer};

const CREATES: usize = 200;
const UNLIMITED: &[(&str, &str)] = &[
    ("GUISE_LIMITS_CUSTOM_PROFILES_NEW", "1000000/24h"),
    ("GUISE_LIMITS_CUSTOM_PROFILES_SHOW", "1000000/15m"),
    ("GUISE_LIMITS_MEDIA_UPLOAD", "1000000/15m"),
];

/// A picture's path, which stays when the port changes.
fn path(profile: &Value) -> &str {
    let url = profile["avatar"]["media"]["url"].as_str().unwrap();
    &url[url.find("/media/").unwrap()..]
}

/// 200 creates at once, killed when `enough` of them were acknowledged; those that were.
async fn killed_amid_creates(
    signer: &Signer,
    server: &mut Process,
    round: usize,
    enough: usize,
) -> Vec<Value> {
    let base = server.urls[0].clone();
    let (count, reached) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut tasks = JoinSet::new();
    for number in 0..CREATES {
        let (signer, base) = (signer.clone(), base.clone());
        let (count, reached) = (Arc::clone(&count), Arc::clone(&reached));
        tasks.spawn(async move {
            let created = signer.create(&base, &format!("p{round}-{number}")).await;
            if created.is_some() && count.fetch_add(1, Ordering::SeqCst) + 1 == enough {
                reached.notify_one();
            }
            created
        });
    }
    reached.notified().await;
    server.kill();
    tasks.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_profile_outlives_twenty_kills() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let signer = Signer::new(&data, "shop");
    let mut server = Process::start(&data, UNLIMITED, 1);
    let mut ids = HashSet::new();
    let mut all = HashMap::new();
    for round in 0..ROUNDS {
        let acknowledged = killed_amid_creates(&signer, &mut server, round, 5 + 7 * round).await;
        server = Process::start(&data, UNLIMITED, 1);
        let base = server.urls[0].clone();
        for profile in acknowledged {
            let id = profile["id"].as_str().unwrap().to_owned();
            assert!(ids.insert(id.clone()), "the id {id} was given twice");
            let shown = signer.show(&base, &id).await;
            assert_eq!((&shown["name"], path(&shown)), (&profile["name"], path(&profile)));
            let picture =
                signer.http.get(format!("{base}{}", path(&profile))).send().await.unwrap();
            assert_eq!(picture.status(), 200);
            assert_eq!(picture.headers()["content-type"], "image/jpeg");
            assert!(picture.bytes().await.unwrap().ends_with(b"\xff\xd9"), "the picture is whole");
            all.insert(id, profile["name"].clone());
        }
        is_whole(&data, round);
    }
    let base = server.urls[0].clone();
    for (id, name) in &all {
        assert_eq!(&signer.show(&base, id).await["name"], name);
    }
    assert!(all.len() >= ROUNDS * 5, "{} profiles", all.len());
}
