//! The object that leaves a subnet without a path to the internet.

use serde_json::json;

use super::net::Net;
use crate::network::{Egress, Reasoner};

/// `subnet-a1` with `nat-1`, which is in a public subnet.
fn net() -> Net {
    let mut net = Net::two_vpcs();
    net.subnet("subnet-nat", "vpc-a", "10.0.3.0/24", "zone-a").internet_gateway("igw-1", "vpc-a");
    net.subnet_table("rtb-nat", "vpc-a", "subnet-nat", &[("0.0.0.0/0", "igw-1")]);
    net.nat_gateway("nat-1", "vpc-a", "subnet-nat", "10.0.3.5");
    net.subnet_table("rtb-1", "vpc-a", "subnet-a1", &[("0.0.0.0/0", "nat-1")]);
    net
}

/// Kind, id and whether the reason has the text.
fn cause(net: &Net, subnet: &str) -> (String, String, String) {
    let snapshot = net.snapshot();
    let network = Reasoner::new(&snapshot);
    let cause = network.egress_cause(subnet).unwrap().unwrap();
    assert_eq!(network.egress(subnet), Ok(Egress::Isolated));
    (cause.kind.to_owned(), cause.id, cause.reason)
}

#[test]
fn a_subnet_with_a_path_has_none() {
    let snapshot = net().snapshot();
    assert_eq!(Reasoner::new(&snapshot).egress_cause("subnet-a1"), Ok(None));
}

#[test]
fn a_subnet_without_a_table_of_its_own_falls_back_to_the_main_one() {
    let (kind, id, reason) = cause(&net(), "subnet-a2");
    assert_eq!((kind.as_str(), id.as_str()), ("route-table", "rtb-a"));
    assert!(reason.contains("main route table") && reason.contains("subnet-a2"), "{reason}");
    let mut own = net();
    own.item("RouteTables", "rtb-1")["Routes"] = json!([]);
    let (_, id, reason) = cause(&own, "subnet-a1");
    assert!(id == "rtb-1" && !reason.contains("main"), "{reason}");
}

#[test]
fn a_nat_gateway_that_does_not_work_or_has_no_path_itself_is_named() {
    let mut failed = net();
    failed.item("NatGateways", "nat-1")["State"] = json!("failed");
    let (kind, id, reason) = cause(&failed, "subnet-a1");
    assert_eq!((kind.as_str(), id.as_str()), ("nat-gateway", "nat-1"));
    assert!(reason.contains("failed"), "{reason}");
    let mut private = net();
    private.item("RouteTables", "rtb-nat")["Routes"] = json!([]);
    let (_, id, reason) = cause(&private, "subnet-a1");
    assert!(id == "nat-1" && reason.contains("rtb-nat") && reason.contains("subnet-nat"), "{reason}");
}

#[test]
fn so_is_the_subnet_that_block_public_access_closes() {
    let mut net = net();
    net.item("Vpcs", "vpc-a")["BlockPublicAccessStates"] =
        json!({"InternetGatewayBlockMode": "block-bidirectional"});
    let (kind, id, _) = cause(&net, "subnet-a1");
    assert_eq!((kind.as_str(), id.as_str()), ("subnet", "subnet-nat"));
}
