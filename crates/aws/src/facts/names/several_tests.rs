//! Names with several answers, servers, Profiles or rule groups: what agrees is certain, what differs is not.

use serde_json::{Value, json};

use crate::facts::test_support::fixture::{Fixture, is_unknown};

const VPC: &str = "vpc-0a000000000000001";
const STS: &str = "sts.ap-northeast-1.amazonaws.com";
const ENDPOINT: &str = "vpce-0a0000000000000e3";
const OWN: [&str; 3] = ["10.20.16.23", "10.20.32.23", "10.20.48.23"];

fn node(fixture: &Fixture, of: &str) -> Value {
    fixture.fields_with("node_name", &format!("nodes:{of}"), "features: { irsa: true }")
}

/// STS's private DNS is off, and a private hosted zone of the name has these records.
fn zone(records: &Value) -> Fixture {
    Fixture::healthy()
        .change("VpcEndpoints", "VpcEndpointId", ENDPOINT, |endpoint| {
            endpoint["PrivateDnsEnabled"] = false.into();
        })
        .change("HostedZonesByVPC", "VPCId", VPC, |zones| {
            zones["HostedZoneSummaries"] = json!([{"HostedZoneId": "Z1", "Name": STS}]);
        })
        .add("ResourceRecordSetsByZone", json!({"HostedZoneId": "Z1", "ResourceRecordSets": records}))
        .cover("ResourceRecordSetsByZone", "Z1")
}

fn weighted(addresses: &[&str]) -> Fixture {
    let record = |address: &&str| {
        json!({"Name": STS, "Type": "A", "SetIdentifier": address, "Weight": 10,
               "ResourceRecords": [{"Value": address}]})
    };
    zone(&addresses.iter().map(record).collect())
}

#[test]
fn a_routing_policy_decides_only_where_its_records_lead_to_different_places() {
    assert_eq!(node(&weighted(&OWN), "sts")["leads_home"], true);
    let stale = node(&weighted(&["10.20.16.98", "10.20.16.99"]), "sts");
    assert_eq!(stale["leads_home"], false, "{stale}");
    assert_eq!(stale["blockers"][0]["id"], "Z1", "{stale}");
    assert!(is_unknown(&node(&weighted(&[OWN[0], "10.20.16.99"]), "sts")["leads_home"], "routing policy"));
}

#[test]
fn a_zonal_name_of_a_vpc_endpoint_has_the_address_in_that_zone() {
    let alias = |name: &str| {
        let target =
            json!({"HostedZoneId": "Z2E726K9Y6RL4W", "DNSName": name, "EvaluateTargetHealth": false});
        node(&zone(&json!([{"Name": STS, "Type": "A", "AliasTarget": target}])), "sts")["addresses"].clone()
    };
    let domain = "sts.ap-northeast-1.vpce.amazonaws.com.";
    assert_eq!(alias(&format!("{ENDPOINT}-abcdefgh-ap-northeast-1a.{domain}")), json!([OWN[0]]));
    assert_eq!(alias(&format!("{ENDPOINT}-abcdefgh.{domain}")), json!(OWN));
}

/// With a Profile that has a private hosted zone of STS's name; the zone has one address, or none.
fn profile(fixture: Fixture, id: &str, more: &Value, domain: &str) -> Fixture {
    let mut association =
        json!({"Id": format!("a-{id}"), "ProfileId": id, "ResourceId": VPC, "Status": "COMPLETE"});
    for (key, value) in more.as_object().unwrap() {
        association[key] = value.clone();
    }
    let zone = format!("Z-{id}");
    fixture
        .add("ProfileAssociations", association)
        .add(
            "ProfileResourceAssociations",
            json!({"Id": format!("r-{id}"), "ProfileId": id, "Status": "COMPLETE",
                   "ResourceArn": format!("arn:aws:route53:::hostedzone/{zone}")}),
        )
        .cover("ProfileResourceAssociations", id)
        .add(
            "ResourceRecordSetsByZone",
            json!({"HostedZoneId": zone, "ResourceRecordSets": [
                {"Name": domain, "Type": "NS", "ResourceRecords": [{"Value": "ns-0.awsdns-00.com."}]},
                {"Name": domain, "Type": "A", "ResourceRecords": [{"Value": format!("10.9.9.{id}")}]}]}),
        )
        .cover("ResourceRecordSetsByZone", &zone)
}

