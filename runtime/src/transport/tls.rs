//! Whom do secure connections trust, and who are we to them?

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

use super::settings::{Settings, Version};
use crate::error::Error;

/// TLS 1.2 and 1.3, what the platform trusts and the extra roots, and the versions of HTTP that are offered.
pub(crate) fn config(settings: &Settings) -> Result<ClientConfig, Error> {
    let wrong = |what: &'static str| move |error: rustls::Error| Error::config(what).with_source(error);
    // Named, since another crate of the program may have brought a second one.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(settings.roots.iter().cloned(), provider.clone())
        .map_err(wrong("the certificates that the system trusts, or those given, cannot be read"))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong("TLS cannot be set up"))?
        // The platform's verifier takes the place of the built-in one; nothing is left unverified.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let pem = pem.expose().as_bytes();
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let chain = chain.ok().filter(|chain| !chain.is_empty());
            let (Some(chain), Ok(key)) = (chain, PrivateKeyDer::from_pem_slice(pem)) else {
                return Err(Error::config("identity_pem: it holds no private key with its certificates"));
            };
            builder
                .with_client_auth_cert(chain, key)
                .map_err(wrong("identity_pem: the key and its certificate do not go together"))?
        }
    };
    // What `SSLKEYLOGFILE` names is not written to: `rustls` logs no keys unless it is told to.
    config.alpn_protocols = match settings.version {
        Version::Any => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Version::Http1 => vec![b"http/1.1".to_vec()],
        Version::Http2 => vec![b"h2".to_vec()],
    };
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_laxer_than_it_was() {
        let settings = Settings::default();
        assert!(matches!(settings.proxies, super::super::settings::Proxies::None), "whatever the environment says");
        let config = config(&settings).expect("a configuration");
        for label in ["CLIENT_RANDOM", "CLIENT_TRAFFIC_SECRET_0", "EXPORTER_SECRET"] {
            assert!(!config.key_log.will_log(label), "{label}");
        }
        assert!(config.enable_sni && !config.enable_early_data && !config.enable_secret_extraction);
    }
}
