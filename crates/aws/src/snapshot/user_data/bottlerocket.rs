//! Bottlerocket's settings: <https://bottlerocket.dev/en/os/latest/api/settings/kubernetes/>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::proxy;
use super::settings::{Bootstrap, NodeAgent, UserDataFormat};
use super::value::{self, Given};

/// The settings, if the text is TOML with such.
pub(super) fn parse(text: &str) -> Option<Value> {
    let table: toml::Table = toml::from_str(text).ok()?;
    let settings = table.get("settings")?;
    serde_json::to_value(settings).ok().filter(Value::is_object)
}

/// Takes over what rules need.
pub(super) fn read(settings: &Value, found: &mut Bootstrap) {
    found.format(UserDataFormat::Bottlerocket);
    found.agent(NodeAgent::Bottlerocket);
    let kubernetes = &settings["kubernetes"];
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(Given::Text(text.clone())),
        _ => Some(Given::Unresolved),
    };
    found.take_cluster(
        text(&kubernetes["cluster-name"]).as_ref(),
        text(&kubernetes["api-server"]).as_ref(),
        text(&kubernetes["cluster-certificate"]).as_ref(),
    );
    let dns = match &kubernetes["cluster-dns-ip"] {
        Value::Array(several) => several.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    };
    for address in dns {
        match address.as_str().and_then(value::address) {
            Some(address) => found.dns_ips.push(address),
            None => found.unresolved("DnsIps"),
        }
    }
    if let Some(source) = kubernetes["hostname-override-source"].as_str() {
        match source {
            "private-dns-name" | "instance-id" => found.hostname_source = Some(source.to_owned()),
            _ => found.unresolved("HostnameSource"),
        }
    }
    if !kubernetes["max-pods"].is_null() {
        match value::pods(&kubernetes["max-pods"]) {
            Some(count) => found.max_pods = Some(count),
            None => found.unresolved("MaxPods"),
        }
    }
    // The SDKs' own file, in base64: https://bottlerocket.dev/en/os/latest/api/settings/aws/
    if let Some(file) = settings["aws"]["config"].as_str() {
        match decoded(file) {
            Some(file) => proxy::fips(&file, found),
            None => found.unresolved("FipsEndpoints"),
        }
    }
    // The one setting serves both schemes: https://bottlerocket.dev/en/os/latest/api/settings/network/
    let network = &settings["network"];
    found.node_proxy |= !network["https-proxy"].is_null();
    if let Some(url) = network["https-proxy"].as_str() {
        proxy::proxy("HTTPS_PROXY", url, found);
        proxy::proxy("HTTP_PROXY", url, found);
    }
    if let Some(list) = network["no-proxy"].as_array() {
        let entries: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        proxy::no_proxy(&entries.join(","), found);
    }
}

fn decoded(text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    String::from_utf8(bytes).ok()
}
