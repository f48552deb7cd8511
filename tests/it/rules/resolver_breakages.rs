//! A cluster's name is led to the operators' VPC by Route 53 Resolver, in the emulator; then the design
//! is broken in each single way, by AWS's own calls, and each breakage is told by findings of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::support::emulator::emulator;
use crate::support::program::{Program, against_emulator, outcomes};

/// A region in which nothing else is.
const REGION: &str = "eu-west-2";

/// One breakage.
struct Break {
    what: &'static str,
    /// The calls that break it, without `aws`; `{role}` stands for an id.
    done: &'static [&'static str],
    /// The calls that mend it.
    undone: &'static [&'static str],
    /// Each finding that fails now or became unknown.
    gives: &'static [&'static str],
}

/// The rule that is in force gives way to another one.
macro_rules! instead {
    ($role:literal) => {
        (
            &[
                "route53resolver disassociate-resolver-rule --vpc-id {operators-vpc} --resolver-rule-id {rule}",
                concat!(
                    "route53resolver associate-resolver-rule --name rule --vpc-id {operators-vpc} --resolver-rule-id {",
                    $role,
                    "}"
                ),
            ],
            &[
                concat!(
                    "route53resolver disassociate-resolver-rule --vpc-id {operators-vpc} --resolver-rule-id {",
                    $role,
                    "}"
                ),
                "route53resolver associate-resolver-rule --name rule --vpc-id {operators-vpc} --resolver-rule-id {rule}",
            ],
        )
    };
}

const fn swapped(
    what: &'static str,
    (done, undone): (&'static [&'static str], &'static [&'static str]),
    gives: &'static [&'static str],
) -> Break {
    Break { what, done, undone, gives }
}

