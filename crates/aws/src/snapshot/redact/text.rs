//! Replacing inside strings: ARNs, domain names, URLs, policy documents and free text.

use serde_json::Value;

use super::addresses::Addresses;
use super::names::{Names, Rename};

/// Domains that are AWS's; what stands before them is looked at label by label.
const AWS_DOMAINS: &[&str] = &[
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "on.aws",
    "compute.internal",
    "ec2.internal",
];

/// How buckets begin that AWS serves layers and packages from.
const AWS_BUCKETS: &[&str] = &[
    "prod-",
    "amazonlinux",
    "al2023-",
    "packages.",
    "repo.",
    "amazon-ssm-",
    "aws-ssm-",
    "amazon-eks",
    "starport",
];

/// A field's value: an account, an address, an ARN, or something that stays.
pub(super) fn plain(text: &str, addresses: &Addresses, rename: Rename<'_>) -> String {
    if text.starts_with("arn:") {
        return arn(text, rename);
    }
    if let Some(address) = addresses.text(text) {
        return address;
    }
    // `328549459982:AmazonEKS`
    match text.split_once(':') {
        Some((account, rest)) if is_account(account) => format!("{}:{rest}", rename("account", account)),
        None if is_account(text) => rename("account", text),
        _ => text.to_owned(),
    }
}

/// An ARN: its account, and the names in its resource.
pub(super) fn arn(text: &str, rename: Rename<'_>) -> String {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [head, partition, service, region, account, resource] = parts[..] else { return text.to_owned() };
    let resource =
        if account == "aws" { resource.to_owned() } else { arn_resource(service, resource, rename) };
    let account = if is_account(account) { rename("account", account) } else { account.to_owned() };
    format!("{head}:{partition}:{service}:{region}:{account}:{resource}")
}

fn arn_resource(service: &str, resource: &str, rename: Rename<'_>) -> String {
    if service == "s3" {
        return bucket(resource, rename);
    }
    let segments: Vec<&str> = resource.split('/').collect();
    let (kind, rest) = match segments[..] {
        [kind, ref rest @ ..] if !rest.is_empty() => (kind, rest),
        _ if service == "iam" && resource == "root" => return resource.to_owned(),
        _ => return word("resource", resource, rename),
    };
    match (service, kind) {
        ("iam", "role") if rest.first() == Some(&"aws-service-role") => resource.to_owned(),
        // The path of a role is the owner's too, and no rule reads it.
        ("iam", "role" | "instance-profile") => {
            format!("{kind}/{}", word("role", rest.last().copied().unwrap_or_default(), rename))
        }
        ("iam", "policy") => {
            format!("{kind}/{}", word("policy", rest.last().copied().unwrap_or_default(), rename))
        }
        ("iam", "oidc-provider") => joined(kind, rest, |at, segment| match (at, segment) {
            (0, host) if AWS_DOMAINS.iter().any(|aws| host.ends_with(aws)) => host.to_owned(),
            (0, host) => rename("label", host),
            (_, "id") => segment.to_owned(),
            (_, id) => rename("host", id),
        }),
        ("iam", "user") => {
            format!("{kind}/{}", word("user", rest.last().copied().unwrap_or_default(), rename))
        }
        ("sts", "assumed-role") => {
            let kinds = ["role", "session"];
            joined(kind, rest, |at, segment| word(kinds[at.min(1)], segment, rename))
        }
        ("eks", _) => joined(kind, rest, |at, segment| match (kind, at) {
            (_, 0) => word("cluster", segment, rename),
            ("nodegroup", 1) => word("nodegroup", segment, rename),
            ("fargateprofile", 1) => word("fargate-profile", segment, rename),
            ("access-entry", 2) if is_account(segment) => rename("account", segment),
            ("access-entry", 3) => word("role", segment, rename),
            _ => segment.to_owned(),
        }),
        _ => joined(kind, rest, |_, segment| word("resource", segment, rename)),
    }
}

fn joined(kind: &str, rest: &[&str], mut replace: impl FnMut(usize, &str) -> String) -> String {
    let mut out = kind.to_owned();
    for (at, segment) in rest.iter().enumerate() {
        out.push('/');
        out.push_str(&replace(at, segment));
    }
    out
}

/// One segment: ids and wildcards stay, a trailing `*` stays behind the name's stand-in.
fn word(kind: &'static str, segment: &str, rename: Rename<'_>) -> String {
    if segment.is_empty() || segment.contains("{{") || is_resource_id(segment) {
        return segment.to_owned();
    }
    let name = segment.trim_end_matches('*');
    if name.is_empty() {
        return segment.to_owned();
    }
    format!("{}{}", rename(kind, name), &segment[name.len()..])
}

/// `bucket/key`: AWS's own buckets stay, because policies must admit them.
fn bucket(resource: &str, rename: Rename<'_>) -> String {
    let (bucket, key) =
        resource.split_once('/').map_or((resource, None), |(bucket, key)| (bucket, Some(key)));
    if AWS_BUCKETS.iter().any(|known| bucket.starts_with(known)) {
        return resource.to_owned();
    }
    let bucket = word("bucket", bucket, rename);
    match key {
        None => bucket,
        Some("*") => format!("{bucket}/*"),
        Some(key) => format!("{bucket}/{}", word("resource", key, rename)),
    }
}

