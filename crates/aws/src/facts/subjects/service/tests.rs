//! Services on the closed network, broken one way at a time.

use serde_json::{Value, json};

use crate::facts::test_support::fixture::{Fixture, is_unknown};

const VPC: &str = "vpc-0c000000000000001";
const EC2: &str = "vpce-0c0000000000000e0";
const S3: &str = "vpce-0c000000000000005";
const WORKERS: &str = "rtb-0c00000000000000d";
const WORKER_A: &str = "subnet-0c00000000000001a";

fn ec2(fixture: &Fixture) -> Value {
    fixture.fields("service", "ec2")
}

fn endpoint(fixture: Fixture, id: &str, field: &str, value: &Value) -> Fixture {
    fixture.change("VpcEndpoints", "VpcEndpointId", id, |endpoint| endpoint[field] = value.clone())
}

fn route(fixture: Fixture, table: &str, route: &Value) -> Fixture {
    fixture.change("RouteTables", "RouteTableId", table, |table| {
        table["Routes"].as_array_mut().unwrap().push(route.clone());
    })
}

fn without_ec2() -> Fixture {
    Fixture::closed().remove("VpcEndpoints", "VpcEndpointId", EC2)
}

#[test]
fn the_closed_networks_endpoints_serve_from_one_zone() {
    for id in ["ec2", "ecr.api", "ecr.dkr"] {
        let fields = Fixture::closed().fields("service", id);
        for field in [
            "needed",
            "offered",
            "served",
            "available",
            "type_right",
            "private_dns",
            "policy_allows",
            "isolated",
            "interface",
            "dns_attributes",
        ] {
            assert_eq!(fields[field], json!(true), "{id}.{field}");
        }
        assert_eq!(fields["other_way"], json!(false));
        assert_eq!(fields["covers_node_zones"], json!(false));
        assert_eq!(fields["missing_zones"], json!(["ap-northeast-1c"]));
        assert_eq!(fields["missing_zone_subnets"], json!(["subnet-0c00000000000001c"]));
    }
    let s3 = Fixture::closed().fields("service", "s3");
    assert_eq!(s3["endpoint"], json!(S3));
    assert_eq!((&s3["covers_node_zones"], &s3["private_dns"]), (&json!(true), &json!(true)));
    assert_eq!(s3["policy_allows"], json!(true), "the layer bucket is allowed: {s3}");
}

#[test]
fn a_healthy_clusters_needs_are_all_met() {
    for subject in Fixture::healthy().subjects("service", "") {
        let fields = &subject.fields;
        if fields["needed"] == json!(true) {
            for field in
                ["served", "available", "type_right", "private_dns", "policy_allows", "covers_node_zones"]
            {
                assert_eq!(fields[field], json!(true), "{}.{field}", subject.id);
            }
        }
    }
}

#[test]
fn another_service_with_the_same_beginning_does_not_serve() {
    let renamed =
        endpoint(Fixture::closed(), EC2, "ServiceName", &json!("com.amazonaws.ap-northeast-1.ec2messages"));
    let fields = ec2(&renamed);
    assert_eq!((&fields["served"], &fields["endpoint"]), (&json!(false), &Value::Null));
    assert_eq!(fields["service_name"], "com.amazonaws.ap-northeast-1.ec2");
    let elsewhere = endpoint(Fixture::closed(), EC2, "ServiceRegion", &json!("us-east-1"));
    assert_eq!(ec2(&elsewhere)["served"], json!(false));
}

#[test]
fn a_prefix_of_another_partition_is_the_same_service() {
    let china =
        endpoint(Fixture::closed(), EC2, "ServiceName", &json!("cn.com.amazonaws.ap-northeast-1.ec2"));
    assert_eq!(ec2(&china)["served"], json!(true));
}

#[test]
fn a_missing_endpoint_in_an_isolated_network_is_certain() {
    let fields = ec2(&without_ec2());
    assert_eq!((&fields["served"], &fields["endpoint_exists"]), (&json!(false), &json!(false)));
    assert_eq!(fields["isolated"], json!(true));
    let deleted = endpoint(Fixture::closed(), EC2, "State", &json!("deleting"));
    assert_eq!(ec2(&deleted)["served"], json!(false));
}

