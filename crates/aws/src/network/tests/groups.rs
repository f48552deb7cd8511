//! Security groups: what their rules mean, and for which peers.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>

use serde_json::json;

use crate::network::{Carriers, EndKind};

use super::{
    net::{Net, assert_blocked, assert_open, assert_unknown, interface, operators, rule, subnet},
    transit,
};

/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>: replies pass, whatever the
/// other direction's rules are.
#[test]
fn they_are_stateful() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissionsEgress"] = json!([]);
    net.item("SecurityGroups", "sg-client")["IpPermissions"] = json!([]);
    assert_open(&net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
#[test]
fn over_a_transit_gateway_a_reference_works_in_inbound_rules_only() {
    let mut net = transit::net();
    net.item("SecurityGroups", "sg-far")["IpPermissionsEgress"] = json!([rule("-1", None, "sg-server")]);
    let path = net.path(&transit::far(), &interface("eni-1"));
    assert_blocked(&path, &["security-group-egress sg-far"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
#[test]
fn over_a_transit_gateway_no_reference_works_at_an_interface_endpoint() {
    let mut net = transit::net();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    assert_open(&net.path(&transit::far(), &interface("eni-1")));
    net.item("NetworkInterfaces", "eni-1")["InterfaceType"] = json!("vpc_endpoint");
    let path = net.path(&transit::far(), &interface("eni-1"));
    assert_blocked(&path, &["security-group-ingress sg-server"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
#[test]
fn over_peering_a_reference_works_in_outbound_rules_too() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-far")["IpPermissionsEgress"] = json!([rule("-1", None, "sg-server")]);
    assert_open(&net.path(&subnet("subnet-b1", "sg-far"), &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>: with -1 the ports do not
/// count.
#[test]
fn a_rule_for_all_protocols_is_one_for_all_ports() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] =
        json!([rule("-1", Some((22, 22)), "10.0.0.0/8")]);
    let (from, to) = (subnet("subnet-a2", "sg-client"), interface("eni-1"));
    for ports in ["tcp/443", "udp/53", "icmp", "any"] {
        assert_open(&net.trace(&from, &to, ports)[0]);
    }
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html>: a group is carried in its own
/// VPC, and in those that it is associated with.
#[test]
fn a_group_may_be_carried_in_an_associated_vpc() {
    let mut net = Net::two_vpcs();
    net.group("sg-shared", "vpc-a", &[], &[]);
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-shared")]);
    let far = operators("10.1.1.0/24", None, &[]);
    let path = |net: &Net| net.path(&far, &interface("eni-1"));
    assert_blocked(&path(&net), &["security-group-ingress sg-server"]);
    let association = |state: &str| json!({"GroupId": "sg-shared", "VpcId": "vpc-b", "State": state});
    net.add("SecurityGroupVpcAssociations", association("associated"));
    assert_unknown(&path(&net), "sg-shared");
    for state in ["association-failed", "disassociated"] {
        net.item("SecurityGroupVpcAssociations", "sg-shared")["State"] = json!(state);
        assert_blocked(&path(&net), &["security-group-ingress sg-server"]);
    }
    net.withhold("SecurityGroupVpcAssociations");
    assert_unknown(&path(&net), "DescribeSecurityGroupVpcAssociations");
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>: a rule that refers to a group
/// over a peering connection which was deleted is stale, whatever connects the VPCs since.
#[test]
fn a_stale_reference_admits_nobody() {
    let pair = |status: &str| {
        json!([{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-far", "VpcId": "vpc-b",
                "VpcPeeringConnectionId": "pcx-0", "PeeringStatus": status}]}])
    };
    let mut net = Net::two_vpcs();
    for (status, open) in [("active", true), ("deleted", false), ("expired", false)] {
        net.item("SecurityGroups", "sg-server")["IpPermissions"] = pair(status);
        let path = net.path(&subnet("subnet-b1", "sg-far"), &interface("eni-1"));
        if open {
            assert_open(&path);
        } else {
            assert_blocked(&path, &["security-group-ingress sg-server"]);
        }
    }
    let mut transit = transit::net();
    transit.item("SecurityGroups", "sg-server")["IpPermissions"] = pair("deleted");
    assert_unknown(&transit.path(&transit::far(), &interface("eni-1")), "pcx-0 in status deleted");
    let other = subnet("subnet-b1", "sg-other");
    transit.group("sg-other", "vpc-b", &[], &[rule("-1", None, "0.0.0.0/0")]);
    assert_blocked(&transit.path(&other, &interface("eni-1")), &["security-group-ingress sg-server"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
#[test]
fn an_interface_endpoint_is_one_by_its_subnet_too() {
    let mut net = transit::net();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    let to = |carriers: Carriers| {
        let mut to = subnet("subnet-a1", "sg-server");
        if let EndKind::Subnet { carriers: its, .. } = &mut to.kind {
            *its = carriers;
        }
        to
    };
    assert_open(&net.path(&transit::far(), &to(Carriers::default())));
    let path = net.path(&transit::far(), &to(Carriers::of_endpoint()));
    assert_blocked(&path, &["security-group-ingress sg-server"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
#[test]
fn over_a_transit_gateway_a_mount_target_needs_a_group_that_sends_everything() {
    let mut net = transit::net();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    net.item("NetworkInterfaces", "eni-1")["Description"] = json!("EFS mount target for fs-1 (fsmt-1)");
    assert_unknown(&net.path(&transit::far(), &interface("eni-1")), "mount target of EFS");
    net.item("SecurityGroups", "sg-server")["IpPermissionsEgress"] = json!([rule("-1", None, "0.0.0.0/0")]);
    assert_open(&net.path(&transit::far(), &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
#[test]
fn a_fix_names_the_account_of_a_group_of_another_account() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([]);
    let account = |net: &Net| {
        let path = net.path(&subnet("subnet-b1", "sg-far"), &interface("eni-1"));
        assert_eq!(path.blockers[0].remedy.group.as_deref(), Some("sg-far"));
        path.blockers[0].remedy.account.clone()
    };
    net.item("SecurityGroups", "sg-server")["OwnerId"] = json!("111111111111");
    net.item("SecurityGroups", "sg-far")["OwnerId"] = json!("111111111111");
    assert_eq!(account(&net), None);
    net.item("SecurityGroups", "sg-far")["OwnerId"] = json!("444444444444");
    assert_eq!(account(&net).as_deref(), Some("444444444444"));
}
