//! TLS servers on loopback with certificates of the kinds that a probe has to tell apart.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// A CA.
pub struct Ca {
    name: String,
    certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Ca {
    fn new(name: &str) -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut ca = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        ca.distinguished_name = rcgen::DistinguishedName::new();
        ca.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = ca.self_signed(&key).expect("a certificate");
        Self { name: format!("CN={name}"), certificate, issuer: rcgen::Issuer::new(ca, key) }
    }

    /// Its certificate in PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// Its certificate.
    pub fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    /// How it is named as an issuer.
    pub fn shown(&self) -> &str {
        &self.name
    }
}

/// The two CAs that matter.
pub struct Authorities {
    /// The cluster's.
    pub cluster: Ca,
    /// One that the machine trusts.
    pub machine: Ca,
}

impl Authorities {
    /// New ones.
    pub fn new() -> Self {
        Self { cluster: Ca::new("kubernetes"), machine: Ca::new("the machine's CA") }
    }
}

/// A certificate to be.
pub struct Certificate(rcgen::CertificateParams);

impl Certificate {
    /// For this name.
    pub fn of(name: &str) -> Self {
        Self(rcgen::CertificateParams::new(vec![name.to_owned()]).expect("parameters"))
    }

    /// Whose time ends in this year.
    pub fn until(mut self, year: i32) -> Self {
        self.0.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
        self.0.not_after = rcgen::date_time_ymd(year, 1, 1);
        self
    }

    /// Whose time begins in this year.
    pub fn from(mut self, year: i32) -> Self {
        self.0.not_before = rcgen::date_time_ymd(year, 1, 1);
        self.0.not_after = rcgen::date_time_ymd(year + 1, 1, 1);
        self
    }
}

/// A server that shakes hands with everybody, for as long as the process lasts; returns its port.
pub fn serve_tls(ca: &Ca, certificate: &Certificate) -> u16 {
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = certificate.0.clone().signed_by(&key, &ca.issuer).expect("a certificate");
    let provider = rustls::crypto::ring::default_provider();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("a socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { acceptor.accept(stream).await.is_ok() });
            }
        });
    });
    port
}
