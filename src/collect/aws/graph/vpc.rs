//! VPCs: the cluster's and those of a path's ends with all that they hold, all calls side by side;
//! those on the far side of peerings and behind transit gateways with what decides about packets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::VpcAttributeName;
use futures::join;

use super::{names, region, transit};
use crate::collect::aws::ec2::{endpoints, firewalls, gateways, routes, vpcs};
use crate::collect::aws::reading::{Reading, collection, each};
use crate::collect::aws::{operations as op, route53resolver};
use crate::snapshot::aws::ec2::{
    IpPermission, VpcAttribute, VpcPeeringConnection, VpcPeeringConnectionVpcInfo,
};

/// States of a peering connection that lead nowhere any more.
const GONE: [&str; 5] = ["deleted", "deleting", "expired", "failed", "rejected"];

/// The VPC of the cluster's subnets, for a server that does not name it.
pub(super) async fn of_subnets(reading: &Reading<'_>, subnets: &[String]) -> Option<String> {
    if subnets.is_empty() {
        return None;
    }
    let call = vpcs::subnets_by_id(&reading.clients.ec2, subnets);
    let found = reading.call(op::DESCRIBE_SUBNETS, &[], call).await?;
    found.into_iter().find_map(|subnet| subnet.vpc_id)
}

/// Everything in the VPC, and what it leads to.
pub(super) async fn near(reading: &Reading<'_>, vpc: &str) {
    let scope = &[vpc.to_owned()];
    let unread = reading.unasked([vpc.to_owned()], |asked| &mut asked.vpcs);
    let associations = collection!("ResolverRuleAssociations", resolver_rule_associations);
    let (resolver, ec2) = (&reading.clients.resolver, &reading.clients.ec2);
    let groups = collection!("SecurityGroupVpcAssociations", security_group_vpc_associations);
    join!(
        network(reading, &unread),
        ways_out(reading, scope),
        attributes(reading, vpc),
        reading.read(
            op::LIST_RESOLVER_RULE_ASSOCIATIONS,
            associations,
            scope,
            route53resolver::associations(resolver, vpc)
        ),
        names::all(reading, vpc),
        reading.read(
            op::DESCRIBE_SECURITY_GROUP_VPC_ASSOCIATIONS,
            groups,
            scope,
            firewalls::group_associations(ec2, scope)
        ),
        peerings(reading, vpc),
        transit::attachments(reading, vpc),
    );
}

/// VPCs in which somebody asks for the cluster's names, with what answers them there.
pub(super) async fn asking(reading: &Reading<'_>, vpcs: &[String]) {
    let associations = collection!("ResolverRuleAssociations", resolver_rule_associations);
    let endpoints = collection!("VpcEndpoints", vpc_endpoints);
    let (resolver, ec2) = (&reading.clients.resolver, &reading.clients.ec2);
    each(vpcs.iter(), |vpc| async move {
        let scope = std::slice::from_ref(vpc);
        join!(
            attributes(reading, vpc),
            reading.read(
                op::LIST_RESOLVER_RULE_ASSOCIATIONS,
                associations,
                scope,
                route53resolver::associations(resolver, vpc)
            ),
            reading.read(op::DESCRIBE_VPC_ENDPOINTS, endpoints, scope, endpoints::endpoints(ec2, scope)),
            names::all(reading, vpc),
        );
    })
    .await;
}

/// VPCs behind a transit gateway, as far as they carry or hold a path's packets.
pub(super) async fn behind(reading: &Reading<'_>, vpcs: &[String]) {
    let unread = reading.unasked(vpcs.iter().cloned(), |asked| &mut asked.vpcs);
    join!(network(reading, &unread), ways_out(reading, vpcs), transit::of_vpcs(reading, vpcs));
}

/// The gateways and endpoints through which packets leave VPCs.
async fn ways_out(reading: &Reading<'_>, scope: &[String]) {
    let ec2 = &reading.clients.ec2;
    let nats = collection!("NatGateways", nat_gateways);
    let internet_gateways = collection!("InternetGateways", internet_gateways);
    let vpn_gateways = collection!("VpnGateways", vpn_gateways);
    let endpoints = collection!("VpcEndpoints", vpc_endpoints);
    join!(
        reading.read(op::DESCRIBE_VPC_ENDPOINTS, endpoints, scope, endpoints::endpoints(ec2, scope)),
        reading.read(op::DESCRIBE_NAT_GATEWAYS, nats, scope, gateways::nats(ec2, scope)),
        reading.read(
            op::DESCRIBE_INTERNET_GATEWAYS,
            internet_gateways,
            scope,
            gateways::internet_gateways(ec2, scope)
        ),
        reading.read(op::DESCRIBE_VPN_GATEWAYS, vpn_gateways, scope, gateways::vpn_gateways(ec2, scope)),
    );
}

