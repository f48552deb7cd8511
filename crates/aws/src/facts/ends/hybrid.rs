//! The networks of hybrid nodes and of their pods, outside AWS, as the cluster names them.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-networking.html>

use ipnet::IpNet;

use crate::facts::base::context::Context;
use crate::facts::{DeclaredEnd, EndSpec};
use crate::snapshot::aws::eks::{RemoteNetwork, RemoteNetworkConfig};

use super::declared;
use super::end_set::Ends;

/// Where hybrid nodes are.
pub(crate) fn nodes(context: &Context<'_>) -> Ends {
    of(context, "hybrid nodes", "remoteNodeNetworks", |config| &config.remote_node_networks)
}

/// Where their pods are; where the cluster names no such network, their packets carry the node's address.
pub(crate) fn pods(context: &Context<'_>) -> Ends {
    of(context, "pods on hybrid nodes", "remotePodNetworks", |config| &config.remote_pod_networks)
}

fn of(
    context: &Context<'_>,
    called: &str,
    field: &str,
    networks: fn(&RemoteNetworkConfig) -> &[RemoteNetwork],
) -> Ends {
    let cluster = match &context.cluster {
        Ok(cluster) => cluster,
        Err(missing) => return Ends::unlisted(missing.clone()),
    };
    let mut ends = Ends::default();
    let named = cluster.remote_network_config.as_ref().map(networks).unwrap_or_default();
    for text in named.iter().flat_map(|network| &network.cidrs) {
        let Ok(cidr) = text.parse::<IpNet>() else {
            ends.unlisted.push(context.field("cluster", &format!("remoteNetworkConfig.{field}")));
            continue;
        };
        let end = declared::addresses(context, cidr, &DeclaredEnd::from(EndSpec::Addresses(cidr)));
        ends.known.push(crate::network::End { label: format!("{called} in {cidr}"), ..end });
    }
    ends
}
