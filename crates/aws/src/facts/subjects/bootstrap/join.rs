//! Whether user data makes nodes join, and whether what it says about the cluster is true.

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster;
use crate::facts::inventory::user_data::{Platform, Source};
use crate::snapshot::user_data::{NodeAgent, ca_fingerprints};

/// What in the user data joins nodes, by name.
pub(crate) fn agent(source: &Source<'_, '_>) -> Known<String> {
    let name = match source.agent()? {
        None => "none",
        Some(NodeAgent::BootstrapSh) => "bootstrap.sh",
        Some(NodeAgent::Nodeadm) => "nodeadm",
        Some(NodeAgent::Bottlerocket) => "Bottlerocket",
        Some(NodeAgent::StartEksBootstrap) => "Start-EKSBootstrap.ps1",
    };
    Ok(name.to_owned())
}

/// Whether EKS or the user data makes nodes join. Where neither does and nodes run all the same, the
/// image may do it by itself.
pub(crate) fn joins(context: &Context<'_>, source: &Source<'_, '_>) -> Known<bool> {
    if source.eks_starts.clone()? || !source.data.as_ref().map_err(Clone::clone)?.agents.is_empty() {
        return Ok(true);
    }
    source.agent()?;
    let name = &source.group.name;
    let by_itself = |why: &str| {
        Err(vec![Missing::unmodelled(format!("the join settings in the image of {name}; {why}"))])
    };
    let in_service = source.scaling.iter().flat_map(|scaling| &scaling.instances);
    if in_service.into_iter().any(|instance| instance.lifecycle_state.as_deref() == Some("InService")) {
        return by_itself("nodes of the group are in service");
    }
    if source.scaling.is_empty() {
        let missing = context
            .missing("AutoScalingGroups", source.group.auto_scaling_groups.first().map(String::as_str));
        return Err(vec![missing]);
    }
    Ok(false)
}

/// What the agent cannot do without: <https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/#clusterdetails>,
/// <https://bottlerocket.dev/en/os/latest/api/settings/kubernetes/>.
pub(crate) fn lacks(source: &Source<'_, '_>) -> Known<Vec<String>> {
    let Some(agent) = source.agent()? else { return Ok(Vec::new()) };
    let fields: &[(&str, &str)] = match agent {
        NodeAgent::Nodeadm => &[
            ("ClusterName", "spec.cluster.name"),
            ("ApiServerEndpoint", "spec.cluster.apiServerEndpoint"),
            ("CaFingerprints", "spec.cluster.certificateAuthority"),
            ("ServiceCidr", "spec.cluster.cidr"),
        ],
        NodeAgent::Bottlerocket => &[
            ("ClusterName", "settings.kubernetes.cluster-name"),
            ("ApiServerEndpoint", "settings.kubernetes.api-server"),
            ("CaFingerprints", "settings.kubernetes.cluster-certificate"),
        ],
        NodeAgent::BootstrapSh => &[("ClusterName", "the cluster's name")],
        NodeAgent::StartEksBootstrap => &[("ClusterName", "-EKSClusterName")],
    };
    let (mut lacking, mut unknown) = (Vec::new(), Vec::new());
    for (setting, field) in fields {
        let given = source.setting(setting, |data| match *setting {
            "ClusterName" => data.cluster_name.clone(),
            "ApiServerEndpoint" => data.api_server_endpoint.clone(),
            "ServiceCidr" => data.service_cidr.clone(),
            _ => data.ca_fingerprints.first().cloned(),
        });
        match given {
            Ok(None) => lacking.push((*field).to_owned()),
            Ok(Some(_)) => {}
            // What only the running node knows is given.
            Err(_)
                if source
                    .data
                    .as_ref()
                    .is_ok_and(|data| data.unresolved.iter().any(|name| name == setting)) => {}
            Err(missing) => unknown.extend(missing),
        }
    }
    known::found(lacking, unknown)
}

/// Whether the cluster's name is right, where it is given.
pub(crate) fn name_right(context: &Context<'_>, source: &Source<'_, '_>) -> Known<bool> {
    let given = source.setting("ClusterName", |data| data.cluster_name.clone())?;
    let cluster = context.cluster.clone()?;
    Ok(given.is_none_or(|name| name == cluster.name))
}

