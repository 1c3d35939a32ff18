//! The certificate: the operator's, or one for development from an authority that the data folder keeps.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use guise_domain::{Clock, Timestamp};
use guise_http::serve::tls::server_config;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use tokio_rustls::rustls::ServerConfig;

use crate::clock::SystemClock;
use crate::config::Config;

/// What the development certificate is for: this machine, and the hosts that clients of the original insist on.
const HOSTS: &[&str] = &[
    "localhost",
    "api.twitter.com",
    "upload.twitter.com",
    "pbs.twimg.com",
    "ton.twitter.com",
    "api.x.com",
    "upload.x.com",
];
const ADDRESSES: &[&str] = &["127.0.0.1", "::1"];
const AUTHORITY_DAYS: u64 = 3650;
/// Clients refuse certificates that are valid for longer than this.
const CERTIFICATE_DAYS: u64 = 397;

/// Where the development authority's certificate is kept: what clients have to trust.
pub(crate) fn ca_path(data: &Path) -> PathBuf {
    data.join("tls").join("ca.pem")
}

/// The TLS settings of a listener.
pub(super) fn settings(config: &Config, data: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    if let Some((chain, key)) = &config.certificate {
        return operators(chain, key);
    }
    let (chain, key) = development(data, SystemClock.now())
        .context("the development certificate cannot be made")?;
    Ok(server_config(chain.as_bytes(), key.as_bytes())?)
}

/// Refuses an operator's certificate that [`settings`] would not take.
pub(super) fn check(config: &Config) -> anyhow::Result<()> {
    match (config.tls, &config.certificate) {
        (Some(_), Some((chain, key))) => operators(chain, key).map(drop),
        _ => Ok(()),
    }
}

/// The settings with the operator's own certificate.
fn operators(chain: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let read =
        |path: &Path| fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    server_config(&read(chain)?, &read(key)?).with_context(|| {
        format!("{} and {} cannot be used for TLS", chain.display(), key.display())
    })
}

/// A chain and key for development. The certificate is new with each start; the authority that signs it is made once,
/// so that it has to be trusted once.
fn development(data: &Path, now: Timestamp) -> anyhow::Result<(String, String)> {
    let authority_key = authority(data, now)?;
    let issuer = Issuer::new(authority_params(now)?, authority_key);
    let names = HOSTS.iter().chain(ADDRESSES).map(|&name| name.to_owned());
    let mut params = CertificateParams::new(names.collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "Guise development server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, now, CERTIFICATE_DAYS);
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// The authority's key; makes key and certificate on first start.
fn authority(data: &Path, now: Timestamp) -> anyhow::Result<KeyPair> {
    let certificate_path = ca_path(data);
    let key_path = certificate_path.with_file_name("ca.key");
    match fs::read_to_string(&key_path) {
        Ok(pem) if certificate_path.exists() => return Ok(KeyPair::from_pem(&pem)?),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let key = KeyPair::generate()?;
    let certificate = authority_params(now)?.self_signed(&key)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data.join("tls"))?;
    // The certificate last: only with it does the key count as made.
    write(&key_path, &key.serialize_pem(), 0o600)?;
    write(&certificate_path, &certificate.pem(), 0o644)?;
    Ok(key)
}

fn write(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

/// The authority may vouch for the names above and for nothing else, so that trusting it risks little.
fn authority_params(now: Timestamp) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Guise development authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let hosts = HOSTS.iter().map(|&host| GeneralSubtree::DnsName(host.to_owned()));
    let here = [
        GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 1], 32)),
        GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
            std::net::Ipv6Addr::LOCALHOST.octets(),
            128,
        )),
    ];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: hosts.chain(here).collect(),
        excluded_subtrees: Vec::new(),
    });
    valid(&mut params, now, AUTHORITY_DAYS);
    Ok(params)
}

/// Valid from yesterday, for clocks that are behind.
fn valid(params: &mut CertificateParams, now: Timestamp, days: u64) {
    const DAY: Duration = Duration::from_hours(24);
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    let today = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    params.not_before = today - DAY;
    params.not_after = params.not_before + DAY * u32::try_from(days).unwrap_or(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_made_once_and_each_start_has_its_own_certificate() {
        let data = tempfile::tempdir().unwrap();
        let now = Timestamp::from_seconds(1_700_000_000);
        let (chain, key) = development(data.path(), now).unwrap();
        let ca = fs::read_to_string(ca_path(data.path())).unwrap();
        server_config(chain.as_bytes(), key.as_bytes()).unwrap();
        let (again, _) = development(data.path(), now.plus_seconds(9)).unwrap();
        assert_ne!(chain, again);
        assert_eq!(fs::read_to_string(ca_path(data.path())).unwrap(), ca);
    }
}
