//! What the generator says of a server that does wrong is exactly what that server did.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it calls"
)]

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Answer,
    AnswerInChunks,
    /// Answers and closes, and says so.
    AnswerLast,
    /// Answers and closes, without a word, as servers do when nothing was sent for long.
    AnswerAndClose,
    AnswerWrong,
    Refuse,
    Drop,
    DropHalfway,
    /// Answers, but nobody else is answered in the meantime either.
    Pause(u64),
}

impl Deed {
    /// What is written, and whether the connection goes on.
    fn written(self) -> (&'static str, bool) {
        match self {
            Self::Answer | Self::Pause(_) => {
                ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n", true)
            }
            Self::AnswerInChunks => (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n2;a=b\r\nk\n\r\n0\r\n\r\n",
                true,
            ),
            Self::AnswerLast => {
                ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nok\n", false)
            }
            Self::AnswerAndClose => ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n", false),
            Self::AnswerWrong => ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nko\n", true),
            Self::Refuse => {
                ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nok\n", true)
            }
            Self::Drop => ("", false),
            Self::DropHalfway => ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\no", false),
        }
    }
}

/// A server of one thread, which counts what it did.
struct Server {
    url: String,
    deeds: Arc<Mutex<BTreeMap<Deed, u64>>>,
}

impl Server {
    /// `decide` says what is done with the request of a number, counted from 1 over all connections.
    fn start(decide: fn(u64) -> Deed) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let deeds = Arc::default();
        let kept = Arc::clone(&deeds);
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let number = Arc::new(AtomicU64::new(0));
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, decide, Arc::clone(&number), Arc::clone(&kept)));
                }
            });
        });
        Self { url, deeds }
    }

    fn did(&self, deed: Deed) -> u64 {
        self.deeds.lock().unwrap().get(&deed).copied().unwrap_or_default()
    }

    fn did_in_all(&self) -> u64 {
        self.deeds.lock().unwrap().values().sum()
    }
}

async fn answer(
    mut stream: TcpStream,
    decide: fn(u64) -> Deed,
    number: Arc<AtomicU64>,
    deeds: Arc<Mutex<BTreeMap<Deed, u64>>>,
) {
    let mut received = Vec::new();
    while stream.read_buf(&mut received).await.is_ok_and(|bytes| bytes > 0) {
        if !received.ends_with(b"\r\n\r\n") {
            continue;
        }
        received.clear();
        let deed = decide(number.fetch_add(1, Ordering::Relaxed) + 1);
        *deeds.lock().unwrap().entry(deed).or_default() += 1;
        if let Deed::Pause(milliseconds) = deed {
            thread::sleep(Duration::from_millis(milliseconds));
        }
        let (written, goes_on) = deed.written();
        if stream.write_all(written.as_bytes()).await.is_err() || !goes_on {
            return;
        }
    }
}

