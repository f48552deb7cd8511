//! Planned growth: how many nodes of which types, and how many pods.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::operators::check_subnet;
use super::written::{Wrong, checked};
use super::{Growth, IntentError};

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
    pub(super) fn understood(self, wrong: Wrong<'_>) -> Result<Growth, IntentError> {
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
            instance_types: checked(self.instance_types.value, check_type, &fail("instance_types"))?,
            pods: self.pods.map(|pods| pods.value),
            subnets: checked(self.subnets, check_subnet, &fail("subnets"))?,
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

/// Whether this looks like an instance type.
pub(super) fn check_type(name: &str) -> Result<(), String> {
    let known = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    match name.split_once('.') {
        Some((family, size)) if known(family) && known(size) => Ok(()),
        _ => Err(format!("'{name}' is not an instance type; the form is like m6i.large")),
    }
}

#[cfg(test)]
mod tests {
    use crate::intent::{Growth, Intent};

    fn read(text: &str) -> Result<Option<Growth>, String> {
        Intent::from_yaml("f.yaml", text).map(|intent| intent.growth).map_err(|error| error.to_string())
    }

    fn plan(nodes: i64, types: &[&str], pods: Option<i64>) -> Growth {
        let instance_types = types.iter().map(ToString::to_string).collect();
        Growth { nodes, instance_types, pods, subnets: Vec::new() }
    }

    #[test]
    fn growth_is_nodes_types_and_perhaps_pods() {
        let written = "growth: { nodes: 50, instance_types: [m6i.large], pods: 900 }";
        assert_eq!(read(written), Ok(Some(plan(50, &["m6i.large"], Some(900)))));
        let metal = "growth: { nodes: 1, instance_types: [u-6tb1.metal, m5.large] }";
        assert_eq!(read(metal), Ok(Some(plan(1, &["u-6tb1.metal", "m5.large"], None))));
        assert_eq!(read("features: {}"), Ok(None));
    }

    #[test]
    fn a_plan_that_cannot_be_meant_is_an_error_with_its_place() {
        for (written, said) in [
            (
                "growth:\n  nodes: 0\n  instance_types: [m6i.large]",
                "f.yaml:2:10: growth.nodes: '0' is not a valid count",
            ),
            ("growth:\n  nodes: 5\n  instance_types: []", "growth.instance_types: the list is empty"),
            (
                "growth:\n  nodes: 5\n  instance_types: [large]",
                "f.yaml:3:20: growth.instance_types: 'large' is not an instance type",
            ),
            ("growth:\n  nodes: 5\n  instance_types: [m6i.large]\n  subnets: [eni-1]", "growth.subnets"),
            ("growth:\n  instance_types: [m6i.large]", "nodes"),
        ] {
            let error = read(written).unwrap_err();
            assert!(error.contains(said), "{written}: {error}");
        }
    }

    #[test]
    fn flags_replace_the_plan_of_the_file() {
        let of_file = || Intent { growth: Some(plan(5, &["m5.large"], Some(70))), ..Intent::default() };
        let types = ["m6i.large".to_owned()];
        let both = of_file().merge_growth(Some(50), &types, Some(900)).unwrap().growth;
        assert_eq!(both, Some(plan(50, &["m6i.large"], Some(900))));
        let nodes = of_file().merge_growth(Some(50), &[], None).unwrap().growth;
        assert_eq!(nodes, Some(plan(50, &["m5.large"], Some(70))));
        assert_eq!(of_file().merge_growth(None, &[], None).unwrap(), of_file());
        let error = |nodes, types: &[String]| {
            Intent::default().merge_growth(nodes, types, Some(9)).unwrap_err().to_string()
        };
        assert!(error(None, &types).starts_with("--nodes: set the number"));
        assert!(error(Some(3), &[]).starts_with("--instance-type: set the type"));
        assert!(error(Some(-3), &types).starts_with("--nodes: '-3'"));
        assert!(error(Some(3), &["Large".to_owned()]).starts_with("--instance-type: 'Large'"));
    }
}
