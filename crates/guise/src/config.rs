//! The configuration: flags over `GUISE_*` variables over a TOML file over defaults that need nothing.
//!
//! [`Config::load`] is pure: what it reads is handed in. All problems come back at once.

mod keys;
mod parse;
mod print;
mod settings;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use guise_domain::ReservedWord;
use guise_domain::rate::{Endpoint, Rules};
use guise_http::Bucket;
use secrecy::SecretString;

pub(crate) use parse::{LogFormat, base_url};
pub(crate) use print::{example, print};
pub(crate) use settings::{File, Source};
use settings::{Gathered, Setting};

/// Where the key that seals secrets comes from.
#[derive(Debug)]
pub(crate) enum KeyFrom {
    /// The data folder, made there on first start.
    DataFolder,
    /// A file somewhere else.
    File(PathBuf),
    /// The configuration itself.
    Value(SecretString),
}

/// The effective configuration. Each field is explained in the table of keys.
pub(crate) struct Config {
    /// Every key as text, with where it came from.
    settings: Vec<Setting>,
    pub(crate) data: PathBuf,
    /// The address of the database that all but pictures is kept in, unless it is the data folder.
    pub(crate) store: Option<SecretString>,
    /// The bucket that pictures are kept in, unless it is the data folder.
    pub(crate) blobs: Option<Bucket>,
    pub(crate) http: Option<SocketAddr>,
    pub(crate) tls: Option<SocketAddr>,
    /// Certificate chain and private key, PEM files.
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
    pub(crate) public_urls: Vec<String>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) key: KeyFrom,
    pub(crate) clock_skew_seconds: u64,
    pub(crate) connections_max: u64,
    pub(crate) header_timeout_seconds: u64,
    pub(crate) body_timeout_seconds: u64,
    pub(crate) drain_seconds: u64,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) node: u64,
    pub(crate) picture_cache_bytes: u64,
    pub(crate) wal_checkpoint_pages: u64,
    pub(crate) reserved_names: Vec<ReservedWord>,
    pub(crate) inspector: bool,
    pub(crate) inspector_bodies: bool,
    pub(crate) avatar_type: bool,
    pub(crate) rules: Rules,
}

/// What is wrong with a configuration, a line for each.
#[derive(Debug, thiserror::Error)]
pub(crate) struct Problems(pub(crate) Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not valid")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {}", problem.replace('\n', "\n  ")))
    }
}

impl Config {
    /// The effective configuration of these flags (by key), variables and file.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn load(
        flags: &[(&str, String)],
        variables: &[(String, String)],
        file: Option<&File<'_>>,
    ) -> Result<Self, Problems> {
        let mut gathered = Gathered::defaults();
        if let Some(file) = file {
            gathered.file(file);
        }
        gathered.environment(variables);
        gathered.flags(flags);
        let mut reader = Reader { settings: &gathered.settings, problems: gathered.problems };
        let config = reader.config();
        let problems = reader.problems;
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        Ok(Self { settings: gathered.settings, ..config })
    }

    /// Where a key's value comes from.
    pub(crate) fn source(&self, name: &str) -> Source {
        let setting = self.settings.iter().find(|setting| setting.key.name == name);
        setting.map_or(Source::Default, |setting| setting.source.clone())
    }
}

/// Reads values from settings and collects what is wrong with them.
struct Reader<'a> {
    settings: &'a [Setting],
    problems: Vec<String>,
}

impl Reader<'_> {
    fn config(&mut self) -> Config {
        const MANY: u64 = u32::MAX as u64;
        Config {
            settings: Vec::new(),
            data: self.read("data", parse::path).unwrap_or_default(),
            store: self.given("store").map(|store| store.value.clone().into()),
            blobs: self.read("blobs", parse::bucket),
            http: self.read("http", parse::address),
            tls: self.read("tls", parse::address),
            certificate: self.certificate(),
            public_urls: self.read("public_url", parse::urls),
            trusted_proxies: self.read("trusted_proxies", parse::networks),
            key: self.key(),
            clock_skew_seconds: self.read("clock_skew_seconds", parse::number(1, 86_400)),
            connections_max: self.read("connections_max", parse::number(1, 1_000_000)),
            header_timeout_seconds: self.read("header_timeout_seconds", parse::number(1, 3600)),
            body_timeout_seconds: self.read("body_timeout_seconds", parse::number(1, 3600)),
            drain_seconds: self.read("drain_seconds", parse::number(0, 3600)),
            log: self.read("log", parse::filter),
            log_format: self.read("log_format", parse::log_format),
            node: self.read("node", parse::number(0, 1022)),
            picture_cache_bytes: self.read("picture_cache_bytes", parse::number(0, u64::MAX)),
            wal_checkpoint_pages: self.read("wal_checkpoint_pages", parse::number(1, MANY / 2)),
            reserved_names: self.read("reserved_names", parse::reserved_words),
            inspector: self.read("inspector.on", parse::switch),
            inspector_bodies: self.read("inspector.bodies", parse::switch),
            avatar_type: self.read("compat.avatar_type", parse::switch),
            rules: self.rules(),
        }
    }

    fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key.name == name)
    }

    fn read<T: Default>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let Some(setting) = self.setting(name) else { return T::default() };
        match parse(&setting.value) {
            Ok(value) => value,
            Err(wrong) => {
                let problem = format!("{}: {name} = {:?} {wrong}", setting.source, setting.value);
                self.problems.push(problem);
                T::default()
            }
        }
    }

    fn certificate(&mut self) -> Option<(PathBuf, PathBuf)> {
        match (self.read("tls_cert", parse::path), self.read("tls_key", parse::path)) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => {
                self.problems.push("tls_cert and tls_key need each other: give both".to_owned());
                None
            }
        }
    }

    /// The stronger source decides between `key` and `key_file`.
    fn given(&self, name: &str) -> Option<&Setting> {
        self.setting(name).filter(|setting| !setting.value.is_empty())
    }

    fn key(&mut self) -> KeyFrom {
        match (self.given("key"), self.given("key_file")) {
            (None, None) => KeyFrom::DataFolder,
            (Some(key), Some(file)) if same_layer(&key.source, &file.source) => {
                self.problems.push("key and key_file are both given: keep one".to_owned());
                KeyFrom::DataFolder
            }
            (Some(key), file) if file.is_none_or(|file| file.source < key.source) => {
                KeyFrom::Value(key.value.clone().into())
            }
            (_, file) => KeyFrom::File(file.map(|file| (&file.value).into()).unwrap_or_default()),
        }
    }

    fn rules(&mut self) -> Rules {
        let mut rules = Rules::default();
        for endpoint in Endpoint::ALL {
            let rule = self.read(&keys::limit_name(*endpoint), |text| parse::rule(text).map(Some));
            if let Some(rule) = rule {
                rules.set(*endpoint, rule);
            }
        }
        rules
    }
}

fn same_layer(a: &Source, b: &Source) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

#[cfg(test)]
mod tests;
