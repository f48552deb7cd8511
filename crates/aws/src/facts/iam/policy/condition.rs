//! Conditions of a statement: every operator and key of the block must hold.
//!
//! A key that the request does not carry fails a condition, fulfils a negated one, and fulfils
//! `…IfExists` and `ForAllValues`:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::sets::addresses::AddressSet;
use serde_json::Value;

use crate::snapshot::Arn;

use super::decision::Applies;
use super::keys::{Carried, Keys};
use super::language::LanguageVersion;
use super::pattern;
use super::principal::is_account;

/// Whether all conditions of a statement hold for what a request carries.
pub(crate) fn met(version: LanguageVersion, block: Option<&Value>, keys: &Keys) -> Applies {
    let operators = match block {
        None => return Applies::Yes,
        Some(Value::Object(operators)) => operators,
        Some(_) => return Applies::Maybe("has a Condition in an unknown format".into()),
    };
    let mut all = Applies::Yes;
    for (name, tests) in operators {
        let operator = Operator::parse(name);
        let Value::Object(tests) = tests else {
            return Applies::Maybe("has a Condition in an unknown format".into());
        };
        for (key, wanted) in tests {
            all = all.and(explained(key, keys, one(version, operator, key, wanted, keys)));
        }
    }
    all
}

/// Says which key it was.
fn explained(key: &str, keys: &Keys, outcome: Applies) -> Applies {
    match outcome {
        Applies::Yes => Applies::Yes,
        Applies::No(_) => Applies::No(match keys.get(key) {
            Some(Carried::Nothing) => format!("depends on {key}, which the request does not contain"),
            Some(Carried::OfAws { .. }) => format!("depends on {key}, which has the value of an AWS account"),
            Some(Carried::Values(values)) => {
                format!("depends on {key}, which is {}", values.join(", "))
            }
            Some(Carried::Addresses(addresses)) => {
                format!("depends on {key}, which is {}", addresses.told())
            }
            Some(Carried::Perhaps(value)) => format!("depends on {key}, which is {value} or absent"),
            None => format!("depends on {key}"),
        }),
        Applies::Maybe(why) if why.is_empty() => {
            Applies::Maybe(format!("depends on {key}, which has an unknown value in the request"))
        }
        Applies::Maybe(why) => Applies::Maybe(format!("depends on {key}, which {why}")),
    }
}

