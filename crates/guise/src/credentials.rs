//! Credentials of the commands that sign requests: profiles in a TOML file that only its owner may read, or variables.

use std::fs;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use toml::{Table, Value};

use crate::config::{Config, base_url};
use crate::serve::ca_path;
use crate::toml_text;

/// The file's name in the data folder and in the user's configuration folder.
pub(crate) const FILE: &str = "profiles.toml";

/// Where a server is, and what to sign its requests with.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// The server's base URL.
    pub(crate) url: String,
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: SecretString,
    pub(crate) token: String,
    pub(crate) token_secret: SecretString,
    /// Certificates to trust besides those the system trusts, PEM.
    pub(crate) ca_file: Option<PathBuf>,
}

/// A section of the file; also what variables give.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    url: Option<String>,
    consumer_key: Option<String>,
    consumer_secret: Option<SecretText>,
    token: Option<String>,
    token_secret: Option<SecretText>,
    ca_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct SecretText(String);

/// Finds the profile called `name`, in the files and under the variables that apply.
pub(crate) fn find(name: &str, config: &Config) -> anyhow::Result<Profile> {
    let files = match std::env::var_os("GUISE_PROFILES") {
        Some(path) => vec![PathBuf::from(path)],
        None => [Some(config.data.join(FILE)), own_file().ok()].into_iter().flatten().collect(),
    };
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    assemble(name, &files, variable, server_url(config))
}

/// The server that this machine's configuration describes.
pub(crate) fn server_url(config: &Config) -> String {
    let public = config.public_urls.first().cloned();
    public.unwrap_or_else(|| local_url(config.http, config.tls))
}

/// How a server that listens on these addresses is reached from its own machine.
pub(crate) fn local_url(http: Option<SocketAddr>, tls: Option<SocketAddr>) -> String {
    let (scheme, address) = match (http, tls) {
        (None, Some(tls)) => ("https", tls.to_string()),
        (Some(http), _) => ("http", http.to_string()),
        (None, None) => ("http", "127.0.0.1:8080".to_owned()),
    };
    let local = address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
    format!("{scheme}://{local}")
}

/// What a client has to trust at `url`: the development authority where there is no other certificate.
pub(crate) fn ca_file(config: &Config, url: &str) -> Option<PathBuf> {
    let ours = url.starts_with("https:") && config.certificate.is_none();
    let path = ours.then(|| ca_path(&config.data))?;
    path.canonicalize().ok()
}

/// The profile that a file keeps under `name`.
pub(crate) fn kept(path: &Path, name: &str) -> anyhow::Result<Option<Profile>> {
    if section(path, name)?.is_none() {
        return Ok(None);
    }
    assemble(name, &[path.to_owned()], |_| None, local_url(None, None)).map(Some)
}

/// The user's own file: what `GUISE_PROFILES` names, or the one in the configuration folder.
pub(crate) fn own_file() -> anyhow::Result<PathBuf> {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = folder("GUISE_PROFILES") {
        return Ok(path);
    }
    let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    let config = config.ok_or_else(|| anyhow!("HOME is not set: name a file in GUISE_PROFILES"))?;
    Ok(config.join("guise").join(FILE))
}

fn assemble(
    name: &str,
    files: &[PathBuf],
    variable: impl Fn(&str) -> Option<String>,
    default_url: String,
) -> anyhow::Result<Profile> {
    let section = files.iter().find_map(|path| section(path, name).transpose()).transpose()?;
    let found = section.is_some();
    let section = section.unwrap_or_default();
    let missing = |what: &str| {
        let places: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
        let places = places.join(" nor in ");
        if found {
            anyhow!("profile {name} has no {what}, and GUISE_{} is not set", what.to_uppercase())
        } else {
            anyhow!(
                "there is no profile {name} in {places}, and GUISE_{} is not set: make one with \
                 `guise token add --save {name}`, or run `guise quickstart`",
                what.to_uppercase()
            )
        }
    };
    let public = |what: &str, kept: Option<String>| {
        variable(&format!("GUISE_{}", what.to_uppercase())).or(kept).ok_or_else(|| missing(what))
    };
    let secret = |what: &str, kept: Option<SecretText>| {
        let upper = what.to_uppercase();
        if let Some(path) = variable(&format!("GUISE_{upper}_FILE")) {
            let text =
                fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
            return Ok(SecretString::from(text.trim().to_owned()));
        }
        public(what, kept.map(|text| text.0)).map(SecretString::from)
    };
    let url = variable("GUISE_URL").or(section.url).unwrap_or(default_url);
    Ok(Profile {
        url: base_url(&url).map_err(|wrong| anyhow!("the profile's url {wrong}"))?,
        consumer_key: public("consumer_key", section.consumer_key)?,
        consumer_secret: secret("consumer_secret", section.consumer_secret)?,
        token: public("token", section.token)?,
        token_secret: secret("token_secret", section.token_secret)?,
        ca_file: variable("GUISE_CA_FILE").map(PathBuf::from).or(section.ca_file),
    })
}

