//! What a collection is about, beside a cluster.

use ipnet::IpNet;

use super::crawl::locate::LocatableEnds;

/// What a collection is about, beside a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The texts of a path's ends. The VPCs that ids of interfaces, instances, subnets and VPC
    /// endpoints, and addresses, are in are read; other texts are ignored.
    pub ends: Vec<String>,
    /// Networks that packets come from or go to, wherever they are: VPCs behind transit gateways
    /// are read where the gateways' routes have these networks as their destinations.
    pub networks: Vec<IpNet>,
    /// Instance types that are planned, whether or not a node has them.
    pub instance_types: Vec<String>,
}

impl About {
    /// All networks that it names, those of the ends included.
    pub(super) fn networks(&self) -> Vec<IpNet> {
        self.networks.iter().copied().chain(self.locatable().networks()).collect()
    }

    /// What its ends name, as far as AWS can be asked where it is.
    pub(super) fn locatable(&self) -> LocatableEnds {
        LocatableEnds::of(self.ends.iter().map(String::as_str))
    }
}
