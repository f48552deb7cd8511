//! The names that have to resolve: that of the cluster's API, and those of the AWS services that it needs.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;

use privek_core::known::{self, Known, Missing};
use privek_core::observation::CLUSTER;

use crate::catalogue::registries;
use crate::catalogue::services::{self, Service};
use crate::facts::base::context::Context;
use crate::facts::endpoints::service_endpoint;
use crate::facts::features;
use crate::intent::Intent;
use crate::snapshot::Snapshot;
use crate::snapshot::aws::ec2::{NetworkInterface, ServiceDetail, VpcEndpoint};

/// The names that have to resolve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeededNames {
    /// Sorted: the cluster's, then those of services by suffix.
    pub listed: Vec<NeededName>,
    /// Why there may be more.
    pub unlisted: Vec<Missing>,
}

/// A name that has to resolve.
#[derive(Clone, Debug, PartialEq)]
pub struct NeededName {
    /// [`CLUSTER`], or the service's suffix as in `rules/eks/services.yaml`.
    pub of: String,
    /// In lower case, without a dot at the end.
    pub name: String,
    /// The private addresses that it should have in the cluster's VPC: those of the control plane's
    /// interfaces, or of the endpoint's. Empty where public ones are right: a gateway endpoint, or none.
    pub expected: Known<BTreeSet<IpAddr>>,
    /// Whether nodes or pods fail where the name does not resolve.
    pub essential: bool,
}

/// The names that a cluster needs.
pub fn needed_names(snapshot: &Snapshot, intent: &Intent) -> NeededNames {
    computed(&Context::new(snapshot, intent))
}

/// The same, computed once.
pub(crate) fn of(context: &Context<'_>) -> Rc<NeededNames> {
    context.memo.get(|| computed(context))
}

fn computed(context: &Context<'_>) -> NeededNames {
    let mut names = NeededNames::default();
    match cluster_host(context) {
        Ok(name) => names.listed.push(NeededName {
            of: CLUSTER.to_owned(),
            name,
            expected: control_plane(context),
            essential: true,
        }),
        Err(missing) => names.unlisted.extend(missing),
    }
    let matrix = match services::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => {
            names.unlisted.extend(missing);
            return names;
        }
    };
    let used = features::used(context, matrix);
    for (suffix, service) in &matrix.services {
        match features::needed(matrix, &used, suffix).0 {
            Ok(false) => continue,
            Ok(true) => {}
            Err(missing) => {
                names.unlisted.extend(missing);
                continue;
            }
        }
        let essential = features::essential(matrix, &used, suffix).0 == Ok(true);
        match hosts(context, suffix, service) {
            Ok(hosts) => {
                let expected = of_service(context, suffix, service);
                names.listed.extend(hosts.into_iter().map(|name| NeededName {
                    of: suffix.clone(),
                    name,
                    expected: expected.clone(),
                    essential,
                }));
            }
            Err(missing) => names.unlisted.extend(missing),
        }
    }
    names.unlisted = known::joined(names.unlisted);
    names
}

/// The host of `cluster.endpoint`.
pub(crate) fn cluster_host(context: &Context<'_>) -> Known<String> {
    let cluster = context.cluster.clone()?;
    let endpoint = cluster.endpoint.as_deref().filter(|endpoint| !endpoint.is_empty());
    let endpoint = endpoint.ok_or_else(|| vec![context.field("cluster", "endpoint")])?;
    let host = endpoint.strip_prefix("https://").unwrap_or(endpoint);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    Ok(host.trim_end_matches('.').to_ascii_lowercase())
}

/// The addresses of the control plane's interfaces; none where the private endpoint is off.
pub(crate) fn control_plane(context: &Context<'_>) -> Known<BTreeSet<IpAddr>> {
    if !context.private_access()? {
        return Ok(BTreeSet::new());
    }
    let interfaces = context.control_plane_interfaces()?;
    let mut addresses: BTreeSet<IpAddr> =
        interfaces.into_iter().flat_map(NetworkInterface::addresses).collect();
    if let (Ok(host), Some(domain)) = (cluster_host(context), context.newer_domain()) {
        // Only names of the newer form have IPv6 addresses:
        // https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
        let dual_stack = host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'));
        addresses.retain(|address| address.is_ipv4() || dual_stack);
    }
    if addresses.is_empty() {
        return Err(vec![Missing::unmodelled(
            "the addresses of the control plane; no network interface exists yet",
        )]);
    }
    Ok(addresses)
}

