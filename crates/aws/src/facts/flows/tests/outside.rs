//! Flows to services from networks outside the VPC, each with DNS servers of its own.

use serde_json::{Value, json};

use crate::facts::test_support::fixture::{Fixture, is_unknown};

use super::one;

const PEER: &str = "vpc-0e000000000000001";
const STS: &str = "vpce-0a0000000000000e3";

/// Hybrid nodes in the peered VPC, where STS has a VPC endpoint with private DNS of its own. Its group, and the group
/// of the cluster's VPC endpoints, allow these CIDRs.
fn two_endpoints(peer: &str, own: &str) -> Fixture {
    let allows = |cidr: &str| json!([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}]}]);
    let mut fixture = Fixture::healthy()
        .change("cluster", "name", "payments", |cluster| {
            cluster["remoteNetworkConfig"] = json!({"remoteNodeNetworks": [{"cidrs": ["10.50.0.0/25"]}]});
        })
        .change("SecurityGroups", "GroupId", "sg-0a00000000000000e", |group| {
            group["IpPermissions"] = allows(own);
        })
        .add(
            "SecurityGroups",
            json!({"GroupId": "sg-9", "VpcId": PEER, "IpPermissions": allows(peer), "IpPermissionsEgress": []}),
        );
    let like = |fixture: &Fixture, collection: &str, field: &str, id: &str| -> Value {
        fixture.0[collection].as_array().unwrap().iter().find(|one| one[field] == id).unwrap().clone()
    };
    let mut interface = like(&fixture, "NetworkInterfaces", "NetworkInterfaceId", "eni-0a000000000000e3a");
    interface["NetworkInterfaceId"] = "eni-9".into();
    interface["VpcId"] = PEER.into();
    interface["SubnetId"] = "subnet-0e00000000000001a".into();
    interface["PrivateIpAddress"] = "10.50.0.200".into();
    interface["PrivateIpAddresses"] = json!([{"Primary": true, "PrivateIpAddress": "10.50.0.200"}]);
    interface["Groups"] = json!([{"GroupId": "sg-9"}]);
    fixture = fixture.add("NetworkInterfaces", interface);
    let mut endpoint = like(&fixture, "VpcEndpoints", "VpcEndpointId", STS);
    endpoint["VpcEndpointId"] = "vpce-9".into();
    endpoint["VpcId"] = PEER.into();
    endpoint["SubnetIds"] = json!(["subnet-0e00000000000001a"]);
    endpoint["NetworkInterfaceIds"] = json!(["eni-9"]);
    endpoint["Groups"] = json!([{"GroupId": "sg-9"}]);
    fixture.add("VpcEndpoints", endpoint)
}

fn sts(fixture: &Fixture, operators: &str) -> Value {
    let intent = format!("{operators}\nfeatures: {{ hybrid_nodes_through_vpc: true }}");
    one(fixture, &intent, "hybrid-nodes", "services", "hybrid-nodes->sts:tcp/443")
}

const THERE: &str =
    "operators: [{ name: operations, cidr: 10.50.0.0/24, security_groups: [sg-0e000000000000001] }]";

#[test]
fn hybrid_nodes_are_traced_to_the_vpc_endpoint_that_their_own_lookup_returns() {
    let open = sts(&two_endpoints("10.50.0.0/24", "10.20.0.0/16"), THERE);
    assert_eq!((&open["open"], &open["endpoint"]), (&json!(true), &json!("vpce-9")), "{open}");
    let closed = sts(&two_endpoints("10.20.0.0/16", "10.50.0.0/24"), THERE);
    assert_eq!((&closed["open"], &closed["endpoint"]), (&json!(false), &json!("vpce-9")), "{closed}");
}

#[test]
fn where_the_lookup_is_unknown_what_blocks_every_vpc_endpoint_blocks_the_flow() {
    let unknown = |peer: &str, own: &str| {
        let fixture = two_endpoints(peer, own).withhold("DhcpOptions");
        sts(&fixture, THERE)["open"].clone()
    };
    assert!(is_unknown(&unknown("10.50.0.0/24", "10.20.0.0/16"), "DhcpOptions"));
    assert!(is_unknown(&unknown("10.50.0.0/24", "10.50.0.0/24"), "DhcpOptions"));
    assert_eq!(unknown("10.20.0.0/16", "10.20.0.0/16"), false);
}
