//! Which proxy programs use for a name, by the environment of this process.

use privek_core::observation::Proxy;
use privek_core::proxy::{NoProxy, address};

/// The proxy settings of an environment, for servers with TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// The variable, and the proxy without credentials.
    proxy: Option<(String, String)>,
    exempt: NoProxy,
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
        let list = first(["NO_PROXY", "no_proxy"]).map_or_else(String::new, |(_, list)| list);
        let exempt = NoProxy::new(list.split(','));
        let proxy = first(["HTTPS_PROXY", "https_proxy"]).map(|(name, url)| (name, shown(&url)));
        Self { proxy, exempt }
    }

    /// What programs do for a name and port; nothing where no proxy is set.
    pub(super) fn for_name(&self, name: &str, port: u16) -> Option<Proxy> {
        let (variable, proxy) = self.proxy.clone()?;
        let bypassed = self.exempt.exempts(name, port);
        Some(Proxy { variable, proxy, bypassed })
    }
}

/// A proxy's address without credentials, path and strange letters.
fn shown(url: &str) -> String {
    let scheme = ["https", "socks5", "socks5h"].into_iter().find(|scheme| {
        url.get(..scheme.len() + 3).is_some_and(|begin| begin.eq_ignore_ascii_case(&format!("{scheme}://")))
    });
    match address(url) {
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
    fn no_proxy_exempts_what_it_lists() {
        for (list, exempt) in [("eks.amazonaws.com, sts.amazonaws.com", true), ("10.0.0.0/8", false)] {
            let settings = settings(&[("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", list)]);
            assert_eq!(settings.for_name("sts.amazonaws.com", 443).unwrap().bypassed, exempt, "{list}");
        }
    }
}
