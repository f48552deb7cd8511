//! Roles on the shipped fixtures, changed here and there.

mod names;

use privek_core::known::MissingKind;
use serde_json::{Value, json};

use crate::facts::test_support::fixture::Fixture;
use crate::intent::Intent;
use crate::network::Groups;

use super::*;
use crate::network::{End, EndKind};

const CLUSTER: &str = "payments";
const NODE_GROUPS: [&str; 2] = ["sg-0a00000000000000d", "sg-0a00000000000000f"];

fn ends_with(fixture: &Fixture, intent: &str, role: &str) -> Ends {
    let snapshot = fixture.snapshot();
    let intent = Intent::from_yaml("intent", intent).unwrap();
    of_role(&Context::new(&snapshot, &intent), role)
}

fn ends(fixture: &Fixture, role: &str) -> Ends {
    ends_with(fixture, "", role)
}

/// Subnets and groups of the ends, in short.
fn places(ends: &Ends) -> Vec<(String, Vec<String>)> {
    let place = |end: &End| match &end.kind {
        EndKind::Subnet { subnet, groups: Groups::Known(groups), .. } => (subnet.clone(), groups.clone()),
        EndKind::Subnet { subnet, groups, .. } => (subnet.clone(), vec![format!("{groups:?}")]),
        EndKind::Interface { id } => (id.clone(), Vec::new()),
        other => panic!("{other:?}"),
    };
    ends.known.iter().map(place).collect()
}

fn subnets(ends: &Ends) -> Vec<String> {
    places(ends).into_iter().map(|(subnet, _)| subnet).collect()
}

fn misses(ends: &Ends, what: &str) -> bool {
    ends.unlisted.iter().any(|missing| missing.what.contains(what))
}

fn with_cni(values: &Value) -> Fixture {
    Fixture::healthy().change("addon", "addonName", "vpc-cni", |addon| {
        addon["configurationValues"] = json!(values.to_string());
    })
}

