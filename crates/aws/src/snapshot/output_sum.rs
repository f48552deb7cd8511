//! What the files of one caller say together.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::header::{Gap, SNAPSHOT_VERSION};
use privek_core::time::Time;
use serde_json::Value;

use super::aws::{COLLECTIONS, Collection, TwoContents, ec2};
use super::cli_output::{AwsPrefixList, OutputPart};
use super::contents::Snapshot;
use super::error::SnapshotError;
use super::pages::{self, Page, Unfinished};
use super::scope::{is_list_in_one, is_scoped_by_own_id, is_scoped_by_vpc, scope};
use super::transit_propagations::TableLists;
use super::vantage::Vantage;
use super::{owners, place, views};

/// Which file an item came from.
pub(super) type Origin = BTreeMap<(&'static str, String), String>;

/// What the files so far say together.
#[derive(Default)]
pub(super) struct OutputSum {
    snapshot: Snapshot,
    pages: BTreeMap<&'static str, Vec<Page>>,
    aws_prefix_lists: BTreeMap<String, AwsPrefixList>,
    tables: TableLists,
    accounts: BTreeSet<String>,
    region: Option<String>,
    /// For errors.
    pub(super) origin: Origin,
}

impl OutputSum {
    /// Adds the gaps of calls that failed.
    pub(super) fn refuse(&mut self, gaps: Vec<Gap>) {
        self.snapshot.header.gaps.extend(gaps);
    }

    /// Adds one file's part.
    pub(super) fn add(&mut self, name: &str, part: OutputPart) -> Result<(), SnapshotError> {
        self.accounts.extend(part.account);
        for list in part.aws_prefix_lists {
            self.aws_prefix_lists.insert(list.prefix_list_id.clone(), list);
        }
        self.tables.add(part.tables);
        if let Some(run) = part.run {
            let at = run.collected_at.filter(|at| Time::parse(at).is_some());
            self.snapshot.header.collected_at = self.snapshot.header.collected_at.take().max(at);
            self.region = self.region.take().or(run.region);
        }
        let mut ids: Vec<(&'static str, String)> = Vec::new();
        for collection in COLLECTIONS {
            let Some(of_file) = part.aws.ids(collection.key) else { continue };
            let page = Page {
                file: name.to_owned(),
                ids: of_file.iter().cloned().collect(),
                token: part.token.clone(),
            };
            self.pages.entry(collection.key).or_default().push(page);
            ids.extend(of_file.into_iter().map(|id| (collection.key, id)));
        }
        let pages = &self.pages;
        let reconcile = |two: TwoContents<'_>| {
            let is_page = |page: &Page| page.token.is_some() && page.ids.contains(two.id);
            let spread = pages::may_be_spread(two.collection)
                && pages.get(two.collection).is_some_and(|pages| pages.iter().any(is_page));
            views::of_one_caller(two).or_else(|| spread.then(|| together(two)).flatten())
        };
        self.snapshot.aws.merge_with(part.aws, &reconcile).map_err(|conflict| {
            let first = self.origin.get(&(conflict.collection, conflict.id.clone())).cloned();
            SnapshotError::Conflict {
                collection: conflict.collection,
                id: conflict.id,
                first: first.unwrap_or_else(|| name.to_owned()),
                second: name.to_owned(),
            }
        })?;
        for id in ids {
            self.origin.entry(id).or_insert_with(|| name.to_owned());
        }
        Ok(())
    }

    /// What they say, with a gap for each list that does not end.
    pub(super) fn finish(mut self, vantage: &Vantage) -> (Snapshot, Origin) {
        self.fill_in_prefix_lists();
        self.fill_in_transit_routes();
        let mut snapshot = self.snapshot;
        let header = &mut snapshot.header;
        header.snapshot_version = SNAPSHOT_VERSION;
        let account = place::clusters_account(&snapshot.aws).or_else(|| vantage.account.clone());
        header.account = account.or_else(|| place::account(&snapshot.aws, &self.accounts));
        // A folder may be called after anything; what the outputs say of themselves comes first.
        let region = place::told_region(&snapshot.aws).or_else(|| self.region.take());
        header.region =
            region.or_else(|| vantage.region.clone()).or_else(|| place::region_of_services(&snapshot.aws));
        let vpcs = place::vpcs(&snapshot.aws);
        for collection in COLLECTIONS {
            let Some(ids) = snapshot.aws.ids(collection.key) else { continue };
            let mut scope = scope(collection.key, &ids, &vpcs);
            let pages = self.pages.get(collection.key).map(Vec::as_slice).unwrap_or_default();
            if pages.iter().any(|page| page.token.is_some()) {
                let vpcs = vpcs_by_id(&snapshot, collection);
                let of = |id: &str| vpcs.get(id).cloned().unwrap_or_default();
                for open in pages::unfinished(collection.key, pages, &of) {
                    narrow(&mut scope, collection.key, &open);
                    snapshot.header.gaps.push(incomplete(collection, &open, snapshot.header.region.as_ref()));
                }
            }
            let of_it =
                |gap: &&Gap| gap.service == collection.service && gap.operation == collection.operation;
            for gap in snapshot.header.gaps.iter().filter(of_it) {
                narrow_by_refusal(&mut scope, collection.key, gap);
            }
            snapshot.header.scope.insert(collection.key.to_owned(), scope);
        }
        owners::leave_to_owners(&mut snapshot, "add the files of that account");
        snapshot.aws.sort();
        snapshot.header.gaps.sort();
        (snapshot, self.origin)
    }

    /// Tables whose routes are in two lists only.
    fn fill_in_transit_routes(&mut self) {
        let aws = &mut self.snapshot.aws;
        let known = aws.ids("TransitGatewayRoutes").unwrap_or_default();
        let mut tables = self.tables.tables(aws.vpcs.as_deref().unwrap_or_default());
        tables.retain(|table| !known.contains(&table.transit_gateway_route_table_id));
        if !tables.is_empty() {
            aws.transit_gateway_routes.get_or_insert_with(Vec::new).extend(tables);
        }
    }

    /// Lists that only `describe-prefix-lists` knows.
    fn fill_in_prefix_lists(&mut self) {
        let aws = &mut self.snapshot.aws;
        let mut described: BTreeSet<String> =
            aws.ids("PrefixListEntries").unwrap_or_default().into_iter().collect();
        for list in std::mem::take(&mut self.aws_prefix_lists).into_values() {
            if described.insert(list.prefix_list_id.clone()) {
                let entries = list.cidrs.into_iter();
                aws.prefix_list_entries.get_or_insert_with(Vec::new).push(ec2::PrefixListEntries {
                    prefix_list_id: list.prefix_list_id.clone(),
                    entries: entries.map(|cidr| ec2::PrefixListEntry { cidr: Some(cidr) }).collect(),
                });
            }
            let named = aws.ids("PrefixLists").unwrap_or_default().contains(&list.prefix_list_id);
            if let (Some(lists), false) = (&mut aws.prefix_lists, named) {
                lists.push(ec2::ManagedPrefixList {
                    prefix_list_id: list.prefix_list_id,
                    prefix_list_name: list.prefix_list_name,
                    ..ec2::ManagedPrefixList::default()
                });
            }
        }
    }
}

/// Two pages of one object's lists.
fn together(two: TwoContents<'_>) -> Option<Value> {
    let (ours, theirs) = (two.ours.as_object()?, two.theirs.as_object()?);
    let mut sum = ours.clone();
    for (key, theirs) in theirs {
        match (sum.get_mut(key), theirs) {
            (Some(Value::Array(ours)), Value::Array(theirs)) => {
                let new: Vec<Value> = theirs.iter().filter(|item| !ours.contains(item)).cloned().collect();
                ours.extend(new);
                ours.sort_by_key(ToString::to_string);
            }
            (None | Some(Value::Null), _) => _ = sum.insert(key.clone(), theirs.clone()),
            (Some(ours), theirs) if theirs.is_null() || ours == theirs => {}
            _ => return None,
        }
    }
    Some(Value::Object(sum))
}

/// The VPCs that each object of a collection names; the group of a DNS Firewall rule stands for its VPC.
fn vpcs_by_id(snapshot: &Snapshot, collection: &Collection) -> BTreeMap<String, BTreeSet<String>> {
    let ids = snapshot.aws.ids(collection.key).unwrap_or_default();
    let mut tree = serde_json::to_value(&snapshot.aws).unwrap_or_default();
    let items = tree.get_mut(collection.key).and_then(Value::as_array_mut).map(std::mem::take);
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, item) in ids.into_iter().zip(items.unwrap_or_default()) {
        let mut vpcs = BTreeSet::new();
        collect_vpcs(&item, &mut vpcs);
        if collection.key == "FirewallRules" {
            vpcs.extend(id.split(':').next().map(str::to_owned));
        }
        all.entry(id).or_default().extend(vpcs);
    }
    all
}