/// A file's text, if it is there. Refuses one that others can read.
fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context(format!("{} cannot be read", path.display())),
    };
    if mode & 0o077 != 0 {
        bail!("{0} holds secrets and can be read by others: run `chmod 600 {0}`", path.display());
    }
    fs::read_to_string(path).map(Some).with_context(|| format!("{} cannot be read", path.display()))
}

fn table(path: &Path, text: &str) -> anyhow::Result<Table> {
    toml_text::table(&path.display().to_string(), text).map_err(anyhow::Error::msg)
}

fn section(path: &Path, name: &str) -> anyhow::Result<Option<Section>> {
    let Some(text) = read(path)? else { return Ok(None) };
    let Some(value) = table(path, &text)?.remove(name) else { return Ok(None) };
    let wrong =
        |error: toml::de::Error| anyhow!("{} [{name}]: {}", path.display(), error.message());
    Ok(Some(value.try_into().map_err(wrong)?))
}

/// Keeps `profile` under `name`, in place of what has the name; the rest of the file keeps its values.
pub(crate) fn save(path: &Path, name: &str, profile: &Profile) -> anyhow::Result<()> {
    let text = read(path)?.unwrap_or_default();
    let mut file = table(path, &text)?;
    let mut section = Table::new();
    let mut set = |key: &str, value: &str| section.insert(key.to_owned(), Value::from(value));
    set("url", &profile.url);
    set("consumer_key", &profile.consumer_key);
    set("consumer_secret", profile.consumer_secret.expose_secret());
    set("token", &profile.token);
    set("token_secret", profile.token_secret.expose_secret());
    if let Some(ca_file) = &profile.ca_file {
        set("ca_file", &ca_file.to_string_lossy());
    }
    file.insert(name.to_owned(), Value::Table(section));
    write(path, &file.to_string()).with_context(|| format!("{} cannot be written", path.display()))
}

/// Writes beside the file first, so that a crash leaves the old one or the new one.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(token: &str) -> Profile {
        Profile {
            url: "http://127.0.0.1:8080".to_owned(),
            consumer_key: "ck".to_owned(),
            consumer_secret: "cs".to_owned().into(),
            token: token.to_owned(),
            token_secret: "ts".to_owned().into(),
            ca_file: None,
        }
    }

    fn found(name: &str, files: &[PathBuf], env: &[(&str, &str)]) -> anyhow::Result<Profile> {
        let variable = |name: &str| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        assemble(name, files, variable, "http://127.0.0.1:8080".to_owned())
    }

    #[test]
    fn a_saved_profile_is_found_and_its_neighbours_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/profiles.toml");
        save(&path, "one", &profile("t1")).unwrap();
        save(&path, "two", &profile("t2")).unwrap();
        save(&path, "two", &profile("t3")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let files = [folder.path().join("absent"), path];
        assert_eq!(found("one", &files, &[]).unwrap().token, "t1");
        let two = found("two", &files, &[("GUISE_TOKEN_SECRET", "other")]).unwrap();
        assert_eq!((two.token.as_str(), two.token_secret.expose_secret()), ("t3", "other"));
    }

    #[test]
    fn variables_alone_are_enough() {
        let env = [
            ("GUISE_URL", "https://guise.example/"),
            ("GUISE_CONSUMER_KEY", "a"),
            ("GUISE_CONSUMER_SECRET", "b"),
            ("GUISE_TOKEN", "c"),
            ("GUISE_TOKEN_SECRET", "d"),
        ];
        assert_eq!(found("default", &[], &env).unwrap().url, "https://guise.example");
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = found("shop", &[PathBuf::from("/absent")], &[]).unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no profile shop in /absent, and GUISE_CONSUMER_KEY is not set: make one with \
             `guise token add --save shop`, or run `guise quickstart`"
        );
    }

    #[test]
    fn a_file_others_can_read_is_refused_and_a_mistake_shows_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profiles.toml");
        write(&path, "[a]\nconsumer_secret = hunter2\n").unwrap();
        let error = found("a", std::slice::from_ref(&path), &[]).unwrap_err();
        assert!(format!("{error:#}").contains("profiles.toml line 2: "), "{error:#}");
        assert!(!format!("{error:?}").contains("hunter2"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(found("a", &[path], &[]).unwrap_err().to_string().contains("run `chmod 600 "));
    }
}
