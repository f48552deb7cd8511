//! Proxies and FIPS endpoints, wherever a text sets them: in the environment, in systemd's drop-ins, in files that it writes.

use privek_core::proxy::address;

use super::script::ShellVariables;
use super::settings::Bootstrap;
use super::value;

const KEYS: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];

/// Whether a text gives a proxy, or the file that holds it, to kubelet or containerd, by systemd.
pub(super) fn is_for_nodes(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let units = ["kubelet", "containerd", "defaultenvironment", "system.conf"];
    let sets = lower.contains("environmentfile=")
        || KEYS.iter().any(|key| lower.contains(&key.to_ascii_lowercase()));
    sets && units.iter().any(|unit| lower.contains(unit))
}

/// Finds every setting of a proxy in a text, in whatever syntax.
pub(super) fn scan(text: &str, variables: &ShellVariables, found: &mut Bootstrap) {
    fips(text, found);
    for line in text.lines() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let upper = line.to_ascii_uppercase();
        for key in KEYS {
            for (at, _) in upper.match_indices(key) {
                let before = upper[..at].chars().next_back();
                if before
                    .is_some_and(|before| before.is_ascii_alphanumeric() || matches!(before, '_' | '$' | '{'))
                {
                    continue;
                }
                if let Some(given) = value_after(&line[at + key.len()..]) {
                    match (variables.expand(given), key) {
                        (Some(text), "NO_PROXY") => no_proxy(&text, found),
                        (Some(text), _) => proxy(key, &text, found),
                        (None, "NO_PROXY") => partly(given, variables, found),
                        (None, _) => unresolved(key, found),
                    }
                }
            }
        }
    }
}

/// Finds in a text whether AWS's SDKs use FIPS endpoints, as a variable of the environment or in the SDKs' own file
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html>).
pub(super) fn fips(text: &str, found: &mut Bootstrap) {
    const KEY: &str = "use_fips_endpoint";
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let lower = line.to_ascii_lowercase();
        for (at, _) in lower.match_indices(KEY) {
            match value_after(&lower[at + KEY.len()..]) {
                Some("true") => found.fips_endpoints = Some(true),
                Some("false") => _ = found.fips_endpoints.get_or_insert(false),
                _ => {}
            }
        }
    }
}

/// The value behind a name: after `=`, `:` or, between quoted words, `,`.
fn value_after(rest: &str) -> Option<&str> {
    let rest = rest.trim_start_matches(['"', '\'']).trim_start();
    let rest = rest.strip_prefix(['=', ':', ','])?.trim_start();
    let value = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].split(quote).next()?,
        Some(_) => {
            rest.split(|end: char| end.is_whitespace() || matches!(end, '"' | '\'' | ';' | '\\')).next()?
        }
        None => "",
    };
    Some(value).filter(|value| !value.is_empty())
}

/// A list of which only some entries are known.
fn partly(list: &str, variables: &ShellVariables, found: &mut Bootstrap) {
    let known: Vec<String> = list.split(',').filter_map(|entry| variables.expand(entry)).collect();
    no_proxy(&known.join(","), found);
    found.unresolved("NoProxy");
}

fn unresolved(key: &str, found: &mut Bootstrap) {
    found.unresolved(if key == "HTTP_PROXY" { "HttpProxies" } else { "HttpsProxies" });
}

/// Takes over a proxy's host and port.
pub fn proxy(key: &str, url: &str, found: &mut Bootstrap) {
    match address(url.trim()) {
        Some(host) if key == "HTTP_PROXY" => found.http_proxies.push(host),
        Some(host) => found.https_proxies.push(host),
        None => unresolved(key, found),
    }
}

/// Takes over a list of what does not go through a proxy.
pub(super) fn no_proxy(list: &str, found: &mut Bootstrap) {
    let mut entries = Vec::new();
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match value::no_proxy_entry(entry) {
            Some(entry) => entries.push(entry),
            None => found.unresolved("NoProxy"),
        }
    }
    entries.sort();
    entries.dedup();
    match &mut found.no_proxy {
        // Which list counts for which program is not modelled; entries of all lists count for all.
        Some(before) if *before != entries => {
            before.retain(|entry| entries.contains(entry));
            found.unresolved("NoProxy");
        }
        Some(_) => {}
        none => *none = Some(entries),
    }
}
