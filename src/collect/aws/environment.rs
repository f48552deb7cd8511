//! Settings of the connection to AWS in the environment and the profile: proxies and CA bundle.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;

use crate::collect::ca_bundle::{self, certificates};
use crate::collect::error::CollectError;

/// The settings that the SDK does not read by itself.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The proxy for `https` endpoints, with the variable that names it.
    pub https_proxy: Option<(String, String)>,
    /// The proxy for `http` endpoints, with the variable that names it.
    pub http_proxy: Option<(String, String)>,
    /// Hosts that are reached without a proxy.
    pub no_proxy: Option<String>,
    /// The file of further CAs, with the setting that names it.
    pub ca_bundle: Option<(String, String)>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// The environment with these variables; empty ones count as unset.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| {
            names.iter().find_map(|name| {
                let value = variable(name).filter(|value| !value.trim().is_empty())?;
                Some((value.trim().to_owned(), (*name).to_owned()))
            })
        };
        Self {
            https_proxy: first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            // Under CGI a client's `Proxy` header becomes HTTP_PROXY: https://httpoxy.org
            http_proxy: if variable("REQUEST_METHOD").is_some() {
                first(&["ALL_PROXY", "all_proxy"])
            } else {
                first(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
            },
            no_proxy: first(&["NO_PROXY", "no_proxy"]).map(|(hosts, _)| hosts),
            ca_bundle: first(&[ca_bundle::VARIABLE]),
        }
    }

    /// The proxies, checked.
    pub(super) fn proxies(&self) -> Result<Proxies, CollectError> {
        let proxy = |setting: &Option<(String, String)>| match setting {
            Some((url, variable)) => Proxy::parse(url, variable).map(Some),
            None => Ok(None),
        };
        Ok(Proxies {
            https: proxy(&self.https_proxy)?,
            http: proxy(&self.http_proxy)?,
            no_proxy: self.no_proxy.clone(),
        })
    }

    /// The machine's CAs and those of the bundle.
    pub(super) fn trust(&self) -> Result<TlsContext, CollectError> {
        let mut store = TrustStore::default();
        if let Some((path, source)) = &self.ca_bundle {
            for certificate in bundle(path, source)? {
                store = store.with_pem_certificate(certificate);
            }
        }
        TlsContext::builder()
            .with_trust_store(store)
            .build()
            .map_err(|error| CollectError::Configuration { reason: error.to_string() })
    }
}

/// The certificates of a bundle as PEM.
fn bundle(path: &str, source: &str) -> Result<Vec<String>, CollectError> {
    let pem = |certificate: &CertificateDer<'_>| {
        let base64 = aws_smithy_types::base64::encode(certificate);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    };
    Ok(certificates(path, source)?.iter().map(pem).collect())
}

/// The proxies by the scheme of the server.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    pub(super) https: Option<Proxy>,
    pub(super) http: Option<Proxy>,
    no_proxy: Option<String>,
}

impl Proxies {
    /// The HTTP client's settings for one of the proxies.
    pub(super) fn config(&self, proxy: &Proxy) -> ProxyConfig {
        // The address was checked by `Proxy::parse`.
        let config = ProxyConfig::all(proxy.url.as_str()).unwrap_or_else(|_| ProxyConfig::disabled());
        match &self.no_proxy {
            Some(hosts) => config.no_proxy(hosts),
            None => config,
        }
    }
}