/// `vpc-0abc…`, `a-x1y2`, a UUID: AWS's own word for a thing.
fn is_resource_id(segment: &str) -> bool {
    let Some((_, tail)) = segment.rsplit_once('-') else { return false };
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let uuid = segment.len() == 36 && hex(&segment.replace('-', ""));
    uuid || (segment.matches('-').count() <= 2
        && tail.len() >= 8
        && hex(tail)
        && tail.bytes().any(|byte| byte.is_ascii_digit()))
}

/// A domain name or an address; labels above AWS's domains and below any top-level domain change.
pub(super) fn domain(text: &str, addresses: &Addresses, rename: Rename<'_>) -> String {
    if let Some(address) = addresses.text(text) {
        return address;
    }
    let name = text.trim_end_matches('.');
    let dot = &text[name.len()..];
    if let Some(octets) = name.strip_suffix(".in-addr.arpa") {
        return format!("{}.in-addr.arpa{dot}", reverse_zone(octets, addresses));
    }
    let aws = AWS_DOMAINS
        .iter()
        .find(|aws| name.strip_suffix(**aws).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    if let Some(aws) = aws {
        let rest = name[..name.len() - aws.len()].trim_end_matches('.');
        if rest.is_empty() {
            return text.to_owned();
        }
        let labels: Vec<String> = rest.split('.').map(|label| aws_label(label, addresses, rename)).collect();
        return format!("{}.{aws}{dot}", labels.join("."));
    }
    // Seen as a whole, so that free text can recognise it.
    rename("domain", name);
    let Some((labels, top)) = name.rsplit_once('.') else {
        return if name.is_empty() { text.to_owned() } else { format!("{}{dot}", rename("label", name)) };
    };
    let labels: Vec<String> =
        labels
            .split('.')
            .map(|label| {
                if label.starts_with('_') || label == "*" { label.to_owned() } else { rename("label", label) }
            })
            .collect();
    format!("{}.{top}{dot}", labels.join("."))
}

/// A label of a name under AWS's domains: a cluster's host and an instance's address are its owner's.
fn aws_label(label: &str, addresses: &Addresses, rename: Rename<'_>) -> String {
    let is_host = label.len() >= 20 && label.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_host {
        // EKS writes a cluster's host in capitals; those who look it up do not.
        return rename("host", &label.to_ascii_uppercase());
    }
    host_address(label, addresses).unwrap_or_else(|| label.to_owned())
}

/// `ip-10-0-0-1`
fn host_address(label: &str, addresses: &Addresses) -> Option<String> {
    let address: std::net::IpAddr = label.strip_prefix("ip-")?.replace('-', ".").parse().ok()?;
    Some(format!("ip-{}", addresses.address(address).to_string().replace('.', "-")))
}

/// The octets of a reverse zone, last first, as a prefix.
fn reverse_zone(octets: &str, addresses: &Addresses) -> String {
    let mut forward: Vec<&str> = octets.rsplit('.').collect();
    let length = forward.len();
    forward.resize(4, "0");
    let net = format!("{}/{}", forward.join("."), length * 8);
    match net.parse().map(|net| addresses.net(net)) {
        Ok(net) => {
            let text = net.addr().to_string();
            let kept: Vec<&str> = text.split('.').take(length).collect();
            kept.into_iter().rev().collect::<Vec<_>>().join(".")
        }
        Err(_) => "0".to_owned(),
    }
}

/// `host:port`, a suffix such as `.example.com`, or a prefix of addresses.
pub(super) fn host(text: &str, addresses: &Addresses, rename: Rename<'_>) -> String {
    if let Some(address) = addresses.text(text) {
        return address;
    }
    if let Some(suffix) = text.strip_prefix('.') {
        return format!(".{}", host(suffix, addresses, rename));
    }
    // What every list has, and what Kubernetes and AWS call themselves.
    let common = ["*", "localhost", "internal", "svc", "local", "cluster.local", "svc.cluster.local"];
    if common.contains(&text) {
        return text.to_owned();
    }
    match text.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() && !name.contains(':') => {
            format!("{}:{port}", domain(name, addresses, rename))
        }
        _ => domain(text, addresses, rename),
    }
}

/// A URL: its host, and the ids in its path.
pub(super) fn url(text: &str, addresses: &Addresses, rename: Rename<'_>) -> String {
    let (scheme, rest) =
        text.split_once("://").map_or(("", text), |(_, rest)| (&text[..text.len() - rest.len()], rest));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path: Vec<String> =
        path.split('/')
            .map(|segment| {
                if segment.is_empty() || segment == "id" {
                    segment.to_owned()
                } else {
                    rename("host", segment)
                }
            })
            .collect();
    format!("{scheme}{}{}", domain(host, addresses, rename), path.join("/"))
}

