//! What the records of a name in a private hosted zone say, before anything is followed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::snapshot::aws::route53::ResourceRecordSet;

/// What a record says, or several records of one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordAnswer {
    Addresses(BTreeSet<IpAddr>),
    /// An alias, and the zone in which it is to be found.
    Alias(String, String),
    Name(String),
    Elsewhere(String),
    /// One of these: a routing policy decides which one.
    Choice(Vec<RecordAnswer>),
    Nothing,
}

impl RecordAnswer {
    /// What two records of a name say together.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Addresses(one), Self::Addresses(other)) => Self::Addresses(&one | &other),
            (Self::Nothing, other) => other,
            (one, Self::Nothing) => one,
            (Self::Addresses(_), other) => other,
            (one, _) => one,
        }
    }
}

/// Whether a record is of this type.
pub(super) fn is(record: &ResourceRecordSet, kind: &str) -> bool {
    record.kind.as_deref().is_some_and(|its| its.eq_ignore_ascii_case(kind))
}

/// Several records' answers in one: addresses together.
pub(super) fn joined(each: Vec<RecordAnswer>) -> RecordAnswer {
    each.into_iter().reduce(RecordAnswer::and).unwrap_or(RecordAnswer::Nothing)
}

/// What one record says.
pub(super) fn single(record: &ResourceRecordSet) -> RecordAnswer {
    if let Some(alias) = &record.alias_target {
        return match (alias.dns_name.as_deref(), alias.hosted_zone_id.as_deref()) {
            (Some(target), Some(home)) => RecordAnswer::Alias(plain(target), home.to_owned()),
            _ => RecordAnswer::Elsewhere("an alias without a target".to_owned()),
        };
    }
    let mut values = record.resource_records.iter().filter_map(|value| value.value.as_deref());
    if is(record, "CNAME") {
        return values.next().map_or(RecordAnswer::Nothing, |target| RecordAnswer::Name(plain(target)));
    }
    let addresses: BTreeSet<IpAddr> = values.filter_map(|value| value.trim().parse().ok()).collect();
    if addresses.is_empty() { RecordAnswer::Nothing } else { RecordAnswer::Addresses(addresses) }
}

/// A name without the dot at its end.
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
