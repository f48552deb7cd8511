//! From an end to its parts.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::Known;
use privek_core::sets::addresses::AddressSet;

use crate::network::aws_address::AwsService;
use crate::network::segment::{Location, Segment};
use crate::network::{Blocker, BlockerCode, Carriers, End, EndKind, Groups, Remedy, index};
use crate::snapshot::aws::ec2::NetworkInterface;

use super::clients::{Clients, interface_addresses, mapped_addresses};
use super::reasoner::{Reasoner, Resolved};
use super::run;

/// Interfaces that may have no security group, and then let everything through.
const WITHOUT_GROUPS: &[&str] = &[
    "gateway_load_balancer_endpoint",
    "gateway_load_balancer",
    "network_load_balancer",
    "nat_gateway",
    "natGateway",
    "transit_gateway",
];

impl<'s> Reasoner<'s> {
    /// The VPC that an end is in for certain.
    pub(crate) fn vpc_of_end(&self, end: &End) -> Option<&'s str> {
        let subnet = match &end.kind {
            EndKind::Subnet { subnet, .. } => subnet,
            EndKind::Interface { id } => self.interfaces.get(id.as_str())?.subnet_id.as_ref()?,
            EndKind::Addresses { .. } | EndKind::PrefixList { .. } => return None,
        };
        self.subnets.get(subnet.as_str())?.vpc_id.as_deref()
    }

    /// Splits an end into parts; `other` is the VPC of the other end.
    pub(crate) fn resolve(&self, end: &End, other: Option<&str>, is_source: bool) -> Resolved<'s> {
        let mut resolved = Resolved::default();
        let outcome = match &end.kind {
            EndKind::Subnet { subnet, addresses, groups, carriers } => {
                self.subnet_part(&mut resolved, end, (subnet, addresses.as_deref()), (groups, carriers))
            }
            EndKind::Interface { id } => self.interface_part(&mut resolved, end, id),
            EndKind::Addresses { cidr, via, groups } => {
                self.address_parts(&mut resolved, end, (*cidr, via.as_deref(), groups), other, is_source)
            }
            EndKind::PrefixList { id } => {
                self.prefix_list_part(&mut resolved, end, id);
                Ok(())
            }
        };
        if let Err(missing) = outcome {
            resolved.missing.extend(missing);
        }
        resolved
    }

    fn subnet_part(
        &self,
        resolved: &mut Resolved<'s>,
        end: &End,
        (id, addresses): (&str, Option<&[IpNet]>),
        (groups, carriers): (&Groups, &Carriers),
    ) -> Known<()> {
        let subnet = self.subnet(id)?;
        let vpc = self.vpc_of(subnet)?;
        let all: AddressSet = self.subnet_cidrs(id)?.into_iter().collect();
        let wanted = match addresses {
            None => all.clone(),
            Some(some) => some.iter().copied().collect::<AddressSet>().intersect(&all),
        };
        if wanted.is_empty() {
            let texts: Vec<String> = addresses.unwrap_or_default().iter().map(ToString::to_string).collect();
            resolved.blockers.push(no_such_address("subnet", id, &texts.join(", ")));
            return Ok(());
        }
        let place = Location::Inside { subnet, vpc };
        let part = Segment::new(&end.label, id.to_owned(), place, wanted, groups.clone());
        resolved.parts.push(part.carried_by(carriers));
        Ok(())
    }

    fn interface_part(&self, resolved: &mut Resolved<'s>, end: &End, id: &str) -> Known<()> {
        let interface = self.interface(id)?;
        let subnet = match &interface.subnet_id {
            Some(subnet) => self.subnet(subnet)?,
            None => return Err(self.missing("NetworkInterfaces", id)),
        };
        let vpc = self.vpc_of(subnet)?;
        let addresses = interface_addresses(interface);
        if addresses.is_empty() {
            return Err(self.missing("NetworkInterfaces", id));
        }
        let place = Location::Inside { subnet, vpc };
        let mut part = Segment::new(&end.label, id.to_owned(), place, addresses, Groups::Undeclared);
        self.apply_interface(&mut part, interface);
        part.interface = Some(&interface.network_interface_id);
        part.mapped = Some(mapped_addresses(interface));
        part.around = self.subnet_cidrs(&subnet.subnet_id)?.into_iter().collect();
        resolved.parts.push(part);
        Ok(())
    }

    pub(crate) fn apply_interface(&self, part: &mut Segment<'s>, interface: &NetworkInterface) {
        let kind = interface.interface_type.as_deref().unwrap_or_default();
        let groups = Groups::of(interface.groups.iter().filter_map(|group| group.group_id.clone()), || {
            self.missing("NetworkInterfaces", &interface.network_interface_id)
        });
        part.is_endpoint = kind == "vpc_endpoint";
        part.is_mount_target = interface.is_mount_target();
        part.is_nat_gateway = matches!(kind, "nat_gateway" | "natGateway");
        part.denies_internet = interface.deny_all_igw_traffic == Some(true);
        part.unfiltered = matches!(groups, Groups::Unread(_)) && WITHOUT_GROUPS.contains(&kind);
        part.groups = if part.unfiltered { Groups::Known(Vec::new()) } else { groups };
    }

    fn address_parts(
        &self,
        resolved: &mut Resolved<'s>,
        end: &End,
        (cidr, via, groups): (IpNet, Option<&str>, &Groups),
        other: Option<&str>,
        is_source: bool,
    ) -> Known<()> {
        if let Some(part) = (!is_source && via.is_none()).then(|| self.aws_part(end, cidr)).flatten() {
            resolved.parts.push(part);
            return Ok(());
        }
        let whole = AddressSet::from(cidr);
        // Who names a single address means it, whatever is there.
        let senders = is_source && cidr.prefix_len() < cidr.max_prefix_len();
        let clients = Clients {
            end,
            cidr,
            groups,
            senders,
            having: if senders { self.groups_of_clients(cidr, groups) } else { None },
        };
        let mut left = whole.clone();
        let mut empty_vpc = None;
        let mut taken = Vec::new();
        for vpc in self.homes(via, other)? {
            let held: AddressSet = self.vpc_cidrs(vpc)?.into_iter().collect();
            let inside = left.intersect(&held);
            // A wide network does not reach into VPCs that have nothing to do with the other end's.
            let wanted = via.is_some() || held.contains_all(&cidr.into()) || self.may_connect(vpc, other);
            if inside.is_empty() || !wanted {
                continue;
            }
            left = left.subtract(&held);
            if !self.covers("Subnets", vpc) {
                resolved.missing.extend(self.missing("Subnets", vpc));
                continue;
            }
            let before = resolved.parts.len();
            let mut unassigned = inside.clone();
            for subnet in self.subnets_by_vpc.get(vpc).into_iter().flatten() {
                self.split_subnet(resolved, &clients, (subnet, vpc), &inside)?;
                if other != Some(vpc) {
                    unassigned =
                        unassigned.subtract(&self.subnet_cidrs(&subnet.subnet_id)?.into_iter().collect());
                }
            }
            taken.push((vpc, unassigned));
            if resolved.parts.len() == before {
                empty_vpc = Some(vpc);
            }
        }
        // What carries security groups is in a VPC; in none that was read, so there is another.
        let carries = matches!(groups, Groups::Known(groups) if !groups.is_empty());
        if carries && via.is_none() && left == whole {
            resolved.missing.extend(self.missing("Vpcs", &cidr.to_string()));
        }
        // A site that is larger than the VPCs is outside them, too: hosts there may have the addresses that a
        // VPC's own prefix takes. In the destination's VPC its subnets' addresses are among them, because
        // replies stay there: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
        let is_site = !left.is_empty() && run::public().intersect(&whole).is_empty();
        for (vpc, addresses) in taken.into_iter().filter(|(_, its)| is_site && !its.is_empty()) {
            let what = format!("{}, a CIDR of {vpc}", addresses.told());
            let place = Location::Outside { via: via.map(str::to_owned) };
            let part = Segment::new(&end.label, what, place, addresses, groups.clone());
            resolved.parts.push(part.of(whole.clone()));
        }
        // The internet is connected otherwise than private networks.
        let public = if via.is_none() { run::public() } else { AddressSet::default() };
        for addresses in [left.subtract(&public), left.intersect(&public)] {
            if !addresses.is_empty() {
                let place = Location::Outside { via: via.map(str::to_owned) };
                let what = addresses.to_string();
                resolved.parts.push(Segment::new(&end.label, what, place, addresses, groups.clone()));
            }
        }
        if let (true, true, Some(vpc)) = (resolved.parts.is_empty(), resolved.missing.is_empty(), empty_vpc) {
            resolved.blockers.push(no_such_address("vpc", vpc, &cidr.to_string()));
        }
        Ok(())
    }

    /// A single address at which AWS itself answers.
    fn aws_part(&self, end: &End, cidr: IpNet) -> Option<Segment<'s>> {
        let (service, of) = self.aws_service(cidr)?;
        let place = Location::Outside { via: None };
        let groups = Groups::Known(Vec::new());
        let mut part = Segment::new(&end.label, of, place, cidr.into(), groups);
        part.service = Some(service);
        Some(part)
    }

    /// What of AWS's own answers at an address, and whose address it is: that of every VPC, of a VPC's
    /// resolver (with the VPC), or of a subnet's router (with the subnet).
    fn aws_service(&self, cidr: IpNet) -> Option<(AwsService, String)> {
        if cidr.prefix_len() < cidr.max_prefix_len() {
            return None;
        }
        let address = cidr.addr();
        if let Some(service) = AwsService::at(address) {
            return Some((service, address.to_string()));
        }
        let IpAddr::V4(v4) = address else { return None };
        let resolver = self.vpcs.keys().find(|vpc| self.resolver_address(vpc) == Some(v4));
        if let Some(vpc) = resolver {
            return Some((AwsService::Resolver, (*vpc).to_owned()));
        }
        let previous = IpAddr::V4(u32::from(v4).checked_sub(1)?.into());
        let mut subnets = self.subnets.values();
        let its = subnets.find(|subnet| {
            let base = subnet.cidr_block.as_deref().and_then(|text| text.parse::<IpNet>().ok());
            base.is_some_and(|base| base.network() == previous)
        })?;
        let mut interfaces = self.interfaces_by_subnet.get(its.subnet_id.as_str()).into_iter().flatten();
        let taken = interfaces.any(|interface| index::addresses(interface).contains(&address));
        (!taken).then(|| (AwsService::Dhcp, its.subnet_id.clone()))
    }

    fn may_connect(&self, vpc: &str, other: Option<&str>) -> bool {
        other.is_none_or(|other| {
            vpc == other
                || !self.peerings_between(vpc, other).is_empty()
                || self.common_gateway(vpc, other).is_some()
        })
    }

    /// The VPCs that a declared network may be in, the likeliest first.
    fn homes(&self, via: Option<&str>, other: Option<&str>) -> Known<Vec<&'s str>> {
        let Some(via) = via else {
            // The destination's own VPC wins, because its local routes do; then its peers, and those on
            // a transit gateway with it, before such as have nothing to do with it.
            let rank = |vpc: &str| match other {
                Some(other) if vpc == other => 0,
                Some(other) if !self.peerings_between(vpc, other).is_empty() => 1,
                Some(other) if self.common_gateway(vpc, other).is_some() => 2,
                _ => 3,
            };
            if let Some(other) = other
                && !self.vpcs.contains_key(other)
            {
                return Err(self.missing("Vpcs", other));
            }
            let mut vpcs: Vec<&'s str> = self.vpcs.keys().copied().collect();
            vpcs.sort_by_cached_key(|vpc| rank(vpc));
            return Ok(vpcs);
        };
        let far = |vpc: &&'s str| Some(*vpc) != other;
        if via.starts_with("pcx-") {
            let Some(peering) = self.peerings.get(via) else {
                return Err(self.missing("VpcPeeringConnections", via));
            };
            let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info];
            let sides: BTreeSet<&str> =
                sides.into_iter().flatten().filter_map(|side| side.vpc_id.as_deref()).collect();
            return Ok(self.vpcs.keys().copied().filter(far).filter(|vpc| sides.contains(vpc)).collect());
        }
        Ok(self
            .vpcs
            .keys()
            .copied()
            .filter(far)
            .filter(|vpc| self.vpc_attachments.contains_key(&(via, *vpc)))
            .collect())
    }

    fn prefix_list_part(&self, resolved: &mut Resolved<'s>, end: &End, id: &str) {
        let place = Location::Outside { via: None };
        let (addresses, unread) = match self.prefix_list(id) {
            Ok(entries) => (entries.into_iter().collect(), Vec::new()),
            Err(missing) => (AddressSet::everything().only_v4(), missing),
        };
        let mut part = Segment::new(&end.label, id.to_owned(), place, addresses, Groups::Known(Vec::new()));
        part.prefix_list = Some(id.to_owned());
        part.is_stand_in = !unread.is_empty();
        part.unread = unread;
        resolved.parts.push(part);
    }
}

fn no_such_address(kind: &str, id: &str, addresses: &str) -> Blocker {
    Blocker {
        code: BlockerCode::NoSuchAddress,
        kind: kind.to_owned(),
        id: id.to_owned(),
        leg: None,
        part: None,
        reason: match kind {
            "vpc" => format!("{id} has no subnet with an address of {addresses}"),
            _ => format!("{id} contains no address of {addresses}"),
        },
        remedy: Remedy { cidrs: vec![addresses.to_owned()], ..Remedy::default() },
    }
}
