//! Small servers that misbehave on purpose, and one whose certificate nobody trusts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Answers every request with what `answer` makes of its head; returns the port.
///
/// A connection that closes before it says anything is no request: a client that gives up opens such.
pub fn answering(answer: impl Fn(&str) -> String + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = serve(&stream, &answer);
        }
    });
    port
}

fn serve(mut stream: &TcpStream, answer: &impl Fn(&str) -> String) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    if head.is_empty() {
        return Ok(());
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    reader.take(length).read_to_end(&mut Vec::new())?;
    stream.write_all(answer(&head).as_bytes())
}

/// An HTTP answer with a body.
pub fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// Accepts connections (the kernel does) and never says a word; the listener keeps the port.
pub fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// A port that nobody listens on.
pub fn closed_port() -> u16 {
    silent().1
}

/// A TLS server for `localhost` in front of a plain one, with a CA of its own.
pub struct Tls {
    /// The port on localhost.
    pub port: u16,
    /// The CA's certificate, PEM.
    pub bundle: tempfile::NamedTempFile,
}

/// Starts one in front of `behind`; it lasts as long as the process.
pub fn tls(behind: u16) -> Tls {
    let ca_key = rcgen::KeyPair::generate().expect("a key");
    let mut ca = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.distinguished_name.push(rcgen::DnType::CommonName, "a CA that nobody knows");
    let ca_certificate = ca.self_signed(&ca_key).expect("a certificate");
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .and_then(|params| params.signed_by(&key, &issuer))
        .expect("a certificate");

    let mut bundle = tempfile::NamedTempFile::new().expect("a scratch file");
    // The bundle also holds a certificate that TLS cannot use: real ones do.
    let unusable = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    write!(bundle, "# ours\n{unusable}{}", ca_certificate.pem()).expect("the scratch file is writable");

    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
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

    let (listener, port) = silent();
    // A runtime of its own, so that a test may be asynchronous or not.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(forward(listener, acceptor, behind));
    });
    Tls { port, bundle }
}

async fn forward(listener: TcpListener, acceptor: TlsAcceptor, behind: u16) {
    listener.set_nonblocking(true).expect("a socket");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(mut outer) = acceptor.accept(stream).await else { return };
            let inner = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, behind)).await;
            let Ok(mut inner) = inner else { return };
            let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
        });
    }
}
