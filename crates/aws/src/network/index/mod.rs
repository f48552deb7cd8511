//! A snapshot's network by id, so that every look-up is quick however large the snapshot is.

pub mod lookup;
pub mod zone;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::snapshot::Snapshot;
use crate::snapshot::aws::ec2;

type ById<'s, T> = BTreeMap<&'s str, &'s T>;

/// A snapshot's network, by id.
#[derive(Debug)]
pub struct Network<'s> {
    pub(crate) snapshot: &'s Snapshot,
    pub(crate) vpcs: ById<'s, ec2::Vpc>,
    pub(crate) subnets: ById<'s, ec2::Subnet>,
    pub(crate) subnets_by_vpc: BTreeMap<&'s str, Vec<&'s ec2::Subnet>>,
    /// By the subnet or gateway of an explicit association.
    pub(crate) associated_tables: ById<'s, ec2::RouteTable>,
    /// By VPC.
    pub(crate) main_tables: ById<'s, ec2::RouteTable>,
    /// By subnet.
    pub(crate) associated_acls: ById<'s, ec2::NetworkAcl>,
    /// By VPC.
    pub(crate) default_acls: ById<'s, ec2::NetworkAcl>,
    pub(crate) security_groups: ById<'s, ec2::SecurityGroup>,
    /// By group and VPC: the state of the association.
    pub(crate) group_associations: BTreeMap<(&'s str, &'s str), &'s ec2::SecurityGroupVpcAssociation>,
    pub(crate) prefix_lists: ById<'s, ec2::PrefixListEntries>,
    pub(crate) interfaces: ById<'s, ec2::NetworkInterface>,
    pub(crate) interfaces_by_subnet: BTreeMap<&'s str, Vec<&'s ec2::NetworkInterface>>,
    pub(crate) peerings: ById<'s, ec2::VpcPeeringConnection>,
    /// By either VPC.
    pub(crate) peerings_by_vpc: BTreeMap<&'s str, Vec<&'s ec2::VpcPeeringConnection>>,
    pub(crate) transit_gateways: ById<'s, ec2::TransitGateway>,
    /// By transit gateway and VPC.
    pub(crate) vpc_attachments: BTreeMap<(&'s str, &'s str), Vec<&'s ec2::TransitGatewayVpcAttachment>>,
    /// The transit gateways that each VPC is attached to.
    pub(crate) transit_gateways_by_vpc: BTreeMap<&'s str, BTreeSet<&'s str>>,
    pub(crate) vpc_attachments_by_id: ById<'s, ec2::TransitGatewayVpcAttachment>,
    pub(crate) attachments: ById<'s, ec2::TransitGatewayAttachment>,
    /// By transit gateway and id: both gateways of a peering attachment list it, each with its own route table.
    pub(crate) attachment_views: BTreeMap<(&'s str, &'s str), &'s ec2::TransitGatewayAttachment>,
    /// By transit gateway, those of VPCs apart.
    pub(crate) other_attachments: BTreeMap<&'s str, Vec<&'s ec2::TransitGatewayAttachment>>,
    /// By transit gateway route table.
    pub(crate) transit_gateway_routes: ById<'s, ec2::TransitGatewayRoutes>,
    pub(crate) vpn_gateways: ById<'s, ec2::VpnGateway>,
    pub(crate) vpn_gateways_by_vpc: BTreeMap<&'s str, Vec<&'s str>>,
    pub(crate) nat_gateways: ById<'s, ec2::NatGateway>,
    pub(crate) nat_gateways_by_vpc: BTreeMap<&'s str, Vec<&'s ec2::NatGateway>>,
    pub(crate) internet_gateways: ById<'s, ec2::InternetGateway>,
    pub(crate) internet_gateways_by_vpc: BTreeMap<&'s str, &'s str>,
    pub(crate) egress_only_gateways: ById<'s, ec2::EgressOnlyInternetGateway>,
    pub(crate) egress_only_gateways_by_vpc: BTreeMap<&'s str, &'s str>,
    pub(crate) tables: ById<'s, ec2::RouteTable>,
    pub(crate) vpc_endpoints: ById<'s, ec2::VpcEndpoint>,
}

