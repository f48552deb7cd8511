//! Look-ups that take AWS's defaults into account: main route tables, default ACLs.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use privek_core::known::{Known, Missing};

use crate::snapshot::aws::ec2::{
    CidrBlockState, NetworkAcl, NetworkInterface, Route, RouteTable, SecurityGroup, Subnet,
    TransitGatewayAttachment,
};
use crate::snapshot::unread;

use super::Network;

impl<'s> Network<'s> {
    /// A subnet. One that is not available forwards nothing yet, or never does; AWS does not say which:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html>
    pub fn subnet(&self, id: &str) -> Known<&'s Subnet> {
        let subnet = self.subnets.get(id).copied().ok_or_else(|| self.missing("Subnets", id))?;
        match subnet.state.as_deref() {
            None => Ok(subnet),
            Some(state) if state.eq_ignore_ascii_case("available") => Ok(subnet),
            Some(state) => Err(vec![Missing::unmodelled(format!("paths of {id} in state {state}"))]),
        }
    }

    /// A network interface.
    pub fn interface(&self, id: &str) -> Known<&'s NetworkInterface> {
        self.interfaces.get(id).copied().ok_or_else(|| self.missing("NetworkInterfaces", id))
    }

    /// The VPC of a subnet.
    pub fn vpc_of(&self, subnet: &'s Subnet) -> Known<&'s str> {
        subnet.vpc_id.as_deref().ok_or_else(|| self.missing("Subnets", &subnet.subnet_id))
    }

    /// The prefixes that are associated with a VPC, IPv4 and IPv6.
    pub fn vpc_cidrs(&self, vpc: &str) -> Known<Vec<IpNet>> {
        let vpc = self.vpcs.get(vpc).copied().ok_or_else(|| self.missing("Vpcs", vpc))?;
        let v4 = vpc
            .cidr_block_association_set
            .iter()
            .filter(|association| is_associated(association.cidr_block_state.as_ref()))
            .filter_map(|association| association.cidr_block.as_deref());
        let v6 = vpc
            .ipv6_cidr_block_association_set
            .iter()
            .filter(|association| is_associated(association.ipv6_cidr_block_state.as_ref()))
            .filter_map(|association| association.ipv6_cidr_block.as_deref());
        let mut prefixes = Vec::new();
        for text in vpc.cidr_block.as_deref().into_iter().chain(v4).chain(v6) {
            prefixes.push(prefix(text, &vpc.vpc_id)?);
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        if prefixes.is_empty() { Err(self.missing("Vpcs", &vpc.vpc_id)) } else { Ok(prefixes) }
    }

    /// The prefixes of a subnet, IPv4 and IPv6.
    pub fn subnet_cidrs(&self, id: &str) -> Known<Vec<IpNet>> {
        let subnet = self.subnet(id)?;
        let v6 = subnet
            .ipv6_cidr_block_association_set
            .iter()
            .filter(|association| is_associated(association.ipv6_cidr_block_state.as_ref()))
            .filter_map(|association| association.ipv6_cidr_block.as_deref());
        let prefixes: Vec<IpNet> = subnet
            .cidr_block
            .as_deref()
            .into_iter()
            .chain(v6)
            .map(|text| prefix(text, id))
            .collect::<Known<_>>()?;
        if prefixes.is_empty() { Err(self.missing("Subnets", id)) } else { Ok(prefixes) }
    }

    /// The IPv6 prefixes of a VPC that AWS does not advertise on the internet
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcIpv6CidrBlockAssociation.html>).
    pub(crate) fn private_v6(&self, vpc: &str) -> Vec<IpNet> {
        let all = self.vpcs.get(vpc).into_iter().flat_map(|vpc| &vpc.ipv6_cidr_block_association_set);
        let private = all.filter(|its| its.ipv6_address_attribute.as_deref() == Some("private"));
        private.filter_map(|its| its.ipv6_cidr_block.as_deref()?.parse().ok()).collect()
    }

    /// The table that routes a subnet's packets: its own, else the VPC's main table.
    pub fn effective_route_table(&self, subnet: &str) -> Known<&'s RouteTable> {
        if let Some(table) = self.associated_tables.get(subnet) {
            return Ok(table);
        }
        let vpc = self.vpc_of(self.subnet(subnet)?)?;
        // Only where every table of the VPC was read is there no explicit association.
        if !self.covers("RouteTables", vpc) {
            return Err(self.missing("RouteTables", vpc));
        }
        self.main_tables.get(vpc).copied().ok_or_else(|| self.missing("RouteTables", vpc))
    }

    /// The network ACL that guards a subnet: its own, else the VPC's default one.
    pub fn network_acl(&self, subnet: &str) -> Known<&'s NetworkAcl> {
        if let Some(acl) = self.associated_acls.get(subnet) {
            return Ok(acl);
        }
        let vpc = self.vpc_of(self.subnet(subnet)?)?;
        if !self.covers("NetworkAcls", vpc) {
            return Err(self.missing("NetworkAcls", vpc));
        }
        self.default_acls.get(vpc).copied().ok_or_else(|| self.missing("NetworkAcls", vpc))
    }

    /// A security group.
    pub fn security_group(&self, id: &str) -> Known<&'s SecurityGroup> {
        self.security_groups.get(id).copied().ok_or_else(|| self.missing("SecurityGroups", id))
    }

    /// Whether network interfaces in a VPC may have a security group: one of that VPC, or one that is
    /// associated with it.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html>
    pub(crate) fn may_carry(&self, group: &str, home: Option<&str>, vpc: Option<&str>) -> Known<bool> {
        const KEY: &str = "SecurityGroupVpcAssociations";
        let Some(vpc) = vpc else { return Ok(false) };
        if home == Some(vpc) {
            return Ok(true);
        }
        if let Some(association) = self.group_associations.get(&(group, vpc)) {
            let state = association.state.as_deref().unwrap_or("associated");
            return Ok(!matches!(state, "association-failed" | "disassociated"));
        }
        if self.covers(KEY, vpc) { Ok(false) } else { Err(self.missing(KEY, vpc)) }
    }

    /// The resolver's address in a VPC: the base of its primary IPv4 prefix plus two.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>
    pub(crate) fn resolver_address(&self, vpc: &str) -> Option<Ipv4Addr> {
        let primary: Ipv4Net = self.vpcs.get(vpc)?.cidr_block.as_deref()?.parse().ok()?;
        u32::from(primary.network()).checked_add(2).map(Ipv4Addr::from)
    }

    /// Whether the resolver of a VPC answers (`enableDnsSupport`).
    pub fn dns_support(&self, vpc: &str) -> Known<bool> {
        let mut attributes = self.snapshot.aws.vpc_attributes.iter().flatten();
        let found = attributes.find(|its| its.vpc_id == vpc);
        let value = found.and_then(|its| its.enable_dns_support.as_ref()?.value);
        value.ok_or_else(|| self.missing("VpcAttributes", vpc))
    }

    /// A transit gateway's own view of an attachment.
    pub(crate) fn attachment_of(&self, gateway: &str, id: &str) -> Option<&'s TransitGatewayAttachment> {
        let view = self.attachment_views.get(&(gateway, id)).copied();
        // Files made by hand may lack the gateway.
        view.or_else(|| self.attachments.get(id).copied().filter(|its| its.transit_gateway_id.is_none()))
    }

    /// The prefixes of a prefix list.
    pub fn prefix_list(&self, id: &str) -> Known<Vec<IpNet>> {
        let list = self.prefix_lists.get(id).ok_or_else(|| self.missing("PrefixListEntries", id))?;
        list.entries.iter().filter_map(|entry| entry.cidr.as_deref()).map(|text| prefix(text, id)).collect()
    }

    /// Whether a collection was read, for this id.
    pub(crate) fn covers(&self, collection: &str, id: &str) -> bool {
        self.snapshot.header.covers(collection, id)
    }

    pub(crate) fn missing(&self, collection: &str, id: &str) -> Vec<Missing> {
        vec![unread::missing(self.snapshot, collection, Some(id))]
    }

    /// Something that the operation behind a collection would tell.
    pub(crate) fn missing_of(&self, collection: &str, id: &str, what: String) -> Vec<Missing> {
        vec![unread::missing(self.snapshot, collection, Some(id)).worded(what)]
    }

    /// Whether a route of a VPC forwards to its target.
    pub fn is_active(&self, table: &RouteTable, route: &Route) -> Known<bool> {
        match RouteState::of(route.state.as_deref()) {
            RouteState::Active => Ok(true),
            RouteState::Blackhole => Ok(false),
            RouteState::Unread => Err(self.missing_state(table, route)),
            RouteState::Other(state) => Err(vec![Missing::unmodelled(format!(
                "the effect of state {state} on a route of {}",
                table.route_table_id
            ))]),
        }
    }

    /// The state of a VPC's route.
    pub(crate) fn missing_state(&self, table: &RouteTable, route: &Route) -> Vec<Missing> {
        let (id, to) = (&table.route_table_id, destination(route).unwrap_or("nothing"));
        self.missing_of("RouteTables", id, format!("the state of the route of {id} for {to}"))
    }
}

