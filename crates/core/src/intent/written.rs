//! The file as it is written, with the places of what is checked further.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use crate::yaml;

use super::declared::{Intent, Network, Nodes, Operator, Pods};
use super::error::{IntentError, Wrong};
use super::growth::WrittenGrowth;
use super::operators::parse_cidr;
use super::{Dialect, Ids};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written<W> {
    operators: Option<Vec<WrittenOperator>>,
    networks: Option<Vec<WrittenNetwork>>,
    features: Option<BTreeMap<String, Spanned<bool>>>,
    pods: Option<Spanned<WrittenPods>>,
    nodes: Option<WrittenNodes>,
    cluster: Option<W>,
    webhook_ports: Option<Vec<Spanned<i64>>>,
    growth: Option<WrittenGrowth>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOperator {
    name: Option<Spanned<String>>,
    cidr: Spanned<String>,
    #[serde(default)]
    dns: Vec<Spanned<String>>,
    forwards_to: Option<Vec<Spanned<String>>>,
    public_dns: Option<bool>,
    via: Option<Spanned<String>>,
    #[serde(default)]
    security_groups: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNetwork {
    name: Spanned<String>,
    cidr: Spanned<String>,
    via: Option<Spanned<String>>,
    #[serde(default)]
    security_groups: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPods {
    #[serde(default)]
    subnets: Vec<Spanned<String>>,
    #[serde(default)]
    security_groups: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNodes {
    subnets: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    security_groups: Vec<Spanned<String>>,
}

impl<W> Written<W> {
    /// What the file declares.
    pub(super) fn understood<P: Dialect<Written = W>>(
        self,
        wrong: Wrong<'_>,
    ) -> Result<Intent<P>, IntentError> {
        let ids = &P::IDS;
        let features = features(ids, self.features.unwrap_or_default(), wrong)?;
        let operators = self.operators.map(|list| operators(ids, list, wrong)).transpose()?;
        let networks = networks(ids, self.networks.unwrap_or_default(), operators.as_deref(), wrong)?;
        let pods = self.pods.map(|pods| pods_of(ids, pods, wrong)).transpose()?;
        let nodes = self.nodes.map(|nodes| nodes_of(ids, nodes, wrong)).transpose()?;
        let cluster = self.cluster.map(|plan| P::understood(plan, wrong)).transpose()?;
        let webhook_ports = self.webhook_ports.map(|list| ports(list, wrong)).transpose()?;
        let growth = self.growth.map(|growth| growth.understood(ids, wrong)).transpose()?;
        Ok(Intent { operators, features, networks, pods, nodes, cluster, webhook_ports, as_of: None, growth })
    }
}

fn features(
    ids: &Ids,
    written: BTreeMap<String, Spanned<bool>>,
    wrong: Wrong<'_>,
) -> Result<BTreeMap<String, bool>, IntentError> {
    let known = (ids.features)();
    let mut features = BTreeMap::new();
    for (name, used) in written {
        if !known.contains(&name) {
            let meant = yaml::nearest(&name, known.iter().map(String::as_str));
            let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
            let known = known.join(", ");
            let what = format!("features.{name}: unknown feature; {meant}valid are {known}");
            return Err(wrong(used.referenced, what));
        }
        features.insert(name, used.value);
    }
    Ok(features)
}

/// One entry of a list, for what is wrong with its fields.
struct Entry<'w> {
    list: &'static str,
    at: usize,
    ids: &'w Ids,
    wrong: Wrong<'w>,
}

impl Entry<'_> {
    fn fail(&self, place: Location, field: &str, what: &str) -> IntentError {
        (self.wrong)(place, format!("{}[{}].{field}: {what}", self.list, self.at))
    }

    fn cidr(&self, written: &Spanned<String>) -> Result<IpNet, IntentError> {
        parse_cidr(&written.value).map_err(|what| self.fail(written.referenced, "cidr", &what))
    }

    fn via(&self, written: Option<Spanned<String>>) -> Result<Option<String>, IntentError> {
        let Some(via) = written else { return Ok(None) };
        (self.ids.via)(&via.value).map_err(|what| self.fail(via.referenced, "via", &what))?;
        Ok(Some(via.value))
    }

    fn servers(&self, field: &str, written: Vec<Spanned<String>>) -> Result<Vec<IpAddr>, IntentError> {
        let address = |server: Spanned<String>| {
            server.value.parse::<IpAddr>().map_err(|_| {
                let what = format!("'{}' is not an IP address such as 192.168.0.53", server.value);
                self.fail(server.referenced, field, &what)
            })
        };
        written.into_iter().map(address).collect()
    }

    fn groups(&self, written: Vec<Spanned<String>>) -> Result<Vec<String>, IntentError> {
        let fail = |place, what: String| self.fail(place, "security_groups", &what);
        checked(written, self.ids.security_group, &fail)
    }
}

/// The values of a list, each of which passes a check.
pub fn checked(
    written: Vec<Spanned<String>>,
    check: impl Fn(&str) -> Result<(), String>,
    fail: &dyn Fn(Location, String) -> IntentError,
) -> Result<Vec<String>, IntentError> {
    written
        .into_iter()
        .map(|one| {
            check(&one.value).map_err(|what| fail(one.referenced, what))?;
            Ok(one.value)
        })
        .collect()
}

fn operators(ids: &Ids, list: Vec<WrittenOperator>, wrong: Wrong<'_>) -> Result<Vec<Operator>, IntentError> {
    let mut known: Vec<Operator> = Vec::new();
    for (at, written) in list.into_iter().enumerate() {
        let entry = Entry { list: "operators", at, ids, wrong };
        let place = written.cidr.referenced;
        let cidr = entry.cidr(&written.cidr)?;
        let (name, named) = match written.name {
            Some(name) => (name.value, name.referenced),
            None => (cidr.to_string(), place),
        };
        if name.trim().is_empty() {
            let what = "the name is empty; omit the name to call the network by its CIDR";
            return Err(entry.fail(named, "name", what));
        }
        if known.iter().any(|other| other.name == name) {
            let what = format!("two operators are called '{name}'; names must differ");
            return Err(entry.fail(named, "name", &what));
        }
        let dns = entry.servers("dns", written.dns)?;
        let forwards_to = written.forwards_to.map(|list| entry.servers("forwards_to", list)).transpose()?;
        let public_dns = written.public_dns;
        let via = entry.via(written.via)?;
        let security_groups = entry.groups(written.security_groups)?;
        known.push(Operator { name, cidr, dns, forwards_to, public_dns, via, security_groups });
    }
    Ok(known)
}

fn networks(
    ids: &Ids,
    list: Vec<WrittenNetwork>,
    operators: Option<&[Operator]>,
    wrong: Wrong<'_>,
) -> Result<Vec<Network>, IntentError> {
    let mut known: Vec<Network> = Vec::new();
    for (at, written) in list.into_iter().enumerate() {
        let entry = Entry { list: "networks", at, ids, wrong };
        let (name, named) = (written.name.value, written.name.referenced);
        check_name(ids, &name).map_err(|what| entry.fail(named, "name", &what))?;
        if known.iter().any(|other| other.name == name) {
            let what = format!("two networks are called '{name}'; names must differ");
            return Err(entry.fail(named, "name", &what));
        }
        if operators.into_iter().flatten().any(|operator| operator.name == name) {
            let what = format!("an operator is called '{name}' too; names must differ");
            return Err(entry.fail(named, "name", &what));
        }
        let cidr = entry.cidr(&written.cidr)?;
        let via = entry.via(written.via)?;
        let security_groups = entry.groups(written.security_groups)?;
        known.push(Network { name, cidr, via, security_groups });
    }
    Ok(known)
}

/// A network's name must not mean anything else where a flow names its ends.
fn check_name(ids: &Ids, name: &str) -> Result<(), String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if !begins || !name.chars().all(legal) {
        return Err(format!(
            "'{name}' is not a valid name; begin with a letter or digit, and use letters, digits, '-', '_' and '.'"
        ));
    }
    if name.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Err(format!("'{name}' reads as an address; choose a name, for instance database"));
    }
    if ids.roles.contains(&name) {
        return Err(format!("'{name}' is a role already; choose another name"));
    }
    if let Some(meant) = (ids.taken)(name) {
        return Err(format!("'{name}' {meant}; choose another name"));
    }
    Ok(())
}

