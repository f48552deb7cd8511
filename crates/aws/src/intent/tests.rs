//! Declarations, right and wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::*;

fn refused(yaml: &str) -> String {
    Intent::from_yaml("privek-audit.yaml", yaml).unwrap_err().to_string()
}

fn refused_flag(flag: &str) -> String {
    operator(flag).unwrap_err().to_string()
}

#[test]
fn a_file_declares_operators_and_features() {
    let yaml = "operators:\n  - { name: head-office, cidr: 192.168.0.0/16, dns: [192.168.0.53] }\n  - { name: bastion, cidr: 10.50.0.0/24, via: pcx-0a1, security_groups: [sg-0b2] }\nfeatures: { karpenter: true, fargate: false }\n";
    let intent = Intent::from_yaml("f", yaml).unwrap();
    let operators = intent.operators.unwrap();
    assert_eq!(operators[0].dns, ["192.168.0.53".parse::<IpAddr>().unwrap()]);
    assert_eq!(operators[1].via.as_deref(), Some("pcx-0a1"));
    assert_eq!(operators[1].security_groups, ["sg-0b2"]);
    assert_eq!(intent.features, BTreeMap::from([("fargate".into(), false), ("karpenter".into(), true)]));
}

#[test]
fn no_operators_differs_from_nobody_said() {
    assert_eq!(Intent::from_yaml("f", "operators: []").unwrap().operators, Some(Vec::new()));
    assert_eq!(Intent::from_yaml("f", "features: {}").unwrap().operators, None);
    assert_eq!(Intent::from_yaml("f", "").unwrap(), Intent::default());
    assert_eq!(Intent::from_yaml("f", "# nothing\n").unwrap(), Intent::default());
}

#[test]
fn a_wrong_field_is_named_with_its_place_and_the_right_one() {
    let text = refused("operators:\n  - { cidr: 10.0.0.0/8, vai: pcx-1 }\n");
    assert!(text.starts_with("privek-audit.yaml:2:"), "{text}");
    assert!(text.contains("`vai`") && text.contains("did you mean `via`?"), "{text}");
    assert!(refused("operators:\n  - { name: a }\n").contains("`cidr` is missing"));
    assert_eq!(
        refused("operators: 5\n"),
        "privek-audit.yaml:1:12: a list is expected here, for instance `[value]`"
    );
    let text = refused("operators:\n  - 10.0.0.0/8\n");
    assert_eq!(text, "privek-audit.yaml:2:5: fields are expected here, for instance `name: value`");
}

#[test]
fn an_unknown_feature_is_an_error_that_lists_the_known_ones() {
    let text = refused("features:\n  irsa: true\n  karpentre: true\n");
    assert!(text.starts_with("privek-audit.yaml:3:"), "{text}");
    assert!(text.contains("did you mean `karpenter`?") && text.contains("pod_identity"), "{text}");
    assert!(refused("features: { irsa: often }\n").starts_with("privek-audit.yaml:1:"));
}

#[test]
fn a_prefix_with_a_typo_is_an_error_that_shows_the_right_one() {
    let text = refused("operators:\n  - name: a\n    cidr: 10.0.0.5/8\n");
    assert_eq!(
        text,
        "privek-audit.yaml:3:11: operators[0].cidr: '10.0.0.5/8' has host bits set; did you mean 10.0.0.0/8?"
    );
    assert!(refused_flag("10.0.0.5/8").contains("did you mean 10.0.0.0/8?"));
    assert!(refused_flag("10.0.0/8").contains("is not a CIDR; the form is like 10.50.0.0/24"));
    assert!(refused_flag("10.0.0.0/33").contains("is not a CIDR"));
    assert!(refused_flag("").contains("is not a CIDR"));
}

#[test]
fn a_flag_names_a_network_its_entrance_and_its_groups() {
    let full: Operator = operator("10.50.0.0/24,via=pcx-0a1,sg=sg-0b2,sg=sg-0b3").unwrap();
    assert_eq!(full.name, "10.50.0.0/24");
    assert_eq!(full.via.as_deref(), Some("pcx-0a1"));
    assert_eq!(full.security_groups, ["sg-0b2", "sg-0b3"]);
    let bare: Operator = operator("10.50.0.7").unwrap();
    assert_eq!(bare.cidr.to_string(), "10.50.0.7/32");
    let six: Operator = operator("2001:db8::/32").unwrap();
    assert_eq!(six.cidr.to_string(), "2001:db8::/32");
}

