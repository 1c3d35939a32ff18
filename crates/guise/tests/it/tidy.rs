//! The habits of the house that no other tool holds: which crate may use which, how long files are, what they are
//! called, and that pages printed from code are fresh. `UPDATE=1` rewrites the lists and pages that are printed.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and so may what it calls"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use guise_domain::limits;
use guise_http::openapi;
use serde_json::Value;

/// Which of our crates may use which. A new arrow is a change to the architecture: say why where you add it.
const ARROWS: [(&str, &[&str]); 7] = [
    ("guise", &["guise-domain", "guise-http", "guise-oauth1", "guise-postgres", "guise-sqlite"]),
    ("guise-domain", &[]),
    ("guise-http", &["guise-domain", "guise-oauth1"]),
    ("guise-load", &["guise-oauth1"]),
    ("guise-oauth1", &[]),
    ("guise-postgres", &["guise-domain"]),
    ("guise-sqlite", &["guise-domain"]),
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 10] = [
    "util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "service",
    "services",
];

const FILE_LINES_MAX: usize = 500;

#[test]
fn crates_use_one_another_only_along_the_arrows() {
    let found: Vec<(String, Vec<String>)> = packages()
        .into_iter()
        .map(|(name, uses)| {
            let ours: BTreeSet<String> =
                uses.into_iter().map(|used| used.name).filter(|name| is_ours(name)).collect();
            (name, ours.into_iter().collect())
        })
        .collect();
    let allowed: Vec<(String, Vec<String>)> = ARROWS
        .iter()
        .map(|(name, uses)| {
            ((*name).to_owned(), uses.iter().map(|&used| used.to_owned()).collect())
        })
        .collect();
    assert_eq!(found, allowed);
}

#[test]
fn every_direct_dependency_is_on_the_list() {
    let mut list = String::new();
    for (name, uses) in packages() {
        for used in uses.iter().filter(|used| !is_ours(&used.name)) {
            writeln!(list, "{name} {}{}", used.kind, used.name).expect("a string takes it");
        }
    }
    same_as_file("crates/guise/tests/it/tidy/dependencies.txt", &list);
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let long: Vec<String> = sources()
        .map(|file| (file.lines(), file))
        .filter(|(lines, _)| *lines > FILE_LINES_MAX)
        .map(|(lines, file)| format!("{}: {lines} lines", file.path))
        .collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn the_pages_everyone_reads_are_short() {
    for (page, lines_max) in [("README.md", 150), ("ARCHITECTURE.md", 250)] {
        if let Some(file) = files().into_iter().find(|file| file.path == page) {
            let lines = file.lines();
            assert!(lines <= lines_max, "{page} has {lines} lines, at most {lines_max} are read");
        }
    }
}

#[test]
fn no_module_has_an_empty_name() {
    let empty: Vec<String> = files()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| {
            let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
            stem.split('/').any(|part| EMPTY_NAMES.contains(&part))
        })
        .collect();
    assert_eq!(empty, [""; 0]);
}

#[test]
fn nothing_is_put_off() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[", "ignore")];
    let put_off = places(|line| marks.iter().any(|mark| line.contains(mark)));
    assert_eq!(put_off, [""; 0]);
}

#[test]
fn no_line_ends_in_white_space_and_every_file_ends_in_a_line_break() {
    assert_eq!(places(|line| line.ends_with([' ', '\t', '\r'])), [""; 0]);
    let unfinished: Vec<String> = files()
        .into_iter()
        .filter(|file| !file.text.is_empty() && !file.text.ends_with('\n'))
        .map(|file| file.path)
        .collect();
    assert_eq!(unfinished, [""; 0]);
}

