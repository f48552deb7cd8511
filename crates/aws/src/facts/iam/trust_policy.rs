//! Who may assume a role, against those who have to.

use std::collections::BTreeSet;

use privek_core::known::{self, Known, Missing};
use serde_json::json;

use crate::catalogue::iam::{Component, PARSED};
use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::issuer;

use super::policy::decision::{Decision, PolicyKind, Request};
use super::policy::{Caller, Keys, evaluate};
use super::role_usage::{self, PodUse, RoleChain, RoleUse, last};
use super::{credentials, pod_identity, requests};

/// Whether those who use a role may assume it.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    /// Whether all may.
    pub allowed: Known<bool>,
    /// Who may not, and why.
    pub problem: Option<String>,
    /// A trust policy that lets them, where the role has one kind of user.
    pub policy: Option<String>,
}

/// One who has to assume a role.
struct User {
    what: String,
    caller: Caller,
    actions: Vec<&'static str>,
    keys: Keys,
}

/// Judges the trust policy of a role for what the role is used for.
pub(crate) fn of(context: &Context<'_>, arn: &str, used: &RoleUse) -> Trust {
    let (problem, missing) = match users(context, used) {
        Ok(users) => judge(context, arn, &users),
        Err(missing) => (None, missing),
    };
    let policy = suggested(context, used);
    Trust { allowed: known::disproved(problem.is_some(), missing), problem, policy }
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

fn users(context: &Context<'_>, used: &RoleUse) -> Known<Vec<User>> {
    let mut users = Vec::new();
    let mut own = Keys::default();
    own.lacks(&["sts:ExternalId"]);
    if used.cluster {
        // https://docs.aws.amazon.com/eks/latest/userguide/cross-service-confused-deputy-prevention.html
        let mut keys = own.clone();
        if let Some(arn) = &context.cluster.clone()?.arn {
            keys.value("aws:SourceArn", arn);
        }
        if let Some(account) = &context.account {
            keys.value("aws:SourceAccount", account);
        }
        let config = context.cluster.clone()?.compute_config.as_ref();
        let auto = config.and_then(|config| config.enabled) == Some(true);
        let actions = if auto { vec!["sts:AssumeRole", "sts:TagSession"] } else { vec!["sts:AssumeRole"] };
        users.push(User { what: "EKS".into(), caller: service(context, "eks"), actions, keys });
    }
    if used.nodes || used.auto_mode {
        // EC2 names no source when it hands a role to an instance.
        users.push(User {
            what: "EC2".into(),
            caller: service(context, "ec2"),
            actions: vec!["sts:AssumeRole"],
            keys: own.clone(),
        });
    }
    for profile in &used.fargate {
        let mut keys = own.clone();
        keys.value("aws:SourceArn", fargate_arn(context, profile));
        if let Some(account) = &context.account {
            keys.value("aws:SourceAccount", account);
        }
        users.push(User {
            what: format!("Fargate for profile {profile}"),
            caller: service(context, "eks-fargate-pods"),
            actions: vec!["sts:AssumeRole"],
            keys,
        });
    }
    if !used.addons.is_empty() {
        let issuer = issuer(context)?;
        let account = context.account.clone().unwrap_or_default();
        let provider = format!("arn:{}:iam::{account}:oidc-provider/{issuer}", context.partition);
        for addon in &used.addons {
            for account in service_accounts(addon) {
                let mut keys = Keys::default();
                keys.value(&format!("{issuer}:aud"), "sts.amazonaws.com");
                if let Some((namespace, name)) = account {
                    let subject = format!("system:serviceaccount:{namespace}:{name}");
                    keys.value(&format!("{issuer}:sub"), subject);
                }
                users.push(User {
                    what: format!("the service account of add-on {addon}"),
                    caller: Caller::Federated { provider: Some(provider.clone()) },
                    actions: vec!["sts:AssumeRoleWithWebIdentity"],
                    keys,
                });
            }
        }
    }
    users.extend(used.pods.iter().map(|user| pod(context, user)));
    users.extend(used.target_of.iter().map(|chain| target(context, chain)));
    Ok(users)
}

/// The service accounts of an add-on that call AWS, by their published names; none where no name is published.
fn service_accounts<'c>(context: &Context<'c>, addon: &str) -> BTreeSet<(&'c str, &'c str)> {
    let Some(described) = credentials::described(context, addon) else { return BTreeSet::new() };
    let components = credentials::components(addon).map(|addon| addon.components.as_slice());
    let components = components.unwrap_or_default().iter().filter_map(|name| PARSED.components.get(name));
    components.flat_map(|component| credentials::service_accounts(described, component)).collect()
}

fn pod(context: &Context<'_>, user: &PodUse) -> User {
    let mut keys = Keys::default();
    pod_identity::session_tags(context, user, &mut keys);
    User {
        what: format!("EKS Pod Identity for {}/{}", user.namespace, user.account),
        caller: Caller::Service { names: vec!["pods.eks.amazonaws.com".into()] },
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
fn suggested(context: &Context<'_>, used: &RoleUse) -> Option<String> {
    let allow = |principal: serde_json::Value, actions: &[&str], condition: Option<serde_json::Value>| {
        let mut statement = json!({"Effect": "Allow", "Principal": principal, "Action": actions});
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let service = |name: &str| json!({"Service": format!("{name}.amazonaws.com")});
    let purposes = [
        used.cluster,
        used.nodes || used.auto_mode,
        !used.fargate.is_empty(),
        !used.addons.is_empty(),
        !used.pods.is_empty(),
        !used.target_of.is_empty(),
    ];
    match purposes {
        [true, false, false, false, false, false] => {
            Some(allow(service("eks"), &["sts:AssumeRole", "sts:TagSession"], None))
        }
        [false, true, false, false, false, false] => Some(allow(service("ec2"), &["sts:AssumeRole"], None)),
        [false, false, true, false, false, false] => {
            let arn = fargate_arn(context, "*").replace("/*/*", "/*");
            let condition = json!({"ArnLike": {"aws:SourceArn": arn}});
            Some(allow(service("eks-fargate-pods"), &["sts:AssumeRole"], Some(condition)))
        }
        [false, false, false, true, false, false] => {
            let issuer = issuer(context).ok()?;
            let account = context.account.clone()?;
            let provider = format!("arn:{}:iam::{account}:oidc-provider/{issuer}", context.partition);
            let condition = json!({"StringEquals": {format!("{issuer}:aud"): "sts.amazonaws.com"}});
            let principal = json!({"Federated": provider});
            Some(allow(principal, &["sts:AssumeRoleWithWebIdentity"], Some(condition)))
        }
        [false, false, false, false, true, false] => {
            Some(allow(service("pods.eks"), &["sts:AssumeRole", "sts:TagSession"], None))
        }
        [false, false, false, false, false, true] => {
            let first: BTreeSet<&String> = used.target_of.iter().map(|chain| &chain.first).collect();
            Some(allow(json!({"AWS": first}), &["sts:AssumeRole", "sts:TagSession"], None))
        }
        _ => None,
    }
}
