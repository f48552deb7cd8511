//! VPCs that were read for their packets only, and in which somebody asks for the cluster's names.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::vpc;
use crate::collect::aws::ec2::vpcs::prefixes;
use crate::collect::aws::session::Session;

/// What answers names in the VPCs that hold one of these networks or an inbound endpoint, of those that
/// were read for their packets only: clients query the resolver of their own VPC, and rules forward to others.
pub(crate) async fn read(session: &Session<'_>, networks: &[IpNet]) {
    let overlaps = |prefix: &IpNet| {
        networks
            .iter()
            .any(|network| network.prefix_len() > 0 && (network.contains(prefix) || prefix.contains(network)))
    };
    let vpcs: Vec<String> = session.look(|snapshot| {
        let read = snapshot.aws.vpcs.iter().flatten();
        let endpoints = snapshot.aws.resolver_endpoints.iter().flatten();
        let inbound = endpoints.filter(|endpoint| endpoint.direction.as_deref() == Some("INBOUND"));
        // A rule may forward to any of them.
        let hosts: BTreeSet<&str> = inbound.filter_map(|endpoint| endpoint.host_vpc_id.as_deref()).collect();
        let holding =
            read.filter(|vpc| hosts.contains(vpc.vpc_id.as_str()) || prefixes(vpc).iter().any(overlaps));
        let own = holding.filter(|vpc| {
            vpc.owner_id.is_none()
                || snapshot.header.account.is_none()
                || vpc.owner_id == snapshot.header.account
        });
        let unread = own.filter(|vpc| !snapshot.header.covers("HostedZonesByVPC", &vpc.vpc_id));
        unread.map(|vpc| vpc.vpc_id.clone()).collect()
    });
    let vpcs = session.unasked(vpc::NEAR, vpcs);
    Box::pin(vpc::asking(session, &vpcs)).await;
}
