//! AWS's own accounts whose registries nodes pull from (`rules/eks/registries.yaml`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use privek_core::known::{Known, Missing};
use serde::Deserialize;

const REGISTRIES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/eks/registries.yaml"));

/// Accounts by region.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Registries {
    eks: BTreeMap<String, String>,
    bottlerocket: BTreeMap<String, String>,
}

static PARSED: LazyLock<Registries> =
    LazyLock::new(|| serde_saphyr::from_str(REGISTRIES).unwrap_or_default());

/// The account that holds the images of EKS's add-ons in a region.
pub(crate) fn eks(region: Option<&str>) -> Known<&'static str> {
    account(&PARSED.eks, "EKS's", region)
}

/// The account that holds Bottlerocket's host containers in a region.
pub(crate) fn bottlerocket(region: Option<&str>) -> Known<&'static str> {
    account(&PARSED.bottlerocket, "Bottlerocket's", region)
}

/// All of these accounts, of every region.
/// <https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html>
pub(crate) fn accounts() -> &'static BTreeSet<&'static str> {
    static ALL: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
        PARSED.eks.values().chain(PARSED.bottlerocket.values()).map(String::as_str).collect()
    });
    &ALL
}

fn account(of: &'static BTreeMap<String, String>, whose: &str, region: Option<&str>) -> Known<&'static str> {
    region.and_then(|region| of.get(region)).map(String::as_str).ok_or_else(|| {
        let region = region.unwrap_or("this region");
        vec![Missing::unmodelled(format!("the account of {whose} images in {region}"))]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_one_account_and_an_unknown_region_none() {
        assert_eq!(eks(Some("eu-central-1")), Ok("602401143452"));
        assert_eq!(eks(Some("eu-south-1")), Ok("590381155156"));
        assert_eq!(bottlerocket(Some("cn-north-1")), Ok("183470599484"));
        assert!(eks(Some("mars-north-1")).is_err() && eks(None).is_err());
        for account in accounts() {
            assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()), "{account}");
        }
        assert!(PARSED.eks.len() > 40 && PARSED.bottlerocket.len() > 30);
        assert_eq!(accounts().len(), 48);
    }
}
