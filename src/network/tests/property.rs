//! Random networks: the reasoning over sets must say what every single packet says.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    net::{interface, operators, subnet},
    oracle::{Entry, Plan, Prefix, Rule, SUBNETS, Target},
};
use crate::{
    network::{End, Verdict},
    snapshot::aws::COLLECTIONS,
};

/// The bounds of every range of ports that is generated, so that trying them and their neighbours
/// tries every kind of port.
const BOUNDS: [(u16, u16); 6] =
    [(0, 65535), (440, 445), (443, 443), (1024, 65535), (1024, 4999), (5000, 65535)];

fn replies() -> Vec<u16> {
    let around = BOUNDS.iter().flat_map(|(first, last)| [*first, *last]);
    let around = around.flat_map(|port| [port.saturating_sub(1), port, port.saturating_add(1)]);
    around.filter(|port| *port >= 1024).collect()
}

fn prefixes() -> impl Strategy<Value = Prefix> {
    let everything = vec![(0, 0); 4];
    let some = [
        (0x0a00_0000, 8),
        (0x0a00_0000, 16),
        (0x0a01_0000, 16),
        (0x0a00_0100, 28),
        (0x0a01_0100, 29),
        (0x0a01_0108, 29),
    ];
    let few = [(0x0a00_0105, 32), (0x0a00_0203, 32), (0x0a00_0000, 15), (0x0a00_0200, 29)];
    select(everything.into_iter().chain(some).chain(few).collect::<Vec<Prefix>>())
}

fn protocols() -> impl Strategy<Value = i64> {
    select(vec![-1, -1, 6, 6, 6, 17])
}

fn ports() -> impl Strategy<Value = (u16, u16)> {
    select(BOUNDS.to_vec())
}

/// Mostly open, so that some networks are.
fn acl() -> impl Strategy<Value = Vec<Entry>> {
    let entry = (any::<bool>(), prop::bool::weighted(0.7), protocols(), ports(), prefixes());
    (vec(entry, 0..4), prop::bool::weighted(0.85)).prop_map(|(entries, open)| {
        let mut acl: Vec<Entry> = (10..)
            .zip(entries)
            .map(|(number, (egress, allow, protocol, ports, prefix))| Entry {
                number,
                egress,
                allow,
                protocol,
                ports,
                prefix,
            })
            .collect();
        if open {
            let all = |egress| Entry {
                number: 100,
                egress,
                allow: true,
                protocol: -1,
                ports: (0, 65535),
                prefix: (0, 0),
            };
            acl.extend([all(false), all(true)]);
        }
        // First by number, not by place.
        acl.reverse();
        acl
    })
}

fn routes() -> impl Strategy<Value = Vec<(Prefix, Target)>> {
    let targets =
        vec![Target::Peering, Target::Peering, Target::Peering, Target::Internet, Target::Blackhole];
    let some = vec((prefixes(), select(targets)), 0..3);
    (some, prop::bool::weighted(0.8)).prop_map(|(mut routes, default)| {
        if default {
            routes.insert(0, ((0, 0), Target::Peering));
        }
        // AWS has one static route a destination, and refuses what would be within the VPC's own prefix.
        routes.sort_by_key(|(prefix, _)| *prefix);
        routes.dedup_by_key(|(prefix, _)| *prefix);
        routes
    })
}

fn outside(routes: Vec<(Prefix, Target)>, local: u32) -> Vec<(Prefix, Target)> {
    routes.into_iter().filter(|((base, length), _)| *length < 16 || base >> 16 != local >> 16).collect()
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let rule = (protocols(), ports(), prop::option::weighted(0.8, prefixes()));
    vec(rule.prop_map(|(protocol, ports, peer)| Rule { protocol, ports, peer }), 1..5)
}

fn plans() -> impl Strategy<Value = Plan> {
    ([acl(), acl(), acl()], [routes(), routes()], rules(), rules(), prop::bool::weighted(0.9)).prop_map(
        |(acls, [a, b], inbound, outbound, peering_active)| Plan {
            acls,
            routes: [outside(a, 0x0a00_0000), outside(b, 0x0a01_0000)],
            inbound,
            outbound,
            peering_active,
        },
    )
}

/// A client as a subnet, and as a network that the user declares.
fn clients(at: usize) -> [End; 2] {
    let id = SUBNETS[at].0;
    let (base, length) = SUBNETS[at].2;
    // The server's own address is no client of the declared network.
    let declared = format!("{}/{}", std::net::Ipv4Addr::from(base + 8), length + 1);
    [subnet(id, "sg-client"), operators(&declared, None, &["sg-client"])]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_path_is_open_exactly_where_every_packet_and_every_reply_passes(plan in plans(), client in 0_usize..3) {
        let net = plan.net();
        let path = &net.trace(&clients(client)[0], &interface("eni-1"), "tcp/440-445")[0];
        let expected = if plan.is_open(client, &replies()) { Verdict::Open } else { Verdict::Blocked };
        prop_assert_eq!(path.verdict, expected, "{:#?}", path);
        prop_assert_eq!(path.blockers.is_empty(), expected == Verdict::Open);
    }

    #[test]
    fn withholding_a_collection_never_opens_a_path(plan in plans(), client in 0_usize..3) {
        let net = plan.net();
        for from in clients(client) {
            let before: Vec<Verdict> =
                net.trace(&from, &interface("eni-1"), "tcp/440-445").iter().map(|path| path.verdict).collect();
            let open = before.iter().all(|verdict| *verdict == Verdict::Open);
            for collection in COLLECTIONS.iter().filter(|collection| net.has(collection.key)) {
                let mut net = net.clone();
                net.withhold(collection.key);
                let after = net.trace(&from, &interface("eni-1"), "tcp/440-445");
                let opened = after.iter().all(|path| path.verdict == Verdict::Open);
                prop_assert!(open || !opened, "without {}: {:#?}", collection.key, after);
            }
        }
    }
}

#[test]
fn the_random_networks_are_neither_all_open_nor_all_blocked() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut open = [0; 3];
    for _ in 0..300 {
        let plan = plans().new_tree(&mut runner).unwrap().current();
        for (client, open) in open.iter_mut().enumerate() {
            *open += usize::from(plan.is_open(client, &replies()));
        }
    }
    assert!(open.iter().all(|open| (15..285).contains(open)), "{open:?}");
}