const BREAKS: &[Break] = &[
    Break {
        what: "the inbound endpoint has lost an address",
        done: &[
            "route53resolver disassociate-resolver-endpoint-ip-address --resolver-endpoint-id {inbound} --ip-address SubnetId={worker-c},Ip=10.71.64.10",
        ],
        undone: &[
            "route53resolver associate-resolver-endpoint-ip-address --resolver-endpoint-id {inbound} --ip-address SubnetId={worker-c},Ip=10.71.64.10",
        ],
        gives: &[
            "operator-resolution-not-dependable fail operators:operations",
            "resolver-endpoint-in-one-zone fail inbound",
            "resolver-rule-target-gone fail rule",
        ],
    },
    Break {
        what: "the inbound endpoint's group admits no UDP",
        done: &[
            "ec2 revoke-security-group-ingress --group-id {inbound-group} --protocol udp --port 53 --cidr 10.72.0.0/24",
        ],
        undone: &[
            "ec2 authorize-security-group-ingress --group-id {inbound-group} --protocol udp --port 53 --cidr 10.72.0.0/24",
        ],
        gives: &[
            "operator-cannot-reach-resolver-udp fail operators:operations->resolver-inbound:udp/53",
            "operator-cannot-resolve-api fail operators:operations",
        ],
    },
    Break {
        what: "the inbound endpoint's group admits no TCP",
        done: &[
            "ec2 revoke-security-group-ingress --group-id {inbound-group} --protocol tcp --port 53 --cidr 10.72.0.0/24",
        ],
        undone: &[
            "ec2 authorize-security-group-ingress --group-id {inbound-group} --protocol tcp --port 53 --cidr 10.72.0.0/24",
        ],
        gives: &[
            "operator-cannot-reach-resolver-tcp fail operators:operations->resolver-inbound:tcp/53",
            "operator-resolution-not-dependable fail operators:operations",
        ],
    },
    Break {
        what: "the outbound endpoint's group lets nothing out",
        done: &[
            "ec2 revoke-security-group-egress --group-id {outbound-group} --protocol -1 --cidr 0.0.0.0/0",
        ],
        undone: &[
            "ec2 authorize-security-group-egress --group-id {outbound-group} --protocol -1 --cidr 0.0.0.0/0",
        ],
        gives: &["operator-cannot-resolve-api fail operators:operations"],
    },
    Break {
        what: "the rule is not associated with the operators' VPC",
        done: &[
            "route53resolver disassociate-resolver-rule --vpc-id {operators-vpc} --resolver-rule-id {rule}",
        ],
        undone: &[
            "route53resolver associate-resolver-rule --name rule --vpc-id {operators-vpc} --resolver-rule-id {rule}",
        ],
        gives: &["operator-cannot-resolve-api fail operators:operations"],
    },
    Break {
        what: "the rule applies to the workers' VPC too, so that the query goes round",
        done: &[
            "route53resolver associate-resolver-rule --name round --vpc-id {workers-vpc} --resolver-rule-id {rule}",
        ],
        undone: &[
            "route53resolver disassociate-resolver-rule --vpc-id {workers-vpc} --resolver-rule-id {rule}",
        ],
        gives: &[
            "node-cannot-resolve fail nodes:cluster",
            "operator-cannot-resolve-api fail operators:operations",
            "resolver-rule-loops fail rule",
        ],
    },
    swapped(
        "the rule is for another name",
        instead!("rule-for-another-name"),
        &["operator-cannot-resolve-api fail operators:operations"],
    ),
    swapped(
        "the rule's addresses are old",
        instead!("rule-with-old-addresses"),
        &[
            "operator-cannot-resolve-api fail operators:operations",
            "resolver-rule-target-gone fail rule-with-old-addresses",
        ],
    ),
    swapped(
        "the rule has one address of two",
        instead!("rule-with-one-target"),
        &["resolver-rule-with-one-target fail rule-with-one-target"],
    ),
    swapped(
        "one of the rule's addresses is old",
        instead!("rule-with-one-old-address"),
        &[
            "operator-resolution-not-dependable fail operators:operations",
            "resolver-rule-target-gone fail rule-with-one-old-address",
        ],
    ),
    swapped(
        "the rule leads to an inbound endpoint of another VPC",
        instead!("rule-to-another-vpc"),
        &[
            "operator-cannot-resolve-api fail operators:operations",
            "resolver-rule-loops fail rule-to-another-vpc",
        ],
    ),
    swapped(
        "the rule leads to an endpoint for delegation",
        instead!("rule-to-delegation"),
        &["operator-cannot-resolve-api fail operators:operations"],
    ),
    Break {
        what: "the workers' VPC has no resolver",
        done: &["ec2 modify-vpc-attribute --vpc-id {workers-vpc} --no-enable-dns-support"],
        undone: &["ec2 modify-vpc-attribute --vpc-id {workers-vpc} --enable-dns-support"],
        gives: &[
            "node-cannot-resolve fail nodes:cluster",
            "node-cannot-resolve fail nodes:ec2",
            "node-cannot-resolve fail nodes:ecr.api",
            "node-cannot-resolve fail nodes:ecr.dkr:123456789012.dkr.ecr.eu-west-2.amazonaws.com",
            "node-cannot-resolve fail nodes:ecr.dkr:602401143452.dkr.ecr.eu-west-2.amazonaws.com",
            "node-cannot-resolve fail nodes:s3",
            "operator-cannot-resolve-api fail operators:operations",
            "vpc-dns-support-off fail workers-vpc",
        ],
    },
    Break {
        what: "the workers' VPC has no private zones",
        done: &["ec2 modify-vpc-attribute --vpc-id {workers-vpc} --no-enable-dns-hostnames"],
        undone: &["ec2 modify-vpc-attribute --vpc-id {workers-vpc} --enable-dns-hostnames"],
        gives: &[
            "node-cannot-resolve fail nodes:cluster",
            "operator-cannot-resolve-api fail operators:operations",
            "vpc-dns-hostnames-off fail workers-vpc",
        ],
    },
    // Last: it comes back under another id.
    Break {
        what: "the inbound endpoint is gone",
        done: &["route53resolver delete-resolver-endpoint --resolver-endpoint-id {inbound}"],
        undone: &[],
        gives: &[
            "operator-cannot-resolve-api fail operators:operations",
            "resolver-rule-target-gone fail rule",
        ],
    },
];

type Roles = BTreeMap<String, String>;

fn filled(commands: &[&str], roles: &Roles) -> Vec<String> {
    let fill = |text: String, (role, id): (&String, &String)| text.replace(&format!("{{{role}}}"), id);
    commands.iter().map(|command| roles.iter().fold(format!("aws {command}"), fill)).collect()
}

