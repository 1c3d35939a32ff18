//! TLS settings from a certificate and its key.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// Why a certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is no PEM, or holds the wrong thing.
    #[error("not a PEM file: {0}")]
    Pem(String),
    /// They do not belong together, or are of a kind that is not supported.
    #[error(transparent)]
    Unusable(#[from] rustls::Error),
}

/// Settings for a listener: TLS 1.2 and 1.3, HTTP/2 preferred.
///
/// # Errors
/// When the certificate chain or the key cannot be read or do not fit.
pub fn server_config(chain_pem: &[u8], key_pem: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(chain_pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::Pem(error.to_string()))?;
    let key =
        PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| TlsError::Pem(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
