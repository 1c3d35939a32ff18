//! Keeps development settings off the network.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::config::{Config, KeyFrom};

/// Refuses to listen beyond this machine unless the settings are fit for it, or somebody said that they know.
pub(super) fn permit(config: &Config, anyway: bool) -> anyhow::Result<()> {
    let open = [config.http, config.tls].into_iter().flatten().find(|at| !at.ip().is_loopback());
    let (Some(address), false) = (open, anyway) else { return Ok(()) };
    let mut missing = Vec::new();
    if config.public_urls.is_empty() {
        missing.push("set public_url to the URL that clients use");
    }
    if lies_beside_the_data(config) {
        missing.push("give the key with key_file or key, so that it does not lie beside the data it protects");
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "{address} can be reached from other machines, and these are development settings: {}; \
         or run `guise serve --yes-listen-publicly`",
        missing.join(", and ")
    );
}

/// Whether whoever takes the data folder away has the key too. Links are followed: only where the file is counts.
fn lies_beside_the_data(config: &Config) -> bool {
    match &config.key {
        KeyFrom::DataFolder => true,
        KeyFrom::File(path) => place(path).starts_with(place(&config.data)),
        KeyFrom::Value(_) => false,
    }
}

fn place(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(flags: &[(&str, &str)], anyway: bool) -> Option<String> {
        let flags: Vec<_> = flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let config = Config::load(&flags, &[], None).unwrap();
        permit(&config, anyway).err().map(|error| error.to_string())
    }

    #[test]
    fn development_settings_stay_on_this_machine() {
        assert_eq!(refusal(&[], false), None);
        assert_eq!(refusal(&[("http", "[::1]:80")], false), None);
        let told = refusal(&[("tls", "0.0.0.0:8443")], false).unwrap();
        assert!(told.starts_with("0.0.0.0:8443 can be reached from other machines"), "{told}");
        assert!(told.contains("public_url") && told.contains("key_file"), "{told}");
        assert_eq!(refusal(&[("tls", "0.0.0.0:8443")], true), None);
        let url = ("public_url", "https://api.example.com");
        let told = refusal(&[("http", "0.0.0.0:80"), url], false).unwrap();
        assert!(!told.contains("public_url") && told.contains("key_file"), "{told}");
        let key = ("key_file", "/etc/guise.key");
        assert_eq!(refusal(&[("http", "0.0.0.0:80"), url, key], false), None);
    }

    #[test]
    fn a_key_file_in_the_data_folder_lies_beside_the_data_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (data, outside) = (folder.path().join("data"), folder.path().join("outside"));
        let (key, link) = (data.join("keys/key"), folder.path().join("link"));
        std::fs::create_dir_all(data.join("keys")).unwrap();
        std::fs::write(&key, "").unwrap();
        std::fs::write(&outside, "").unwrap();
        std::os::unix::fs::symlink(&key, &link).unwrap();
        let told = |key_file: &Path| {
            let (data, key_file) = (data.to_str().unwrap(), key_file.to_str().unwrap());
            let url = ("public_url", "https://api.example.com");
            let flags = [("data", data), ("http", "0.0.0.0:80"), url, ("key_file", key_file)];
            refusal(&flags, false)
        };
        for inside in [&key, &link, &folder.path().join("data/keys/../keys/key")] {
            assert!(told(inside).is_some_and(|told| told.contains("key_file")), "{inside:?}");
        }
        assert_eq!(told(&outside), None);
        assert_eq!(told(&data.join("../outside")), None);
    }
}
