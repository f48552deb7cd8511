//! The IAM policy that the program needs, made from the list of operations that it may call.

use std::collections::BTreeSet;

use serde_json::json;

use crate::collect::aws::operations::OPERATIONS;

/// The policy document, pretty, with a newline at the end.
pub fn policy() -> String {
    let actions: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.iam_action).collect();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "PrivekAuditReads",
            "Effect": "Allow",
            "Action": actions,
            "Resource": "*",
        }],
    });
    privek_core::render::document::pretty(&policy)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_policy_allows_exactly_the_operations_and_they_only_read() {
        let policy: Value = serde_json::from_str(&policy()).unwrap();
        let statement = &policy["Statement"][0];
        assert_eq!(statement["Effect"], "Allow");
        assert_eq!(statement["Resource"], "*");
        let actions: Vec<&str> =
            statement["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect();
        assert!(actions.is_sorted());
        for operation in OPERATIONS {
            assert!(actions.contains(&operation.iam_action), "{} is missing", operation.iam_action);
        }
        for action in actions {
            assert!(OPERATIONS.iter().any(|operation| operation.iam_action == action));
            let (_, verb) = action.split_once(':').unwrap();
            assert!(
                ["Describe", "List", "Get", "Search"].iter().any(|read| verb.starts_with(read)),
                "{action}"
            );
        }
    }
}
