//! Which of a name's records Route 53 may answer with.
//!
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html>

use std::collections::BTreeSet;

use crate::snapshot::aws::route53::ResourceRecordSet;

use super::record_answer::{RecordAnswer, joined, single};

/// Records of one answer at most:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html>
const VALUES: usize = 8;

/// The answers that records of one name and one type may give to clients in a region; several where health, chance
/// or the client's place decides.
pub(super) fn answers(records: &[&ResourceRecordSet], home: Option<&str>) -> BTreeSet<RecordAnswer> {
    if records.is_empty() {
        return BTreeSet::new();
    }
    let together = || BTreeSet::from([joined(records.iter().map(|record| single(record)).collect())]);
    if records.iter().all(|record| record.set_identifier.is_none()) {
        return together();
    }
    let several = records.iter().all(|record| record.multi_value_answer == Some(true));
    if several && records.len() <= VALUES && records.iter().all(|record| is_steady(record)) {
        return together();
    }
    let mut all: BTreeSet<RecordAnswer> = preferred(records, home).into_iter().map(single).collect();
    // A client of no other place is answered only where a record is for all others:
    // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-geo.html
    // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-ipbased.html
    if records.iter().all(|record| place(record).is_some_and(|place| place != "*")) {
        all.insert(RecordAnswer::Nothing);
    }
    all
}

/// The records that are answered with while those that cannot fail stand before the others.
fn preferred<'r>(records: &[&'r ResourceRecordSet], home: Option<&str>) -> Vec<&'r ResourceRecordSet> {
    let steady = |chosen: &dyn Fn(&ResourceRecordSet) -> bool| {
        records.iter().any(|record| chosen(record) && is_steady(record))
    };
    let only = |chosen: &dyn Fn(&ResourceRecordSet) -> bool| -> Vec<&'r ResourceRecordSet> {
        records.iter().copied().filter(|record| chosen(record)).collect()
    };
    // Those without weight follow where all with weight fail.
    let weighs = |record: &ResourceRecordSet| record.weight.is_some_and(|weight| weight > 0);
    if steady(&weighs) {
        return only(&|record| record.weight != Some(0));
    }
    let is_primary = |record: &ResourceRecordSet| {
        record.failover.as_deref().is_some_and(|its| its.eq_ignore_ascii_case("PRIMARY"))
    };
    if steady(&is_primary) {
        return only(&is_primary);
    }
    // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency-phz.html
    let is_near = |record: &ResourceRecordSet| home.is_some() && record.region.as_deref() == home;
    if steady(&is_near) {
        return only(&is_near);
    }
    records.to_vec()
}

/// Whether Route 53 takes a record for healthy without a look.
fn is_steady(record: &ResourceRecordSet) -> bool {
    let evaluated = record.alias_target.as_ref().and_then(|target| target.evaluate_target_health);
    record.health_check_id.is_none() && evaluated != Some(true)
}

/// The place of the clients that a record is for; `*` for all others.
fn place(record: &ResourceRecordSet) -> Option<&str> {
    let country = record.geo_location.as_ref().map(|its| its.country_code.as_deref().unwrap_or_default());
    let location =
        record.cidr_routing_config.as_ref().map(|its| its.location_name.as_deref().unwrap_or_default());
    country.or(location)
}
