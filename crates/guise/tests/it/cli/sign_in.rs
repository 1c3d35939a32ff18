//! Passwords and one-time links from the command line.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::tempdir;

use super::{json, refusal, text};
use crate::support::{Browser, Process, guise, guise_told};

const PASSWORD: &str = "correct horse";

/// The path of the link that `account link` prints.
fn link(data: &Path, url: &str) -> String {
    let made = json(&guise(data, &["--json", "account", "link", "shop"]));
    assert_eq!((&made["name"], &made["valid_seconds"]), (&"shop".into(), &86_400.into()));
    let link = made["url"].as_str().unwrap();
    link.strip_prefix(url).unwrap().to_owned()
}

#[tokio::test]
async fn a_password_and_a_link_that_the_command_line_made_let_somebody_in() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    text(&guise(&data, &["account", "add", "shop"]));
    let server = Process::start(&data, &[], 1);
    let password = |input: &str| {
        guise_told(&data, &["--by", "boss", "account", "password", "SHOP"], input.as_bytes())
    };
    let told = text(&password(&format!("{PASSWORD}\r\nmore\n")));
    assert_eq!(told, "Set the password of shop. Whoever was signed in to it is signed out.\n");
    let mut browser = Browser::at(&server.urls[0]);
    browser.sign_in("shop", PASSWORD, "").await;
    browser.get("/").await.says(200, "Hello, @shop");
    let told = text(&password("another horse"));
    assert!(told.starts_with("Set the password"), "{told}");
    browser.get("/").await.sees("/sign-in");
    let path = link(&data, "http://127.0.0.1:0");
    browser.post_bare(&path, &[("password", PASSWORD), ("again", PASSWORD)]).await.sees("/");
    browser.get("/").await.says(200, "Hello, @shop");
    text(&guise(&data, &["account", "close", "shop"]));
    browser.get("/").await.sees("/sign-in");
    for (command, told) in
        [("password", password(PASSWORD)), ("link", guise(&data, &["account", "link", "shop"]))]
    {
        assert_eq!(refusal(&told), "guise: the account shop was closed\n", "{command}");
    }
}

#[test]
fn a_password_that_breaks_the_rule_is_refused_before_anything_is_opened() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let rule = "guise: the password must be 10 to 256 characters, without tabs or line breaks\n";
    let long = "x".repeat(100_000);
    for input in ["", "\n", "short\n", "with\ta tab in it", &long] {
        let told = refusal(&guise_told(&data, &["account", "password", "shop"], input.as_bytes()));
        assert_eq!(told, rule);
    }
    let told = refusal(&guise_told(&data, &["account", "password", "shop"], b"\xff\xff\n"));
    assert_eq!(told, "guise: no password came in: stream did not contain valid UTF-8\n");
    text(&guise(&data, &["account", "add", "shop"]));
    let nobody =
        refusal(&guise_told(&data, &["account", "password", "nobody"], PASSWORD.as_bytes()));
    assert!(nobody.starts_with("guise: there is no account nobody"), "{nobody}");
    assert!(refusal(&guise(&data, &["account", "link", "nobody"])).contains("no account nobody"));
}

/// Reads what a terminal shows until it ends in `prompt`.
fn until(terminal: &mut impl Read, prompt: &str) -> String {
    let (mut shown, mut byte) = (Vec::new(), [0]);
    while !shown.ends_with(prompt.as_bytes()) {
        assert_eq!(terminal.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    String::from_utf8(shown).unwrap()
}

#[test]
fn in_a_terminal_a_password_is_asked_for_twice() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    text(&guise(&data, &["account", "add", "shop"]));
    let command = format!("{} account password shop", env!("CARGO_BIN_EXE_guise"));
    for (again, end) in [
        (PASSWORD, "Set the password of shop."),
        ("another horse", "guise: the two passwords are not the same"),
    ] {
        let mut terminal = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("GUISE_DATA", &data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut typing = terminal.stdin.take().unwrap();
        let mut screen = terminal.stdout.take().unwrap();
        until(&mut screen, "Password: ");
        writeln!(typing, "{PASSWORD}").unwrap();
        until(&mut screen, "The same again: ");
        writeln!(typing, "{again}").unwrap();
        until(&mut screen, end);
        terminal.wait().unwrap();
    }
}

#[test]
fn a_server_in_a_terminal_that_nobody_has_been_to_shows_the_way_in() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    for name in ["shop", "ann"] {
        text(&guise(&data, &["account", "add", name]));
    }
    let command = format!("{} serve --http 127.0.0.1:0 --tls off", env!("CARGO_BIN_EXE_guise"));
    let serve = || {
        let mut server = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("GUISE_DATA", &data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let screen = server.stdout.take().unwrap();
        (server, screen)
    };
    let (mut server, mut screen) = serve();
    until(&mut screen, "listening on ");
    let url = until(&mut screen, "\r\n");
    until(&mut screen, &format!("to sign in as shop, open {}/sign-in/link/", url.trim()));
    // What is typed into a terminal ends its program.
    server.stdin.take().unwrap().write_all(b"\x03").unwrap();
    server.wait().unwrap();
    text(&guise_told(&data, &["account", "password", "shop"], PASSWORD.as_bytes()));
    let (mut server, mut screen) = serve();
    until(&mut screen, "listening on ");
    until(&mut screen, "\r\n");
    server.stdin.take().unwrap().write_all(b"\x03").unwrap();
    let mut rest = String::new();
    screen.read_to_string(&mut rest).unwrap();
    server.wait().unwrap();
    assert!(!rest.contains("sign-in"), "{rest}");
}
