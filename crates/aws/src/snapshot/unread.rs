//! Why a collection was not read.
//!
//! A permission is named where a call was refused, or where an operation was never called at all. What was not asked
//! for, timed out or is in no file lacks no permission.

use privek_core::header::{Gap, NOT_IN_DIRECTORY};
use privek_core::known::Missing;

use super::aws::{self, Collection};
use super::refusal::is_denied;
use super::{Snapshot, referenced};

/// What would fill a collection (for one id, where that is what lacks): the failed call if there
/// was one, else the operation that was not asked.
pub fn missing(snapshot: &Snapshot, collection_key: &str, id: Option<&str>) -> Missing {
    let Some(collection) = aws::collection(collection_key) else {
        return Missing::operation(described(collection_key, id, "not read"), None);
    };
    let permission = collection.permission();
    let gaps = snapshot.header.gaps.iter();
    let of_operation =
        gaps.filter(|gap| gap.service == collection.service && gap.operation == collection.operation);
    let relevant = of_operation.filter_map(|gap| Some((relevance(gap, id)?, gap)));
    let gap = relevant.max_by_key(|(relevance, _)| *relevance).map(|(_, gap)| gap);
    match gap {
        Some(gap) if gap.code == NOT_IN_DIRECTORY => Missing::operation(gap.message.clone(), None),
        Some(gap) => {
            let what = described(&permission, gap.resource.as_deref(), &format!("failed: {}", gap.code));
            // A call that was not refused lacks no permission.
            let refused = is_denied(&gap.code).then_some(permission.as_str());
            Missing::operation(what, gap.permission.as_deref().or(refused))
        }
        // What the operation did read is permitted: it was not asked for this.
        None => {
            // Who was refused the list of names never asked for what they name.
            if let Some(parent) = refused_parent(snapshot, collection) {
                return missing(snapshot, parent.key, None);
            }
            let is_permitted = snapshot.aws.ids(collection.key).is_some();
            let unread = described(&permission, id, "not read");
            Missing::operation(unread, Some(permission.as_str()).filter(|_| !is_permitted))
        }
    }
}

/// What says which objects there are, if a call for that failed.
fn refused_parent(snapshot: &Snapshot, child: &Collection) -> Option<&'static Collection> {
    let parent = referenced::parent(child.key)?;
    let unread = |collection: &Collection| snapshot.aws.ids(collection.key).is_none();
    let mut gaps = snapshot.header.gaps.iter();
    let failed = gaps.any(|gap| gap.service == parent.service && gap.operation == parent.operation);
    (unread(child) && unread(parent) && failed).then_some(parent)
}

/// How much a gap says about an id; `None` for one about another object of the same kind.
fn relevance(gap: &Gap, id: Option<&str>) -> Option<u8> {
    let kind = |id: &str| id.split_once('-').map(|(kind, _)| kind.to_owned());
    match (&gap.resource, id) {
        (Some(resource), Some(id)) if resource == id => Some(2),
        (None, _) => Some(1),
        (Some(resource), Some(id)) if kind(resource).is_some() && kind(resource) == kind(id) => None,
        _ => Some(0),
    }
}

fn described(operation: &str, resource: Option<&str>, outcome: &str) -> String {
    match resource {
        Some(resource) => format!("{operation} for {resource} ({outcome})"),
        None => format!("{operation} ({outcome})"),
    }
}

#[cfg(test)]
mod tests {
    use privek_core::header::{Gap, Header, NOT_IN_DIRECTORY};

    use crate::snapshot::Snapshot;

    use super::missing;

    fn with(gaps: Vec<Gap>) -> Snapshot {
        Snapshot { header: Header { gaps, ..Header::default() }, ..Snapshot::default() }
    }

    fn gap(resource: Option<&str>, code: &str) -> Gap {
        Gap {
            service: "ec2".to_owned(),
            operation: "DescribeRouteTables".to_owned(),
            resource: resource.map(str::to_owned),
            code: code.to_owned(),
            ..Gap::default()
        }
    }

    #[test]
    fn a_failed_call_is_named_with_its_error_and_the_permission_that_it_needs() {
        let gaps = vec![gap(Some("vpc-2"), "Timeout"), gap(Some("vpc-1"), "UnauthorizedOperation")];
        let snapshot = with(gaps);
        let missing = missing(&snapshot, "RouteTables", Some("vpc-1"));
        assert_eq!(missing.what, "ec2:DescribeRouteTables for vpc-1 (failed: UnauthorizedOperation)");
        assert_eq!(missing.permission.as_deref(), Some("ec2:DescribeRouteTables"));
    }

    #[test]
    fn a_file_that_is_not_there_asks_for_its_command_and_for_no_permission() {
        let message = "no file has `RouteTables`; `aws ec2 describe-route-tables` writes one";
        let gap = Gap { message: message.to_owned(), ..gap(None, NOT_IN_DIRECTORY) };
        let missing = missing(&with(vec![gap]), "RouteTables", Some("vpc-1"));
        assert_eq!((missing.what.as_str(), missing.permission), (message, None));
    }

    #[test]
    fn no_permission_is_named_that_was_not_refused() {
        let timeout = missing(&with(vec![gap(Some("vpc-1"), "Timeout")]), "RouteTables", Some("vpc-1"));
        assert_eq!(timeout.permission, None);
        let mut read = with(vec![gap(Some("vpc-2"), "UnauthorizedOperation")]);
        read.aws.route_tables = Some(Vec::new());
        let other = missing(&read, "RouteTables", Some("vpc-1"));
        assert_eq!(other.what, "ec2:DescribeRouteTables for vpc-1 (not read)");
        assert_eq!(other.permission, None, "another VPC was refused");
    }

    #[test]
    fn a_call_that_was_never_made_is_named_too() {
        let missing = missing(&Snapshot::default(), "RouteTables", Some("vpc-1"));
        assert_eq!(missing.what, "ec2:DescribeRouteTables for vpc-1 (not read)");
    }
}
