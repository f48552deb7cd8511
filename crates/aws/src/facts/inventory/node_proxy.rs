//! The proxies that kubelet and containerd use, and what they call through them.

use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};
use privek_core::proxy::NoProxy;
use privek_core::sets::ports::{Ports, Protocol};

use crate::facts::base::context::Context;
use crate::network::{End, EndKind, Groups};
use crate::snapshot::user_data::Bootstrap;

use super::node_groups::{self, NodeGroup};
use super::user_data::Source;
use super::{cluster, node_carriers, ungrouped_nodes};

/// The address of instance metadata:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>.
pub(crate) const METADATA: &str = "169.254.169.254";

/// Services that kubelet and containerd alone call: image layers are in S3.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>
const OF_IMAGES: [&str; 3] = ["ecr.api", "ecr.dkr", "s3"];

/// Names that a node itself calls, each after its service.
pub(crate) fn names(context: &Context<'_>) -> Known<Vec<(&'static str, String)>> {
    let region = context
        .region
        .clone()
        .ok_or_else(|| vec![context.field("cluster", "the region in the cluster's ARN")])?;
    let domain = context.domain().ok_or_else(|| {
        vec![Missing::unmodelled(format!("the names of AWS services in partition {}", context.partition))]
    })?;
    let account = context.account.as_deref().unwrap_or("111122223333");
    Ok(vec![
        ("ec2", format!("ec2.{region}.{domain}")),
        ("ecr.api", format!("api.ecr.{region}.{domain}")),
        ("ecr.dkr", format!("{account}.dkr.ecr.{region}.{domain}")),
        ("s3", format!("prod-{region}-starport-layer-bucket.s3.{region}.{domain}")),
        ("eks", format!("eks.{region}.{domain}")),
    ])
}

/// Those of these names that kubelet and containerd call through the proxy.
pub(crate) fn through_proxy(
    source: &Source<'_, '_>,
    data: &Bootstrap,
    names: Vec<String>,
) -> Known<Vec<String>> {
    let list = NoProxy::new(data.no_proxy.iter().flatten().map(String::as_str));
    let taken: Vec<String> = names.into_iter().filter(|name| !list.exempts(name, port(name))).collect();
    let doubt = data.unresolved.iter().any(|name| name == "NoProxy");
    if taken.is_empty() || (!doubt && data.is_clear() && data.node_proxy) {
        return Ok(taken);
    }
    let mut missing = source.doubts(data);
    if !data.node_proxy {
        missing.push(Missing::unmodelled(format!(
            "the proxy of kubelet and containerd; a script in the user data of {} sets a proxy",
            source.group.name
        )));
    }
    if doubt {
        missing.push(Missing::unmodelled(format!(
            "some entries of NO_PROXY in the user data of {}",
            source.group.name
        )));
    }
    Err(missing)
}

/// Instance metadata speaks plain HTTP, everything else HTTPS.
fn port(name: &str) -> u16 {
    if name == METADATA { 80 } else { 443 }
}

/// Whether every node calls this service through a proxy, and no other client calls it.
pub(crate) fn proxied(context: &Context<'_>, suffix: &str) -> Known<bool> {
    if !OF_IMAGES.contains(&suffix) {
        return Ok(false);
    }
    let listed = node_groups::listed(context);
    if listed.groups.is_empty() {
        return Ok(false);
    }
    let groups = listed.groups.iter().map(|group| group_calls_through_proxy(context, group, suffix));
    let all = known::all(groups);
    // Pods on Fargate, and nodes that Karpenter or nobody's group starts, have no proxy that is read here.
    let beyond = ungrouped_nodes::beyond(context);
    let loose = node_groups::loose_instances(context, &listed.groups).map(|all| !all.is_empty());
    let others = known::any([
        cluster::fargate_profiles(context).map(|profiles| !profiles.is_empty()),
        known::proved(!beyond.places.is_empty(), beyond.unlisted),
        loose,
        known::proved(false, listed.unlisted),
    ]);
    known::and(all, known::not(others))
}

