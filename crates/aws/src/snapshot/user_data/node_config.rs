//! `NodeConfig` of nodeadm: <https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/>

use serde_json::Value;

use super::proxy;
use super::settings::{Bootstrap, NodeAgent};
use super::value::{self, Given};

/// Whether a text without MIME is a `NodeConfig`.
pub(super) fn is_one(text: &str) -> bool {
    let says = |line: &str| {
        let value = line.trim().strip_prefix("apiVersion:").map(|rest| rest.trim().trim_matches(['"', '\'']));
        value.is_some_and(|value| value.starts_with("node.eks.aws/"))
    };
    text.lines().any(says)
}

/// Merges the parts as nodeadm does, later ones over earlier ones, and takes over what rules need.
pub(super) fn take(texts: &[String], found: &mut Bootstrap) {
    if texts.is_empty() {
        return;
    }
    found.agent(NodeAgent::Nodeadm);
    let mut merged = Value::Null;
    for text in texts {
        if documents(text) > 1 {
            found.not_understood("a NodeConfig part with several documents, of which nodeadm reads one");
        }
        match parse(text) {
            Some(config) => merge(&mut merged, config, ""),
            None => found.not_understood("a NodeConfig that is no YAML of its kind"),
        }
    }
    read(&merged["spec"], found);
}

fn documents(text: &str) -> usize {
    text.split("\n---").filter(|document| !document.trim().trim_start_matches('-').trim().is_empty()).count()
}

fn parse(text: &str) -> Option<Value> {
    // The first document only.
    let body = text.trim_start();
    let body = body.strip_prefix("---").unwrap_or(body);
    let first = body.split("\n---").next().unwrap_or_default();
    let config: Value = serde_saphyr::from_str(first).ok()?;
    let right = config["apiVersion"].as_str().is_some_and(|version| version.starts_with("node.eks.aws/"))
        && config["kind"].as_str() == Some("NodeConfig");
    right.then_some(config)
}

/// Objects are merged and scalars replaced; kubelet's flags are added to those before.
fn merge(into: &mut Value, from: Value, key: &str) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value, &key);
            }
        }
        (Value::Array(into), Value::Array(from)) if key == "flags" => into.extend(from),
        (_, Value::Null) => {}
        (_, Value::String(text)) if text.is_empty() => {}
        (into, from) => *into = from,
    }
}

fn read(spec: &Value, found: &mut Bootstrap) {
    let cluster = &spec["cluster"];
    let text = |field: &str| match &cluster[field] {
        Value::Null => None,
        Value::String(text) => Some(Given::Text(text.clone())),
        _ => Some(Given::Unresolved),
    };
    found.take_cluster(
        text("name").as_ref(),
        text("apiServerEndpoint").as_ref(),
        text("certificateAuthority").as_ref(),
    );
    found.take("ServiceCidr", text("cidr").as_ref(), value::cidr, |found, cidr| {
        found.service_cidr = Some(cidr);
    });
    found.outpost |= cluster["enableOutpost"].as_bool() == Some(true);
    let kubelet = &spec["kubelet"];
    if !kubelet["config"]["maxPods"].is_null() {
        match value::pods(&kubelet["config"]["maxPods"]) {
            Some(count) => found.max_pods = Some(count),
            None => found.unresolved("MaxPods"),
        }
    }
    // Flags win over the configuration file.
    for flag in kubelet["flags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        found.take_kubelet_flags(flag);
    }
    if kubelet["config"]["clusterDNS"].is_array() {
        found.dns_ips.clear();
        for address in kubelet["config"]["clusterDNS"].as_array().into_iter().flatten() {
            match address.as_str().and_then(value::address) {
                Some(address) => found.dns_ips.push(address),
                None => found.unresolved("DnsIps"),
            }
        }
    }
    if spec["featureGates"]["InstanceIdNodeName"].as_bool() == Some(true) {
        found.hostname_source = Some("instance-id".to_owned());
    }
    // https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/#instanceoptions
    for environment in spec["instance"]["environment"].as_object().into_iter().flat_map(|all| all.values()) {
        found.node_proxy = true;
        for (name, value) in environment.as_object().into_iter().flatten() {
            let Some(value) = value.as_str() else { continue };
            match name.to_ascii_uppercase().as_str() {
                "NO_PROXY" => proxy::no_proxy(value, found),
                name @ ("HTTP_PROXY" | "HTTPS_PROXY") => proxy::proxy(name, value, found),
                "AWS_USE_FIPS_ENDPOINT" => proxy::fips(&format!("use_fips_endpoint={value}"), found),
                _ => {}
            }
        }
    }
}
