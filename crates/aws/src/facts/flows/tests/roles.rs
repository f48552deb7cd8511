//! Flows between the roles of a cluster.

use crate::facts::flows::*;
use crate::facts::test_support::fixture::{Fixture, derived, is_unknown};
use crate::intent::Intent;
use serde_json::{Value, json};

const ZONES: [&str; 2] = ["subnet-0a00000000000002a", "subnet-0a00000000000002c"];
const THIRD: &str = "subnet-0a00000000000002d";

fn run(fixture: &Fixture, intent: &str, (from, to, port): (&str, &str, &str)) -> Subjects {
    let snapshot = fixture.snapshot();
    let intent = Intent::from_yaml("intent", intent).unwrap();
    let spec = FlowSpec { from: from.into(), to: to.into(), port: port.into() };
    derived(&snapshot, &intent).flow(&spec)
}

fn ids(subjects: &Subjects) -> Vec<&str> {
    subjects.listed.iter().map(|flow| flow.id.as_str()).collect()
}

fn only(fixture: &Fixture, intent: &str, flow: (&str, &str, &str)) -> Value {
    let mut subjects = run(fixture, intent, flow);
    assert_eq!(subjects.listed.len(), 1, "{:?}", ids(&subjects));
    subjects.listed.remove(0).fields
}

fn closed_group(fixture: Fixture, id: &str) -> Fixture {
    fixture.change("SecurityGroups", "GroupId", id, |group| group["IpPermissions"] = json!([]))
}

fn mount_target(id: &str, subnet: &str, address: &str) -> Value {
    json!({"NetworkInterfaceId": id, "VpcId": "vpc-0a000000000000001", "Status": "in-use",
        "Description": "EFS mount target for fs-0aaa (fsmt-0aaa)", "InterfaceType": "efs",
        "SubnetId": subnet, "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": true}],
        "Groups": [{"GroupId": "sg-0a00000000000000d"}]})
}

/// The last address of a subnet, which nothing else has.
fn free(fixture: &Fixture, subnet: &str) -> String {
    let subnets = fixture.0["Subnets"].as_array().unwrap();
    let cidr = &subnets.iter().find(|one| one["SubnetId"] == subnet).unwrap()["CidrBlock"];
    let net: ipnet::Ipv4Net = cidr.as_str().unwrap().parse().unwrap();
    net.hosts().last().unwrap().to_string()
}

#[test]
fn the_control_plane_and_the_nodes_reach_each_other() {
    for flow in [
        ("control-plane", "nodes", "tcp/10250"),
        ("nodes", "control-plane", "tcp/443"),
        ("control-plane-subnets", "nodes", "tcp/10250"),
        ("nodes", "control-plane-subnets", "tcp/443"),
        ("nodes", "nodes", "udp/53"),
        ("pods", "pods", "tcp/53"),
    ] {
        let facts = only(&Fixture::healthy(), "", flow);
        assert_eq!((&facts["applies"], &facts["open"]), (&json!(true), &json!(true)), "{flow:?}: {facts}");
        assert_eq!(facts["id"], format!("{}->{}:{}", flow.0, flow.1, flow.2));
    }
}

#[test]
fn a_group_that_does_not_admit_the_kubelets_port_blocks_it() {
    let closed = closed_group(Fixture::healthy(), "sg-0a00000000000000f");
    let closed = closed_group(closed, "sg-0a00000000000000d");
    let facts = only(&closed, "", ("control-plane", "nodes", "tcp/10250"));
    assert_eq!(facts["open"], json!(false));
    assert!(facts["blockers"].to_string().contains("security-group-ingress"));
}

