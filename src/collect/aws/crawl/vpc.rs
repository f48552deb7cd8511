//! VPCs: the cluster's and those of a path's ends with all that they hold, all calls side by side;
//! those on the far side of peerings and behind transit gateways with what decides about packets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::VpcAttributeName;
use futures::join;
use privek_aws::snapshot::aws::ec2::{
    IpPermission, VpcAttribute, VpcPeeringConnection, VpcPeeringConnectionVpcInfo,
};

use crate::collect::aws::ec2::{endpoints, firewalls, gateways, routes, vpcs};
use crate::collect::aws::session::{AskedOnce, Session, collection, each};
use crate::collect::aws::{operations, route53resolver};

use super::{names, region, transit};

/// States of a peering connection that forwards no packets any more.
const GONE: [&str; 5] = ["deleted", "deleting", "expired", "failed", "rejected"];

/// VPCs, for everything in and around them.
pub(super) const NEAR: AskedOnce = AskedOnce("VPCs with everything in and around them");
/// VPCs, for what decides about packets in them.
const NETWORKS: AskedOnce = AskedOnce("VPCs with what decides about packets");

/// The VPC of the cluster's subnets, for a server that does not name it.
pub(super) async fn of_subnets(session: &Session<'_>, subnets: &[String]) -> Option<String> {
    if subnets.is_empty() {
        return None;
    }
    let call = vpcs::subnets_by_id(&session.clients.ec2, subnets);
    let found = session.call(operations::DESCRIBE_SUBNETS, &[], call).await?;
    found.into_iter().find_map(|subnet| subnet.vpc_id)
}

/// Everything in and around these VPCs, as far as not read yet.
pub(crate) async fn near(session: &Session<'_>, vpcs: impl Iterator<Item = &String>) {
    let vpcs = session.unasked(NEAR, vpcs.cloned());
    each(vpcs, |vpc| async move { Box::pin(everything(session, &vpc)).await }).await;
}

/// The first of these VPCs; each other one is a gap.
pub(crate) fn at_most(
    session: &Session<'_>,
    limit: usize,
    vpcs: impl IntoIterator<Item = String>,
) -> Vec<String> {
    let mut kept: Vec<String> = vpcs.into_iter().collect();
    for vpc in kept.split_off(limit.min(kept.len())) {
        let message = format!("{vpc} was not read; the limit is {limit} VPCs besides those of the ends");
        session.gap(operations::DESCRIBE_VPCS, &vpc, "NotFollowed", message);
    }
    kept
}

/// Everything in the VPC, and the networks that its routes forward to.
async fn everything(session: &Session<'_>, vpc: &str) {
    let scope = &[vpc.to_owned()];
    let unread = session.unasked(NETWORKS, [vpc.to_owned()]);
    let associations = collection!(resolver_rule_associations);
    let (resolver, ec2) = (&session.clients.resolver, &session.clients.ec2);
    let groups = collection!(security_group_vpc_associations);
    join!(
        network(session, &unread),
        ways_out(session, scope),
        attributes(session, vpc),
        session.read(
            operations::LIST_RESOLVER_RULE_ASSOCIATIONS,
            associations,
            scope,
            route53resolver::associations(resolver, vpc)
        ),
        names::all(session, vpc),
        session.read(
            operations::DESCRIBE_SECURITY_GROUP_VPC_ASSOCIATIONS,
            groups,
            scope,
            firewalls::group_associations(ec2, scope)
        ),
        peerings(session, vpc),
        transit::attachments(session, vpc),
    );
}

/// VPCs in which somebody asks for the cluster's names, with what answers them there.
pub(super) async fn asking(session: &Session<'_>, vpcs: &[String]) {
    let associations = collection!(resolver_rule_associations);
    let endpoints = collection!(vpc_endpoints);
    let (resolver, ec2) = (&session.clients.resolver, &session.clients.ec2);
    each(vpcs.iter(), |vpc| async move {
        let scope = std::slice::from_ref(vpc);
        join!(
            attributes(session, vpc),
            session.read(
                operations::LIST_RESOLVER_RULE_ASSOCIATIONS,
                associations,
                scope,
                route53resolver::associations(resolver, vpc)
            ),
            session.read(
                operations::DESCRIBE_VPC_ENDPOINTS,
                endpoints,
                scope,
                endpoints::endpoints(ec2, scope)
            ),
            names::all(session, vpc),
        );
    })
    .await;
}

