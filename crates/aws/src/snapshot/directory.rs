//! A directory of AWS CLI outputs: any names, any depth, merged by id.
//!
//! That the directory is complete is an assumption, but only about the VPCs and clusters that it
//! names: an id that is referenced and not there stays unread (a peer's VPC, a prefix list).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use privek_core::header::{EVERYTHING, Gap, NOT_IN_DIRECTORY, SNAPSHOT_VERSION};

use super::aws::{COLLECTIONS, Collection, ec2};
use super::cli_output::{AwsPrefixList, OutputPart};
use super::contents::Snapshot;
use super::error::SnapshotError;
use super::load::{Loaded, parse};
use super::{merge, place, text_file};

/// Reads every `*.json` below a directory.
pub(super) fn read(directory: &Path) -> Result<Snapshot, SnapshotError> {
    let mut files = Vec::new();
    list(directory, &mut BTreeSet::new(), &mut files)?;
    let path = directory.display().to_string();
    if files.is_empty() {
        return Err(SnapshotError::NoFiles { path });
    }
    let mut sum = OutputSum::default();
    let mut saved: Option<Snapshot> = None;
    let mut other = None;
    for file in &files {
        let name = file.display().to_string();
        match parse(&name, &text_file::read(file)?)? {
            Loaded::Output(part) => sum.add(&name, *part)?,
            Loaded::Saved(snapshot) => {
                saved = Some(match saved {
                    Some(before) => before.merge(*snapshot)?,
                    None => *snapshot,
                });
            }
            Loaded::Other(what) => {
                other.get_or_insert((name, what));
            }
        }
    }
    match (sum.any, saved, other) {
        (true, None, _) => Ok(sum.finish()),
        (true, Some(saved), _) => {
            let mut both = saved.merge(sum.finish())?;
            // What the outputs leave out, the saved snapshot may hold.
            let read: BTreeSet<&str> = COLLECTIONS
                .iter()
                .filter(|collection| both.aws.ids(collection.key).is_some())
                .map(|collection| collection.operation)
                .collect();
            both.header
                .gaps
                .retain(|gap| gap.code != NOT_IN_DIRECTORY || !read.contains(gap.operation.as_str()));
            Ok(both)
        }
        (false, Some(saved), _) => Ok(saved),
        (false, None, other) => {
            let (first, what) = other.unwrap_or_default();
            Err(SnapshotError::NothingUsable { path, files: files.len(), first, what })
        }
    }
}

/// A lone file of AWS CLI output is a small directory.
pub(super) fn lone(name: &str, part: OutputPart) -> Result<Snapshot, SnapshotError> {
    let mut sum = OutputSum::default();
    sum.add(name, part)?;
    Ok(sum.finish())
}

