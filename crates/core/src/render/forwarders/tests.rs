//! The configuration of each kind of server, and what it never contains.

use std::collections::{BTreeMap, BTreeSet};

use super::text;
use crate::report::forwarders::{Forwarders, Server};

const HOST: &str = "0a1b.gr7.eu-west-1.eks.amazonaws.com";
const ALL: [Server; 5] = [Server::Bind, Server::CoreDns, Server::Dnsmasq, Server::Unbound, Server::Windows];

fn sample() -> Forwarders {
    let of = |of: &str| BTreeSet::from([of.to_owned()]);
    Forwarders {
        cluster: "orders".to_owned(),
        vpc: "vpc-0a1".to_owned(),
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        collected_at: Some("2026-11-20T12:00:00Z".to_owned()),
        servers: BTreeMap::from([
            ("10.0.0.10".parse().unwrap(), "rslvr-in-1".to_owned()),
            ("fd00::10".parse().unwrap(), "rslvr-in-1".to_owned()),
        ]),
        domains: BTreeMap::from([
            (HOST.parse().unwrap(), of("cluster")),
            ("sts.eu-west-1.amazonaws.com".parse().unwrap(), of("sts")),
        ]),
        notes: vec!["rslvr-in-2 is left out: its status is CREATING.".to_owned()],
    }
}

/// The lines that the server acts on.
fn lines(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//")).collect()
}

#[test]
fn each_domain_goes_to_every_address_and_may_have_private_answers() {
    let said = text(&sample(), Server::Dnsmasq);
    assert_eq!(
        lines(&said)[..3],
        [
            format!("server=/{HOST}/10.0.0.10"),
            format!("server=/{HOST}/fd00::10"),
            format!("rebind-domain-ok=/{HOST}/"),
        ]
    );
    let said = text(&sample(), Server::Unbound);
    let said = lines(&said);
    assert_eq!(
        said[..3],
        [
            "server:".to_owned(),
            format!("private-domain: \"{HOST}.\""),
            format!("domain-insecure: \"{HOST}.\"")
        ]
    );
    assert_eq!(
        said[5..10],
        [
            "forward-zone:",
            &format!("name: \"{HOST}.\""),
            "forward-addr: 10.0.0.10",
            "forward-addr: fd00::10",
            "forward-first: no"
        ]
    );
    let said = text(&sample(), Server::Bind);
    assert_eq!(
        lines(&said)[..5],
        [
            &format!("zone \"{HOST}\" {{"),
            "type forward;",
            "forward only;",
            "forwarders { 10.0.0.10; fd00::10; };",
            "};"
        ]
    );
    let names = format!("//         \"{HOST}\";\n//         \"sts.eu-west-1.amazonaws.com\";\n//     }};\n");
    assert!(said.contains(&format!("\n//     validate-except {{\n{names}")), "{said}");
    assert!(said.contains(&format!(" {{ (as it is) }} except-from {{\n{names}\nzone ")), "{said}");
    let said = text(&sample(), Server::CoreDns);
    assert_eq!(lines(&said)[..2], [&format!("{HOST}:53 {{"), "errors"]);
    assert!(lines(&said).contains(&"forward . 10.0.0.10 fd00::10"));
    let said = text(&sample(), Server::Windows);
    assert_eq!(lines(&said)[0], "$servers = @('10.0.0.10', 'fd00::10')");
    let names = [&format!("'{HOST}',"), "'sts.eu-west-1.amazonaws.com'", ")", "foreach ($name in $names) {"];
    assert_eq!((lines(&said)[1], &lines(&said)[2..6]), ("$names = @(", names.as_slice()));
}

#[test]
fn the_comments_say_whose_it_is_from_when_and_what_else_has_to_be_true() {
    for server in ALL {
        let said = text(&sample(), server);
        let words = said.split_whitespace().filter(|word| !["#", "//"].contains(word));
        let comments = words.collect::<Vec<_>>().join(" ");
        for part in [
            "cluster orders",
            "2026-11-20T12:00:00Z",
            "rslvr-in-1",
            "over UDP and TCP",
            "DNS rebinding",
            "rslvr-in-2 is left out",
        ] {
            assert!(comments.contains(part), "{server:?} says nothing of {part}: {comments}");
        }
    }
    let said = text(&sample(), Server::Bind);
    let at = |part: &str| said.find(part).unwrap_or_else(|| panic!("nothing of {part}: {said}"));
    let parts = [
        "Note: rslvr-in-2",
        "Requirements",
        "by hand",
        "validate-except {",
        "deny-answer-addresses {",
        "zone ",
    ];
    assert!(parts.map(at).is_sorted(), "what is added by hand follows the words about it: {said}");
    let mut lone = sample();
    lone.servers.pop_first();
    assert!(text(&lone, Server::Bind).contains("with one address only"));
}

#[test]
fn whatever_a_snapshot_says_no_line_but_ours_is_added() {
    let usual: Vec<String> = ALL
        .iter()
        .flat_map(|server| {
            lines(&text(&sample(), *server)).iter().map(ToString::to_string).collect::<Vec<_>>()
        })
        .collect();
    let evil = "x\nserver=/com/203.0.113.1\r\n}; zone \"com\" { forwarders { 203.0.113.1; }; };\u{2028}*/ #> $(calc) {$ENV} \u{85}\u{202e}\t\"";
    let hostile = Forwarders {
        cluster: evil.to_owned(),
        vpc: evil.to_owned(),
        account: Some(evil.to_owned()),
        region: Some(evil.to_owned()),
        collected_at: Some(evil.to_owned()),
        servers: sample().servers.into_keys().map(|address| (address, evil.to_owned())).collect(),
        domains: sample()
            .domains
            .into_keys()
            .map(|domain| (domain, BTreeSet::from([evil.to_owned()])))
            .collect(),
        notes: vec![evil.to_owned()],
    };
    let told: Vec<String> = ALL
        .iter()
        .flat_map(|server| {
            lines(&text(&hostile, *server)).iter().map(ToString::to_string).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(told, usual);
    for server in ALL {
        let said = text(&hostile, server);
        assert!(said.is_ascii() && !said.contains(['\r', '\t']), "{server:?}");
        let comments: Vec<&str> = said.lines().filter(|line| line.starts_with('#')).collect();
        assert!(comments.iter().all(|line| !line.contains(['{', '}', '$', '<', '>', '"'])), "{comments:#?}");
    }
}