fn run(commands: &[String]) {
    let commands: Vec<&str> = [REGION].into_iter().chain(commands.iter().map(String::as_str)).collect();
    assert_eq!(emulator().script("run_commands.py", &commands), "", "AWS refuses");
}

fn asking(words: &[&str], roles: &Roles) -> Program {
    let intent = format!(
        "operators:\n  - {{ name: operations, cidr: 10.72.0.0/25, security_groups: [{}] }}\n",
        roles["operators-group"]
    );
    against_emulator(words).env("AWS_REGION", REGION).file("intent.yaml", &intent)
}

fn audit(roles: &Roles) -> Value {
    let words = ["--cluster", "payments", "--config", "intent.yaml", "--format", "json"];
    asking(&words, roles).run().report()
}

type Outcomes = BTreeMap<(String, String), String>;

/// What fails now or became unknown, with roles in the place of ids.
fn changes(before: &Outcomes, after: &Outcomes, roles: &Roles) -> Vec<String> {
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let role = |text: &str| roles.iter().fold(text.to_owned(), |text, (role, id)| text.replace(id, role));
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .filter_map(|key| {
            let now = after.get(key).filter(|now| ["fail", "unknown"].contains(&now.as_str()))?;
            Some(format!("{} {now} {}", key.0, role(&key.1)))
        })
        .collect()
}

#[test]
fn a_name_that_is_led_to_a_peered_vpc_is_judged_whole_and_broken_in_each_single_way() {
    let printed = emulator().script("forwarded_names.py", &[REGION]);
    let roles: Roles = serde_json::from_str(&printed).expect("ids by role");
    let whole = audit(&roles);
    let before = outcomes(&whole);
    let name =
        |rule: &str| before.get(&(rule.to_owned(), "operators:operations".to_owned())).map(String::as_str);
    assert_eq!(
        name("operator-cannot-resolve-api"),
        Some("pass"),
        "{}",
        told(&whole, "operator-cannot-resolve-api")
    );
    assert_eq!(
        name("operator-resolution-not-dependable"),
        Some("pass"),
        "{}",
        told(&whole, "operator-resolution")
    );
    let failing = |(rule, _): &(String, String)| {
        ["operator-cannot-re", "operator-resolution", "node-", "resolver-"]
            .iter()
            .any(|about| rule.starts_with(about))
    };
    let failed: Vec<_> = before.iter().filter(|(key, outcome)| failing(key) && *outcome == "fail").collect();
    assert!(failed.is_empty(), "the whole design: {failed:#?}");

    let unknown: Vec<_> = before.iter().filter(|(_, outcome)| *outcome == "unknown").collect();
    assert!(unknown.is_empty(), "the emulator tells all that AWS would: {unknown:#?}");

    let (mut wrong, mut mended) = (String::new(), Vec::new());
    for broken in BREAKS {
        mended.extend(filled(broken.done, &roles));
        run(&mended);
        let report = audit(&roles);
        let found = changes(&before, &outcomes(&report), &roles);
        if found != broken.gives {
            let lines: Vec<String> = found.iter().map(|line| format!("            {line:?},")).collect();
            let _ = writeln!(wrong, "{}:\n{}", broken.what, lines.join("\n"));
        }
        if !found.iter().any(|line| line.contains(" fail ")) {
            let _ = writeln!(wrong, "{}: nothing fails", broken.what);
        }
        for finding in report["findings"].as_array().expect("findings") {
            let key = (text(&finding["rule"]), text(&finding["subject"]["id"]));
            let is_new = finding["outcome"] == "fail" && before.get(&key).is_none_or(|was| was != "fail");
            if is_new && finding["fix"]["summary"].as_str().is_none_or(str::is_empty) {
                let _ = writeln!(wrong, "{}: {key:?} has no fix", broken.what);
            }
        }
        mended = filled(broken.undone, &roles);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// What a report says under rules that begin like this.
fn told(report: &Value, rule: &str) -> String {
    let findings = report["findings"].as_array().expect("findings").iter();
    let told = findings.filter(|finding| text(&finding["rule"]).starts_with(rule));
    told.map(|finding| format!("{finding:#}")).collect::<Vec<_>>().join("\n")
}
