//! Windows: `Start-EKSBootstrap.ps1` in PowerShell.
//! <https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-windows-ami.html>

use super::proxy;
use super::script::{ShellVariables, UNKNOWN};
use super::settings::{Bootstrap, NodeAgent, UserDataFormat};
use super::value::{self, Given};

const SCRIPT: &str = "start-eksbootstrap.ps1";

/// Takes over what rules need.
pub(super) fn read(text: &str, found: &mut Bootstrap) {
    found.format(UserDataFormat::PowerShell);
    let joined = text.replace("`\r\n", " ").replace("`\n", " ");
    let mut variables = ShellVariables::default();
    let mut holders: Vec<String> = Vec::new();
    let mut calls: Vec<Vec<String>> = Vec::new();
    let mut depth = 0usize;
    for line in joined.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some((name, value)) = assignment(line) {
            if value.to_ascii_lowercase().contains(SCRIPT) {
                holders.push(name);
            } else {
                let value = Some(value).filter(|_| depth == 0).and_then(|value| literal(&value, &variables));
                variables.set(&name, value.as_deref());
            }
        } else {
            let words = words(line);
            let runs = words.first().is_some_and(|word| {
                let word = word.to_ascii_lowercase();
                word.contains(SCRIPT) || holders.iter().any(|holder| word == format!("${holder}"))
            });
            if runs && depth == 0 {
                calls.push(words[1..].to_vec());
            } else if runs || line.to_ascii_lowercase().contains(SCRIPT) {
                found.not_understood("a call of Start-EKSBootstrap.ps1 that depends on what runs before it");
            }
        }
        depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
    }
    proxy::scan(&joined, &variables, found);
    if let Some((words, others)) = calls.split_first() {
        found.agent(NodeAgent::StartEksBootstrap);
        found.starts_kubelet = true;
        if others.is_empty() {
            arguments(words, &variables, found);
        } else {
            found.not_understood("several calls of Start-EKSBootstrap.ps1");
        }
    }
}

fn arguments(words: &[String], variables: &ShellVariables, found: &mut Bootstrap) {
    let mut given: Vec<(String, Given)> = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        // `3>&1` redirects.
        let Some(name) = word.strip_prefix('-') else { continue };
        let (name, value) = match name.split_once(':') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, words.next_if(|next| !next.starts_with('-') || next.starts_with("--")).cloned()),
        };
        if name.starts_with('@') || word.starts_with('@') {
            found.not_understood("arguments of Start-EKSBootstrap.ps1 in a table");
        }
        let value = match value.and_then(|value| expanded(&value, variables)) {
            Some(text) => Given::Text(text),
            None => Given::Unresolved,
        };
        given.push((name.to_ascii_lowercase(), value));
    }
    let argument = |name: &str| given.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    found.take_cluster(
        argument("eksclustername").as_ref(),
        argument("apiserverendpoint").as_ref(),
        argument("base64clusterca").as_ref(),
    );
    found.take("DnsIps", argument("dnsclusterip").as_ref(), value::address, |found, address| {
        found.dns_ips.push(address);
    });
    found.take("ServiceCidr", argument("servicecidr").as_ref(), value::cidr, |found, cidr| {
        found.service_cidr = Some(cidr);
    });
    match argument("kubeletextraargs") {
        Some(Given::Text(flags)) => found.take_kubelet_flags(&flags),
        Some(Given::Unresolved) => found.unresolved("MaxPods"),
        None => {}
    }
}

/// `[string]$Name = value`
fn assignment(line: &str) -> Option<(String, String)> {
    let start = line.find('$')?;
    if start > 0 && !line[..start].trim_end().ends_with(']') {
        return None;
    }
    let (name, value) = line[start + 1..].split_once('=')?;
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    fits.then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
}

/// A quoted text, with the variables that are known.
fn literal(value: &str, variables: &ShellVariables) -> Option<String> {
    let quoted = words(value);
    match &quoted[..] {
        [only] if value.starts_with(['"', '\'']) => expanded(only, variables),
        _ => None,
    }
}

fn expanded(text: &str, variables: &ShellVariables) -> Option<String> {
    if text.contains("$env:") || text.contains("$(") || text.contains(UNKNOWN) {
        return None;
    }
    variables.expand(text)
}

/// The words of a command; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.trim_start_matches(['&', ' ']).chars() {
        match (quote, character) {
            (Some(end), _) if character == end => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, ' ' | '\t' | ';') => words.push(String::new()),
            _ => {
                if let Some(last) = words.last_mut() {
                    last.push(character);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
