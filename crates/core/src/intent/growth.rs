//! Planned growth: how many nodes of which types, and how many pods.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Ids;
use super::declared::Growth;
use super::error::{IntentError, Wrong};
use super::written::checked;

/// More than any cluster has; a count beyond it is a slip of the finger.
const MOST: i64 = 1_000_000;

/// `growth:` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenGrowth {
    nodes: Spanned<i64>,
    instance_types: Spanned<Vec<Spanned<String>>>,
    pods: Option<Spanned<i64>>,
    #[serde(default)]
    subnets: Vec<Spanned<String>>,
}

impl WrittenGrowth {
    /// What it plans.
    pub(super) fn understood(self, ids: &Ids, wrong: Wrong<'_>) -> Result<Growth, IntentError> {
        let count = |field: &str, written: &Spanned<i64>| {
            check_count(written.value)
                .map_err(|what| wrong(written.referenced, format!("growth.{field}: {what}")))
        };
        count("nodes", &self.nodes)?;
        self.pods.as_ref().map_or(Ok(()), |pods| count("pods", pods))?;
        if self.instance_types.value.is_empty() {
            let what = "growth.instance_types: the list is empty; name the instance types of the nodes, for instance [m6i.large]";
            return Err(wrong(self.instance_types.referenced, what.into()));
        }
        let fail = |field: &'static str| move |at, what: String| wrong(at, format!("growth.{field}: {what}"));
        Ok(Growth {
            nodes: self.nodes.value,
            instance_types: checked(self.instance_types.value, ids.instance_type, &fail("instance_types"))?,
            pods: self.pods.map(|pods| pods.value),
            subnets: checked(self.subnets, ids.subnet, &fail("subnets"))?,
        })
    }
}

/// Whether so many nodes or pods can be meant.
pub(super) fn check_count(count: i64) -> Result<(), String> {
    if (1..=MOST).contains(&count) {
        return Ok(());
    }
    Err(format!("'{count}' is not a valid count; valid are 1 to {MOST}"))
}
