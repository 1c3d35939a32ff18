//! Keeps development settings off the network.

use anyhow::bail;

use crate::config::{Config, KeyFrom};

/// Refuses to listen beyond this machine unless the settings are fit for it, or somebody said that they know.
pub(crate) fn permit(config: &Config, anyway: bool) -> anyhow::Result<()> {
    let open = [config.http, config.tls].into_iter().flatten().find(|at| !at.ip().is_loopback());
    let (Some(address), false) = (open, anyway) else { return Ok(()) };
    let mut missing = Vec::new();
    if config.public_urls.is_empty() {
        missing.push("set public_url to the URL that clients use");
    }
    if matches!(config.key, KeyFrom::DataFolder) {
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
}
