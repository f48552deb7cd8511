//! What names resolve to, one mechanism at a time; whole designs are cases of the rules.

use serde_json::{Value, json};

use crate::facts::test_support::fixture::{Fixture, is_unknown};

const VPC: &str = "vpc-0a000000000000001";
const PEER: &str = "vpc-0e000000000000001";
const REGION: &str = "ap-northeast-1";

fn node(fixture: &Fixture, of: &str) -> Value {
    fixture.fields_with("node_name", &format!("nodes:{of}"), "features: { irsa: true }")
}

fn forward(fixture: Fixture, (id, domain, kind): (&str, &str, &str), targets: &Value, vpc: &str) -> Fixture {
    fixture
        .add(
            "ResolverRules",
            json!({"Id": id, "DomainName": domain, "RuleType": kind, "Status": "COMPLETE",
                   "ResolverEndpointId": "rslvr-out-1", "TargetIps": targets}),
        )
        .add(
            "ResolverRuleAssociations",
            json!({"Id": format!("{id}-assoc"), "ResolverRuleId": id, "VPCId": vpc, "Status": "COMPLETE"}),
        )
}

/// With an outbound endpoint in the cluster's VPC.
fn outbound() -> Fixture {
    Fixture::healthy()
        .add(
            "ResolverEndpoints",
            json!({"Id": "rslvr-out-1", "Direction": "OUTBOUND", "HostVPCId": VPC, "Status": "OPERATIONAL",
                   "SecurityGroupIds": ["sg-0a000000000000def"]}),
        )
        .add(
            "ResolverEndpointIpAddresses",
            json!({"ResolverEndpointId": "rslvr-out-1", "IpAddresses": [
                {"Ip": "10.20.16.99", "SubnetId": "subnet-0a00000000000002a", "Status": "ATTACHED"}]}),
        )
        .cover("ResolverEndpointIpAddresses", "rslvr-out-1")
}

fn office() -> Value {
    json!([{"Ip": "192.168.0.53", "Port": 53}])
}

#[test]
fn an_endpoint_answers_for_its_service_and_public_dns_for_what_has_none() {
    let fixture = Fixture::healthy();
    let api = node(&fixture, "ecr.api");
    assert_eq!(api["answer"], "private");
    assert_eq!(api["addresses"].as_array().unwrap().len(), 3, "{api}");
    assert_eq!(node(&fixture, "s3")["answer"], "public");
    assert_eq!(node(&fixture, "cluster")["leads_home"], true);
    let off = fixture.change("VpcEndpoints", "VpcEndpointId", "vpce-0a0000000000000e3", |endpoint| {
        endpoint["PrivateDnsEnabled"] = false.into();
    });
    assert_eq!(node(&off, "sts")["answer"], "public");
}

#[test]
fn a_rule_comes_before_a_zone_for_its_own_domain_and_after_one_for_a_narrower() {
    let sts = format!("sts.{REGION}.amazonaws.com.");
    let exact = forward(outbound(), ("rslvr-rr-1", &sts, "FORWARD"), &office(), VPC);
    assert!(is_unknown(&node(&exact, "sts")["resolves"], "192.168.0.53"));
    for wide in [".", "com.", "amazonaws.com.", "ap-northeast-1.amazonaws.com."] {
        let rule = forward(outbound(), ("rslvr-rr-1", wide, "FORWARD"), &office(), VPC);
        assert_eq!(node(&rule, "sts")["answer"], "private", "{wide}");
        assert!(is_unknown(&node(&rule, "s3")["resolves"], "192.168.0.53"), "{wide}: no zone has S3's name");
    }
}

#[test]
fn a_rule_of_the_system_keeps_narrower_names_from_a_wider_rule() {
    let wide = forward(outbound(), ("rslvr-rr-1", "amazonaws.com.", "FORWARD"), &office(), VPC);
    let s3 = format!("s3.{REGION}.amazonaws.com.");
    let kept = forward(wide, ("rslvr-rr-2", &s3, "SYSTEM"), &json!([]), VPC);
    assert_eq!(node(&kept, "s3")["answer"], "public");
}

#[test]
fn a_rule_for_delegation_takes_no_names() {
    let s3 = format!("s3.{REGION}.amazonaws.com.");
    let delegated = forward(outbound(), ("rslvr-rr-1", &s3, "DELEGATE"), &office(), VPC);
    assert_eq!(node(&delegated, "s3")["answer"], "public");
}

#[test]
fn rules_of_another_vpc_do_not_matter() {
    let other = forward(outbound(), ("rslvr-rr-1", ".", "FORWARD"), &office(), PEER);
    assert_eq!(node(&other, "s3")["answer"], "public");
}

