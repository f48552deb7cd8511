//! Which proxy programs go through for a name, as `kubectl` and the AWS SDKs read the environment
//! (<https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config>).

use privek_aws::snapshot::user_data;
use privek_core::observation::Proxy;

/// The proxy settings of an environment, for servers with TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// The variable, and the proxy without credentials.
    proxy: Option<(String, String)>,
    exempt: Vec<String>,
}

impl ProxySettings {
    /// The settings of this process.
    pub fn of_process() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// The settings among these variables; an empty one counts as unset.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&str; 2]| {
            names.iter().find_map(|name| {
                let value = variable(name).filter(|value| !value.trim().is_empty())?;
                Some(((*name).to_owned(), value.trim().to_owned()))
            })
        };
        let exempt = first(["NO_PROXY", "no_proxy"]).map_or_else(Vec::new, |(_, list)| {
            list.split(',')
                .map(|entry| entry.trim().to_ascii_lowercase())
                .filter(|entry| !entry.is_empty())
                .collect()
        });
        let proxy = first(["HTTPS_PROXY", "https_proxy"]).map(|(name, url)| (name, shown(&url)));
        Self { proxy, exempt }
    }

    /// What programs do for a name and port; nothing where no proxy is set.
    pub(super) fn for_name(&self, name: &str, port: u16) -> Option<Proxy> {
        let (variable, proxy) = self.proxy.clone()?;
        let bypassed = self.exempt.iter().any(|entry| exempts(entry, name, port));
        Some(Proxy { variable, proxy, bypassed })
    }
}

/// Whether an entry of `NO_PROXY` means this name: `*`, a domain and all below it, or what is below it
/// (`.domain`, `*.domain`), perhaps for one port. Prefixes of addresses mean no name.
fn exempts(entry: &str, name: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let (domain, its_port) = match entry.rsplit_once(':') {
        Some((domain, text)) => (domain, text.parse::<u16>().ok()),
        None => (entry, None),
    };
    if its_port.is_some_and(|its| its != port) {
        return false;
    }
    let domain = domain.trim_end_matches('.');
    let (below, domain) = match domain.strip_prefix("*.").or_else(|| domain.strip_prefix('.')) {
        Some(rest) => (true, rest),
        None => (false, domain),
    };
    if domain.is_empty() {
        return false;
    }
    let is_below = name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    is_below || (!below && name == domain)
}

/// A proxy's address without credentials, path and strange letters.
fn shown(url: &str) -> String {
    let scheme = ["https", "socks5", "socks5h"].into_iter().find(|scheme| {
        url.get(..scheme.len() + 3).is_some_and(|begin| begin.eq_ignore_ascii_case(&format!("{scheme}://")))
    });
    match user_data::proxy(url) {
        Some(host) => format!("{}://{host}", scheme.unwrap_or("http")),
        None => "(an invalid address)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> ProxySettings {
        ProxySettings::of(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_proxy_is_told_with_its_variable_and_without_its_password() {
        let settings =
            settings(&[("https_proxy", "http://me:s3cret@proxy.corp:3128/x"), ("HTTPS_PROXY", " ")]);
        let proxy = settings.for_name("sts.amazonaws.com", 443).unwrap();
        assert_eq!(
            (proxy.variable.as_str(), proxy.proxy.as_str()),
            ("https_proxy", "http://proxy.corp:3128")
        );
        assert!(!proxy.bypassed);
        for hostile in [
            "http://me:s3/cret@proxy:3128",
            "http://me:s3#cret@proxy:3128",
            "me:s3cret@http://proxy:3128",
            "me:s3@cret@proxy:3128",
        ] {
            let told = ProxySettings::of(|name| (name == "HTTPS_PROXY").then(|| hostile.to_owned()));
            let told = told.for_name("sts.amazonaws.com", 443).unwrap().proxy;
            assert!(!told.contains("s3") && !told.contains("cret"), "{hostile}: {told}");
        }
        assert_eq!(ProxySettings::default().for_name("sts.amazonaws.com", 443), None);
    }

    #[test]
    fn no_proxy_exempts_domains_and_what_is_below_them() {
        for (list, name, exempt) in [
            ("eks.amazonaws.com", "abc.gr7.eu-west-1.eks.amazonaws.com", true),
            (".eks.amazonaws.com", "abc.gr7.eu-west-1.eks.amazonaws.com", true),
            ("*.eks.amazonaws.com", "abc.gr7.eu-west-1.eks.amazonaws.com", true),
            ("ks.amazonaws.com", "abc.gr7.eu-west-1.eks.amazonaws.com", false),
            (".sts.amazonaws.com", "sts.amazonaws.com", false),
            ("sts.amazonaws.com:443", "sts.amazonaws.com", true),
            ("sts.amazonaws.com:80", "sts.amazonaws.com", false),
            ("10.0.0.0/8, localhost", "sts.amazonaws.com", false),
            ("10.0.0.0/8,STS.amazonaws.com.", "sts.amazonaws.com", true),
            ("*", "sts.amazonaws.com", true),
            (",.,", "sts.amazonaws.com", false),
        ] {
            let settings = settings(&[("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", list)]);
            assert_eq!(settings.for_name(name, 443).unwrap().bypassed, exempt, "{list} for {name}");
        }
    }
}
