//! Node groups' settings in their user data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, subjects};

/// The small cluster with a self-managed group of this user data.
fn with_user_data(text: &str) -> Value {
    let mut given = snapshot();
    given["cluster"][0]["endpoint"] = json!("https://ABC.gr7.us-east-1.eks.amazonaws.com");
    given["VpcEndpoints"] = json!([]);
    given["ResolverRules"] = json!([]);
    given["ResolverRuleAssociations"] = json!([]);
    given["ServiceDetails"] = json!([]);
    given["fargateProfileNames"] = json!([]);
    given["AutoScalingGroups"] = json!([{
        "AutoScalingGroupName": "own", "MinSize": 0, "MaxSize": 2, "DesiredCapacity": 0,
        "VPCZoneIdentifier": "subnet-a", "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "1"},
        "Tags": [{"Key": "kubernetes.io/cluster/closed", "Value": "owned"}],
    }]);
    given["LaunchTemplateVersions"] = json!([{
        "LaunchTemplateId": "lt-1", "VersionNumber": 1,
        "LaunchTemplateData": {"InstanceType": "t3.small", "UserData": STANDARD.encode(text)},
    }]);
    given
}

fn own(given: &Value) -> Value {
    fields(given, "bootstrap", "own")
}

#[test]
fn bootstrap_sh_with_endpoint_and_without_ca_asks_the_eks_api() {
    let given = with_user_data(
        "#!/bin/bash\n/etc/eks/bootstrap.sh closed --apiserver-endpoint https://ABC.gr7.us-east-1.eks.amazonaws.com\n",
    );
    let facts = own(&given);
    assert_eq!((&facts["platform"], &facts["asks_eks"]), (&json!("AL2"), &json!(true)));
    assert_eq!((&facts["reaches_eks"], &facts["endpoint_right"]), (&json!(false), &json!(true)));
    let needed = fields(&given, "service", "eks");
    assert_eq!((&needed["needed"], &needed["needed_by"]), (&json!(true), &json!(["eks_api"])));
}

#[test]
fn the_guess_is_right_where_the_vpc_s_prefix_and_the_services_are_eks_s_own_pair() {
    let ca = STANDARD.encode("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let script = format!(
        "#!/bin/bash\n/etc/eks/bootstrap.sh closed --apiserver-endpoint https://ABC --b64-cluster-ca {ca}\n"
    );
    let mut given = with_user_data(&script);
    let facts = own(&given);
    assert_eq!((&facts["asks_eks"], &facts["dns_guessed"]), (&json!(false), &json!(true)));
    assert_eq!((&facts["node_dns"], &facts["dns_right"]), (&json!("172.20.0.10"), &json!(true)));
    given["cluster"][0]["kubernetesNetworkConfig"]["serviceIpv4Cidr"] = json!("10.100.0.0/16");
    assert_eq!(own(&given)["dns_right"], json!(false));
    given["Vpcs"][0]["CidrBlockAssociationSet"] =
        json!([{"CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}}]);
    assert!(is_unknown(&own(&given)["dns_right"]), "which prefix the script looks at is not known");
}

#[test]
fn the_address_in_an_ipv6_cluster_ends_with_a() {
    let mut given = with_user_data("[settings.kubernetes]\ncluster-dns-ip = \"fd30:1:2::a\"\n");
    given["cluster"][0]["kubernetesNetworkConfig"] =
        json!({"ipFamily": "ipv6", "serviceIpv6Cidr": "fd30:1:2::/108"});
    let facts = own(&given);
    assert_eq!((&facts["cluster_dns"], &facts["dns_right"]), (&json!("fd30:1:2::a"), &json!(true)));
}

#[test]
fn a_launch_configuration_is_unknown() {
    let mut given = with_user_data("");
    given["AutoScalingGroups"][0].as_object_mut().unwrap().remove("LaunchTemplate");
    let facts = own(&given);
    for field in ["joins", "proxied", "installs_packages", "metadata_on", "agent"] {
        assert!(is_unknown(&facts[field]), "{field}: {}", facts[field]);
    }
}

#[test]
fn a_template_for_some_types_of_a_group_is_unknown() {
    let mut given = with_user_data("");
    given["AutoScalingGroups"][0]["MixedInstancesPolicy"] = json!({"LaunchTemplate": {
        "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1", "Version": "1"},
        "Overrides": [{"InstanceType": "m6g.large", "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-2"}}]}});
    assert!(is_unknown(&own(&given)["joins"]));
}

#[test]
fn nodes_of_auto_mode_leave_no_doubt_about_those_of_groups() {
    let mut given = with_user_data("");
    given["cluster"][0]["computeConfig"] = json!({"enabled": true});
    assert_eq!(subjects(&given, "bootstrap").len(), 2);
    assert_eq!(fields(&given, "bootstrap", "workers")["eks_starts"], json!(true));
}
