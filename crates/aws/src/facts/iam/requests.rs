//! The requests that a component sends (`rules/eks/iam.yaml`): which needs apply, their resources, and the
//! condition keys of their requests. Policies of VPC endpoints and of roles are judged for the same requests.

use std::collections::BTreeMap;

use privek_core::known::{self, Known, Missing};

use crate::catalogue::iam::{KeyValue, Need, Owner};
use crate::catalogue::{registries, services};
use crate::facts::base::context::Context;
use crate::facts::features::{self, FeatureUse};
use crate::facts::inventory::cluster::{ip_family, issuer};
use crate::facts::inventory::node_groups;
use crate::snapshot::Arn;

use super::policy::{Caller, Carried, Keys, Moments, OrganizationKey, is_account};

/// What one need asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// ARNs; `None` for actions that take no resource.
    pub resources: Vec<Option<String>>,
    /// Condition keys of the request itself.
    pub keys: Vec<(String, Carried)>,
    /// What is not known of resources and keys, which therefore have a `*`.
    pub unresolved: Vec<Missing>,
}

impl Asked {
    /// Fills in the placeholders of a need.
    pub fn of(context: &Context<'_>, need: &Need) -> Self {
        let mut unresolved = Vec::new();
        let mut resources: Vec<Option<String>> =
            need.resources.iter().map(|text| Some(fill_in(context, text, &mut unresolved))).collect();
        if resources.is_empty() {
            resources.push(None);
        }
        let filled = need.keys.iter().map(|(key, value)| {
            let key = fill_in(context, key, &mut unresolved);
            let mut fill = |text: &String| fill_in(context, text, &mut unresolved);
            let value = match value {
                KeyValue::One(value) => Carried::Values(vec![fill(value)]),
                KeyValue::Several(values) => Carried::Values(values.iter().map(fill).collect()),
                KeyValue::Perhaps { perhaps } => Carried::Perhaps(fill(perhaps)),
            };
            (key, value)
        });
        Self { keys: filled.collect(), resources, unresolved: known::joined(unresolved) }
    }
}

/// A text with its placeholders filled in; what is not known stands for whatever there may be.
fn fill_in(context: &Context<'_>, text: &str, missing: &mut Vec<Missing>) -> String {
    let mut out = text.replace("{partition}", &context.partition);
    let region = context.region.as_deref();
    let own = |what: &str| vec![Missing::unmodelled(format!("the {what} of the cluster"))];
    for placeholder in
        ["{region}", "{account}", "{vpc}", "{vpc_owner}", "{cluster}", "{eks}", "{bottlerocket}"]
    {
        if !out.contains(placeholder) {
            continue;
        }
        let value: Known<&str> = match placeholder {
            "{region}" => region.ok_or_else(|| own("region")),
            "{account}" => context.account.as_deref().ok_or_else(|| own("account")),
            "{vpc}" => context.vpc.as_deref().map_err(Clone::clone),
            "{vpc_owner}" => vpc_owner(context),
            "{cluster}" => context.cluster.clone().map(|cluster| cluster.name.as_str()),
            "{eks}" => registries::eks(region),
            _ => registries::bottlerocket(region),
        };
        out = match value {
            Ok(value) => out.replace(placeholder, value),
            Err(why) => {
                missing.extend(why);
                out.replace(placeholder, "*")
            }
        };
    }
    out
}

/// Subnets of a shared VPC are its owner's:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html>
fn vpc_owner<'s>(context: &Context<'s>) -> Known<&'s str> {
    let id = context.vpc.clone()?;
    let vpcs = context.snapshot.aws.vpcs.iter().flatten();
    let owner = vpcs.into_iter().find(|vpc| vpc.vpc_id == id).and_then(|vpc| vpc.owner_id.as_deref());
    owner.ok_or_else(|| vec![context.field("Vpcs", &format!("OwnerId of {id}"))])
}

/// What decides which needs apply, worked out once.
struct Conditions {
    used: BTreeMap<String, FeatureUse>,
    groups: node_groups::Listed,
}

