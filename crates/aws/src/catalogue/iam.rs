//! What the cluster's roles have to be allowed, and what AWS's managed policies allow (`rules/eks/iam.yaml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

pub(crate) const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/eks/iam.yaml"));

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IamTable {
    pub needs: BTreeMap<String, Vec<Need>>,
    pub managed: BTreeMap<String, Managed>,
    pub auto_mode: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Need {
    pub actions: Vec<String>,
    #[serde(default)]
    pub resource: Option<String>,
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Managed {
    #[serde(default)]
    pub actions: Vec<String>,
    #[serde(default)]
    pub services: Vec<String>,
}

pub(crate) static PARSED: LazyLock<IamTable> =
    LazyLock::new(|| serde_saphyr::from_str(TABLE).unwrap_or_default());
