//! The real program in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

fn command(data: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guise"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GUISE_") {
            command.env_remove(name);
        }
    }
    command
        .env("GUISE_PROFILES", data.join("profiles.toml"))
        .env("GUISE_HTTP", "127.0.0.1:0")
        .env("GUISE_TLS", "off")
        .env("GUISE_LOG", "error")
        .envs(variables.iter().copied())
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn guise<S: AsRef<OsStr>>(data: &Path, arguments: &[S]) -> Output {
    guise_with(data, &[], arguments)
}

/// Runs a command to its end, with variables.
pub(crate) fn guise_with<S: AsRef<OsStr>>(
    data: &Path,
    variables: &[(&str, &str)],
    arguments: &[S],
) -> Output {
    command(data, variables).args(arguments).output().unwrap()
}

/// Runs a command to its end that is told something on standard input.
pub(crate) fn guise_told<S: AsRef<OsStr>>(data: &Path, arguments: &[S], input: &[u8]) -> Output {
    let mut command = command(data, &[]);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // What refuses to listen has its reasons, which are in its output.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// A command that goes on until it is dropped, and what it says.
pub(crate) struct Following {
    child: Child,
    lines: Receiver<String>,
    notes: Receiver<String>,
}

/// The lines of `out` as they come; a test cannot wait for one with a bound where it reads them itself.
fn lines(out: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

impl Following {
    pub(crate) fn start(data: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = command(data, variables);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (lines, notes) =
            (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, lines, notes }
    }

    /// The next line of standard output. Fails the test after 20 seconds.
    pub(crate) fn line(&self) -> String {
        let line = self.lines.recv_timeout(Duration::from_secs(20));
        line.unwrap_or_else(|_| {
            panic!("no line of output, and {:?}", self.notes.try_iter().collect::<Vec<_>>())
        })
    }

    /// The next line of standard output, if there is one within a second.
    pub(crate) fn line_soon(&self) -> Option<String> {
        self.lines.recv_timeout(Duration::from_secs(1)).ok()
    }

    /// The next line of standard error. Fails the test after 20 seconds.
    pub(crate) fn note(&self) -> String {
        self.notes.recv_timeout(Duration::from_secs(20)).expect("a line of notes")
    }

    /// Ctrl-C; whether it ended well, and the rest of standard error.
    pub(crate) fn interrupt(mut self) -> (bool, String) {
        signal(&self.child, "-INT");
        let status = self.child.wait().unwrap();
        (status.success(), self.notes.iter().collect::<Vec<_>>().join("\n"))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `guise serve`; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) urls: Vec<String>,
}

impl Process {
    /// Starts it and waits until it listens.
    pub(crate) fn start(data: &Path, variables: &[(&str, &str)], listeners: usize) -> Self {
        Self::spawn(&mut command(data, variables), listeners)
    }

    /// Starts it with its log held back for [`Process::log`].
    pub(crate) fn logged(data: &Path, variables: &[(&str, &str)], listeners: usize) -> Self {
        Self::spawn(command(data, variables).stderr(Stdio::piped()), listeners)
    }

    fn spawn(command: &mut Command, listeners: usize) -> Self {
        let mut child = command.arg("serve").stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let urls: Vec<String> = lines
            .take(listeners)
            .map(|line| line.unwrap().strip_prefix("listening on ").unwrap().to_owned())
            .collect();
        assert_eq!(urls.len(), listeners, "the server did not start");
        Self { child, urls }
    }

    /// Ends it; everything it logged.
    pub(crate) fn log(mut self) -> String {
        let stderr = self.child.stderr.take().unwrap();
        assert!(self.terminate().success());
        std::io::read_to_string(stderr).unwrap()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; how it ended.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().unwrap()
    }

    /// Sends it a signal as `kill` calls it: `-STOP`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}