#[test]
fn of_several_profiles_the_lowest_priority_comes_first_and_matters_where_both_have_the_name() {
    let off = || {
        zone(&json!([])).change("HostedZonesByVPC", "VPCId", VPC, |zones| {
            zones["HostedZoneSummaries"] = json!([]);
        })
    };
    let both = |one: &Value, other: &Value| {
        node(&profile(profile(off(), "1", one, STS), "2", other, STS), "sts")["addresses"].clone()
    };
    assert_eq!(both(&json!({"Priority": 200}), &json!({"Priority": 100})), json!(["10.9.9.2"]));
    assert_eq!(both(&json!({"Priority": 100}), &json!({"Priority": 200})), json!(["10.9.9.1"]));
    assert!(is_unknown(&both(&json!({}), &json!({"Priority": 200})), "order of the Route 53 Profiles"));
    let updating = json!({"Priority": 100, "Status": "UPDATING"});
    assert!(is_unknown(&both(&updating, &json!({"Priority": 200})), "order of the Route 53 Profiles"));
    // One that is updated answers; one that is created may.
    let alone =
        |status: &str, domain: &str| node(&profile(off(), "1", &json!({"Status": status}), domain), "sts");
    assert_eq!(alone("UPDATING", STS)["addresses"], json!(["10.9.9.1"]));
    assert!(is_unknown(&alone("CREATING", STS)["addresses"], "CREATING"));
    assert_eq!(alone("CREATING", "corp.example")["answer"], "public");
    let others =
        profile(profile(Fixture::healthy(), "1", &json!({}), "a.example"), "2", &json!({}), "b.example");
    assert_eq!(node(&others, "sts")["leads_home"], true, "no Profile has the name");
}

/// With a rule group of DNS Firewall, of the VPC or of a Profile; the rules as action, domains, redirection.
fn group(fixture: Fixture, id: &str, of_profile: bool, rules: &[(&str, &str, &str)]) -> Fixture {
    let mut fixture = fixture.cover("FirewallRules", id);
    for (at, (action, domain, redirection)) in rules.iter().enumerate() {
        let list = format!("list-{id}-{at}");
        fixture = fixture
            .add(
                "FirewallRules",
                json!({"FirewallRuleGroupId": id, "FirewallDomainListId": list, "Name": format!("r{at}"),
                       "Priority": at, "Action": action, "FirewallDomainRedirectionAction": redirection}),
            )
            .add("FirewallDomainsByList", json!({"FirewallDomainListId": list, "Domains": [domain]}))
            .cover("FirewallDomainsByList", &list);
    }
    if !of_profile {
        return fixture.add(
            "FirewallRuleGroupAssociations",
            json!({"Id": format!("a-{id}"), "FirewallRuleGroupId": id, "VpcId": VPC, "Priority": 101, "Status": "COMPLETE"}),
        );
    }
    let arn = format!("arn:aws:route53resolver:ap-northeast-1:111122223333:firewall-rule-group/{id}");
    fixture
        .add(
            "ProfileAssociations",
            json!({"Id": "a-1", "ProfileId": "rp-1", "ResourceId": VPC, "Status": "COMPLETE"}),
        )
        .add(
            "ProfileResourceAssociations",
            json!({"Id": "r-1", "ProfileId": "rp-1", "ResourceArn": arn, "Status": "COMPLETE",
                   "ResourceProperties": "{\"priority\":102}"}),
        )
        .cover("ProfileResourceAssociations", "rp-1")
}

const INSPECT: &str = "INSPECT_REDIRECTION_DOMAIN";

#[test]
fn the_order_of_rule_groups_of_a_vpc_and_its_profile_matters_where_they_differ() {
    let both = |own: (&str, &str), other: (&str, &str)| {
        let own = group(Fixture::healthy(), "rslvr-frg-1", false, &[(own.0, own.1, INSPECT)]);
        node(&group(own, "rslvr-frg-2", true, &[(other.0, other.1, INSPECT)]), "sts")
    };
    assert_eq!(both(("BLOCK", "*.evil.example"), ("BLOCK", "*.bad.example"))["leads_home"], true);
    assert_eq!(both(("BLOCK", "*"), ("BLOCK", "*.bad.example"))["resolves"], false);
    assert_eq!(both(("BLOCK", "*"), ("BLOCK", "*"))["resolves"], false);
    assert!(is_unknown(&both(("BLOCK", "*"), ("ALLOW", "*"))["resolves"], "priority order"));
}

