//! Whether the policy of a VPC endpoint allows what a cluster does there, as the matrix lists it.
//!
//! Who asks, and for whose things, decides most conditions. Image layers are fetched with URLs that
//! an account of ECR's signed, so that no condition on the owner's organisation or account holds for
//! them; a pod that trades its token at STS has no AWS identity yet.
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sts_vpc_endpoint_policies.html>,
//! <https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/service_owned_resources.md>

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};

use crate::catalogue::registries;
use crate::catalogue::services::{Needs, Owner, Sender, Service};
use crate::facts::base::context::Context;
use crate::facts::features::FeatureUse;
use crate::facts::iam::policy::decision::{Decision, PolicyKind, Request};
use crate::facts::iam::policy::{Caller, Carried, Keys, evaluate_text};
use crate::facts::iam::role_usage;
use crate::facts::inventory::cluster::ip_family;
use crate::facts::inventory::node_groups;
use crate::snapshot::aws::ec2::{ServiceDetail, VpcEndpoint};

use super::vpc_endpoint;

/// What an endpoint's policy does to what the cluster needs.
#[derive(Clone, Debug)]
pub(crate) struct PolicyVerdict {
    /// Whether it allows the least that the service needs.
    pub allows: Known<bool>,
    /// What decides against it.
    pub problems: Vec<String>,
    /// Whether it allows what some nodes may need besides.
    pub allows_more: Known<bool>,
    /// What that would be, and what decides against it.
    pub lacks: Vec<String>,
}

impl PolicyVerdict {
    /// The same about both.
    pub fn all(allows: Known<bool>) -> Self {
        Self { allows_more: allows.clone(), allows, problems: Vec::new(), lacks: Vec::new() }
    }
}

/// What decides which requests a cluster sends, computed once for all its endpoints.
#[derive(Debug)]
pub(crate) struct Senders<'u> {
    used: &'u BTreeMap<String, FeatureUse>,
    /// The roles of the nodes, and why there may be more.
    nodes: (BTreeSet<String>, Vec<Missing>),
    /// The roles that images are pulled with, and why there may be more.
    pullers: (BTreeSet<String>, Vec<Missing>),
    groups: node_groups::Listed,
}

impl<'u> Senders<'u> {
    /// Those of a cluster that uses these features.
    pub fn new(context: &Context<'_>, used: &'u BTreeMap<String, FeatureUse>) -> Self {
        Self {
            used,
            nodes: role_usage::of_nodes(context),
            pullers: role_usage::of_pullers(context),
            groups: node_groups::listed(context),
        }
    }
}

/// Judges the policy of an endpoint.
pub(crate) fn judge(
    context: &Context<'_>,
    senders: &Senders<'_>,
    endpoint: &VpcEndpoint,
    service: &Service,
    detail: Option<&ServiceDetail>,
) -> PolicyVerdict {
    // Some services take no policies; there is nothing to refuse.
    if detail.and_then(|detail| detail.vpc_endpoint_policy_supported) == Some(false) {
        return PolicyVerdict::all(Ok(true));
    }
    let id = &endpoint.vpc_endpoint_id;
    let Some(document) = endpoint.policy_document.as_deref().filter(|text| !text.trim().is_empty()) else {
        return PolicyVerdict::all(Err(vec![
            context.field("VpcEndpoints", &format!("PolicyDocument of {id}")),
        ]));
    };
    if service.policy.is_empty() {
        return of_whole_service(context, endpoint, document);
    }
    let (mut least, mut more) = (NeedsSum::default(), NeedsSum::default());
    for needs in &service.policy {
        let sum = if needs.optional.is_some() { &mut more } else { &mut least };
        if let Err(why) = one(context, senders, endpoint, document, needs, sum) {
            let what = format!("the policy of {id}, not in a known format: {why}");
            return PolicyVerdict::all(Err(vec![Missing::unmodelled(what)]));
        }
    }
    PolicyVerdict {
        allows: least.known(),
        problems: least.problems,
        allows_more: more.known(),
        lacks: more.problems,
    }
}

