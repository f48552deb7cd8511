//! A connection and a TLS handshake, and nothing after it: no request, no certificate of ours.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use privek_core::observation::{Tls, TlsOutcome};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::certificate::{issuer, printable};
use super::error::no_way;
use super::{ProbeError, Targets};

/// More names than a certificate is worth quoting with.
const MOST_NAMES: usize = 8;

/// Which CAs are trusted: the cluster's for the API, and the machine's for everything else.
#[derive(Clone, Debug)]
pub struct Trust {
    provider: Arc<CryptoProvider>,
    cluster: Option<Arc<WebPkiServerVerifier>>,
    machine: Option<Arc<WebPkiServerVerifier>>,
}

impl Trust {
    /// The cluster's CA from the targets, and these CAs for everything else.
    ///
    /// # Errors
    /// A CA of the cluster that cannot be read.
    pub fn new(targets: &Targets, machine: Vec<CertificateDer<'static>>) -> Result<Self, ProbeError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let cluster = targets.authority().map_err(ProbeError::Tls)?;
        let verifier = |certificates: Vec<CertificateDer<'static>>| {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates);
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().ok()
        };
        Ok(Self { cluster: verifier(cluster), machine: verifier(machine), provider })
    }

    /// The CAs that this machine trusts, and those of `AWS_CA_BUNDLE`.
    ///
    /// # Errors
    /// A bundle that cannot be read.
    pub fn of_machine() -> Result<Vec<CertificateDer<'static>>, ProbeError> {
        // What cannot be read of the machine's own store is not there for any other program either.
        let mut roots = rustls_native_certs::load_native_certs().certs;
        roots.extend(crate::collect::ca_bundle::of_process()?);
        Ok(roots)
    }

    fn config(&self, witness: &Arc<Witness>) -> Result<ClientConfig, rustls::Error> {
        Ok(ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            // It judges as rustls does, and remembers what it was shown.
            .with_custom_certificate_verifier(Arc::clone(witness) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth())
    }
}

/// A connection, or what became of the try.
pub(super) async fn connect(
    to: SocketAddr,
    limit: Duration,
) -> Result<TcpStream, (TlsOutcome, Option<&'static str>)> {
    match timeout(limit, TcpStream::connect(to)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(match error.kind() {
            ErrorKind::ConnectionRefused => (TlsOutcome::Refused, None),
            ErrorKind::TimedOut => (TlsOutcome::TimedOut, None),
            ErrorKind::ConnectionReset => (TlsOutcome::Refused, Some("the connection was reset")),
            other => (TlsOutcome::Unreachable, Some(no_way(other))),
        }),
        Err(_) => Err((TlsOutcome::TimedOut, None)),
    }
}

/// Opens a TLS connection to the server by the name, and looks at the certificate.
pub(super) async fn handshake(
    stream: TcpStream,
    (name, of_cluster): (&str, bool),
    trust: &Trust,
    limit: Duration,
    seen: &mut Tls,
) {
    let verifier = if of_cluster { trust.cluster.clone() } else { trust.machine.clone() };
    let unjudged = verifier.is_none();
    let witness =
        Arc::new(Witness { verifier, provider: Arc::clone(&trust.provider), issuer: Mutex::default() });
    let (Ok(config), Ok(server)) = (trust.config(&witness), ServerName::try_from(name.to_owned())) else {
        seen.outcome = TlsOutcome::Unjudged;
        seen.detail = Some("TLS cannot be set up on this machine".to_owned());
        return;
    };
    let done = timeout(limit, TlsConnector::from(Arc::new(config)).connect(server, stream)).await;
    seen.issuer = witness.issuer.lock().unwrap_or_else(PoisonError::into_inner).take();
    match done {
        Ok(Ok(_)) if unjudged => {
            seen.outcome = TlsOutcome::Unjudged;
            let whose = if of_cluster { "the cluster's CA is unknown" } else { "this machine has no CAs" };
            seen.detail = Some(whose.to_owned());
        }
        Ok(Ok(_)) => seen.outcome = TlsOutcome::Trusted,
        Ok(Err(error)) => judge(&error, seen),
        Err(_) => seen.outcome = TlsOutcome::Silent,
    }
}

/// What a handshake that failed tells.
fn judge(error: &Error, seen: &mut Tls) {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (outcome, detail) = match tls {
        Some(rustls::Error::InvalidCertificate(wrong)) => certificate(wrong, &mut seen.names),
        Some(rustls::Error::InvalidMessage(_)) => (TlsOutcome::NotTls, None),
        Some(rustls::Error::AlertReceived(alert)) => {
            (TlsOutcome::Rejected, Some(format!("with the alert {alert:?}")))
        }
        Some(rustls::Error::PeerIncompatible(_)) => (
            TlsOutcome::Rejected,
            Some("the TLS version or cipher of the server is not supported".to_owned()),
        ),
        Some(other) => (TlsOutcome::Closed, Some(printable(other.to_string().as_bytes()))),
        None => (TlsOutcome::Closed, None),
    };
    (seen.outcome, seen.detail) = (outcome, detail);
}

fn certificate(wrong: &CertificateError, names: &mut Vec<String>) -> (TlsOutcome, Option<String>) {
    let outcome = match wrong {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsOutcome::WrongCa,
        CertificateError::NotValidForName => TlsOutcome::WrongName,
        CertificateError::NotValidForNameContext { presented, .. } => {
            let printable = |name: &String| {
                let name =
                    name.strip_prefix("DnsName(\"").and_then(|name| name.strip_suffix("\")")).unwrap_or(name);
                printable(name.as_bytes())
            };
            names.extend(presented.iter().take(MOST_NAMES).map(printable));
            TlsOutcome::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsOutcome::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsOutcome::NotYetValid
        }
        // A CA that shows its own certificate: rustls knows no other name for it.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => TlsOutcome::WrongCa,
        other => return (TlsOutcome::Unusable, Some(printable(other.to_string().as_bytes()))),
    };
    (outcome, None)
}

/// Judges certificates, and remembers who issued the last one.
struct Witness {
    verifier: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    issuer: Mutex<Option<String>>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.issuer.lock().unwrap_or_else(PoisonError::into_inner) = issuer(certificate);
        match &self.verifier {
            Some(verifier) => verifier.verify_server_cert(certificate, intermediates, name, ocsp, now),
            // Nothing is sent over the connection: it is only said that it was not judged.
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