/// VPCs behind a transit gateway, as far as they carry or hold a path's packets.
pub(super) async fn behind(session: &Session<'_>, vpcs: &[String]) {
    let unread = session.unasked(NETWORKS, vpcs.iter().cloned());
    join!(network(session, &unread), ways_out(session, vpcs), transit::of_vpcs(session, vpcs));
}

/// The gateways and endpoints through which packets leave VPCs.
async fn ways_out(session: &Session<'_>, scope: &[String]) {
    let ec2 = &session.clients.ec2;
    let nats = collection!(nat_gateways);
    let internet_gateways = collection!(internet_gateways);
    let vpn_gateways = collection!(vpn_gateways);
    let endpoints = collection!(vpc_endpoints);
    join!(
        session.read(operations::DESCRIBE_VPC_ENDPOINTS, endpoints, scope, endpoints::endpoints(ec2, scope)),
        session.read(operations::DESCRIBE_NAT_GATEWAYS, nats, scope, gateways::nats(ec2, scope)),
        session.read(
            operations::DESCRIBE_INTERNET_GATEWAYS,
            internet_gateways,
            scope,
            gateways::internet_gateways(ec2, scope)
        ),
        session.read(
            operations::DESCRIBE_VPN_GATEWAYS,
            vpn_gateways,
            scope,
            gateways::vpn_gateways(ec2, scope)
        ),
    );
}

/// What decides about packets in a VPC, near or far.
async fn network(session: &Session<'_>, scope: &[String]) {
    if scope.is_empty() {
        return;
    }
    let ec2 = &session.clients.ec2;
    let subnets = collection!(subnets);
    let acls = collection!(network_acls);
    let interfaces = collection!(network_interfaces);
    join!(
        async {
            let field = collection!(vpcs);
            let found = session.read(operations::DESCRIBE_VPCS, field, scope, vpcs::vpcs(ec2, scope)).await;
            let options = found.into_iter().flatten().filter_map(|vpc| vpc.dhcp_options_id);
            dhcp_options(session, options.collect()).await;
        },
        session.read(operations::DESCRIBE_SUBNETS, subnets, scope, vpcs::subnets(ec2, scope)),
        session.read(operations::DESCRIBE_NETWORK_ACLS, acls, scope, firewalls::acls(ec2, scope)),
        session.read(
            operations::DESCRIBE_NETWORK_INTERFACES,
            interfaces,
            scope,
            endpoints::interfaces(ec2, scope)
        ),
        async {
            let field = collection!(route_tables);
            let found = session
                .read(operations::DESCRIBE_ROUTE_TABLES, field, scope, routes::tables(ec2, scope))
                .await;
            let routes = found.into_iter().flatten().flat_map(|table| table.routes);
            region::entries(session, routes.filter_map(|route| route.destination_prefix_list_id)).await;
        },
        async {
            let field = collection!(security_groups);
            let found = session
                .read(operations::DESCRIBE_SECURITY_GROUPS, field, scope, firewalls::groups(ec2, scope))
                .await;
            let permissions = found
                .into_iter()
                .flatten()
                .flat_map(|group| [group.ip_permissions, group.ip_permissions_egress]);
            let lists = permissions.flatten().flat_map(|permission: IpPermission| permission.prefix_list_ids);
            region::entries(session, lists.filter_map(|list| list.prefix_list_id)).await;
        },
    );
}

/// The DHCP options of VPCs. The id `default` stands for none, and cannot be described.
async fn dhcp_options(session: &Session<'_>, ids: BTreeSet<String>) {
    let ids: Vec<String> = ids.into_iter().filter(|id| id != "default").collect();
    if !ids.is_empty() {
        let field = collection!(dhcp_options);
        session
            .read(operations::DESCRIBE_DHCP_OPTIONS, field, &ids, vpcs::options(&session.clients.ec2, &ids))
            .await;
    }
}

