//! What the user says about the world that AWS cannot know: flags and `privek-audit.yaml`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// What the user declared.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intent {
    /// Networks whose people and machines must reach the Kubernetes API. `None`: nobody said;
    /// empty: there are none.
    pub operators: Option<Vec<Operator>>,
    /// Features that the cluster will use or will not, by name (see `rules/eks/services.yaml`).
    pub features: BTreeMap<String, bool>,
}

/// A network of operators.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// What to call it; the CIDR where it comes from a flag.
    pub name: String,
    /// Its addresses.
    pub cidr: IpNet,
    /// Its DNS servers.
    #[serde(default)]
    pub dns: Vec<IpAddr>,
    /// Where it enters the cluster's VPC: a peering connection, transit gateway, VPN gateway, ….
    #[serde(default)]
    pub via: Option<String>,
    /// Security groups that its machines carry.
    #[serde(default)]
    pub security_groups: Vec<String>,
}