/// One proxy; its `Debug` hides credentials.
#[derive(Clone)]
pub(super) struct Proxy {
    url: String,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Proxy {
    fn parse(setting: &str, variable: &str) -> Result<Self, CollectError> {
        let url = if setting.contains("://") { setting.to_owned() } else { format!("http://{setting}") };
        match ProxyConfig::all(url.as_str()) {
            Ok(_) => Ok(Self { url }),
            Err(_) => Err(CollectError::ProxySetting {
                variable: variable.to_owned(),
                reason: if url.starts_with("http://") || url.starts_with("https://") {
                    "not a URL".to_owned()
                } else {
                    "the scheme is not http or https".to_owned()
                },
            }),
        }
    }

    fn parts(&self) -> (&str, Option<&str>, &str) {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("http", &self.url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.rsplit_once('@') {
            Some((user, host)) => (scheme, Some(user), host),
            None => (scheme, None, authority),
        }
    }

    /// Its address without credentials.
    pub(super) fn shown(&self) -> String {
        let (scheme, _, host) = self.parts();
        format!("{scheme}://{host}")
    }

    /// Host and port, unless it is spoken to over TLS.
    pub(super) fn plain_address(&self) -> Option<String> {
        let (scheme, _, host) = self.parts();
        let port = host.rsplit(']').next().unwrap_or(host).contains(':');
        (scheme == "http").then(|| if port { host.to_owned() } else { format!("{host}:80") })
    }

    /// The value of `Proxy-Authorization`, if it is named with credentials.
    pub(super) fn authorization(&self) -> Option<String> {
        let plain = |user: &str| percent_decode_str(user).collect::<Vec<u8>>();
        self.parts().1.map(|user| format!("Basic {}", aws_smithy_types::base64::encode(plain(user))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Environment {
        Environment::of(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_proxy_without_a_scheme_is_an_http_proxy_and_empty_variables_are_unset() {
        let proxies = of(&[("HTTPS_PROXY", "proxy.corp:3128"), ("HTTP_PROXY", "")]).proxies().unwrap();
        assert_eq!(proxies.https.unwrap().shown(), "http://proxy.corp:3128");
        assert!(proxies.http.is_none());
    }

    #[test]
    fn all_proxy_serves_both_schemes_unless_one_has_its_own() {
        let proxies =
            of(&[("all_proxy", "http://all:1"), ("https_proxy", "http://own:2")]).proxies().unwrap();
        assert_eq!(proxies.https.unwrap().shown(), "http://own:2");
        assert_eq!(proxies.http.unwrap().shown(), "http://all:1");
    }

    #[test]
    fn a_proxy_is_shown_without_its_credentials_and_decodes_them_for_the_header() {
        let proxy = Proxy::parse("http://me:p%40ss@proxy:3128/", "HTTPS_PROXY").unwrap();
        assert_eq!(proxy.shown(), "http://proxy:3128");
        assert_eq!(format!("{proxy:?}"), "http://proxy:3128");
        assert_eq!(proxy.authorization().unwrap(), "Basic bWU6cEBzcw==");
    }

    #[test]
    fn a_socks_proxy_is_an_error_that_names_the_variable() {
        let error = of(&[("HTTPS_PROXY", "socks5://proxy:1080")]).proxies().unwrap_err().to_string();
        assert!(error.starts_with("HTTPS_PROXY") && error.contains("scheme"), "{error}");
    }

    #[test]
    fn a_ca_bundle_that_is_missing_or_not_pem_is_an_error_that_names_file_and_setting() {
        let missing = of(&[("AWS_CA_BUNDLE", "/does/not/exist.pem")]).trust().unwrap_err().to_string();
        assert!(missing.contains("/does/not/exist.pem") && missing.contains("AWS_CA_BUNDLE"), "{missing}");

        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        for content in
            ["no certificate at all", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            std::fs::write(path, content).unwrap();
            let error = of(&[("AWS_CA_BUNDLE", path)]).trust().unwrap_err().to_string();
            assert!(error.contains(path) && error.contains("contains no certificate"), "{error}");
        }
        std::fs::write(path, "-----BEGIN CERTIFICATE-----\n*~*\n-----END CERTIFICATE-----\n").unwrap();
        let error = of(&[("AWS_CA_BUNDLE", path)]).trust().unwrap_err().to_string();
        assert!(error.contains("is not PEM"), "{error}");
    }
}
