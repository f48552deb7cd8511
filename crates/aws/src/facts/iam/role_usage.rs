//! Which IAM roles a cluster uses, and what for.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::described_profiles;
use crate::facts::inventory::launch_template;
use crate::facts::inventory::node_groups::{self, NodeGroup};
use crate::facts::inventory::user_data::Source;
use crate::snapshot::Arn;
use crate::snapshot::aws::ec2::{Instance, tag};
use crate::snapshot::aws::eks::PodIdentityAssociationDetail;
use crate::snapshot::aws::iam::Role;

/// What one role is used for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Each is a use of its own.
pub(crate) struct RoleUse {
    /// In words, for instance `node group general`.
    pub by: BTreeSet<String>,
    /// As the cluster's own role.
    pub cluster: bool,
    /// By nodes that join on their own: those of node groups, and Karpenter's.
    pub nodes: bool,
    /// By nodes of Windows among them.
    pub windows: bool,
    /// By nodes of Linux among them, for all that is known.
    pub linux: bool,
    /// By the nodes of these node groups.
    pub groups: BTreeSet<String>,
    /// By nodes outside node groups.
    pub ungrouped: bool,
    /// By nodes of EKS Auto Mode.
    pub auto_mode: bool,
    /// By these Fargate profiles.
    pub fargate: BTreeSet<String>,
    /// By the service accounts of these add-ons, through the cluster's identity provider.
    pub addons: BTreeSet<String>,
    /// By the service accounts of pod identity associations.
    pub pods: BTreeSet<PodUse>,
    /// To assume the target roles of pod identity associations.
    pub assumes: BTreeSet<RoleChain>,
    /// As the target role of pod identity associations.
    pub target_of: BTreeSet<RoleChain>,
}

/// The two roles of a pod identity association: pods get the credentials of the second.
/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RoleChain {
    /// The ARN of the role that EKS assumes.
    pub first: String,
    /// The ARN of the role that the first one assumes.
    pub target: String,
    /// Whose credentials they are.
    pub pod: PodUse,
}

impl RoleChain {
    /// The roles of an association with a target role.
    pub fn of(association: &PodIdentityAssociationDetail) -> Option<Self> {
        Some(Self {
            first: association.role_arn.clone()?,
            target: association.target_role_arn.clone()?,
            pod: PodUse::of(association),
        })
    }
}

/// A service account that has a role by pod identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PodUse {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub account: String,
    /// Whether EKS passes session tags, which it does unless they are turned off.
    pub session_tags: bool,
}

impl PodUse {
    /// The service account of an association.
    pub fn of(association: &PodIdentityAssociationDetail) -> Self {
        Self {
            namespace: association.namespace.clone().unwrap_or_default(),
            account: association.service_account.clone().unwrap_or_default(),
            session_tags: association.disable_session_tags != Some(true),
        }
    }
}

/// The roles by ARN, and why there may be more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    /// By the role's ARN.
    pub roles: BTreeMap<String, RoleUse>,
    /// What may name further ones.
    pub unlisted: Vec<Missing>,
    /// What may name further roles of nodes.
    pub unlisted_nodes: Vec<Missing>,
}

/// Every role that is known to be used.
pub(crate) fn all(context: &Context<'_>) -> Uses {
    let mut uses = Uses::default();
    let cluster = match &context.cluster {
        Ok(cluster) => *cluster,
        Err(missing) => {
            return Uses { unlisted: missing.clone(), unlisted_nodes: missing.clone(), ..uses };
        }
    };
    match &cluster.role_arn {
        Some(arn) => {
            let role = uses.role(arn, format!("cluster {}", cluster.name));
            role.cluster = true;
        }
        None => uses.unlisted.push(context.field("cluster", "roleArn")),
    }
    if let Some(arn) = cluster.compute_config.as_ref().and_then(|config| config.node_role_arn.as_ref()) {
        uses.role(arn, "EKS Auto Mode".into()).auto_mode = true;
    }
    of_node_groups(context, &mut uses);
    let (profiles, missing) = described_profiles(context);
    uses.unlisted.extend(missing);
    for profile in profiles {
        let name = &profile.fargate_profile_name;
        match &profile.pod_execution_role_arn {
            Some(arn) => {
                let role = uses.role(arn, format!("Fargate profile {name}"));
                role.fargate.insert(name.clone());
            }
            None => {
                uses.unlisted
                    .push(context.field("fargateProfile", &format!("podExecutionRoleArn of {name}")));
            }
        }
    }
    of_addons(context, &mut uses);
    of_pods(context, &mut uses);
    uses.unlisted = known::joined(uses.unlisted);
    uses.unlisted_nodes = known::joined(uses.unlisted_nodes);
    uses
}

/// The roles that nodes call AWS with, Auto Mode's included, and why there may be more.
pub(crate) fn of_nodes(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    let uses = all(context);
    let arns = uses.roles.into_iter().filter(|(_, role)| role.nodes || role.auto_mode);
    (arns.map(|(arn, _)| arn).collect(), uses.unlisted_nodes)
}

