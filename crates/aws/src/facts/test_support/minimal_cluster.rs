//! A small cluster for the tests of facts, as AWS's JSON, for a test to change before it is read.

use privek_core::subject::Subject;
use serde_json::{Value, json};

use super::fixture::{self, Fixture};

/// Cluster `closed` in vpc-1 (10.0.0.0/16), subnets a and b in two zones with 100 free addresses
/// each, managed group `workers` of m5.large with at most four nodes, none running.
pub(crate) fn snapshot() -> Value {
    let scope: serde_json::Map<String, Value> = crate::snapshot::aws::COLLECTIONS
        .iter()
        .map(|collection| (collection.key.to_owned(), json!(["*"])))
        .collect();
    json!({
        "snapshot_version": 2, "account": "111122223333", "region": "us-east-1", "scope": scope,
        "cluster": [{
            "name": "closed", "arn": "arn:aws:eks:us-east-1:111122223333:cluster/closed",
            "resourcesVpcConfig": {
                "vpcId": "vpc-1", "subnetIds": ["subnet-a", "subnet-b"], "clusterSecurityGroupId": "sg-cluster",
                "endpointPrivateAccess": true, "endpointPublicAccess": false, "publicAccessCidrs": ["0.0.0.0/0"],
            },
            "kubernetesNetworkConfig": {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"},
        }],
        "nodegroups": ["workers"],
        "nodegroup": [group("workers", &["m5.large"], &["subnet-a", "subnet-b"], 4)],
        "addons": ["vpc-cni"], "addon": [{"addonName": "vpc-cni"}],
        "Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16", "DhcpOptionsId": "dopt-1"}],
        "VpcAttributes": [{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": true}, "EnableDnsHostnames": {"Value": true}}],
        "DhcpOptions": [{"DhcpOptionsId": "dopt-1", "DhcpConfigurations": [
            {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]}]}],
        "Subnets": [subnet("a", "use1-az1", 100), subnet("b", "use1-az2", 100)],
        "RouteTables": [{"RouteTableId": "rtb-main", "VpcId": "vpc-1", "Associations": [{"Main": true}], "Routes": []}],
        "SecurityGroups": [{"GroupId": "sg-default", "GroupName": "default", "VpcId": "vpc-1"}],
        "NetworkInterfaces": [],
        "AvailabilityZones": [
            {"ZoneName": "us-east-1a", "ZoneId": "use1-az1", "ZoneType": "availability-zone"},
            {"ZoneName": "us-east-1b", "ZoneId": "use1-az2", "ZoneType": "availability-zone"},
            {"ZoneName": "us-east-1-bos-1a", "ZoneId": "use1-bos1-az1", "ZoneType": "local-zone"},
        ],
        "InstanceTypes": [
            instance_type("m5.large", 2, &[3], 10), instance_type("t3.small", 2, &[3], 4),
            instance_type("t3.nano", 2, &[2], 2), instance_type("m5.24xlarge", 96, &[15], 50),
            // 32 network cards, of which pods use the first.
            instance_type("p5.48xlarge", 192, &[2; 32], 50),
        ],
        "LaunchTemplateVersions": [], "Reservations": [], "AutoScalingGroups": [],
    })
}

/// A managed node group.
pub(crate) fn group(name: &str, types: &[&str], subnets: &[&str], max: i64) -> Value {
    json!({
        "nodegroupName": name, "clusterName": "closed", "instanceTypes": types, "subnets": subnets,
        "scalingConfig": {"minSize": 1, "maxSize": max, "desiredSize": 1}, "amiType": "AL2023_x86_64_STANDARD",
        "resources": {"autoScalingGroups": [{"name": format!("eks-{name}")}]},
    })
}

/// A subnet of the VPC; zones `use1-az1` and `use1-az2` are us-east-1a and b.
pub(crate) fn subnet(name: &str, zone: &str, free: i64) -> Value {
    json!({
        "SubnetId": format!("subnet-{name}"), "VpcId": "vpc-1", "AvailabilityZoneId": zone,
        "AvailabilityZone": if zone == "use1-az1" { "us-east-1a" } else { "us-east-1b" },
        "CidrBlock": "10.0.0.0/24", "AvailableIpAddressCount": free,
    })
}

/// A nitro type with these interfaces by network card.
pub(crate) fn instance_type(name: &str, vcpus: i64, cards: &[i64], addresses: i64) -> Value {
    let each: Vec<Value> = (0_i64..)
        .zip(cards)
        .map(|(at, interfaces)| json!({"NetworkCardIndex": at, "MaximumNetworkInterfaces": interfaces}))
        .collect();
    json!({
        "InstanceType": name, "Hypervisor": "nitro", "BareMetal": false, "VCpuInfo": {"DefaultVCpus": vcpus},
        "NetworkInfo": {
            "DefaultNetworkCardIndex": 0, "NetworkCards": each,
            "MaximumNetworkInterfaces": cards.iter().sum::<i64>(), "Ipv4AddressesPerInterface": addresses,
        },
    })
}

/// A running node of a managed group that holds this many addresses.
pub(crate) fn node(id: &str, group: &str, subnet: &str, addresses: usize) -> Value {
    let held: Vec<Value> =
        (0..addresses).map(|at| json!({"PrivateIpAddress": format!("10.0.0.{at}")})).collect();
    json!({"ReservationId": format!("r-{id}"), "Instances": [{
        "InstanceId": id, "InstanceType": "m5.large", "State": {"Name": "running"}, "SubnetId": subnet,
        "Tags": [{"Key": "kubernetes.io/cluster/closed", "Value": "owned"}, {"Key": "eks:nodegroup-name", "Value": group}],
        "NetworkInterfaces": [{"SubnetId": subnet, "PrivateIpAddresses": held}],
    }]})
}

/// Makes a collection unread.
pub(crate) fn withhold(snapshot: &mut Value, key: &str) {
    snapshot[key] = Value::Null;
    snapshot["scope"].as_object_mut().unwrap().remove(key);
}

/// The subjects of one kind.
pub(crate) fn subjects(snapshot: &Value, kind: &str) -> Vec<Subject> {
    Fixture(snapshot.clone()).subjects(kind, "")
}

/// The fields of one subject.
pub(crate) fn fields(snapshot: &Value, kind: &str, id: &str) -> Value {
    Fixture(snapshot.clone()).fields(kind, id)
}

/// Whether a field is unknown.
pub(crate) fn is_unknown(field: &Value) -> bool {
    fixture::is_unknown(field, "")
}
