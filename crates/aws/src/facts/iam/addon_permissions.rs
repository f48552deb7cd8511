//! Whether an EKS add-on may call what it needs, with whatever credentials its pods have.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};

use crate::catalogue::iam::{AddonComponents, Component, PARSED};
use crate::facts::base::context::Context;
use crate::facts::inventory::instance_metadata::{self, InstanceMetadata};

use super::credentials::{self, Credentials};
use super::permissions::Permissions;
use super::role_usage::{self, RoleUse, last};

/// What an add-on may call.
#[derive(Clone, Debug)]
pub(crate) struct AddonGrant {
    /// Whether it calls AWS with credentials of its own.
    pub calls: Known<bool>,
    /// Whether it may call all that it needs.
    pub allowed: Known<bool>,
    /// The actions that it certainly may not call.
    pub lacks: Vec<String>,
    /// What denies the roles of its pods actions, in words.
    pub denied: Vec<String>,
    /// Names of the roles that its pods have.
    pub roles: Vec<String>,
    /// Whether these are the roles of nodes.
    pub by_node: bool,
    /// Node groups on which its pods do not get the credentials of the node's role.
    pub out_of_reach: BTreeSet<String>,
}

impl AddonGrant {
    fn of(calls: Known<bool>, allowed: Known<bool>) -> Self {
        Self {
            calls,
            allowed,
            lacks: Vec::new(),
            denied: Vec::new(),
            roles: Vec::new(),
            by_node: false,
            out_of_reach: BTreeSet::new(),
        }
    }
}

/// Judges the permissions of an add-on; `owner` is who provides it.
pub(crate) fn judge(context: &Context<'_>, addon: &str, owner: &Known<Option<String>>) -> AddonGrant {
    let Some(known) = credentials::components(addon) else {
        // Vendors publish what their add-ons call, if they call AWS at all.
        let by_aws = owner.clone().map(|owner| owner.is_none_or(|owner| owner == "aws"));
        let calls = by_aws.and_then(|by_aws| {
            let what = format!("the AWS actions that add-on {addon} calls, not in rules/eks/iam.yaml");
            if by_aws { Err(vec![Missing::unmodelled(what)]) } else { Ok(false) }
        });
        let allowed = calls.clone().map(|_| true);
        return AddonGrant::of(calls, allowed);
    };
    let components: Vec<(&String, &Component)> =
        known.components.iter().filter_map(|name| Some((name, PARSED.components.get(name)?))).collect();
    let mut grant = AddonGrant::of(Ok(!components.is_empty()), Ok(true));
    let mut allowed = Vec::new();
    for (name, component) in components {
        allowed.push(match credentials::of_addon(context, addon, component) {
            Ok(Credentials::Own(roles)) => own(context, (name, component), &roles, &mut grant),
            Ok(Credentials::Node) => by_nodes(context, name, component, &mut grant),
            Err(missing) => Err(missing),
        });
    }
    grant.lacks.sort();
    grant.lacks.dedup();
    grant.denied.sort();
    grant.denied.dedup();
    grant.allowed = besides(known, known::all(allowed));
    grant
}

/// What an add-on lacks may be needed for nothing that the cluster has.
fn besides(addon: &AddonComponents, allowed: Known<bool>) -> Known<bool> {
    match (&addon.unless, allowed) {
        (Some(unless), Ok(false)) => Err(vec![Missing::unmodelled(format!(
            "whether pods have other persistent volumes than {unless}; read with `kubectl get persistentvolumes,storageclasses -o yaml`"
        ))]),
        (_, allowed) => allowed,
    }
}

/// Of several roles by several service accounts the one that calls may be any.
fn own(
    context: &Context<'_>,
    (component, described): (&str, &Component),
    roles: &BTreeSet<String>,
    grant: &mut AddonGrant,
) -> Known<bool> {
    let mut allowed = Vec::new();
    let (mut lacks, mut denied) = (Vec::new(), Vec::new());
    for arn in roles {
        let name = last(arn).unwrap_or(arn);
        let session = credentials::session(context, component, described, arn);
        let one = Permissions::of(context, name, arn).within(session).grant(context, component);
        lacks.extend(one.lacks);
        denied.extend(one.denied);
        allowed.push(one.allowed);
        if !grant.roles.iter().any(|known| known == name) {
            grant.roles.push(name.to_owned());
        }
    }
    if allowed.contains(&Ok(true)) && allowed.contains(&Ok(false)) {
        let names: Vec<&str> = roles.iter().map(|arn| last(arn).unwrap_or(arn)).collect();
        return Err(vec![Missing::unmodelled(format!(
            "the role of the pods of {component} among {}; the permissions of the roles differ",
            names.join(", ")
        ))]);
    }
    let any = known::any(allowed);
    if any != Ok(true) {
        grant.lacks.extend(lacks);
        grant.denied.extend(denied);
        return any;
    }
    known::complete(credentials::restrictions(context, roles)).map(|()| true)
}

