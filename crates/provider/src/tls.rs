//! TLS settings, made on the first encrypted connection.
//!
//! In: extra certificates of the user. Out: a connector that trusts Mozilla's roots
//! (`webpki-roots`), the machine's own store and those extras, speaks TLS 1.2 and 1.3 by rustls
//! with ring, and offers HTTP/1.1 only. There is no way to switch verification off.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use crate::error::ProviderError;

/// Makes the TLS settings when they are first needed, and keeps them.
pub(crate) struct Tls {
    extra: Vec<CertificateDer<'static>>,
    connector: OnceCell<TlsConnector>,
}

impl Tls {
    /// Reads the extra certificates; everything else waits for the first use.
    pub(crate) fn new(extra_ca_pem: Option<&[u8]>) -> Result<Self, ProviderError> {
        let extra = match extra_ca_pem {
            Some(pem) => parse(pem)?,
            None => Vec::new(),
        };
        Ok(Self {
            extra,
            connector: OnceCell::new(),
        })
    }

    /// Gives the connector; the first call reads the machine's certificate store off the runtime.
    pub(crate) async fn connector(&self) -> Result<&TlsConnector, String> {
        self.connector
            .get_or_try_init(|| async {
                let extra = self.extra.clone();
                tokio::task::spawn_blocking(move || build(extra))
                    .await
                    .map_err(|error| error.to_string())?
                    .map_err(|error| error.to_string())
            })
            .await
    }
}

fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ProviderError> {
    let refuse = |reason: String| ProviderError::ExtraCa { reason };
    let mut probe = RootCertStore::empty();
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
        probe
            .add(certificate.clone())
            .map_err(|error| refuse(error.to_string()))?;
        found.push(certificate);
    }
    if found.is_empty() {
        return Err(refuse("no certificate in it".to_owned()));
    }
    Ok(found)
}

fn build(extra: Vec<CertificateDer<'static>>) -> Result<TlsConnector, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // What of the machine's store cannot be read is left out: the usual roots stand on their own,
    // and a missing one shows as an unknown issuer with its hint.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(extra);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_are_none_are_refused_before_any_call() {
        for bad in [
            &b""[..],
            b"not pem",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            let error = Tls::new(Some(bad)).err().unwrap();
            assert!(error.to_string().contains("hint:"), "{error}");
        }
    }
}
