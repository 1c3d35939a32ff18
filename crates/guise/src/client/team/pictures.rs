//! The pictures that lines name: found in their folder, and held to the rules of an upload.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, anyhow};
use guise_domain::Digest;
use guise_domain::limits::ANIMATION_BYTES_MAX;

use super::line::Line;
use super::problems::Problems;

/// A picture's file.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) path: PathBuf,
    pub(super) digest: Digest,
}

/// Looks at every picture once, on all cores; those that can be uploaded, by the names that lines have for them.
///
/// # Errors
/// When the folder cannot be read. What is wrong with pictures is noted among `problems`.
pub(super) fn look(
    folder: Option<&Path>,
    lines: &[Line],
    problems: &mut Problems,
) -> anyhow::Result<HashMap<String, Picture>> {
    let mut wanted = BTreeMap::<&str, Vec<usize>>::new();
    for line in lines {
        if let Some(name) = &line.picture {
            wanted.entry(name).or_default().push(line.number);
        }
    }
    let Some(folder) = folder else {
        for line in wanted.into_values().flatten() {
            problems.note(line, "picture: say with --pictures in which folder it is");
        }
        return Ok(HashMap::new());
    };
    let real = folder.canonicalize();
    let real = real.with_context(|| format!("{} cannot be read", folder.display()))?;
    let names: Vec<&str> = wanted.keys().copied().collect();
    let mut pictures = HashMap::new();
    for (name, picture) in names.iter().zip(at_once(&names, |name| picture(&real, name))?) {
        match picture {
            Ok(picture) => drop(pictures.insert((*name).to_owned(), picture)),
            Err(reason) => {
                for line in wanted.get(name).into_iter().flatten() {
                    problems.note(*line, format_args!("picture: {name} {reason}"));
                }
            }
        }
    }
    Ok(pictures)
}

/// What `work` makes of each, in their order, on all cores.
fn at_once<T: Send>(names: &[&str], work: impl Fn(&str) -> T + Sync) -> anyhow::Result<Vec<T>> {
    let bar = super::bar(names.len(), "checking pictures")?;
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = names.get(index) else { return done };
            done.push((index, work(name)));
            bar.inc(1);
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut done = Vec::new();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        for thread in threads {
            done.extend(thread.join().map_err(|_| anyhow!("a picture cannot be checked"))?);
        }
        anyhow::Ok(())
    })?;
    bar.finish_and_clear();
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, made)| made).collect())
}

/// The picture called `name` in this folder, whose own path has no links in it; else why the server would not get it.
fn picture(folder: &Path, name: &str) -> Result<Picture, String> {
    let outside = || "leads out of the folder".to_owned();
    let below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(below) {
        return Err(outside());
    }
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let path = folder.join(name).canonicalize().map_err(unreadable)?;
    if !path.starts_with(folder) {
        return Err(outside());
    }
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("is no file".to_owned());
    }
    if metadata.len() > ANIMATION_BYTES_MAX as u64 {
        return Err(format!("has {} bytes, more than {ANIMATION_BYTES_MAX}", metadata.len()));
    }
    let bytes = fs::read(&path).map_err(unreadable)?;
    guise_http::check_picture(&bytes).map_err(|rule| format!("cannot be used: {rule}"))?;
    Ok(Picture { path, digest: Digest::of(&bytes) })
}