#[test]
fn a_flag_with_a_typo_shows_the_form() {
    for flag in ["10.0.0.0/8,vai=pcx-1", "10.0.0.0/8;via=pcx-1,", "10.0.0.0/8,", "10.0.0.0/8,sg"] {
        let text = refused_flag(flag);
        assert!(text.contains("the form is"), "{flag}: {text}");
    }
    assert!(refused_flag("10.0.0.0/8,via=sg-1").contains("via 'sg-1' is not the id"));
    assert!(refused_flag("10.0.0.0/8,via=tgw-attach-1").contains("name its transit gateway (tgw-…)"));
    assert!(refused_flag("10.0.0.0/8,via=eni-attach-1").contains("is not the id"));
    assert!(refused_flag("10.0.0.0/8,sg=pcx-1").contains("'pcx-1' is not the id of a security group"));
    assert!(refused_flag("10.0.0.0/8,via=pcx-1,via=pcx-2").contains("'via' is set twice"));
}

#[test]
fn two_operators_of_one_name_are_an_error() {
    let text = refused("operators:\n  - { name: a, cidr: 10.0.0.0/8 }\n  - { name: a, cidr: 11.0.0.0/8 }\n");
    assert!(text.contains("two operators are called 'a'"), "{text}");
    let twice = vec![operator("10.0.0.0/8").unwrap(), operator("10.0.0.0/8,via=pcx-1").unwrap()];
    assert!(Intent::default().merge_flags(twice).unwrap_err().to_string().contains("declared twice"));
}

#[test]
fn flags_add_to_the_file() {
    let file = Intent::from_yaml("f", "operators: [{ cidr: 10.0.0.0/8 }]").unwrap();
    let both = file.merge_flags(vec![operator("11.0.0.0/8").unwrap()]).unwrap();
    assert_eq!(both.operators.unwrap().len(), 2);
    assert_eq!(Intent::default().merge_flags(Vec::new()).unwrap().operators, None);
}

#[test]
fn redaction_replaces_addresses_and_names_and_keeps_who_is_who() {
    let intent = Intent::from_yaml(
        "f",
        "operators: [{ cidr: 10.0.0.0/8, dns: [10.0.0.53], via: pcx-1, security_groups: [sg-1] }, { name: office, cidr: 11.0.0.0/8 }]",
    )
    .unwrap();
    let other = |net: IpNet| if net.prefix_len() == 32 { "7.7.7.7/32" } else { "7.0.0.0/8" }.parse().unwrap();
    let shared = intent.redacted(other, |text| format!("<{text}>")).operators.unwrap();
    assert_eq!((shared[0].name.as_str(), shared[0].via.as_deref()), ("7.0.0.0/8", Some("<pcx-1>")));
    assert_eq!(shared[0].dns, ["7.7.7.7".parse::<IpAddr>().unwrap()]);
    assert_eq!((shared[1].name.as_str(), shared[0].security_groups[0].as_str()), ("<office>", "<sg-1>"));
}

#[test]
fn networks_have_names_for_flows_and_may_say_where_they_are_connected() {
    let yaml = "networks: [{ name: database, cidr: 192.168.7.0/24, via: tgw-1, security_groups: [sg-1] }, { name: hub, cidr: 10.0.0.0/8 }]";
    let networks = Intent::from_yaml("f", yaml).unwrap().networks;
    assert_eq!((networks[0].name.as_str(), networks[0].via.as_deref()), ("database", Some("tgw-1")));
    assert_eq!(networks[0].security_groups, ["sg-1"]);
    assert_eq!((networks[1].cidr.to_string().as_str(), networks[1].via.as_deref()), ("10.0.0.0/8", None));
}

#[test]
fn a_networks_name_means_nothing_else() {
    for (name, because) in [
        ("nodes", "is a role already"),
        ("ecr.api", "is an AWS service already"),
        ("subnet-office", "looks like AWS's ids (subnet-…)"),
        ("10.0.0.0", "reads as an address"),
        ("10.0", "reads as an address"),
        ("a b", "is not a valid name"),
        ("a,b", "is not a valid name"),
        ("''", "is not a valid name"),
    ] {
        let text = refused(&format!("networks:\n  - {{ cidr: 10.0.0.0/8, name: {name:?} }}\n"));
        assert!(text.starts_with("privek-audit.yaml:2:"), "{text}");
        assert!(text.contains("networks[0].name: ") && text.contains(because), "{name}: {text}");
    }
    let twice = refused("networks: [{ name: a, cidr: 10.0.0.0/8 }, { name: a, cidr: 11.0.0.0/8 }]");
    assert!(twice.contains("networks[1].name: two networks are called 'a'"), "{twice}");
    let taken =
        refused("operators: [{ name: a, cidr: 10.0.0.0/8 }]\nnetworks: [{ name: a, cidr: 11.0.0.0/8 }]");
    assert!(taken.contains("an operator is called 'a' too"), "{taken}");
    let unnamed = refused("networks: [{ cidr: 10.0.0.0/8 }]");
    assert!(unnamed.contains("`name` is missing"), "{unnamed}");
}

