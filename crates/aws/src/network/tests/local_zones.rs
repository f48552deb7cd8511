//! Local Zones, whose subnets reach a transit gateway through the parent zone.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>

use serde_json::{Value, json};

use super::net::{Net, assert_blocked, assert_open, assert_unknown, interface, rule};
use super::transit;

/// `eni-2` in a Local Zone of `zone-a`, in which the VPC has an attachment.
fn net(parent: &str) -> Net {
    let mut net = transit::net();
    net.interface("eni-2", "subnet-a2", "vpc-a", "10.0.2.10", &["sg-server"]);
    net.item("Subnets", "subnet-a2")["AvailabilityZone"] = json!("region-1-lax-1a");
    for zone in ["zone-a", "zone-b"] {
        net.add("AvailabilityZones", json!({"ZoneName": zone, "ZoneType": "availability-zone"}));
    }
    net.add(
        "AvailabilityZones",
        json!({"ZoneName": "region-1-lax-1a", "ZoneType": "local-zone", "ParentZoneName": parent}),
    );
    net
}

#[test]
fn an_attachment_in_the_parent_zone_serves_them() {
    assert_open(&net("zone-a").path(&transit::far(), &interface("eni-2")));
}

#[test]
fn without_one_there_the_fix_is_a_subnet_of_the_parent_zone() {
    let mut net = net("zone-b");
    let path = net.path(&transit::far(), &interface("eni-2"));
    assert_blocked(&path, &["transit-gateway-zone att-a"]);
    assert_eq!(path.blockers[0].remedy.subnet, None);
    net.subnet("subnet-a3", "vpc-a", "10.0.3.0/24", "zone-b");
    let path = net.path(&transit::far(), &interface("eni-2"));
    assert_eq!(path.blockers[0].remedy.subnet.as_deref(), Some("subnet-a3"));
}

#[test]
fn zones_that_were_not_read_and_other_sorts_of_zones_are_unknown() {
    let mut unread = net("zone-a");
    unread.withhold("AvailabilityZones");
    assert_unknown(&unread.path(&transit::far(), &interface("eni-2")), "DescribeAvailabilityZones");
    let mut silent = net("zone-a");
    silent.item("AvailabilityZones", "region-1-lax-1a")["ParentZoneName"] = Value::Null;
    assert_unknown(&silent.path(&transit::far(), &interface("eni-2")), "parent zone");
    let mut wavelength = net("zone-a");
    wavelength.item("AvailabilityZones", "region-1-lax-1a")["ZoneType"] = json!("wavelength-zone");
    assert_unknown(&wavelength.path(&transit::far(), &interface("eni-2")), "wavelength-zone");
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
#[test]
fn references_over_a_transit_gateway_work_in_some_zones_only() {
    let mut net = net("zone-a");
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    let path = net.path(&transit::far(), &interface("eni-2"));
    assert_blocked(&path, &["security-group-ingress sg-server"]);

    let mut net = transit::net();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    let path = |net: &Net| net.path(&transit::far(), &interface("eni-1"));
    for (id, zone) in [("subnet-a1", "use1-az1"), ("subnet-ta", "use1-az1"), ("subnet-b1", "use1-az1")] {
        net.item("Subnets", id)["AvailabilityZoneId"] = json!(zone);
    }
    net.item("Subnets", "subnet-a2")["AvailabilityZoneId"] = json!("use1-az2");
    assert_open(&path(&net));
    net.item("Subnets", "subnet-b1")["AvailabilityZoneId"] = json!("use1-az3");
    assert_blocked(&path(&net), &["security-group-ingress sg-server"]);
    // An attachment with a subnet there, for ends elsewhere.
    net.item("Subnets", "subnet-b1")["AvailabilityZoneId"] = json!("use1-az1");
    net.subnet("subnet-b3", "vpc-b", "10.1.3.0/24", "zone-c");
    net.item("Subnets", "subnet-b3")["AvailabilityZoneId"] = json!("use1-az3");
    net.item("TransitGatewayVpcAttachments", "att-b")["SubnetIds"] = json!(["subnet-b1", "subnet-b3"]);
    assert_unknown(&path(&net), "use1-az3");
}
