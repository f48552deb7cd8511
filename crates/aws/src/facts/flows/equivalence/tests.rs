//! Classes of ends have one fate; what tells two ends apart divides them.

use crate::facts::ends::of_role;
use crate::facts::test_support::fixture::{Fixture, derived};
use crate::intent::Intent;
use privek_core::report::trace::Verdict;
use privek_core::sets::ports::Ports;
use privek_core::subject::FlowSpec;
use serde_json::{Value, json};

use super::*;

/// The closed network with this many more subnets for nodes.
fn with_subnets(count: usize) -> Fixture {
    let mut fixture = Fixture::healthy();
    let like = |list: &Value, key: &str| {
        list.as_array().unwrap().iter().find(|one| one["SubnetId"] == key).unwrap().clone()
    };
    let first = like(&fixture.0["Subnets"], "subnet-0a00000000000002a");
    let holds = |list: &Value, field: &str| -> usize {
        let all = list.as_array().unwrap();
        let ours = |one: &Value| one[field].to_string().contains("subnet-0a00000000000002a");
        all.iter().position(ours).unwrap()
    };
    let table = holds(&fixture.0["RouteTables"], "Associations");
    let acl = holds(&fixture.0["NetworkAcls"], "Associations");
    let vpc = fixture.0["Vpcs"].as_array_mut().unwrap().iter_mut().find(|vpc| vpc["VpcId"] == first["VpcId"]);
    vpc.unwrap()["CidrBlockAssociationSet"].as_array_mut().unwrap().push(
        json!({"AssociationId": "a-9", "CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}}),
    );
    for table in fixture.0["RouteTables"].as_array_mut().unwrap() {
        table["Routes"].as_array_mut().unwrap().push(json!({"DestinationCidrBlock": "100.64.0.0/16",
            "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}));
    }
    for at in 0..count {
        let id = format!("subnet-0a0000000000{at:05x}");
        let mut subnet = first.clone();
        subnet["SubnetId"] = json!(id);
        subnet["CidrBlock"] = json!(format!("100.64.{at}.0/24"));
        fixture.0["Subnets"].as_array_mut().unwrap().push(subnet);
        fixture.0["RouteTables"][table]["Associations"].as_array_mut().unwrap().push(json!({
            "RouteTableAssociationId": format!("rtbassoc-{at}"), "SubnetId": id,
            "AssociationState": {"State": "associated"}}));
        let acl = &mut fixture.0["NetworkAcls"][acl];
        let association = json!({"NetworkAclAssociationId": format!("aclassoc-{at}"), "SubnetId": id,
            "NetworkAclId": acl["NetworkAclId"]});
        acl["Associations"].as_array_mut().unwrap().push(association);
        fixture.0["nodegroup"][0]["subnets"].as_array_mut().unwrap().push(json!(id));
    }
    fixture
}

fn flow(fixture: &Fixture) -> Value {
    let snapshot = fixture.snapshot();
    let spec = FlowSpec { from: "nodes".into(), to: "nodes".into(), port: "tcp/53".into() };
    derived(&snapshot, &Intent::default()).flow(&spec).listed.remove(0).fields
}

fn denying(fixture: Fixture, cidr: &str) -> Fixture {
    let mut fixture = fixture;
    for acl in fixture.0["NetworkAcls"].as_array_mut().unwrap() {
        acl["Entries"].as_array_mut().unwrap().push(json!({"RuleNumber": 5, "Egress": false,
            "Protocol": "6", "RuleAction": "deny", "CidrBlock": cidr, "PortRange": {"From": 53, "To": 53}}));
    }
    fixture
}

/// Every pair of two classes is as the first one, or apart from it by one subnet's network ACL.
fn hold(fixture: &Fixture) -> (usize, usize) {
    let snapshot = fixture.snapshot();
    let context = Context::new(&snapshot, &Intent::default());
    let nodes = of_role(&context, "nodes").known;
    let (sources, targets) = classes(&context, &nodes, &nodes).unwrap();
    let ports: Ports = "tcp/53".parse().unwrap();
    let verdicts = |one: usize, two: usize| -> BTreeSet<Verdict> {
        let paths = context.network.trace(&nodes[one], &nodes[two], &ports);
        paths.into_iter().map(|path| path.verdict.into()).collect()
    };
    for (ours, theirs) in sources.iter().flat_map(|one| targets.iter().map(move |two| (one, two))) {
        let pairs = ours.iter().flat_map(|&one| theirs.iter().map(move |&two| (one, two)));
        let apart: BTreeSet<_> =
            pairs.clone().filter(|(one, two)| one != two).map(|(one, two)| verdicts(one, two)).collect();
        let within: BTreeSet<_> =
            pairs.filter(|(one, two)| one == two).map(|(one, two)| verdicts(one, two)).collect();
        assert!(apart.len() <= 1 && within.len() <= 1, "{apart:?} {within:?}");
    }
    (nodes.len(), sources.len())
}

#[test]
fn ends_that_nothing_tells_apart_have_one_fate() {
    let (ends, classes) = hold(&with_subnets(8));
    assert!(classes < ends, "{classes} classes of {ends}");
    let (ends, apart) = hold(&denying(with_subnets(8), "100.64.0.0/22"));
    assert!(apart > classes && apart < ends, "{apart} classes of {ends}");
    let (ends, divided) = hold(&denying(with_subnets(8), "100.64.3.0/25"));
    assert!(divided > classes && divided < ends, "{divided} classes of {ends}");
}

#[test]
fn many_nodes_reach_each_other_in_few_traces() {
    let open = flow(&with_subnets(40));
    assert_eq!(open["open"], json!(true), "{}", open["blockers"]);
    assert!(open["path_count"].as_u64() < Some(100), "{}", open["path_count"]);
}

#[test]
fn of_many_nodes_each_that_is_closed_is_named() {
    let closed = flow(&denying(with_subnets(40), "100.64.4.0/23"));
    assert_eq!(closed["open"], json!(false));
    assert!(closed["path_count"].as_u64() < Some(800), "{}", closed["path_count"]);
    let blockers = closed["blockers"].to_string();
    assert!(blockers.contains("100.64.4.0/23") || blockers.contains("100.64.5.0/24"), "{blockers}");
    let text = closed["blockers"].to_string() + &closed["paths"].to_string();
    assert!(text.contains("subnet-0a000000000000004") && text.contains("subnet-0a000000000000005"), "{text}");
}

#[test]
fn what_was_not_read_joins_nothing() {
    for collection in ["NetworkAcls", "RouteTables", "SecurityGroups", "Subnets"] {
        let snapshot = with_subnets(4).withhold(collection).snapshot();
        let context = Context::new(&snapshot, &Intent::default());
        let nodes = of_role(&context, "nodes").known;
        assert!(classes(&context, &nodes, &nodes).is_none(), "{collection}");
    }
}
