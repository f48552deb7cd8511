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

/// The family of the addresses that pods and services have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IpFamily {
    V4,
    V6,
}

impl IpFamily {
    /// As EKS spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
        }
    }
}

/// The cluster's address family. Where it is not given, the CIDR of the services says it: EKS returns the one
/// of the cluster's family, and not both
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigResponse.html>).
pub(crate) fn ip_family(context: &Context<'_>) -> Known<IpFamily> {
    let network = context.cluster.clone()?.kubernetes_network_config.as_ref();
    let given = network.and_then(|network| network.ip_family.as_deref());
    let v4 = network.is_some_and(|network| network.service_ipv4_cidr.is_some());
    let v6 = network.is_some_and(|network| network.service_ipv6_cidr.is_some());
    match given.map(str::to_ascii_lowercase).as_deref() {
        Some("ipv4") => Ok(IpFamily::V4),
        Some("ipv6") => Ok(IpFamily::V6),
        Some(other) => Err(vec![Missing::unmodelled(format!("the addresses of pods with ipFamily {other}"))]),
        None if v4 != v6 => Ok(if v6 { IpFamily::V6 } else { IpFamily::V4 }),
        None => Err(vec![context.field("cluster", "kubernetesNetworkConfig.ipFamily")]),
    }
}

/// The addresses of the cluster's services.
pub(crate) fn service_cidr<'s>(context: &Context<'s>) -> Known<&'s str> {
    let network = context.cluster.clone()?.kubernetes_network_config.as_ref();
    let (field, cidr) = match ip_family(context)? {
        IpFamily::V6 => ("serviceIpv6Cidr", network.and_then(|network| network.service_ipv6_cidr.as_deref())),
        IpFamily::V4 => ("serviceIpv4Cidr", network.and_then(|network| network.service_ipv4_cidr.as_deref())),
    };
    cidr.ok_or_else(|| vec![context.field("cluster", &format!("kubernetesNetworkConfig.{field}"))])
}

/// Whether pods have IPv6 addresses.
pub(crate) fn ipv6(context: &Context<'_>) -> Known<bool> {
    ip_family(context).map(|family| family == IpFamily::V6)
}

#[cfg(test)]
mod tests {
    use privek_core::known::MissingKind;
    use serde_json::json;

    use crate::facts::test_support::fixture::Fixture;
    use crate::intent::Intent;

    use super::*;

    #[test]
    fn the_family_is_that_of_the_services_where_eks_does_not_give_it() {
        let family = |network: serde_json::Value| {
            let snapshot = Fixture::healthy()
                .change("cluster", "name", "payments", |cluster| {
                    cluster["kubernetesNetworkConfig"] = network.clone();
                })
                .snapshot();
            ip_family(&Context::new(&snapshot, &Intent::default()))
        };
        let (v4, v6) = ("172.20.0.0/16", "fd30:1:2::/108");
        assert_eq!(family(json!({"ipFamily": "ipv6"})), Ok(IpFamily::V6));
        assert_eq!(family(json!({"ipFamily": "IPv4"})), Ok(IpFamily::V4));
        assert_eq!(family(json!({"serviceIpv6Cidr": v6})), Ok(IpFamily::V6));
        assert_eq!(family(json!({"serviceIpv4Cidr": v4})), Ok(IpFamily::V4));
        for (network, kind) in [
            (json!({}), MissingKind::Operation),
            (json!({"serviceIpv4Cidr": v4, "serviceIpv6Cidr": v6}), MissingKind::Operation),
            (json!({"ipFamily": "dual-stack", "serviceIpv4Cidr": v4}), MissingKind::Unmodelled),
        ] {
            assert_eq!(family(network).unwrap_err()[0].kind, kind);
        }
    }
}