#[test]
fn states_compare_without_case_and_a_pending_endpoint_exists() {
    assert_eq!(
        ec2(&endpoint(Fixture::closed(), EC2, "State", &json!("Available")))["available"],
        json!(true)
    );
    let pending = ec2(&endpoint(Fixture::closed(), EC2, "State", &json!("pendingAcceptance")));
    assert_eq!((&pending["available"], &pending["served"]), (&json!(false), &json!(true)));
    let failed = endpoint(Fixture::closed(), EC2, "State", &json!("failed"));
    let failed = endpoint(failed, EC2, "LastError", &json!({"Code": "X", "Message": "no capacity"}));
    assert_eq!(ec2(&failed)["last_error"], "no capacity");
    assert!(is_unknown(
        &ec2(&endpoint(Fixture::closed(), EC2, "State", &json!("partial")))["available"],
        "partial"
    ));
}

#[test]
fn a_way_to_a_hub_helps_only_where_a_name_may_lead_there() {
    let hub = json!({"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1", "State": "active"});
    let routed = || route(without_ec2(), WORKERS, &hub);
    assert_eq!(ec2(&routed())["served"], json!(false), "no name leads there");
    let fields = ec2(&routed().withhold("HostedZonesByVPC"));
    assert!(is_unknown(&fields["served"], "route53:ListHostedZonesByVPC"), "{}", fields["served"]);
    assert!(is_unknown(&fields["served"], "tgw-1"));
    assert_eq!(fields["endpoint_exists"], json!(false), "there is none here, whatever there is elsewhere");
    let fields = ec2(&routed().withhold("ProfileAssociations"));
    assert!(is_unknown(&fields["served"], "route53profiles:ListProfileAssociations"));
    let zone = |name: &str| {
        routed().change("HostedZonesByVPC", "VPCId", VPC, |zones| {
            zones["HostedZoneSummaries"] = json!([{"HostedZoneId": "Z0C1", "Name": name}]);
        })
    };
    assert!(is_unknown(&ec2(&zone("ec2.ap-northeast-1.amazonaws.com."))["served"], "Z0C1"));
    assert!(is_unknown(&ec2(&zone("amazonaws.com."))["served"], "Z0C1"));
    assert_eq!(ec2(&zone("ssm.ap-northeast-1.amazonaws.com."))["served"], json!(false));
    let out = json!({"DestinationCidrBlock": "52.94.0.0/16", "TransitGatewayId": "tgw-1", "State": "active"});
    let out = ec2(&route(without_ec2(), WORKERS, &out));
    assert!(is_unknown(&out["served"], "packets to the public addresses of ec2"), "{}", out["served"]);
    let dead =
        json!({"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1", "State": "blackhole"});
    assert_eq!(ec2(&route(without_ec2(), WORKERS, &dead))["served"], json!(false));
}

#[test]
fn a_forwarding_rule_for_the_services_name_makes_it_unknown_and_another_does_not() {
    let with_rule = |domain: &str| {
        without_ec2()
            .add("ResolverRules", json!({"Id": "rslvr-rr-1", "DomainName": domain, "RuleType": "FORWARD"}))
            .add("ResolverRuleAssociations", json!({"Id": "a", "ResolverRuleId": "rslvr-rr-1", "VPCId": VPC}))
    };
    let hub = json!({"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1", "State": "active"});
    for domain in ["ec2.ap-northeast-1.amazonaws.com.", "amazonaws.com."] {
        let routed = ec2(&route(with_rule(domain), WORKERS, &hub));
        assert!(is_unknown(&routed["served"], "rslvr-rr-1"), "{}", routed["served"]);
        assert_eq!(ec2(&with_rule(domain))["served"], json!(false), "no route to any answer");
    }
    assert_eq!(ec2(&with_rule("corp.example."))["served"], json!(false));
}

