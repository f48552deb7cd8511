//! What is not read never opens a path, and never proves that a path is blocked.

use std::collections::BTreeMap;

use privek_core::path::Verdict;
use serde_json::Value;

use crate::network::Reasoner;
use crate::network::tests::net::Net;
use crate::network::tests::oracle::question::{Question, Side};
use crate::snapshot::aws::COLLECTIONS;

use super::agreement::{numbers, paths, say, verdict};
use super::dice::Dice;
use super::network::network;
use super::show::show;
use super::shrink::shrink;

/// What could have been left unread, one thing at a time.
enum Unread {
    Collection(&'static str),
    /// The VPC, and everything that is read by VPC: the other side of a peering connection, say.
    Vpc(String),
    Entries(String),
    TransitRoutes(String),
}

impl Unread {
    fn of(net: &Net) -> Vec<Self> {
        let ids = |collection: &str, id: &str| -> Vec<String> {
            let items = net.json()[collection].as_array().cloned().unwrap_or_default();
            items.iter().map(|item| item[id].as_str().unwrap().to_owned()).collect()
        };
        let collections =
            COLLECTIONS.iter().map(|it| it.key).filter(|key| net.has(key)).map(Self::Collection);
        let vpcs = ids("Vpcs", "VpcId").into_iter().map(Self::Vpc);
        let lists = ids("PrefixListEntries", "PrefixListId").into_iter().map(Self::Entries);
        let tables = ids("TransitGatewayRoutes", "TransitGatewayRouteTableId");
        collections.chain(vpcs).chain(lists).chain(tables.into_iter().map(Self::TransitRoutes)).collect()
    }

    fn from(&self, net: &Net) -> Net {
        let mut net = net.clone();
        match self {
            Self::Collection(key) => {
                net.withhold(key);
            }
            Self::Vpc(vpc) => {
                let others = Self::others(&net, "Vpcs", "VpcId", vpc);
                for key in BY_VPC {
                    net.keep(key, &others, |item| item["VpcId"] != Value::String(vpc.clone()));
                }
            }
            Self::Entries(list) => {
                let others = Self::others(&net, "PrefixListEntries", "PrefixListId", list);
                net.keep("PrefixListEntries", &others, |item| {
                    item["PrefixListId"] != Value::String(list.clone())
                });
            }
            Self::TransitRoutes(table) => {
                let id = "TransitGatewayRouteTableId";
                let others = Self::others(&net, "TransitGatewayRoutes", id, table);
                net.keep("TransitGatewayRoutes", &others, |item| item[id] != Value::String(table.clone()));
            }
        }
        net
    }

    fn others(net: &Net, collection: &str, id: &str, but: &str) -> Vec<String> {
        let items = net.json()[collection].as_array().cloned().unwrap_or_default();
        let ids = items.iter().map(|item| item[id].as_str().unwrap().to_owned());
        ids.filter(|id| id != but).collect()
    }

    fn name(&self) -> String {
        match self {
            Self::Collection(key) => (*key).to_owned(),
            Self::Vpc(id) => id.clone(),
            Self::Entries(id) => format!("the entries of {id}"),
            Self::TransitRoutes(id) => format!("the routes of {id}"),
        }
    }
}

/// What is read for a VPC.
const BY_VPC: [&str; 7] =
    ["Vpcs", "Subnets", "RouteTables", "NetworkAcls", "SecurityGroups", "NetworkInterfaces", "NatGateways"];

/// The worst verdict with all that was read, and without one thing.
fn verdicts(net: &Net, unread: &Unread, question: &Question) -> (Verdict, Verdict) {
    let (all, less) = (net.snapshot(), unread.from(net).snapshot());
    let of = |snapshot| verdict(&paths(&Reasoner::new(snapshot), question));
    (of(&all), of(&less))
}

fn told(number: u64, unread: &Unread, question: &Question, seen: (Verdict, Verdict)) -> String {
    let (plan, _) = network(number);
    let small = shrink(&plan, question, |plan| verdicts(&plan.net(), unread, question) == seen);
    let snapshot = unread.from(&small.net()).snapshot();
    let said = say(&paths(&Reasoner::new(&snapshot), question));
    let sketch = show(&small, question);
    format!("network {number} without {}: {:?}, not {:?}\n{sketch}{said}", unread.name(), seen.1, seen.0)
}

#[test]
fn what_was_not_read_neither_opens_nor_blocks_a_path() {
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for number in numbers() {
        let (plan, questions) = network(number);
        let net = plan.net();
        let mut dice = Dice::new(number);
        let all = Unread::of(&net);
        let snapshot = net.snapshot();
        let whole = Reasoner::new(&snapshot);
        let before: Vec<Verdict> =
            questions.iter().map(|question| verdict(&paths(&whole, question))).collect();
        {
            let unread = dice.pick(&all);
            let snapshot = unread.from(&net).snapshot();
            let less = Reasoner::new(&snapshot);
            for (question, before) in questions.iter().zip(&before) {
                let after = verdict(&paths(&less, question));
                let opened = after == Verdict::Open && *before != Verdict::Open;
                // What is not declared is where AWS says that it is.
                let declared = |side: &Side| matches!(side, Side::Network { .. });
                let certain = !declared(&question.from) && !declared(&question.to);
                let blocked = after == Verdict::Blocked && *before == Verdict::Open && certain;
                if opened || blocked {
                    let key = format!("{after:?} without {}", unread.name());
                    let tell = || (0, told(number, unread, question, (*before, after)));
                    wrong.entry(key).or_insert_with(tell).0 += 1;
                }
            }
        }
    }
    let texts: Vec<String> =
        wrong.into_iter().map(|(key, (count, text))| format!("{count} times {key}: {text}")).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n"));
}
