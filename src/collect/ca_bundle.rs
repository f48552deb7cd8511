//! Bundles of CAs that the environment adds to those of the machine.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::error::CollectError;

/// The variable that names a bundle.
pub const VARIABLE: &str = "AWS_CA_BUNDLE";

/// The certificates of the bundle that this process's environment names; none where it names none.
///
/// # Errors
/// A bundle that cannot be read, or holds no certificate.
pub fn of_process() -> Result<Vec<CertificateDer<'static>>, CollectError> {
    let path = std::env::var(VARIABLE).unwrap_or_default();
    match path.trim() {
        "" => Ok(Vec::new()),
        path => certificates(path, VARIABLE),
    }
}

/// The certificates of a bundle, without those that TLS cannot use: the HTTP client panics on them.
///
/// # Errors
/// A bundle that cannot be read, or holds no certificate.
pub fn certificates(path: &str, source: &str) -> Result<Vec<CertificateDer<'static>>, CollectError> {
    let failure = |reason: String| CollectError::CaBundle {
        path: path.to_owned(),
        source_name: source.to_owned(),
        reason,
    };
    let bytes = std::fs::read(path).map_err(|error| failure(format!("cannot be read ({error})")))?;
    let mut usable = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| failure(format!("is not PEM ({error})")))?;
        if rustls::RootCertStore::empty().add(certificate.clone()).is_ok() {
            usable.push(certificate);
        }
    }
    if usable.is_empty() { Err(failure("contains no certificate".to_owned())) } else { Ok(usable) }
}