#[test]
fn a_subnet_that_only_the_next_update_may_use_is_no_matter_of_today() {
    let denied = {
        let mut fixture = Fixture::healthy();
        let subnet = "subnet-0a00000000000001d";
        let acl = json!({"NetworkAclId": "acl-0a00000000000000d", "VpcId": "vpc-0a000000000000001",
            "Associations": [{"NetworkAclAssociationId": "aclassoc-1", "SubnetId": subnet,
                "NetworkAclId": "acl-0a00000000000000d"}],
            "Entries": [{"RuleNumber": 32767, "Egress": true, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"},
                {"RuleNumber": 32767, "Egress": false, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}]});
        for known in fixture.0["NetworkAcls"].as_array_mut().unwrap() {
            known["Associations"].as_array_mut().unwrap().retain(|one| one["SubnetId"] != subnet);
        }
        fixture.add("NetworkAcls", acl)
    };
    assert_eq!(only(&denied, "", ("nodes", "control-plane", "tcp/443"))["open"], json!(true));
    assert_eq!(only(&denied, "", ("nodes", "control-plane-subnets", "tcp/443"))["open"], json!(false));
}

#[test]
fn with_the_private_endpoint_off_only_the_way_to_the_api_does_not_matter() {
    let off = Fixture::healthy().change("cluster", "name", "payments", |cluster| {
        cluster["resourcesVpcConfig"]["endpointPrivateAccess"] = json!(false);
    });
    let applies = |flow| only(&off, "", flow)["applies"].clone();
    assert_eq!(applies(("nodes", "control-plane", "tcp/443")), json!(false));
    assert_eq!(applies(("nodes", "control-plane-subnets", "tcp/443")), json!(false));
    assert_eq!(
        applies(("control-plane", "nodes", "tcp/10250")),
        json!(true),
        "it always uses its interfaces"
    );
}

#[test]
fn what_does_not_exist_has_flows_that_do_not_apply_and_are_not_open() {
    let facts = only(&Fixture::healthy(), "", ("fargate", "control-plane", "tcp/443"));
    assert_eq!(facts["applies"], json!(false));
    assert!(is_unknown(&facts["open"], "no pair of source and destination"), "nothing was proved: {facts}");
    let none = run(&Fixture::healthy(), "", ("nodes", "efs", "tcp/2049"));
    assert!(none.listed.is_empty() && none.unlisted.is_empty());
    let unread = run(&Fixture::healthy().withhold("NetworkInterfaces"), "", ("nodes", "efs", "tcp/2049"));
    assert!(unread.listed.is_empty() && !unread.unlisted.is_empty());
}

#[test]
fn nodes_use_the_mount_target_of_their_own_zone() {
    let mut fixture = Fixture::healthy();
    for (at, subnet) in ZONES.iter().enumerate() {
        let target = mount_target(&format!("eni-0a000000000000ef{at}"), subnet, &free(&fixture, subnet));
        fixture = fixture.add("NetworkInterfaces", target);
    }
    let ask = |fixture: &Fixture| only(fixture, "features: { efs_csi: true }", ("nodes", "efs", "tcp/2049"));
    // The DNS name of a file system has addresses only in the zones of its mount targets.
    let closed = ask(&fixture);
    assert_eq!(closed["open"], json!(false), "{closed}");
    let codes: Vec<&Value> = closed["blockers"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["mount-target-missing"]);
    let third = mount_target("eni-0a000000000000ef2", THIRD, &free(&fixture, THIRD));
    let fixture = fixture.add("NetworkInterfaces", third);
    let facts = ask(&fixture);
    assert_eq!(
        (&facts["id"], &facts["open"]),
        (&json!("nodes->efs:fs-0aaa:tcp/2049"), &json!(true)),
        "{facts}"
    );
    assert_eq!(facts["paths"].as_array().unwrap().len(), 3, "one in each zone");
    let undeclared = only(&fixture, "", ("nodes", "efs", "tcp/2049"));
    assert_eq!(undeclared["applies"], json!(false), "they may be somebody else's");
}

fn with_resolver() -> Fixture {
    let endpoint = |id: &str, direction: &str| {
        json!({"Id": id, "Direction": direction, "HostVPCId": "vpc-0a000000000000001",
            "SecurityGroupIds": ["sg-0a00000000000000c"], "Status": "OPERATIONAL"})
    };
    let fixture = Fixture::healthy();
    let address = free(&fixture, "subnet-0a00000000000001a");
    let addresses = |id: &str| {
        let address = json!({"Ip": address, "SubnetId": "subnet-0a00000000000001a", "Status": "ATTACHED"});
        json!({"ResolverEndpointId": id, "IpAddresses": [address]})
    };
    let rule = json!({"Id": "rslvr-rr-0a1", "RuleType": "FORWARD", "DomainName": "corp.example.",
        "ResolverEndpointId": "rslvr-out-0a1",
        "TargetIps": [{"Ip": "192.168.0.53", "Port": 53}, {"Ip": "192.168.0.54", "Port": 5353}]});
    let associated = json!({"Id": "rslvr-rrassoc-1", "ResolverRuleId": "rslvr-rr-0a1",
        "VPCId": "vpc-0a000000000000001", "Status": "COMPLETE"});
    fixture
        .add("ResolverEndpoints", endpoint("rslvr-in-0a1", "INBOUND"))
        .add("ResolverEndpoints", endpoint("rslvr-out-0a1", "OUTBOUND"))
        .add("ResolverEndpointIpAddresses", addresses("rslvr-in-0a1"))
        .add("ResolverEndpointIpAddresses", addresses("rslvr-out-0a1"))
        .add("ResolverRules", rule)
        .add("ResolverRuleAssociations", associated)
}

#[test]
fn the_dns_servers_of_a_network_are_the_clients_of_the_inbound_resolver() {
    let from = |intent: &str| {
        let facts = only(&with_resolver(), intent, ("operators", "resolver-inbound", "udp/53"));
        facts["paths"][0]["from"].as_str().unwrap().to_owned()
    };
    assert!(
        from("operators: [{ name: office, cidr: 192.168.0.0/16, dns: [192.168.0.53] }]")
            .contains("192.168.0.53")
    );
    assert!(from("operators: [{ name: office, cidr: 192.168.0.0/16 }]").starts_with("office"));
    let none = only(
        &Fixture::healthy(),
        "operators: [{ cidr: 192.168.0.0/16 }]",
        ("operators", "resolver-inbound", "udp/53"),
    );
    assert_eq!(none["applies"], json!(false), "there is no inbound endpoint");
}

#[test]
fn each_forwarding_rule_is_a_flow_on_the_ports_that_it_names() {
    let flows = run(&with_resolver(), "", ("resolver-outbound", "resolver-targets", "udp/targets"));
    assert_eq!(ids(&flows), ["resolver-outbound->resolver-targets:rslvr-rr-0a1:udp/53,5353"]);
    assert_eq!(flows.listed[0].fields["path_count"], json!(2), "one for each target");
    let elsewhere = only(&Fixture::healthy(), "", ("nodes", "control-plane", "udp/targets"));
    assert!(is_unknown(&elsewhere["open"], "name a port"));
    let unread = run(
        &with_resolver().withhold("ResolverRuleAssociations"),
        "",
        ("resolver-outbound", "resolver-targets", "udp/targets"),
    );
    assert!(unread.listed.is_empty() && !unread.unlisted.is_empty());
}

fn webhooks(fixture: &Fixture, intent: &str) -> Vec<(String, Value)> {
    let flows = run(fixture, intent, ("control-plane", "pods", "webhooks"));
    flows
        .listed
        .iter()
        .map(|flow| (flow.fields["port"].as_str().unwrap().to_owned(), flow.fields["applies"].clone()))
        .collect()
}

/// The ports whose flows apply.
fn applying(fixture: &Fixture, intent: &str) -> Vec<String> {
    webhooks(fixture, intent)
        .into_iter()
        .filter(|(_, applies)| *applies == true)
        .map(|(port, _)| port)
        .collect()
}

#[test]
fn webhooks_are_looked_for_where_features_and_declarations_put_them() {
    let healthy = Fixture::healthy();
    assert_eq!(applying(&healthy, ""), ["tcp/443", "tcp/10250"], "nobody says which there are");
    assert_eq!(applying(&healthy, "features: { load_balancer_controller: true }"), ["tcp/9443"]);
    assert_eq!(applying(&healthy, "webhook_ports: [8443]"), ["tcp/8443"]);
    assert!(applying(&healthy, "webhook_ports: []").is_empty());
    let mut metrics = Fixture::healthy();
    metrics.0["addons"].as_array_mut().unwrap().push(json!("metrics-server"));
    assert_eq!(applying(&metrics, "webhook_ports: [8443]"), ["tcp/8443", "tcp/10251"]);
}

#[test]
fn webhooks_of_features_that_were_not_read_are_unknown_and_so_are_the_usual_ports() {
    let unread = webhooks(&Fixture::healthy().withhold("addons"), "");
    for port in ["tcp/443", "tcp/10250", "tcp/10251"] {
        let (_, applies) = unread.iter().find(|(known, _)| known == port).unwrap();
        assert!(is_unknown(applies, "eks:ListAddons"), "{port}: {applies}");
    }
}

#[test]
fn supposed_webhook_ports_are_an_assumption() {
    let assumed = |intent: &str| {
        let snapshot = Fixture::healthy().snapshot();
        let intent = Intent::from_yaml("intent", intent).unwrap();
        let facts = derived(&snapshot, &intent);
        facts.flow(&FlowSpec { from: "control-plane".into(), to: "pods".into(), port: "webhooks".into() });
        facts.assumptions().iter().any(|text| text.contains("webhook_ports"))
    };
    assert!(assumed("") && !assumed("webhook_ports: []"));
}

#[test]
fn pods_have_flows_to_services_where_they_are_elsewhere_than_nodes() {
    let needed = |intent: &str| -> Vec<String> {
        let flows = run(&Fixture::healthy(), intent, ("pods", "services", "tcp/443"));
        let applies = flows.listed.iter().filter(|flow| flow.fields["applies"] == json!(true));
        applies.map(|flow| flow.fields["to"].as_str().unwrap().to_owned()).collect()
    };
    assert!(needed("").is_empty(), "they are where the nodes are");
    let elsewhere = "pods: { subnets: [subnet-0a00000000000003a] }\nfeatures: { ebs_csi: true, irsa: false, pod_identity: false }";
    assert_eq!(needed(elsewhere), ["ec2"], "nodes pull images, pods do not");
}

#[test]
fn fargate_needs_images_but_not_what_ec2_nodes_need() {
    let mut fixture = Fixture::healthy();
    fixture.0["fargateProfileNames"] = json!(["batch"]);
    fixture.0["fargateProfile"] = json!([{"fargateProfileName": "batch", "clusterName": "payments",
        "status": "ACTIVE", "subnets": ["subnet-0a00000000000002a"]}]);
    let flows =
        run(&fixture, "features: { irsa: false, pod_identity: false }", ("fargate", "services", "tcp/443"));
    let applies: Vec<&str> = flows
        .listed
        .iter()
        .filter(|flow| flow.fields["applies"] == json!(true))
        .map(|flow| flow.fields["to"].as_str().unwrap())
        .collect();
    assert_eq!(applies, ["ecr.api", "ecr.dkr", "s3"]);
}

#[test]
fn a_declared_network_is_an_end_and_an_undeclared_one_is_unknown() {
    let flow = ("pods", "database", "tcp/1521");
    let unknown = only(&Fixture::healthy(), "", flow);
    assert!(is_unknown(&unknown["open"], "networks: in privek-audit.yaml"), "{unknown}");
    let declared = "networks: [{ name: database, cidr: 192.168.7.0/24, via: tgw-0a000000000000001 }]";
    let facts = only(&Fixture::healthy(), declared, flow);
    assert_eq!(facts["id"], "pods->database:tcp/1521");
    assert!(facts["path_count"].as_u64() > Some(0), "{facts}");
    let address = only(&Fixture::healthy(), "", ("nodes", "192.168.7.9", "tcp/1521"));
    assert_eq!(address["to"], "192.168.7.9");
}

#[test]
fn what_is_no_end_or_no_port_lists_nothing_and_says_so() {
    for flow in [
        ("nodes", "com.amazonaws.eu-west-1.ecr.api", "tcp/443"),
        ("services", "nodes", "tcp/443"),
        ("nodes", "nodes", "tcp"),
    ] {
        let subjects = run(&Fixture::healthy(), "", flow);
        assert!(subjects.listed.is_empty() && !subjects.unlisted.is_empty(), "{flow:?}");
    }
    for port in ["webhooks", "udp/targets", "tcp/targets", "tcp/443", "any"] {
        assert_eq!(port.parse::<FlowPort>().unwrap().to_string(), port);
    }
    let error = "webhook".parse::<FlowPort>().unwrap_err().to_string();
    assert!(error.contains("webhooks") && error.contains("tcp/443"), "{error}");
}