#[test]
fn in_a_shared_vpc_an_endpoint_that_is_not_seen_is_not_absent() {
    let shared = without_ec2().change("Subnets", "SubnetId", WORKER_A, |subnet| {
        subnet["OwnerId"] = json!("999988887777");
    });
    let fields = ec2(&shared);
    for field in ["served", "endpoint_exists", "available", "private_dns", "policy_allows"] {
        assert!(is_unknown(&fields[field], "account 999988887777"), "{field}: {}", fields[field]);
    }
}

#[test]
fn a_nat_gateway_is_another_way_and_an_inspected_one_is_unclear() {
    let nat = json!({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"});
    let routed = || route(without_ec2(), WORKERS, &nat);
    assert!(is_unknown(&ec2(&routed())["other_way"], "nat-1"), "it may be a private one");
    let fields = ec2(&routed().nat_gateway());
    assert_eq!(
        (&fields["isolated"], &fields["other_way"], &fields["served"]),
        (&json!(false), &json!(true), &json!(false))
    );
    let firewall =
        json!({"DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni-1", "State": "active"});
    let fields = ec2(&route(without_ec2(), WORKERS, &firewall));
    assert!(is_unknown(&fields["other_way"], "eni-1") && is_unknown(&fields["isolated"], "eni-1"));
}

#[test]
fn an_internet_gateway_is_another_way_for_public_addresses_only() {
    let internet = json!({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"});
    let mut fixture = route(without_ec2(), WORKERS, &internet);
    assert!(is_unknown(&ec2(&fixture)["other_way"], "public addresses of nodes in"));
    for subnet in fixture.0["Subnets"].as_array_mut().unwrap() {
        subnet["MapPublicIpOnLaunch"] = json!(true);
    }
    assert_eq!(ec2(&fixture)["other_way"], json!(true));
}

#[test]
fn in_china_the_s3_gateway_keeps_the_common_prefix() {
    let mut fixture = Fixture::closed().withhold("ServiceDetails");
    let text =
        fixture.0.to_string().replace("ap-northeast-1", "cn-north-1").replace("arn:aws:", "arn:aws-cn:");
    fixture.0 = serde_json::from_str(&text).unwrap();
    assert_eq!(fixture.fields("service", "s3")["service_name"], json!("com.amazonaws.cn-north-1.s3"));
    assert_eq!(ec2(&fixture)["service_name"], json!("cn.com.amazonaws.cn-north-1.ec2"));
}

#[test]
fn private_dns_off_and_a_wrong_type_are_seen() {
    assert_eq!(
        ec2(&endpoint(Fixture::closed(), EC2, "PrivateDnsEnabled", &json!(false)))["private_dns"],
        json!(false)
    );
    let gateway = ec2(&endpoint(Fixture::closed(), EC2, "VpcEndpointType", &json!("GatewayLoadBalancer")));
    assert_eq!((&gateway["type_right"], &gateway["interface"]), (&json!(false), &json!(false)));
}

#[test]
fn the_best_of_several_endpoints_counts() {
    let two = Fixture::closed().add(
        "VpcEndpoints",
        json!({"VpcEndpointId": "vpce-0", "VpcEndpointType": "Interface", "VpcId": VPC, "State": "pending",
               "ServiceName": "com.amazonaws.ap-northeast-1.ec2", "PrivateDnsEnabled": false}),
    );
    let fields = ec2(&two);
    assert_eq!((&fields["endpoint"], &fields["endpoints"]), (&json!(EC2), &json!([EC2, "vpce-0"])));
}

#[test]
fn an_unread_collection_leaves_what_it_would_tell_unknown() {
    let unread = ec2(&Fixture::closed().withhold("VpcEndpoints"));
    for field in [
        "served",
        "endpoint_exists",
        "available",
        "type_right",
        "private_dns",
        "policy_allows",
        "covers_node_zones",
    ] {
        assert!(is_unknown(&unread[field], "ec2:DescribeVpcEndpoints"), "{field}: {}", unread[field]);
    }
    assert_eq!(unread["needed"], json!(true));
    let offered = ec2(&Fixture::closed().withhold("ServiceDetails"));
    assert!(is_unknown(&offered["offered"], "ec2:DescribeVpcEndpointServices"));
    assert_eq!((&offered["not_offered"], &offered["served"]), (&json!(false), &json!(true)));
}

#[test]
fn a_service_that_the_region_does_not_offer_is_told_apart() {
    let fields =
        ec2(&without_ec2().remove("ServiceDetails", "ServiceName", "com.amazonaws.ap-northeast-1.ec2"));
    assert_eq!((&fields["offered"], &fields["not_offered"]), (&json!(false), &json!(true)));
}

#[test]
fn a_policy_is_read_as_far_as_it_can_be() {
    let with = |document: &str| {
        Fixture::closed()
            .change("VpcEndpoints", "VpcEndpointId", S3, |endpoint| {
                endpoint["PolicyDocument"] = json!(document);
            })
            .fields("service", "s3")
    };
    let other = with(
        r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::mine/*"}]}"#,
    );
    assert_eq!(other["policy_allows"], json!(false));
    assert!(other["policy_problem"].as_str().unwrap().contains("prod-ap-northeast-1-starport-layer-bucket"));
    let python = with("{'Statement': [{'Effect': 'Allow'}]}");
    assert!(is_unknown(&python["policy_allows"], "not in a known format: the document is not JSON"));
    let condition = with(
        r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}]}"#,
    );
    assert!(is_unknown(&condition["policy_allows"], "depends on aws:PrincipalTag/team"));
}

#[test]
fn s3_is_reached_through_the_effective_route_table_only() {
    let open = |fixture: &Fixture| fixture.fields("subnet", WORKER_A)["s3_route"].clone();
    assert_eq!(open(&Fixture::closed()), json!(true));
    let dissociated = Fixture::closed()
        .change("VpcEndpoints", "VpcEndpointId", S3, |endpoint| endpoint["RouteTableIds"] = json!([]))
        .change("RouteTables", "RouteTableId", WORKERS, |table| {
            table["Routes"].as_array_mut().unwrap().retain(|route| route["GatewayId"] != S3);
        });
    assert_eq!(open(&dissociated), json!(false));
    assert_eq!(dissociated.fields("subnet", WORKER_A)["s3_endpoint"], json!(S3));
    // The workers' own table keeps its route, but the subnet falls back to the main table, which has none.
    let implicit = Fixture::closed().change("RouteTables", "RouteTableId", WORKERS, |table| {
        table["Associations"]
            .as_array_mut()
            .unwrap()
            .retain(|association| association["SubnetId"] != WORKER_A);
    });
    assert_eq!(open(&implicit), json!(false));
    let pending = endpoint(Fixture::closed(), S3, "State", &json!("pending"));
    let fields = pending.fields("subnet", WORKER_A);
    assert_eq!((&fields["s3_route"], &fields["s3_endpoint"]), (&json!(false), &Value::Null));
    assert!(is_unknown(&open(&Fixture::closed().withhold("RouteTables")), "ec2:DescribeRouteTables"));
}

#[test]
fn an_s3_interface_endpoint_serves_unless_it_is_for_inbound_resolvers_only() {
    let with = |options: &Value| {
        Fixture::closed().remove("VpcEndpoints", "VpcEndpointId", S3).add(
            "VpcEndpoints",
            json!({"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Interface", "VpcId": VPC, "State": "available",
                   "ServiceName": "com.amazonaws.ap-northeast-1.s3", "PrivateDnsEnabled": true, "DnsOptions": options}),
        )
    };
    let all = with(&json!({"PrivateDnsOnlyForInboundResolverEndpoint": false}));
    assert_eq!(all.fields("subnet", WORKER_A)["s3_route"], json!(true));
    let inbound = with(&json!({"PrivateDnsOnlyForInboundResolverEndpoint": true}));
    assert_eq!(inbound.fields("subnet", WORKER_A)["s3_route"], json!(false));
    let fields = inbound.fields("service", "s3");
    assert_eq!((&fields["private_dns"], &fields["inbound_only"]), (&json!(false), &json!(true)));
    assert!(is_unknown(
        &with(&json!({})).fields("subnet", WORKER_A)["s3_route"],
        "PrivateDnsOnlyForInboundResolverEndpoint"
    ));
}

#[test]
fn an_endpoint_whose_type_was_not_read_is_of_no_type() {
    const ECR: &str = "vpce-0c0000000000000e1";
    let untold = Fixture::closed().change("VpcEndpoints", "VpcEndpointId", ECR, |endpoint| {
        endpoint.as_object_mut().unwrap().remove("VpcEndpointType");
    });
    let service = untold.fields("service", "ecr.api");
    for field in ["type_right", "interface", "private_dns", "covers_node_zones"] {
        assert!(is_unknown(&service[field], "VpcEndpointType"), "{field}: {}", service[field]);
    }
}

const HUB: &str = "vpce-0b0000000000000e0";

/// The bastion's VPC as the hub: an endpoint for EC2 in it, and a Route 53 Profile with it on the cluster's.
fn hub(status: &str) -> Fixture {
    let arn = format!("arn:aws:ec2:ap-northeast-1:123456789012:vpc-endpoint/{HUB}");
    without_ec2()
        .add(
            "VpcEndpoints",
            json!({
                "VpcEndpointId": HUB, "VpcId": "vpc-0b000000000000001", "VpcEndpointType": "Interface",
                "ServiceName": "com.amazonaws.ap-northeast-1.ec2", "State": "available",
                "PrivateDnsEnabled": true, "Groups": [{"GroupId": "sg-0b000000000000001"}],
                "SubnetIds": ["subnet-0b000000000000001"], "IpAddressType": "ipv4",
            }),
        )
        .add(
            "ProfileAssociations",
            json!({"Id": "rpassoc-1", "ProfileId": "rp-1", "ResourceId": VPC, "Status": "COMPLETE"}),
        )
        .add(
            "ProfileResourceAssociations",
            json!({"Id": "rpr-1", "ProfileId": "rp-1", "ResourceArn": arn, "Status": status}),
        )
        .cover("ProfileResourceAssociations", "rp-1")
}

#[test]
fn a_profile_leads_a_services_names_to_the_hubs_endpoint() {
    let fields = ec2(&hub("COMPLETE"));
    assert_eq!((&fields["served"], &fields["endpoint"]), (&json!(true), &json!(HUB)));
    assert_eq!((&fields["central"], &fields["private_dns"]), (&json!(true), &json!(true)));
    assert_eq!(fields["endpoint_vpc"], "vpc-0b000000000000001");
    let silent = endpoint(hub("COMPLETE"), HUB, "PrivateDnsEnabled", &json!(false));
    assert!(is_unknown(&ec2(&silent)["private_dns"], "Route 53 Profile"));
}

#[test]
fn a_profile_that_does_not_hold_the_endpoint_yet_or_holds_an_unread_one_leaves_doubt() {
    let way = json!({"DestinationCidrBlock": "172.24.0.0/24", "VpcPeeringConnectionId": "pcx-1", "State": "active"});
    let creating = ec2(&route(hub("CREATING"), WORKERS, &way));
    assert!(is_unknown(&creating["served"], "CREATING"), "{}", creating["served"]);
    let unread = route(hub("COMPLETE").remove("VpcEndpoints", "VpcEndpointId", HUB), WORKERS, &way);
    assert!(is_unknown(&ec2(&unread)["served"], "ec2:DescribeVpcEndpoints in account 123456789012"));
    let failed = ec2(&route(hub("FAILED"), WORKERS, &way));
    assert_eq!(failed["served"], json!(false));
}

#[test]
fn a_private_hosted_zone_may_stand_in_for_private_dns() {
    let off = || endpoint(Fixture::closed(), EC2, "PrivateDnsEnabled", &json!(false));
    assert_eq!(ec2(&off())["private_dns"], json!(false));
    assert!(is_unknown(&ec2(&off().withhold("HostedZonesByVPC"))["private_dns"], "ListHostedZonesByVPC"));
    let zone = off().change("HostedZonesByVPC", "VPCId", VPC, |zones| {
        zones["HostedZoneSummaries"] =
            json!([{"HostedZoneId": "Z0C1", "Name": "ec2.ap-northeast-1.amazonaws.com."}]);
    });
    assert!(is_unknown(&ec2(&zone)["private_dns"], "Z0C1"));
}

#[test]
fn what_shows_a_feature_is_said_and_what_stops_without_it() {
    let fields = ec2(&Fixture::closed());
    assert_eq!(fields["needed_because"], json!(["nodes: the node group workers"]));
    assert_eq!((&fields["essential"], &fields["optional_for"]), (&json!(true), &json!([])));
    let logs = Fixture::closed().fields_with("service", "logs", "features: { cloudwatch_logs: true }");
    assert_eq!((&logs["essential"], &logs["optional_for"]), (&json!(false), &json!(["logs in CloudWatch"])));
    assert_eq!(logs["needed_because"], json!(["cloudwatch_logs: declared (features: in privek-audit.yaml)"]));
}

#[test]
fn the_eks_endpoint_hides_the_issuers_names_until_they_have_an_endpoint() {
    let hidden = Fixture::healthy().fields("service", "oidc-eks");
    assert!(hidden["hidden_by"].as_str().is_some_and(|id| id.starts_with("vpce-")), "{hidden}");
    assert_eq!(Fixture::closed().fields("service", "oidc-eks")["hidden_by"], Value::Null);
}

#[test]
fn a_global_service_of_another_region_is_not_said_not_to_be_offered() {
    let iam = Fixture::closed().fields("service", "iam");
    assert_eq!((&iam["not_offered"], &iam["service_region"]), (&json!(false), &json!("us-east-1")));
    assert!(is_unknown(&iam["offered"], "us-east-1"));
    assert_eq!(Fixture::closed().fields("service", "acm-pca")["not_offered"], json!(true));
}

#[test]
fn an_endpoint_with_ipv6_records_alone_answers_no_ipv4_caller() {
    assert_eq!(ec2(&Fixture::closed())["answers_clients"], json!(true));
    let records = endpoint(Fixture::closed(), EC2, "DnsOptions", &json!({"DnsRecordIpType": "ipv6"}));
    assert_eq!(ec2(&records)["answers_clients"], json!(false));
}

#[test]
fn the_firewall_rule_that_blocks_a_services_name_is_named() {
    let blocked = Fixture::healthy()
        .add(
            "FirewallRuleGroupAssociations",
            json!({"Id": "rslvr-frgassoc-1", "FirewallRuleGroupId": "rslvr-frg-1", "VpcId": "vpc-0a000000000000001", "Priority": 101, "Status": "COMPLETE"}),
        )
        .add(
            "FirewallRules",
            json!({"FirewallRuleGroupId": "rslvr-frg-1", "FirewallDomainListId": "rslvr-fdl-1", "Name": "tools", "Priority": 20, "Action": "BLOCK", "BlockResponse": "NODATA"}),
        )
        .add(
            "FirewallDomainsByList",
            json!({"FirewallDomainListId": "rslvr-fdl-1", "Domains": ["ec2.ap-northeast-1.amazonaws.com"]}),
        )
        .cover("FirewallRules", "rslvr-frg-1")
        .cover("FirewallDomainsByList", "rslvr-fdl-1")
        .fields("service", "ec2");
    assert_eq!((&blocked["private_dns_enabled"], &blocked["private_dns"]), (&json!(true), &json!(false)));
    let blockers = blocked["name_blockers"].to_string();
    assert!(blockers.contains("rslvr-frg-1") && blockers.contains("tools"), "{blockers}");
    assert_eq!(Fixture::healthy().fields("service", "ec2")["name_blockers"], json!([]));
}