/// A pod on every node needs every node's role; a pod on some node any of those that it may run on. Nodes of
/// EKS Auto Mode give pods no credentials of theirs:
/// <https://docs.aws.amazon.com/eks/latest/userguide/auto-instances.html>
fn by_nodes(context: &Context<'_>, name: &str, component: &Component, grant: &mut AddonGrant) -> Known<bool> {
    grant.by_node = true;
    let uses = role_usage::all(context);
    let metadata = instance_metadata::of_groups(context);
    let (mut yes, mut no, mut unclear, mut lacks) = (0, 0, uses.unlisted_nodes.clone(), Vec::new());
    for (arn, used) in uses.roles.iter().filter(|(_, used)| used.nodes) {
        let role = last(arn).unwrap_or(arn);
        let one = Permissions::of(context, role, arn).grant(context, name);
        for (place, reached) in places(component, used, &metadata) {
            if reached == Ok(false) && one.allowed != Ok(false) {
                grant.out_of_reach.extend(place);
            }
            match known::and(one.allowed.clone(), reached) {
                Ok(true) => yes += 1,
                Ok(false) => no += 1,
                Err(missing) => unclear.extend(missing),
            }
        }
        if one.allowed == Ok(false) && !grant.roles.iter().any(|known| known == role) {
            grant.roles.push(role.to_owned());
        }
        lacks.extend(one.lacks);
        grant.denied.extend(one.denied);
    }
    if yes + no == 0 {
        let needs = component.needs.iter().filter(|need| need.optional.is_none());
        lacks.extend(needs.flat_map(|need| need.actions.iter().cloned()));
    }
    grant.lacks.extend(lacks);
    if no > 0 && component.every_node {
        return Ok(false);
    }
    if no > 0 && yes > 0 {
        unclear.push(Missing::unmodelled(some_nodes(component, grant)));
    }
    known::complete(known::joined(unclear)).map(|()| yes > 0)
}

/// The nodes with a role, by node group, and whether a component's pods reach instance metadata there.
fn places(
    component: &Component,
    used: &RoleUse,
    metadata: &BTreeMap<String, InstanceMetadata>,
) -> Vec<(Option<String>, Known<bool>)> {
    let of_group = |group: &String| {
        let unread = || vec![Missing::unmodelled(format!("the instance metadata options of {group}"))];
        let reached = metadata.get(group).ok_or_else(unread).and_then(|metadata| {
            if component.host_network { metadata.on.clone() } else { metadata.reaches_pods() }
        });
        (Some(group.clone()), reached)
    };
    let mut places: Vec<_> = used.groups.iter().map(of_group).collect();
    if used.ungrouped {
        // A node without instance metadata does not join.
        let reached = if component.host_network {
            Ok(true)
        } else {
            Err(vec![Missing::unmodelled(
                "the instance metadata options of nodes outside node groups; read with `aws ec2 describe-instances --query 'Reservations[].Instances[].MetadataOptions'`",
            )])
        };
        places.push((None, reached));
    }
    places
}

/// What decides whether a component works, whose pods have what they need on some nodes only.
fn some_nodes(component: &Component, grant: &AddonGrant) -> String {
    let groups: Vec<&str> = grant.out_of_reach.iter().map(String::as_str).collect();
    let reasons = [
        (!grant.roles.is_empty()).then(|| match grant.roles.as_slice() {
            [role] => format!("node role {role} lacks permissions, other node roles do not"),
            roles => format!("node roles {} lack permissions, other node roles do not", roles.join(", ")),
        }),
        (!groups.is_empty()).then(|| format!("pods do not reach instance metadata on {}", groups.join(", "))),
    ];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    format!("the nodes that run the pods of {}; {}", component.name, reasons.join(", and "))
}
