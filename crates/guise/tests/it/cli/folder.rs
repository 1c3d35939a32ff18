//! The data folder: who makes it, and with what key it opens.

use std::thread;

use tempfile::tempdir;

use super::{json, mode, refusal, text};
use crate::support::{Process, guise, guise_with};

#[test]
fn commands_that_make_nothing_make_no_data_folder() {
    let folder = tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for data in [folder.path().join("absent"), empty] {
        for command in [
            "account list",
            "account close shop",
            "account allow shop",
            "account deny shop",
            "app list",
            "app add Desk --account shop",
            "app revoke 1",
            "app trust 1",
            "app distrust 1",
            "token list",
            "token add --account shop --app 1",
            "token revoke 1-a",
            "token change 1-a --access read",
        ] {
            let told = refusal(&guise(&data, &command.split(' ').collect::<Vec<_>>()));
            let what = format!("guise: there is no data folder {}: make one with ", data.display());
            assert!(told.starts_with(&what) && told.contains("--data"), "{command}: {told}");
            let made = std::fs::read_dir(&data).map(Iterator::count).unwrap_or_default();
            assert_eq!(made, 0, "{command}");
        }
    }
}

#[test]
fn a_wrong_key_is_told_and_nothing_starts() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    text(&guise(&data, &["account", "add", "shop"]));
    let wrong = [("GUISE_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")];
    for command in [["serve"].as_slice(), &["quickstart", "--exit"], &["account", "list"]] {
        let told = refusal(&guise_with(&data, &wrong, command));
        let database = data.join("guise.db");
        let sentence = format!(
            "guise: the key is not the one that {} was made with: its secrets would not open; \
             give the key it had (see key_file in `guise config example`)\n",
            database.display()
        );
        assert_eq!(told, sentence);
    }
    text(&guise(&data, &["account", "list"]));
}

#[test]
fn a_database_is_not_upgraded_under_a_server_that_runs() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Process::start(&data, &[], 1);
    let db = rusqlite::Connection::open(data.join("guise.db")).unwrap();
    let version =
        || db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap();
    let older = version() - 1;
    db.pragma_update(None, "user_version", older).unwrap();
    for command in [["account", "list"].as_slice(), &["serve"]] {
        let told = refusal(&guise(&data, command));
        assert!(
            told.contains("is of an older guise, and a server runs on it: stop that first"),
            "{told}"
        );
        assert_eq!(version(), older);
    }
    db.pragma_update(None, "user_version", older + 1).unwrap();
    text(&guise(&data, &["account", "list"]));
    drop(server);
}

#[test]
fn first_starts_at_once_agree_on_one_folder_and_one_key() {
    for _ in 0..5 {
        let folder = tempdir().unwrap();
        let data = folder.path().join("data");
        let names = ["one", "two", "three", "four"];
        thread::scope(|scope| {
            let data = &data;
            let add = |name| move || text(&guise(data, &["account", "add", name]));
            let started = names.map(|name| scope.spawn(add(name)));
            for one in started {
                one.join().unwrap();
            }
        });
        let accounts = json(&guise(&data, &["--json", "account", "list"]));
        assert_eq!(accounts.as_array().unwrap().len(), names.len());
        assert_eq!(mode(&data.join("key")), 0o600);
        let drafts = std::fs::read_dir(&data).unwrap();
        let drafts = drafts.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(drafts.filter(|name| name.starts_with("key")).collect::<Vec<_>>(), ["key"]);
    }
}