/// What is asked of a service that the matrix has no needs of is not known: a policy that allows all of it
/// will do, one that denies all of it will not, and of any other nothing can be said.
fn of_whole_service(context: &Context<'_>, endpoint: &VpcEndpoint, document: &str) -> PolicyVerdict {
    let caller = Caller::Role { account: context.account.clone(), arn: None };
    let keys = keys(context, endpoint, &caller, Owner::Own);
    let action = format!("{}:*", vpc_endpoint::suffix(endpoint).unwrap_or("*"));
    let request = Request { action: &action, resource: Some("*"), caller: &caller, keys: &keys };
    let mut verdict = PolicyVerdict::all(Ok(true));
    let unknown = |what: String| Err(vec![Missing::unmodelled(what)]);
    let id = &endpoint.vpc_endpoint_id;
    verdict.allows = match evaluate_text(PolicyKind::Endpoint, document, request) {
        Ok(Decision::Allowed) => Ok(true),
        Ok(Decision::ExplicitDeny(why)) => {
            verdict.problems.push(why);
            Ok(false)
        }
        Ok(Decision::ImplicitDeny(why) | Decision::Undecided(why)) => unknown(format!(
            "the actions within {action} that nodes need; the policy of {id} does not allow every action: {why}"
        )),
        Err(why) => unknown(format!("the policy of {id}, not in a known format: {why}")),
    };
    verdict
}

#[derive(Default)]
struct NeedsSum {
    problems: Vec<String>,
    missing: Vec<Missing>,
}

impl NeedsSum {
    fn known(&self) -> Known<bool> {
        known::disproved(!self.problems.is_empty(), self.missing.iter().cloned())
    }
}

/// Adds what the policy does to one need; an error is a document that cannot be read.
fn one(
    context: &Context<'_>,
    senders: &Senders<'_>,
    endpoint: &VpcEndpoint,
    document: &str,
    needs: &Needs,
    sum: &mut NeedsSum,
) -> Result<(), String> {
    let applies = match needs.when.as_deref() {
        Some(when) => applies(context, senders, when),
        None => Ok(true),
    };
    let (resource, mut unresolved) = match &needs.resource {
        Some(text) => fill_in(context, text),
        None => (None, Vec::new()),
    };
    if let Err(why) = &applies {
        unresolved.extend(why.clone());
    }
    for caller in callers(context, senders, needs.caller) {
        let keys = keys(context, endpoint, &caller, needs.owner);
        for action in &needs.actions {
            let request = Request { action, resource: resource.as_deref(), caller: &caller, keys: &keys };
            let decision = evaluate_text(PolicyKind::Endpoint, document, request)?;
            if applies == Ok(false) {
                continue;
            }
            let purpose = needs.optional.as_ref().map(|what| format!("{what}: ")).unwrap_or_default();
            match decision {
                Decision::Allowed => {}
                Decision::ImplicitDeny(why) | Decision::ExplicitDeny(why) if unresolved.is_empty() => {
                    let problem = format!("{purpose}{why}");
                    if !sum.problems.contains(&problem) {
                        sum.problems.push(problem);
                    }
                }
                Decision::ImplicitDeny(_) | Decision::ExplicitDeny(_) => {
                    sum.missing.extend(unresolved.clone());
                }
                Decision::Undecided(why) => sum.missing.push(Missing::unmodelled(format!(
                    "the decision of the policy of {} on {action}: {why}",
                    endpoint.vpc_endpoint_id
                ))),
            }
        }
    }
    Ok(())
}

/// Whether something that only some clusters need applies: an address family, a system of the
/// nodes, or a feature.
fn applies(context: &Context<'_>, senders: &Senders<'_>, when: &str) -> Known<bool> {
    match (senders.used.get(when), when) {
        (Some(shown), _) => shown.as_ref().map(Option::is_some).map_err(Clone::clone),
        (None, "ipv4" | "ipv6") => ip_family(context).map(|family| family.as_str() == when),
        (None, system) => of_nodes(&senders.groups, system),
    }
}

/// Whether some nodes run this system, as far as EKS says so.
fn of_nodes(listed: &node_groups::Listed, system: &str) -> Known<bool> {
    let mut missing = listed.unlisted.clone();
    for group in &listed.groups {
        match group.ami_type.as_deref() {
            Some(ami) if ami.to_ascii_lowercase().starts_with(system) => return Ok(true),
            Some("CUSTOM") | None => {
                missing.push(Missing::unmodelled(format!("the operating system of nodes of {}", group.name)));
            }
            Some(_) => {}
        }
    }
    known::proved(false, missing)
}

