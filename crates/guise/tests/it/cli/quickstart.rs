//! `guise quickstart`, and the lines that say what comes next.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::tempdir;

use super::{json, refusal, text};
use crate::support::{Browser, Following, guise};

/// What a shell makes of a line that was printed as the next to type.
fn typed(line: &str) -> Output {
    Command::new("sh").args(["-c", line]).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn the_line_that_comes_next_can_be_typed_as_it_is_printed() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("it's here");
    let told = text(&guise(&data, &["account", "add", "shop"]));
    let told = text(&typed(told.lines().last().unwrap()));
    assert!(told.starts_with("Registered an app."), "{told}");
}

#[test]
fn a_program_that_was_found_by_its_name_is_called_by_its_name() {
    let folder = tempdir().unwrap();
    let guise = env!("CARGO_BIN_EXE_guise");
    let (directory, name) = guise.rsplit_once('/').unwrap();
    let path = format!("{directory}:{}", std::env::var("PATH").unwrap());
    let told = Command::new("sh")
        .args(["-c", &format!("{name} account add shop")])
        .env("PATH", path)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(text(&told).ends_with("\n  guise app add \"My app\" --account shop\n"), "{told:?}");
}

#[test]
fn credentials_that_open_nothing_any_more_are_replaced() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let quickstart = || guise(&data, &["--json", "quickstart", "--exit"]);
    let list = |what: &str| json(&guise(&data, &["--json", what, "list"]));
    let in_use = |list: &Value, name: &str| {
        let used = list.as_array().unwrap().iter().filter(|one| one["revoked"] == false);
        let mut used = used.filter(|one| one["account"] == "quickstart");
        let used_name = used.next().unwrap()[name].as_str().unwrap().to_owned();
        assert!(used.next().is_none(), "{list}");
        used_name
    };
    text(&quickstart());
    let token = in_use(&list("token"), "token");
    text(&guise(&data, &["token", "revoke", &token]));
    text(&quickstart());
    let token = in_use(&list("token"), "token");
    text(&quickstart());
    assert_eq!(in_use(&list("token"), "token"), token, "what works is kept");
    for app in list("app").as_array().unwrap() {
        text(&guise(&data, &["app", "revoke", app["id"].as_str().unwrap()]));
    }
    text(&quickstart());
    in_use(&list("app"), "id");
    text(&guise(&data, &["account", "close", "quickstart"]));
    let told = refusal(&quickstart());
    let closed = "guise: the account quickstart was closed: try a folder of its own, with --data\n";
    assert_eq!(told, closed);
}

#[tokio::test]
async fn whoever_watches_can_open_the_pages_with_a_link_until_a_password_is_chosen() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let way_in = |quickstart: &Following| {
        while quickstart.line() != "In a browser, as quickstart:" {}
        quickstart.line().trim().to_owned()
    };
    let quickstart = Following::start(&data, &[], &["quickstart"]);
    let link = way_in(&quickstart);
    let at = link.find("/sign-in/link/").unwrap();
    let mut browser = Browser::at(&link[..at]);
    let password = [("password", "correct horse"), ("again", "correct horse")];
    browser.post_bare(&link[at..], &password).await.sees("/");
    browser.get("/").await.says(200, "Hello, @quickstart");
    drop(quickstart);
    let quickstart = Following::start(&data, &[], &["quickstart"]);
    let page = way_in(&quickstart);
    assert!(page.starts_with("http://127.0.0.1:") && page.ends_with('/'), "{page}");
    assert_eq!(page.matches('/').count(), 3, "{page}");
}

/// What a terminal shows of a command that is found by its name.
fn in_a_terminal(folder: &Path, variables: &[(&str, &str)], line: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_guise")).parent().unwrap();
    let told = Command::new("script")
        .args(["--quiet", "--return", "--command", line, "/dev/null"])
        .env_clear()
        .env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()))
        .envs([("HOME", folder.to_str().unwrap()), ("TERM", "xterm-256color")])
        .envs([("GUISE_HTTP", "127.0.0.1:0"), ("GUISE_TLS", "127.0.0.1:0")])
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    text(&told)
}

/// The text without colours.
fn plain(text: &str) -> String {
    let mut pieces = text.split("\x1b[");
    let first = pieces.next().unwrap().to_owned();
    first + &pieces.map(|piece| piece.split_once('m').unwrap().1).collect::<String>()
}

#[test]
fn in_a_terminal_quickstart_has_colours_and_fits_100_columns() {
    let folder = tempdir().unwrap();
    let shown = in_a_terminal(folder.path(), &[], "guise quickstart --exit");
    assert!(shown.contains("\x1b[1;36m→ POST /1.1/media/upload.json\x1b[0m"), "{shown}");
    assert!(shown.contains("\x1b[1;32m← 200 OK\x1b[0m"), "{shown}");
    let shown = plain(&shown);
    assert!(shown.contains("\r\nWith twurl:\r\n"), "{shown}");
    let wide: Vec<_> = shown.lines().filter(|line| line.chars().count() > 100).collect();
    assert_eq!(wide, [""; 0]);
    let plain = in_a_terminal(folder.path(), &[("NO_COLOR", "1")], "guise quickstart --exit");
    assert!(plain.contains("← 200 OK") && !plain.contains('\x1b'), "{plain}");
}