fn collect_vpcs(tree: &Value, vpcs: &mut BTreeSet<String>) {
    match tree {
        Value::String(text) if text.starts_with("vpc-") => _ = vpcs.insert(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_vpcs(item, vpcs)),
        Value::Object(fields) => fields.values().for_each(|field| collect_vpcs(field, vpcs)),
        _ => {}
    }
}

/// What an unfinished list does not prove.
fn narrow(scope: &mut BTreeSet<String>, key: &str, open: &Unfinished) {
    match &open.id {
        Some(id) if is_scoped_by_own_id(key) => _ = scope.remove(id),
        Some(_) => scope.clear(),
        None if !is_scoped_by_own_id(key) || is_list_in_one(key) => scope.clear(),
        None => {}
    }
}

/// What a call that failed does not prove, beside calls for the same list that did not.
fn narrow_by_refusal(scope: &mut BTreeSet<String>, key: &str, gap: &Gap) {
    match &gap.resource {
        _ if is_scoped_by_own_id(key) => {}
        Some(vpc) if is_scoped_by_vpc(key) && vpc.starts_with("vpc-") => _ = scope.remove(vpc),
        _ => scope.clear(),
    }
}

fn incomplete(collection: &Collection, open: &Unfinished, region: Option<&String>) -> Gap {
    let file = &open.file;
    Gap {
        service: collection.service.to_owned(),
        operation: collection.operation.to_owned(),
        region: region.cloned(),
        resource: open.id.clone(),
        code: "Incomplete".to_owned(),
        message: format!(
            "{file} ends with a NextToken, and the other files do not have all of the rest; items of `{}` are missing",
            collection.key
        ),
        // No call was denied.
        permission: None,
    }
}
