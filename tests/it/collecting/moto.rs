//! moto as it is, without the corrections of the tests' emulator: the program copes with each of its ways.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::audit::{by_role, intent_of};
use crate::support::emulator::{REGION, closed_network, emulator, moto_as_it_is};
use crate::support::program::against_emulator;
use crate::support::schema::conforms;

/// What moto answers with a page of its own, and the status of that page.
const LACKING: [(&str, &str); 12] = [
    ("DescribeClientVpnEndpoints", "HTTP 500"),
    ("DescribeClusterVersions", "HTTP 404"),
    ("DescribePullThroughCacheRules", "HTTP 500"),
    ("DescribeSecurityGroupVpcAssociations", "HTTP 500"),
    ("ListAccessEntries", "HTTP 404"),
    ("ListAddons", "HTTP 404"),
    ("ListCapabilities", "HTTP 404"),
    ("ListCertificateAuthorities", "HTTP 404"),
    ("ListFirewallRuleGroupAssociations", "HTTP 500"),
    ("ListInsights", "HTTP 404"),
    ("ListPodIdentityAssociations", "HTTP 404"),
    ("ListProfileAssociations", "HTTP 500"),
];

fn audit(endpoint: &str, network: &BTreeMap<String, String>) -> Value {
    let words =
        ["--cluster", "yoda-k8s-1", "--region", REGION, "--config", "intent.yaml", "--format", "json"];
    let program = against_emulator(&words).env("AWS_ENDPOINT_URL", endpoint);
    program.file("intent.yaml", &intent_of(network)).run().report()
}

/// The closed network in moto as it is, and its report.
fn plain() -> &'static (BTreeMap<String, String>, Value) {
    static PLAIN: OnceLock<(BTreeMap<String, String>, Value)> = OnceLock::new();
    PLAIN.get_or_init(|| {
        let network = moto_as_it_is().closed_network();
        let report = audit(&moto_as_it_is().endpoint(), &network);
        (network, report)
    })
}

fn list<'a>(report: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    report[key].as_array().expect("a list").iter()
}

#[test]
fn what_moto_lacks_is_a_gap_and_never_a_pass() {
    let (network, report) = plain();
    conforms(report);
    assert_eq!(report["verdict"], "incomplete");
    assert_eq!(
        report["target"]["vpc"],
        network["k8s-vpc"].as_str(),
        "from the subnets, for there is no vpcId"
    );
    let gaps: BTreeMap<&str, &str> = list(report, "gaps")
        .map(|gap| (gap["operation"].as_str().expect("a name"), gap["code"].as_str().expect("a code")))
        .collect();
    assert_eq!(gaps, BTreeMap::from(LACKING));
    for finding in list(report, "findings") {
        let missing = finding["missing"].as_array().expect("missing");
        match finding["outcome"].as_str() {
            Some("unknown") => {
                assert!(!missing.is_empty(), "an unknown says what would settle it: {finding}");
            }
            Some("pass") => assert!(missing.is_empty(), "a pass misses nothing: {finding}"),
            _ => {}
        }
    }
    let unknown = list(report, "findings").filter(|finding| finding["outcome"] == "unknown").count();
    assert!(unknown > 100, "what depends on a gap is unknown: {unknown}");
}

#[test]
fn what_moto_tells_is_judged_as_in_the_corrected_emulator() {
    let roles = |network: &BTreeMap<String, String>| -> BTreeMap<String, String> {
        network.iter().map(|(role, id)| (id.clone(), role.clone())).collect()
    };
    let (network, report) = plain();
    let plain = by_role(report, &roles(network));
    let corrected = by_role(&audit(&emulator().endpoint(), closed_network()), &roles(closed_network()));
    let settled: Vec<_> = plain.iter().filter(|(_, outcome)| *outcome != "unknown").collect();
    let differing: Vec<_> =
        settled.iter().filter(|(key, outcome)| corrected.get(*key) != Some(outcome)).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert!(settled.len() > 600, "only {} findings are settled", settled.len());
}
