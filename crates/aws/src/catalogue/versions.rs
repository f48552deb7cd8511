//! Until when EKS supports which Kubernetes version, where AWS did not say (`rules/eks/versions.yaml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use privek_core::known::{Known, Missing};
use privek_core::time::Time;
use serde::Deserialize;

pub(crate) const TABLE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/eks/versions.yaml"));

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionTable {
    versions: BTreeMap<String, Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    standard: String,
    extended: String,
}

pub(crate) type Dates = BTreeMap<(u32, u32), (Time, Time)>;

/// The embedded dates of support; a mistake in it is a mistake in this program, which a test finds.
pub(crate) fn support_dates() -> Known<&'static Dates> {
    static PARSED: LazyLock<Known<Dates>> = LazyLock::new(|| {
        let wrong = |what: String| vec![Missing::unmodelled(format!("rules/eks/versions.yaml: {what}"))];
        let support_dates: VersionTable =
            serde_saphyr::from_str(TABLE).map_err(|error| wrong(error.to_string()))?;
        let row = |(version, row): (String, Row)| {
            let dates = (Time::parse(&row.standard), Time::parse(&row.extended));
            match (minor_version(&version), dates) {
                (Some(number), (Some(standard), Some(extended))) => Ok((number, (standard, extended))),
                _ => Err(wrong(version)),
            }
        };
        support_dates.versions.into_iter().map(row).collect()
    });
    PARSED.as_ref().map_err(Clone::clone)
}

/// Major and minor version, of `1.35` and of `v1.35.2-eks-1234`.
pub(crate) fn minor_version(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?;
    let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
    Some((major, minor[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_sound_and_ends_later_for_later_versions() {
        let table = support_dates().unwrap();
        assert_eq!(table.len(), 7);
        let dates: Vec<_> = table.values().collect();
        assert!(dates.windows(2).all(|two| two[0] < two[1]), "{dates:?}");
        assert!(dates.iter().all(|(standard, extended)| extended > standard));
    }

    #[test]
    fn minor_versions_are_numbers() {
        assert_eq!(minor_version("1.9"), Some((1, 9)));
        assert_eq!(minor_version("v1.35.2-eks-40737a8"), Some((1, 35)));
        assert_eq!(minor_version("1.35+"), Some((1, 35)));
        assert_eq!(minor_version("latest"), None);
        assert_eq!(minor_version(""), None);
    }
}