fn custom_networking() -> Fixture {
    with_cni(&json!({"env": {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true"}}))
}

/// A subnet of its own, in the zone of the nodes in `…2a`.
fn with_pod_subnet(fixture: Fixture, tags: &Value) -> Fixture {
    let mut subnet = fixture.0["Subnets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|subnet| subnet["SubnetId"] == "subnet-0a00000000000002a")
        .unwrap()
        .clone();
    subnet["SubnetId"] = json!("subnet-0a00000000000009a");
    subnet["CidrBlock"] = json!("100.64.0.0/20");
    subnet["Tags"] = tags.clone();
    fixture.add("Subnets", subnet)
}

fn interface(id: &str, more: &Value) -> Value {
    let mut interface = json!({
        "NetworkInterfaceId": id, "VpcId": "vpc-0a000000000000001", "Status": "in-use",
        "SubnetId": "subnet-0a00000000000002a", "AvailabilityZone": "ap-northeast-1a",
        "InterfaceType": "interface", "PrivateIpAddress": "10.20.64.9",
        "Groups": [{"GroupId": "sg-0a000000000000e5f"}],
    });
    for (key, value) in more.as_object().unwrap() {
        interface[key] = value.clone();
    }
    interface
}

#[test]
fn pods_share_the_nodes_subnets_and_groups_by_default() {
    let fixture = Fixture::healthy();
    let pods = ends(&fixture, "pods");
    assert_eq!(places(&pods), places(&ends(&fixture, "nodes")));
    assert!(pods.unlisted.is_empty(), "{:?}", pods.unlisted);
    let snapshot = fixture.snapshot();
    let context = Context::new(&snapshot, &Intent::default());
    assert_eq!(beyond_nodes(&context).1, Ok(false), "what is true of nodes is true of them");
}

#[test]
fn a_secondary_interface_shows_where_custom_networking_puts_pods() {
    let mut fixture = with_pod_subnet(custom_networking(), &json!([]));
    for interface in fixture.0["NetworkInterfaces"].as_array_mut().unwrap() {
        if interface["Description"].as_str().is_some_and(|text| text.starts_with("aws-K8S-")) {
            interface["SubnetId"] = json!("subnet-0a00000000000009a");
            interface["Groups"] = json!([{"GroupId": "sg-0a000000000000bbb"}]);
        }
    }
    let pods = ends(&fixture, "pods");
    let elsewhere = ("subnet-0a00000000000009a".to_owned(), vec!["sg-0a000000000000bbb".to_owned()]);
    assert_eq!(places(&pods), [elsewhere], "the nodes' own interfaces carry no pods");
    assert!(pods.unlisted.is_empty(), "every node shows its own: {:?}", pods.unlisted);
    let snapshot = fixture.snapshot();
    assert_eq!(beyond_nodes(&Context::new(&snapshot, &Intent::default())).1, Ok(true));
}

#[test]
fn custom_networking_that_no_interface_shows_is_the_users_to_declare() {
    let mut fixture = custom_networking();
    fixture.0["NetworkInterfaces"]
        .as_array_mut()
        .unwrap()
        .retain(|one| !one["Description"].as_str().is_some_and(|text| text.starts_with("aws-K8S-")));
    let pods = ends(&fixture, "pods");
    assert!(pods.known.is_empty() && misses(&pods, "custom networking sets them in Kubernetes"));
    assert_eq!(pods.unlisted[0].kind, MissingKind::Intent);
    let declared = "pods: { subnets: [subnet-0a00000000000003a], security_groups: [sg-0a000000000000bbb] }";
    let pods = ends_with(&fixture, declared, "pods");
    let declared = ("subnet-0a00000000000003a".to_owned(), vec!["sg-0a000000000000bbb".to_owned()]);
    assert_eq!(places(&pods), [declared]);
    assert!(pods.unlisted.is_empty());
}

#[test]
fn what_is_left_out_of_declared_pods_is_the_nodes() {
    let fixture = Fixture::healthy();
    let by_subnet = ends_with(&fixture, "pods: { subnets: [subnet-0a00000000000003a] }", "pods");
    let groups = NODE_GROUPS.map(str::to_owned).to_vec();
    assert!(places(&by_subnet).contains(&("subnet-0a00000000000003a".into(), groups)));
    let by_group = ends_with(&fixture, "pods: { security_groups: [sg-0a000000000000bbb] }", "pods");
    let of_group: Vec<String> = places(&by_group)
        .into_iter()
        .filter(|(_, groups)| groups == &["sg-0a000000000000bbb"])
        .map(|(subnet, _)| subnet)
        .collect();
    assert_eq!(of_group, subnets(&ends(&fixture, "nodes")));
}

#[test]
fn a_subnet_tagged_for_the_cni_takes_pods_of_the_nodes_in_its_zone() {
    let takes = |tags: Value| {
        let pods = ends(&with_pod_subnet(Fixture::healthy(), &tags), "pods");
        subnets(&pods).contains(&"subnet-0a00000000000009a".to_owned())
    };
    let role = |value: &str| json!({"Key": "kubernetes.io/role/cni", "Value": value});
    let cluster = |name: &str| json!({"Key": format!("kubernetes.io/cluster/{name}"), "Value": "shared"});
    assert!(takes(json!([role("1")])));
    assert!(takes(json!([role("1"), cluster("other"), cluster(CLUSTER)])));
    assert!(!takes(json!([role("1"), cluster("other")])), "it is another cluster's");
    assert!(!takes(json!([role("0")])) && !takes(json!([])), "the tag says no, or nothing");
    let off = with_cni(&json!({"env": {"ENABLE_SUBNET_DISCOVERY": "false"}}));
    let off = ends(&with_pod_subnet(off, &json!([role("1")])), "pods");
    assert!(!subnets(&off).contains(&"subnet-0a00000000000009a".to_owned()), "discovery is off");
}

#[test]
fn groups_tagged_for_the_cni_leave_those_of_pods_in_tagged_subnets_unknown() {
    let role = json!({"Key": "kubernetes.io/role/cni", "Value": "1"});
    let fixture = with_pod_subnet(Fixture::healthy(), &json!([role.clone()]));
    let fixture = fixture
        .change("SecurityGroups", "GroupId", "sg-0a00000000000000e", |group| group["Tags"] = json!([role]));
    let pods = ends(&fixture, "pods");
    let tagged = pods.known.iter().find(|end| end.label.contains("subnet-0a00000000000009a")).unwrap();
    assert!(matches!(&tagged.kind, EndKind::Subnet { groups: Groups::Unread(_), .. }), "{tagged:?}");
}

#[test]
fn branch_interfaces_show_pods_with_security_groups_of_their_own() {
    let branch = |tags: Value| {
        let more = json!({"Description": "aws-k8s-branch-eni", "InterfaceType": "branch", "TagSet": tags});
        ends(&Fixture::healthy().add("NetworkInterfaces", interface("eni-0a000000000000b01", &more)), "pods")
    };
    let own = ("subnet-0a00000000000002a".to_owned(), vec!["sg-0a000000000000e5f".to_owned()]);
    let ours = branch(json!([{"Key": format!("kubernetes.io/cluster/{CLUSTER}"), "Value": "owned"}]));
    assert!(places(&ours).contains(&own) && ours.unlisted.is_empty());
    let theirs = branch(json!([{"Key": "kubernetes.io/cluster/other", "Value": "owned"}]));
    assert!(!places(&theirs).contains(&own) && theirs.unlisted.is_empty());
    let untold = branch(json!([]));
    assert!(!places(&untold).contains(&own) && misses(&untold, "that name the cluster"));
}

#[test]
fn interfaces_of_other_clusters_nodes_show_nothing() {
    let more = json!({"Description": "aws-K8S-i-0f00000000000beef"});
    let fixture = Fixture::healthy().add("NetworkInterfaces", interface("eni-0a000000000000b02", &more));
    assert_eq!(places(&ends(&fixture, "pods")), places(&ends(&Fixture::healthy(), "nodes")));
}

#[test]
fn what_was_not_read_never_lists_all_pods() {
    for collection in ["NetworkInterfaces", "Subnets", "addon", "Reservations", "nodegroup"] {
        let pods = ends(&Fixture::healthy().withhold(collection), "pods");
        assert!(!pods.unlisted.is_empty(), "{collection}");
        let snapshot = Fixture::healthy().withhold(collection).snapshot();
        let beyond = beyond_nodes(&Context::new(&snapshot, &Intent::default())).1;
        assert!(beyond.is_err(), "{collection}: {beyond:?}");
    }
}

#[test]
fn the_control_plane_may_move_to_every_subnet_of_the_cluster_with_its_groups() {
    let moves = ends(&Fixture::healthy(), "control-plane-subnets");
    let groups = vec!["sg-0a00000000000000c".to_owned(), "sg-0a00000000000000f".to_owned()];
    let all = ["subnet-0a00000000000001a", "subnet-0a00000000000001c", "subnet-0a00000000000001d"];
    assert_eq!(places(&moves), all.map(|subnet| (subnet.to_owned(), groups.clone())));
    assert!(moves.unlisted.is_empty());
    let without = Fixture::healthy().change("cluster", "name", CLUSTER, |cluster| {
        cluster["resourcesVpcConfig"].as_object_mut().unwrap().remove("clusterSecurityGroupId");
    });
    let unread = &ends(&without, "control-plane-subnets").known[0].kind;
    assert!(matches!(unread, EndKind::Subnet { groups: Groups::Unread(_), .. }));
}

#[test]
fn each_file_system_with_mount_targets_is_a_party_of_its_own() {
    let mount = |id: &str, system: &str| {
        let description = format!("EFS mount target for {system} (fsmt-0123456789abcdef0)");
        interface(id, &json!({"Description": description}))
    };
    let fixture = Fixture::healthy()
        .add("NetworkInterfaces", mount("eni-0a000000000000ef1", "fs-0aaa"))
        .add("NetworkInterfaces", mount("eni-0a000000000000ef2", "fs-0bbb"))
        .add("NetworkInterfaces", interface("eni-0a000000000000ef3", &json!({"Description": "EFS"})));
    let snapshot = fixture.snapshot();
    let parties_with = |intent: &str| {
        let intent = Intent::from_yaml("intent", intent).unwrap();
        let context = Context::new(&snapshot, &intent);
        let parties = parties(&context, "efs");
        assert!(parties.unlisted.is_empty());
        parties.listed.iter().map(|party| (party.name.clone(), party.used.clone())).collect::<Vec<_>>()
    };
    let both = |used: bool| vec![("efs:fs-0aaa".to_owned(), Ok(used)), ("efs:fs-0bbb".to_owned(), Ok(used))];
    assert_eq!(parties_with("features: { efs_csi: true }"), both(true));
    assert_eq!(parties_with("features: { efs_csi: false }"), both(false), "they may be somebody else's");
    let unread = ends(&fixture.withhold("NetworkInterfaces"), "efs");
    assert!(unread.known.is_empty() && misses(&unread, "ec2:DescribeNetworkInterfaces"));
    assert!(ends(&Fixture::healthy(), "efs").are_none());
}

fn with_resolver() -> Fixture {
    let endpoint = |id: &str, direction: &str, more: Value| {
        let mut endpoint = json!({"Id": id, "Direction": direction, "HostVPCId": "vpc-0a000000000000001",
            "SecurityGroupIds": ["sg-0a000000000000d53"], "Status": "OPERATIONAL"});
        for (key, value) in more.as_object().unwrap() {
            endpoint[key] = value.clone();
        }
        endpoint
    };
    let addresses = |id: &str, ip: &str| {
        let address =
            json!({"IpId": "rni-1", "Ip": ip, "SubnetId": "subnet-0a00000000000001a", "Status": "ATTACHED"});
        json!({"ResolverEndpointId": id, "IpAddresses": [address]})
    };
    let rule = json!({"Id": "rslvr-rr-0a1", "RuleType": "FORWARD", "DomainName": "corp.example.",
        "ResolverEndpointId": "rslvr-out-0a1", "Status": "COMPLETE",
        "TargetIps": [{"Ip": "192.168.0.53", "Port": 53}, {"Ip": "192.168.0.54", "Port": 5353}]});
    let associated = json!({"Id": "rslvr-rrassoc-1", "ResolverRuleId": "rslvr-rr-0a1",
        "VPCId": "vpc-0a000000000000001", "Status": "COMPLETE"});
    let elsewhere = json!({"HostVPCId": "vpc-0e000000000000001"});
    Fixture::healthy()
        .add("ResolverEndpoints", endpoint("rslvr-in-0a1", "INBOUND", json!({})))
        .add("ResolverEndpoints", endpoint("rslvr-in-0a2", "INBOUND_DELEGATION", json!({})))
        .add("ResolverEndpoints", endpoint("rslvr-in-0e1", "INBOUND", elsewhere))
        .add("ResolverEndpoints", endpoint("rslvr-in-0a3", "INBOUND", json!({"Status": "DELETING"})))
        .add("ResolverEndpoints", endpoint("rslvr-out-0a1", "OUTBOUND", json!({})))
        .add("ResolverEndpointIpAddresses", addresses("rslvr-in-0a1", "10.20.0.10"))
        .add("ResolverEndpointIpAddresses", addresses("rslvr-out-0a1", "10.20.0.11"))
        .add("ResolverRules", rule)
        .add("ResolverRuleAssociations", associated)
}

#[test]
fn the_vpcs_own_resolver_endpoints_are_ends_with_their_addresses_and_groups() {
    let group = vec!["sg-0a000000000000d53".to_owned()];
    let inbound = ends(&with_resolver(), "resolver-inbound");
    assert_eq!(places(&inbound), [("subnet-0a00000000000001a".to_owned(), group)]);
    let EndKind::Subnet { addresses, .. } = &inbound.known[0].kind else { panic!("{inbound:?}") };
    assert_eq!(addresses.as_deref(), Some(&["10.20.0.10/32".parse().unwrap()][..]));
    assert!(inbound.unlisted.is_empty());
    assert_eq!(ends(&with_resolver(), "resolver-outbound").known[0].label, "10.20.0.11 of rslvr-out-0a1");
    assert!(ends(&Fixture::healthy(), "resolver-inbound").are_none());
}

#[test]
fn resolver_endpoints_that_were_not_read_are_not_absent() {
    for collection in ["ResolverEndpoints", "ResolverEndpointIpAddresses"] {
        let inbound = ends(&with_resolver().withhold(collection), "resolver-inbound");
        assert!(inbound.known.is_empty() && misses(&inbound, "route53resolver:List"), "{collection}");
    }
}

#[test]
fn a_forwarding_rule_names_its_targets_their_ports_and_who_asks_them() {
    let snapshot = with_resolver().snapshot();
    let intent = Intent::default();
    let context = Context::new(&snapshot, &intent);
    let parties = parties(&context, "resolver-targets");
    let [party] = parties.listed.as_slice() else { panic!("{parties:?}") };
    assert_eq!(party.name, "resolver-targets:rslvr-rr-0a1");
    assert_eq!(party.ports.as_deref(), Some(&[53, 5353][..]));
    let asker = party.only_from.as_ref().unwrap();
    assert_eq!(asker.known[0].label, "10.20.0.11 of rslvr-out-0a1");
    assert!(parties.unlisted.is_empty());
    for collection in ["ResolverRules", "ResolverRuleAssociations"] {
        let unread = ends(&with_resolver().withhold(collection), "resolver-targets");
        assert!(unread.known.is_empty() && !unread.unlisted.is_empty(), "{collection}");
    }
    let shared = with_resolver().remove("ResolverEndpoints", "Id", "rslvr-out-0a1").snapshot();
    let context = Context::new(&shared, &intent);
    let asker = super::parties(&context, "resolver-targets").listed[0].only_from.clone().unwrap();
    assert!(asker.known.is_empty() && !asker.unlisted.is_empty(), "the endpoint is another account's");
}

#[test]
fn pods_on_fargate_are_apart_from_the_nodes() {
    let profile = json!({"fargateProfileName": "batch", "clusterName": CLUSTER, "status": "ACTIVE",
        "subnets": ["subnet-0a00000000000003a"]});
    let mut fixture = Fixture::healthy();
    fixture.0["fargateProfileNames"] = json!(["batch"]);
    fixture.0["fargateProfile"] = json!([profile]);
    let fargate = ends(&fixture, "fargate");
    let place = ("subnet-0a00000000000003a".to_owned(), vec!["sg-0a00000000000000f".to_owned()]);
    assert_eq!(places(&fargate), [place]);
    assert!(!subnets(&ends(&fixture, "nodes")).contains(&"subnet-0a00000000000003a".to_owned()));
    assert!(ends(&Fixture::healthy(), "fargate").are_none());
    let unread = ends(&fixture.withhold("fargateProfile"), "fargate");
    assert!(unread.known.is_empty() && misses(&unread, "eks:DescribeFargateProfile"));
}

#[test]
fn a_cluster_on_fargate_alone_has_no_planned_nodes() {
    let mut fixture = Fixture::closed();
    for key in ["nodegroups", "nodegroup", "AutoScalingGroups", "Reservations"] {
        fixture.0[key] = json!([]);
    }
    assert!(ends(&fixture, "nodes").known.iter().all(|end| end.label.starts_with("planned nodes")));
    fixture.0["fargateProfileNames"] = json!(["all"]);
    assert!(ends(&fixture, "nodes").are_none() && ends(&fixture, "pods").are_none());
    let unread = ends(&fixture.withhold("fargateProfileNames"), "nodes");
    assert!(unread.known.is_empty() && misses(&unread, "eks:ListFargateProfiles"));
}

#[test]
fn every_role_has_ends_or_says_why_not() {
    // Which VPC endpoint serves a service is asked above the ends.
    for role in super::grammar::ROLES.iter().filter(|role| **role != "services") {
        let found = ends_with(&with_resolver(), "operators: [{ cidr: 10.0.0.0/8 }]", role);
        let absent = matches!(*role, "efs" | "fargate" | "hybrid-nodes" | "hybrid-pods");
        assert_eq!(found.are_none(), absent, "{role}: {found:?}");
    }
}

#[test]
fn only_what_can_answer_is_an_end_of_the_resolver() {
    let of_endpoint = |status: Value| {
        let fixture = with_resolver()
            .change("ResolverEndpoints", "Id", "rslvr-in-0a1", |one| one["Status"] = status.clone());
        ends(&fixture, "resolver-inbound")
    };
    for works in ["OPERATIONAL", "UPDATING", "AUTO_RECOVERING", "operational"] {
        let ends = of_endpoint(json!(works));
        assert!(ends.known.len() == 1 && ends.unlisted.is_empty(), "{works}: {ends:?}");
    }
    assert!(of_endpoint(json!("DELETING")).are_none());
    for doubtful in ["CREATING", "ACTION_NEEDED", "SOMETHING_NEW"] {
        assert!(misses(&of_endpoint(json!(doubtful)), doubtful), "{doubtful}");
    }
    assert!(misses(&of_endpoint(Value::Null), "Status of rslvr-in-0a1"));
    let of_address = |status: Value| {
        let fixture = with_resolver().change(
            "ResolverEndpointIpAddresses",
            "ResolverEndpointId",
            "rslvr-in-0a1",
            |one| one["IpAddresses"][0]["Status"] = status.clone(),
        );
        ends(&fixture, "resolver-inbound")
    };
    for doubtful in [json!("CREATING"), json!("ISOLATED"), json!("FAILED_CREATION"), Value::Null] {
        let ends = of_address(doubtful.clone());
        assert!(ends.known.is_empty() && !ends.unlisted.is_empty(), "{doubtful}: {ends:?}");
    }
}

#[test]
fn an_association_without_its_rule_or_vpc_leaves_doubt() {
    for (field, says) in [("ResolverRuleId", "ResolverRuleId of rslvr-rrassoc-1"), ("VPCId", "VPCId of")] {
        let fixture = with_resolver().change("ResolverRuleAssociations", "Id", "rslvr-rrassoc-1", |one| {
            one.as_object_mut().unwrap().remove(field);
        });
        let targets = ends(&fixture, "resolver-targets");
        assert!(targets.known.is_empty() && misses(&targets, says), "{targets:?}");
    }
}

#[test]
fn hybrid_nodes_are_where_the_cluster_says_and_come_in_where_the_user_says() {
    let networks = json!({"remoteNodeNetworks": [{"cidrs": ["10.80.0.0/16"]}], "remotePodNetworks": [{"cidrs": ["ten"]}]});
    let fixture = Fixture::healthy()
        .change("cluster", "name", CLUSTER, |one| one["remoteNetworkConfig"] = networks.clone());
    let nodes = ends(&fixture, "hybrid-nodes");
    assert_eq!(nodes.known[0].label, "hybrid nodes in 10.80.0.0/16");
    let declared =
        ends_with(&fixture, "networks: [{ name: plant, cidr: 10.80.0.0/12, via: tgw-0a1 }]", "hybrid-nodes");
    let via = |end: &End| matches!(&end.kind, EndKind::Addresses { via: Some(via), .. } if via == "tgw-0a1");
    assert!(via(&declared.known[0]), "{declared:?}");
    let pods = ends(&fixture, "hybrid-pods");
    assert!(pods.known.is_empty() && misses(&pods, "remotePodNetworks"), "{pods:?}");
}