/// What decides about packets in a VPC, near or far.
async fn network(reading: &Reading<'_>, scope: &[String]) {
    if scope.is_empty() {
        return;
    }
    let ec2 = &reading.clients.ec2;
    let subnets = collection!("Subnets", subnets);
    let acls = collection!("NetworkAcls", network_acls);
    let interfaces = collection!("NetworkInterfaces", network_interfaces);
    join!(
        async {
            let key = collection!("Vpcs", vpcs);
            let found = reading.read(op::DESCRIBE_VPCS, key, scope, vpcs::vpcs(ec2, scope)).await;
            let options = found.into_iter().flatten().filter_map(|vpc| vpc.dhcp_options_id);
            dhcp_options(reading, options.collect()).await;
        },
        reading.read(op::DESCRIBE_SUBNETS, subnets, scope, vpcs::subnets(ec2, scope)),
        reading.read(op::DESCRIBE_NETWORK_ACLS, acls, scope, firewalls::acls(ec2, scope)),
        reading.read(op::DESCRIBE_NETWORK_INTERFACES, interfaces, scope, endpoints::interfaces(ec2, scope)),
        async {
            let key = collection!("RouteTables", route_tables);
            let found = reading.read(op::DESCRIBE_ROUTE_TABLES, key, scope, routes::tables(ec2, scope)).await;
            let routes = found.into_iter().flatten().flat_map(|table| table.routes);
            region::entries(reading, routes.filter_map(|route| route.destination_prefix_list_id)).await;
        },
        async {
            let key = collection!("SecurityGroups", security_groups);
            let found =
                reading.read(op::DESCRIBE_SECURITY_GROUPS, key, scope, firewalls::groups(ec2, scope)).await;
            let permissions = found
                .into_iter()
                .flatten()
                .flat_map(|group| [group.ip_permissions, group.ip_permissions_egress]);
            let lists = permissions.flatten().flat_map(|permission: IpPermission| permission.prefix_list_ids);
            region::entries(reading, lists.filter_map(|list| list.prefix_list_id)).await;
        },
    );
}

/// The DHCP options of VPCs. The id `default` stands for none, and cannot be described.
async fn dhcp_options(reading: &Reading<'_>, ids: BTreeSet<String>) {
    let ids: Vec<String> = ids.into_iter().filter(|id| id != "default").collect();
    if !ids.is_empty() {
        let key = collection!("DhcpOptions", dhcp_options);
        reading.read(op::DESCRIBE_DHCP_OPTIONS, key, &ids, vpcs::options(&reading.clients.ec2, &ids)).await;
    }
}

/// Both DNS attributes; one that failed stays `None`.
async fn attributes(reading: &Reading<'_>, vpc: &str) {
    let (ec2, scope) = (&reading.clients.ec2, [vpc.to_owned()]);
    let (support, hostnames) = join!(
        reading.call(
            op::DESCRIBE_VPC_ATTRIBUTE,
            &scope,
            vpcs::attribute(ec2, vpc, VpcAttributeName::EnableDnsSupport)
        ),
        reading.call(
            op::DESCRIBE_VPC_ATTRIBUTE,
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
    reading.keep(
        op::DESCRIBE_VPC_ATTRIBUTE,
        collection!("VpcAttributes", vpc_attributes),
        both,
        vec![attribute],
    );
}

/// The peering connections of the VPC, and their far sides.
async fn peerings(reading: &Reading<'_>, vpc: &str) {
    let (ec2, scope) = (&reading.clients.ec2, [vpc.to_owned()]);
    let (requested, accepted) = join!(
        reading.call(op::DESCRIBE_VPC_PEERING_CONNECTIONS, &scope, gateways::peerings(ec2, "requester", vpc)),
        reading.call(op::DESCRIBE_VPC_PEERING_CONNECTIONS, &scope, gateways::peerings(ec2, "accepter", vpc)),
    );
    if requested.is_none() && accepted.is_none() {
        return;
    }
    let both = if requested.is_some() && accepted.is_some() { &scope[..] } else { &[] };
    let found = [requested, accepted].into_iter().flatten().flatten();
    let found: BTreeMap<String, VpcPeeringConnection> =
        found.map(|peering| (peering.vpc_peering_connection_id.clone(), peering)).collect();
    let found: Vec<_> = found.into_values().collect();
    let key = collection!("VpcPeeringConnections", vpc_peering_connections);
    reading.keep(op::DESCRIBE_VPC_PEERING_CONNECTIONS, key, both, found.clone());
    far(reading, vpc, &found).await;
}

/// The far sides: those of this account and region in one call each kind, the others as gaps.
async fn far(reading: &Reading<'_>, vpc: &str, peerings: &[VpcPeeringConnection]) {
    let (account, region) =
        reading.look(|snapshot| (snapshot.header.account.clone(), snapshot.header.region.clone()));
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
                (
                    "OtherAccount",
                    format!("{id} belongs to account {owner}: read it with a profile of that account"),
                ),
            );
        } else if differs(place, &region) {
            let place = place.as_deref().unwrap_or_default();
            elsewhere
                .insert(id.clone(), ("OtherRegion", format!("{id} is in region {place}: read it there")));
        } else {
            readable.insert(id.clone());
        }
    }
    for (id, (code, message)) in elsewhere {
        reading.gap(op::DESCRIBE_VPCS, &id, code, message);
    }
    // A call takes 200 filter values at most.
    let readable = reading.unasked(readable, |asked| &mut asked.vpcs);
    let batches: Vec<&[String]> = readable.chunks(200).collect();
    each(batches, |batch| network(reading, batch)).await;
}
