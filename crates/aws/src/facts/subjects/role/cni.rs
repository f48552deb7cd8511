//! Whether the VPC CNI uses a role, and whether the role will do.

use privek_core::known::{Known, Missing};

use crate::catalogue::iam::PARSED;
use crate::facts::base::context::Context;
use crate::facts::iam::credentials::{self, Credentials};
use crate::facts::iam::permissions::{Grant, Permissions};
use crate::facts::iam::role_usage::{PodUse, RoleUse, last};
use crate::facts::inventory::cluster::ipv6;

/// How the VPC CNI gets its credentials, and for which addresses.
pub(super) struct CniCredentials {
    /// Whose credentials it has.
    credentials: Known<Credentials>,
    pub ipv6: Known<bool>,
}

impl CniCredentials {
    /// As far as AWS shows them.
    pub fn new(context: &Context<'_>) -> Self {
        let unlisted = || vec![Missing::unmodelled("the component vpc_cni in rules/eks/iam.yaml")];
        let component = PARSED.components.get(VPC_CNI).ok_or_else(unlisted);
        let credentials =
            component.and_then(|component| credentials::of_component(context, VPC_CNI, component));
        Self { credentials, ipv6: ipv6(context) }
    }
}

/// The component of `rules/eks/iam.yaml`.
const VPC_CNI: &str = "vpc_cni";

/// Whether the VPC CNI uses the role, and whether it may do its work.
pub(super) fn of_cni(
    context: &Context<'_>,
    arn: &str,
    used: &RoleUse,
    cni: &CniCredentials,
) -> (Known<bool>, Grant) {
    let runs = match &cni.credentials {
        Ok(Credentials::Own(roles)) => Ok(roles.contains(arn)),
        // Windows nodes get their addresses from the control plane.
        Ok(Credentials::Node) => Ok(used.nodes && used.linux),
        Err(missing) if used.nodes && used.linux || may_run_cni(used) => Err(missing.clone()),
        Err(_) => Ok(false),
    };
    if runs == Ok(false) {
        return (runs, Grant { allowed: Ok(true), lacks: Vec::new(), denied: Vec::new() });
    }
    let session = PARSED.components.get(VPC_CNI).map(|own| credentials::session(context, VPC_CNI, own, arn));
    let permissions = Permissions::of(context, last(arn).unwrap_or(arn), arn);
    let mut grant = permissions.within(session.unwrap_or_default()).grant(context, VPC_CNI);
    // A role that would do says nothing about the one that the VPC CNI uses.
    grant.allowed = runs.clone().and(grant.allowed);
    (runs, grant)
}

/// Whether the role is one of the VPC CNI's service account, where another may come before it.
fn may_run_cni(used: &RoleUse) -> bool {
    let accounts = |pod: &PodUse| {
        let component = PARSED.components.get(VPC_CNI);
        component.is_some_and(|component| {
            component.service_accounts().any(|own| own == (pod.namespace.as_str(), pod.account.as_str()))
        })
    };
    used.addons.contains("vpc-cni")
        || used.pods.iter().any(accounts)
        || used.target_of.iter().any(|chain| accounts(&chain.pod))
}
