//! Zones, ways out, and which subnets nodes are in.

use serde_json::json;

use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, subjects, subnet, withhold};

#[test]
fn a_zone_is_refused_by_its_id_and_not_by_its_name() {
    let mut given = snapshot();
    given["Subnets"][0]["AvailabilityZoneId"] = json!("use1-az3");
    assert_eq!(fields(&given, "subnet", "subnet-a")["zone_refused"], true);
    given["Subnets"][0]["AvailabilityZoneId"] = json!("use1-az6");
    assert_eq!(fields(&given, "subnet", "subnet-a")["zone_refused"], false);
}

#[test]
fn a_zone_id_that_the_subnet_lacks_comes_from_the_zones() {
    let mut given = snapshot();
    given["Subnets"][0].as_object_mut().unwrap().remove("AvailabilityZoneId");
    assert_eq!(fields(&given, "subnet", "subnet-a")["zone_id"], "use1-az1");
    withhold(&mut given, "AvailabilityZones");
    let facts = fields(&given, "subnet", "subnet-a");
    assert!(is_unknown(&facts["zone_id"]));
    assert!(is_unknown(&facts["zone_refused"]));
}

#[test]
fn subnets_of_nodes_and_of_the_control_plane_are_told_apart() {
    let mut given = snapshot();
    given["Subnets"].as_array_mut().unwrap().push(subnet("n", "use1-az1", 50));
    given["Subnets"].as_array_mut().unwrap().push(subnet("idle", "use1-az1", 50));
    given["nodegroup"][0]["subnets"] = json!(["subnet-n"]);
    let nodes = fields(&given, "subnet", "subnet-n");
    assert_eq!((&nodes["cluster_subnet"], &nodes["hosts_nodes"]), (&json!(false), &json!(true)));
    let control_plane = fields(&given, "subnet", "subnet-a");
    assert_eq!(
        (&control_plane["cluster_subnet"], &control_plane["hosts_nodes"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(subjects(&given, "subnet").len(), 3, "nobody uses subnet-idle");
}

#[test]
fn a_subnet_without_nodes_is_only_proved_where_all_nodes_are_listed() {
    let mut given = snapshot();
    given["nodegroup"][0]["subnets"] = json!(["subnet-a"]);
    withhold(&mut given, "AutoScalingGroups");
    assert_eq!(fields(&given, "subnet", "subnet-a")["hosts_nodes"], true);
    assert!(is_unknown(&fields(&given, "subnet", "subnet-b")["hosts_nodes"]));
}

#[test]
fn egress_is_that_of_the_main_table_where_no_other_is_associated() {
    let mut given = snapshot();
    assert_eq!(fields(&given, "subnet", "subnet-a")["egress"], "isolated");
    assert_eq!(fields(&given, "subnet", "subnet-a")["route_table"], "rtb-main");
    given["RouteTables"][0]["Routes"] =
        json!([{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}]);
    let mut own = given["RouteTables"][0].clone();
    own["RouteTableId"] = json!("rtb-nat");
    own["Associations"] = json!([]);
    own["Routes"] = json!([{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]);
    given["NatGateways"] = json!([{"NatGatewayId": "nat-1", "VpcId": own["VpcId"], "State": "available", "RouteTableId": "rtb-nat"}]);
    given["RouteTables"].as_array_mut().unwrap().push(own);
    assert_eq!(fields(&given, "subnet", "subnet-a")["egress"], "nat");
}

#[test]
fn fargates_pods_call_aws_from_their_subnets_and_nodes_to_come_from_the_clusters() {
    let mut given = snapshot();
    for (collection, empty) in
        [("nodegroup", json!([])), ("nodegroups", json!([])), ("fargateProfileNames", json!([]))]
    {
        given[collection] = empty;
    }
    let calls = |given: &serde_json::Value, id: &str| fields(given, "subnet", id)["calls_aws"].clone();
    assert_eq!((calls(&given, "subnet-a"), calls(&given, "subnet-b")), (json!(true), json!(true)));
    assert_eq!(fields(&given, "subnet", "subnet-a")["hosts_nodes"], false, "nobody is there yet");
    given["Subnets"].as_array_mut().unwrap().push(subnet("pods", "use1-az1", 50));
    given["fargateProfileNames"] = json!(["pods"]);
    given["fargateProfile"] =
        json!([{"fargateProfileName": "pods", "clusterName": "closed", "subnets": ["subnet-pods"]}]);
    assert_eq!((calls(&given, "subnet-a"), calls(&given, "subnet-pods")), (json!(false), json!(true)));
    withhold(&mut given, "fargateProfile");
    assert!(is_unknown(&calls(&given, "subnet-a")));
}