/// A resource with its account and region; what is not known of it stands for whatever there may be.
fn fill_in(context: &Context<'_>, text: &str) -> (Option<String>, Vec<Missing>) {
    let mut missing = Vec::new();
    let mut out = text.replace("{partition}", &context.partition);
    let region = context.region.as_deref();
    let own = |what: &str| Missing::unmodelled(format!("the {what} of the cluster"));
    let values: [(&str, Known<&str>); 5] = [
        ("{region}", region.ok_or_else(|| vec![own("region")])),
        ("{account}", context.account.as_deref().ok_or_else(|| vec![own("account")])),
        ("{cluster}", context.cluster.clone().map(|cluster| cluster.name.as_str())),
        ("{eks}", registries::eks(region)),
        ("{bottlerocket}", registries::bottlerocket(region)),
    ];
    for (placeholder, value) in values {
        if !out.contains(placeholder) {
            continue;
        }
        out = match value {
            Ok(value) => out.replace(placeholder, value),
            Err(why) => {
                missing.extend(why);
                out.replace(placeholder, "*")
            }
        };
    }
    (Some(out), missing)
}

fn callers(context: &Context<'_>, senders: &Senders<'_>, sender: Sender) -> Vec<Caller> {
    let account = context.account.clone();
    match sender {
        Sender::Role => vec![Caller::Role { account, arn: None }],
        Sender::Nodes | Sender::Pullers => {
            let pulls = sender == Sender::Pullers;
            let (arns, missing) = if pulls { &senders.pullers } else { &senders.nodes };
            let others = (!missing.is_empty() || arns.is_empty()).then_some(None);
            let arns = arns.iter().cloned().map(Some).chain(others);
            arns.map(|arn| Caller::Role { account: account.clone(), arn }).collect()
        }
        Sender::Federated => vec![Caller::Federated { provider: None }],
        Sender::Ecr => vec![Caller::OfAws { own: account }],
        Sender::Anonymous => vec![Caller::Anonymous],
    }
}

/// What a request through an endpoint carries, and what it certainly does not.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
fn keys(context: &Context<'_>, endpoint: &VpcEndpoint, caller: &Caller, owner: Owner) -> Keys {
    let mut keys = Keys::default();
    keys.value("aws:SourceVpce", &endpoint.vpc_endpoint_id);
    if let Some(vpc) = &endpoint.vpc_id {
        keys.value("aws:SourceVpc", vpc);
    }
    if let Some(region) = &context.region {
        keys.value("aws:RequestedRegion", region);
    }
    keys.value("aws:SecureTransport", "true");
    keys.value("aws:ViaAWSService", "false");
    // The first is absent behind VPC endpoints; the others are there when a service calls.
    keys.lacks(&[
        "aws:SourceIp",
        "aws:SourceArn",
        "aws:SourceAccount",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:CalledVia",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
        "aws:PrincipalServiceName",
        "aws:PrincipalServiceNamesList",
    ]);
    of_caller(&mut keys, caller);
    let theirs = |present| Carried::OfAws { own: context.account.clone(), present };
    let registry = match owner {
        Owner::Own => context.account.as_deref(),
        Owner::Eks => registries::eks(context.region.as_deref()).ok(),
        Owner::Bottlerocket => registries::bottlerocket(context.region.as_deref()).ok(),
        Owner::Aws => None,
    };
    match registry {
        Some(account) => keys.value("aws:ResourceAccount", account),
        None if owner == Owner::Own => {}
        None => keys.set("aws:ResourceAccount", theirs(true)),
    }
    if owner != Owner::Own {
        keys.set("aws:ResourceOrgID", theirs(false));
        keys.set("aws:ResourceOrgPaths", theirs(false));
    }
    keys
}

const PRINCIPAL: [&str; 5] = [
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalType",
];

fn of_caller(keys: &mut Keys, caller: &Caller) {
    match caller {
        Caller::Role { account, arn } => {
            if let Some(account) = account {
                keys.value("aws:PrincipalAccount", account);
            }
            if let Some(arn) = arn {
                keys.value("aws:PrincipalArn", arn);
            }
            keys.value("aws:PrincipalIsAWSService", "false");
            keys.value("aws:PrincipalType", "AssumedRole");
        }
        Caller::OfAws { own } => {
            let theirs = |present| Carried::OfAws { own: own.clone(), present };
            keys.set("aws:PrincipalAccount", theirs(true));
            keys.set("aws:PrincipalArn", theirs(true));
            keys.set("aws:PrincipalOrgID", theirs(false));
            keys.set("aws:PrincipalOrgPaths", theirs(false));
            // An account of ECR's signs, and not its service principal.
            keys.value("aws:PrincipalIsAWSService", "false");
        }
        Caller::Federated { .. } => {
            keys.lacks(&PRINCIPAL);
            keys.lacks(&["aws:PrincipalAccount"]);
        }
        Caller::Anonymous => {
            keys.lacks(&PRINCIPAL);
            keys.value("aws:PrincipalAccount", "anonymous");
        }
        Caller::Service { .. } => {}
    }
}

#[cfg(test)]
mod tests;
