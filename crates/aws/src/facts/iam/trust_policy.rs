//! Who may assume a role, against those who have to.

use std::collections::BTreeSet;

use privek_core::known::{self, Known, Missing};
use serde_json::json;

use crate::catalogue::iam::PARSED;
use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::issuer;

use super::policy::decision::{Decision, PolicyKind, Request};
use super::policy::{Caller, Keys, evaluate};
use super::role_usage::{self, PodUse, RoleChain, RoleUse, last};
use super::{credentials, pod_identity, requests};

/// What a role is used for: those who have to assume it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// EKS, for the cluster itself.
    Cluster,
    /// EC2, for nodes.
    Nodes,
    /// Fargate, for its profiles.
    Fargate,
    /// Service accounts of add-ons, through the cluster's identity provider.
    Addons,
    /// EKS Pod Identity.
    Pods,
    /// The first roles of pod identity associations with this target role.
    Target,
}

impl Purpose {
    const ALL: [Self; 6] =
        [Self::Cluster, Self::Nodes, Self::Fargate, Self::Addons, Self::Pods, Self::Target];

    fn is_of(self, used: &RoleUse) -> bool {
        match self {
            Self::Cluster => used.cluster,
            Self::Nodes => used.nodes || used.auto_mode,
            Self::Fargate => !used.fargate.is_empty(),
            Self::Addons => !used.addons.is_empty(),
            Self::Pods => !used.pods.is_empty(),
            Self::Target => !used.target_of.is_empty(),
        }
    }
}

/// Whether those who use a role for one purpose may assume it.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    /// Whether all may.
    pub allowed: Known<bool>,
    /// Who may not, and why.
    pub problem: Option<String>,
}

/// One who has to assume a role.
struct User {
    what: String,
    caller: Caller,
    actions: Vec<&'static str>,
    keys: Keys,
}

/// Judges the trust policy of a role for one of its purposes.
pub(crate) fn of(context: &Context<'_>, arn: &str, used: &RoleUse, purpose: Purpose) -> Trust {
    if !purpose.is_of(used) {
        return Trust { allowed: Ok(true), problem: None };
    }
    let (problem, missing) = match users(context, used, purpose) {
        Ok(users) => judge(context, arn, &users),
        Err(missing) => (None, missing),
    };
    Trust { allowed: known::disproved(problem.is_some(), missing), problem }
}

/// Whether the target role of an association admits the first role.
pub(crate) fn admits(context: &Context<'_>, chain: &RoleChain) -> Known<bool> {
    let (problem, missing) = judge(context, &chain.target, &[target(context, chain)]);
    known::disproved(problem.is_some(), missing)
}

/// Whether a statement of the trust policy allows a role by its ARN.
pub(crate) fn names_role(context: &Context<'_>, arn: &str, role: &str) -> bool {
    let document = role_usage::described(context, arn).ok();
    let statements = document.and_then(|role| role.assume_role_policy_document.as_ref()?.get("Statement"));
    let statements = match statements {
        Some(serde_json::Value::Array(list)) => list.iter().collect(),
        one => one.into_iter().collect::<Vec<_>>(),
    };
    statements.into_iter().filter(|one| one["Effect"] == "Allow").any(|one| match &one["Principal"]["AWS"] {
        serde_json::Value::Array(list) => list.iter().any(|name| name == role),
        name => name == role,
    })
}

/// Who may not assume a role, and what is not known about it.
fn judge(context: &Context<'_>, arn: &str, users: &[User]) -> (Option<String>, Vec<Missing>) {
    let name = last(arn).unwrap_or(arn);
    let role = match role_usage::described(context, arn) {
        Ok(role) => role,
        Err(missing) => return (None, missing),
    };
    let Some(document) = &role.assume_role_policy_document else {
        return (None, vec![context.field("Role", &format!("AssumeRolePolicyDocument of {name}"))]);
    };
    let (mut problem, mut missing) = (None, Vec::new());
    for user in users {
        for action in &user.actions {
            let request = Request { action, resource: None, caller: &user.caller, keys: &user.keys };
            match evaluate(PolicyKind::Trust, document, request) {
                Ok(Decision::Allowed) => {}
                Ok(Decision::ImplicitDeny(why) | Decision::ExplicitDeny(why))
                    if is_documented(context, &user.caller) =>
                {
                    problem.get_or_insert(format!("{} may not assume the role: {why}", user.what));
                }
                Ok(Decision::ImplicitDeny(why) | Decision::ExplicitDeny(why) | Decision::Undecided(why)) => {
                    let what = format!("the decision of the trust policy of {name} on {}: {why}", user.what);
                    missing.push(Missing::unmodelled(what));
                }
                Err(why) => missing.push(Missing::unmodelled(format!("the trust policy of {name}: {why}"))),
            }
        }
    }
    (problem, missing)
}

