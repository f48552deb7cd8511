//! User data as the settings that rules need, and nothing else of it.
//!
//! User data may hold passwords, so what EC2 returns is read once, here, and dropped: the type that a
//! launch template holds cannot contain it. Settings are taken over only where they have the form of
//! such a setting; all else is named in general words, never quoted. What a script computes when it
//! runs stays unresolved.

mod bottlerocket;
mod cloud_config;
mod node_config;
mod parts;
mod proxy;
mod script;
mod shell;
#[cfg(test)]
mod tests;
mod value;
mod windows;

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

pub(crate) use value::proxy;
pub(in crate::snapshot) use value::redacted_ca;
pub use value::{ca_fingerprints, is_redacted_ca};

/// What user data says about how a node starts; all empty where there is no user data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(clippy::struct_excessive_bools)] // Each is a statement of its own.
pub struct Bootstrap {
    /// What its parts are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<Format>,
    /// Whether it is a MIME multi-part archive.
    #[serde(skip_serializing_if = "is_false")]
    pub multipart: bool,
    /// What could not be understood, in general words: what is absent elsewhere may stand there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
    /// What joins the node to a cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<Agent>,
    /// The cluster's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// The URL of the Kubernetes API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_server_endpoint: Option<String>,
    /// SHA-256 of each certificate of the CA.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ca_fingerprints: Vec<String>,
    /// The addresses of services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_cidr: Option<String>,
    /// The addresses of the cluster's DNS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns_ips: Vec<String>,
    /// `ipv4` or `ipv6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_family: Option<String>,
    /// What the node is called after: `private-dns-name` or `instance-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname_source: Option<String>,
    /// The most pods that kubelet is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pods: Option<i64>,
    /// Whether AWS's table of most pods counts (`--use-max-pods` of `bootstrap.sh`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_max_pods: Option<bool>,
    /// Whether the node runs on an Outpost.
    #[serde(skip_serializing_if = "is_false")]
    pub outpost: bool,
    /// Hosts and ports of proxies for plain HTTP, without credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http_proxies: Vec<String>,
    /// Hosts and ports of proxies for HTTPS, without credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub https_proxies: Vec<String>,
    /// What does not go through a proxy; where several lists are set, what all of them have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<Vec<String>>,
    /// Whether what sets the proxy is known to reach kubelet or containerd; a script may mean itself only.
    #[serde(skip_serializing_if = "is_false")]
    pub node_proxy: bool,
    /// Whether it installs packages.
    #[serde(skip_serializing_if = "is_false")]
    pub installs_packages: bool,
    /// Whether it starts kubelet or runs what does.
    #[serde(skip_serializing_if = "is_false")]
    pub starts_kubelet: bool,
    /// Settings, by the names here, that are given and whose value only the running node knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unresolved: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature.
fn is_false(value: &bool) -> bool {
    !value
}

/// One kind of user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Format {
    /// A script or a boothook.
    Shell,
    /// `#cloud-config`.
    CloudConfig,
    /// YAML for `nodeadm`.
    NodeConfig,
    /// TOML for Bottlerocket.
    Bottlerocket,
    /// A script for Windows.
    PowerShell,
    /// Anything else.
    Other,
}

/// What joins a node to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Agent {
    /// `/etc/eks/bootstrap.sh` of Amazon Linux 2.
    #[serde(rename = "bootstrap.sh")]
    BootstrapSh,
    /// `nodeadm` of Amazon Linux 2023.
    #[serde(rename = "nodeadm")]
    Nodeadm,
    /// Bottlerocket itself.
    Bottlerocket,
    /// `Start-EKSBootstrap.ps1` of Windows.
    #[serde(rename = "Start-EKSBootstrap.ps1")]
    StartEksBootstrap,
}

impl Bootstrap {
    /// What user data as EC2 returns it, in base64, says.
    pub fn decode(user_data: &str) -> Self {
        let mut found = Self::default();
        parts::read(user_data, &mut found);
        found.tidy();
        found
    }

    /// Whether something in it was not understood.
    pub fn is_clear(&self) -> bool {
        self.not_understood.is_empty()
    }

    fn format(&mut self, format: Format) {
        self.formats.push(format);
    }

    fn not_understood(&mut self, what: &str) {
        self.not_understood.push(what.to_owned());
    }

    fn agent(&mut self, agent: Agent) {
        self.agents.push(agent);
    }

    /// A setting that is given and whose value is not known.
    fn unresolved(&mut self, setting: &str) {
        self.unresolved.push(setting.to_owned());
    }

    fn tidy(&mut self) {
        fn unique<T: Ord>(list: &mut Vec<T>) {
            list.sort();
            list.dedup();
        }
        unique(&mut self.formats);
        unique(&mut self.not_understood);
        unique(&mut self.agents);
        unique(&mut self.unresolved);
        unique(&mut self.http_proxies);
        unique(&mut self.https_proxies);
        self.node_proxy &= !self.http_proxies.is_empty()
            || !self.https_proxies.is_empty()
            || self.unresolved.iter().any(|name| name.ends_with("Proxies"));
    }
}

/// A launch template's `UserData`: text is read for its settings and dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserData(pub Bootstrap);

impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UserData {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TextOrSettings;
        impl<'de> Visitor<'de> for TextOrSettings {
            type Value = UserData;
            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("user data in base64, or the settings that were found in it")
            }
            fn visit_str<E>(self, text: &str) -> Result<UserData, E> {
                Ok(UserData(Bootstrap::decode(text)))
            }
            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<UserData, A::Error> {
                Bootstrap::deserialize(MapAccessDeserializer::new(object)).map(UserData)
            }
        }
        from.deserialize_any(TextOrSettings)
    }
}
