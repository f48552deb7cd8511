//! Flows on the closed network.

mod outside;
mod roles;

use crate::facts::test_support::fixture::{Fixture, derived, is_unknown};
use crate::intent::Intent;
use privek_core::known::MissingKind;
use serde_json::{Value, json};

use super::*;

const INTENT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/closed-network.intent.yaml"));
const S3: &str = "vpce-0c000000000000005";

fn run(fixture: &Fixture, intent: &str, from: &str, to: &str) -> Subjects {
    let snapshot = fixture.snapshot();
    let intent = Intent::from_yaml("intent", intent).unwrap();
    let spec = FlowSpec { from: from.into(), to: to.into(), port: "tcp/443".into() };
    derived(&snapshot, &intent).flow(&spec)
}

fn one(fixture: &Fixture, intent: &str, from: &str, to: &str, id: &str) -> Value {
    let subjects = run(fixture, intent, from, to);
    let ids: Vec<&str> = subjects.listed.iter().map(|flow| flow.id.as_str()).collect();
    let found = subjects.listed.iter().find(|flow| flow.id == id);
    found.unwrap_or_else(|| panic!("{id} is not among {ids:?}")).fields.clone()
}

fn api(fixture: &Fixture, intent: &str, operator: &str) -> Value {
    one(
        fixture,
        intent,
        "operators",
        "control-plane",
        &format!("operators:{operator}->control-plane:tcp/443"),
    )
}

fn service(fixture: &Fixture, name: &str) -> Value {
    one(fixture, "", "nodes", "services", &format!("nodes->{name}:tcp/443"))
}

#[test]
fn an_operator_in_the_vpc_with_the_admitted_group_reaches_the_api() {
    let flow = api(&Fixture::closed(), INTENT, "operator-subnet");
    assert_eq!(flow["open"], json!(true), "{flow}");
    assert_eq!(flow["applies"], json!(true));
    let paths = flow["paths"].as_array().unwrap();
    for interface in ["eni-0c0000000000000ca", "eni-0c0000000000000cc"] {
        assert!(paths.iter().any(|path| path["to"] == interface), "{paths:?}");
    }
}

#[test]
fn the_bastion_is_stopped_by_three_things_at_once_and_the_public_endpoint_admits_it() {
    let flow = api(&Fixture::closed(), INTENT, "bastion");
    assert_eq!(flow["open"], json!(false));
    let of_kind = |kind: &str, leg: &str| {
        flow["blockers"].as_array().unwrap().iter().filter(|b| b["kind"] == kind && b["leg"] == leg).count()
    };
    for (kind, leg) in [("route-table", "request"), ("route-table", "reply"), ("security-group", "request")] {
        assert_eq!(of_kind(kind, leg), 1, "{kind} {leg}: {}", flow["blockers"]);
    }
    assert_eq!(flow["blockers"].as_array().unwrap().len(), 3);
    assert!(
        flow["blockers"]
            .to_string()
            .contains("sends 172.25.0.0/17, 172.25.128.0/18 to igw-0b000000000000001")
    );
    assert_eq!(flow["public_endpoint_open"], json!(true));
}

#[test]
fn undeclared_operators_are_unknown_and_none_are_none() {
    let undeclared = run(&Fixture::closed(), "", "operators", "control-plane");
    assert!(undeclared.listed.is_empty() && undeclared.unlisted[0].kind == MissingKind::Intent);
    let none = run(&Fixture::closed(), "operators: []", "operators", "control-plane");
    assert!(none.listed.is_empty() && none.unlisted.is_empty());
}

#[test]
fn without_interfaces_of_the_control_plane_the_api_is_unknown() {
    let mut fixture = Fixture::closed();
    fixture.0["NetworkInterfaces"]
        .as_array_mut()
        .unwrap()
        .retain(|one| one["Description"] != "Amazon EKS yoda-k8s-1");
    assert!(is_unknown(
        &api(&fixture, INTENT, "operator-subnet")["open"],
        "network interfaces of the control plane"
    ));
    let unread = Fixture::closed().withhold("NetworkInterfaces");
    assert!(is_unknown(&api(&unread, INTENT, "operator-subnet")["open"], "ec2:DescribeNetworkInterfaces"));
}

#[test]
fn with_the_private_endpoint_off_its_interfaces_do_not_matter() {
    let off = Fixture::closed().change("cluster", "name", "yoda-k8s-1", |cluster| {
        cluster["resourcesVpcConfig"]["endpointPrivateAccess"] = json!(false);
    });
    assert_eq!(api(&off, INTENT, "operator-subnet")["applies"], json!(false));
}

