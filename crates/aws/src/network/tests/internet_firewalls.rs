//! Automated Internet Firewalls.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html>

use privek_core::path::Verdict;
use serde_json::json;

use super::net::{Net, assert_blocked, assert_open, assert_unknown, interface, operators, rule};
use crate::network::{Egress, End, Reasoner};

const ARN: &str = "arn:aws:network-firewall:eu-central-1:111111111111:firewall/edge";

/// `eni-1`, with or without a public address, behind a firewall of this mode and treatment.
fn net(mode: &str, treatment: &str, public: bool) -> Net {
    let mut net = Net::two_vpcs();
    net.internet_gateway("igw-1", "vpc-a").add_route("rtb-a", "0.0.0.0/0", "igw-1");
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net.item("SecurityGroups", "sg-server")["IpPermissionsEgress"] = json!([rule("-1", None, "0.0.0.0/0")]);
    if public {
        net.item("NetworkInterfaces", "eni-1")["Association"] = json!({"PublicIp": "198.51.100.9"});
    }
    net.item("Vpcs", "vpc-a")["NetworkFirewallAssociations"] =
        json!([{"FirewallArn": ARN, "FirewallOnboardingStatus": "active", "FirewallMode": mode}]);
    net.item("Subnets", "subnet-a1")["NetworkFirewallConnectivityType"] = json!(treatment);
    net
}

fn far() -> End {
    operators("203.0.113.0/24", None, &[])
}

#[test]
fn what_one_that_enforces_drops_is_unknown() {
    for treatment in ["bidirectional", "flexible", "outbound-only"] {
        let net = net("enforce", treatment, true);
        assert_unknown(&net.path(&interface("eni-1"), &far()), ARN);
    }
    assert_unknown(&net("enforce", "flexible", false).path(&interface("eni-1"), &far()), ARN);
    let mut pending = net("monitor", "bidirectional", true);
    pending.item("Vpcs", "vpc-a")["NetworkFirewallAssociations"][0]["FirewallOnboardingStatus"] =
        json!("pending");
    assert_unknown(&pending.path(&interface("eni-1"), &far()), ARN);
}

#[test]
fn one_that_monitors_drops_nothing_and_still_connects_by_the_treatment() {
    for treatment in ["flexible", "outbound-only"] {
        assert_open(&net("monitor", treatment, false).path(&interface("eni-1"), &far()));
    }
    let path = net("monitor", "bidirectional", false).path(&interface("eni-1"), &far());
    assert_blocked(&path, &["public-address-missing eni-1"]);
    assert_open(&net("monitor", "bidirectional", true).path(&interface("eni-1"), &far()));
}

#[test]
fn connections_from_the_internet_need_a_public_address_and_no_outbound_only_treatment() {
    assert_open(&net("monitor", "flexible", true).path(&far(), &interface("eni-1")));
    let path = net("monitor", "flexible", false).path(&far(), &interface("eni-1"));
    assert_blocked(&path, &["public-address-missing eni-1"]);
    let path = net("monitor", "outbound-only", true).path(&far(), &interface("eni-1"));
    assert_blocked(&path, &["never-forwarded subnet-a1"]);
}

#[test]
fn a_subnet_that_is_left_out_is_as_without_one() {
    for treatment in ["exclude", "az-unsupported"] {
        assert_open(&net("enforce", treatment, true).path(&interface("eni-1"), &far()));
        let path = net("enforce", treatment, false).path(&interface("eni-1"), &far());
        assert_blocked(&path, &["public-address-missing eni-1"]);
    }
}

/// An older AWS CLI does not print the member.
#[test]
fn silence_is_an_assumption_and_an_empty_list_is_none() {
    let mut silent = net("enforce", "exclude", true);
    silent.item("Vpcs", "vpc-a").as_object_mut().unwrap().remove("NetworkFirewallAssociations");
    silent.item("Subnets", "subnet-a1").as_object_mut().unwrap().remove("NetworkFirewallConnectivityType");
    let path = silent.path(&interface("eni-1"), &far());
    assert_eq!(path.verdict, Verdict::Open);
    assert!(path.assumptions.iter().any(|text| text.contains("Automated Internet Firewall")), "{path:#?}");
    silent.item("Vpcs", "vpc-a")["NetworkFirewallAssociations"] = json!([]);
    let path = silent.path(&interface("eni-1"), &far());
    assert!(!path.assumptions.iter().any(|text| text.contains("Automated Internet Firewall")), "{path:#?}");
}

#[test]
fn the_egress_of_a_subnet_tells_them() {
    let egress = |mode, treatment| {
        let snapshot = net(mode, treatment, false).snapshot();
        Reasoner::new(&snapshot).egress("subnet-a1").unwrap()
    };
    assert_eq!(egress("enforce", "flexible"), Egress::Inspected { target: ARN.to_owned() });
    assert_eq!(egress("monitor", "flexible"), Egress::Nat);
    assert_eq!(egress("monitor", "bidirectional"), Egress::Internet);
    assert_eq!(egress("enforce", "exclude"), Egress::Internet);
}
