//! Which names go where, and what keeps anything from going there.

use serde_json::{Value, json};

use crate::facts::test_support::fixture::Fixture;
use crate::intent::Intent;

use privek_core::report::forwarders::{Domain, Forwarders};

use super::{ForwardersError, Wanted, forwarding};

const VPC: &str = "vpc-0d000000000000001";
const INBOUND: &str = "rslvr-in-0d00000000000001";

fn fixture() -> Fixture {
    let text =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/healthy/custom-networking.json"));
    let with_hybrid_nodes = Fixture(serde_json::from_str(text).unwrap());
    with_hybrid_nodes.change("cluster", "name", "orders", |cluster| {
        cluster.as_object_mut().unwrap().remove("remoteNetworkConfig");
    })
}

fn of(fixture: &Fixture, wanted: Wanted) -> Result<Forwarders, ForwardersError> {
    forwarding(&fixture.snapshot(), &Intent::default(), wanted)
}

fn plain(fixture: &Fixture) -> Result<Forwarders, ForwardersError> {
    of(fixture, Wanted::default())
}

fn endpoint(change: impl Fn(&mut Value)) -> Fixture {
    fixture().change("ResolverEndpoints", "Id", INBOUND, change)
}

fn first_address(change: impl Fn(&mut Value)) -> Fixture {
    let at = "ResolverEndpointIpAddresses";
    fixture().change(at, "ResolverEndpointId", INBOUND, |list| change(&mut list["IpAddresses"][0]))
}

#[test]
fn the_cluster_s_host_goes_to_the_addresses_of_the_inbound_endpoint() {
    let found = plain(&fixture()).unwrap();
    assert_eq!(found.vpc, VPC);
    assert_eq!(found.servers.len(), 2);
    assert!(found.servers.values().all(|of| of == INBOUND));
    let domains: Vec<&str> = found.domains.keys().map(Domain::as_str).collect();
    assert_eq!(domains.len(), 1);
    assert!(domains[0].ends_with(".eu-central-1.eks.amazonaws.com"), "{domains:?}");
    assert_eq!(found.notes, Vec::<String>::new());
    let region = of(&fixture(), Wanted { whole_region: true, services: false }).unwrap();
    assert_eq!(
        region.domains.keys().map(Domain::as_str).collect::<Vec<_>>(),
        ["eu-central-1.eks.amazonaws.com"]
    );
}

#[test]
fn services_are_those_that_interface_endpoints_answer_for() {
    let found = of(&fixture(), Wanted { whole_region: false, services: true }).unwrap();
    let domains: Vec<&str> = found.domains.keys().map(Domain::as_str).collect();
    assert!(domains.contains(&"dkr.ecr.eu-central-1.amazonaws.com"), "{domains:?}");
    assert!(domains.contains(&"api.ecr.eu-central-1.amazonaws.com"), "{domains:?}");
    assert!(!domains.iter().any(|domain| domain.contains("s3")), "only a gateway answers: {domains:?}");
    assert!(domains.iter().all(|domain| domain.split('.').count() > 3), "{domains:?}");
    assert!(found.notes.iter().any(|note| note.contains("s3")), "{:?}", found.notes);
    let hybrid = fixture().change("cluster", "name", "orders", |cluster| {
        cluster["remoteNetworkConfig"] = json!({"remoteNodeNetworks": [{"cidrs": ["172.30.0.0/16"]}]});
    });
    assert!(plain(&hybrid).unwrap().domains.len() > 1);
}

#[test]
fn only_what_answers_is_written_down_and_what_does_not_is_said() {
    let partly = first_address(|address| address["Status"] = "DETACHING".into());
    let found = plain(&partly).unwrap();
    assert_eq!(found.servers.len(), 1);
    assert!(found.notes[0].contains("DETACHING"), "{:?}", found.notes);
    let outside = first_address(|address| address["Ip"] = "203.0.113.9".into());
    assert!(plain(&outside).unwrap().notes[0].contains("outside the CIDRs of vpc-"));
    let hostile = first_address(|address| address["Ip"] = "10.0.0.1/\nserver=/com/1.1.1.1".into());
    assert_eq!(plain(&hostile).unwrap().servers.len(), 1);
    for (key, to) in [("Status", json!("CREATING")), ("Protocols", json!(["DoH"]))] {
        match plain(&endpoint(|endpoint| endpoint[key] = to.clone())) {
            Err(ForwardersError::NoAddress { why, .. }) => assert!(why[0].contains(INBOUND), "{why:?}"),
            other => panic!("{key}: {other:?}"),
        }
    }
}

#[test]
fn an_endpoint_that_is_being_updated_answers_on_its_attached_addresses() {
    for status in ["UPDATING", "AUTO_RECOVERING"] {
        let found = plain(&endpoint(|endpoint| endpoint["Status"] = status.into())).unwrap();
        assert_eq!(found.servers.len(), 2, "{status}");
        assert!(found.notes.iter().any(|note| note.contains(status)), "{:?}", found.notes);
    }
}

#[test]
fn what_keeps_the_resolver_from_answering_is_noted() {
    let off = fixture().change("VpcAttributes", "VpcId", VPC, |vpc| {
        vpc["EnableDnsSupport"]["Value"] = false.into();
    });
    let notes = plain(&off).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("enableDnsSupport is off")), "{notes:?}");
}

#[test]
fn without_an_inbound_endpoint_the_error_says_how_to_make_one() {
    let gone = fixture().remove("ResolverEndpoints", "Id", INBOUND);
    let delegation = endpoint(|endpoint| endpoint["Direction"] = "INBOUND_DELEGATION".into());
    for none in [gone, delegation] {
        let said = plain(&none).unwrap_err().to_string();
        assert!(said.contains("create-resolver-endpoint --region eu-central-1"), "{said}");
        assert!(said.contains("--ip-addresses SubnetId=subnet-0d"), "{said}");
    }
    let elsewhere = endpoint(|endpoint| endpoint["HostVPCId"] = "vpc-0ff".into());
    let said = plain(&elsewhere).unwrap_err().to_string();
    assert!(said.contains("in vpc-0ff"), "{said}");
}

#[test]
fn what_was_not_read_is_named_and_never_taken_for_none() {
    for unread in ["ResolverEndpoints", "ResolverEndpointIpAddresses", "cluster"] {
        match plain(&fixture().withhold(unread)) {
            Err(ForwardersError::Unread { missing }) => assert!(!missing.is_empty()),
            other => panic!("{unread}: {other:?}"),
        }
    }
    let said = plain(&fixture().withhold("ResolverEndpoints")).unwrap_err().to_string();
    assert!(said.contains("route53resolver:ListResolverEndpoints"), "{said}");
    let services = Wanted { whole_region: false, services: true };
    let found = of(&fixture().withhold("VpcEndpoints"), services).unwrap();
    assert_eq!(found.domains.len(), 1);
    assert!(found.notes.iter().any(|note| note.starts_with("Unknown: ")), "{:?}", found.notes);
}

#[test]
fn a_host_that_is_no_name_of_eks_in_this_region_takes_nothing_with_it() {
    for host in
        ["com", "eu-central-1.eks.amazonaws.com", "a.example.com", "x.gr7.eu-west-1.eks.amazonaws.com"]
    {
        let changed = fixture().change("cluster", "name", "orders", |cluster| {
            cluster["endpoint"] = format!("https://{host}").into();
        });
        assert!(matches!(plain(&changed), Err(ForwardersError::Foreign { .. })), "{host}");
    }
}
