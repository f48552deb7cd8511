//! Why a collection was not read.
//!
//! A gap (a call that failed) names its own permission; where there is none, the collection's
//! operation does.

use privek_core::header::{Gap, NOT_IN_DIRECTORY};
use privek_core::known::Missing;

use super::{Snapshot, aws};

/// What would fill a collection (for one id, where that is what lacks): the failed call if there
/// was one, else the operation that was not asked.
pub fn missing(snapshot: &Snapshot, collection_key: &str, id: Option<&str>) -> Missing {
    let Some(collection) = aws::collection(collection_key) else {
        return Missing::operation(described(collection_key, id, "not read"), None);
    };
    let permission = collection.permission();
    let gap = snapshot
        .header
        .gaps
        .iter()
        .filter(|gap| gap.service == collection.service && gap.operation == collection.operation)
        .max_by_key(|gap| relevance(gap, id));
    if let Some(gap) = gap.filter(|gap| gap.code == NOT_IN_DIRECTORY) {
        return Missing::operation(gap.message.clone(), None);
    }
    let what = match gap {
        Some(gap) => described(&permission, gap.resource.as_deref(), &format!("failed: {}", gap.code)),
        None => described(&permission, id, "not read"),
    };
    let permission = gap.and_then(|gap| gap.permission.as_deref()).unwrap_or(&permission);
    Missing::operation(what, Some(permission))
}

fn relevance(gap: &Gap, id: Option<&str>) -> u8 {
    match (&gap.resource, id) {
        (Some(resource), Some(id)) if resource == id => 2,
        (None, _) => 1,
        _ => 0,
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
    fn a_call_that_was_never_made_is_named_too() {
        let missing = missing(&Snapshot::default(), "RouteTables", Some("vpc-1"));
        assert_eq!(missing.what, "ec2:DescribeRouteTables for vpc-1 (not read)");
    }
}
