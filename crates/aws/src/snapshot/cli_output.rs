//! One file of AWS CLI output: its top-level key says what it is.
//!
//! Some outputs do not say what they belong to (prefix list entries, resolver endpoint addresses,
//! transit gateway routes, hosted zones of a VPC, records of a zone, domains of a DNS Firewall's list, subnet
//! CIDR reservations where there are none); for them the file's name, or a folder's, contains the id. A role's or a policy's name follows an `@`
//! there, because it may be anything: `attached@eks-node.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::aws::{Aws, COLLECTIONS, ec2, eks, iam, route53, route53resolver};
use super::error::SnapshotError;
use super::identity::check_ids;
use super::json::{JsonKind, typed};
use super::transit_propagations::TableLists;

/// What one file adds.
#[derive(Debug, Default)]
pub(super) struct OutputPart {
    /// The items.
    pub aws: Aws,
    /// The `NextToken`, where this file is one page only.
    pub token: Option<String>,
    /// The account that `aws sts get-caller-identity` named.
    pub account: Option<String>,
    /// When and where the printed commands were run.
    pub run: Option<CommandsRun>,
    /// Transit gateway route tables in two lists.
    pub tables: TableLists,
    /// What `describe-prefix-lists` says, used for lists that nothing else describes.
    pub aws_prefix_lists: Vec<AwsPrefixList>,
}

/// One list of `aws ec2 describe-prefix-lists`, which shares its key with `describe-managed-prefix-lists`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AwsPrefixList {
    pub prefix_list_id: String,
    pub prefix_list_name: Option<String>,
    pub cidrs: Vec<String>,
}