#[test]
fn a_profile_brings_rules_zones_and_firewalls_into_a_vpc() {
    let profile = |arn: &str| {
        outbound()
            .add(
                "ProfileAssociations",
                json!({"Id": "rpassoc-1", "ProfileId": "rp-1", "ResourceId": VPC, "Status": "COMPLETE"}),
            )
            .add(
                "ProfileResourceAssociations",
                json!({"Id": "rpr-1", "ProfileId": "rp-1", "ResourceArn": arn, "Status": "COMPLETE"}),
            )
            .cover("ProfileResourceAssociations", "rp-1")
    };
    let s3 = format!("s3.{REGION}.amazonaws.com.");
    let rule = profile("arn:aws:route53resolver:ap-northeast-1:111122223333:resolver-rule/rslvr-rr-1").add(
        "ResolverRules",
        json!({"Id": "rslvr-rr-1", "DomainName": s3, "RuleType": "FORWARD", "Status": "COMPLETE",
               "ResolverEndpointId": "rslvr-out-1", "TargetIps": office()}),
    );
    assert!(is_unknown(&node(&rule, "s3")["resolves"], "192.168.0.53"));
    let zone = profile("arn:aws:route53:::hostedzone/Z1")
        .add(
            "ResourceRecordSetsByZone",
            json!({"HostedZoneId": "Z1", "ResourceRecordSets": [
                {"Name": s3, "Type": "NS", "ResourceRecords": [{"Value": "ns-0.awsdns-00.com."}]}]}),
        )
        .cover("ResourceRecordSetsByZone", "Z1");
    assert_eq!(node(&zone, "s3")["answer"], "nothing");
    let unread = profile("arn:aws:route53:::hostedzone/Z2");
    assert!(is_unknown(&node(&unread, "s3")["resolves"], "Z2"));
    let firewall = profile("arn:aws:route53resolver:ap-northeast-1:111122223333:firewall-rule-group/rslvr-frg-1")
        .add(
            "FirewallRules",
            json!({"FirewallRuleGroupId": "rslvr-frg-1", "FirewallDomainListId": "rslvr-fdl-1", "Name": "no", "Priority": 1, "Action": "BLOCK"}),
        )
        .add("FirewallDomainsByList", json!({"FirewallDomainListId": "rslvr-fdl-1", "Domains": ["*.amazonaws.com."]}))
        .cover("FirewallRules", "rslvr-frg-1")
        .cover("FirewallDomainsByList", "rslvr-fdl-1");
    assert_eq!(node(&firewall, "s3")["blockers"][0]["code"], "dns-firewall");
}

#[test]
fn an_alias_of_a_zone_is_asked_for_where_the_zone_ends() {
    let zone = Fixture::healthy()
        .change("HostedZonesByVPC", "VPCId", VPC, |zones| {
            zones["HostedZoneSummaries"] =
                json!([{"HostedZoneId": "/hostedzone/Z1", "Name": "s3.ap-northeast-1.amazonaws.com."}]);
        })
        .add(
            "ResourceRecordSetsByZone",
            json!({"HostedZoneId": "Z1", "ResourceRecordSets": [
                {"Name": "*.s3.ap-northeast-1.amazonaws.com.", "Type": "CNAME",
                 "ResourceRecords": [{"Value": "sts.ap-northeast-1.amazonaws.com"}]}]}),
        )
        .cover("ResourceRecordSetsByZone", "Z1")
        .cover("ResourceRecordSetsByZone", "/hostedzone/Z1");
    let s3 = node(&zone, "s3");
    assert_eq!(s3["addresses"], node(&zone, "sts")["addresses"], "{s3}");
    let asked = s3["asked"].to_string();
    assert!(asked.contains("Z1") && asked.contains("vpce-"), "{asked}");
}

/// With STS's endpoint in this state.
fn sts_is(fixture: Fixture, state: Option<&str>) -> Fixture {
    fixture.change("VpcEndpoints", "VpcEndpointId", "vpce-0a0000000000000e3", |endpoint| {
        endpoint["State"] = state.into();
    })
}