#[test]
fn a_limited_public_endpoint_leaves_a_private_networks_address_open() {
    let limited = Fixture::closed().change("cluster", "name", "yoda-k8s-1", |cluster| {
        cluster["resourcesVpcConfig"]["publicAccessCidrs"] = json!(["203.0.113.0/24"]);
    });
    assert!(is_unknown(&api(&limited, INTENT, "bastion")["public_endpoint_admits"], "public addresses"));
    let public =
        api(&limited, "operators: [{ cidr: 203.0.113.0/25 }, { cidr: 198.51.100.0/24 }]", "203.0.113.0/25");
    assert_eq!(public["public_endpoint_admits"], json!(true));
    let other = api(&limited, "operators: [{ cidr: 198.51.100.0/24 }]", "198.51.100.0/24");
    assert_eq!(
        (&other["public_endpoint_admits"], &other["public_endpoint_open"]),
        (&json!(false), &json!(false))
    );
}

#[test]
fn nodes_reach_every_service_that_they_need() {
    let needed = |fixture: &Fixture| {
        let mut flows = run(fixture, "", "nodes", "services");
        flows.listed.retain(|flow| flow.fields["applies"] == json!(true));
        flows
    };
    let flows = needed(&Fixture::closed());
    let ids: Vec<&str> = flows.listed.iter().map(|flow| flow.id.as_str()).collect();
    assert_eq!(
        ids,
        ["nodes->ec2:tcp/443", "nodes->ecr.api:tcp/443", "nodes->ecr.dkr:tcp/443", "nodes->s3:tcp/443"]
    );
    for flow in &flows.listed {
        assert_eq!(flow.fields["open"], json!(true), "{}: {}", flow.id, flow.fields);
    }
    for flow in needed(&Fixture::healthy()).listed {
        assert_eq!(flow.fields["open"], json!(true), "{}: {}", flow.id, flow.fields);
    }
}