/// A condition operator, taken apart.
#[derive(Clone, Copy, Debug)]
struct Operator {
    set: Set,
    test: Test,
    negated: bool,
    if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Set {
    None,
    All,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Test {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Bool,
    Null,
    Address,
    /// Numbers, dates and the like, which are not compared here.
    Other,
}

impl Operator {
    fn parse(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let (set, rest) = match name.split_once(':') {
            Some(("forallvalues", rest)) => (Set::All, rest),
            Some(("foranyvalue", rest)) => (Set::Any, rest),
            _ => (Set::None, name.as_str()),
        };
        let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
        let test = match rest {
            "stringequals" | "stringnotequals" => Test::Equals,
            "stringequalsignorecase" | "stringnotequalsignorecase" => Test::EqualsIgnoreCase,
            "stringlike" | "stringnotlike" => Test::Like,
            "arnequals" | "arnlike" | "arnnotequals" | "arnnotlike" => Test::Arn,
            "bool" => Test::Bool,
            "null" => Test::Null,
            "ipaddress" | "notipaddress" => Test::Address,
            _ => Test::Other,
        };
        Self { set, test, negated: rest.contains("not"), if_exists }
    }

    /// The texts that decide about every value: a value that is none of them is like any other such value.
    fn told_apart(self, wanted: Vec<String>) -> Option<Vec<String>> {
        let plain = |marks: &[char]| wanted.iter().all(|text| !text.contains(marks) && !text.contains("${"));
        match self.test {
            _ if self.set != Set::None => None,
            Test::Null => Some(Vec::new()),
            Test::Bool => Some(vec!["true".to_owned(), "false".to_owned()]),
            // A `*` would stand for whatever there may be.
            Test::Equals if plain(&['*']) => Some(wanted),
            Test::Like if plain(&['?']) => Some(wanted.into_iter().filter(|text| text != "*").collect()),
            _ => None,
        }
    }
}

/// What a condition compares a key with.
pub(super) enum Comparison {
    /// With texts, in which `*` may stand for whatever there may be.
    Texts {
        key: String,
        texts: Vec<String>,
        /// Whether the key may have other values.
        open: bool,
    },
    /// With something else.
    Other(String),
}

/// The comparisons of a block, by the names of keys without case.
pub(super) fn comparisons(block: Option<&Value>) -> Vec<Comparison> {
    let mut found = Vec::new();
    for (name, tests) in block.and_then(Value::as_object).into_iter().flatten() {
        let operator = Operator::parse(name);
        for (key, wanted) in tests.as_object().into_iter().flatten() {
            let key = key.to_ascii_lowercase();
            let open = !matches!(operator.test, Test::Bool | Test::Null);
            found.push(match values(wanted).and_then(|wanted| operator.told_apart(wanted)) {
                Some(texts) => Comparison::Texts { key, texts, open },
                None => Comparison::Other(key),
            });
        }
    }
    found
}

fn one(version: LanguageVersion, operator: Operator, key: &str, wanted: &Value, keys: &Keys) -> Applies {
    let Some(wanted) = values(wanted) else {
        return Applies::Maybe("is compared with a value in an unknown format".into());
    };
    let Some(carried) = keys.get(key) else { return Applies::Maybe(String::new()) };
    match carried {
        // What is so with and without the key is so.
        Carried::Perhaps(value) => {
            let value = Carried::Values(vec![value.clone()]);
            let present = of_carried(version, operator, &wanted, &value, keys);
            let absent = of_carried(version, operator, &wanted, &Carried::Nothing, keys);
            match (&present, &absent) {
                (Applies::Yes, Applies::Yes) | (Applies::No(_), Applies::No(_)) => present,
                _ => Applies::Maybe(String::new()),
            }
        }
        carried => of_carried(version, operator, &wanted, carried, keys),
    }
}

fn of_carried(
    version: LanguageVersion,
    operator: Operator,
    wanted: &[String],
    carried: &Carried,
    keys: &Keys,
) -> Applies {
    if operator.test == Test::Null {
        let absent = match carried {
            Carried::Nothing => true,
            Carried::Values(_) | Carried::Addresses(_) | Carried::OfAws { present: true, .. } => false,
            Carried::Perhaps(_) | Carried::OfAws { present: false, .. } => {
                return Applies::Maybe(String::new());
            }
        };
        return Applies::of(wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(&absent.to_string())));
    }
    match carried {
        Carried::Nothing | Carried::Perhaps(_) => Applies::of(match operator.set {
            _ if operator.if_exists => true,
            Set::All => true,
            Set::Any => false,
            Set::None => operator.negated,
        }),
        Carried::Addresses(addresses) => of_addresses(operator, wanted, addresses),
        Carried::Values(values) => of_values(version, operator, wanted, values, keys),
        Carried::OfAws { own, present } => of_aws(operator, wanted, own.as_deref(), *present),
    }
}

fn of_values(
    version: LanguageVersion,
    operator: Operator,
    wanted: &[String],
    values: &[String],
    keys: &Keys,
) -> Applies {
    let holds = |value: &String| {
        let any = wanted.iter().fold(Applies::No(String::new()), |so_far, wanted| {
            so_far.or(matches(version, operator, wanted, value, keys))
        });
        if operator.negated { any.not() } else { any }
    };
    match operator.set {
        Set::None if values.len() != 1 => Applies::Maybe("has several values".into()),
        Set::None | Set::All => values.iter().fold(Applies::Yes, |so_far, value| so_far.and(holds(value))),
        Set::Any => values.iter().fold(Applies::No(String::new()), |so_far, value| so_far.or(holds(value))),
    }
}

fn of_aws(operator: Operator, wanted: &[String], own: Option<&str>, present: bool) -> Applies {
    let any =
        wanted.iter().fold(Applies::No(String::new()), |so_far, wanted| so_far.or(is_of_aws(wanted, own)));
    let held = if operator.negated { any.not() } else { any };
    // Without the key a condition fails and a negated one holds; with …IfExists both hold.
    match held {
        Applies::No(_) if !present && operator.if_exists => Applies::Maybe(String::new()),
        Applies::Yes if !present && !operator.negated && !operator.if_exists => Applies::Maybe(String::new()),
        held => held,
    }
}

/// Whether a caller with one of these addresses is within the CIDRs that a condition names.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress>
fn of_addresses(operator: Operator, wanted: &[String], addresses: &AddressSet) -> Applies {
    if operator.test != Test::Address {
        return Applies::Maybe("is compared with an operator that is not modelled".into());
    }
    let Some(cidrs) = wanted.iter().map(|wanted| cidr(wanted)).collect::<Option<Vec<AddressSet>>>() else {
        return Applies::Maybe("is compared with a value that is no CIDR".into());
    };
    let cidrs = AddressSet::union_all(cidrs.iter());
    let within = if cidrs.contains_all(addresses) {
        Applies::Yes
    } else if cidrs.intersect(addresses).is_empty() {
        Applies::No(String::new())
    } else {
        Applies::Maybe(format!("is one of {}, in part outside {}", addresses.told(), cidrs.told()))
    };
    if operator.negated { within.not() } else { within }
}

/// A CIDR, or one address without a prefix length.
fn cidr(text: &str) -> Option<AddressSet> {
    let prefix = text.parse::<IpNet>().map(AddressSet::from);
    prefix.or_else(|_| text.parse::<IpAddr>().map(AddressSet::from)).ok()
}

/// Whether a value is an AWS account's or organisation's own, which no policy author knows.
fn is_of_aws(wanted: &str, own: Option<&str>) -> Applies {
    if wanted == "*" {
        return Applies::Yes;
    }
    let account = Arn::parse(wanted).map_or(wanted, |arn| arn.account);
    let is_account = is_account(account);
    if is_account && own == Some(account) {
        Applies::No(String::new())
    } else if is_account {
        Applies::Maybe(format!("is compared with {wanted}, possibly AWS's account"))
    } else if wanted.contains(['*', '?', '$']) {
        Applies::Maybe(String::new())
    } else {
        Applies::No(String::new())
    }
}

fn matches(version: LanguageVersion, operator: Operator, wanted: &str, value: &str, keys: &Keys) -> Applies {
    let filled = match version {
        LanguageVersion::Variables => keys.expand(wanted),
        LanguageVersion::Old => Some(wanted.to_owned()),
    };
    let Some(wanted) = filled else { return Applies::Maybe("is compared with a variable".into()) };
    match operator.test {
        Test::Equals => pattern::equals(&wanted, value),
        Test::EqualsIgnoreCase => pattern::equals(&wanted.to_lowercase(), &value.to_lowercase()),
        Test::Bool => Applies::of(wanted.eq_ignore_ascii_case(value)),
        Test::Like => pattern::admits(&wanted, value),
        Test::Arn => pattern::admits_arn(&wanted, value),
        // Of keys whose value is text: IAM takes it for an address.
        Test::Address => match (cidr(&wanted), cidr(value)) {
            (Some(cidr), Some(address)) => Applies::of(cidr.contains_all(&address)),
            _ => Applies::Maybe("is compared with a value that is no CIDR".into()),
        },
        Test::Null | Test::Other => {
            Applies::Maybe("is compared with an operator that is not modelled".into())
        }
    }
}

/// The values that a condition names; JSON's own truth values and numbers count as their texts.
fn values(wanted: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    match wanted {
        Value::Array(list) => list.iter().map(text).collect(),
        one => text(one).map(|text| vec![text]),
    }
}
