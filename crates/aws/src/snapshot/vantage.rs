//! Which account and region the files of a directory were made in, where its folders say it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// How names of regions begin.
const REGIONS: [&str; 12] = ["af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us", "usgov"];

/// The files that one caller made.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Vantage {
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The folder, where nothing else tells callers apart.
    pub folder: Option<String>,
}

/// What is known of the folders before the files are parted.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Folders with an output of `aws sts get-caller-identity`, and its account.
    pub callers: BTreeMap<PathBuf, String>,
    /// Folders beside each other that each list VPCs.
    pub with_vpcs: BTreeSet<String>,
}

impl Folders {
    /// Notes what a file tells about its folder.
    pub(super) fn note(&mut self, file: &Path, account: Option<&String>, lists_vpcs: bool) {
        if let (Some(folder), Some(account)) = (file.parent(), account) {
            self.callers.insert(folder.to_owned(), account.clone());
        }
        if lists_vpcs && let Some(top) = top_folder(file) {
            self.with_vpcs.insert(top);
        }
    }

    /// Whose file it is.
    pub(super) fn vantage(&self, file: &Path) -> Vantage {
        let names: Vec<&str> =
            file.parent().into_iter().flat_map(Path::components).filter_map(name).collect();
        let in_name = names.iter().enumerate().rev().find_map(|(at, name)| Some((at + 1, account_in(name)?)));
        let asked = file.ancestors().skip(1).find_map(|folder| {
            let depth = folder.components().filter_map(name).count();
            self.callers.get(folder).map(|account| (depth, account.clone()))
        });
        // What AWS said in a folder, or below it, outweighs the folder's name.
        let account = match (in_name, asked) {
            (Some((folder, _)), Some((at, account))) if at >= folder => Some(account),
            (in_name, asked) => in_name.or(asked).map(|(_, account)| account),
        };
        let region = names.iter().rev().find_map(|name| region_in(name));
        let folder = match (&account, &region) {
            (Some(_), _) => None,
            // An account has a folder of its own above those of its regions.
            (None, Some(_)) => {
                let above = names.iter().take_while(|name| region_in(name).is_none());
                Some(above.copied().collect::<Vec<_>>().join("/")).filter(|above| !above.is_empty())
            }
            (None, None) => {
                top_folder(file).filter(|top| self.with_vpcs.len() > 1 && self.with_vpcs.contains(top))
            }
        };
        Vantage { account, region, folder }
    }
}

fn name(component: Component<'_>) -> Option<&str> {
    if let Component::Normal(name) = component { name.to_str() } else { None }
}

fn top_folder(file: &Path) -> Option<String> {
    let mut names = file.components().filter_map(name);
    let first = names.next()?;
    names.next().map(|_| first.to_owned())
}

/// `111122223333`, `prod-111122223333`.
fn account_in(name: &str) -> Option<String> {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    let mut accounts = parts.filter(|part| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit()));
    accounts.next().map(str::to_owned)
}

/// `eu-west-1`, `us-gov-east-1`, `prod_eu-west-1`.
pub(super) fn region_in(name: &str) -> Option<String> {
    name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').find_map(|part| {
        let parts: Vec<&str> = part.split('-').collect();
        // `prod-eu-west-1` has one too.
        (0..parts.len()).find_map(|from| {
            let [first, middle @ .., last] = &parts[from..] else { return None };
            let is_region = REGIONS.contains(first)
                && matches!(middle.len(), 1 | 2)
                && middle.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase()) && !word.is_empty())
                && last.len() == 1
                && last.bytes().all(|b| b.is_ascii_digit());
            is_region.then(|| parts[from..].join("-"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vantage(file: &str) -> Vantage {
        let mut folders = Folders::default();
        folders.note(Path::new("net/me.json"), Some(&"222222222222".to_owned()), false);
        folders.vantage(Path::new(file))
    }

    #[test]
    fn a_folder_is_called_by_account_or_region_or_holds_its_callers_identity() {
        let of = |account: Option<&str>, region: Option<&str>| Vantage {
            account: account.map(str::to_owned),
            region: region.map(str::to_owned),
            folder: None,
        };
        let folder = |file: &str| vantage(file).folder;
        assert_eq!(folder("data/prod/eu-west-1/vpcs.json").as_deref(), Some("data/prod"));
        assert_ne!(folder("data/dev/eu-west-1/vpcs.json"), folder("data/prod/eu-west-1/vpcs.json"));
        assert_eq!(vantage("vpcs.json"), of(None, None));
        assert_eq!(
            vantage("accounts/111122223333/us-gov-west-1/vpc/vpcs.json"),
            of(Some("111122223333"), Some("us-gov-west-1"))
        );
        assert_eq!(vantage("prod-111122223333/vpcs.json"), of(Some("111122223333"), None));
        assert_eq!(vantage("prod-eu-west-1/vpcs.json"), of(None, Some("eu-west-1")));
        assert_eq!(vantage("net/eu-central-1/vpcs.json"), of(Some("222222222222"), Some("eu-central-1")));
        assert_eq!(vantage("rslvr-in-0ab1/page-one-1/addresses.json"), of(None, None));
    }
}
