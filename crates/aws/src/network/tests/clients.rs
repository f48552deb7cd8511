//! Who the clients in a declared network are.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html>

use serde_json::{Value, json};

use super::net::{Net, assert_blocked, assert_open, assert_unknown, interface, operators, rule};
use crate::network::{End, Path};

/// `sg-server` admits `sg-far` alone, which the operators in `vpc-b` declare; `eni-2` there has another group.
fn net(differences: &Value) -> Net {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    net.group("sg-other", "vpc-b", &[], &[rule("-1", None, "0.0.0.0/0")]);
    net.interface("eni-2", "subnet-b1", "vpc-b", "10.1.1.20", &["sg-other"]);
    for (key, value) in differences.as_object().unwrap() {
        net.item("NetworkInterfaces", "eni-2")[key] = value.clone();
    }
    net
}

fn declared() -> End {
    operators("10.1.1.0/24", None, &["sg-far"])
}

fn paths(net: &Net) -> Vec<Path> {
    net.trace(&declared(), &interface("eni-1"), "tcp/443")
}

#[test]
fn what_is_attached_to_nothing_or_serves_others_has_no_clients() {
    let attached = |owner: &str| json!({"InstanceOwnerId": owner, "Status": "attached"});
    for none in [
        json!({"Status": "available"}),
        json!({"RequesterManaged": true, "Description": "RDSNetworkInterface", "Attachment": attached("amazon-rds")}),
        json!({"RequesterManaged": true, "Description": "ELB app/web/0a1", "Attachment": attached("amazon-elb")}),
        json!({"RequesterManaged": true, "InterfaceType": "efs"}),
        json!({"Description": "Amazon EKS payments", "Attachment": attached("111122223333")}),
    ] {
        let paths = paths(&net(&none));
        assert_eq!(paths.len(), 1, "{none} {paths:#?}");
        assert_open(&paths[0]);
        assert!(paths[0].assumptions.iter().any(|text| text.contains("(1)")), "{:?}", paths[0].assumptions);
    }
}

#[test]
fn machines_and_what_runs_programs_of_its_users_have() {
    let attached = json!({"InstanceOwnerId": "amazon-aws", "Status": "attached"});
    for some in [
        json!({"Status": "in-use", "Attachment": {"InstanceId": "i-1", "Status": "attached"}}),
        json!({"RequesterManaged": true, "InterfaceType": "lambda", "Attachment": attached}),
        json!({"RequesterManaged": true, "Description": "Created By Amazon Workspaces for AWS Account ID 111122223333"}),
        json!({"RequesterManaged": true, "Description": "arn:aws:ecs:eu-central-1:111122223333:attachment/0a1"}),
    ] {
        let paths = paths(&net(&some));
        let blocked = paths.iter().find(|path| path.from.contains("sg-other")).unwrap();
        assert_blocked(blocked, &["security-group-ingress sg-server"]);
    }
}

#[test]
fn a_single_address_is_meant_whatever_has_it() {
    let net = net(&json!({"Status": "available"}));
    let path = net.path(&operators("10.1.1.20/32", None, &["sg-far"]), &interface("eni-1"));
    assert_blocked(&path, &["security-group-ingress sg-server"]);
}

#[test]
fn where_a_client_has_the_declared_group_others_are_no_clients() {
    let mut net = net(&json!({"Attachment": {"InstanceId": "i-1"}}));
    net.interface("eni-3", "subnet-b1", "vpc-b", "10.1.1.30", &["sg-far"]);
    for path in paths(&net) {
        assert_open(&path);
        assert!(path.assumptions.iter().any(|text| text.contains("sg-far, as declared")), "{path:#?}");
    }
    // What is unattached shows nothing of the clients.
    net.item("NetworkInterfaces", "eni-3")["Status"] = json!("available");
    assert!(paths(&net).iter().any(|path| !path.blockers.is_empty()));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html>
#[test]
fn a_declared_group_that_nothing_in_the_vpc_can_have_is_a_mistake() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-client")]);
    let path =
        |net: &Net, groups: &[&str]| net.path(&operators("10.1.1.0/24", None, groups), &interface("eni-1"));
    assert_unknown(&path(&net, &["sg-client"]), "sg-client is a security group of vpc-a");
    net.add(
        "SecurityGroupVpcAssociations",
        json!({"GroupId": "sg-client", "VpcId": "vpc-b", "State": "associated"}),
    );
    assert_open(&path(&net, &["sg-client"]));
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    assert_open(&path(&net, &["sg-far"]));
}