/// Services' names are known of the partitions whose documentation is public.
fn is_documented(context: &Context<'_>, caller: &Caller) -> bool {
    !matches!(caller, Caller::Service { .. })
        || matches!(context.partition.as_str(), "aws" | "aws-cn" | "aws-us-gov")
}

fn service(context: &Context<'_>, name: &str) -> Caller {
    let mut names = vec![format!("{name}.amazonaws.com")];
    // In China either name is in use: https://docs.amazonaws.cn/en_us/eks/latest/userguide/create-node-role.html
    if context.partition == "aws-cn" {
        names.push(format!("{name}.amazonaws.com.cn"));
    }
    Caller::Service { names }
}

fn users(context: &Context<'_>, used: &RoleUse, purpose: Purpose) -> Known<Vec<User>> {
    Ok(match purpose {
        Purpose::Cluster => vec![eks(context)?],
        Purpose::Nodes => vec![ec2(context)],
        Purpose::Fargate => used.fargate.iter().map(|profile| fargate(context, profile)).collect(),
        Purpose::Addons => addons(context, used)?,
        Purpose::Pods => used.pods.iter().map(|user| pod(context, user)).collect(),
        Purpose::Target => used.target_of.iter().map(|chain| target(context, chain)).collect(),
    })
}

/// What the requests of AWS's services carry: none of them has an external id.
fn of_service(context: &Context<'_>, caller: &Caller) -> Keys {
    let mut keys = requests::of_principal(context, caller);
    keys.lacks(&["sts:ExternalId"]);
    keys
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/cross-service-confused-deputy-prevention.html>
fn eks(context: &Context<'_>) -> Known<User> {
    let cluster = context.cluster.clone()?;
    let caller = service(context, "eks");
    let mut keys = of_service(context, &caller);
    if let Some(arn) = &cluster.arn {
        keys.value("aws:SourceArn", arn);
    }
    if let Some(account) = &context.account {
        keys.value("aws:SourceAccount", account);
    }
    let auto = cluster.compute_config.as_ref().and_then(|config| config.enabled) == Some(true);
    let actions = if auto { vec!["sts:AssumeRole", "sts:TagSession"] } else { vec!["sts:AssumeRole"] };
    Ok(User { what: "EKS".into(), caller, actions, keys })
}

/// EC2 names no source when it hands a role to an instance.
fn ec2(context: &Context<'_>) -> User {
    let caller = service(context, "ec2");
    let keys = of_service(context, &caller);
    User { what: "EC2".into(), caller, actions: vec!["sts:AssumeRole"], keys }
}

fn fargate(context: &Context<'_>, profile: &str) -> User {
    let caller = service(context, "eks-fargate-pods");
    let mut keys = of_service(context, &caller);
    keys.value("aws:SourceArn", fargate_arn(context, profile));
    if let Some(account) = &context.account {
        keys.value("aws:SourceAccount", account);
    }
    User { what: format!("Fargate for profile {profile}"), caller, actions: vec!["sts:AssumeRole"], keys }
}

/// A service account has a token of the cluster's and no AWS identity.
fn addons(context: &Context<'_>, used: &RoleUse) -> Known<Vec<User>> {
    let issuer = issuer(context)?;
    let provider = provider(context, &issuer);
    let caller_of = |addon: &str, subject: Option<String>| {
        let caller = Caller::Federated { provider: provider.clone() };
        let mut keys = requests::of_caller(context, &caller);
        keys.value(&format!("{issuer}:aud"), "sts.amazonaws.com");
        if let Some(subject) = subject {
            keys.value(&format!("{issuer}:sub"), subject);
        }
        let what = format!("the service account of add-on {addon}");
        User { what, caller, actions: vec!["sts:AssumeRoleWithWebIdentity"], keys }
    };
    let mut users = Vec::new();
    for addon in &used.addons {
        let subjects = subjects(context, addon);
        if subjects.is_empty() {
            users.push(caller_of(addon, None));
        }
        users.extend(subjects.into_iter().map(|subject| caller_of(addon, Some(subject))));
    }
    Ok(users)
}

/// The ARN of the identity provider of the cluster.
fn provider(context: &Context<'_>, issuer: &str) -> Option<String> {
    let account = context.account.as_deref()?;
    Some(format!("arn:{}:iam::{account}:oidc-provider/{issuer}", context.partition))
}

/// The service accounts of an add-on that call AWS, as their tokens name them, by their published names; none
/// where no name is published.
fn subjects(context: &Context<'_>, addon: &str) -> BTreeSet<String> {
    let Some(described) = credentials::described(context, addon) else { return BTreeSet::new() };
    let components = credentials::components(addon).map(|addon| addon.components.as_slice());
    let components = components.unwrap_or_default().iter().filter_map(|name| PARSED.components.get(name));
    let accounts = components.flat_map(|component| credentials::service_accounts(described, component));
    accounts.map(|(namespace, name)| format!("system:serviceaccount:{namespace}:{name}")).collect()
}

fn pod(context: &Context<'_>, user: &PodUse) -> User {
    let caller = Caller::Service { names: vec!["pods.eks.amazonaws.com".into()] };
    let mut keys = requests::of_principal(context, &caller);
    pod_identity::session_tags(context, user, &mut keys);
    User {
        what: format!("EKS Pod Identity for {}/{}", user.namespace, user.account),
        caller,
        actions: pod_identity::actions(user).to_vec(),
        keys,
    }
}

fn target(context: &Context<'_>, chain: &RoleChain) -> User {
    let name = last(&chain.first).unwrap_or(&chain.first);
    User {
        what: format!("IAM role {name} of service account {}/{}", chain.pod.namespace, chain.pod.account),
        caller: requests::role(context, &chain.first),
        actions: pod_identity::actions(&chain.pod).to_vec(),
        keys: pod_identity::keys(context, chain),
    }
}

/// The ARN of a Fargate profile, whose last part is an id that AWS assigns.
fn fargate_arn(context: &Context<'_>, profile: &str) -> String {
    let cluster = context.cluster.as_ref().map_or("*", |cluster| cluster.name.as_str());
    format!(
        "arn:{}:eks:{}:{}:fargateprofile/{cluster}/{profile}/*",
        context.partition,
        context.region.as_deref().unwrap_or("*"),
        context.account.as_deref().unwrap_or("*"),
    )
}

/// A trust policy for a role that serves one purpose.
pub(crate) fn suggested(context: &Context<'_>, used: &RoleUse) -> Option<String> {
    let purposes: Vec<Purpose> = Purpose::ALL.into_iter().filter(|purpose| purpose.is_of(used)).collect();
    let [purpose] = purposes.as_slice() else { return None };
    let service = |name: &str| json!({"Service": format!("{name}.amazonaws.com")});
    let (principal, actions, condition) = match purpose {
        Purpose::Cluster => (service("eks"), vec!["sts:AssumeRole", "sts:TagSession"], None),
        Purpose::Nodes => (service("ec2"), vec!["sts:AssumeRole"], None),
        Purpose::Fargate => {
            let arn = fargate_arn(context, "*").replace("/*/*", "/*");
            let condition = json!({"ArnLike": {"aws:SourceArn": arn}});
            (service("eks-fargate-pods"), vec!["sts:AssumeRole"], Some(condition))
        }
        Purpose::Addons => {
            let issuer = issuer(context).ok()?;
            let provider = provider(context, &issuer)?;
            let named: Vec<BTreeSet<String>> =
                used.addons.iter().map(|addon| subjects(context, addon)).collect();
            // Without the names a policy would admit every service account of the cluster.
            if named.iter().any(BTreeSet::is_empty) {
                return None;
            }
            let subjects: BTreeSet<String> = named.into_iter().flatten().collect();
            let (audience, subject) = (format!("{issuer}:aud"), format!("{issuer}:sub"));
            let condition = json!({"StringEquals": {audience: "sts.amazonaws.com", subject: subjects}});
            (json!({"Federated": provider}), vec!["sts:AssumeRoleWithWebIdentity"], Some(condition))
        }
        Purpose::Pods => (service("pods.eks"), vec!["sts:AssumeRole", "sts:TagSession"], None),
        Purpose::Target => {
            let first: BTreeSet<&String> = used.target_of.iter().map(|chain| &chain.first).collect();
            (json!({"AWS": first}), vec!["sts:AssumeRole", "sts:TagSession"], None)
        }
    };
    let mut statement = json!({"Effect": "Allow", "Principal": principal, "Action": actions});
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    Some(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
}
