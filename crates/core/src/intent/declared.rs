//! What may be declared.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

/// What the user declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent<P> {
    /// Networks whose people and machines must reach the Kubernetes API. `None`: not declared;
    /// empty: declared as none.
    pub operators: Option<Vec<Operator>>,
    /// Features that the cluster will use or will not, by name (`Ids::features` has the names).
    pub features: BTreeMap<String, bool>,
    /// Other networks that flow rules and `trace` may name.
    pub networks: Vec<Network>,
    /// Subnets and security groups of pods besides those of the nodes. Only Kubernetes objects set them.
    pub pods: Option<Pods>,
    /// Subnets and security groups of nodes outside node groups. Only Kubernetes objects set them.
    pub nodes: Option<Nodes>,
    /// A cluster that is still to be created.
    pub cluster: Option<P>,
    /// TCP ports on which pods serve webhooks and aggregated APIs to the control plane, besides those
    /// of declared features. `None`: not declared; empty: declared as none.
    pub webhook_ports: Option<BTreeSet<u16>>,
    /// The time that dates are judged at, instead of the reading's (RFC 3339); a flag, not of the file.
    pub as_of: Option<String>,
    /// Nodes and pods that are planned besides those that run.
    pub growth: Option<Growth>,
}

impl<P> Default for Intent<P> {
    fn default() -> Self {
        Self {
            operators: None,
            features: BTreeMap::new(),
            networks: Vec::new(),
            pods: None,
            nodes: None,
            cluster: None,
            webhook_ports: None,
            as_of: None,
            growth: None,
        }
    }
}

/// Nodes and pods that are planned besides those that run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// How many nodes more.
    pub nodes: i64,
    /// Which types they may have; where there are several, each may be started.
    pub instance_types: Vec<String>,
    /// How many pods more, spread over these nodes; absent: as many as the nodes hold.
    pub pods: Option<i64>,
    /// Subnets of the planned nodes; empty: those of the present nodes.
    pub subnets: Vec<String>,
}

/// A network with a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// What flow rules and `trace` call it.
    pub name: String,
    /// Its addresses.
    pub cidr: IpNet,
    /// Where it is connected: a peering connection, a VPN gateway, ….
    pub via: Option<String>,
    /// Security groups that its machines carry.
    pub security_groups: Vec<String>,
}

/// Where pods are besides the nodes' subnets and security groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pods {
    /// Subnets of their interfaces; empty: those of the nodes.
    pub subnets: Vec<String>,
    /// Security groups on their interfaces; empty: those of the nodes.
    pub security_groups: Vec<String>,
}

/// Where nodes are that no group lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    /// Their subnets.
    pub subnets: Vec<String>,
    /// Security groups that they carry; empty: the cluster's own.
    pub security_groups: Vec<String>,
}

/// A network of operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// What to call it; the CIDR where it comes from a flag.
    pub name: String,
    /// Its addresses.
    pub cidr: IpNet,
    /// Its DNS servers.
    pub dns: Vec<IpAddr>,
    /// The addresses that its DNS servers forward the provider's domains to. `None`: not declared;
    /// empty: nowhere.
    pub forwards_to: Option<Vec<IpAddr>>,
    /// Whether its DNS servers resolve public names and return private addresses. `None`: not declared.
    pub public_dns: Option<bool>,
    /// How it is connected to the cluster's network: a peering connection, a VPN gateway, ….
    pub via: Option<String>,
    /// Security groups that its machines carry.
    pub security_groups: Vec<String>,
}