#[test]
fn an_endpoint_that_may_not_answer_yet_or_any_longer_leaves_its_names_open() {
    for state in ["pending", "Pending", "pendingAcceptance", "partial", "whatever-comes-next"] {
        let name = node(&sts_is(Fixture::healthy(), Some(state)), "sts");
        assert!(is_unknown(&name["answer"], "vpce-0a0000000000000e3"), "{state}: {name}");
        assert!(is_unknown(&name["resolves"], "vpce-0a0000000000000e3"), "{state}: {name}");
    }
    let silent = sts_is(Fixture::healthy(), None);
    assert!(is_unknown(&node(&silent, "sts")["resolves"], "State of vpce-0a0000000000000e3"));
    assert_eq!(node(&silent, "ecr.api")["answer"], "private", "another endpoint's names are its own");
    // Whether the name is refused for want of the zone, or public DNS has it, is as open.
    let hostnames_off =
        sts_is(Fixture::healthy(), Some("pending"))
            .change("VpcAttributes", "VpcId", VPC, |vpc| vpc["EnableDnsHostnames"]["Value"] = false.into());
    let name = node(&hostnames_off, "sts");
    assert!(is_unknown(&name["resolves"], "pending") && name["blockers"] == json!([]), "{name}");
    let off = sts_is(Fixture::healthy(), Some("pending")).change(
        "VpcEndpoints",
        "VpcEndpointId",
        "vpce-0a0000000000000e3",
        |endpoint| endpoint["PrivateDnsEnabled"] = false.into(),
    );
    assert_eq!(node(&off, "sts")["answer"], "public", "it has no names to answer for");
}

#[test]
fn an_endpoint_that_is_gone_leaves_its_names_to_who_comes_next() {
    for state in ["failed", "Rejected", "expired", "deleting", "deleted"] {
        let name = node(&sts_is(Fixture::healthy(), Some(state)), "sts");
        assert_eq!(name["answer"], "public", "{state}: {name}");
    }
}

#[test]
fn a_rule_for_an_endpoint_s_own_name_comes_first_whatever_its_state() {
    let sts = format!("sts.{REGION}.amazonaws.com.");
    let pending = sts_is(outbound(), Some("pending"));
    let name = node(&forward(pending, ("rslvr-rr-1", &sts, "FORWARD"), &office(), VPC), "sts");
    assert!(is_unknown(&name["resolves"], "192.168.0.53"), "{name}");
    assert!(!name["resolves"].to_string().contains("vpce-"), "{name}");
}

#[test]
fn an_endpoint_hides_names_beneath_its_own() {
    let oidc = Fixture::healthy().change(
        "ServiceDetails",
        "ServiceName",
        "com.amazonaws.ap-northeast-1.eks",
        |detail| {
            detail["PrivateDnsNames"] = json!([{"PrivateDnsName": "eks.ap-northeast-1.amazonaws.com"}]);
        },
    );
    let intent = "features: { oidc_discovery: true }";
    let name = oidc.fields_with("node_name", "nodes:oidc-eks", intent);
    assert_eq!(name["answer"], "nothing", "{name}");
    assert_eq!(name["blockers"][0]["kind"], "vpc-endpoint");
}

#[test]
fn a_rule_that_leads_nodes_past_the_cluster_s_zone_leads_them_wrong() {
    let host = "9f8e7d6c5b4a39281706f5e4d3c2b1a0.gr7.ap-northeast-1.eks.amazonaws.com.";
    let everywhere = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let past = outbound()
        .change("cluster", "name", "payments", |cluster| {
            cluster["resourcesVpcConfig"]["endpointPublicAccess"] = true.into();
        })
        .add(
            "SecurityGroups",
            json!({"GroupId": "sg-9", "VpcId": PEER, "IpPermissions": everywhere, "IpPermissionsEgress": everywhere}),
        )
        .change("ResolverEndpoints", "Id", "rslvr-out-1", |endpoint| {
            endpoint["HostVPCId"] = PEER.into();
            endpoint["SecurityGroupIds"] = json!(["sg-9"]);
        })
        .change("ResolverEndpointIpAddresses", "ResolverEndpointId", "rslvr-out-1", |list| {
            list["IpAddresses"] = json!([{"Ip": "10.50.0.99", "SubnetId": "subnet-0e00000000000001a", "Status": "ATTACHED"}]);
        })
        .add(
            "ResolverEndpoints",
            json!({"Id": "rslvr-in-9", "Direction": "INBOUND", "HostVPCId": PEER, "Status": "OPERATIONAL",
                   "SecurityGroupIds": ["sg-9"], "Protocols": ["Do53"]}),
        )
        .add(
            "ResolverEndpointIpAddresses",
            json!({"ResolverEndpointId": "rslvr-in-9", "IpAddresses": [
                {"Ip": "10.50.0.100", "SubnetId": "subnet-0e00000000000001a", "Status": "ATTACHED"}]}),
        )
        .cover("ResolverEndpointIpAddresses", "rslvr-in-9");
    let past =
        forward(past, ("rslvr-rr-1", host, "FORWARD"), &json!([{"Ip": "10.50.0.100", "Port": 53}]), VPC);
    let name = node(&past, "cluster");
    assert_eq!((&name["answer"], &name["leads_home"]), (&json!("public"), &json!(false)), "{name}");
    assert_eq!(name["blockers"][0]["code"], "resolver-rule-vpc", "{name}");
    let sts = format!("sts.{REGION}.amazonaws.com.");
    let service =
        forward(past, ("rslvr-rr-2", &sts, "FORWARD"), &json!([{"Ip": "10.50.0.100", "Port": 53}]), VPC);
    let name = node(&service, "sts");
    assert_eq!(
        (&name["answer"], &name["leads_home"]),
        (&json!("public"), &json!(false)),
        "no way out: {name}"
    );
    assert_eq!(name["blockers"][0]["id"], "rslvr-rr-2", "{name}");
}

