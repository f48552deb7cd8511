//! EKS's statuses and health issues: whether something works and is healthy.

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::aws::eks::Issue;

/// Whether a status of EKS's is one in which the thing works.
pub(crate) fn works(context: &Context<'_>, status: Option<&str>) -> Known<bool> {
    match status {
        Some("ACTIVE" | "UPDATING") => Ok(true),
        Some("FAILED" | "DELETING" | "DEGRADED" | "CREATE_FAILED" | "DELETE_FAILED" | "UPDATE_FAILED") => {
            Ok(false)
        }
        Some(other) => Err(vec![Missing::probe(format!(
            "the result of the change in progress (status {other}); audit again when the status is ACTIVE"
        ))]),
        None => Err(vec![context.field("cluster", "status")]),
    }
}

/// Whether a thing works and EKS finds nothing wrong with it.
pub(crate) fn healthy(works: &Known<bool>, issues: &Known<Vec<String>>) -> Known<bool> {
    match (works, issues) {
        (Ok(false), _) => Ok(false),
        (_, Ok(issues)) if !issues.is_empty() => Ok(false),
        (Ok(true), Ok(_)) => Ok(true),
        (works, issues) => {
            let missing = [works.as_ref().err(), issues.as_ref().err()];
            Err(missing.into_iter().flatten().flatten().cloned().collect())
        }
    }
}

/// What EKS finds wrong, one sentence each: the code, what it says, and what it is about.
pub(crate) fn sentences(issues: &[Issue]) -> Vec<String> {
    let sentence = |issue: &Issue| {
        let said = [issue.code.as_deref(), issue.message.as_deref()].into_iter().flatten();
        let said = said.collect::<Vec<_>>().join(": ");
        if issue.resource_ids.is_empty() {
            said
        } else {
            format!("{said} ({})", issue.resource_ids.join(", "))
        }
    };
    issues.iter().map(sentence).collect()
}