/// Whether something that only some clusters need applies: an address family, a system of the nodes, or a
/// feature.
pub(crate) fn applies(context: &Context<'_>, need: &Need) -> Known<bool> {
    let Some(when) = need.when.as_deref() else { return Ok(true) };
    let conditions = context.memo.get(|| Conditions {
        used: services::matrix().map(|matrix| features::used(context, matrix)).unwrap_or_default(),
        groups: node_groups::listed(context),
    });
    match (conditions.used.get(when), when) {
        (Some(shown), _) => shown.as_ref().map(Option::is_some).map_err(Clone::clone),
        (None, "ipv4" | "ipv6") => ip_family(context).map(|family| family.as_str() == when),
        (None, system) => of_nodes(&conditions.groups, system),
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

/// What every request of a caller carries, and what it certainly does not.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
pub(crate) fn of_caller(context: &Context<'_>, caller: &Caller) -> Keys {
    let mut keys = Keys::default();
    if let Some(region) = &context.region {
        keys.value("ec2:Region", region);
    }
    keys.value("aws:SecureTransport", "true");
    keys.value("aws:ViaAWSService", "false");
    // Only a request that a service makes has these.
    keys.lacks(&[
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
    if let Ok(now) = context.as_of() {
        let now = Carried::Moments(Moments { from: now, to: now });
        keys.set("aws:CurrentTime", now.clone());
        keys.set("aws:EpochTime", now);
    }
    principal(context, &mut keys, caller);
    keys
}

/// What a request says about who sends it, and nothing else.
pub(crate) fn of_principal(context: &Context<'_>, caller: &Caller) -> Keys {
    let mut keys = Keys::default();
    principal(context, &mut keys, caller);
    keys
}

/// No credentials of a role live longer:
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>.
const LONGEST_SESSION: i64 = 36 * 60 * 60;

const PRINCIPAL: [&str; 5] = [
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalType",
];

fn principal(context: &Context<'_>, keys: &mut Keys, caller: &Caller) {
    match caller {
        Caller::Role { account, arn } => {
            if let Some(account) = account {
                keys.value("aws:PrincipalAccount", account);
            }
            if account.is_some() && *account == context.account {
                keys.set("aws:PrincipalOrgID", Carried::OwnOrganization(OrganizationKey::Id));
                keys.set("aws:PrincipalOrgPaths", Carried::OwnOrganization(OrganizationKey::Paths));
            }
            if let Ok(now) = context.as_of() {
                let issued = Moments { from: now - LONGEST_SESSION, to: now };
                keys.set("aws:TokenIssueTime", Carried::Moments(issued));
            }
            if let Some(arn) = arn {
                keys.value("aws:PrincipalArn", arn);
            }
            keys.value("aws:PrincipalIsAWSService", "false");
            keys.value("aws:PrincipalType", "AssumedRole");
            // Only a user has a name.
            keys.lacks(&["aws:username"]);
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
            keys.lacks(&["aws:PrincipalAccount", "aws:TokenIssueTime"]);
            token(context, keys);
        }
        Caller::Anonymous => {
            keys.lacks(&PRINCIPAL);
            keys.lacks(&["aws:TokenIssueTime"]);
            keys.value("aws:PrincipalAccount", "anonymous");
        }
        Caller::Service { .. } => keys.value("aws:PrincipalIsAWSService", "true"),
    }
}

/// What the token of a service account brings: the keys of the cluster's issuer, and none of other issuers'.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif>
fn token(context: &Context<'_>, keys: &mut Keys) {
    let Ok(issuer) = issuer(context) else { return };
    keys.value(&format!("{issuer}:aud"), "sts.amazonaws.com");
    keys.value(&format!("{issuer}:sub"), "system:serviceaccount:*:*");
    keys.only_issuer(&issuer);
}

/// A pod with a token of the cluster's identity provider.
pub(crate) fn federated(context: &Context<'_>) -> Caller {
    let provider = issuer(context).ok().zip(context.account.as_ref());
    let provider = provider
        .map(|(issuer, account)| format!("arn:{}:iam::{account}:oidc-provider/{issuer}", context.partition));
    Caller::Federated { provider }
}

/// The region that requests for an action are made to: global services have one of their own
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-requested-region.html>).
fn region_of<'c>(context: &'c Context<'_>, action: &str) -> Option<&'c str> {
    let prefix = action.split(':').next();
    let matrix = services::matrix().ok()?;
    let mut homes = matrix.services.iter().filter(|(suffix, one)| Some(one.prefix(suffix)) == prefix);
    let home = homes.find_map(|(_, one)| one.home.get(&context.partition));
    home.map(String::as_str).or(context.region.as_deref())
}

/// Adds what every request for an action carries, whatever the resource.
pub(crate) fn of_action(context: &Context<'_>, keys: &mut Keys, action: &str) {
    if let Some(region) = region_of(context, action) {
        keys.value("aws:RequestedRegion", region);
    }
}

/// Adds what one need's request carries: its own keys, and whose the resource is.
pub(crate) fn of_request(
    context: &Context<'_>,
    keys: &mut Keys,
    (action, resource): (&str, Option<&str>),
    (owner, own): (Owner, &[(String, Carried)]),
) {
    of_action(context, keys, action);
    let theirs = |present| Carried::OfAws { own: context.account.clone(), present };
    let account = match owner {
        Owner::Own => of_arn(context, resource),
        Owner::Eks => registries::eks(context.region.as_deref()).ok(),
        Owner::Bottlerocket => registries::bottlerocket(context.region.as_deref()).ok(),
        Owner::Aws => None,
    };
    // S3 has a key of its own for the same, older than the global one:
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    for key in ["aws:ResourceAccount", "s3:ResourceAccount"] {
        match account {
            Some(account) => keys.value(key, account),
            None if owner == Owner::Own => {}
            None => keys.set(key, theirs(true)),
        }
    }
    let organization = |which| match owner {
        // The owner of a shared VPC may be in another organization, or the same.
        Owner::Own => (account.is_some() && account == context.account.as_deref())
            .then_some(Carried::OwnOrganization(which)),
        Owner::Eks | Owner::Bottlerocket | Owner::Aws => Some(theirs(false)),
    };
    let of = [("aws:ResourceOrgID", OrganizationKey::Id), ("aws:ResourceOrgPaths", OrganizationKey::Paths)];
    for (key, which) in of {
        if let Some(organization) = organization(which) {
            keys.set(key, organization);
        }
    }
    for (key, value) in own {
        keys.set(key, value.clone());
    }
}

/// The account that owns a resource of the cluster: the one in the ARN, or this account's where an ARN has none.
/// `None`: the ARN does not say so.
fn of_arn<'a>(context: &'a Context<'_>, resource: Option<&'a str>) -> Option<&'a str> {
    match resource.and_then(Arn::parse).map(|arn| arn.account) {
        Some("") | None => context.account.as_deref(),
        Some(account) => is_account(account).then_some(account),
    }
}

/// A caller with a role.
pub(crate) fn role(context: &Context<'_>, arn: &str) -> Caller {
    let account = Arn::parse(arn).map(|parts| parts.account.to_owned()).filter(|account| !account.is_empty());
    Caller::Role { account: account.or_else(|| context.account.clone()), arn: Some(arn.to_owned()) }
}
