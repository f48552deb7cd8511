//! Who the clients in a declared network are: which network interfaces send packets of their own, and which
//! security groups can be on them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::sets::addresses::AddressSet;

use crate::network::segment::{Location, Segment};
use crate::network::{End, Groups, index};
use crate::snapshot::aws::ec2::{NetworkInterface, NetworkInterfaceAssociation, Subnet};

use super::reasoner::{Reasoner, Resolved};

/// Types of network interfaces of AWS's services, which begin no connections for their users.
const NO_CLIENTS: &[&str] = &[
    "vpc_endpoint",
    "gateway_load_balancer_endpoint",
    "gateway_load_balancer",
    "load_balancer",
    "network_load_balancer",
    "nat_gateway",
    "natGateway",
    "transit_gateway",
    "efs",
    "api_gateway_managed",
    "global_accelerator_managed",
    "iot_rules_managed",
    "aws_codestar_connections_managed",
];

/// Services that run programs of their users behind network interfaces that AWS manages, as the descriptions of
/// these network interfaces name them.
const RUN_PROGRAMS: &[&str] = &[
    "workspaces",
    "appstream",
    "lambda",
    "arn:aws:ecs:",
    "codebuild",
    "cloudshell",
    "clientvpn",
    "sagemaker",
    "glue",
];

/// How EKS describes the network interfaces of a control plane.
const CONTROL_PLANE: &str = "Amazon EKS ";

/// Whether clients may be behind a network interface: not where it is attached to nothing, nor where AWS runs it
/// for a service such as a load balancer or a database
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html>).
fn has_clients(interface: &NetworkInterface) -> bool {
    let kind = interface.interface_type.as_deref().unwrap_or_default();
    let told = interface.description.as_deref().unwrap_or_default();
    if NO_CLIENTS.contains(&kind) || told.starts_with(CONTROL_PLANE) {
        return false;
    }
    if interface.status.as_deref() == Some("available") {
        return false;
    }
    let instance = interface.attachment.as_ref().and_then(|attached| attached.instance_id.as_ref());
    if interface.requester_managed != Some(true) || instance.is_some() {
        return true;
    }
    let told = told.to_ascii_lowercase();
    matches!(kind, "lambda" | "branch") || RUN_PROGRAMS.iter().any(|service| told.contains(service))
}

/// Whether a network interface has one of these security groups; one whose groups were not read may have.
fn may_have(interface: &NetworkInterface, groups: &[String]) -> bool {
    let its = || interface.groups.iter().filter_map(|group| group.group_id.as_ref());
    its().next().is_none() || its().any(|group| groups.contains(group))
}

