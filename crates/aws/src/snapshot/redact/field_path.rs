//! Which strings of a snapshot are names, and of what.

use serde_json::{Map, Value};

use super::addresses::Addresses;
use super::names::Rename;
use super::text::{arn, domain, host, plain, policy, url};
use crate::snapshot::user_data::{ca_fingerprints, redacted_ca};

/// The place of a string in a snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FieldPath<'a> {
    /// The snapshot's top-level key.
    collection: &'a str,
    /// The key of the object or list that holds the field's object.
    parent: &'a str,
    /// The field's key; a member of a list has its list's.
    key: &'a str,
    /// How the string is written in a map of tags or labels.
    role: TagPart,
}

/// Whether a string is an ordinary field or part of a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum TagPart {
    #[default]
    Field,
    TagKey,
    TagValue,
}

/// Shows every string that could hold something to replace.
pub(super) fn walk(tree: &mut Value, visit: &mut dyn FnMut(FieldPath<'_>, &mut String)) {
    let Value::Object(fields) = tree else { return };
    for (key, value) in fields {
        descend(value, FieldPath { collection: key, parent: key, key, role: TagPart::Field }, visit);
    }
}

fn descend(value: &mut Value, path: FieldPath<'_>, visit: &mut dyn FnMut(FieldPath<'_>, &mut String)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(items) => {
            for item in items {
                descend(item, path, visit);
            }
        }
        Value::Object(fields) if matches!(path.key, "tags" | "labels") => {
            let mut renamed = Map::new();
            for (mut key, mut value) in std::mem::take(fields) {
                visit(FieldPath { role: TagPart::TagKey, ..path }, &mut key);
                descend(&mut value, FieldPath { role: TagPart::TagValue, ..path }, visit);
                renamed.insert(key, value);
            }
            *fields = renamed;
        }
        // A policy document is replaced as a whole, its keys included.
        Value::Object(_)
            if matches!(path.key, "AssumeRolePolicyDocument" | "Document" | "PolicyDocument") =>
        {
            let mut text = value.to_string();
            visit(path, &mut text);
            *value = serde_json::from_str(&text).unwrap_or_default();
        }
        Value::Object(fields) => {
            let is_tag = matches!(path.key, "Tags" | "TagSet");
            for (key, value) in fields {
                let role = match key.as_str() {
                    "Key" if is_tag => TagPart::TagKey,
                    "Value" if is_tag => TagPart::TagValue,
                    _ => TagPart::Field,
                };
                descend(value, FieldPath { parent: path.key, key, role, ..path }, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands for the string at a place; `free` replaces text in which names are only words.
pub(super) fn replace(
    path: FieldPath<'_>,
    text: &str,
    addresses: &Addresses,
    rename: Rename<'_>,
    free: &mut dyn FnMut(&str) -> Option<String>,
) -> Option<String> {
    match path.role {
        TagPart::TagKey => return Some(tag_key(text, rename)),
        TagPart::TagValue if path.key == "labels" => return Some(rename("pod-label", text)),
        TagPart::TagValue => return Some(rename("value", text)),
        TagPart::Field => {}
    }
    if let Some(kind) = kind_of(path) {
        if kind == "security-group"
            && let Some(rest) = text.strip_prefix(MADE_BY_EKS)
        {
            return Some(cluster_security_group(rest, rename));
        }
        return Some(if text.starts_with("arn:") { arn(text, rename) } else { rename(kind, text) });
    }
    match (path.collection, path.key) {
        ("snapshot_version" | "provider" | "collected_at" | "region", _)
        | ("observations", "at" | "of" | "variable" | "outcome" | "transport" | "kind")
        | ("gaps", "service" | "operation" | "region" | "code" | "permission")
        | ("addon" | "addons", "addonName" | "addons")
        | ("insights", "name")
        | ("addon", "publisher" | "productId" | "productUrl") => None,
        ("observations", "server") if text == "system" => None,
        ("left_out", "file") => Some(rename("file", text)),
        ("scope" | "gaps" | "left_out", _)
        | ("observations", "detail")
        | (
            _,
            "resourceIds"
            | "message"
            | "reason"
            | "Message"
            | "FailureReason"
            | "StatusMessage"
            | "configurationValues",
        ) => free(text),
        (_, "Description" | "description") => description(text, rename, free),
        ("observations", "name" | "names" | "aliases")
        | (_, "DomainName" | "PrivateDnsName")
        | ("HostedZonesByVPC", "Name")
        | ("ResourceRecordSetsByZone", "Name" | "Value" | "DNSName")
        | ("FirewallDomainsByList", "Domains")
        | ("FirewallRules", "BlockOverrideDomain")
        | ("pullThroughCacheRules", "upstreamRegistryUrl") => Some(domain(text, addresses, rename)),
        ("observations", "proxy") | ("cluster", "endpoint" | "issuer") | (_, "ApiServerEndpoint" | "Url") => {
            Some(url(text, addresses, rename))
        }
        // Whether a template's CA is the cluster's is still to be seen.
        ("cluster", "data") => {
            let prints = ca_fingerprints(text);
            Some(redacted_ca(&prints.iter().map(|print| rename("ca", print)).collect::<Vec<_>>()))
        }
        (_, "CaFingerprints") => Some(rename("ca", text)),
        ("observations", "server") | (_, "NoProxy" | "HttpProxies" | "HttpsProxies") => {
            Some(host(text, addresses, rename))
        }
        (_, "AssumeRolePolicyDocument" | "Document" | "PolicyDocument") => {
            policy(text, addresses, rename, free)
        }
        ("DhcpOptions", "Value") => Some(dhcp(text, addresses, rename)),
        _ => Some(plain(text, addresses, rename)),
    }
}

/// The kind of name that stands at a place, if it is one.
fn kind_of(path: FieldPath<'_>) -> Option<&'static str> {
    if path.collection == "readers" {
        return Some("account");
    }
    if path.collection == "scope" {
        return read_for_a_cluster(path.key).then_some("cluster");
    }
    Some(match (path.collection, path.parent, path.key) {
        ("cluster", "cluster", "name") | (_, _, "clusterName" | "ClusterName") => "cluster",
        (_, _, "nodegroupName" | "nodegroups") => "nodegroup",
        (_, _, "fargateProfileName" | "fargateProfileNames") => "fargate-profile",
        (_, "autoScalingGroups", "name") | (_, _, "AutoScalingGroupName") => "asg",
        ("nodegroup", "launchTemplate", "name") | (_, _, "LaunchTemplateName") => "launch-template",
        ("observations", "vantage", "name") => "vantage",
        ("observations", _, "issuer") => "issuer",
        (_, _, "LaunchConfigurationName") => "launch-configuration",
        (_, _, "RoleName") => "role",
        (_, _, "InstanceProfileName") | (_, "IamInstanceProfile", "Name" | "Arn") => "instance-profile",
        (_, _, "PolicyName" | "PolicyNames" | "PolicyArn") => "policy",
        (_, _, "ec2SshKey") => "key-pair",
        (_, _, "username") => "user",
        (_, _, "kubernetesGroups") => "group",
        (_, _, "namespace" | "namespaces") => "namespace",
        ("capability" | "capabilities", _, "capabilityName") => "capability",
        ("pullThroughCacheRules", _, "ecrRepositoryPrefix" | "upstreamRepositoryPrefix") => "repository",
        ("KeyMetadata", _, "KeyId")
        | ("LaunchTemplateVersions", "Ebs", "KmsKeyId")
        | (_, _, "FirewallArn") => "resource",
        (_, _, "serviceAccount") => "service-account",
        (_, _, "GroupName") | ("LaunchTemplateVersions", _, "SecurityGroups") => "security-group",
        (_, _, "PrefixListName") => "prefix-list",
        ("FirewallDomainLists" | "FirewallRules" | "ResolverEndpoints" | "ResolverRules", _, "Name")
        | ("ResourceRecordSetsByZone", _, "SetIdentifier" | "LocationName") => "resolver",
        _ => return None,
    })
}

/// Whether the scope of this collection holds clusters: EKS's own collections, and what is found by the
/// cluster's tag.
fn read_for_a_cluster(collection: &str) -> bool {
    collection.starts_with(|first: char| first.is_ascii_lowercase())
        || matches!(collection, "AutoScalingGroups" | "Reservations")
}

/// How EKS begins the name of the security group that it makes for a cluster; the cluster's name and a
/// number follow. <https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>
const MADE_BY_EKS: &str = "eks-cluster-sg-";

fn cluster_security_group(rest: &str, rename: Rename<'_>) -> String {
    match rest.rsplit_once('-') {
        Some((cluster, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{MADE_BY_EKS}{}-{number}", rename("cluster", cluster))
        }
        _ => format!("{MADE_BY_EKS}{}", rename("cluster", rest)),
    }
}

/// Tag keys that tools agree on stay, because rules read them; the cluster's name in them does not.
fn tag_key(key: &str, rename: Rename<'_>) -> String {
    for prefix in ["kubernetes.io/cluster/", "k8s.io/cluster-autoscaler/", "k8s.io/cluster/"] {
        let Some(rest) = key.strip_prefix(prefix) else { continue };
        if rest != "enabled" && !rest.starts_with("node-template/") {
            return format!("{prefix}{}", rename("cluster", rest));
        }
        return key.to_owned();
    }
    let (domain, rest) = key.split_once('/').unwrap_or(("", key));
    let agreed = ["kubernetes.io", "k8s.io", "k8s.aws", "karpenter.sh", "eksctl.io", "eks.amazonaws.com"]
        .iter()
        .any(|known| domain == *known || domain.strip_suffix(known).is_some_and(|sub| sub.ends_with('.')));
    let aws = ["aws:", "eks:", "k8s:"].iter().any(|known| key.starts_with(known));
    let well_known = domain.is_empty() && matches!(rest, "Name" | "app" | "k8s-app" | "component");
    if agreed || aws || well_known { key.to_owned() } else { rename("tag", key) }
}

/// Descriptions that AWS writes say what a thing is; all others are the owner's words.
fn description(
    text: &str,
    rename: Rename<'_>,
    free: &mut dyn FnMut(&str) -> Option<String>,
) -> Option<String> {
    if let Some(cluster) = text.strip_prefix("Amazon EKS ") {
        return Some(format!("Amazon EKS {}", rename("cluster", cluster)));
    }
    if let Some(balancer) = text.strip_prefix("ELB ") {
        let parts: Vec<String> = balancer
            .split('/')
            .map(|part| match part {
                "app" | "net" | "gwy" => part.to_owned(),
                hash if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                    hash.to_owned()
                }
                name => rename("load-balancer", name),
            })
            .collect();
        return Some(format!("ELB {}", parts.join("/")));
    }
    let by_aws = [
        "VPC Endpoint Interface ",
        "Interface for NAT Gateway ",
        "Network Interface for Transit Gateway Attachment ",
        "Route 53 Resolver: ",
        "aws-K8S-",
        "aws-k8s-branch-eni",
        "aws-k8s-trunk-eni",
        "EKS created security group applied to ENI",
        "EFS mount target for ",
        "default VPC security group",
    ];
    if by_aws.iter().any(|known| text.starts_with(known)) {
        return free(text);
    }
    Some(rename("description", text))
}

/// A DHCP option: addresses, `AmazonProvidedDNS`, numbers or domain names.
fn dhcp(text: &str, addresses: &Addresses, rename: Rename<'_>) -> String {
    let replaced: Vec<String> = text
        .split(' ')
        .map(|word| {
            if word == "AmazonProvidedDNS" || word.bytes().all(|byte| byte.is_ascii_digit()) {
                word.to_owned()
            } else {
                domain(word, addresses, rename)
            }
        })
        .collect();
    replaced.join(" ")
}