/// The addresses of the VPC endpoints that a service's own names resolve to.
fn of_service(context: &Context<'_>, suffix: &str, service: &Service) -> Known<BTreeSet<IpAddr>> {
    let mut found = BTreeSet::new();
    for endpoint in service_endpoint::of(context, suffix, service)? {
        if service_endpoint::is_interface(context, endpoint)?
            && service_endpoint::names_served(context, endpoint)?
        {
            found.extend(of_endpoint(context, endpoint)?);
        }
    }
    Ok(found)
}

/// The addresses of an endpoint's interfaces that its names have.
pub(crate) fn of_endpoint(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<BTreeSet<IpAddr>> {
    let mut found = BTreeSet::new();
    for id in &endpoint.network_interface_ids {
        found.extend(context.network.interface(id)?.addresses());
    }
    if found.iter().any(IpAddr::is_ipv4) && found.iter().any(IpAddr::is_ipv6) {
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DnsOptionsSpecification.html
        let options = endpoint.dns_options.as_ref();
        let records = options.and_then(|options| options.dns_record_ip_type.as_deref());
        match records.map(str::to_ascii_lowercase).as_deref() {
            Some("ipv4") => found.retain(IpAddr::is_ipv4),
            Some("ipv6") => found.retain(IpAddr::is_ipv6),
            Some("dualstack") => {}
            // What a service defines is its own.
            _ => {
                let field = format!("DnsRecordIpType of {}", endpoint.vpc_endpoint_id);
                return Err(vec![context.field("VpcEndpoints", &field)]);
            }
        }
    }
    if found.is_empty() {
        let field = format!("NetworkInterfaceIds of {}", endpoint.vpc_endpoint_id);
        return Err(vec![context.field("VpcEndpoints", &field)]);
    }
    Ok(found)
}

/// The host names that a service's clients ask for.
fn hosts(context: &Context<'_>, suffix: &str, service: &Service) -> Known<Vec<String>> {
    let region = context.region.as_deref();
    let region = region.ok_or_else(|| vec![context.field("cluster", "the region in the cluster's ARN")])?;
    let unknown = |what: &str| vec![Missing::unmodelled(format!("{what} in {}", context.partition))];
    let domain = context.domain().ok_or_else(|| unknown("the DNS suffix of AWS services"))?;
    if service.hosts.is_empty() {
        let offer = service_endpoint::offer(context, suffix, service).ok().flatten();
        return Ok(vec![offer.and_then(offered).unwrap_or_else(|| usual(suffix, service, region, domain))]);
    }
    let mut hosts = Vec::new();
    for host in &service.hosts {
        let mut name = host.replace("{region}", region).replace("{domain}", domain);
        if name.contains("{newer_domain}") {
            let newer = context.newer_domain();
            let newer = newer.ok_or_else(|| unknown("the DNS suffix of newer AWS services"))?;
            name = name.replace("{newer_domain}", newer);
        }
        if name.contains("{account}") {
            let account = context.account.as_deref();
            let account =
                account.ok_or_else(|| vec![context.field("cluster", "the account in the cluster's ARN")])?;
            name = name.replace("{account}", account);
        }
        if name.contains("{eks}") {
            name = name.replace("{eks}", registries::eks(Some(region))?);
        }
        hosts.push(name);
    }
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}

/// The name that AWS says private DNS answers for, where that is one host.
fn offered(detail: &ServiceDetail) -> Option<String> {
    let name = detail.private_dns_name.as_deref()?;
    (!name.contains('*')).then(|| name.trim_end_matches('.').to_ascii_lowercase())
}

/// <https://docs.aws.amazon.com/general/latest/gr/rande.html>
fn usual(suffix: &str, service: &Service, region: &str, domain: &str) -> String {
    let host: Vec<&str> = suffix.split('.').rev().collect();
    let host = host.join(".");
    if service.global { format!("{host}.{domain}") } else { format!("{host}.{region}.{domain}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::facts::test_support::fixture::Fixture;

    use super::*;

    fn names(fixture: &Fixture) -> BTreeMap<String, BTreeSet<String>> {
        let mut by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in needed_names(&fixture.snapshot(), &Intent::default()).listed {
            by.entry(name.of).or_default().insert(name.name);
        }
        by
    }

    #[test]
    fn a_registry_is_asked_under_the_names_of_the_accounts_that_images_come_from() {
        let names = names(&Fixture::healthy());
        let registries = names["ecr.dkr"].iter().cloned().collect::<Vec<_>>();
        assert_eq!(registries.len(), 2, "AWS's and the account's own: {registries:?}");
        assert!(registries.iter().any(|name| name.starts_with("602401143452.dkr.ecr.")), "{registries:?}");
        assert!(names["s3"].iter().all(|name| name.contains("starport-layer-bucket.s3.")), "{names:?}");
        assert!(names["ecr.api"].iter().all(|name| name.starts_with("api.ecr.")), "{names:?}");
        assert_eq!(names[CLUSTER].len(), 1);
    }

    #[test]
    fn names_end_as_their_partition_s_do() {
        let of = |partition: &str, region: &str| {
            let arn = format!("arn:{partition}:eks:{region}:111122223333:cluster/payments");
            let fixture = Fixture::healthy().set("region", region.into());
            names(
                &fixture.change("cluster", "name", "payments", |cluster| cluster["arn"] = arn.clone().into()),
            )
        };
        let china = of("aws-cn", "cn-north-1");
        assert!(china["ecr.dkr"].contains("918309763551.dkr.ecr.cn-north-1.amazonaws.com.cn"), "{china:?}");
        assert!(china["eks-auth"].contains("eks-auth.cn-north-1.api.amazonwebservices.com.cn"), "{china:?}");
        assert!(china["ecr.api"].contains("api.ecr.cn-north-1.amazonaws.com.cn"), "{china:?}");
        let government = of("aws-us-gov", "us-gov-west-1");
        assert!(government["sts"].contains("sts.us-gov-west-1.amazonaws.com"), "{government:?}");
        assert!(government["eks-auth"].contains("eks-auth.us-gov-west-1.api.aws"), "{government:?}");
    }

    #[test]
    fn the_cluster_s_name_leads_to_its_interfaces_where_the_private_endpoint_is_on() {
        let expected = |fixture: &Fixture| {
            let names = needed_names(&fixture.snapshot(), &Intent::default());
            names.listed.into_iter().find(|name| name.of == CLUSTER).unwrap().expected
        };
        let healthy = Fixture::healthy();
        assert!(!expected(&healthy).unwrap().is_empty());
        let private = |on: bool| {
            Fixture::healthy().change("cluster", "name", "payments", |cluster| {
                cluster["resourcesVpcConfig"]["endpointPrivateAccess"] = on.into();
            })
        };
        assert_eq!(expected(&private(false)), Ok(BTreeSet::new()));
        assert!(expected(&private(true).withhold("NetworkInterfaces")).is_err());
    }

    #[test]
    fn a_name_has_the_addresses_of_the_families_that_it_is_said_to_have() {
        let expected = |fixture: &Fixture, of: &str| {
            let names = needed_names(&fixture.snapshot(), &Intent::default());
            names.listed.into_iter().find(|name| name.of == of).unwrap().expected
        };
        let dual = |mut fixture: Fixture| {
            for interface in fixture.0["NetworkInterfaces"].as_array_mut().unwrap() {
                interface["Ipv6Addresses"] = serde_json::json!([{"Ipv6Address": "2406:da14::7"}]);
            }
            fixture
        };
        let has_v6 = |expected: Known<BTreeSet<IpAddr>>| expected.map(|all| all.iter().any(IpAddr::is_ipv6));
        let healthy = dual(Fixture::healthy());
        assert_eq!(has_v6(expected(&healthy, CLUSTER)), Ok(false), "under eks.amazonaws.com");
        let newer = dual(Fixture::healthy()).change("cluster", "name", "payments", |cluster| {
            cluster["endpoint"] = "https://0a1.gr7.ap-northeast-1.api.aws".into();
        });
        assert_eq!(has_v6(expected(&newer, CLUSTER)), Ok(true));
        let records = |kind: &str| {
            let mut fixture = dual(Fixture::healthy());
            for endpoint in fixture.0["VpcEndpoints"].as_array_mut().unwrap() {
                endpoint["DnsOptions"]["DnsRecordIpType"] = kind.into();
            }
            has_v6(expected(&fixture, "sts"))
        };
        assert_eq!((records("ipv4"), records("dualstack")), (Ok(false), Ok(true)));
        assert!(records("service-defined").is_err());
    }
}
