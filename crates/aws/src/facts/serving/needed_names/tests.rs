//! The names that a cluster needs, and the addresses that they should have.

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
        names(&fixture.change("cluster", "name", "payments", |cluster| cluster["arn"] = arn.clone().into()))
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
            endpoint["IpAddressType"] = "dualstack".into();
        }
        has_v6(expected(&fixture, "sts"))
    };
    assert_eq!((records("ipv4"), records("dualstack")), (Ok(false), Ok(true)));
    assert_eq!(records("service-defined"), Ok(false), "private names have A records only");
}