/// Both DNS attributes; one that failed stays `None`.
async fn attributes(session: &Session<'_>, vpc: &str) {
    let (ec2, scope) = (&session.clients.ec2, [vpc.to_owned()]);
    let (support, hostnames) = join!(
        session.call(
            operations::DESCRIBE_VPC_ATTRIBUTE,
            &scope,
            vpcs::attribute(ec2, vpc, VpcAttributeName::EnableDnsSupport)
        ),
        session.call(
            operations::DESCRIBE_VPC_ATTRIBUTE,
            &scope,
            vpcs::attribute(ec2, vpc, VpcAttributeName::EnableDnsHostnames)
        ),
    );
    if support.is_none() && hostnames.is_none() {
        return;
    }
    let both = if support.is_some() && hostnames.is_some() { &scope[..] } else { &[] };
    let attribute = VpcAttribute {
        vpc_id: vpc.to_owned(),
        enable_dns_support: support.and_then(|answer| answer.enable_dns_support),
        enable_dns_hostnames: hostnames.and_then(|answer| answer.enable_dns_hostnames),
    };
    session.keep(collection!(vpc_attributes), both, vec![attribute]);
}

/// The peering connections of the VPC, and their far sides.
async fn peerings(session: &Session<'_>, vpc: &str) {
    let (ec2, scope) = (&session.clients.ec2, [vpc.to_owned()]);
    let (requested, accepted) = join!(
        session.call(
            operations::DESCRIBE_VPC_PEERING_CONNECTIONS,
            &scope,
            gateways::peerings(ec2, "requester", vpc)
        ),
        session.call(
            operations::DESCRIBE_VPC_PEERING_CONNECTIONS,
            &scope,
            gateways::peerings(ec2, "accepter", vpc)
        ),
    );
    if requested.is_none() && accepted.is_none() {
        return;
    }
    let both = if requested.is_some() && accepted.is_some() { &scope[..] } else { &[] };
    let found = [requested, accepted].into_iter().flatten().flatten();
    let found: BTreeMap<String, VpcPeeringConnection> =
        found.map(|peering| (peering.vpc_peering_connection_id.clone(), peering)).collect();
    let found: Vec<_> = found.into_values().collect();
    session.keep(collection!(vpc_peering_connections), both, found.clone());
    far(session, vpc, &found).await;
}

/// The far sides: those of this account and region in one call each kind, the others as gaps.
async fn far(session: &Session<'_>, vpc: &str, peerings: &[VpcPeeringConnection]) {
    let (account, region) =
        session.look(|snapshot| (snapshot.header.account.clone(), snapshot.header.region.clone()));
    let mut readable = BTreeSet::new();
    let mut elsewhere = BTreeMap::new();
    for peering in peerings {
        let state = peering.status.as_ref().and_then(|status| status.code.as_deref());
        let sides = [peering.requester_vpc_info.as_ref(), peering.accepter_vpc_info.as_ref()];
        let other =
            sides.into_iter().flatten().find(|side| side.vpc_id.as_deref().is_some_and(|id| id != vpc));
        let Some(VpcPeeringConnectionVpcInfo { vpc_id: Some(id), owner_id, region: place, .. }) = other
        else {
            continue;
        };
        if state.is_some_and(|state| GONE.contains(&state)) {
            continue;
        }
        let differs = |theirs: &Option<String>, ours: &Option<String>| {
            theirs.is_some() && ours.is_some() && theirs != ours
        };
        if differs(owner_id, &account) {
            let owner = owner_id.as_deref().unwrap_or_default();
            elsewhere.insert(
                id.clone(),
                ("OtherAccount", format!("{id} belongs to account {owner}; add --profile for that account")),
            );
        } else if differs(place, &region) {
            let place = place.as_deref().unwrap_or_default();
            elsewhere.insert(
                id.clone(),
                ("OtherRegion", format!("{id} is in region {place}; run in that region")),
            );
        } else {
            readable.insert(id.clone());
        }
    }
    for (id, (code, message)) in elsewhere {
        session.gap(operations::DESCRIBE_VPCS, &id, code, message);
    }
    // A call takes 200 filter values at most.
    let readable = session.unasked(NETWORKS, readable);
    let batches: Vec<&[String]> = readable.chunks(200).collect();
    each(batches, |batch| network(session, batch)).await;
}
