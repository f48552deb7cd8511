//! Who may assume a role, against those who have to.

use std::collections::BTreeSet;

use privek_core::known::{self, Known, Missing};
use serde_json::json;

use crate::catalogue::iam::{Component, PARSED};
use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::issuer;

use super::credentials;
use super::policy::decision::{Decision, PolicyKind, Request};
use super::policy::{Caller, Carried, Keys, evaluate};
use super::role_usage::{PodUse, RoleUse};

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
pub(crate) fn of(context: &Context<'_>, name: &str, used: &RoleUse) -> Trust {
    let users = users(context, used);
    let policy = suggested(context, used);
    let found = context.snapshot.aws.roles.iter().flatten().find(|role| role.role_name == name);
    let Some(role) = found else {
        return Trust { allowed: Err(vec![context.missing("Role", Some(name))]), problem: None, policy };
    };
    let Some(document) = &role.assume_role_policy_document else {
        let missing = context.field("Role", &format!("AssumeRolePolicyDocument of {name}"));
        return Trust { allowed: Err(vec![missing]), problem: None, policy };
    };
    let (mut problem, mut missing) = (None, Vec::new());
    for user in match users {
        Ok(users) => users,
        Err(why) => {
            missing.extend(why);
            Vec::new()
        }
    } {
        for action in &user.actions {
            let request =
                Request { action, resource: None, some: false, caller: &user.caller, keys: &user.keys };
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
    Trust { allowed: known::disproved(problem.is_some(), missing), problem, policy }
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
    for user in &used.pods {
        users.push(pod(context, user));
    }
    Ok(users)
}

/// The service accounts of an add-on that call AWS, by their published names; `None` where the name is not
/// published, or the add-on's namespace can be another one.
fn service_accounts(addon: &str) -> Vec<Option<(&'static str, &'static str)>> {
    let components = credentials::components(addon).map(|addon| addon.components.as_slice());
    let components = components.unwrap_or_default().iter().filter_map(|name| PARSED.components.get(name));
    let accounts = components.flat_map(Component::service_accounts);
    let published: BTreeSet<_> = accounts.filter(|(namespace, _)| *namespace == "kube-system").collect();
    if published.is_empty() { vec![None] } else { published.into_iter().map(Some).collect() }
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html>
fn pod(context: &Context<'_>, user: &PodUse) -> User {
    let mut keys = Keys::default();
    let tags = ["eks-cluster-arn", "eks-cluster-name", "kubernetes-namespace", "kubernetes-service-account"];
    let cluster = context.cluster.as_ref().ok();
    let values = [
        cluster.and_then(|cluster| cluster.arn.as_deref()),
        cluster.map(|cluster| cluster.name.as_str()),
        Some(user.namespace.as_str()),
        Some(user.account.as_str()),
    ];
    for (tag, value) in tags.iter().zip(values) {
        let key = format!("aws:RequestTag/{tag}");
        match value {
            _ if !user.session_tags => keys.lacks(&[&key]),
            Some(value) => keys.value(&key, value),
            None => {}
        }
    }
    let pod = ["aws:RequestTag/kubernetes-pod-name", "aws:RequestTag/kubernetes-pod-uid"];
    let names = tags.iter().copied().chain(["kubernetes-pod-name", "kubernetes-pod-uid"]);
    if user.session_tags {
        for key in pod {
            keys.value(key, "*");
        }
        keys.set("aws:TagKeys", Carried::Values(names.map(str::to_owned).collect()));
    } else {
        keys.lacks(&pod);
        keys.lacks(&["aws:TagKeys"]);
    }
    // Without session tags STS asks for no permission to tag:
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
    let actions =
        if user.session_tags { vec!["sts:AssumeRole", "sts:TagSession"] } else { vec!["sts:AssumeRole"] };
    User {
        what: format!("EKS Pod Identity for {}/{}", user.namespace, user.account),
        caller: Caller::Service { names: vec!["pods.eks.amazonaws.com".into()] },
        actions,
        keys,
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
    ];
    match purposes {
        [true, false, false, false, false] => {
            Some(allow(service("eks"), &["sts:AssumeRole", "sts:TagSession"], None))
        }
        [false, true, false, false, false] => Some(allow(service("ec2"), &["sts:AssumeRole"], None)),
        [false, false, true, false, false] => {
            let arn = fargate_arn(context, "*").replace("/*/*", "/*");
            let condition = json!({"ArnLike": {"aws:SourceArn": arn}});
            Some(allow(service("eks-fargate-pods"), &["sts:AssumeRole"], Some(condition)))
        }
        [false, false, false, true, false] => {
            let issuer = issuer(context).ok()?;
            let account = context.account.clone()?;
            let provider = format!("arn:{}:iam::{account}:oidc-provider/{issuer}", context.partition);
            let condition = json!({"StringEquals": {format!("{issuer}:aud"): "sts.amazonaws.com"}});
            let principal = json!({"Federated": provider});
            Some(allow(principal, &["sts:AssumeRoleWithWebIdentity"], Some(condition)))
        }
        [false, false, false, false, true] => {
            Some(allow(service("pods.eks"), &["sts:AssumeRole", "sts:TagSession"], None))
        }
        _ => None,
    }
}