/// Whether the generator was content, and the one scenario of its JSON.
fn measure(server: &Server, words: &[&str]) -> (bool, Value) {
    let done = Command::new(env!("CARGO_BIN_EXE_guise-load"))
        .args(words)
        .args(["--url", &server.url, "--warmup", "0", "--json", "-"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    let mut json: Value = serde_json::from_slice(&done.stdout).expect(&errors);
    (done.status.success(), json["scenarios"][0].take())
}

fn ms(figures: &Value, name: &str) -> f64 {
    figures[name].as_f64().unwrap()
}

#[test]
fn every_wrong_answer_is_counted_as_what_it_is() {
    let server = Server::start(|number| match number {
        n if n % 1000 == 0 => Deed::Drop,
        n if n % 701 == 0 => Deed::DropHalfway,
        n if n % 13 == 0 => Deed::Refuse,
        n if n % 7 == 0 => Deed::AnswerWrong,
        n if n % 5 == 0 => Deed::AnswerInChunks,
        n if n % 101 == 0 => Deed::AnswerLast,
        _ => Deed::Answer,
    });
    let (content, figures) =
        measure(&server, &["run", "health", "--seconds", "1", "--connections", "8"]);
    assert!(!content);
    let right = [Deed::Answer, Deed::AnswerInChunks, Deed::AnswerLast].map(|deed| server.did(deed));
    assert!(right.iter().all(|count| *count > 0), "{right:?}");
    assert_eq!(figures["sent"], server.did_in_all());
    assert_eq!(figures["answered"], right.iter().sum::<u64>());
    let dropped = server.did(Deed::Drop) + server.did(Deed::DropHalfway);
    assert!(dropped > 0);
    let expected = json!({
        "status 503": server.did(Deed::Refuse),
        "wrong body": server.did(Deed::AnswerWrong),
        "connection": dropped,
    });
    assert_eq!(figures["errors"], expected);
}

#[test]
fn right_answers_leave_nothing_to_tell() {
    let server = Server::start(|_| Deed::Answer);
    let (content, figures) = measure(&server, &["run", "health", "--seconds", "1"]);
    assert!(content);
    assert_eq!(figures["errors"], json!({}));
    assert_eq!(figures["sent"], server.did_in_all());
    assert_eq!(figures["answered"], figures["sent"]);
    let sum: u64 = figures["throughput"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
    assert_eq!(figures["per_second"].to_string(), format!("{sum}.0"));
    // At most what the connections had under way at the end came after it.
    assert!(server.did_in_all() - sum <= 64, "{sum} of {}", server.did_in_all());
}

#[test]
fn the_status_and_the_text_that_were_asked_for_are_right() {
    let server = Server::start(|number| if number % 2 == 0 { Deed::Refuse } else { Deed::Answer });
    let words = ["http", "--path", "/", "--expect", "503", "--seconds", "1", "--connections", "2"];
    let (content, figures) = measure(&server, &[&words[..], &["--contains", "ok"]].concat());
    assert!(!content);
    assert_eq!(figures["answered"], server.did(Deed::Refuse));
    assert_eq!(figures["errors"], json!({"status 200": server.did(Deed::Answer)}));

    let refused = server.did(Deed::Refuse);
    let words = [&words[..], &["--contains", "never", "--allow-errors"]].concat();
    let (content, figures) = measure(&server, &words);
    assert!(content);
    assert_eq!(figures["answered"], 0);
    assert_eq!(figures["errors"]["wrong body"], server.did(Deed::Refuse) - refused);
}

/// 500 a second for two seconds, and two pauses of 200 ms: a hundred requests are due in each, evenly, so a fifth of all
/// wait from 0 to 200 ms. Whoever counts from the sending sees no more than four of them, one for each connection.
#[test]
fn pauses_show_in_every_request_that_was_due_in_them() {
    let server = Server::start(|number| match number {
        300 | 600 => Deed::Pause(200),
        _ => Deed::Answer,
    });
    let words = ["http", "--path", "/", "--seconds", "2", "--connections", "4", "--rate", "500"];
    let (content, figures) = measure(&server, &words);
    assert!(content);
    assert_eq!((&figures["sent"], &figures["overdue"]), (&json!(1000), &json!(0)));
    assert_eq!(server.did(Deed::Pause(200)), 2);
    // Half of those that had to wait did so for at least half of a pause, and so on; noise only adds.
    assert!(ms(&figures, "p90_ms") >= 95.0, "{figures}");
    assert!(ms(&figures, "p99_ms") >= 185.0, "{figures}");
    assert!(ms(&figures, "p999_ms") >= 195.0, "{figures}");
    assert!(ms(&figures, "max_ms") >= 199.0, "{figures}");
    // The others did not.
    assert!(ms(&figures, "p50_ms") < 95.0, "{figures}");
}

/// Nothing that was due is left out, also when it never was its turn: each request keeps the server for 10 ms.
#[test]
fn what_a_slow_server_leaves_waiting_is_counted() {
    let server = Server::start(|_| Deed::Pause(10));
    let words = ["http", "--path", "/", "--seconds", "1", "--connections", "2", "--rate", "400"];
    let (content, figures) = measure(&server, &words);
    assert!(content);
    let sent = server.did_in_all();
    assert!(sent <= 130, "{sent}");
    assert_eq!((&figures["sent"], &figures["answered"]), (&json!(sent), &json!(sent)));
    assert_eq!(figures["overdue"], 400 - sent);
    assert!(ms(&figures, "per_second") <= 100.0, "{figures}");
    // Those that were sent waited for three quarters of the time that had passed, the others until the end.
    assert!(ms(&figures, "p50_ms") > 350.0, "{figures}");
    assert!(ms(&figures, "max_ms") > 700.0, "{figures}");
}

#[test]
fn a_connection_that_was_closed_while_it_was_idle_is_no_error() {
    let server = Server::start(|_| Deed::AnswerAndClose);
    let words = ["http", "--path", "/", "--seconds", "1", "--connections", "1", "--rate", "5"];
    let (content, figures) = measure(&server, &words);
    assert!(content, "{figures}");
    assert_eq!((&figures["sent"], &figures["answered"]), (&json!(5), &json!(5)));
}

#[test]
fn cpu_time_and_memory_of_the_server_are_told() {
    let server = Server::start(|_| Deed::Answer);
    let own = std::process::id().to_string();
    let words = ["http", "--path", "/", "--seconds", "1", "--pid", &own];
    let (_, figures) = measure(&server, &words);
    assert!(ms(&figures, "server_cpu_us") > 0.0, "{figures}");
    assert!(ms(&figures, "generator_cpu_us") > 0.0, "{figures}");
    assert!(ms(&figures, "server_rss_max_mib") >= 1.0, "{figures}");
}

#[test]
fn the_bare_handler_is_measured_in_a_process_of_its_own() {
    let server = Server::start(|_| Deed::Drop);
    let (content, figures) = measure(&server, &["run", "echo", "--seconds", "1"]);
    assert!(content, "{figures}");
    assert_eq!(server.did_in_all(), 0);
    assert!(figures["answered"].as_u64() > Some(0));
    assert!(ms(&figures, "server_cpu_us") > 0.0, "{figures}");
}

#[test]
fn people_get_a_table_and_pictures() {
    let server = Server::start(|number| if number % 2 == 0 { Deed::Refuse } else { Deed::Answer });
    let folder = std::env::temp_dir().join(format!("guise-load-{}", std::process::id()));
    let done = Command::new(env!("CARGO_BIN_EXE_guise-load"))
        .args(["run", "health", "echo", "--seconds", "1", "--warmup", "0", "--label", "<one>"])
        .args(["--url", &server.url, "--svg"])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(!done.status.success());
    let table = String::from_utf8(done.stdout).unwrap();
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].trim_start().starts_with("answers  wrong  per second"), "{table}");
    let figures: Vec<_> = lines[1].split_whitespace().take(3).collect();
    let (right, wrong) = (server.did(Deed::Answer).to_string(), server.did(Deed::Refuse));
    assert_eq!(figures, ["health", &right, &wrong.to_string()]);
    assert!(lines[2].starts_with("echo "), "{table}");
    assert_eq!(lines[3..], [format!("health: {wrong} times status 503, first: ok")]);
    for picture in ["latency.svg", "throughput.svg"] {
        let svg = std::fs::read_to_string(folder.join(picture)).unwrap();
        for held in
            ["<svg ", "&lt;one> · 64 connections", ">health</text>", ">echo</text>", "</svg>"]
        {
            assert!(svg.contains(held), "{picture}: {held}");
        }
        assert!(!svg.contains("NaN"), "{picture}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_cannot_be_measured_is_told() {
    let said = |words: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_guise-load")).args(words).output().unwrap();
        assert!(!done.status.success());
        String::from_utf8(done.stderr).unwrap()
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    for (words, expected) in [
        (&["run", "health", "--url", "https://x"][..], "TLS is not measured"),
        (&["run", "health", "--url", "http://x/y"], "without a path"),
        (&["run", "health", "--url", &url], "takes no connection"),
        (&["run", "health", "--pid", "4294967295"], "there is no such process"),
        (&["run", "show", "--keys", "/dev/null"], "/dev/null is no array of"),
        (&["http", "--path", "x"], "a path begins with /"),
        (&["http", "--path", "/x y"], "a path is percent-encoded"),
        (&["http", "--path", "/", "--method", "get"], "a method is in capitals"),
        (&["http", "--path", "/", "--header", "x"], "a header is NAME: VALUE"),
        (&["run", "health", "--connections", "0"], "--connections"),
        (&["run", "walk"], "possible values: health, echo"),
    ] {
        let said = said(words);
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}
