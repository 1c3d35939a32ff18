//! A database whose server has a certificate: who signed it, and whose it is.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::tempdir;
use tokio_postgres::Client;

use super::super::{refusal, text};
use crate::support::{Database, guise_with};

/// An authority, whose certificate is put into a file.
fn authority(name: &str, file: &Path) -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
    Issuer::new(params, key)
}

/// Writes a file beside what the server keeps, for nobody else's eyes.
async fn put(client: &Client, name: &str, pem: &str) {
    let lines = pem.lines().map(|line| format!("('{line}')")).collect::<Vec<_>>().join(", ");
    let copy = format!("COPY (VALUES {lines}) TO PROGRAM 'umask 077; cat > {name}'");
    client.batch_execute(&copy).await.unwrap();
}

async fn set(client: &Client, setting: &str) {
    client.batch_execute(&format!("ALTER SYSTEM {setting}")).await.unwrap();
}

#[tokio::test]
async fn a_certificate_is_taken_from_whom_it_is_for_and_if_somebody_trusted_signed_it() {
    let folder = tempdir().unwrap();
    let (ours, others) = (folder.path().join("ours.pem"), folder.path().join("others.pem"));
    let issuer = authority("ours", &ours);
    authority("others", &others);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let database = Database::new().await;
    let client = database.client().await;
    put(&client, "test.pem", &certificate.pem()).await;
    put(&client, "test-key.pem", &key.serialize_pem()).await;
    set(&client, "SET ssl_cert_file = 'test.pem'").await;
    set(&client, "SET ssl_key_file = 'test-key.pem'").await;
    set(&client, "SET ssl = on").await;
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let is_on = "SELECT pg_reload_conf(), current_setting('ssl') = 'on'";
    while !client.query_one(is_on, &[]).await.unwrap().get::<_, bool>(1) {}

    let data = folder.path().join("data");
    let run = |number: usize, host: &str, options: &str| {
        let address = database.address(options).replace("127.0.0.1", host);
        let name = format!("n{number}");
        guise_with(&data, &[("GUISE_STORE", &address)], &["account", "add", &name])
    };
    let (ours, others) = (ours.display(), others.display());
    for (number, (host, options)) in [
        ("localhost", format!("?sslmode=verify-full&sslrootcert={ours}")),
        ("127.0.0.1", format!("?sslmode=verify-ca&sslrootcert={ours}")),
        ("127.0.0.1", "?sslmode=require".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        text(&run(number, host, &options));
    }
    let name = "not valid for name \"127.0.0.1\"";
    for (host, options, told) in [
        ("localhost", format!("?sslmode=verify-full&sslrootcert={others}"), "nobody trusted"),
        ("localhost", format!("?sslmode=verify-ca&sslrootcert={others}"), "nobody trusted"),
        ("localhost", "?sslmode=verify-full".to_owned(), "nobody trusted"),
        ("127.0.0.1", format!("?sslmode=verify-full&sslrootcert={ours}"), name),
        ("localhost", "?sslmode=verify-full&sslrootcert=/none.pem".to_owned(), "/none.pem"),
    ] {
        let says = refusal(&run(9, host, &options));
        assert!(says.contains(told), "{says}");
    }
    for setting in ["ssl", "ssl_cert_file", "ssl_key_file"] {
        set(&client, &format!("RESET {setting}")).await;
    }
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    while client.query_one(is_on, &[]).await.unwrap().get::<_, bool>(1) {}
    let says = refusal(&run(9, "localhost", "?sslmode=require"));
    assert!(says.contains("TLS"), "{says}");
}
