//! What the user declares in place of what was not read: a collection that was not read counts as read and
//! empty. What was read stays as it is.

use std::borrow::Cow;
use std::collections::BTreeSet;

use privek_core::header::EVERYTHING;
use privek_core::intent::Unread;
use privek_core::report::{DeclaredUnread, UnreadStatus};
use privek_core::time::Time;

use crate::intent::Intent;
use crate::snapshot::Snapshot;
use crate::snapshot::aws::{COLLECTIONS, Collection};

/// What the user declares, and what becomes of it.
pub fn declared_unread(snapshot: &Snapshot, intent: &Intent) -> Vec<DeclaredUnread> {
    intent
        .unread
        .iter()
        .map(|unread| {
            let replaced: BTreeSet<String> =
                unread_collections(snapshot, unread).map(Collection::permission).collect();
            let status = match as_of(snapshot, intent) {
                _ if replaced.is_empty() => UnreadStatus::NotNeeded,
                Some(now) if unread.holds_at(now) => UnreadStatus::Used,
                Some(_) => UnreadStatus::Ended,
                None => UnreadStatus::Undated,
            };
            let used = status == UnreadStatus::Used;
            DeclaredUnread {
                operation: unread.operation.clone(),
                means: "none".to_owned(),
                reason: unread.reason.clone(),
                until: unread.until.date().to_owned(),
                status,
                replaced: if used { replaced.into_iter().collect() } else { Vec::new() },
            }
        })
        .collect()
}

/// What AWS said, and what the user declares of what AWS did not say.
pub fn read_as_declared<'s>(snapshot: &'s Snapshot, intent: &Intent) -> Cow<'s, Snapshot> {
    let Some(now) = as_of(snapshot, intent).filter(|_| !intent.unread.is_empty()) else {
        return Cow::Borrowed(snapshot);
    };
    let mut world = Cow::Borrowed(snapshot);
    for unread in intent.unread.iter().filter(|unread| unread.holds_at(now)) {
        let collections: Vec<&Collection> = unread_collections(snapshot, unread).collect();
        for collection in collections {
            replace(world.to_mut(), collection);
        }
    }
    world
}

/// The time that dates are judged at.
fn as_of(snapshot: &Snapshot, intent: &Intent) -> Option<i64> {
    let given = intent.as_of.as_deref().or(snapshot.header.collected_at.as_deref())?;
    Time::parse(given)?.seconds()
}

/// The collections of a declaration that were not read, or not for all they were asked for.
fn unread_collections<'a>(
    snapshot: &'a Snapshot,
    unread: &'a Unread,
) -> impl Iterator<Item = &'static Collection> + use<'a> {
    COLLECTIONS.iter().filter(|collection| {
        let of_it = |service: &str, operation: &str| {
            collection.service == service && collection.operation == operation
        };
        unread.is_about(collection.service, collection.operation)
            && may_be_empty(collection)
            && (snapshot.aws.ids(collection.key).is_none()
                || snapshot.header.gaps.iter().any(|gap| {
                    // A list of which pages are missing is not empty.
                    of_it(&gap.service, &gap.operation) && gap.code != "Incomplete"
                }))
    })
}

/// `service:*` is about those of its operations that may be declared.
fn may_be_empty(collection: &Collection) -> bool {
    (crate::intent::IDS.unread_operations)().contains(&collection.permission())
}

