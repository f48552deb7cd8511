//! Values, taken over only where they have the form of what they should be: what else stands in their
//! place could be anything, a secret too.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use privek_core::proxy::is_host_and_port;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::settings::Bootstrap;

/// How a redacted certificate begins, before the stand-ins for its fingerprints.
const REDACTED: &str = "redacted";

/// A cluster's name: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>
pub(super) fn cluster_name(text: &str) -> Option<String> {
    let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let all = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (starts && all && text.len() <= 100).then(|| text.to_owned())
}

/// `https://host[:port]`, without anything that could hold credentials.
pub(super) fn endpoint(text: &str) -> Option<String> {
    let rest = text.trim_end_matches('/').strip_prefix("https://")?;
    is_host_and_port(rest).then(|| format!("https://{rest}"))
}

/// One entry of `NO_PROXY`: a name, a suffix, an address, a prefix, or `*`.
pub(super) fn no_proxy_entry(text: &str) -> Option<String> {
    let fits = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'[' | b']' | b'*')
    };
    (!text.is_empty() && text.len() <= 253 && text.bytes().all(fits) && !text.contains("//"))
        .then(|| text.to_ascii_lowercase())
}

/// A prefix of addresses.
pub(super) fn cidr(text: &str) -> Option<String> {
    text.trim().parse::<IpNet>().ok().map(|net| net.to_string())
}

/// An address.
pub(super) fn address(text: &str) -> Option<String> {
    text.trim().parse::<IpAddr>().ok().map(|address| address.to_string())
}

/// A count of pods.
pub(super) fn pods(value: &Value) -> Option<i64> {
    let count = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (0..=100_000).contains(&count).then_some(count)
}

/// SHA-256 of each certificate in a CA as EKS gives it: base64 of one PEM text or several. Empty where
/// there is none in it.
pub fn ca_fingerprints(base64: &str) -> Vec<String> {
    let compact: String = base64.chars().filter(|character| !character.is_whitespace()).collect();
    let Ok(bytes) = STANDARD.decode(compact) else { return Vec::new() };
    let Ok(text) = String::from_utf8(bytes) else { return Vec::new() };
    if let Some(stand_ins) = text.strip_prefix(REDACTED) {
        return stand_ins.split_whitespace().map(str::to_owned).collect();
    }
    let mut found: Vec<String> = text
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .filter_map(|rest| rest.split_once("-----END CERTIFICATE-----"))
        .map(|(body, _)| {
            let body: String = body.chars().filter(|character| !character.is_whitespace()).collect();
            let content = STANDARD.decode(&body).unwrap_or_else(|_| body.into_bytes());
            format!("{:x}", Sha256::digest(content))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Whether stand-ins were put in place of a CA: the addresses beside it are not the cluster's either.
pub fn is_redacted_ca(base64: &str) -> bool {
    STANDARD.decode(base64).is_ok_and(|text| text.starts_with(REDACTED.as_bytes()))
}

/// A CA in the form that [`ca_fingerprints`] reads, with stand-ins for its fingerprints.
pub fn redacted_ca(stand_ins: &[String]) -> String {
    let words: Vec<&str> = [REDACTED].into_iter().chain(stand_ins.iter().map(String::as_str)).collect();
    STANDARD.encode(words.join(" "))
}

/// What a setting is given as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// This text.
    Text(String),
    /// Something that only the running node knows.
    Unresolved,
}

impl Bootstrap {
    /// Takes over a setting that is given; `read` is what it has to look like.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        given: Option<&Given>,
        read: impl Fn(&str) -> Option<T>,
        put: impl FnOnce(&mut Self, T),
    ) {
        match given {
            None => {}
            Some(Given::Text(text)) if text.trim().is_empty() => {}
            Some(Given::Text(text)) => match read(text.trim()) {
                Some(value) => put(self, value),
                None => self.unresolved(name),
            },
            Some(Given::Unresolved) => self.unresolved(name),
        }
    }

    /// The cluster's name, endpoint and CA, which every kind of user data gives.
    pub(super) fn take_cluster(
        &mut self,
        name: Option<&Given>,
        endpoint: Option<&Given>,
        ca: Option<&Given>,
    ) {
        self.take("ClusterName", name, cluster_name, |found, name| found.cluster_name = Some(name));
        self.take("ApiServerEndpoint", endpoint, self::endpoint, |found, url| {
            found.api_server_endpoint = Some(url);
        });
        let prints = |text: &str| Some(ca_fingerprints(text)).filter(|prints| !prints.is_empty());
        self.take("CaFingerprints", ca, prints, |found, prints| found.ca_fingerprints = prints);
    }

    /// The most pods among kubelet's flags.
    pub(super) fn take_kubelet_flags(&mut self, flags: &str) {
        let mut words = flags.split_whitespace();
        while let Some(word) = words.next() {
            let value = match word.strip_prefix("--max-pods") {
                Some("") => words.next().unwrap_or_default(),
                Some(rest) if rest.starts_with('=') => &rest[1..],
                _ => continue,
            };
            let value = value.trim_matches(['"', '\'']);
            match pods(&Value::String(value.to_owned())) {
                Some(count) => self.max_pods = Some(count),
                None => self.unresolved("MaxPods"),
            }
        }
    }
}
