//! The way from the role of a pod identity association to its target role, whose credentials the pods get.
//!
//! EKS assumes the first role and with its credentials the target role. The first role has to be allowed to, and the
//! target role's trust policy has to admit it:
//! <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html>

use privek_core::known::{self, Known};

use crate::facts::base::context::Context;
use crate::snapshot::Arn;

use super::permissions::{Grant, Permissions};
use super::role_usage::{RoleChain, last};
use super::{pod_identity, requests, trust_policy};

/// Whether the first role's own policies let it assume the target role.
pub(crate) fn may_assume(context: &Context<'_>, chain: &RoleChain) -> Grant {
    let RoleChain { first, target, pod } = chain;
    let account = |arn: &str| Arn::parse(arn).map(|parts| parts.account.to_owned());
    let named = account(first) == account(target) && trust_policy::names_role(context, target, first);
    let caller = requests::role(context, first);
    let permissions = Permissions::of(context, last(first).unwrap_or(first), first);
    let keys = pod_identity::keys(context, chain);
    permissions.may(pod_identity::actions(pod), target, (&caller, &keys), named)
}

/// Whether pods get the credentials of the target role.
pub(crate) fn arrives(context: &Context<'_>, chain: &RoleChain) -> Known<bool> {
    known::and(may_assume(context, chain).allowed, trust_policy::admits(context, chain))
}
