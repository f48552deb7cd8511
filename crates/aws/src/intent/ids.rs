//! What ids of AWS's may be declared.

use privek_core::intent::Ids;

use crate::catalogue::services;
use crate::ids::{self, ResourceKind};

use super::unread;

/// How AWS's declarations look.
pub const IDS: Ids = Ids {
    via: check_via,
    security_group: check_group,
    subnet: check_subnet,
    instance_type: check_type,
    roles: &ROLES,
    taken,
    features: known_features,
    unread_operations: unread::operations,
    operator_flag: "CIDR[,via=ID][,sg=ID]…, for instance 10.50.0.0/24,via=pcx-0a1,sg=sg-0b2",
};

/// What can be named by its part in the cluster, so that no network may be called so.
pub const ROLES: [&str; 13] = [
    "operators",
    "nodes",
    "pods",
    "fargate",
    "control-plane",
    "control-plane-subnets",
    "hybrid-nodes",
    "hybrid-pods",
    "resolver-inbound",
    "resolver-outbound",
    "resolver-targets",
    "efs",
    "services",
];

/// The names of the features that may be declared, in order.
pub fn known_features() -> Vec<String> {
    services::matrix().ok().into_iter().flat_map(|matrix| matrix.features.keys().cloned()).collect()
}

fn taken(name: &str) -> Option<String> {
    if let Some(form) = ids::form(name) {
        return Some(format!("looks like AWS's ids ({}-…)", form.prefix));
    }
    let mut matrix = services::matrix().ok().into_iter();
    matrix.any(|matrix| matrix.services.contains_key(name)).then(|| "is an AWS service already".to_owned())
}

pub(crate) fn check_via(id: &str) -> Result<(), String> {
    let enters = matches!(
        ids::kind(id),
        Some(
            ResourceKind::PeeringConnection
                | ResourceKind::TransitGateway
                | ResourceKind::VpnGateway
                | ResourceKind::ClientVpnEndpoint
                | ResourceKind::NetworkInterface
        )
    );
    if enters || id.starts_with("arn:") {
        return Ok(());
    }
    if let Some(ResourceKind::TransitGatewayAttachment | ResourceKind::TransitGatewayRouteTable) =
        ids::kind(id)
    {
        return Err(format!("via '{id}' is the id of a {}; name its transit gateway (tgw-…)", ids::name(id)));
    }
    Err(format!(
        "via '{id}' is not the id of a peering connection (pcx-…), transit gateway (tgw-…), VPN gateway (vgw-…), Client VPN endpoint (cvpn-endpoint-…) or network interface (eni-…)"
    ))
}

pub(crate) fn check_group(id: &str) -> Result<(), String> {
    if ids::kind(id) == Some(ResourceKind::SecurityGroup) {
        return Ok(());
    }
    Err(format!("'{id}' is not the id of a security group (sg-…)"))
}

/// Whether this can be the id of a subnet.
pub(crate) fn check_subnet(id: &str) -> Result<(), String> {
    if ids::kind(id) == Some(ResourceKind::Subnet) {
        return Ok(());
    }
    Err(format!("'{id}' is not the id of a subnet (subnet-…)"))
}

/// Whether this looks like an instance type.
pub(super) fn check_type(name: &str) -> Result<(), String> {
    let known = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    match name.split_once('.') {
        Some((family, size)) if known(family) && known(size) => Ok(()),
        _ => Err(format!("'{name}' is not an instance type; the form is like m6i.large")),
    }
}