#[test]
fn aliases_that_lead_back_to_themselves_end() {
    let zone = |id: &str, name: &str, to: &str| {
        json!({"HostedZoneId": id, "ResourceRecordSets": [
            {"Name": name, "Type": "CNAME", "ResourceRecords": [{"Value": to}]}]})
    };
    let round = Fixture::healthy()
        .change("HostedZonesByVPC", "VPCId", VPC, |zones| {
            zones["HostedZoneSummaries"] = json!([
                {"HostedZoneId": "Z1", "Name": "s3.ap-northeast-1.amazonaws.com."},
                {"HostedZoneId": "Z2", "Name": "corp.example."}]);
        })
        .add("ResourceRecordSetsByZone", zone("Z1", "*.s3.ap-northeast-1.amazonaws.com.", "a.corp.example."))
        .add("ResourceRecordSetsByZone", zone("Z2", "a.corp.example.", "x.s3.ap-northeast-1.amazonaws.com."))
        .cover("ResourceRecordSetsByZone", "Z1")
        .cover("ResourceRecordSetsByZone", "Z2");
    let name = node(&round, "s3");
    assert_eq!(name["answer"], "nothing", "{name}");
    let nowhere = Fixture::healthy()
        .change("HostedZonesByVPC", "VPCId", VPC, |zones| {
            zones["HostedZoneSummaries"] =
                json!([{"HostedZoneId": "Z1", "Name": "s3.ap-northeast-1.amazonaws.com."}]);
        })
        .add(
            "ResourceRecordSetsByZone",
            zone("Z1", "*.s3.ap-northeast-1.amazonaws.com.", "typo.nowhere.internal."),
        )
        .cover("ResourceRecordSetsByZone", "Z1");
    assert!(is_unknown(&node(&nowhere, "s3")["resolves"], "typo.nowhere.internal"));
}

/// With these rules of DNS Firewall in the cluster's VPC, each about one list of domains.
fn firewall(fixture: Fixture, rules: &[(Value, &[&str])]) -> Fixture {
    let mut fixture = fixture
        .add(
            "FirewallRuleGroupAssociations",
            json!({"Id": "rslvr-frgassoc-1", "FirewallRuleGroupId": "rslvr-frg-1", "VpcId": VPC, "Priority": 101, "Status": "COMPLETE"}),
        )
        .cover("FirewallRules", "rslvr-frg-1");
    for (at, (settings, domains)) in rules.iter().enumerate() {
        let list = format!("rslvr-fdl-{at}");
        let mut rule = json!({"FirewallRuleGroupId": "rslvr-frg-1", "FirewallDomainListId": list, "Name": format!("rule-{at}"), "Priority": at + 1});
        settings.as_object().unwrap().iter().for_each(|(key, value)| rule[key] = value.clone());
        fixture = fixture
            .add("FirewallRules", rule)
            .add("FirewallDomainsByList", json!({"FirewallDomainListId": list, "Domains": domains}))
            .cover("FirewallDomainsByList", &list);
    }
    fixture
}

/// A zone for S3's name, which redirects to a name of the owner's with STS's addresses.
fn redirected() -> Fixture {
    Fixture::healthy()
        .change("HostedZonesByVPC", "VPCId", VPC, |zones| {
            zones["HostedZoneSummaries"] =
                json!([{"HostedZoneId": "Z1", "Name": "s3.ap-northeast-1.amazonaws.com."}]);
        })
        .add(
            "ResourceRecordSetsByZone",
            json!({"HostedZoneId": "Z1", "ResourceRecordSets": [
                {"Name": "*.s3.ap-northeast-1.amazonaws.com.", "Type": "CNAME",
                 "ResourceRecords": [{"Value": "sts.ap-northeast-1.amazonaws.com"}]}]}),
        )
        .cover("ResourceRecordSetsByZone", "Z1")
        .cover("ResourceRecordSetsByZone", "/hostedzone/Z1")
}