/// The roles of nodes whose start-up scripts call the EKS API, and why there may be more.
pub(crate) fn of_groups_that_ask_eks(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    let listed = node_groups::listed(context);
    let (mut arns, mut missing) = (BTreeSet::new(), listed.unlisted);
    for group in &listed.groups {
        match Source::new(context, group).asks_eks() {
            Ok(true) => match of_group(context, group) {
                Ok(arn) => _ = arns.insert(arn),
                Err(why) => missing.extend(why),
            },
            Ok(false) => {}
            Err(why) => missing.extend(why),
        }
    }
    (arns, known::joined(missing))
}

/// The roles that images are pulled with, Fargate's included
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html>), and why there may be more.
pub(crate) fn of_pullers(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    let uses = all(context);
    let pulls = |role: &RoleUse| role.nodes || role.auto_mode || !role.fargate.is_empty();
    let arns = uses.roles.into_iter().filter(|(_, role)| pulls(role)).map(|(arn, _)| arn);
    let mut missing = uses.unlisted_nodes;
    missing.extend(described_profiles(context).1);
    (arns.collect(), missing)
}

/// The roles of hybrid nodes, as access entries name them, and why there may be more.
/// <https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-prep.html>
pub(crate) fn of_hybrid_nodes(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    let entries = context.snapshot.aws.access_entry.iter().flatten();
    let hybrid = entries.filter(|entry| entry.r#type.as_deref() == Some("HYBRID_LINUX"));
    let arns = hybrid.map(|entry| entry.principal_arn.clone()).collect();
    let listed = context.cluster.clone().and_then(|cluster| {
        let all = context.snapshot.aws.access_entries.as_deref();
        context.items(all, "accessEntries", &cluster.name)
    });
    (arns, listed.err().unwrap_or_default())
}

impl Uses {
    fn role(&mut self, arn: &str, by: String) -> &mut RoleUse {
        let role = self.roles.entry(arn.to_owned()).or_default();
        role.by.insert(by);
        role
    }

    fn node(&mut self, arn: &str, by: String, group: Option<&NodeGroup>) {
        let windows =
            group.and_then(|group| group.ami_type.as_deref()).is_some_and(|ami| ami.starts_with("WINDOWS"));
        let role = self.role(arn, by);
        role.nodes = true;
        role.windows |= windows;
        role.linux |= !windows;
        role.groups.extend(group.map(|group| group.name.clone()));
        role.ungrouped |= group.is_none();
    }

    fn unlisted_node(&mut self, missing: impl IntoIterator<Item = Missing>) {
        for one in missing {
            self.unlisted.push(one.clone());
            self.unlisted_nodes.push(one);
        }
    }
}

fn of_node_groups(context: &Context<'_>, uses: &mut Uses) {
    let listed = node_groups::listed(context);
    uses.unlisted_node(listed.unlisted.clone());
    for group in &listed.groups {
        let by = format!("node group {}", group.name);
        match of_group(context, group) {
            Ok(arn) => uses.node(&arn, by, Some(group)),
            Err(missing) => uses.unlisted_node(missing),
        }
    }
    match node_groups::loose_instances(context, &listed.groups) {
        Ok(instances) => {
            for instance in instances {
                // AWS replaces instances; what they have in common is what counts.
                match of_instance(context, instance) {
                    // Of a node class of Auto Mode's, whose role may be another than the cluster's default.
                    Some(Ok(arn)) if tag(&instance.tags, "eks:kubernetes-node-class-name").is_some() => {
                        uses.role(&arn, "EKS Auto Mode".into()).auto_mode = true;
                    }
                    Some(Ok(arn)) => uses.node(&arn, "nodes outside node groups".into(), None),
                    Some(Err(missing)) => uses.unlisted_node([missing]),
                    None => {}
                }
            }
        }
        Err(missing) => uses.unlisted_node(missing),
    }
}

/// The role of a group's nodes.
fn of_group(context: &Context<'_>, group: &NodeGroup) -> Known<String> {
    if group.managed { managed(context, group) } else { self_managed(context, group) }
}

fn managed(context: &Context<'_>, group: &NodeGroup) -> Result<String, Vec<Missing>> {
    let mut described = context.snapshot.aws.nodegroup.iter().flatten();
    let described = described.find(|described| described.nodegroup_name == group.name);
    match described {
        Some(described) => described
            .node_role
            .clone()
            .ok_or_else(|| vec![context.field("nodegroup", &format!("nodeRole of {}", group.name))]),
        None => Err(vec![context.missing("nodegroup", Some(&group.name))]),
    }
}

/// The role in the instance profile of a group's launch template.
fn self_managed(context: &Context<'_>, group: &NodeGroup) -> Result<String, Vec<Missing>> {
    let groups = context.snapshot.aws.auto_scaling_groups.iter().flatten();
    let mut own = groups.filter(|own| own.auto_scaling_group_name == group.name);
    let used = own.next().and_then(|own| {
        let mixed = own.mixed_instances_policy.as_ref().and_then(|policy| policy.launch_template.as_ref());
        own.launch_template
            .as_ref()
            .or_else(|| mixed.and_then(|mixed| mixed.launch_template_specification.as_ref()))
    });
    let unclear =
        || vec![Missing::unmodelled(format!("the instance profile of Auto Scaling group {}", group.name))];
    let used = used.ok_or_else(unclear)?;
    let data = launch_template::template(
        context,
        used.launch_template_id.as_deref(),
        used.launch_template_name.as_deref(),
        used.version.as_deref(),
    )?;
    let profile = data.iam_instance_profile.as_ref().ok_or_else(unclear)?;
    let name = profile.name.as_deref().or_else(|| profile.arn.as_deref().and_then(last));
    in_profile(context, name.ok_or_else(unclear)?).map_err(|missing| vec![missing])
}

fn of_instance(context: &Context<'_>, instance: &Instance) -> Option<Result<String, Missing>> {
    let arn = instance.iam_instance_profile.as_ref()?.arn.as_deref()?;
    Some(in_profile(context, last(arn)?))
}

/// The role in an instance profile: there is one at most.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html>
fn in_profile(context: &Context<'_>, name: &str) -> Result<String, Missing> {
    let profiles = context.snapshot.aws.instance_profiles.iter().flatten();
    let mut found = profiles.filter(|profile| profile.instance_profile_name == name);
    let role = found.next().and_then(|profile| profile.roles.first()).and_then(|role| role.arn.clone());
    role.ok_or_else(|| context.missing("InstanceProfile", Some(name)))
}

fn of_addons(context: &Context<'_>, uses: &mut Uses) {
    let aws = &context.snapshot.aws;
    for addon in aws.addon.iter().flatten() {
        if let Some(arn) = &addon.service_account_role_arn {
            let role = uses.role(arn, format!("add-on {}", addon.addon_name));
            role.addons.insert(addon.addon_name.clone());
        }
    }
    let listed = context
        .cluster
        .clone()
        .and_then(|cluster| context.items(aws.addons.as_deref(), "addons", &cluster.name));
    match listed {
        Ok(names) => {
            let described = |name: &String| aws.addon.iter().flatten().any(|addon| addon.addon_name == *name);
            let missing = names.iter().filter(|name| !described(name));
            uses.unlisted.extend(missing.map(|name| context.missing("addon", Some(name))));
        }
        Err(missing) => uses.unlisted.extend(missing),
    }
}

/// Roles of pod identity associations.
fn of_pods(context: &Context<'_>, uses: &mut Uses) {
    let details = match associations(context) {
        Ok(details) => details,
        Err(missing) => return uses.unlisted.extend(missing),
    };
    for detail in details {
        match detail {
            Ok(one) => {
                let pod = PodUse::of(one);
                let by = format!("service account {}/{}", pod.namespace, pod.account);
                if let Some(chain) = RoleChain::of(one) {
                    uses.role(&chain.first, by.clone()).assumes.insert(chain.clone());
                    uses.role(&chain.target, by.clone()).target_of.insert(chain);
                }
                if let Some(arn) = &one.role_arn {
                    uses.role(arn, by).pods.insert(pod);
                } else {
                    let what = format!("roleArn of {}", one.association_id);
                    uses.unlisted.push(context.field("association", &what));
                }
            }
            Err(missing) => uses.unlisted.push(missing),
        }
    }
}

/// What was read of each association: the list lacks the roles.
fn associations<'s>(context: &Context<'s>) -> Known<Vec<Result<&'s PodIdentityAssociationDetail, Missing>>> {
    let cluster = context.cluster.clone()?;
    let aws = &context.snapshot.aws;
    let all = context.items(aws.pod_identity_associations.as_deref(), "associations", &cluster.name)?;
    let detail = |id: &str| {
        let mut details = aws.pod_identity_association.iter().flatten();
        let found = details.find(|detail| detail.association_id == id);
        found.ok_or_else(|| context.missing("association", Some(id)))
    };
    Ok(all.iter().map(|one| detail(&one.association_id)).collect())
}

/// What was read of a role: of roles in other accounts nothing, and one of the same name here is another.
pub(crate) fn described<'s>(context: &Context<'s>, arn: &str) -> Known<&'s Role> {
    elsewhere(context, arn).map_or(Ok(()), Err)?;
    let name = last(arn).unwrap_or(arn);
    let found = context.snapshot.aws.roles.iter().flatten().find(|role| role.role_name == name);
    found.ok_or_else(|| vec![context.missing("Role", Some(name))])
}

/// Why nothing is known of a role, where its account is not the cluster's.
pub(crate) fn elsewhere(context: &Context<'_>, arn: &str) -> Option<Vec<Missing>> {
    let of = Arn::parse(arn)?.account;
    let other = !of.is_empty() && context.account.as_deref().is_some_and(|own| own != of);
    other.then(|| {
        let what = format!("the policies of {arn}; its account {of} was not read");
        vec![Missing::operation(what, Some("iam:ListAttachedRolePolicies"))]
    })
}

/// The name at the end of an ARN.
pub(crate) fn last(arn: &str) -> Option<&str> {
    arn.rsplit('/').next().filter(|name| !name.is_empty())
}