/// A policy document: JSON, or text that merely looks like it.
pub(super) fn policy(
    text: &str,
    addresses: &Addresses,
    rename: Rename<'_>,
    free: &mut dyn FnMut(&str) -> Option<String>,
) -> Option<String> {
    let Ok(mut tree) = serde_json::from_str::<Value>(text) else { return free(text) };
    statement(&mut tree, "", addresses, rename, free);
    Some(tree.to_string())
}

fn statement(
    tree: &mut Value,
    key: &str,
    addresses: &Addresses,
    rename: Rename<'_>,
    free: &mut dyn FnMut(&str) -> Option<String>,
) {
    match tree {
        Value::String(text) => {
            let replaced = match key {
                "Effect" | "Action" | "NotAction" | "Version" => return,
                "Sid" | "Id" => rename("sid", text),
                key if key.eq_ignore_ascii_case("aws:PrincipalOrgID") => rename("organization", text),
                _ if text.starts_with(SERVICE_ACCOUNT) => service_account(text, rename),
                _ => {
                    let replaced = plain(text, addresses, rename);
                    if replaced == *text { free(text).unwrap_or(replaced) } else { replaced }
                }
            };
            *text = replaced;
        }
        Value::Array(items) => {
            for item in items {
                statement(item, key, addresses, rename, free);
            }
        }
        Value::Object(fields) => {
            let mut renamed = serde_json::Map::new();
            for (key, mut value) in std::mem::take(fields) {
                statement(&mut value, &key, addresses, rename, free);
                // `oidc.eks.eu-west-1.amazonaws.com/id/0A1B…:sub`
                let key = match key.rsplit_once(':') {
                    Some((issuer, claim)) if issuer.contains("/id/") => {
                        format!("{}:{claim}", url(issuer, addresses, rename))
                    }
                    _ => key,
                };
                renamed.insert(key, value);
            }
            *fields = renamed;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How a pod's token names its service account.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

fn service_account(text: &str, rename: Rename<'_>) -> String {
    let rest = &text[SERVICE_ACCOUNT.len()..];
    let (namespace, account) = rest.split_once(':').unwrap_or((rest, ""));
    let (namespace, account) =
        (word("namespace", namespace, rename), word("service-account", account, rename));
    format!("{SERVICE_ACCOUNT}{namespace}:{account}")
}

/// Free text: whatever in it is recognised as an ARN, an address, an account, a known name or domain.
pub(super) fn replace(text: &str, addresses: &Addresses, names: &Names, rename: Rename<'_>) -> String {
    if let Some(known) = names.known(text) {
        return known.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(next) = rest.chars().next() {
        let starts_word = before.is_none_or(|before| !before.is_alphanumeric());
        let (taken, replacement) = starts_word
            .then(|| recognise(rest, before, addresses, names, rename))
            .flatten()
            .unwrap_or_else(|| (next.len_utf8(), next.to_string()));
        out.push_str(&replacement);
        before = rest[..taken].chars().next_back();
        rest = &rest[taken..];
    }
    out
}

/// What the text starts with, if it is something to replace: its length and what stands for it.
fn recognise(
    rest: &str,
    before: Option<char>,
    addresses: &Addresses,
    names: &Names,
    rename: Rename<'_>,
) -> Option<(usize, String)> {
    if rest.starts_with("arn:") {
        let token =
            run(rest, |character| !character.is_whitespace() && !"\"'`,;()[]<>|\\".contains(character));
        let token = token.trim_end_matches(['.', ':', '}']);
        return Some((token.len(), arn(token, rename)));
    }
    let digits = run(rest, |character| character.is_ascii_hexdigit() || ".:/".contains(character));
    let digits = digits.trim_end_matches(['.', ':', '/']);
    let ends = |token: &str| rest[token.len()..].chars().next().is_none_or(|next| !next.is_alphanumeric());
    // `10.0.0.1:443` and `10.0.0.0/16:` too.
    let cut = [digits.len()].into_iter().chain(digits.rfind(':')).chain(digits.rfind('/'));
    for token in cut.map(|end| &digits[..end]).filter(|token| token.len() > 2 && ends(token)) {
        if let Some(address) = addresses.text(token) {
            return Some((token.len(), address));
        }
    }
    if let Some((word, replacement)) = names.at_start_of(rest) {
        return Some((word.len(), replacement.to_owned()));
    }
    let label = run(rest, |character| character.is_ascii_alphanumeric() || character == '-');
    if let Some(address) = host_address(label, addresses) {
        return Some((label.len(), address));
    }
    let host = run(rest, |character| character.is_ascii_alphanumeric() || "-_.".contains(character));
    let host = host.trim_end_matches('.');
    if host.contains('.') && names.has_domain(host) {
        return Some((host.len(), domain(host, addresses, rename)));
    }
    if is_account(label) && before != Some('-') {
        return Some((label.len(), rename("account", label)));
    }
    None
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|character| !belongs(character)).unwrap_or(text.len())]
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