fn replace(world: &mut Snapshot, collection: &Collection) {
    let gaps = std::mem::take(&mut world.header.gaps);
    let (of_it, others) = gaps.into_iter().partition::<Vec<_>, _>(|gap| {
        gap.service == collection.service && gap.operation == collection.operation && gap.code != "Incomplete"
    });
    world.header.gaps = others;
    let scope = world.header.scope.entry(collection.key.to_owned()).or_default();
    let asked = of_it.into_iter().map(|gap| gap.resource.unwrap_or_else(|| EVERYTHING.to_owned()));
    scope.extend(asked);
    if world.aws.ids(collection.key).is_none() {
        world.aws.read_as_empty(collection.key);
        world.header.scope.entry(collection.key.to_owned()).or_default().insert(EVERYTHING.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use privek_core::header::Gap;

    use super::*;

    fn gap(resource: Option<&str>) -> Gap {
        Gap {
            service: "route53".to_owned(),
            operation: "ListHostedZonesByVPC".to_owned(),
            resource: resource.map(str::to_owned),
            code: "AccessDenied".to_owned(),
            ..Gap::default()
        }
    }

    fn snapshot(gaps: Vec<Gap>) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.header.collected_at = Some("2026-11-20T12:00:00Z".to_owned());
        snapshot.header.gaps = gaps;
        snapshot
    }

    fn intent(operation: &str, until: &str) -> Intent {
        let text = format!(
            "unread: [{{ operation: '{operation}', means: none, reason: no way there, until: {until} }}]"
        );
        Intent::from_yaml("t", &text).unwrap()
    }

    #[test]
    fn what_was_not_read_counts_as_empty_until_the_end_of_the_last_day() {
        let given = snapshot(vec![gap(Some("vpc-1"))]);
        for (until, is_read) in [("2026-11-20", true), ("2027-03-31", true), ("2026-11-19", false)] {
            let intent = intent("route53:*", until);
            let world = read_as_declared(&given, &intent);
            assert_eq!(world.aws.hosted_zones_by_vpc.is_some(), is_read, "{until}");
            assert_eq!(world.header.covers("HostedZonesByVPC", "vpc-1"), is_read, "{until}");
            let said = declared_unread(&given, &intent);
            let status = if is_read { UnreadStatus::Used } else { UnreadStatus::Ended };
            assert_eq!(said[0].status, status, "{until}");
            let replaced: &[&str] = if is_read { &["route53:ListHostedZonesByVPC"] } else { &[] };
            assert_eq!(said[0].replaced, replaced);
            assert_eq!(given.header.gaps.len(), 1, "the report still says what was not read");
        }
    }

    #[test]
    fn what_was_read_stays_and_only_what_failed_is_empty() {
        let mut given = snapshot(vec![gap(Some("vpc-2"))]);
        let zones =
            crate::snapshot::aws::route53::HostedZonesByVpc { vpc_id: "vpc-1".into(), ..Default::default() };
        given.aws.hosted_zones_by_vpc = Some(vec![zones.clone()]);
        given.header.scope.insert("HostedZonesByVPC".into(), BTreeSet::from(["vpc-1".to_owned()]));
        let intent = intent("route53:ListHostedZonesByVPC", "2027-03-31");
        let world = read_as_declared(&given, &intent);
        assert_eq!(world.aws.hosted_zones_by_vpc, Some(vec![zones]));
        assert!(world.header.covers("HostedZonesByVPC", "vpc-2"));
        assert!(!world.header.covers("HostedZonesByVPC", "vpc-3"), "nobody asked for vpc-3");
        given.header.gaps.clear();
        assert_eq!(declared_unread(&given, &intent)[0].status, UnreadStatus::NotNeeded);
        assert_eq!(*read_as_declared(&given, &intent), given);
    }

    #[test]
    fn without_a_date_no_declaration_is_used() {
        let mut given = snapshot(vec![gap(None)]);
        given.header.collected_at = None;
        let mut intent = intent("route53:*", "2027-03-31");
        assert_eq!(declared_unread(&given, &intent)[0].status, UnreadStatus::Undated);
        assert!(read_as_declared(&given, &intent).aws.hosted_zones_by_vpc.is_none());
        intent.as_of = Some("2026-12-01T00:00:00Z".to_owned());
        assert!(read_as_declared(&given, &intent).aws.hosted_zones_by_vpc.is_some());
    }

    #[test]
    fn every_operation_that_may_be_declared_fills_a_collection() {
        for operation in (crate::intent::IDS.unread_operations)() {
            assert!(COLLECTIONS.iter().any(|collection| collection.permission() == operation), "{operation}");
        }
    }
}
