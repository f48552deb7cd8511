//! What people write, and the ends that it names.

use privek_core::known::MissingKind;
use serde_json::json;

use crate::facts::DeclaredEnd;
use crate::facts::ends::*;
use crate::facts::test_support::fixture::{Fixture, derived};
use crate::intent::Intent;
use crate::network::EndKind;

fn misses(ends: &Ends, what: &str) -> bool {
    ends.unlisted.iter().any(|missing| missing.what.contains(what))
}

#[test]
fn networks_ids_and_addresses_are_ends() {
    let snapshot = Fixture::healthy().snapshot();
    let yaml = "networks: [{ name: database, cidr: 192.168.7.0/24, via: tgw-0a000000000000001 }]\noperators: [{ name: office, cidr: 192.168.0.0/24 }]";
    let intent = Intent::from_yaml("intent", yaml).unwrap();
    let context = Context::new(&snapshot, &intent);
    let end = |text: &str| text.parse::<DeclaredEnd>().unwrap();
    let of = |text: &str| of_written(&context, &end(text), EndSide::Destination).unwrap().listed.remove(0);
    for (text, label) in [
        ("database", "database"),
        ("office", "office"),
        ("192.0.2.1", "192.0.2.1"),
        ("pl-61a54008", "pl-61a54008"),
    ] {
        let party = of(text);
        assert_eq!((party.name.as_str(), party.ends.known[0].label.as_str()), (text, label));
    }
    assert_eq!(of("i-0a000000000000da1").ends.known.len(), 2, "an instance's interfaces");
    assert!(!of("vpce-0a0000000000000e0").ends.known.is_empty());
    assert!(!of("vpce-0f00000000000beef").ends.unlisted.is_empty());
    let unknown = of_written(&context, &end("mainframe"), EndSide::Destination).unwrap_err().missing();
    assert_eq!(unknown.kind, MissingKind::Intent);
    assert!(unknown.what.contains("networks: in privek-audit.yaml"), "{}", unknown.what);
}

#[test]
fn no_network_may_be_called_what_is_an_end_already() {
    for role in crate::facts::ends::grammar::ROLES {
        let yaml = format!("networks: [{{ name: {role}, cidr: 10.0.0.0/8 }}]");
        assert!(Intent::from_yaml("intent", &yaml).is_err(), "{role}");
    }
    for name in ["database", "on-prem.db_2", "Mainframe", "DB"] {
        let yaml = format!("networks: [{{ name: {name}, cidr: 10.0.0.0/8 }}]");
        assert!(Intent::from_yaml("intent", &yaml).is_ok(), "{name}");
        assert_eq!(name.parse(), Ok(crate::facts::EndSpec::Network(name.to_owned())));
    }
}

#[test]
fn a_customers_prefix_list_is_its_entries_on_either_side_and_an_unread_one_is_unknown() {
    let own = json!({ "PrefixListId": "pl-0c1", "PrefixListName": "site", "OwnerId": "111122223333" });
    let entries = json!({ "PrefixListId": "pl-0c1", "Entries": [{ "Cidr": "10.9.0.0/24" }] });
    let fixture = Fixture::healthy().add("PrefixLists", own).add("PrefixListEntries", entries);
    let of = |fixture: &Fixture, text: &str, side: EndSide| {
        let snapshot = fixture.snapshot();
        let intent = Intent::from_yaml("i", "networks: [{ name: site, cidr: 10.9.0.0/16, via: vgw-0a1 }]");
        let context = Context::new(&snapshot, intent.as_ref().unwrap());
        of_written(&context, &text.parse().unwrap(), side).map(Parties::into_ends)
    };
    for side in [EndSide::Source, EndSide::Destination] {
        let ends = of(&fixture, "pl-0c1", side).unwrap();
        let EndKind::Addresses { via, .. } = &ends.known[0].kind else { panic!("{ends:?}") };
        assert_eq!(via.as_deref(), Some("vgw-0a1"), "what is declared about a network holds for its parts");
    }
    assert!(matches!(of(&fixture, "pl-61a54008", EndSide::Source), Err(NoEnd::OnlyDestination { .. })));
    let of_aws = of(&fixture, "pl-61a54008", EndSide::Destination).unwrap();
    assert!(matches!(&of_aws.known[0].kind, EndKind::PrefixList { .. }));
    let unread = of(&fixture.withhold("PrefixLists"), "pl-0c1", EndSide::Destination).unwrap();
    assert!(unread.known.is_empty() && misses(&unread, "ec2:DescribeManagedPrefixLists"), "{unread:?}");
}

#[test]
fn a_networks_name_means_the_network_whatever_it_looks_like() {
    let snapshot = Fixture::healthy().snapshot();
    let intent = Intent::from_yaml("i", "operators: [{ name: i-team, cidr: 10.9.0.0/24 }]").unwrap();
    let context = Context::new(&snapshot, &intent);
    let parties = of_written(&context, &"i-team".parse().unwrap(), EndSide::Source).unwrap();
    assert!(matches!(&parties.listed[0].ends.known[0].kind, EndKind::Addresses { .. }), "{parties:?}");
}

#[test]
fn an_endpoint_that_may_not_answer_leaves_doubt_for_rules_too() {
    let pending =
        Fixture::healthy().change("VpcEndpoints", "VpcEndpointId", "vpce-0a0000000000000e0", |one| {
            one["State"] = json!("pending");
        });
    let snapshot = pending.snapshot();
    let spec = privek_core::subject::FlowSpec {
        from: "nodes".into(),
        to: "vpce-0a0000000000000e0".into(),
        port: "tcp/443".into(),
    };
    let flow = derived(&snapshot, &Intent::default()).flow(&spec).listed.remove(0);
    assert!(
        crate::facts::test_support::fixture::is_unknown(&flow.fields["open"], "its state is pending"),
        "{}",
        flow.fields
    );
}