impl<'s> Network<'s> {
    /// Indexes a snapshot.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        let aws = &snapshot.aws;
        let mut network = Self {
            snapshot,
            vpcs: by_id(aws.vpcs.as_ref(), |vpc| &vpc.vpc_id),
            subnets: by_id(aws.subnets.as_ref(), |subnet| &subnet.subnet_id),
            subnets_by_vpc: BTreeMap::new(),
            associated_tables: BTreeMap::new(),
            main_tables: BTreeMap::new(),
            associated_acls: BTreeMap::new(),
            default_acls: BTreeMap::new(),
            security_groups: by_id(aws.security_groups.as_ref(), |group| &group.group_id),
            group_associations: BTreeMap::new(),
            prefix_lists: by_id(aws.prefix_list_entries.as_ref(), |list| &list.prefix_list_id),
            interfaces: by_id(aws.network_interfaces.as_ref(), |interface| &interface.network_interface_id),
            interfaces_by_subnet: BTreeMap::new(),
            peerings_by_vpc: BTreeMap::new(),
            peerings: by_id(aws.vpc_peering_connections.as_ref(), |peering| {
                &peering.vpc_peering_connection_id
            }),
            transit_gateways: by_id(aws.transit_gateways.as_ref(), |gateway| &gateway.transit_gateway_id),
            vpc_attachments: BTreeMap::new(),
            transit_gateways_by_vpc: BTreeMap::new(),
            vpc_attachments_by_id: by_id(aws.transit_gateway_vpc_attachments.as_ref(), |attachment| {
                &attachment.transit_gateway_attachment_id
            }),
            other_attachments: BTreeMap::new(),
            attachment_views: BTreeMap::new(),
            attachments: by_id(aws.transit_gateway_attachments.as_ref(), |attachment| {
                &attachment.transit_gateway_attachment_id
            }),
            transit_gateway_routes: by_id(aws.transit_gateway_routes.as_ref(), |routes| {
                &routes.transit_gateway_route_table_id
            }),
            vpn_gateways: by_id(aws.vpn_gateways.as_ref(), |gateway| &gateway.vpn_gateway_id),
            vpn_gateways_by_vpc: BTreeMap::new(),
            nat_gateways_by_vpc: BTreeMap::new(),
            internet_gateways: by_id(aws.internet_gateways.as_ref(), |gateway| &gateway.internet_gateway_id),
            internet_gateways_by_vpc: BTreeMap::new(),
            egress_only_gateways: by_id(aws.egress_only_internet_gateways.as_ref(), |gateway| {
                &gateway.egress_only_internet_gateway_id
            }),
            egress_only_gateways_by_vpc: BTreeMap::new(),
            tables: by_id(aws.route_tables.as_ref(), |table| &table.route_table_id),
            nat_gateways: by_id(aws.nat_gateways.as_ref(), |gateway| &gateway.nat_gateway_id),
            vpc_endpoints: by_id(aws.vpc_endpoints.as_ref(), |endpoint| &endpoint.vpc_endpoint_id),
        };
        network.index_subnets();
        network.index_route_tables();
        network.index_acls();
        network.index_groups();
        network.index_attachments();
        network.index_gateways();
        network
    }

    fn index_subnets(&mut self) {
        for subnet in self.snapshot.aws.subnets.iter().flatten() {
            if let Some(vpc) = &subnet.vpc_id {
                self.subnets_by_vpc.entry(vpc).or_default().push(subnet);
            }
        }
        for interface in self.snapshot.aws.network_interfaces.iter().flatten() {
            if let Some(subnet) = &interface.subnet_id {
                self.interfaces_by_subnet.entry(subnet).or_default().push(interface);
            }
        }
    }

    fn index_route_tables(&mut self) {
        for table in self.snapshot.aws.route_tables.iter().flatten() {
            for association in &table.associations {
                // Only an association that is in force decides; files made by hand may lack the state.
                let state = association.association_state.as_ref().and_then(|state| state.state.as_deref());
                if state.is_some_and(|state| state != "associated") {
                    continue;
                }
                if let Some(id) = association.subnet_id.as_ref().or(association.gateway_id.as_ref()) {
                    self.associated_tables.insert(id, table);
                } else if let (Some(true), Some(vpc)) = (association.main, &table.vpc_id) {
                    self.main_tables.insert(vpc, table);
                }
            }
        }
    }

    fn index_groups(&mut self) {
        for association in self.snapshot.aws.security_group_vpc_associations.iter().flatten() {
            if let Some(vpc) = &association.vpc_id {
                self.group_associations.insert((&association.group_id, vpc), association);
            }
        }
    }

    fn index_acls(&mut self) {
        for acl in self.snapshot.aws.network_acls.iter().flatten() {
            for association in &acl.associations {
                if let Some(subnet) = &association.subnet_id {
                    self.associated_acls.insert(subnet, acl);
                }
            }
            if let (Some(true), Some(vpc)) = (acl.is_default, &acl.vpc_id) {
                self.default_acls.insert(vpc, acl);
            }
        }
    }

    fn index_attachments(&mut self) {
        for attachment in self.snapshot.aws.transit_gateway_vpc_attachments.iter().flatten() {
            if let (Some(gateway), Some(vpc)) = (&attachment.transit_gateway_id, &attachment.vpc_id) {
                self.vpc_attachments.entry((gateway, vpc)).or_default().push(attachment);
                self.transit_gateways_by_vpc.entry(vpc).or_default().insert(gateway);
            }
        }
        for attachment in self.snapshot.aws.transit_gateway_attachments.iter().flatten() {
            if let Some(gateway) = &attachment.transit_gateway_id {
                self.attachment_views
                    .insert((gateway, &attachment.transit_gateway_attachment_id), attachment);
            }
            if let (Some(gateway), Some(kind)) = (&attachment.transit_gateway_id, &attachment.resource_type)
                && kind != "vpc"
            {
                self.other_attachments.entry(gateway).or_default().push(attachment);
            }
        }
        for peering in self.snapshot.aws.vpc_peering_connections.iter().flatten() {
            let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info];
            let sides: BTreeSet<&str> =
                sides.into_iter().flatten().filter_map(|side| side.vpc_id.as_deref()).collect();
            for vpc in sides {
                self.peerings_by_vpc.entry(vpc).or_default().push(peering);
            }
        }
    }

    fn index_gateways(&mut self) {
        let aws = &self.snapshot.aws;
        for gateway in aws.vpn_gateways.iter().flatten() {
            for vpc in attached_vpcs(&gateway.vpc_attachments) {
                self.vpn_gateways_by_vpc.entry(vpc).or_default().push(&gateway.vpn_gateway_id);
            }
        }
        for gateway in aws.internet_gateways.iter().flatten() {
            for vpc in attached_vpcs(&gateway.attachments) {
                self.internet_gateways_by_vpc.insert(vpc, &gateway.internet_gateway_id);
            }
        }
        for gateway in aws.egress_only_internet_gateways.iter().flatten() {
            for vpc in attached_vpcs(&gateway.attachments) {
                self.egress_only_gateways_by_vpc.insert(vpc, &gateway.egress_only_internet_gateway_id);
            }
        }
        for gateway in aws.nat_gateways.iter().flatten() {
            if let Some(vpc) = &gateway.vpc_id {
                self.nat_gateways_by_vpc.entry(vpc).or_default().push(gateway);
            }
        }
    }
}

fn by_id<T>(items: Option<&Vec<T>>, id: fn(&T) -> &String) -> ById<'_, T> {
    items.into_iter().flatten().map(|item| (id(item).as_str(), item)).collect()
}

fn attached_vpcs(attachments: &[ec2::GatewayAttachment]) -> impl Iterator<Item = &str> {
    attachments.iter().filter_map(|attachment| attachment.vpc_id.as_deref())
}

/// Every private address of an interface; delegated prefixes are in `ipv4_prefixes` and `ipv6_prefixes`.
pub(crate) fn addresses(interface: &ec2::NetworkInterface) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = interface.addresses().collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
