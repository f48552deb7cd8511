//! The rules that are part of the program, and their fixes.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::rule::{self, Explainer, Inputs, KindInputs, built_in};
use privek_core::subject::Target;
use serde_json::{Value, json};

use crate::facts::OBSERVED;

use super::PACK;

#[test]
fn the_built_in_rules_are_sound() {
    built_in(&PACK).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_field_that_a_built_in_rule_reads_is_described() {
    let explainer = Explainer::new(&PACK).unwrap();
    for rule in built_in(&PACK).unwrap().iter() {
        let said = explainer.explain(rule);
        assert!(!said.reads.is_empty(), "{}", rule.id);
        for (path, says) in said.reads {
            assert!(!says.is_empty(), "{}: {path}", rule.id);
        }
    }
}

#[test]
fn a_rule_about_probes_and_no_other_says_that_it_needs_one() {
    let (rules, explainer) = (built_in(&PACK).unwrap(), Explainer::new(&PACK).unwrap());
    for rule in rules.iter() {
        let probed = OBSERVED.contains(&rule.subject.as_str());
        assert_eq!(explainer.explain(rule).checks.contains("`privek-audit probe`"), probed, "{}", rule.id);
    }
    assert!(rules.iter().any(|rule| OBSERVED.contains(&rule.subject.as_str())));
}

#[test]
fn a_flow_is_told_with_its_ends_and_a_subject_with_its_condition() {
    let (rules, explainer) = (built_in(&PACK).unwrap(), Explainer::new(&PACK).unwrap());
    for rule in rules.iter() {
        let checks = explainer.explain(rule).checks;
        match &rule.flow {
            Some(flow) => assert!(checks.contains(&flow.from) && checks.contains(&flow.port), "{checks}"),
            None => assert!(
                checks.contains(rule.assert.split_whitespace().collect::<Vec<_>>().join(" ").as_str()),
                "{checks}"
            ),
        }
    }
}

#[test]
fn a_rule_needs_what_lists_its_subjects_and_what_its_fields_come_from() {
    let one = |input: &str| BTreeSet::from([input.to_owned()]);
    let inputs = Inputs {
        kinds: BTreeMap::from([(
            "vpc".to_owned(),
            KindInputs {
                listed: one("ec2:DescribeVpcs"),
                fields: BTreeMap::from([
                    ("dns_support".to_owned(), one("ec2:DescribeVpcAttribute")),
                    ("domain_name".to_owned(), one("ec2:DescribeDhcpOptions")),
                ]),
            },
        )]),
        flows: BTreeMap::from([("a to b on c".to_owned(), one("declared:operators"))]),
    };
    let rules = built_in(&PACK).unwrap();
    let of_vpc = rules.iter().find(|rule| rule.fields == ["vpc.dns_support"]).unwrap();
    let needs = inputs.of(of_vpc);
    assert!(needs.permissions.iter().eq(["ec2:DescribeVpcAttribute", "ec2:DescribeVpcs"]), "{needs:?}");
    let of_flow = rules.iter().find(|rule| rule.flow.is_some()).unwrap();
    assert!(inputs.of(of_flow).declarations.contains("operators"), "of any flow");
}

/// The commands for a blocker with this code and remedy.
fn commands(code: &str, kind: &str, id: &str, remedy: &Value) -> Vec<String> {
    let mut all = json!({"protocol": null, "from_port": null, "to_port": null, "cidrs": [], "group": null,
        "prefix_list": null, "rule_numbers": [], "moved_entries": [], "freed_numbers": [], "account": null, "region": null, "network_border_group": null, "few_ports": false, "low_ports": false, "more_to_come": false, "target": null,
        "target_option": null, "replaces": null, "vpc": null, "subnet": null, "subnets": [], "route_table": null, "state": null});
    all.as_object_mut().unwrap().extend(remedy.as_object().unwrap().clone());
    let blocker = json!({"code": code, "kind": kind, "id": id, "leg": "request", "part": null, "reason": "", "remedy": all});
    let target =
        Target { region: Some("eu-west-1".to_owned()), vpc: Some("vpc-1".to_owned()), ..Target::default() };
    rule::fix(&PACK, &[blocker], &target).unwrap().map(|fix| fix.commands).unwrap_or_default()
}

#[test]
fn routes_are_created_or_replaced_where_one_for_the_same_addresses_is_there() {
    let routes = |code: &str, replaces: Option<&str>| {
        let remedy = json!({"cidrs": ["10.0.0.0/24"], "target": "pcx-1",
            "target_option": "--vpc-peering-connection-id", "replaces": replaces});
        commands(code, "route-table", "rtb-1", &remedy)
    };
    let command = |verb: &str| {
        format!(
            "aws ec2 {verb}-route --region eu-west-1 --route-table-id rtb-1 --destination-cidr-block 10.0.0.0/24 \
             --vpc-peering-connection-id pcx-1"
        )
    };
    assert_eq!(routes("route-missing", None), [command("create")]);
    for code in ["route-elsewhere", "route-blackhole"] {
        assert_eq!(routes(code, Some("0.0.0.0/0")), [command("create")]);
        assert_eq!(routes(code, Some("10.0.0.0/24")), [command("replace")]);
    }
    assert!(routes("route-local", Some("10.0.0.0/16")).is_empty());
}

#[test]
fn a_gateway_endpoint_is_told_the_route_table_that_lacks_it() {
    let remedy = json!({"prefix_list": "pl-1", "target": "vpce-1"});
    assert_eq!(
        commands("route-missing", "route-table", "rtb-1", &remedy),
        [
            "aws ec2 modify-vpc-endpoint --region eu-west-1 --vpc-endpoint-id vpce-1 --add-route-table-ids rtb-1"
        ]
    );
}

#[test]
fn routes_within_the_vpc_give_way_to_the_local_one() {
    let local = |replaces: &str, option: Option<&str>| {
        let remedy = json!({"target": "local", "target_option": option, "replaces": replaces, "cidrs": []});
        commands("route-elsewhere", "route-table", "rtb-1", &remedy).remove(0)
    };
    let table = "--region eu-west-1 --route-table-id rtb-1";
    assert_eq!(
        local("10.0.0.0/24", None),
        format!("aws ec2 delete-route {table} --destination-cidr-block 10.0.0.0/24")
    );
    assert_eq!(
        local("fd00::/56", Some("--local-target")),
        format!("aws ec2 replace-route {table} --destination-ipv6-cidr-block fd00::/56 --local-target")
    );
}

#[test]
fn network_acl_entries_take_free_numbers_one_a_prefix() {
    let remedy = json!({"protocol": "tcp", "from_port": 1024, "to_port": 65535,
        "cidrs": ["10.0.0.0/24", "fd00::/64"], "rule_numbers": [99, 97]});
    let entry = |number: i64, block: &str| {
        format!(
            "aws ec2 create-network-acl-entry --region eu-west-1 --network-acl-id acl-1 --egress --rule-number {number} \
             --protocol tcp --port-range From=1024,To=65535 {block} --rule-action allow"
        )
    };
    assert_eq!(
        commands("network-acl-egress", "network-acl", "acl-1", &remedy),
        [entry(99, "--cidr-block 10.0.0.0/24"), entry(97, "--ipv6-cidr-block fd00::/64")]
    );
}

#[test]
fn what_connects_networks_is_attached_accepted_and_associated() {
    let one = |code: &str, kind: &str, id: &str, remedy: Value| commands(code, kind, id, &remedy).remove(0);
    let code = "transit-gateway-attachment";
    let attach =
        one(code, "transit-gateway", "tgw-1", json!({"vpc": "vpc-9", "subnets": ["subnet-1", "subnet-2"]}));
    assert!(
        attach.ends_with("--transit-gateway-id tgw-1 --vpc-id vpc-9 --subnet-ids subnet-1 subnet-2"),
        "{attach}"
    );
    let accept = one(code, code, "tgw-attach-1", json!({"state": "pendingAcceptance"}));
    assert!(accept.starts_with("aws ec2 accept-transit-gateway-vpc-attachment"), "{accept}");
    let associate = one("transit-gateway-association", code, "tgw-attach-1", json!({"target": "tgw-rtb-1"}));
    assert!(associate.ends_with("--transit-gateway-route-table-id tgw-rtb-1"), "{associate}");
    let accept =
        one("peering-inactive", "vpc-peering-connection", "pcx-1", json!({"state": "pending-acceptance"}));
    assert!(accept.starts_with("aws ec2 accept-vpc-peering-connection"), "{accept}");
    let attach = one("gateway-detached", "vpn-gateway", "vgw-1", json!({"vpc": "vpc-9"}));
    assert!(attach.ends_with("--vpn-gateway-id vgw-1 --vpc-id vpc-9"), "{attach}");
    let route = json!({"cidrs": ["10.0.0.0/24"], "target": "tgw-attach-1", "replaces": "10.0.0.0/24"});
    let replace = one("transit-gateway-route", "transit-gateway-route-table", "tgw-rtb-1", route);
    assert!(replace.starts_with("aws ec2 replace-transit-gateway-route"), "{replace}");
}

#[test]
fn a_fix_names_the_account_and_the_region_of_the_other_side() {
    let remedy = json!({"protocol": "tcp", "from_port": 443, "to_port": 443, "group": "sg-2", "account": "444444444444"});
    for code in ["security-group-ingress", "security-group-egress"] {
        let command = commands(code, "security-group", "sg-1", &remedy).remove(0);
        assert!(command.contains(r#"[{"GroupId":"sg-2","UserId":"444444444444"}]"#), "{command}");
    }
    let remedy = json!({"state": "pending-acceptance", "region": "eu-central-1", "account": "444444444444"});
    let accept = commands("peering-inactive", "vpc-peering-connection", "pcx-1", &remedy).remove(0);
    assert!(accept.contains("--region eu-central-1 "), "{accept}");
}

#[test]
fn a_new_nat_gateway_is_like_the_one_that_it_replaces() {
    let remedy = json!({"subnet": "subnet-1", "route_table": "rtb-1", "replaces": "64:ff9b::/96"});
    let with = |key: &str, value: &str| {
        let mut remedy = remedy.clone();
        remedy[key] = json!(value);
        commands("nat-gateway-unavailable", "nat-gateway", "nat-1", &remedy).remove(0)
    };
    let public = with("network_border_group", "region-lax-1");
    assert!(public.contains("--destination-ipv6-cidr-block 64:ff9b::/96"), "{public}");
    assert!(public.contains("--domain vpc --network-border-group region-lax-1 "), "{public}");
    let private = with("target_option", "--connectivity-type private");
    assert!(
        private.contains("--connectivity-type private") && !private.contains("allocate-address"),
        "{private}"
    );
}
