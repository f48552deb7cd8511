//! Why there is nothing to write into a server's configuration, and what to do about it.

use std::collections::BTreeMap;

use privek_core::known::Missing;

use crate::facts::base::context::Context;
use crate::ids;

/// Why nothing can be forwarded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardersError {
    /// The VPC has no inbound Resolver endpoint.
    #[error(
        "{vpc} has no inbound Resolver endpoint{}. DNS servers outside {vpc} have no address to forward to. \
         Create an inbound Resolver endpoint in two zones, with a security group that allows tcp/53 and \
         udp/53 from those servers:\n  {command}",
        other(elsewhere)
    )]
    NoEndpoint {
        /// The cluster's VPC.
        vpc: String,
        /// Inbound Resolver endpoints of other VPCs.
        elsewhere: Vec<String>,
        /// The command that makes one.
        command: String,
    },
    /// There are inbound Resolver endpoints, but none that answers.
    #[error(
        "no inbound Resolver endpoint of {vpc} has a usable address: {} `aws route53resolver \
         list-resolver-endpoint-ip-addresses` shows the status of each address",
        why.join(" ")
    )]
    NoAddress {
        /// The cluster's VPC.
        vpc: String,
        /// Why each address is left out, in sentences.
        why: Vec<String>,
    },
    /// The cluster API endpoint is not a name of EKS.
    #[error(
        "the cluster API endpoint {host:?} is not an EKS name in this region; nothing is forwarded for \
         that name"
    )]
    Foreign {
        /// The host.
        host: String,
    },
    /// Something that it depends on was not read.
    #[error("{}", unread(missing))]
    Unread {
        /// What is missing.
        missing: Vec<Missing>,
    },
}

fn other(elsewhere: &[String]) -> String {
    if elsewhere.is_empty() {
        return String::new();
    }
    format!(" ({} serves only the names of its own VPC)", elsewhere.join(", "))
}

fn unread(missing: &[Missing]) -> String {
    let told: Vec<String> = missing
        .iter()
        .map(|one| match &one.permission {
            Some(permission) if !one.what.contains(permission.as_str()) => {
                format!("{} (permission {permission})", one.what)
            }
            _ => one.what.clone(),
        })
        .collect();
    format!("unknown: the names and addresses to forward; needs {}", told.join("; "))
}

/// Whether a text is a subnet's id and can be pasted into a shell.
fn is_subnet(id: &str) -> bool {
    ids::kind(id) == Some(ids::ResourceKind::Subnet)
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The command that makes an inbound Resolver endpoint, in two of the cluster's subnets.
pub(crate) fn make_one(context: &Context<'_>) -> String {
    let config = context.vpc_config().ok();
    let ids = config.and_then(|config| config.subnet_ids.as_deref()).unwrap_or_default();
    let mut by_zone = BTreeMap::new();
    for id in ids.iter().filter(|id| is_subnet(id)) {
        if let Ok(subnet) = context.network.subnet(id) {
            by_zone.entry(subnet.availability_zone.clone()).or_insert(id.as_str());
        }
    }
    let mut subnets: Vec<&str> = by_zone.into_values().take(2).collect();
    while subnets.len() < 2 {
        subnets.push("SUBNET");
    }
    let region = context.region.as_deref().map(|region| format!(" --region {region}")).unwrap_or_default();
    format!(
        "aws route53resolver create-resolver-endpoint{region} --creator-request-id privek-audit-inbound \
         --name inbound --direction INBOUND --security-group-ids GROUP --ip-addresses SubnetId={} SubnetId={}",
        subnets[0], subnets[1]
    )
}