fn is_associated(state: Option<&CidrBlockState>) -> bool {
    state.and_then(|state| state.state.as_deref()).is_none_or(|state| state == "associated")
}

fn prefix(text: &str, of: &str) -> Known<IpNet> {
    text.parse()
        .map_err(|_| vec![Missing::operation(format!("the CIDRs of {of}; `{text}` is not a CIDR"), None)])
}

/// What the state of a route, of a VPC or of a transit gateway, says of it.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html>
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayRoute.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteState<'r> {
    /// It forwards.
    Active,
    /// It drops.
    Blackhole,
    /// AWS always gives a state, so one that is not there was not read.
    Unread,
    /// Another one.
    Other(&'r str),
}

impl<'r> RouteState<'r> {
    pub fn of(state: Option<&'r str>) -> Self {
        match state {
            None => Self::Unread,
            Some(state) if state.eq_ignore_ascii_case("active") => Self::Active,
            Some(state) if state.eq_ignore_ascii_case("blackhole") => Self::Blackhole,
            Some(state) => Self::Other(state),
        }
    }
}

/// A route's target, whatever its kind.
pub(crate) fn target(route: &Route) -> Option<&str> {
    [
        &route.gateway_id,
        &route.nat_gateway_id,
        &route.transit_gateway_id,
        &route.vpc_peering_connection_id,
        // A route to an instance names its interface too; the interface is what forwards.
        &route.network_interface_id,
        &route.instance_id,
        &route.egress_only_internet_gateway_id,
        &route.local_gateway_id,
        &route.carrier_gateway_id,
        &route.core_network_arn,
        &route.odb_network_arn,
    ]
    .into_iter()
    .find_map(Option::as_deref)
}

/// A route's destination, whatever its kind.
pub(crate) fn destination(route: &Route) -> Option<&str> {
    [&route.destination_cidr_block, &route.destination_ipv6_cidr_block, &route.destination_prefix_list_id]
        .into_iter()
        .find_map(Option::as_deref)
}