#[test]
fn pods_are_declared_by_their_subnets_their_groups_or_both() {
    let pods = |yaml: &str| Intent::from_yaml("f", yaml).unwrap().pods.unwrap();
    assert_eq!(pods("pods: { subnets: [subnet-1] }").subnets, ["subnet-1"]);
    assert_eq!(pods("pods: { security_groups: [sg-1] }").security_groups, ["sg-1"]);
    let text = refused("pods:\n  subnets: [sg-1]\n");
    assert_eq!(text, "privek-audit.yaml:2:13: pods.subnets: 'sg-1' is not the id of a subnet (subnet-…)");
    assert!(refused("pods: { security_groups: [x] }").contains("pods.security_groups: 'x' is not the id"));
    assert!(refused("pods: {}").contains("both lists are empty; name subnets"));
    assert!(refused("pods: { subnet: [subnet-1] }").contains("did you mean `subnets`?"));
}

#[test]
fn webhook_ports_are_ports_and_none_differs_from_nobody_said() {
    let ports = |yaml: &str| Intent::from_yaml("f", yaml).unwrap().webhook_ports;
    assert_eq!(ports("webhook_ports: [9443, 8443, 9443]"), Some(BTreeSet::from([8443, 9443])));
    assert_eq!((ports("webhook_ports: []"), ports("")), (Some(BTreeSet::new()), None));
    for wrong in ["0", "65536", "-1"] {
        let text = refused(&format!("webhook_ports: [443, {wrong}]"));
        let right = format!("webhook_ports[1]: '{wrong}' is not a TCP port; valid are 1 to 65535");
        assert!(text.starts_with("privek-audit.yaml:1:") && text.ends_with(&right), "{text}");
    }
}

#[test]
fn redaction_reaches_networks_and_pods() {
    let yaml = "networks: [{ name: payroll, cidr: 10.0.0.0/8, via: tgw-1 }]\npods: { subnets: [subnet-1], security_groups: [sg-1] }\nwebhook_ports: [8443]";
    let intent = Intent::from_yaml("f", yaml).unwrap();
    let shared = intent.redacted(|_| "7.0.0.0/8".parse().unwrap(), |text| format!("<{text}>"));
    let network = &shared.networks[0];
    assert_eq!((network.name.as_str(), network.cidr.to_string().as_str()), ("network-1", "7.0.0.0/8"));
    assert_eq!(network.via.as_deref(), Some("<tgw-1>"));
    assert_eq!(shared.pods.unwrap().subnets, ["<subnet-1>"]);
    assert_eq!(shared.webhook_ports, intent.webhook_ports);
}

#[test]
fn what_is_unread_is_declared_with_a_reason_and_a_last_day() {
    let text =
        "unread: [{ operation: 'route53profiles:*', means: none, reason: no Profiles, until: 2027-03-31 }]";
    let unread = Intent::from_yaml("f.yaml", text).unwrap().unread;
    assert_eq!((unread[0].operation.as_str(), unread[0].until.date()), ("route53profiles:*", "2027-03-31"));
    assert!(unread[0].is_about("route53profiles", "ListProfileAssociations"));
    assert!(!unread[0].is_about("route53", "ListHostedZonesByVPC"));
    let one = "{ operation: 'route53:ListHostedZonesByVPC', means: none, reason: a, until: 2027-03-31 }";
    for (written, said) in [
        (
            "{ operation: 'route53profile:*', means: none, reason: a, until: 2027-03-31 }",
            "did you mean `route53profiles:*`?",
        ),
        (
            "{ operation: 'eks:DescribeCluster', means: none, reason: a, until: 2027-03-31 }",
            "may be declared",
        ),
        (
            "{ operation: 'route53:*', means: some, reason: a, until: 2027-03-31 }",
            "f.yaml:1:43: unread[0].means: 'some'",
        ),
        ("{ operation: 'route53:*', means: none, reason: ' ', until: 2027-03-31 }", "the reason is empty"),
        (
            "{ operation: 'route53:*', means: none, reason: a, until: 2027-03-32 }",
            "'2027-03-32' is not a date",
        ),
        ("{ operation: 'route53:*', means: none, reason: a }", "`until` is missing"),
        (format!("{one}, {one}").as_str(), "is declared twice"),
    ] {
        let error = Intent::from_yaml("f.yaml", &format!("unread: [{written}]")).unwrap_err().to_string();
        assert!(error.contains(said), "{written}: {error}");
    }
}