/// All `*.json` files below a directory, in the order of their names.
fn list(
    directory: &Path,
    seen: &mut BTreeSet<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> Result<(), SnapshotError> {
    let unreadable = |path: &Path, error: &std::io::Error| SnapshotError::Unreadable {
        path: path.display().to_string(),
        why: error.to_string(),
    };
    // A link may point to a parent directory.
    let real = fs::canonicalize(directory).map_err(|error| unreadable(directory, &error))?;
    if !seen.insert(real) {
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
        entries.push(entry.map_err(|error| unreadable(directory, &error))?.path());
    }
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if hidden {
            continue;
        }
        match fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => list(&path, seen, files)?,
            Ok(meta) if meta.is_file() && is_json => files.push(path),
            Err(error) if is_json => return Err(unreadable(&path, &error)),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// What the files so far say together.
#[derive(Default)]
struct OutputSum {
    any: bool,
    snapshot: Snapshot,
    incomplete: BTreeMap<&'static str, String>,
    aws_prefix_lists: BTreeMap<String, AwsPrefixList>,
    accounts: BTreeSet<String>,
    /// Which file an item came from, for errors.
    origin: BTreeMap<(&'static str, String), String>,
}

impl OutputSum {
    fn add(&mut self, name: &str, part: OutputPart) -> Result<(), SnapshotError> {
        self.any = true;
        self.accounts.extend(part.account);
        for list in part.aws_prefix_lists {
            self.aws_prefix_lists.insert(list.prefix_list_id.clone(), list);
        }
        for key in part.incomplete {
            self.incomplete.entry(key).or_insert_with(|| name.to_owned());
        }
        let ids: Vec<(&'static str, String)> = COLLECTIONS
            .iter()
            .flat_map(|collection| {
                part.aws.ids(collection.key).unwrap_or_default().into_iter().map(|id| (collection.key, id))
            })
            .collect();
        self.snapshot.aws.merge_with(part.aws, &merge::same_place).map_err(|conflict| {
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

    fn finish(mut self) -> Snapshot {
        self.fill_in_prefix_lists();
        let mut snapshot = self.snapshot;
        snapshot.header.snapshot_version = SNAPSHOT_VERSION;
        snapshot.header.account = place::account(&snapshot.aws, &self.accounts);
        snapshot.header.region = place::region(&snapshot.aws);
        let vpcs = place::vpcs(&snapshot.aws);
        for collection in COLLECTIONS {
            let gap = |code: &str, message: String| Gap {
                service: collection.service.to_owned(),
                operation: collection.operation.to_owned(),
                region: snapshot.header.region.clone(),
                resource: None,
                code: code.to_owned(),
                message,
                // No call was denied.
                permission: None,
            };
            let Some(ids) = snapshot.aws.ids(collection.key) else {
                let message =
                    format!("no file has `{}`; `{}` writes one", collection.key, command(collection));
                snapshot.header.gaps.push(gap(NOT_IN_DIRECTORY, message));
                continue;
            };
            let mut scope = scope(collection.key, &ids, &vpcs);
            if let Some(file) = self.incomplete.get(collection.key) {
                let message =
                    format!("{file} ends with a NextToken; items of `{}` are missing", collection.key);
                snapshot.header.gaps.push(gap("Incomplete", message));
                if !is_scoped_by_own_id(collection.key) || is_list_in_one(collection.key) {
                    scope.clear();
                }
            }
            snapshot.header.scope.insert(collection.key.to_owned(), scope);
        }
        snapshot.aws.sort();
        snapshot.header.gaps.sort();
        snapshot
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
                    entries: entries
                        .map(|cidr| ec2::PrefixListEntry { cidr: Some(cidr), description: None })
                        .collect(),
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

/// Collections that are read one id at a time, or in which an absent id is somebody else's.
fn is_scoped_by_own_id(key: &str) -> bool {
    matches!(
        key,
        "Vpcs"
            | "VpcAttributes"
            | "ClientVpnAuthorizationRules"
            | "ClientVpnEndpoints"
            | "ClientVpnRoutes"
            | "DhcpOptions"
            | "EgressOnlyInternetGateways"
            | "FirewallConfig"
            | "FirewallDomainsByList"
            | "FirewallRules"
            | "HostedZonesByVPC"
            | "InstanceTypeOfferings"
            | "InstanceTypes"
            | "KeyMetadata"
            | "LaunchTemplateVersions"
            | "PrefixListEntries"
            | "ProfileResourceAssociations"
            | "ResourceRecordSetsByZone"
            | "SubnetCidrReservations"
            | "TransitGateways"
            | "TransitGatewayRouteTables"
            | "TransitGatewayRoutes"
            | "ResolverEndpointIpAddresses"
            | "Role"
            | "AttachedRolePolicies"
            | "RolePolicyNames"
            | "RolePolicies"
            | "Policy"
            | "PolicyVersions"
            | "InstanceProfile"
            | "OpenIDConnectProvider"
    )
}

/// Collections whose items are lists: a page must not pass for all of it, or the rest looks free.
fn is_list_in_one(key: &str) -> bool {
    matches!(
        key,
        "ClientVpnAuthorizationRules"
            | "ClientVpnRoutes"
            | "FirewallDomainsByList"
            | "FirewallRules"
            | "ResourceRecordSetsByZone"
            | "SubnetCidrReservations"
    )
}

/// Collections that are read one VPC at a time.
fn is_scoped_by_vpc(key: &str) -> bool {
    matches!(
        key,
        "Subnets"
            | "RouteTables"
            | "SecurityGroups"
            | "SecurityGroupVpcAssociations"
            | "NetworkAcls"
            | "VpcEndpoints"
            | "NetworkInterfaces"
            | "NatGateways"
            | "InternetGateways"
            | "VpnGateways"
            | "VpcPeeringConnections"
            | "TransitGatewayVpcAttachments"
            | "TransitGatewayAttachments"
            | "FirewallRuleGroupAssociations"
            | "ProfileAssociations"
            | "ResolverEndpoints"
            | "ResolverRuleAssociations"
    )
}

fn scope(key: &str, ids: &[String], vpcs: &BTreeSet<String>) -> BTreeSet<String> {
    if is_scoped_by_own_id(key) {
        // A launch template's versions are scoped by the template, and so on; a key's ARN is whole.
        let whole = |id: &String| id.starts_with("arn:");
        let of =
            |id: &String| if whole(id) { id.clone() } else { id.split(':').next().unwrap_or(id).to_owned() };
        return ids.iter().map(of).collect();
    }
    if is_scoped_by_vpc(key) {
        return vpcs.clone();
    }
    BTreeSet::from([EVERYTHING.to_owned()])
}

/// The AWS CLI command that makes a collection's file.
pub(super) fn command(collection: &Collection) -> String {
    let mut verb = String::new();
    let mut before = 'A';
    for character in collection.operation.chars() {
        // `ByVPC` is `by-vpc`.
        if character.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            verb.push('-');
        }
        verb.push(character.to_ascii_lowercase());
        before = character;
    }
    // `OpenIDConnect` is `open-id-connect`.
    let verb = verb.replace("idconnect", "id-connect");
    let rest = match collection.key {
        "PrefixListEntries" => " --prefix-list-id ID > ID.json",
        "SubnetCidrReservations" => " --subnet-id ID > ID.json",
        "TransitGatewayRoutes" => {
            " --transit-gateway-route-table-id ID --filters Name=type,Values=static,propagated > ID.json"
        }
        "ClientVpnAuthorizationRules" | "ClientVpnRoutes" => " --client-vpn-endpoint-id ID > ID.json",
        "ClientVpnTargetNetworks" => " --client-vpn-endpoint-id ID",
        "ResolverEndpointIpAddresses" => " --resolver-endpoint-id ID > ID.json",
        "Role" => " --role-name ROLE > role@ROLE.json",
        "AttachedRolePolicies" => " --role-name ROLE > attached@ROLE.json",
        "RolePolicyNames" => " --role-name ROLE > inline@ROLE.json",
        "RolePolicies" => " --role-name ROLE --policy-name POLICY > inline@ROLE.POLICY.json",
        "Policy" => " --policy-arn ARN > policy@POLICY.json",
        "PolicyVersions" => " --policy-arn ARN --version-id VERSION > version@POLICY.json",
        "InstanceProfile" => " --instance-profile-name PROFILE > profile@PROFILE.json",
        "OpenIDConnectProvider" => " --open-id-connect-provider-arn ARN > provider.json",
        "HostedZonesByVPC" => " --vpc-id ID --vpc-region REGION > ID.json",
        "ProfileResourceAssociations" => " --profile-id ID",
        "ResourceRecordSetsByZone" => " --hosted-zone-id ZONE > ZONE.json",
        "FirewallRules" => " --firewall-rule-group-id ID",
        "FirewallDomainsByList" => " --firewall-domain-list-id ID > ID.json",
        "FirewallConfig" => " --resource-id VPC",
        "KeyMetadata" => " --key-id ARN",
        "InstanceTypeOfferings" => {
            " --location-type availability-zone-id --filters Name=instance-type,Values=TYPE"
        }
        "clusterVersions" => " --include-all",
        _ => "",
    };
    format!("aws {} {verb}{rest}", collection.service)
}