#[test]
fn a_rule_that_inspects_redirections_allows_no_cname_target() {
    let s3 = |redirection: &str, more: &[&str]| {
        let own = "*.s3.ap-northeast-1.amazonaws.com";
        let mut rules = vec![("ALLOW", own, redirection)];
        rules.extend(more.iter().map(|domain| ("ALLOW", *domain, redirection)));
        rules.push(("BLOCK", "*", INSPECT));
        node(&group(Fixture::healthy(), "rslvr-frg-1", false, &rules), "s3")["resolves"].clone()
    };
    assert!(is_unknown(&s3(INSPECT, &[]), "CNAME targets"));
    assert_eq!(s3("TRUST_REDIRECTION_DOMAIN", &[]), true);
    assert_eq!(s3(INSPECT, &["s3-r-w.ap-northeast-1.amazonaws.com"]), true);
    // A name with a VPC endpoint has no CNAME.
    let sts =
        group(Fixture::healthy(), "rslvr-frg-1", false, &[("ALLOW", STS, INSPECT), ("BLOCK", "*", INSPECT)]);
    assert_eq!(node(&sts, "sts")["leads_home"], true);
}

/// With an inbound Resolver endpoint in the VPC, and DHCP options that list these servers.
fn servers(all: &[&str]) -> Fixture {
    let everywhere = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let values: Vec<Value> = all.iter().map(|server| json!({"Value": server})).collect();
    Fixture::healthy()
        .add(
            "SecurityGroups",
            json!({"GroupId": "sg-9", "VpcId": VPC, "IpPermissions": everywhere, "IpPermissionsEgress": everywhere}),
        )
        .add(
            "ResolverEndpoints",
            json!({"Id": "rslvr-in-9", "Direction": "INBOUND", "HostVPCId": VPC, "Status": "OPERATIONAL",
                   "SecurityGroupIds": ["sg-9"], "Protocols": ["Do53"]}),
        )
        .add(
            "ResolverEndpointIpAddresses",
            json!({"ResolverEndpointId": "rslvr-in-9", "IpAddresses": [
                {"Ip": "10.20.16.100", "SubnetId": "subnet-0a00000000000002a", "Status": "ATTACHED"}]}),
        )
        .cover("ResolverEndpointIpAddresses", "rslvr-in-9")
        .change("DhcpOptions", "DhcpOptionsId", "dopt-0d000000000000002", |options| {
            options["DhcpConfigurations"] = json!([{"Key": "domain-name-servers", "Values": values}]);
        })
}

#[test]
fn dhcp_options_may_list_the_vpc_s_own_inbound_endpoint_and_its_resolver() {
    let of = |all: &[&str]| {
        let fixture = servers(all);
        let forwards = fixture.fields("vpc", VPC)["custom_dns_forwards"].clone();
        (node(&fixture, "sts")["leads_home"].clone(), forwards)
    };
    assert_eq!(of(&["10.20.16.100"]), (true.into(), true.into()));
    assert_eq!(of(&["10.20.0.2", "10.20.16.100"]), (true.into(), true.into()));
    let (leads, forwards) = of(&["10.20.0.2", "192.168.0.53"]);
    assert!(
        is_unknown(&leads, "192.168.0.53") && is_unknown(&forwards, "192.168.0.53"),
        "{leads} {forwards}"
    );
}

/// Hybrid nodes call AWS through the VPC; these networks are declared.
fn hybrid(operators: &str, change: impl Fn(Fixture) -> Fixture) -> Value {
    let text =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/healthy/custom-networking.json"));
    let fixture = change(Fixture(serde_json::from_str(text).unwrap()));
    let intent = format!("operators: {operators}\nfeatures: {{ hybrid_nodes_through_vpc: true }}");
    fixture.fields_with("node_name", "hybrid-nodes:ecr.api", &intent)
}

const DATA_CENTER: &str =
    "[{ name: data-center, cidr: 172.20.0.0/16, dns: [172.20.0.53], forwards_to: [10.40.1.50] }]";

#[test]
fn what_undeclared_dns_servers_of_hybrid_nodes_forward_is_unknown_for_every_name_but_the_api_s() {
    let name = hybrid("[]", |fixture| fixture);
    assert!(is_unknown(&name["resolves"], "forwards_to"), "{name}");
    assert_eq!(hybrid(DATA_CENTER, |fixture| fixture)["leads_home"], true);
}

#[test]
fn the_vpc_endpoint_without_private_dns_is_named_where_hybrid_nodes_query_the_right_resolver() {
    let name = hybrid(DATA_CENTER, |fixture| {
        fixture.change("VpcEndpoints", "VpcEndpointId", "vpce-0d0000000000000e1", |endpoint| {
            endpoint["PrivateDnsEnabled"] = false.into();
        })
    });
    let blocker = &name["blockers"][0];
    assert_eq!(
        (&blocker["kind"], &blocker["id"]),
        (&json!("vpc-endpoint"), &json!("vpce-0d0000000000000e1"))
    );
    let elsewhere =
        hybrid("[{ name: dc, cidr: 172.20.0.0/16, forwards_to: [], public_dns: true }]", |all| all);
    let reason = elsewhere["blockers"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("do not forward api.ecr."), "{reason}");
}