impl<'s> Reasoner<'s> {
    /// The declared security groups of a network, where clients in it are known to have one of them: others with
    /// an address of the network are then no clients.
    pub(crate) fn groups_of_clients<'g>(&self, cidr: IpNet, groups: &'g Groups) -> Option<&'g [String]> {
        let Groups::Known(declared) = groups else { return None };
        let whole = AddressSet::from(cidr);
        let found = self.interfaces.values().any(|interface| {
            !interface.groups.is_empty()
                && may_have(interface, declared)
                && has_clients(interface)
                && !interface_addresses(interface).intersect(&whole).is_empty()
        });
        found.then_some(declared.as_slice())
    }

    /// The declared security groups that network interfaces in a VPC can have. A network of several VPCs may have
    /// some for each.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html>
    pub(crate) fn groups_within(&self, label: &str, groups: &Groups, vpc: &str, cidr: &AddressSet) -> Groups {
        let Groups::Known(declared) = groups else { return groups.clone() };
        let (mut fit, mut missing) = (Vec::new(), Vec::new());
        for id in declared {
            let home = self.security_groups.get(id.as_str()).and_then(|group| group.vpc_id.as_deref());
            let Some(home) = home else {
                fit.push(id.clone());
                continue;
            };
            match self.may_carry(id, Some(home), Some(vpc)) {
                Ok(true) => fit.push(id.clone()),
                Ok(false) => {
                    let held: AddressSet = self.vpc_cidrs(home).unwrap_or_default().into_iter().collect();
                    if held.intersect(cidr).is_empty() {
                        missing.push(Missing::intent(format!(
                            "`security_groups` of {label}; {id} is a security group of {home}, and no network \
                             interface in {vpc} can have it"
                        )));
                    }
                }
                Err(why) => missing.extend(why),
            }
        }
        if missing.is_empty() && fit.is_empty() && !declared.is_empty() {
            missing.push(Missing::intent(format!("`security_groups` of {label} in {vpc}")));
        }
        if missing.is_empty() { Groups::Known(fit) } else { Groups::Unread(missing) }
    }

    /// The parts of a subnet's addresses: one for each set of groups that known interfaces carry,
    /// and one for all other addresses.
    pub(crate) fn split_subnet(
        &self,
        resolved: &mut Resolved<'s>,
        clients: &Clients<'_>,
        (subnet, vpc): (&'s Subnet, &'s str),
        inside: &AddressSet,
    ) -> Known<()> {
        let Clients { end, cidr, groups, .. } = *clients;
        let id = subnet.subnet_id.as_str();
        let here = self.subnet_cidrs(id)?.into_iter().collect::<AddressSet>().intersect(inside);
        if here.is_empty() {
            return Ok(());
        }
        let place = || Location::Inside { subnet, vpc };
        let mut occupied = Vec::new();
        let mut alike: BTreeMap<(Vec<String>, bool), (Segment<'s>, Vec<AddressSet>)> = BTreeMap::new();
        let (mut without_clients, mut of_others) = (0, 0);
        for interface in self.interfaces_by_subnet.get(id).into_iter().flatten() {
            let its = interface_addresses(interface).intersect(&here);
            if its.is_empty() {
                continue;
            }
            occupied.push(its.clone());
            if clients.senders && !has_clients(interface) {
                without_clients += 1;
                continue;
            }
            if clients.having.is_some_and(|having| !may_have(interface, having)) {
                of_others += 1;
                continue;
            }
            let mut part =
                Segment::new(&end.label, String::new(), place(), AddressSet::default(), Groups::Undeclared);
            self.apply_interface(&mut part, interface);
            // Who means a network means its servers.
            part.is_nat_gateway &= cidr.prefix_len() == cidr.max_prefix_len();
            let key: Vec<String> = match &part.groups {
                Groups::Known(groups) => {
                    groups.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
                }
                // No group has this id, so such interfaces stay apart from all others.
                _ => vec![interface.network_interface_id.clone()],
            };
            part.what =
                format!("{id} with {}", if key.is_empty() { "no group".to_owned() } else { key.join(", ") });
            let (is_endpoint, is_mount_target) = (part.is_endpoint, part.is_mount_target);
            let (first, addresses) = alike.entry((key, part.denies_internet)).or_insert((part, Vec::new()));
            first.is_endpoint |= is_endpoint;
            first.is_mount_target |= is_mount_target;
            let mapped = mapped_addresses(interface);
            first.mapped = Some(first.mapped.take().map_or(mapped.clone(), |others| others.union(&mapped)));
            addresses.push(its);
        }
        let rest = here.subtract(&AddressSet::union_all(occupied.iter()));
        // Whatever is left out is left out of all parts of the subnet.
        let assumptions = clients.assumptions(id, without_clients, of_others);
        if rest.is_empty() && alike.is_empty() {
            let what = format!("the clients of {} in {id}; no address is left for a client", end.label);
            resolved.missing.push(Missing::unmodelled(what));
        }
        let groups = self.groups_within(&end.label, groups, vpc, &cidr.into());
        if !rest.is_empty() {
            let is_mistaken = matches!((clients.groups, &groups), (Groups::Known(_), Groups::Unread(_)));
            let mut part = Segment::new(&end.label, id.to_owned(), place(), rest, groups);
            part.around = here;
            part.is_misdeclared = is_mistaken;
            part.assumptions.clone_from(&assumptions);
            // An interface that was not read may carry other groups than those that are declared.
            if !self.covers("NetworkInterfaces", vpc) {
                resolved.missing.extend(self.missing("NetworkInterfaces", vpc));
            }
            resolved.parts.push(part);
        }
        for (mut part, addresses) in alike.into_values() {
            part.set_addresses(AddressSet::union_all(addresses.iter()));
            part.assumptions.clone_from(&assumptions);
            resolved.parts.push(part);
        }
        Ok(())
    }
}

/// A declared network whose addresses are told apart by their network interfaces.
pub(crate) struct Clients<'a> {
    pub end: &'a End,
    pub cidr: IpNet,
    /// The security groups of addresses without a network interface yet.
    pub groups: &'a Groups,
    /// Whether only those count that send packets of their own.
    pub senders: bool,
    /// What all clients have one of, if that is known.
    pub having: Option<&'a [String]>,
}

impl Clients<'_> {
    /// What is taken for granted where network interfaces of a subnet are left out.
    fn assumptions(&self, subnet: &str, without_clients: usize, of_others: usize) -> Vec<String> {
        let mut texts = Vec::new();
        if without_clients > 0 {
            texts.push(format!(
                "No client uses the addresses of unattached or AWS-managed network interfaces in {subnet} \
                 ({without_clients})."
            ));
        }
        if let (Some(having), true) = (self.having, of_others > 0) {
            let label = &self.end.label;
            texts.push(format!(
                "Clients of {label} have {}, as declared: {of_others} other network interfaces in {subnet} are no \
                 clients of {label}.",
                having.join(" or ")
            ));
        }
        texts
    }
}

/// The private addresses of an interface, with its delegated prefixes.
pub(crate) fn interface_addresses(interface: &NetworkInterface) -> AddressSet {
    let single = index::addresses(interface).into_iter().map(|address: IpAddr| IpNet::from(address));
    let v4 = interface.ipv4_prefixes.iter().filter_map(|prefix| prefix.ipv4_prefix.as_deref());
    let v6 = interface.ipv6_prefixes.iter().filter_map(|prefix| prefix.ipv6_prefix.as_deref());
    single.chain(v4.chain(v6).filter_map(|prefix| prefix.parse().ok())).collect()
}

/// The private addresses with a public address.
pub(crate) fn mapped_addresses(interface: &NetworkInterface) -> AddressSet {
    let is_public = |association: &Option<NetworkInterfaceAssociation>| {
        association.as_ref().is_some_and(|association| association.public_ip.is_some())
    };
    let primary = interface.private_ip_address.as_deref().filter(|_| is_public(&interface.association));
    let others = interface
        .private_ip_addresses
        .iter()
        .filter(|address| is_public(&address.association))
        .filter_map(|address| address.private_ip_address.as_deref());
    let all = primary.into_iter().chain(others).filter_map(|text| text.parse::<IpAddr>().ok());
    all.map(IpNet::from).collect()
}
