//! Imports: killed wherever, and run again.

use std::collections::HashMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use guise_domain::Digest;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use tempfile::tempdir;

use super::is_whole;
use crate::support::{Following, guise, guise_with, http_client};

const PROFILES: usize = 1000;
const KILLS: usize = 10;
const SETTINGS: &[(&str, &str)] = &[
    ("GUISE_LOG", "info"),
    ("GUISE_LIMITS_MEDIA_UPLOAD", "1000000/15m"),
    ("GUISE_LIMITS_GUISE_PROFILES_EDIT", "1000000/24h"),
    ("GUISE_LIMITS_GUISE_PROFILES_FIND", "1000000/15m"),
];

/// A colour of its own for each profile, far enough from the others' to outlive JPEG.
fn colour(number: usize) -> [u8; 3] {
    let part = |number: usize| u8::try_from(number % 10 * 25).unwrap();
    [part(number), part(number / 10), part(number / 100)]
}

fn text(data: &Path, arguments: &[&str]) -> Value {
    let output = guise(data, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// A team of a thousand, each with a picture of its own, and an account to import it into.
struct Team {
    data: PathBuf,
    file: PathBuf,
    faces: PathBuf,
    /// The digest of each picture's file, by external id.
    digests: HashMap<String, String>,
}

impl Team {
    fn new(folder: &Path) -> Self {
        let data = folder.join("data");
        text(&data, &["account", "add", "shop"]);
        let app = text(&data, &["--json", "app", "add", "Desk", "--account", "shop"]);
        let app = app["id"].as_str().unwrap();
        text(&data, &["token", "add", "--account", "shop", "--app", app, "--save", "default"]);
        let (file, faces) = (folder.join("team.jsonl"), folder.join("faces"));
        fs::create_dir(&faces).unwrap();
        let (mut lines, mut digests) = (Vec::new(), HashMap::new());
        for number in 0..PROFILES {
            let mut bytes = Cursor::new(Vec::new());
            let picture = RgbImage::from_pixel(64, 64, Rgb(colour(number)));
            picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
            let name = format!("{number}.png");
            fs::write(faces.join(&name), bytes.get_ref()).unwrap();
            let id = format!("crm:{number}");
            let line =
                json!({"external_id": id, "name": format!("Agent {number}"), "picture": name});
            lines.push(line.to_string());
            digests.insert(id, Digest::of(bytes.get_ref()).to_string());
        }
        fs::write(&file, lines.join("\n")).unwrap();
        Self { data, file, faces, digests }
    }

    fn serve(&self) -> (Following, String) {
        let server = Following::start(&self.data, SETTINGS, &["serve"]);
        let url = server.line().strip_prefix("listening on ").unwrap().to_owned();
        (server, url)
    }

    fn arguments(&self) -> [&str; 5] {
        let (file, faces) = (self.file.to_str().unwrap(), self.faces.to_str().unwrap());
        ["--json", "import", file, "--pictures", faces]
    }

    fn begin(&self, url: &str) -> Following {
        Following::start(&self.data, &[("GUISE_URL", url)], &self.arguments())
    }

    /// Imports to the end; how many were created, updated, unchanged.
    fn end(&self, url: &str) -> [u64; 3] {
        let output = guise_with(&self.data, &[("GUISE_URL", url)], &self.arguments());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        ["created", "updated", "unchanged"].map(|outcome| summary[outcome].as_u64().unwrap())
    }

    /// The account's profiles, as its owner sees them.
    fn profiles(&self, url: &str) -> Vec<Value> {
        let find = ["--json", "profile", "find", "--all"];
        let output = guise_with(&self.data, &[("GUISE_URL", url)], &find);
        serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().clone()
    }
}

/// Waits until the server has answered so many requests that write.
fn wait_for_writes(server: &Following, count: usize) {
    let mut seen = 0;
    while seen < count {
        let line = server.note();
        let writes =
            ["PUT", "POST"].iter().any(|method| line.contains(&format!("method=\"{method}\"")));
        seen += usize::from(writes);
    }
}

/// Between 60 and 180: all ten together are fewer than the writes of a whole import.
fn random_moment() -> usize {
    let mut byte = [0];
    getrandom::fill(&mut byte).unwrap();
    60 + usize::from(byte[0]) * 120 / 255
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_killed_ten_times_makes_each_profile_once_with_its_picture() {
    let folder = tempdir().unwrap();
    let team = Team::new(folder.path());
    let (mut server, mut url) = team.serve();
    let mut moments = Vec::new();
    for round in 0..KILLS {
        let import = team.begin(&url);
        moments.push(random_moment());
        wait_for_writes(&server, moments[round]);
        // Now the one, now the other, now both.
        if round % 5 < 3 {
            drop(import);
        } else {
            drop(server);
            if round == 3 {
                let told = import.note();
                assert!(
                    told.contains(" of 1000 lines are done; run it again to go on: line "),
                    "{told}"
                );
            }
            drop(import);
            (server, url) = team.serve();
        }
        is_whole(&team.data, round);
    }
    let [created, updated, unchanged] = team.end(&url);
    assert!(created > 0 && unchanged > 0, "{created} {unchanged} after {moments:?}");
    assert_eq!((updated, created + unchanged), (0, 1000), "after {moments:?}");
    assert_eq!(team.end(&url), [0, 0, 1000]);

    let http = http_client();
    let mut left = team.digests.clone();
    for profile in team.profiles(&url) {
        let id = profile["external_id"].as_str().unwrap();
        let digest = left.remove(id).unwrap_or_else(|| panic!("{id} twice after {moments:?}"));
        assert_eq!(
            (&profile["revision"], &profile["avatar"]["sha256"]),
            (&json!(1), &json!(digest))
        );
        let picture = profile["avatar"]["url"].as_str().unwrap();
        let bytes = http.get(picture).send().await.unwrap().bytes().await.unwrap();
        let shown = image::load_from_memory(&bytes).unwrap().into_rgb8();
        let number: usize = id.strip_prefix("crm:").unwrap().parse().unwrap();
        let pairs = shown.get_pixel(32, 32).0.into_iter().zip(colour(number));
        assert!(pairs.into_iter().all(|(shown, drawn)| shown.abs_diff(drawn) < 8), "{id}");
    }
    assert!(left.is_empty(), "{} are missing after {moments:?}", left.len());
    let db = is_whole(&team.data, KILLS);
    let count = |query| db.query_row(query, (), |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM revisions"), 0);
    assert_eq!(count("SELECT count(*) FROM log WHERE action = 'profile.created'"), 1000);
    assert_eq!(count("SELECT count(*) FROM log WHERE action LIKE 'profile.%'"), 1000);
}