#[test]
fn a_rule_inspects_the_names_of_a_redirection_or_trusts_them() {
    const TRUST: &str = "TRUST_REDIRECTION_DOMAIN";
    let names: &[&str] = &["*.s3.ap-northeast-1.amazonaws.com."];
    let allow = |action: Value| (action, names);
    let others: (Value, &[&str]) = (json!({"Action": "BLOCK", "BlockResponse": "NXDOMAIN"}), &["*"]);
    for inspects in [
        json!({"Action": "ALLOW"}),
        json!({"Action": "ALLOW", "FirewallDomainRedirectionAction": "INSPECT_REDIRECTION_DOMAIN"}),
    ] {
        let s3 = node(&firewall(redirected(), &[allow(inspects), others.clone()]), "s3");
        assert_eq!(
            (&s3["answer"], &s3["blockers"][0]["code"]),
            (&json!("nothing"), &json!("dns-firewall")),
            "{s3}"
        );
        assert!(s3["blockers"][0]["reason"].to_string().contains("sts."), "{s3}");
    }
    let trusts = json!({"Action": "ALLOW", "FirewallDomainRedirectionAction": TRUST});
    let s3 = node(&firewall(redirected(), &[allow(trusts), others]), "s3");
    assert_eq!(s3["answer"], "private", "{s3}");
    // One that blocks looks at the first name only, too.
    let sts: &[&str] = &["sts.ap-northeast-1.amazonaws.com."];
    let blocks =
        json!({"Action": "BLOCK", "BlockResponse": "NODATA", "FirewallDomainRedirectionAction": TRUST});
    let first_only = firewall(redirected(), &[(blocks, sts)]);
    assert_eq!(node(&first_only, "s3")["answer"], "private");
    assert_eq!(node(&first_only, "sts")["answer"], "nothing");
    let blocks = firewall(redirected(), &[(json!({"Action": "BLOCK", "BlockResponse": "NODATA"}), sts)]);
    assert_eq!(node(&blocks, "s3")["answer"], "nothing");
}

#[test]
fn a_rule_may_answer_with_another_name() {
    let names: &[&str] = &["s3.ap-northeast-1.amazonaws.com.", "*.s3.ap-northeast-1.amazonaws.com."];
    let with = |domain: &str| json!({"Action": "BLOCK", "BlockResponse": "OVERRIDE", "BlockOverrideDomain": domain, "BlockOverrideDnsType": "CNAME"});
    let to = |domain: &str| node(&firewall(Fixture::healthy(), &[(with(domain), names)]), "s3");
    let sts = to("sts.ap-northeast-1.amazonaws.com.");
    assert_eq!((&sts["answer"], &sts["leads_home"]), (&json!("private"), &json!(false)), "{sts}");
    assert_eq!(sts["blockers"][0]["id"], "rslvr-frg-1", "{sts}");
    assert!(sts["blockers"][0]["reason"].to_string().contains("with sts."), "{sts}");
    let elsewhere = to("sinkhole.example.");
    assert!(is_unknown(&elsewhere["resolves"], "sinkhole.example"), "{elsewhere}");
    let nowhere = json!({"Action": "BLOCK", "BlockResponse": "OVERRIDE"});
    let nowhere = node(&firewall(Fixture::healthy(), &[(nowhere, names)]), "s3");
    assert!(is_unknown(&nowhere["resolves"], "BlockOverrideDomain"), "{nowhere}");
    let in_part = json!({"Action": "BLOCK", "BlockResponse": "OVERRIDE", "BlockOverrideDomain": "sinkhole.example.", "Qtype": "A"});
    let in_part = node(&firewall(Fixture::healthy(), &[(in_part, names)]), "s3");
    assert!(is_unknown(&in_part["resolves"], "in part"), "{in_part}");
}

#[test]
fn a_rule_about_threats_says_which() {
    let rule = json!({"FirewallDomainListId": null, "Action": "BLOCK", "BlockResponse": "NODATA", "DnsThreatProtection": "DGA", "ConfidenceThreshold": "LOW"});
    let name = node(&firewall(Fixture::healthy(), &[(rule, &[])]), "sts");
    assert!(is_unknown(&name["resolves"], "rule-0, for DGA at confidence LOW, applies"), "{name}");
}
