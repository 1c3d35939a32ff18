//! The one table of the configuration's keys. The printed configuration, the example file and the reference page all
//! come from it.

use std::borrow::Cow;

use guise_domain::rate::{Endpoint, Kind};

use super::parse::rule_text;

/// How a value is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A text in quotes.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// A list of texts; in a variable or flag separated by commas.
    List,
    /// A text nobody may see.
    Secret,
}

/// One key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Its name; a dot separates a section from the key in it.
    pub(crate) name: Cow<'static, str>,
    pub(crate) form: Form,
    /// What kind of value it takes, in words.
    pub(crate) kind: &'static str,
    /// The value when nothing sets it; empty when it then has none.
    pub(crate) default: Cow<'static, str>,
    /// What it does.
    pub(crate) doc: Cow<'static, str>,
}

impl Key {
    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        let name = self.name.replace("./", "_").replace(['.', '/'], "_");
        format!("GUISE_{}", name.to_ascii_uppercase())
    }

    /// The section of the file that it is in, and its name there.
    pub(crate) fn place(&self) -> (Option<&str>, String) {
        match self.name.split_once('.') {
            Some((section, key)) if key.contains('/') => (Some(section), format!("\"{key}\"")),
            Some((section, key)) => (Some(section), key.to_owned()),
            None => (None, self.name.to_string()),
        }
    }
}

macro_rules! keys {
    ($($name:literal $form:ident $kind:literal = $default:literal: $doc:literal;)*) => {
        const PLAIN: &[(&str, Form, &str, &str, &str)] =
            &[$(($name, Form::$form, $kind, $default, $doc)),*];
    };
}

keys! {
    "data" Text "folder" = "./guise-data":
        "Where the database, the pictures and what is made on first start are kept.";
    "store" Secret "address of a database" = "":
        "Where everything but the pictures is kept: without it in a file in the data folder, or in PostgreSQL at `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME?sslmode=verify-full&sslrootcert=FILE`. Several servers may share it, if each has a data folder of its own, all the same key, and pictures a bucket.";
    "blobs" Text "address of a bucket" = "":
        "Where pictures are kept: without it in `blobs/` in the data folder, or in S3 at `s3://BUCKET/PREFIX?region=NAME&endpoint=URL`, of which all but the bucket may be left out. The credentials are those that the AWS tools find: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a web identity, or the machine's role.";
    "http" Text "address, or off" = "127.0.0.1:8080":
        "Where plain HTTP is served.";
    "tls" Text "address, or off" = "127.0.0.1:8443":
        "Where HTTPS is served.";
    "tls_cert" Text "file" = "":
        "PEM file with the certificate chain. Without it a development certificate is made on first start, in `tls/` in the data folder.";
    "tls_key" Text "file" = "":
        "PEM file with the certificate's private key.";
    "public_url" List "URLs" = "":
        "The URLs under which clients reach this server, without a path. The first one starts the URLs of pictures; signatures are checked against all of them. Without any, what each request says of itself is used.";
    "trusted_proxies" List "addresses or networks" = "":
        "Proxies whose `x-forwarded-proto` and `x-forwarded-host` headers are believed, such as `10.0.0.0/8`.";
    "key_file" Text "file" = "":
        "File with the key that seals secrets: 32 bytes in base64. Without it and `key`, a file `key` is made in the data folder on first start.";
    "key" Secret "32 bytes in base64" = "":
        "The key that seals secrets itself, for those who keep it in the environment.";
    "clock_skew_seconds" Number "seconds" = "900":
        "How far a request's timestamp may be from the server's clock, either way.";
    "connections_max" Number "connections" = "4096":
        "Connections held at once. Further ones are answered with 503.";
    "header_timeout_seconds" Number "seconds" = "10":
        "How long a client may take to send a request's head, or to agree on TLS.";
    "body_timeout_seconds" Number "seconds" = "30":
        "How long a client may pause while it sends a request's body.";
    "drain_seconds" Number "seconds" = "20":
        "How long requests that have begun may go on after the server was told to stop.";
    "log" Text "filter" = "info":
        "What is logged: `off`, `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `warn,guise_http=debug`.";
    "log_format" Text "text or json" = "text":
        "How the log is written, to standard error.";
    "node" Number "0 to 1022" = "0":
        "This server's number in the ids it makes, where its data is in a file; 1023 is the command line's. PostgreSQL gives each server a number by itself, whatever is set here.";
    "picture_cache_bytes" Number "bytes" = "67108864":
        "Memory for small pictures that were read lately.";
    "wal_checkpoint_pages" Number "pages" = "16000":
        "How large the database's log grows, in pages of 4 KiB, before it is written back. Larger is faster and takes more room.";
    "reserved_names" List "words" = "":
        "Words that no account's name and no profile's new name may contain, whoever it is of: `Twitter` refuses `Twitter Support` and what looks like it, not `Twitterati`.";
    "inspector.on" Switch "true or false" = "true":
        "Remembers the last requests to each account's apps, in memory, for their owner to look at.";
    "inspector.bodies" Switch "true or false" = "false":
        "Remembers the beginning of bodies and answers too. They hold what people write to each other: for development. `guise quickstart` turns it on.";
    "compat.avatar_type" Switch "true or false" = "false":
        "Adds `\"type\":\"photo\"` to a profile's avatar in answers, for the client that needs it.";
}

/// Every key: those above, and a rate limit for each endpoint.
pub(crate) fn all() -> Vec<Key> {
    let plain = PLAIN.iter().map(|&(name, form, kind, default, doc)| Key {
        name: name.into(),
        form,
        kind,
        default: default.into(),
        doc: doc.into(),
    });
    plain.chain(Endpoint::ALL.iter().copied().map(limit)).collect()
}

/// The name of the key that sets an endpoint's rate limit.
pub(crate) fn limit_name(endpoint: Endpoint) -> String {
    format!("limits.{}", endpoint.path())
}

fn limit(endpoint: Endpoint) -> Key {
    let counted = match endpoint.kind() {
        Kind::Read => "access token",
        Kind::Write => "account",
        Kind::App => "app",
    };
    Key {
        name: limit_name(endpoint).into(),
        form: Form::Text,
        kind: "calls/window",
        default: rule_text(endpoint.default_rule()).into(),
        doc: format!("Calls to `{}` in one window, for each {counted}.", endpoint.path()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_unique_and_speakable() {
        let mut variables: Vec<_> = all().iter().map(Key::variable).collect();
        assert!(variables.contains(&"GUISE_COMPAT_AVATAR_TYPE".to_owned()));
        assert!(variables.contains(&"GUISE_LIMITS_CUSTOM_PROFILES_NEW".to_owned()));
        let count = variables.len();
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), count);
    }
}