fn pods_of(ids: &Ids, written: Spanned<WrittenPods>, wrong: Wrong<'_>) -> Result<Pods, IntentError> {
    let place = written.referenced;
    let fail = |field: &'static str| move |at, what: String| wrong(at, format!("pods.{field}: {what}"));
    let subnets = checked(written.value.subnets, ids.subnet, &fail("subnets"))?;
    let security_groups =
        checked(written.value.security_groups, ids.security_group, &fail("security_groups"))?;
    if subnets.is_empty() && security_groups.is_empty() {
        let what = "pods: both lists are empty; name subnets (subnets: [subnet-…]) or security groups (security_groups: [sg-…]) of pods besides those of the nodes, or omit pods:";
        return Err(wrong(place, what.to_owned()));
    }
    Ok(Pods { subnets, security_groups })
}

fn nodes_of(ids: &Ids, written: WrittenNodes, wrong: Wrong<'_>) -> Result<Nodes, IntentError> {
    let fail = |field: &'static str| move |at, what: String| wrong(at, format!("nodes.{field}: {what}"));
    if written.subnets.value.is_empty() {
        let what = "the list is empty; name the subnets of nodes outside node groups, or omit nodes:";
        return Err(fail("subnets")(written.subnets.referenced, what.to_owned()));
    }
    Ok(Nodes {
        subnets: checked(written.subnets.value, ids.subnet, &fail("subnets"))?,
        security_groups: checked(written.security_groups, ids.security_group, &fail("security_groups"))?,
    })
}

fn ports(list: Vec<Spanned<i64>>, wrong: Wrong<'_>) -> Result<BTreeSet<u16>, IntentError> {
    list.into_iter()
        .enumerate()
        .map(|(at, written)| {
            u16::try_from(written.value).ok().filter(|port| *port > 0).ok_or_else(|| {
                let what = format!("'{}' is not a TCP port; valid are 1 to 65535", written.value);
                wrong(written.referenced, format!("webhook_ports[{at}]: {what}"))
            })
        })
        .collect()
}
