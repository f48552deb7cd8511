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
use super::keys::{Carried, Expanded, Keys, OrganizationKey};
use super::language::LanguageVersion;
use super::moment::{Moments, Order};
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
            Some(Carried::OwnOrganization(_)) => {
                format!("depends on {key}, which has the value of the account's organization")
            }
            Some(Carried::Moments(moments)) => format!("depends on {key}, which is {}", moments.told()),
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
    Date(Order),
    Numeric(Order),
    /// What is not compared here.
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
            _ => {
                let order = |of: &str| rest.strip_prefix(of).and_then(Order::parse);
                let date = order("date").map(Test::Date);
                date.or_else(|| order("numeric").map(Test::Numeric)).unwrap_or(Test::Other)
            }
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

    /// Whether `*` and `?` in a condition's values stand for other characters.
    fn takes_wildcards(self) -> bool {
        matches!(self.test, Test::Like | Test::Arn)
    }

    /// Whether every value is like this one.
    fn is_everything(self, wanted: &str) -> bool {
        self.takes_wildcards() && wanted == "*"
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
    let held = of_carried(version, operator, &wanted, carried, keys);
    match carried {
        // What is so with and without the key is so.
        Carried::Perhaps(_) | Carried::OwnOrganization(_) | Carried::OfAws { present: false, .. } => {
            match (&held, without_key(operator, &wanted)) {
                (Applies::Yes, Applies::Yes) | (Applies::No(_), Applies::No(_)) => held,
                _ => Applies::Maybe(String::new()),
            }
        }
        _ => held,
    }
}

/// What a condition comes to where the request lacks the key.
fn without_key(operator: Operator, wanted: &[String]) -> Applies {
    if operator.test == Test::Null {
        return null(wanted, true);
    }
    Applies::of(match operator.set {
        _ if operator.if_exists => true,
        Set::All => true,
        Set::Any => false,
        Set::None => operator.negated,
    })
}

fn null(wanted: &[String], absent: bool) -> Applies {
    Applies::of(wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(&absent.to_string())))
}

/// What a condition comes to where the request has the key, unless it certainly lacks the key.
fn of_carried(
    version: LanguageVersion,
    operator: Operator,
    wanted: &[String],
    carried: &Carried,
    keys: &Keys,
) -> Applies {
    let any = |holds: &dyn Fn(&str) -> Applies| {
        let none = Applies::No(String::new());
        let any = wanted.iter().fold(none, |so_far, wanted| so_far.or(holds(wanted)));
        if operator.negated { any.not() } else { any }
    };
    match carried {
        Carried::Nothing => without_key(operator, wanted),
        _ if operator.test == Test::Null => null(wanted, false),
        Carried::Addresses(addresses) => of_addresses(operator, wanted, addresses),
        Carried::Values(values) => of_values(version, operator, wanted, values, keys),
        Carried::Perhaps(value) => of_values(version, operator, wanted, std::slice::from_ref(value), keys),
        Carried::Moments(moments) => any(&|wanted| of_moments(operator, wanted, *moments)),
        Carried::OfAws { own, .. } => {
            any(&|wanted| is_of_aws(operator, &filled(version, wanted, keys), own.as_deref()))
        }
        Carried::OwnOrganization(which) => {
            any(&|wanted| is_own_organization(operator, &filled(version, wanted, keys), *which))
        }
    }
}

/// A value that a condition names, with its variables filled in.
fn filled(version: LanguageVersion, wanted: &str, keys: &Keys) -> Expanded {
    match version {
        LanguageVersion::Variables => keys.expand(wanted),
        LanguageVersion::Old => Expanded::Text(wanted.to_owned()),
    }
}

/// Dates and numbers alike: `aws:EpochTime` may be compared as either.
fn of_moments(operator: Operator, wanted: &str, moments: Moments) -> Applies {
    match operator.test {
        Test::Date(order) | Test::Numeric(order) => moments.compared(order, wanted),
        _ => Applies::Maybe("is compared with an operator that is not modelled".into()),
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
fn is_of_aws(operator: Operator, wanted: &Expanded, own: Option<&str>) -> Applies {
    let wanted = match wanted {
        Expanded::Text(text) => text.as_str(),
        // AWS's accounts are not in an organization of a customer.
        Expanded::Nothing | Expanded::OwnOrganization(_) => return Applies::No(String::new()),
        Expanded::OfAws | Expanded::Unknown => return Applies::Maybe(String::new()),
    };
    if operator.is_everything(wanted) {
        return Applies::Yes;
    }
    let account = Arn::parse(wanted).map_or(wanted, |arn| arn.account);
    let is_account = is_account(account);
    if is_account && own == Some(account) {
        Applies::No(String::new())
    } else if is_account {
        Applies::Maybe(format!("is compared with {wanted}, possibly AWS's account"))
    } else if operator.takes_wildcards() && wanted.contains(['*', '?']) && !is_one_organization(wanted) {
        Applies::Maybe(String::new())
    } else {
        Applies::No(String::new())
    }
}

/// Whether a pattern is of paths within one organization, whose id a customer knows.
fn is_one_organization(wanted: &str) -> bool {
    let id = wanted.strip_prefix("o-").and_then(|rest| rest.split_once('/')).map(|(id, _)| id);
    id.is_some_and(|id| !id.is_empty() && !id.contains(['*', '?']))
}

/// Whether a value is that of the account's own organization.
fn is_own_organization(operator: Operator, wanted: &Expanded, which: OrganizationKey) -> Applies {
    match wanted {
        // AWS's accounts are not in an organization of a customer.
        Expanded::Nothing | Expanded::OfAws => Applies::No(String::new()),
        Expanded::OwnOrganization(other) if *other == which => Applies::Yes,
        Expanded::Text(text) if operator.is_everything(text) => Applies::Yes,
        Expanded::Text(_) | Expanded::OwnOrganization(_) | Expanded::Unknown => Applies::Maybe(String::new()),
    }
}

fn matches(version: LanguageVersion, operator: Operator, wanted: &str, value: &str, keys: &Keys) -> Applies {
    let wanted = match filled(version, wanted, keys) {
        Expanded::Text(text) => text,
        Expanded::Nothing => return Applies::No(String::new()),
        Expanded::OwnOrganization(_) | Expanded::OfAws | Expanded::Unknown => {
            return Applies::Maybe("is compared with a variable".into());
        }
    };
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
        Test::Numeric(order) => match (wanted.parse::<f64>(), value.parse::<f64>()) {
            (Ok(wanted), Ok(value)) => Applies::of(order.holds(value, wanted)),
            _ => Applies::Maybe("is compared with a value that is no number".into()),
        },
        Test::Null | Test::Date(_) | Test::Other => {
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
