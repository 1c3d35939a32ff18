//! `guise import` and `guise export`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use guise_domain::Digest;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::{json as parsed, refusal, settle, text};
use crate::support::{JON, Process, guise, guise_with, other_jon};

/// An account on a running server, and a folder to work in.
struct Team {
    folder: TempDir,
    server: Process,
}

impl Team {
    fn new(variables: &[(&str, &str)]) -> Self {
        let folder = tempdir().unwrap();
        let data = folder.path().join("data");
        settle(&data);
        let server = Process::start(&data, variables, 1);
        fs::create_dir(folder.path().join("faces")).unwrap();
        Self { folder, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn lines(&self, name: &str, lines: &[Value]) {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        self.write(name, lines.join("\n"));
    }

    /// Runs a command; words with a dot or a slash that are files of ours stand in our folder.
    fn run(&self, arguments: &[&str]) -> Output {
        let data = self.path("data");
        let own = |word: &&str| match *word {
            "faces" | "others" => self.path(word),
            word if Path::new(word).extension().is_some() => self.path(word),
            word => PathBuf::from(word),
        };
        let arguments: Vec<PathBuf> = arguments.iter().map(own).collect();
        guise_with(&data, &[("GUISE_URL", &self.server.urls[0])], &arguments)
    }

    fn import(&self, file: &str) -> Value {
        parsed(&self.run(&["--json", "import", file, "--pictures", "faces"]))
    }

    /// The living profiles by external id.
    fn profiles(&self) -> HashMap<String, Value> {
        let found = parsed(&self.run(&["--json", "profile", "find"]));
        let found = found.as_array().unwrap().iter();
        found
            .map(|profile| {
                (profile["external_id"].as_str().unwrap_or_default().to_owned(), profile.clone())
            })
            .collect()
    }

    fn count(&self, table: &str) -> i64 {
        let db = Connection::open(self.path("data").join("guise.db")).unwrap();
        db.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
    }
}

fn counts(summary: &Value) -> [i64; 3] {
    ["created", "updated", "unchanged"].map(|outcome| summary[outcome].as_i64().unwrap())
}

#[test]
fn a_file_is_put_in_place_as_often_as_one_likes() {
    let team = Team::new(&[]);
    team.write("faces/jon.jpg", JON);
    team.write("faces/other.jpg", other_jon());
    let mut lines = [
        json!({"external_id": "crm:1/a%2F?&#", "name": "Jon", "picture": "jon.jpg"}),
        json!({"external_id": "crm:2", "name": "Zoë", "kind": "human", "tags": ["night", "day"],
            "picture": "./jon.jpg"}),
        json!({"external_id": "crm:3", "name": "Bo", "kind": "bot", "picture": "other.jpg"}),
    ];
    team.lines("team.jsonl", &lines);
    let told = text(&team.run(&["import", "team.jsonl", "--pictures", "faces", "--dry-run"]));
    let told: Vec<_> = told.lines().collect();
    assert_eq!(told[1], "line 2: crm:2 would be created: name, kind, tags, picture");
    assert_eq!(told[3], "Nothing was written: 3 would be created, 0 updated, 0 are so already.");
    assert_eq!((team.count("profiles"), team.count("uploads")), (0, 0));

    let told = text(&team.run(&["import", "team.jsonl", "--pictures", "faces"]));
    assert_eq!(told, "Imported 3 profiles: 3 created, 0 updated, 0 unchanged.\n");
    let made = team.profiles();
    let zoe = &made["crm:2"];
    assert_eq!((&zoe["kind"], &zoe["tags"]), (&json!("human"), &json!(["day", "night"])));
    assert_eq!(zoe["avatar"]["sha256"], Digest::of(JON).to_string());
    assert!(made.contains_key("crm:1/a%2F?&#"));
    assert_eq!(team.count("uploads"), 2, "one file is uploaded once");
    assert_eq!(counts(&team.import("team.jsonl")), [0, 0, 3]);

    lines[0]["picture"] = json!("other.jpg");
    lines[1] = json!({"external_id": "crm:2", "name": "Zoë B", "tags": []});
    team.lines("team.jsonl", &lines);
    let summary = team.import("team.jsonl");
    assert_eq!(counts(&summary), [0, 2, 1]);
    let members: Vec<_> =
        summary["changes"].as_array().unwrap().iter().map(|it| &it["members"]).collect();
    assert_eq!(members, [&json!(["picture"]), &json!(["name", "tags"])]);
    let made = team.profiles();
    let zoe = &made["crm:2"];
    assert_eq!(
        (&zoe["name"], &zoe["kind"], &zoe["tags"]),
        (&json!("Zoë B"), &json!("human"), &json!([]))
    );
    assert_eq!(made["crm:3"]["revision"], 1);
    assert_eq!((team.count("profiles"), team.count("revisions")), (3, 2));
}

#[test]
fn every_mistake_is_listed_and_nothing_is_sent() {
    let team = Team::new(&[]);
    team.write("faces/jon.jpg", JON);
    team.write("faces/broken.jpg", &JON[..100]);
    team.write("faces/text.png", "hello");
    team.write("faces/large.gif", vec![0; 15 * 1024 * 1024 + 1]);
    team.write("secret.jpg", JON);
    std::os::unix::fs::symlink(team.path("secret.jpg"), team.path("faces/link.jpg")).unwrap();
    let picture = |number: usize, picture: &str| json!({"external_id": format!("crm:{number}"), "name": "Jon", "picture": picture});
    let secret = team.path("secret.jpg");
    let mut lines = vec![
        picture(1, "jon.jpg"),
        picture(2, "absent.jpg"),
        picture(3, "../secret.jpg"),
        picture(4, secret.to_str().unwrap()),
        picture(5, "link.jpg"),
        picture(6, "broken.jpg"),
        picture(7, "text.png"),
        picture(8, "large.gif"),
        picture(9, "../faces/jon.jpg"),
        picture(10, "."),
        json!({"external_id": "crm:11", "name": "Jon"}),
        json!({"external_id": "crm:1", "name": "", "kind": "cat"}),
    ];
    team.lines("team.jsonl", &lines);
    let output = team.run(&["import", "team.jsonl", "--pictures", "faces"]);
    let file = team.path("team.jsonl");
    let expected = [
        &format!("guise: nothing is imported: {} has mistakes", file.display()),
        "  line 2: picture: absent.jpg cannot be read: No such file or directory (os error 2)",
        "  line 3: picture: ../secret.jpg leads out of the folder",
        &format!("  line 4: picture: {} leads out of the folder", secret.display()),
        "  line 5: picture: link.jpg leads out of the folder",
        "  line 6: picture: broken.jpg cannot be used: the picture is broken",
        "  line 7: picture: text.png cannot be used: found text",
        "  line 8: picture: large.gif has 15728641 bytes, more than 15728640",
        "  line 9: picture: ../faces/jon.jpg leads out of the folder",
        "  line 10: picture: . is no file",
        "  line 12: external_id: crm:1 is on line 1 too",
        "  line 12: name: must not be empty",
        "  line 12: kind: must be human, bot or ai",
    ];
    let told = refusal(&output);
    for (told, expected) in told.lines().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
    assert_eq!(told.lines().count(), expected.len(), "{told}");
    let output = team.run(&["--json", "import", "team.jsonl", "--pictures", "faces"]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["problems"].as_array().unwrap().len(), 12);
    assert_eq!(told["problems"][2]["line"], 4);

    lines.truncate(1);
    team.lines("team.jsonl", &lines);
    let told = refusal(&team.run(&["import", "team.jsonl"]));
    assert!(
        told.ends_with("  line 1: picture: say with --pictures in which folder it is\n"),
        "{told}"
    );
    assert_eq!((team.count("profiles"), team.count("uploads")), (0, 0));
}

#[test]
fn an_exported_team_is_the_same_in_another_account_and_changes_nothing_in_its_own() {
    let team = Team::new(&[]);
    for (name, file) in [("faces/jon.jpg", JON), ("faces/other.jpg", &other_jon())] {
        team.write(name, file);
    }
    let lines = [
        json!({"external_id": "crm:1", "name": "Jon", "picture": "jon.jpg", "tags": ["a", "b"]}),
        json!({"external_id": "crm_1", "name": "Zoë", "kind": "human", "picture": "other.jpg"}),
        json!({"external_id": "CRM_1", "name": "Bo", "kind": "ai", "picture": "jon.jpg"}),
        json!({"external_id": "crm:4", "name": "Dee"}),
    ];
    team.lines("team.jsonl", &lines);
    assert_eq!(counts(&team.import("team.jsonl")), [4, 0, 0]);
    let told = text(&team.run(&["export", "out.jsonl", "--pictures", "others"]));
    let out = team.path("out.jsonl");
    assert_eq!(told, format!("Wrote 4 profiles to {}, and 3 pictures.\n", out.display()));
    let exported = fs::read_to_string(&out).unwrap();
    let exported: Vec<Value> =
        exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |member: &str| exported.iter().map(|line| line[member].clone()).collect::<Vec<_>>();
    assert_eq!(of("name"), ["Jon", "Zoë", "Bo", "Dee"], "the oldest first");
    let pictures = json!(["crm_1.jpg", "crm_1-2.jpg", "CRM_1-3.jpg", null]);
    assert_eq!(json!(of("picture")), pictures);
    assert_eq!((&exported[0]["tags"], exported[0].get("kind")), (&json!(["a", "b"]), None));
    let again = ["--json", "import", "out.jsonl", "--pictures", "others"];
    let uploads = team.count("uploads");
    assert_eq!(counts(&parsed(&team.run(&again))), [0, 0, 4]);
    assert_eq!((team.count("uploads"), team.count("revisions")), (uploads, 0));
    let refused = refusal(&team.run(&["export", "out.jsonl"]));
    assert_eq!(refused, format!("guise: {} is there already\n", out.display()));

    let data = team.path("data");
    text(&guise(&data, &["account", "add", "branch"]));
    let app = parsed(&guise(&data, &["--json", "app", "add", "Desk", "--account", "branch"]));
    let app = app["id"].as_str().unwrap();
    let token = ["token", "add", "--account", "branch", "--app", app, "--save", "branch"];
    text(&guise(&data, &token));
    let branch = |arguments: &[&str]| team.run(&[&["--profile", "branch"], arguments].concat());
    assert_eq!(counts(&parsed(&branch(&again))), [4, 0, 0]);
    assert_eq!(counts(&parsed(&branch(&again))), [0, 0, 4]);
    text(&branch(&["export", "back.jsonl", "--pictures", "faces"]));
    let back = fs::read_to_string(team.path("back.jsonl")).unwrap();
    let back = back.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for (back, out) in back.zip(&exported) {
        for member in ["external_id", "name", "kind", "tags", "picture"] {
            assert_eq!(back[member], out[member]);
        }
    }
}

#[test]
fn profiles_without_an_external_id_get_one_on_the_way_to_another_account() {
    let team = Team::new(&[]);
    team.write("faces/jon.jpg", JON);
    let jon = ["--json", "profile", "add", "--name", "Jon", "--avatar", "faces/jon.jpg"];
    let id = parsed(&team.run(&jon))["id"].as_str().unwrap().to_owned();
    let told = text(&team.run(&["export", "bare.jsonl", "--pictures", "others"]));
    assert!(told.contains("1 of them have no external id"), "{told}");
    let told = refusal(&team.run(&["import", "bare.jsonl", "--pictures", "others"]));
    assert!(told.ends_with("  line 1: external_id: is required\n"), "{told}");
    text(&team.run(&["export", "named.jsonl", "--pictures", "others", "--make-ids"]));
    let line = fs::read_to_string(team.path("named.jsonl")).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let picture = format!("{id}.jpg");
    assert_eq!(
        line,
        json!({"id": id, "external_id": format!("guise:{id}"), "name": "Jon", "tags": [], "picture": picture})
    );
    let told = refusal(&team.run(&["import", "named.jsonl", "--pictures", "others"]));
    let reason = format!("id: profile {id} is in this account already, without an external id");
    assert!(
        told.ends_with(&format!("  line 1: {reason}; `profile edit` gives it one\n")),
        "{told}"
    );
    team.write("others/extra.txt", "kept");
    team.write(&format!("others/{picture}"), "changed");
    let told = refusal(&team.run(&["export", "once.jsonl", "--pictures", "others"]));
    assert!(told.contains("is there already, with something else"), "{told}");
    assert!(!team.path("once.jsonl").exists());
    let name = format!("guise:{id}");
    text(&team.run(&["profile", "edit", &id, "--external-id", &name]));
    text(&team.run(&["export", "own.jsonl", "--pictures", "faces"]));
    let told = text(&team.run(&["import", "own.jsonl", "--pictures", "faces"]));
    assert!(told.contains("0 created, 0 updated, 1 unchanged"), "{told}");
}

#[test]
fn a_limit_that_is_used_up_is_waited_for() {
    let limits = [
        ("GUISE_LIMITS_MEDIA_UPLOAD", "2/1s"),
        ("GUISE_LIMITS_GUISE_PROFILES_EDIT", "3/1s"),
        ("GUISE_LIMITS_GUISE_PROFILES_FIND", "1/1s"),
    ];
    let team = Team::new(&limits);
    let lines: Vec<Value> = (0..8)
        .map(|number| {
            let picture = format!("{number}.jpg");
            team.write(&format!("faces/{picture}"), [JON, &[number]].concat());
            json!({"external_id": format!("n{number}"), "name": "Jon", "picture": picture})
        })
        .collect();
    team.lines("team.jsonl", &lines);
    assert_eq!(counts(&team.import("team.jsonl")), [8, 0, 0]);
    assert_eq!(counts(&team.import("team.jsonl")), [0, 0, 8]);
}
