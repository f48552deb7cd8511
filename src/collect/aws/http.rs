//! The HTTP client below the SDK. The SDK's own reads neither proxies nor CA bundles, and
//! closed networks depend on both; and its errors do not say which proxy refused.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::environment::{Proxies, Proxy};
use super::error_chain::chain;

/// Connects directly or through the proxies of the environment, and trusts the CAs of the settings.
pub(super) struct Client {
    proxies: Proxies,
    trust: TlsContext,
    connectors: Mutex<BTreeMap<Timeouts, SharedHttpConnector>>,
}

/// Connect and read time-out.
type Timeouts = (Option<Duration>, Option<Duration>);

impl Client {
    pub(super) fn new(proxies: Proxies, trust: TlsContext) -> Self {
        Self { proxies, trust, connectors: Mutex::default() }
    }

    fn connector(&self, settings: &HttpConnectorSettings, proxy: ProxyConfig) -> SharedHttpConnector {
        SharedHttpConnector::new(
            Connector::builder()
                .connector_settings(settings.clone())
                .proxy_config(proxy)
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .tls_context(self.trust.clone())
                .build(),
        )
    }

    fn routes(&self, settings: &HttpConnectorSettings) -> Routes {
        let route = |proxy: &Option<Proxy>| {
            proxy.as_ref().map(|proxy| (self.connector(settings, self.proxies.config(proxy)), proxy.clone()))
        };
        Routes {
            direct: self.connector(settings, ProxyConfig::disabled()),
            http: route(&self.proxies.http),
            https: route(&self.proxies.https),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        connectors
            .entry((settings.connect_timeout(), settings.read_timeout()))
            .or_insert_with(|| SharedHttpConnector::new(self.routes(settings)))
            .clone()
    }
}

/// The way to a server, by its scheme.
struct Routes {
    direct: SharedHttpConnector,
    http: Option<(SharedHttpConnector, Proxy)>,
    https: Option<(SharedHttpConnector, Proxy)>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").finish_non_exhaustive()
    }
}

impl HttpConnector for Routes {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (tls, rest) = match request.uri().split_once("://") {
            Some((scheme, rest)) => (scheme.eq_ignore_ascii_case("https"), rest),
            None => (false, request.uri()),
        };
        let host = rest.split(['/', '?']).next().unwrap_or_default().to_owned();
        // The instance metadata service is never behind a proxy.
        let local = host.starts_with("169.254.") || host.starts_with("[fd00:ec2::");
        let route = if tls { &self.https } else { &self.http };
        let Some((connector, proxy)) = route.as_ref().filter(|_| !local) else {
            return self.direct.call(request);
        };
        let (answer, proxy) = (connector.call(request), Arc::new(proxy.clone()));
        HttpConnectorFuture::new(async move {
            match answer.await {
                Err(error) if chain(&error).iter().any(|cause| cause.starts_with("tunnel error")) => {
                    Err(ConnectorError::other(Box::new(refusal(&proxy, &host, &error).await), None))
                }
                Ok(response) if !tls && response.status().as_u16() == 407 => {
                    let refused =
                        ProxyFailure { proxy: proxy.shown(), status: Some(407), reason: refused_with(407) };
                    Err(ConnectorError::other(Box::new(refused), None))
                }
                answer => answer,
            }
        })
    }
}

/// A proxy that refused or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProxyFailure {
    /// Its address, without credentials.
    pub(super) proxy: String,
    /// The status with which it refused.
    pub(super) status: Option<u16>,
    /// What it did, as a verb phrase.
    pub(super) reason: String,
}

impl fmt::Display for ProxyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} {}", self.proxy, self.reason)
    }
}

impl std::error::Error for ProxyFailure {}

fn refused_with(status: u16) -> String {
    match status {
        407 => "asks for credentials (HTTP 407)".to_owned(),
        status => format!("refused the connection with HTTP {status}"),
    }
}

/// What the proxy did: the connector's error knows no status, so it is asked once more.
async fn refusal(proxy: &Proxy, host: &str, error: &ConnectorError) -> ProxyFailure {
    let causes = chain(error);
    let cannot_connect = causes.iter().any(|cause| cause.contains("failed to create underlying connection"));
    let failure = |status, reason| ProxyFailure { proxy: proxy.shown(), status, reason };
    if cannot_connect {
        return failure(None, format!("cannot be reached ({})", causes.last().map_or("", String::as_str)));
    }
    let status = match tokio::time::timeout(Duration::from_secs(3), connect_status(proxy, host)).await {
        Ok(Ok(status)) => status,
        Ok(Err(_)) | Err(_) => None,
    };
    match status {
        Some(status) => failure(Some(status), refused_with(status)),
        None => failure(None, "closed the connection without an HTTP answer".to_owned()),
    }
}

/// The status with which a proxy answers `CONNECT`.
async fn connect_status(proxy: &Proxy, host: &str) -> std::io::Result<Option<u16>> {
    let Some(address) = proxy.plain_address() else { return Ok(None) };
    let host = if host.rsplit(']').next().unwrap_or(host).contains(':') {
        host.to_owned()
    } else {
        format!("{host}:443")
    };
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let authorization =
        proxy.authorization().map_or_else(String::new, |value| format!("Proxy-Authorization: {value}\r\n"));
    stream
        .write_all(format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n").as_bytes())
        .await?;
    let mut line = [0; 12];
    stream.read_exact(&mut line).await?;
    Ok(std::str::from_utf8(&line)
        .ok()
        .and_then(|line| line.strip_prefix("HTTP/1."))
        .and_then(|rest| rest.get(2..5)?.parse().ok()))
}