fn group_calls_through_proxy(context: &Context<'_>, group: &NodeGroup, suffix: &str) -> Known<bool> {
    let source = Source::new(context, group);
    let data = source.data.as_ref().map_err(Clone::clone)?;
    if data.https_proxies.is_empty() {
        let unresolved = data.unresolved.iter().any(|name| name == "HttpsProxies");
        return if data.is_clear() && !unresolved { Ok(false) } else { Err(source.doubts(data)) };
    }
    let name = names(context)?.into_iter().find(|(its, _)| *its == suffix).map(|(_, name)| name);
    let taken = !through_proxy(&source, data, name.into_iter().collect())?.is_empty();
    if !taken {
        return Ok(false);
    }
    known::any(data.https_proxies.iter().map(|proxy| reaches(context, group, proxy)))
}

/// Whether nothing is known to keep a group's nodes from their proxy. That they reach the proxy, and the proxy
/// AWS, is assumed where no object blocks the path: user data mostly names the proxy, not its address.
fn reaches(context: &Context<'_>, group: &NodeGroup, proxy: &str) -> Known<bool> {
    let (host, port) = proxy.rsplit_once(':').unwrap_or((proxy, ""));
    let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() else {
        context.assume(format!("Nodes of {} reach proxy {proxy}, and the proxy reaches AWS.", group.name));
        return Ok(true);
    };
    let port = port.parse().unwrap_or(3128);
    let ports = Ports { protocol: Protocol::Tcp, from: port, to: port };
    let kind = EndKind::Addresses { cidr: IpNet::from(address), via: None, groups: Groups::Undeclared };
    let target = End { label: proxy.to_owned(), kind };
    let carriers = node_carriers::of_group(context, group);
    for subnet in group.subnets.clone()? {
        let (groups, carriers) = (group.security_groups.clone(), carriers.clone());
        let kind = EndKind::Subnet { subnet, addresses: None, groups, carriers };
        let from = End { label: group.name.clone(), kind };
        if context.network.trace(&from, &target, &ports).iter().any(|path| !path.blockers.is_empty()) {
            return Ok(false);
        }
    }
    context.assume(format!("Nodes of {} reach proxy {proxy}, and the proxy reaches AWS.", group.name));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::test_support::fixture::Fixture;
    use crate::intent::Intent;

    /// The healthy cluster, whose nodes have this proxy and these exceptions.
    fn behind(proxy: &str, no_proxy: &[&str]) -> Fixture {
        let mut fixture = Fixture::healthy();
        for version in fixture.0["LaunchTemplateVersions"].as_array_mut().unwrap() {
            let data = version["LaunchTemplateData"]["UserData"].as_object_mut().unwrap();
            data.insert("Formats".into(), json!(["NodeConfig"]));
            data.insert("Agents".into(), json!(["nodeadm"]));
            data.insert("HttpsProxies".into(), json!([proxy]));
            data.insert("NodeProxy".into(), json!(true));
            data.insert("NoProxy".into(), json!(no_proxy));
        }
        fixture
    }

    fn is_proxied(fixture: &Fixture, suffix: &str) -> Known<bool> {
        let snapshot = fixture.snapshot();
        proxied(&Context::new(&snapshot, &Intent::default()), suffix)
    }

    #[test]
    fn images_come_through_the_proxy_that_every_node_has() {
        let named = behind("proxy.example.com:3128", &["10.20.0.0/16"]);
        assert_eq!(is_proxied(&named, "ecr.dkr"), Ok(true));
        assert_eq!(is_proxied(&named, "ec2"), Ok(false), "pods call it, too");
        assert_eq!(is_proxied(&behind("proxy.example.com:3128", &[".amazonaws.com"]), "ecr.dkr"), Ok(false));
        assert_eq!(is_proxied(&Fixture::healthy(), "ecr.dkr"), Ok(false));
        assert!(is_proxied(&named.withhold("LaunchTemplateVersions"), "ecr.dkr").is_err());
    }

    #[test]
    fn a_proxy_that_nodes_do_not_reach_is_none() {
        assert_eq!(is_proxied(&behind("203.0.113.9:3128", &[]), "ecr.api"), Ok(false));
    }
}
