//! The network interfaces of nodes: the ports that replies to their connections go to, and whether they have
//! public addresses.
//!
//! The VPC CNI gives packets to other networks the primary address of the node and, by default, a random port of
//! the whole ephemeral range: <https://github.com/aws/amazon-vpc-cni-k8s#aws_vpc_k8s_cni_randomizesnat>.

use privek_core::sets::ports::ClientPorts;

use crate::facts::base::context::Context;
use crate::network::{Carriers, PublicAddresses};
use crate::snapshot::aws::ec2::Instance;

use super::node_groups::NodeGroup;
use super::user_data::{Platform, Source};
use super::vpc_cni::{self, CniKnown, Snat};

/// Those of a group's nodes.
pub(crate) fn of_group(context: &Context<'_>, group: &NodeGroup) -> Carriers {
    let source = Source::new(context, group);
    let ports = match source.platform {
        Ok(Platform::Windows) => ClientPorts::WINDOWS,
        Ok(Platform::Al2 | Platform::Al2023 | Platform::Bottlerocket) => ClientPorts::LINUX,
        Err(_) => ClientPorts::ANY,
    };
    let public = match source.associates_public_addresses() {
        Ok(Some(true)) => PublicAddresses::Assigned,
        Ok(Some(false)) => PublicAddresses::Lacking(format!(
            "the launch template of {} assigns no public addresses",
            group.name
        )),
        Ok(None) => PublicAddresses::BySubnet,
        Err(missing) => PublicAddresses::Unread(missing),
    };
    Carriers { public, ..picking(context, ports) }
}

/// Those of nodes that no group lists: EKS Auto Mode has Bottlerocket only
/// (<https://docs.aws.amazon.com/eks/latest/userguide/automode.html>).
pub(crate) fn of_ungrouped(context: &Context<'_>, automatic: bool) -> Carriers {
    picking(context, if automatic { ClientPorts::LINUX } else { ClientPorts::ANY })
}

/// Those of an instance.
pub(crate) fn of_instance(instance: &Instance) -> Carriers {
    let public = match instance.public_ip_address {
        Some(_) => PublicAddresses::Assigned,
        None => PublicAddresses::Lacking(format!("{} has no public address", instance.instance_id)),
    };
    Carriers { public, ..Carriers::default() }
}

/// Those of pods on Fargate, which runs Linux only:
/// <https://docs.aws.amazon.com/eks/latest/userguide/fargate.html>. No node translates their addresses.
pub(crate) fn of_fargate() -> Carriers {
    // Pods on Fargate never have public addresses, nor subnets with a route to an internet gateway.
    let public = PublicAddresses::Lacking("pods on Fargate have no public addresses".to_owned());
    Carriers { ports: ClientPorts::LINUX, ports_beyond: ClientPorts::LINUX, public, ..Carriers::default() }
}

/// Those of pods on such nodes: only the node's primary address may have a public one.
pub(crate) fn of_pods(nodes: &Carriers) -> Carriers {
    let public = PublicAddresses::Lacking("addresses of pods have no public addresses".to_owned());
    Carriers { public, ..nodes.clone() }
}

fn picking(context: &Context<'_>, ports: ClientPorts) -> Carriers {
    let untranslated = matches!(vpc_cni::cni(context), CniKnown::Read(cni) if cni.snat == Snat::None);
    let ports_beyond = if untranslated { ports } else { ClientPorts::ANY };
    Carriers { ports, ports_beyond, ..Carriers::default() }
}
