//! Destinations that nodes need while they start: the EKS API and package repositories, past a proxy.

use std::collections::BTreeSet;

use privek_core::known::{self, Known, Missing};

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::inventory::node_groups::NodeGroup;
use crate::facts::inventory::node_proxy::{self, METADATA, through_proxy};
use crate::facts::inventory::subnets;
use crate::facts::inventory::user_data::{Platform, Source};
use crate::facts::serving::s3::{S3, S3Route};
use crate::facts::serving::{service_endpoint, unseen};
use crate::network::Egress;

/// Whether every subnet of the group has a route to the internet.
fn leaves(context: &Context<'_>, group: &NodeGroup) -> Known<bool> {
    let mut missing = Vec::new();
    for id in group.subnets.clone()? {
        match context.network.egress(&id) {
            Ok(Egress::Isolated) => return Ok(false),
            Ok(Egress::Nat) => {}
            Ok(Egress::Internet) => {
                let gives = context.network.subnet(&id)?.map_public_ip_on_launch;
                if gives != Some(true) {
                    missing.push(Missing::unmodelled(format!("public addresses of nodes in {id}")));
                }
            }
            Ok(Egress::Inspected { target }) => {
                missing.push(Missing::unmodelled(format!(
                    "the path through {target} for packets to the internet"
                )));
            }
            Err(why) => missing.extend(why),
        }
    }
    known::disproved(false, missing)
}

/// Whether nodes reach the EKS API: by an endpoint that answers for its name, or by the internet.
pub(crate) fn reaches_eks(context: &Context<'_>, group: &NodeGroup) -> Known<bool> {
    let out = leaves(context, group);
    if out == Ok(true) {
        return out;
    }
    let matrix = services::matrix()?;
    let Some(service) = matrix.services.get("eks") else { return out };
    let answers = known::any(service_endpoint::of(context, "eks", service)?.into_iter().map(|endpoint| {
        let served = service_endpoint::names_served(context, endpoint);
        known::and(vpc_endpoint::available(context, endpoint), served)
    }));
    let unread = unseen::unread(context, &subnets::client_subnets(context).0, ("eks", service));
    known::any([answers, out, known::proved(false, unread)])
}

/// Whether the user data installs packages.
pub(crate) fn installs_packages(source: &Source<'_, '_>) -> Known<bool> {
    let data = source.data.as_ref().map_err(Clone::clone)?;
    match data.installs_packages {
        true => Ok(true),
        false if data.is_clear() => Ok(false),
        false => Err(source.doubts(data)),
    }
}

/// How a group reaches S3, where Amazon Linux keeps its packages, or the internet.
pub(crate) struct Repositories {
    /// Whether every subnet of the group does.
    pub reached: Known<bool>,
    /// The route tables of those that do not, if they have no route to a gateway endpoint for S3.
    pub closed_tables: Vec<String>,
}

/// The paths of a group's subnets to the repositories of packages.
pub(crate) fn repositories(context: &Context<'_>, group: &NodeGroup) -> Repositories {
    let subnets = match group.subnets.clone() {
        Ok(subnets) => subnets,
        Err(missing) => return Repositories { reached: Err(missing), closed_tables: Vec::new() },
    };
    let s3 = S3::new(context);
    let (mut closed, mut closed_tables, mut missing) = (false, BTreeSet::new(), Vec::new());
    for id in subnets {
        let way = s3.way(&id).map(|way| way != S3Route::None);
        if way == Ok(true) || context.network.egress(&id) == Ok(Egress::Nat) {
            continue;
        }
        match (way, context.network.egress(&id)) {
            (Ok(_), Ok(Egress::Isolated)) => {
                closed = true;
                // Another gateway endpoint would not help where S3's names lead elsewhere.
                if s3.has_gateway_route(&id) {
                    continue;
                }
                let table = context.network.effective_route_table(&id).ok();
                closed_tables.extend(table.map(|table| table.route_table_id.clone()));
            }
            (Err(why), _) | (_, Err(why)) => missing.extend(why),
            _ => missing.push(Missing::unmodelled(format!(
                "the path through the default route of {id} for packets to S3"
            ))),
        }
    }
    Repositories {
        reached: known::disproved(closed, missing),
        closed_tables: closed_tables.into_iter().collect(),
    }
}

/// What a group's user data says about proxies.
pub(crate) struct Proxies {
    pub used: Known<bool>,
    pub hosts: Vec<String>,
    pub lacks: Known<Vec<String>>,
    pub lacks_services: Known<Vec<String>>,
}

/// The proxies of a group, and what should not go through them.
pub(crate) fn proxies(context: &Context<'_>, source: &Source<'_, '_>) -> Proxies {
    let data = match &source.data {
        Ok(data) => data,
        Err(missing) => {
            return Proxies {
                used: Err(missing.clone()),
                hosts: Vec::new(),
                lacks: Err(missing.clone()),
                lacks_services: Err(missing.clone()),
            };
        }
    };
    let unresolved = |name: &str| data.unresolved.iter().any(|unresolved| unresolved == name);
    let plain = !data.http_proxies.is_empty() || unresolved("HttpProxies");
    let secure = !data.https_proxies.is_empty() || unresolved("HttpsProxies");
    let mut hosts: Vec<String> = data.https_proxies.iter().chain(&data.http_proxies).cloned().collect();
    hosts.sort();
    hosts.dedup();
    let used = if plain || secure {
        Ok(true)
    } else if data.is_clear() {
        Ok(false)
    } else {
        Err(source.doubts(data))
    };
    Proxies {
        used,
        hosts,
        lacks: must_pass(context, source, plain, secure).and_then(|names| through_proxy(source, data, names)),
        lacks_services: services(context, source, secure)
            .and_then(|names| through_proxy(source, data, names)),
    }
}

/// The API server's name, over HTTPS, and instance metadata, over plain HTTP.
fn must_pass(
    context: &Context<'_>,
    source: &Source<'_, '_>,
    plain: bool,
    secure: bool,
) -> Known<Vec<String>> {
    let mut names = Vec::new();
    // Bottlerocket excepts the API server by itself: https://bottlerocket.dev/en/os/latest/api/settings/network/
    let by_itself = source.platform == Ok(Platform::Bottlerocket);
    if secure && !by_itself {
        let cluster = context.cluster.clone()?;
        let url = cluster.endpoint.as_deref().ok_or_else(|| vec![context.field("cluster", "endpoint")])?;
        names.push(url.trim_start_matches("https://").trim_end_matches('/').to_ascii_lowercase());
    }
    if plain && !by_itself {
        names.push(METADATA.to_owned());
    }
    Ok(names)
}

/// Names that the node itself calls and that an endpoint of the VPC serves.
fn services(context: &Context<'_>, source: &Source<'_, '_>, secure: bool) -> Known<Vec<String>> {
    if !secure {
        return Ok(Vec::new());
    }
    let matrix = services::matrix()?;
    let asks_eks = source.asks_eks() == Ok(true);
    let wanted = node_proxy::names(context)?.into_iter().filter(|(suffix, _)| *suffix != "eks" || asks_eks);
    let mut names = Vec::new();
    for (suffix, name) in wanted {
        let Some(service) = matrix.services.get(suffix) else { continue };
        if !service_endpoint::of(context, suffix, service)?.is_empty() {
            names.push(name);
        }
    }
    Ok(names)
}
