//! What several subjects ask of the cluster itself: its add-ons, profiles, security group, issuer, version.

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::aws::eks::{Cluster, FargateProfile};

/// Names of the cluster's Fargate profiles.
pub(crate) fn fargate_profiles<'s>(context: &Context<'s>) -> Known<&'s [String]> {
    let cluster = context.cluster.clone()?;
    context.items(context.snapshot.aws.fargate_profile_names.as_deref(), "fargateProfileNames", &cluster.name)
}

/// The Fargate profiles that were described, and why there may be more.
pub(crate) fn described_profiles<'s>(context: &Context<'s>) -> (Vec<&'s FargateProfile>, Vec<Missing>) {
    let names = match fargate_profiles(context) {
        Ok(names) => names,
        Err(missing) => return (Vec::new(), missing),
    };
    let (mut described, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        let mut profiles = context.snapshot.aws.fargate_profile.iter().flatten();
        match profiles.find(|profile| profile.fargate_profile_name == *name) {
            Some(profile) => described.push(profile),
            None => missing.push(context.missing("fargateProfile", Some(name))),
        }
    }
    (described, missing)
}

/// The add-ons without which no node becomes ready, or no pod finds a name.
pub(crate) const NETWORKING_ADDONS: [&str; 3] = ["coredns", "kube-proxy", "vpc-cni"];

/// Names of the cluster's add-ons.
pub(crate) fn addons<'s>(context: &Context<'s>) -> Known<&'s [String]> {
    let cluster = context.cluster.clone()?;
    context.items(context.snapshot.aws.addons.as_deref(), "addons", &cluster.name)
}

/// The security group that EKS made for the cluster.
pub(crate) fn cluster_group(context: &Context<'_>) -> Known<String> {
    let config = context.vpc_config()?;
    config
        .cluster_security_group_id
        .clone()
        .ok_or_else(|| vec![context.field("cluster", "resourcesVpcConfig.clusterSecurityGroupId")])
}

/// The issuer of the cluster's tokens, without its scheme.
pub(crate) fn issuer(context: &Context<'_>) -> Known<String> {
    let identity = context.cluster.clone()?.identity.as_ref();
    let issuer = identity.and_then(|identity| identity.oidc.as_ref()).and_then(|oidc| oidc.issuer.clone());
    issuer
        .map(|issuer| issuer.trim_start_matches("https://").to_owned())
        .ok_or_else(|| vec![context.field("cluster", "identity.oidc.issuer")])
}

/// Whether IAM has a provider for an issuer.
pub(crate) fn identity_provider_exists(context: &Context<'_>, issuer: &str) -> Known<bool> {
    let all = context.snapshot.aws.open_id_connect_providers.as_deref();
    let all = context.items(all, "OpenIDConnectProviderList", "*")?;
    Ok(all
        .iter()
        .any(|provider| provider.arn.split_once(":oidc-provider/").is_some_and(|(_, url)| url == issuer)))
}

/// EKS's own Argo CDs of a cluster.
pub(crate) fn argo_cds<'s>(context: &Context<'s>, cluster: &Cluster) -> Known<Vec<&'s str>> {
    let listed =
        context.items(context.snapshot.aws.capabilities.as_deref(), "capabilities", &cluster.name)?;
    let of_kind = listed.iter().filter(|found| found.r#type.as_deref() == Some("ARGOCD"));
    Ok(of_kind.map(|found| found.capability_name.as_str()).collect())
}

/// Whether each of them answers through VPC endpoints only.
pub(crate) fn argo_cd_private(context: &Context<'_>, cluster: &Cluster) -> Known<bool> {
    let described = context.snapshot.aws.capability.as_deref().unwrap_or_default();
    let mut private = true;
    for name in argo_cds(context, cluster)? {
        let found = described.iter().find(|found| found.capability_name == name);
        let found = found.ok_or_else(|| vec![context.missing("capability", Some(name))])?;
        let argo_cd = found.configuration.as_ref().and_then(|configuration| configuration.argo_cd.as_ref());
        let argo_cd = argo_cd.ok_or_else(|| vec![context.field("capability", "configuration.argoCd")])?;
        private &= argo_cd.network_access.as_ref().is_some_and(|access| !access.vpce_ids.is_empty());
    }
    Ok(private)
}

/// Whether pods have IPv6 addresses. Where AWS gives neither family nor prefix the cluster is
/// taken for IPv4, which needs more addresses and holds fewer pods: no pass comes of it.
pub(crate) fn ipv6(context: &Context<'_>) -> Known<bool> {
    let cluster = context.cluster.clone()?;
    let network = cluster.kubernetes_network_config.as_ref();
    let family = network.and_then(|network| network.ip_family.as_deref());
    Ok(match family {
        Some(family) => family.eq_ignore_ascii_case("ipv6"),
        None => network.is_some_and(|network| network.service_ipv6_cidr.is_some()),
    })
}