#[test]
fn a_closed_endpoint_blocks_even_where_a_nat_gateway_leads_out() {
    let closed = Fixture::closed()
        .change("SecurityGroups", "GroupId", "sg-0c00000000000000e", |group| {
            group["IpPermissions"] = json!([]);
        })
        .change("RouteTables", "RouteTableId", "rtb-0c00000000000000d", |table| {
            let nat =
                json!({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"});
            table["Routes"].as_array_mut().unwrap().push(nat);
        });
    let flow = service(&closed, "ecr.api");
    assert_eq!((&flow["open"], &flow["applies"]), (&json!(false), &json!(true)));
    assert!(
        flow["blockers"].as_array().unwrap().iter().any(|blocker| blocker["id"] == "sg-0c00000000000000e")
    );
}

#[test]
fn an_endpoint_that_is_absent_or_pending_is_no_end_of_a_flow() {
    let absent = Fixture::closed().remove("VpcEndpoints", "VpcEndpointId", "vpce-0c0000000000000e0");
    assert_eq!(service(&absent, "ec2")["applies"], json!(false));
    let pending = Fixture::closed()
        .change("VpcEndpoints", "VpcEndpointId", S3, |endpoint| endpoint["State"] = json!("pending"));
    assert_eq!(service(&pending, "s3")["applies"], json!(false));
    let unread = Fixture::closed().withhold("VpcEndpoints");
    assert!(is_unknown(&service(&unread, "ec2")["applies"], "ec2:DescribeVpcEndpoints"));
}

#[test]
fn interfaces_with_impossible_addresses_give_way_to_the_endpoints_subnets() {
    let emulated =
        Fixture::closed().change("NetworkInterfaces", "NetworkInterfaceId", "eni-0c0000000000000e0", |eni| {
            eni["PrivateIpAddress"] = json!("10.7.7.7");
            eni["Groups"] = json!([]);
        });
    let flow = service(&emulated, "ec2");
    assert_eq!(flow["open"], json!(true), "{flow}");
    assert!(flow["paths"][0]["to"].as_str().unwrap().contains("in subnet-0c00000000000001a"));
}

#[test]
fn the_first_trace_names_its_port_and_a_wrong_one_is_said() {
    let snapshot = Fixture::closed().snapshot();
    let spec = FlowSpec { from: "nodes".into(), to: "services".into(), port: "tcp".into() };
    assert!(!derived(&snapshot, &Intent::default()).flow(&spec).unlisted.is_empty());
}

#[test]
fn ends_are_roles_and_services() {
    let ends = ends();
    assert!(ends.iter().any(|end| end == "operators") && ends.iter().any(|end| end == "ecr.api"));
}

#[test]
fn an_endpoint_that_nobody_is_led_to_is_bypassed_where_there_is_another_way() {
    const EC2: &str = "vpce-0c0000000000000e0";
    let nat = json!({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"});
    let with_nat = |fixture: Fixture| {
        let fixture = fixture.nat_gateway();
        fixture.change("RouteTables", "RouteTableId", "rtb-0c00000000000000d", |table| {
            table["Routes"].as_array_mut().unwrap().push(nat.clone());
        })
    };
    let silent = || {
        Fixture::closed().change("VpcEndpoints", "VpcEndpointId", EC2, |endpoint| {
            endpoint["PrivateDnsEnabled"] = json!(false);
        })
    };
    assert_eq!(service(&with_nat(silent()), "ec2")["bypassed"], json!(true));
    assert_eq!(service(&silent(), "ec2")["bypassed"], json!(false), "there is no other way");
    assert_eq!(
        service(&with_nat(Fixture::closed()), "ec2")["bypassed"],
        json!(false),
        "the name leads to it"
    );
}

#[test]
fn a_refused_port_that_clients_seldom_pick_is_told_from_a_closed_way() {
    let denying = |from: u16, to: u16| {
        let mut fixture = Fixture::closed();
        for acl in fixture.0["NetworkAcls"].as_array_mut().unwrap() {
            acl["Entries"]
                .as_array_mut()
                .unwrap()
                .push(json!({"RuleNumber": 50, "Egress": false, "Protocol": "6",
                "RuleAction": "deny", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": from, "To": to}}));
        }
        fixture
    };
    let seldom = |flow: &Value| (flow["open"].clone(), flow["rare_ports_only"].clone());
    assert_eq!(
        seldom(&service(&denying(3389, 3389), "ec2")),
        (json!(true), json!(false)),
        "Linux never does"
    );
    assert_eq!(seldom(&service(&denying(50000, 50000), "ec2")), (json!(false), json!(true)));
    let low = denying(1024, 32767);
    assert_eq!(service(&low, "ec2")["open"], json!(true), "no node picks those itself");
    assert_eq!(service(&low, "s3")["rare_ports_only"], json!(false), "the CNI translates on the way out");
    let mut unknown = denying(1024, 32767);
    for group in unknown.0["nodegroup"].as_array_mut().unwrap() {
        group["amiType"] = json!("CUSTOM");
    }
    assert_eq!(
        seldom(&service(&unknown, "ec2")),
        (json!(false), json!(true)),
        "any system may be in the image"
    );
    assert_eq!(service(&denying(1024, 65535), "ec2")["rare_ports_only"], json!(false));
    assert_eq!(
        service(&denying(443, 443), "ec2")["rare_ports_only"],
        json!(false),
        "requests are not replies"
    );
}

#[test]
fn each_entry_that_mends_a_network_acl_has_a_number_of_its_own() {
    let mut fixture = Fixture::healthy();
    for acl in fixture.0["NetworkAcls"].as_array_mut().unwrap() {
        for number in [48, 50] {
            acl["Entries"].as_array_mut().unwrap().push(json!({"RuleNumber": number, "Egress": false,
                "Protocol": "6", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0",
                "PortRange": {"From": 40000 + number, "To": 40000 + number}}));
        }
    }
    let flow = service(&fixture, "ec2");
    let blockers = flow["blockers"].as_array().unwrap();
    // One entry may fix what two entries deny: the same prefix and ports are the same entry.
    let mut numbers = std::collections::BTreeMap::new();
    for blocker in blockers {
        let remedy = &blocker["remedy"];
        let entries =
            remedy["cidrs"].as_array().unwrap().iter().zip(remedy["rule_numbers"].as_array().unwrap());
        for (cidr, number) in entries {
            let known = numbers.insert(cidr.as_str().unwrap(), number.as_i64().unwrap());
            assert!(known.is_none() || known == number.as_i64(), "{cidr}: {known:?} and {number}");
        }
    }
    let distinct: std::collections::BTreeSet<&i64> = numbers.values().collect();
    assert!(numbers.len() > 2 && distinct.len() == numbers.len(), "{numbers:?}");
    assert!(distinct.iter().all(|&&number| number < 50 && number != 48), "{numbers:?}");
}