/// What the script of `snapshot --commands` notes about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct CommandsRun {
    pub collected_at: Option<String>,
    pub region: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AwsPrefixLists {
    prefix_lists: Vec<AwsPrefixList>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CallerIdentity {
    account: String,
}

/// Parses AWS CLI output; `None` if it is nothing that is read.
pub(super) fn parse(
    name: &str,
    text: &str,
    keys: &BTreeMap<String, JsonKind>,
) -> Result<Option<OutputPart>, SnapshotError> {
    let mut part = OutputPart::default();
    let mut found = false;
    let foreign: Vec<&str> = COLLECTIONS
        .iter()
        .map(|collection| collection.key)
        .filter(|key| keys.get(*key).is_some_and(|kind| is_foreign(key, kind)))
        .collect();
    let here = |key: &str| !matches!(keys.get(key), None | Some(JsonKind::Null)) && !foreign.contains(&key);

    if COLLECTIONS.iter().any(|collection| here(collection.key)) {
        part.aws = collections(name, text, &foreign)?;
        // What EC2 answers without is absent, not unread.
        let versions = part.aws.launch_template_versions.iter_mut().flatten();
        for data in versions.filter_map(|version| version.launch_template_data.as_mut()) {
            data.user_data.get_or_insert_default();
        }
        found = true;
    }
    if foreign.contains(&"PrefixLists") {
        part.aws_prefix_lists = typed::<AwsPrefixLists>(name, text)?.prefix_lists;
        found = true;
    }
    if here("VpcId") && (here("EnableDnsSupport") || here("EnableDnsHostnames")) {
        part.aws.vpc_attributes = Some(vec![typed::<ec2::VpcAttribute>(name, text)?]);
        found = true;
    }
    if here("principalArn") && here("associatedAccessPolicies") {
        let policies: eks::PrincipalAccessPolicies = typed(name, text)?;
        part.aws.principal_access_policies = Some(vec![policies]);
        found = true;
    }
    if here("Account") && here("Arn") && here("UserId") {
        part.account = Some(typed::<CallerIdentity>(name, text)?.account);
        found = true;
    }
    if here("collected_at") && here("commands_of") {
        part.run = Some(typed(name, text)?);
        found = true;
    }
    if here("TransitGatewayStaticRoutes") || here("TransitGatewayPropagations") {
        part.tables = typed(name, text)?;
        found = true;
    }
    found |= named(name, text, keys, &mut part)?;
    if !found {
        return Ok(None);
    }
    check_ids(name, &part.aws)?;
    let tokens = ["NextToken", "nextToken", "NextRecordName", "Marker", "NextMarker"];
    part.token = tokens.iter().find_map(|key| match keys.get(*key) {
        Some(JsonKind::Text(token)) if !token.is_empty() => Some(token.clone()),
        _ => None,
    });
    Ok(Some(part))
}

/// Another output of AWS's under a key of ours.
fn is_foreign(key: &str, kind: &JsonKind) -> bool {
    match key {
        // `describe-addon-versions` lists objects where `list-addons` lists names.
        "addons" | "nodegroups" | "fargateProfileNames" | "accessEntries" => kind.is_list_of_objects(),
        "associations" => !kind.could_list("associationId"),
        // Systems Manager's and others' outputs have these keys too.
        "association" => !kind.could_hold("associationId"),
        "capabilities" => !kind.could_list("capabilityName"),
        "capability" => !kind.could_hold("capabilityName"),
        "insights" => !kind.could_list("insightStatus"),
        "certificateAuthority" => !kind.could_hold("id"),
        "PrefixLists" => kind.could_list("Cidrs") && *kind != JsonKind::List(None),
        // Buckets, functions and queues have policies too, as texts.
        "Policy" => !kind.has("Arn"),
        "Role" => !kind.has("RoleName"),
        "InstanceProfile" => !kind.has("InstanceProfileName"),
        _ => false,
    }
}

fn collections(name: &str, text: &str, foreign: &[&str]) -> Result<Aws, SnapshotError> {
    if foreign.is_empty() {
        return typed(name, text);
    }
    let mut tree: Value = typed(name, text)?;
    if let Some(object) = tree.as_object_mut() {
        object.retain(|key, _| !foreign.contains(&key.as_str()));
    }
    typed(name, &tree.to_string())
}

/// Outputs whose id is in the file's name.
fn named(
    name: &str,
    text: &str,
    keys: &BTreeMap<String, JsonKind>,
    part: &mut OutputPart,
) -> Result<bool, SnapshotError> {
    let could = |key: &str, member: &str| keys.get(key).is_some_and(|kind| kind.could_list(member));
    let mut found = false;
    if could("Entries", "Cidr") {
        let mut entries: ec2::PrefixListEntries = typed(name, text)?;
        entries.prefix_list_id = id_in_name(name, "Entries", &["pl-"], "0abc")?;
        part.aws.prefix_list_entries = Some(vec![entries]);
        found = true;
    }
    if could("IpAddresses", "IpId") {
        let mut addresses: route53resolver::ResolverEndpointIpAddresses = typed(name, text)?;
        addresses.resolver_endpoint_id =
            id_in_name(name, "IpAddresses", &["rslvr-in-", "rslvr-out-"], "0abc")?;
        part.aws.resolver_endpoint_ip_addresses = Some(vec![addresses]);
        found = true;
    }
    if could("HostedZoneSummaries", "HostedZoneId") {
        let mut zones: route53::HostedZonesByVpc = typed(name, text)?;
        zones.vpc_id = id_in_name(name, "HostedZoneSummaries", &["vpc-"], "0abc")?;
        part.aws.hosted_zones_by_vpc = Some(vec![zones]);
        found = true;
    }
    if could("ResourceRecordSets", "Name") {
        let mut records: route53::ResourceRecordSetsByZone = typed(name, text)?;
        records.hosted_zone_id = id_in_name(name, "ResourceRecordSets", &["Z"], "0ABC")?;
        records.retain_addresses();
        part.aws.resource_record_sets_by_zone = Some(vec![records]);
        found = true;
    }
    // Other services have domains too, but as objects, or none.
    if let Some(JsonKind::List(first)) = keys.get("Domains") {
        let id = id_in_name(name, "Domains", &["rslvr-fdl-"], "0abc");
        let is_firewalls = match first.as_deref() {
            Some(first) => matches!(first, JsonKind::Text(_)),
            None => id.is_ok(),
        };
        if is_firewalls {
            let mut domains: route53resolver::FirewallDomains = typed(name, text)?;
            domains.firewall_domain_list_id = id?;
            part.aws.firewall_domains = Some(vec![domains]);
            found = true;
        }
    }
    if matches!(keys.get("SubnetIpv4CidrReservations"), Some(JsonKind::List(_))) {
        let mut reservations: ec2::SubnetCidrReservations = typed(name, text)?;
        let (v4, v6) =
            (&reservations.subnet_ipv4_cidr_reservations, &reservations.subnet_ipv6_cidr_reservations);
        reservations.subnet_id = match v4.iter().chain(v6).find_map(|one| one.subnet_id.clone()) {
            Some(subnet) => subnet,
            None => id_in_name(name, "SubnetIpv4CidrReservations", &["subnet-"], "0abc")?,
        };
        part.aws.subnet_cidr_reservations = Some(vec![reservations]);
        found = true;
    }
    if keys.get("AuthorizationRules").is_some_and(|kind| kind.could_list("DestinationCidr")) {
        let mut rules: ec2::ClientVpnAuthorizationRules = typed(name, text)?;
        let its = rules.authorization_rules.iter().find_map(|rule| rule.client_vpn_endpoint_id.clone());
        rules.client_vpn_endpoint_id = match its {
            Some(endpoint) => endpoint,
            None => id_in_name(name, "AuthorizationRules", &["cvpn-endpoint-"], "0abc")?,
        };
        part.aws.client_vpn_authorization_rules = Some(vec![rules]);
        found = true;
    }
    // Without routes nothing but the file's name says that they would be those of a Client VPN endpoint.
    if keys.get("Routes").is_some_and(|kind| kind.could_list("ClientVpnEndpointId")) {
        let mut routes: ec2::ClientVpnRoutes = typed(name, text)?;
        let its = routes.routes.iter().find_map(|route| route.client_vpn_endpoint_id.clone());
        let of = its.map_or_else(|| id_in_name(name, "Routes", &["cvpn-endpoint-"], "0abc"), Ok);
        if let Ok(endpoint) = of {
            routes.client_vpn_endpoint_id = endpoint;
            part.aws.client_vpn_routes = Some(vec![routes]);
            found = true;
        }
    }
    // Local gateways and Client VPN endpoints have `Routes` too. An AWS CLI that joins all pages of routes leaves out
    // whether there are more.
    let is_transit = match keys.get("Routes") {
        Some(kind @ JsonKind::List(first)) => {
            let is_named = id_in_name(name, "Routes", &["tgw-rtb-"], "0abc").is_ok();
            let others = ["LocalGatewayRouteTableId", "ClientVpnEndpointId"];
            let is_other = first.is_some() && others.iter().any(|member| kind.could_list(member));
            keys.contains_key("AdditionalRoutesAvailable")
                || !is_other && (is_named || first.is_some() && kind.could_list("TransitGatewayAttachments"))
        }
        _ => false,
    };
    if is_transit {
        let mut routes: ec2::TransitGatewayRoutes = typed(name, text)?;
        routes.transit_gateway_route_table_id = id_in_name(name, "Routes", &["tgw-rtb-"], "0abc")?;
        part.aws.transit_gateway_routes = Some(vec![routes]);
        found = true;
    }
    Ok(found | of_iam(name, text, keys, part)?)
}

/// IAM's outputs that leave out whose they are.
fn of_iam(
    name: &str,
    text: &str,
    keys: &BTreeMap<String, JsonKind>,
    part: &mut OutputPart,
) -> Result<bool, SnapshotError> {
    let is_text = |key: &str| matches!(keys.get(key), Some(JsonKind::Text(_)));
    let mut found = false;
    if keys.get("AttachedPolicies").is_some_and(|kind| kind.could_list("PolicyArn")) {
        let mut attached: iam::AttachedRolePolicies = typed(name, text)?;
        attached.role_name = name_in_name(name, "AttachedPolicies")?;
        part.aws.attached_role_policies = Some(vec![attached]);
        found = true;
    }
    if is_text("RoleName") && is_text("PolicyName") && keys.contains_key("PolicyDocument") {
        part.aws.role_policies = Some(vec![typed(name, text)?]);
        found = true;
    }
    if matches!(keys.get("PolicyNames"), Some(JsonKind::List(_))) && !is_text("RoleName") {
        let mut names: iam::RolePolicyNames = typed(name, text)?;
        names.role_name = name_in_name(name, "PolicyNames")?;
        part.aws.role_policy_names = Some(vec![names]);
        found = true;
    }
    if keys.get("PolicyVersion").is_some_and(|kind| kind.has("Document")) {
        let mut version = typed::<WrappedPolicyVersion>(name, text)?.policy_version;
        version.policy_arn = name_in_name(name, "PolicyVersion")?;
        part.aws.policy_versions = Some(vec![version]);
        found = true;
    }
    if is_text("Url") && keys.contains_key("ClientIDList") {
        part.aws.open_id_connect_provider = Some(vec![typed(name, text)?]);
        found = true;
    }
    Ok(found)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrappedPolicyVersion {
    policy_version: iam::PolicyVersion,
}

/// The name after the `@` in a file's name; an ARN's `/` and `:` stand there as `%2F` and `%3A`.
fn name_in_name(path: &str, key: &'static str) -> Result<String, SnapshotError> {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    match stem.split_once('@') {
        Some((_, name)) if !name.is_empty() => Ok(name.replace("%2F", "/").replace("%3A", ":")),
        _ => Err(SnapshotError::NoIdInName {
            path: path.to_owned(),
            key,
            example: "attached@eks-node.json".to_owned(),
        }),
    }
}

/// The id in a file's name, or in the nearest folder's that has one.
fn id_in_name(
    name: &str,
    key: &'static str,
    prefixes: &[&str],
    example: &str,
) -> Result<String, SnapshotError> {
    name.rsplit(['/', '\\'])
        .find_map(|segment| prefixes.iter().find_map(|prefix| id_in(segment, prefix)))
        .ok_or_else(|| SnapshotError::NoIdInName {
            path: name.to_owned(),
            key,
            example: prefixes
                .iter()
                .map(|prefix| format!("{prefix}{example}.json"))
                .collect::<Vec<_>>()
                .join(" or "),
        })
}

fn id_in(segment: &str, prefix: &str) -> Option<String> {
    segment.match_indices(prefix).find_map(|(at, _)| {
        let starts = segment[..at].chars().next_back().is_none_or(|before| !before.is_ascii_alphanumeric());
        let rest: String =
            segment[at + prefix.len()..].chars().take_while(char::is_ascii_alphanumeric).collect();
        // `pl-entries.json` names no list: AWS's ids have digits.
        (starts && rest.contains(|character: char| character.is_ascii_digit()))
            .then(|| format!("{prefix}{rest}"))
    })
}
