//! What is known of user data: the settings that were found in it.

use serde::{Deserialize, Serialize};

/// What user data says about how a node starts; all empty where there is no user data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(clippy::struct_excessive_bools)] // Each is a statement of its own.
pub struct Bootstrap {
    /// What its parts are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<UserDataFormat>,
    /// Whether it is a MIME multi-part archive.
    #[serde(skip_serializing_if = "is_false")]
    pub multipart: bool,
    /// What could not be understood, in general words: what is absent elsewhere may stand there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
    /// What joins the node to a cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<NodeAgent>,
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
    /// Kubelet's configured maximum number of pods.
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
    /// Whether AWS's SDKs on the node use FIPS endpoints (`use_fips_endpoint`, `AWS_USE_FIPS_ENDPOINT`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fips_endpoints: Option<bool>,
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
pub enum UserDataFormat {
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
pub enum NodeAgent {
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
    /// Whether something in it was not understood.
    pub fn is_clear(&self) -> bool {
        self.not_understood.is_empty()
    }

    pub(super) fn format(&mut self, format: UserDataFormat) {
        self.formats.push(format);
    }

    pub(super) fn not_understood(&mut self, what: &str) {
        self.not_understood.push(what.to_owned());
    }

    pub(super) fn agent(&mut self, agent: NodeAgent) {
        self.agents.push(agent);
    }

    /// A setting that is given and whose value is not known.
    pub(super) fn unresolved(&mut self, setting: &str) {
        self.unresolved.push(setting.to_owned());
    }

    pub(super) fn tidy(&mut self) {
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