/// Whether the API's URL is right, where it is given.
pub(crate) fn endpoint_right(context: &Context<'_>, source: &Source<'_, '_>) -> Known<bool> {
    let given = source.setting("ApiServerEndpoint", |data| data.api_server_endpoint.clone())?;
    let Some(given) = given else { return Ok(true) };
    let cluster = context.cluster.clone()?;
    let own = cluster.endpoint.as_deref().ok_or_else(|| vec![context.field("cluster", "endpoint")])?;
    let host = |url: &str| {
        let rest = url.trim_start_matches("https://").trim_end_matches('/');
        rest.trim_end_matches(":443").to_ascii_lowercase()
    };
    let (given, own) = (host(&given), host(own));
    let label = |host: &str| host.split('.').next().map(str::to_owned);
    if given != own && label(&given) == label(&own) {
        // A cluster has names under more than one domain.
        return Err(vec![Missing::unmodelled(format!(
            "the cluster that {given} belongs to; the API name of the cluster is {own}"
        ))]);
    }
    Ok(given == own)
}

/// How the CA in the user data compares with the cluster's.
pub(crate) struct Ca {
    /// Whether they share a certificate.
    pub some: bool,
    /// Whether the user data has all of the cluster's.
    pub all: bool,
}

/// The CA in the user data, where it is given.
pub(crate) fn ca(context: &Context<'_>, source: &Source<'_, '_>) -> Known<Ca> {
    let given = source.setting("CaFingerprints", |data| {
        Some(data.ca_fingerprints.clone()).filter(|prints| !prints.is_empty())
    })?;
    let Some(given) = given else { return Ok(Ca { some: true, all: true }) };
    let cluster = context.cluster.clone()?;
    let own = cluster.certificate_authority.as_ref().and_then(|ca| ca.data.as_deref());
    let own = own.map(ca_fingerprints).unwrap_or_default();
    if own.is_empty() {
        return Err(vec![context.field("cluster", "a certificate in certificateAuthority.data")]);
    }
    let has = |print: &String| given.contains(print);
    Ok(Ca { some: own.iter().any(has), all: own.iter().all(has) })
}

/// Whether the addresses of services are right, where they are given.
pub(crate) fn service_cidr_right(context: &Context<'_>, source: &Source<'_, '_>) -> Known<bool> {
    let Some(given) = source.setting("ServiceCidr", |data| data.service_cidr.clone())? else {
        return Ok(true);
    };
    let own = super::cluster_dns::service_cidr(context)?;
    Ok(given.parse::<IpNet>().is_ok_and(|given| given.trunc() == own.trunc()))
}

/// Whether something else than this group runs Linux, which the cluster's DNS needs.
pub(crate) fn linux_elsewhere(
    context: &Context<'_>,
    source: &Source<'_, '_>,
    all: &[Source<'_, '_>],
    unlisted: &[Missing],
) -> Known<bool> {
    let mut missing = unlisted.to_vec();
    for other in all.iter().filter(|other| other.group.name != source.group.name) {
        match &other.platform {
            Ok(Platform::Windows) => {}
            // A group that holds no node holds no CoreDNS.
            Ok(_) if other.group.max_size == Ok(0) => {}
            Ok(_) => return Ok(true),
            Err(why) => missing.extend(why.iter().cloned()),
        }
    }
    let auto_mode = context
        .cluster
        .clone()
        .map(|cluster| cluster.compute_config.as_ref().and_then(|config| config.enabled) == Some(true));
    if auto_mode == Ok(true) {
        return Ok(true);
    }
    match cluster::fargate_profiles(context) {
        Ok([]) => {}
        Ok(_) => return Ok(true),
        Err(why) => missing.extend(why),
    }
    // Karpenter's nodes are instances outside the groups.
    let groups: Vec<_> = all.iter().map(|source| source.group.clone()).collect();
    match crate::facts::inventory::node_groups::loose_instances(context, &groups) {
        Ok(loose) if loose.is_empty() => {}
        Ok(_) => {
            missing.push(Missing::unmodelled("the operating system of nodes outside the node groups"));
        }
        Err(why) => missing.extend(why),
    }
    known::proved(false, missing)
}
