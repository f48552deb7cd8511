//! The language of patches, in which cases and fixtures are told.

use serde_json::json;

use crate::support::patch::apply;

#[test]
fn patches_find_members_by_what_identifies_them() {
    let mut snapshot = json!({
        "region": "r", "scope": {"Vpcs": ["v"]}, "gaps": [],
        "Vpcs": [{"VpcId": "v"}],
        "RouteTables": [{"RouteTableId": "rtb-1", "Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "State": "active"}]}],
        "cluster": [{"name": "c", "resourcesVpcConfig": {"subnetIds": ["s1", "s2"]}}],
    });
    let patches = json!([
        {"set": ["RouteTables", "rtb-1", "Routes", "10.0.0.0/8", "State"], "to": "blackhole"},
        {"remove": ["cluster", "c", "resourcesVpcConfig", "subnetIds", "s2"]},
        {"append": ["RouteTables", "rtb-1", "Routes"], "item": {"DestinationCidrBlock": "0.0.0.0/0"}},
        {"withhold": "Vpcs"},
    ]);
    apply(&mut snapshot, &patches, "case");
    assert_eq!(snapshot["RouteTables"][0]["Routes"][0]["State"], "blackhole");
    assert_eq!(snapshot["RouteTables"][0]["Routes"][1]["DestinationCidrBlock"], "0.0.0.0/0");
    assert_eq!(snapshot["cluster"][0]["resourcesVpcConfig"]["subnetIds"], json!(["s1"]));
    assert!(snapshot.get("Vpcs").is_none());
    assert_eq!(snapshot["gaps"][0]["permission"], "ec2:DescribeVpcs");
}

#[test]
#[should_panic(expected = "there is no \"rtb-2\"")]
fn a_patch_that_fits_nothing_is_an_error() {
    apply(&mut json!({"RouteTables": []}), &json!([{"remove": ["RouteTables", "rtb-2"]}]), "case");
}

#[test]
fn a_patch_may_be_about_several_members_at_once() {
    let mut snapshot = json!({"Subnets": [
        {"SubnetId": "s1", "VpcId": "v1", "Tags": [{"Key": "Name", "Value": "a"}]},
        {"SubnetId": "s2", "VpcId": "v1", "Tags": []},
        {"SubnetId": "s3", "VpcId": "v2", "Tags": []},
    ]});
    let patches = json!([
        {"append": ["Subnets", {"VpcId": "v1"}, "Tags"], "items": [{"Key": "k", "Value": "1"}]},
        {"remove": ["Subnets", {"Tags": {"Key": "Name"}}]},
        {"set": ["Subnets", "*", "State"], "to": "available"},
        {"replace": ["Subnets"], "text": "v2", "by": "v9"},
    ]);
    apply(&mut snapshot, &patches, "case");
    let wanted = json!({"Subnets": [
        {"SubnetId": "s2", "VpcId": "v1", "State": "available", "Tags": [{"Key": "k", "Value": "1"}]},
        {"SubnetId": "s3", "VpcId": "v9", "State": "available", "Tags": []},
    ]});
    assert_eq!(snapshot, wanted);
}
