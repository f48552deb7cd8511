//! EFS: the mount targets in the VPC, which are network interfaces of their own.

use std::collections::BTreeMap;

use privek_core::known::Known;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::features;
use crate::network::{End, EndKind};
use crate::snapshot::aws::ec2::NetworkInterface;

use super::end_set::{Ends, Parties, Party};

/// One party for each file system with mount targets in the VPC.
///
/// A file system's name resolves to the mount target of the client's own zone:
/// <https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-dns-name.html>.
pub(crate) fn file_systems<'c>(context: &'c Context<'_>) -> Parties<'c> {
    let interfaces = context.vpc.clone().and_then(|vpc| {
        let all = context.snapshot.aws.network_interfaces.as_deref();
        Ok((context.items(all, "NetworkInterfaces", &vpc)?, vpc))
    });
    let (interfaces, vpc) = match interfaces {
        Ok(known) => known,
        Err(unlisted) => return Parties { listed: Vec::new(), unlisted },
    };
    let mut systems: BTreeMap<String, Vec<End>> = BTreeMap::new();
    for interface in interfaces.iter().filter(|interface| interface.vpc_id.as_deref() == Some(&vpc)) {
        let id = &interface.network_interface_id;
        if let Some(system) = interface.description.as_deref().and_then(file_system) {
            let label = format!("{id} of {system}");
            let end = End { label, kind: EndKind::Interface { id: id.clone() } };
            systems.entry(system).or_default().push(end);
        }
    }
    let used = used(context);
    let listed = systems
        .into_iter()
        .map(|(system, mut ends)| {
            ends.sort_by(|one, other| one.label.cmp(&other.label));
            let party = Party::new(format!("efs:{system}"), Ends::known(ends));
            Party { used: used.clone(), same_zone: true, ..party }
        })
        .collect();
    Parties { listed, unlisted: Vec::new() }
}

fn file_system(description: &str) -> Option<String> {
    let rest = description.strip_prefix(NetworkInterface::MOUNT_TARGET)?;
    let id: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    (!id.is_empty()).then(|| format!("fs-{id}"))
}

/// Whether the cluster uses EFS: a mount target in the VPC may be of another client.
fn used(context: &Context<'_>) -> Known<bool> {
    let matrix = services::matrix()?;
    features::uses(context, matrix, "efs_csi")
}
