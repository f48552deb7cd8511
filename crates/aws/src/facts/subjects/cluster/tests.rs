//! The endpoint, the zones and the subnets of a small cluster.

use serde_json::json;

use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, subjects, subnet};

#[test]
fn public_access_that_is_off_is_limited_whatever_the_list_says() {
    assert_eq!(fields(&snapshot(), "cluster", "closed")["public_access_limited"], true);
}

#[test]
fn public_access_is_limited_only_by_a_list_without_everybody() {
    let mut given = snapshot();
    let config = &mut given["cluster"][0]["resourcesVpcConfig"];
    config["endpointPublicAccess"] = json!(true);
    for (cidrs, limited) in [
        (json!(["203.0.113.0/24"]), json!(true)),
        (json!(["203.0.113.0/24", "0.0.0.0/0"]), json!(false)),
        (json!(["203.0.113.0/24", "::/0"]), json!(false)),
        (json!([]), json!(false)),
    ] {
        given["cluster"][0]["resourcesVpcConfig"]["publicAccessCidrs"] = cidrs.clone();
        assert_eq!(fields(&given, "cluster", "closed")["public_access_limited"], limited, "{cidrs}");
    }
}

#[test]
fn two_proved_zones_are_several_even_where_a_third_subnet_is_unread() {
    let mut given = snapshot();
    given["cluster"][0]["resourcesVpcConfig"]["subnetIds"] =
        json!(["subnet-a", "subnet-b", "subnet-elsewhere"]);
    let cluster = fields(&given, "cluster", "closed");
    assert_eq!(cluster["control_plane_in_several_zones"], true);
    assert!(is_unknown(&cluster["control_plane_zones"]));
    given["cluster"][0]["resourcesVpcConfig"]["subnetIds"] = json!(["subnet-a", "subnet-elsewhere"]);
    assert!(is_unknown(&fields(&given, "cluster", "closed")["control_plane_in_several_zones"]));
}

#[test]
fn the_roomiest_subnet_of_another_zone_is_proposed() {
    let mut given = snapshot();
    given["cluster"][0]["resourcesVpcConfig"]["subnetIds"] = json!(["subnet-a"]);
    given["Subnets"].as_array_mut().unwrap().push(subnet("c", "use1-az2", 200));
    given["Subnets"].as_array_mut().unwrap().push(subnet("d", "use1-az3", 200));
    let cluster = fields(&given, "cluster", "closed");
    assert_eq!(cluster["control_plane_in_several_zones"], false);
    assert_eq!(cluster["subnets_elsewhere"], json!(["subnet-c"]), "use1-az3 is refused by EKS");
}

#[test]
fn what_describe_cluster_leaves_out_is_unknown_and_no_default() {
    let mut given = snapshot();
    given["cluster"][0]["resourcesVpcConfig"] = json!({"subnetIds": ["subnet-a"]});
    let cluster = fields(&given, "cluster", "closed");
    for field in
        ["endpoint_private_access", "public_access_limited", "control_plane_egress_mode", "security_groups"]
    {
        assert!(is_unknown(&cluster[field]), "{field}");
    }
}

#[test]
fn without_a_cluster_there_is_no_subject() {
    let mut given = snapshot();
    given["cluster"] = json!([]);
    assert!(subjects(&given, "cluster").is_empty());
}