/// The last cell of every row of the compatibility page names tests, in backticks: a Rust test by its function, a test
/// with a client library by the sentence it prints.
#[test]
fn every_row_of_the_compatibility_page_names_tests_that_exist() {
    let files = files();
    let Some(page) = files.iter().find(|file| file.path == "docs/compatibility.md") else { return };
    let tests: Vec<&File> =
        files.iter().filter(|file| file.is_source() && file.path.contains('/')).collect();
    let exists = |name: &str| {
        let function = name.rsplit_once("::").map_or(name, |(_, function)| function);
        let sentence = name.rsplit_once(": ").map_or(name, |(_, sentence)| sentence);
        let ways = [
            format!("fn {function}("),
            format!("def {}(", sentence.replace(' ', "_")),
            format!("test('{name}'"),
        ];
        tests.iter().any(|file| ways.iter().any(|way| file.text.contains(way)))
    };
    let mut wrong = Vec::new();
    for row in page.text.lines().filter(|line| is_row(line)) {
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        if names.is_empty() || !names.iter().all(|name| exists(name)) {
            wrong.push(row);
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_page_of_limits_is_fresh() {
    let mut page = String::from(
        "# Limits\n\nEverything Guise takes is bounded. This page is printed from `crates/guise-domain/src/limits.rs`; \
         rate limits\nare part of the [configuration](configuration.md).\n\n| limit | value | of what |\n| --- | --- | --- |\n",
    );
    for limit in limits::ALL {
        let meaning = limit.meaning.trim();
        writeln!(page, "| `{}` | {} {} | {meaning} |", limit.name, limit.value, limit.unit)
            .expect("a string takes it");
    }
    same_as_file("docs/limits.md", &page);
}

#[test]
fn the_openapi_documents_are_fresh() {
    for (name, document) in [("v1.1", openapi::v1_1()), ("guise-v1", openapi::guise_v1())] {
        let page = serde_json::to_string_pretty(&document).expect("a document is JSON") + "\n";
        same_as_file(&format!("docs/openapi/{name}.json"), &page);
    }
}

#[test]
fn the_page_of_performance_has_a_row_for_every_goal_and_each_is_measured() {
    let listed = Command::new("python3")
        .arg(root().join("bench/run"))
        .arg("--list")
        .output()
        .expect("python3 runs");
    let told = String::from_utf8_lossy(&listed.stderr);
    assert!(listed.status.success(), "bench/run --list: {told}");
    let list = String::from_utf8_lossy(&listed.stdout);
    let goals: Vec<&str> = list
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let page = fs::read_to_string(root().join("docs/performance.md")).expect("there is the page");
    let rows: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(row, _)| row)
        .collect();
    assert!(!goals.is_empty());
    assert_eq!(rows, goals, "bench/run writes the page");
}

/// A dependency as a manifest has it; `kind` is empty for an ordinary one, else `dev ` or `build `.
struct Use {
    name: String,
    kind: String,
}

/// Our packages in the order of their names, with what their manifests ask for.
fn packages() -> Vec<(String, Vec<Use>)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut packages: Vec<(String, Vec<Use>)> = list(&metadata["packages"])
        .iter()
        .map(|package| {
            let mut uses: Vec<Use> = list(&package["dependencies"])
                .iter()
                .map(|used| Use {
                    name: text(&used["name"]),
                    kind: used["kind"].as_str().map_or(String::new(), |kind| format!("{kind} ")),
                })
                .collect();
            uses.sort_by(|one, other| (&one.kind, &one.name).cmp(&(&other.kind, &other.name)));
            (text(&package["name"]), uses)
        })
        .collect();
    packages.sort_by(|one, other| one.0.cmp(&other.0));
    packages
}

fn is_ours(name: &str) -> bool {
    ARROWS.iter().any(|(ours, _)| *ours == name)
}

fn is_row(line: &str) -> bool {
    line.starts_with("| ") && !line.starts_with("| ---") && !line.ends_with("| test |")
}

/// A text file of the project; `path` counts from the project's root.
struct File {
    path: String,
    text: String,
}

impl File {
    fn lines(&self) -> usize {
        self.text.lines().count()
    }

    fn is_source(&self) -> bool {
        let kinds = ["rs", "py", "cjs", "sql", "sh", "css", "html"];
        let extension = Path::new(&self.path).extension().and_then(|extension| extension.to_str());
        self.path == "check" || extension.is_some_and(|extension| kinds.contains(&extension))
    }
}

fn sources() -> impl Iterator<Item = File> {
    files().into_iter().filter(File::is_source)
}

/// The lines that `wrong` finds fault with, as `path:line`.
fn places(wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut places = Vec::new();
    for file in files() {
        // `lines` would hide a carriage return.
        let lines = file.text.split('\n').enumerate().filter(|(_, line)| wrong(line));
        places.extend(lines.map(|(number, _)| format!("{}:{}", file.path, number + 1)));
    }
    places
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's root")
}

/// Every text file that is ours, without what was built, fetched, or locked by a tool.
fn files() -> Vec<File> {
    let root = root();
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of ours can be read") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let skipped = ["target", "guise-data", "node_modules", "__pycache__"];
            if path.is_dir() {
                if name == ".ci" || !(name.starts_with('.') || skipped.contains(&name.as_str())) {
                    folders.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(&root).expect("below the root").to_string_lossy();
                files.push(File { path: path.into_owned(), text });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// Compares what was printed with the file that is kept, or with `UPDATE` set writes it.
fn same_as_file(path: &str, printed: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, printed).expect("the file can be written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(kept, printed, "{path} is stale: UPDATE=1 cargo test -p guise --test it tidy");
}
