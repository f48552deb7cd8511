//! The AWS CLI command that makes a file of a directory, with the ids that other files name.

use super::aws::Collection;
use super::contents::Snapshot;
use super::refusal::kebab;

/// The options of each collection's command: `{id}` is the id, `{cluster}`, `{region}` and so on what is known besides.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("AttachedRolePolicies", " --role-name {id}", "attached@{id}"),
    ("AvailabilityZones", " --all-availability-zones", ""),
    ("ClientVpnAuthorizationRules", " --client-vpn-endpoint-id {id}", "rules-{id}"),
    ("ClientVpnRoutes", " --client-vpn-endpoint-id {id}", "routes-{id}"),
    ("ClientVpnTargetNetworks", " --client-vpn-endpoint-id {id}", "networks-{id}"),
    ("DhcpOptions", " --dhcp-options-ids {id}", "{id}"),
    ("FirewallDomainsByList", " --firewall-domain-list-id {id}", "{id}"),
    ("FirewallRules", " --firewall-rule-group-id {id}", "{id}"),
    ("HostedZonesByVPC", " --vpc-id {id} --vpc-region {region}", "zones-{id}"),
    ("InstanceProfile", " --instance-profile-name {id}", "profile@{id}"),
    (
        "InstanceTypeOfferings",
        " --location-type availability-zone-id --filters Name=instance-type,Values={id}",
        "offerings-{id}",
    ),
    ("InstanceTypes", " --instance-types {id}", "type-{id}"),
    ("KeyMetadata", " --key-id {id}", "key-{file}"),
    ("LaunchTemplateVersions", " --launch-template-id {id}", "{id}"),
    ("OpenIDConnectProvider", " --open-id-connect-provider-arn {provider}", "provider"),
    ("Policy", " --policy-arn {id}", "policy-{file}"),
    ("PolicyVersions", " --policy-arn {id} --version-id {version}", "version@{escaped}"),
    ("PrefixListEntries", " --prefix-list-id {id}", "{id}"),
    ("ProfileResourceAssociations", " --profile-id {id}", "{id}"),
    ("ResolverEndpointIpAddresses", " --resolver-endpoint-id {id}", "{id}"),
    ("ResourceRecordSetsByZone", " --hosted-zone-id {id}", "{id}"),
    ("Role", " --role-name {id}", "role@{id}"),
    ("RolePolicies", " --role-name {role} --policy-name {policy}", "inline@{role}.{policy}"),
    ("RolePolicyNames", " --role-name {id}", "inline@{id}"),
    ("SubnetCidrReservations", " --subnet-id {id}", "{id}"),
    (
        "TransitGatewayRoutes",
        " --transit-gateway-route-table-id {id} --filters Name=type,Values=static,propagated",
        "{id}",
    ),
    ("TransitGateways", " --transit-gateway-ids {id}", "{id}"),
    ("accessEntries", " --cluster-name {cluster}", ""),
    ("accessEntry", " --cluster-name {cluster} --principal-arn {id}", "access-{file}"),
    ("addon", " --cluster-name {cluster} --addon-name {id}", "addon-{id}"),
    ("addons", " --cluster-name {cluster}", ""),
    ("association", " --cluster-name {cluster} --association-id {id}", "{id}"),
    ("associations", " --cluster-name {cluster}", ""),
    ("capabilities", " --cluster-name {cluster}", ""),
    ("capability", " --cluster-name {cluster} --capability-name {id}", "capability-{id}"),
    ("certificateAuthorities", " --cluster-name {cluster}", ""),
    ("certificateAuthority", " --cluster-name {cluster} --certificate-authority-id {id}", "authority-{id}"),
    ("cluster", " --name {id}", "cluster-{id}"),
    ("clusterVersions", " --include-all", ""),
    ("fargateProfile", " --cluster-name {cluster} --fargate-profile-name {id}", "fargate-{id}"),
    ("fargateProfileNames", " --cluster-name {cluster}", ""),
    ("insights", " --cluster-name {cluster}", ""),
    ("nodegroup", " --cluster-name {cluster} --nodegroup-name {id}", "nodegroup-{id}"),
    ("nodegroups", " --cluster-name {cluster}", ""),
    ("principalAccessPolicies", " --cluster-name {cluster} --principal-arn {id}", "policies-{file}"),
];

/// The command that makes a collection's file, for one id where the command needs one; `None` where it needs what
/// is not known.
pub(super) fn command(collection: &Collection, id: Option<&str>, snapshot: &Snapshot) -> Option<String> {
    if collection.key == "VpcAttributes" {
        let id = id?;
        let of = |attribute: &str| {
            let (region, file) = (region_option(snapshot), quoted(&format!("{id}-{attribute}.json")));
            let id = quoted(id);
            format!("aws ec2 describe-vpc-attribute --vpc-id {id} --attribute {attribute}{region} > {file}")
        };
        return Some(format!("{}` and `{}", of("enableDnsSupport"), of("enableDnsHostnames")));
    }
    let verb = kebab(collection.operation);
    let (_, options, file) = OPTIONS.iter().find(|(key, ..)| *key == collection.key).unwrap_or(&("", "", ""));
    let options = filled(options, id, snapshot)?;
    let file = if file.is_empty() {
        let plain = ["describe-", "list-", "get-"].iter().find_map(|prefix| verb.strip_prefix(prefix));
        plain.unwrap_or(&verb).to_owned()
    } else {
        filled(file, id, snapshot)?
    };
    // IAM and Route 53 have no regions, but the region says which partition is meant.
    let region = region_option(snapshot);
    Some(format!("aws {} {verb}{options}{region} > {}", collection.service, quoted(&format!("{file}.json"))))
}

/// The option for the region that was read, if one was.
pub(super) fn region_option(snapshot: &Snapshot) -> String {
    snapshot.header.region.as_ref().map(|region| format!(" --region {}", quoted(region))).unwrap_or_default()
}

/// A template with every name replaced; `None` where one is not known.
fn filled(template: &str, id: Option<&str>, snapshot: &Snapshot) -> Option<String> {
    let mut text = String::new();
    let mut rest = template;
    let is_file = !template.starts_with(' ');
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        let value = value(name, id, snapshot)?;
        text.push_str(before);
        text.push_str(&if is_file { value } else { quoted(&value) });
        rest = after;
    }
    Some(text + rest)
}

fn value(name: &str, id: Option<&str>, snapshot: &Snapshot) -> Option<String> {
    let aws = &snapshot.aws;
    let plain = |text: &str| {
        let last = text.rsplit([':', '/']).next().unwrap_or(text);
        last.replace(|c: char| !c.is_ascii_alphanumeric() && !"._-+=@".contains(c), "-")
    };
    match name {
        "id" => id.map(str::to_owned),
        "file" => id.map(plain),
        "escaped" => id.map(|id| id.replace('/', "%2F").replace(':', "%3A")),
        "role" => id?.split_once('/').map(|(role, _)| role.to_owned()),
        "policy" => id?.split_once('/').map(|(_, policy)| policy.to_owned()),
        "region" => snapshot.header.region.clone(),
        "cluster" => aws.cluster.iter().flatten().map(|cluster| cluster.name.clone()).next(),
        "version" => {
            let policy = aws.policies.iter().flatten().find(|policy| Some(policy.arn.as_str()) == id)?;
            policy.default_version_id.clone()
        }
        "provider" => {
            let known = aws.open_id_connect_providers.iter().flatten();
            known.map(|provider| &provider.arn).find(|arn| arn.ends_with(id.unwrap_or("\n"))).cloned()
        }
        _ => None,
    }
}

/// A word of a command for a shell.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:=,@%+-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
