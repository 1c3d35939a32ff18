//! The address of a database: `postgres://user:password@host:port,host:port/name?sslmode=verify-full`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use guise_domain::limits::{CONNECT_SECONDS_MAX, CONNECTION_SILENT_SECONDS_MAX};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::error::OpenError;

/// Where the database is, and how far its server's certificate is trusted.
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    /// A file with the certificates that are trusted instead of the system's.
    pub(crate) roots: Option<PathBuf>,
}

/// What of a server's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nothing.
    Anybody,
    /// Who signed it.
    Signed,
    /// Who signed it, and that it is the host's.
    Host,
}

impl Address {
    /// Reads an address. `sslmode` means what it means elsewhere: `disable`; `prefer` and `require`, which check no
    /// certificate unless `sslrootcert` names a file; `verify-ca`; `verify-full`. Without it a server on this very
    /// machine is preferred to speak TLS, and any other must, with a certificate of its own.
    pub(crate) fn parse(text: &str) -> Result<Self, OpenError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(OpenError::Address("must begin with postgres://".to_owned()));
        }
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut mode, mut roots, mut others) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let value = form_urlencoded::parse(pair.as_bytes()).next();
            match value.as_ref().map(|(name, value)| (name.as_ref(), value.as_ref())) {
                Some(("sslmode", value)) => mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => roots = Some(PathBuf::from(value)),
                _ => others.push(pair),
            }
        }
        let mut config: Config = format!("{base}?{}", others.join("&"))
            .parse()
            .map_err(|error| OpenError::Address(reason(&error)))?;
        let mode =
            mode.as_deref().unwrap_or(if is_local(&config) { "prefer" } else { "verify-full" });
        let (ssl, trust) = match (mode, roots.is_some()) {
            ("disable", _) => (SslMode::Disable, Trust::Anybody),
            ("prefer", _) => (SslMode::Prefer, Trust::Anybody),
            ("require", false) => (SslMode::Require, Trust::Anybody),
            ("require", true) | ("verify-ca", _) => (SslMode::Require, Trust::Signed),
            ("verify-full", _) => (SslMode::Require, Trust::Host),
            _ => {
                let rule = "sslmode must be disable, prefer, require, verify-ca or verify-full";
                return Err(OpenError::Address(rule.to_owned()));
            }
        };
        config.ssl_mode(ssl).target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.tcp_user_timeout(Duration::from_secs(CONNECTION_SILENT_SECONDS_MAX));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX));
        }
        if config.get_application_name().is_none() {
            config.application_name("guise");
        }
        Ok(Self { config, trust, roots })
    }

    /// What the database is called.
    pub(crate) fn name(&self) -> String {
        self.config.get_dbname().or(self.config.get_user()).unwrap_or_default().to_owned()
    }
}

/// An address as people may see it: without its password.
#[must_use]
pub fn without_password(address: &str) -> String {
    let (base, query) = address.split_once('?').unwrap_or((address, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("password="));
    let query = pairs.collect::<Vec<_>>().join("&");
    let (scheme, rest) = base.split_once("://").unwrap_or(("", base));
    let base = match rest.rsplit_once('@') {
        Some((user, place)) => {
            let name = user.split_once(':').map_or(user, |(name, _)| name);
            format!("{scheme}://{name}@{place}")
        }
        None => base.to_owned(),
    };
    if query.is_empty() { base } else { format!("{base}?{query}") }
}

fn reason(error: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}

/// Whether every server is on this machine.
fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        Host::Unix(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (SslMode, Trust) {
        let address = Address::parse(text).map_err(|error| error.to_string()).unwrap();
        (address.config.get_ssl_mode(), address.trust)
    }

    #[test]
    fn several_hosts_and_how_far_they_are_trusted() {
        let address =
            Address::parse("postgres://me@a:1,b/db?sslrootcert=%2Fca.pem&connect_timeout=9").ok();
        let Address { config, trust, roots } = address.unwrap();
        assert_eq!((config.get_hosts().len(), config.get_ports().len()), (2, 2));
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!((trust, roots), (Trust::Host, Some(PathBuf::from("/ca.pem"))));
        assert_eq!(parsed("postgres://localhost/db"), (SslMode::Prefer, Trust::Anybody));
        assert_eq!(parsed("postgres://127.0.0.1,b/db"), (SslMode::Require, Trust::Host));
        assert_eq!(parsed("postgresql://b/db?sslmode=disable"), (SslMode::Disable, Trust::Anybody));
        assert_eq!(parsed("postgres://b/db?sslmode=require"), (SslMode::Require, Trust::Anybody));
        assert_eq!(parsed("postgres://b/db?sslmode=verify-ca"), (SslMode::Require, Trust::Signed));
    }

    #[test]
    fn a_password_is_not_shown() {
        for (address, shown) in [
            (
                "postgres://me:hu@sh@a:1,b/db?sslmode=disable",
                "postgres://me@a:1,b/db?sslmode=disable",
            ),
            ("postgres://a/db?password=hush&user=me", "postgres://a/db?user=me"),
            ("postgres://me@a/db", "postgres://me@a/db"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        let wrong = |text| Address::parse(text).err().unwrap().to_string();
        assert!(wrong("mysql://b").ends_with("must begin with postgres://"));
        assert!(wrong("postgres://b/db?sslmode=allow").contains("sslmode must be disable"));
        assert!(wrong("postgres://b/db?color=red").contains("color"));
    }
}
