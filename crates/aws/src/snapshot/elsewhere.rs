//! What files of a directory refer to and only files of another account or region can hold.

use std::collections::BTreeSet;

use privek_core::header::{Gap, NOT_IN_DIRECTORY};

use super::aws::{Collection, collection};
use super::cli_command::{quoted, region_option};
use super::contents::Snapshot;
use super::place;
use super::refusal::kebab;

/// The code of a gap about what another account's files would hold.
pub(super) const OTHER_ACCOUNT: &str = "OtherAccount";

/// The code of a gap about what another region's files would hold.
pub(super) const OTHER_REGION: &str = "OtherRegion";

/// States of a peering connection that forwards no packets any more: what is behind it does not matter.
const GONE: [&str; 5] = ["deleted", "deleting", "expired", "failed", "rejected"];

/// What decides about packets in the VPC on the other side of a peering connection.
const OF_PEERS: [&str; 6] =
    ["Vpcs", "Subnets", "RouteTables", "SecurityGroups", "NetworkAcls", "NetworkInterfaces"];

/// A gap for each of them, which says whose it is, or the commands that read it.
pub(super) fn gaps(snapshot: &Snapshot) -> Vec<Gap> {
    let mut gaps = of_peers(snapshot);
    gaps.extend(of_transit_gateways(snapshot));
    gaps
}

fn of_peers(snapshot: &Snapshot) -> Vec<Gap> {
    let header = &snapshot.header;
    let known = place::vpcs(&snapshot.aws);
    let mut gaps = Vec::new();
    for peering in snapshot.aws.vpc_peering_connections.iter().flatten() {
        let state = peering.status.as_ref().and_then(|status| status.code.as_deref());
        if state.is_some_and(|state| GONE.contains(&state)) {
            continue;
        }
        let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info].into_iter().flatten();
        for side in sides {
            let Some(vpc) = side.vpc_id.as_deref().filter(|vpc| !known.contains(*vpc)) else { continue };
            let foreign = side.owner_id.as_deref().filter(|owner| !is_read(snapshot, owner));
            let far = side
                .region
                .as_deref()
                .filter(|region| header.region.as_deref().is_some_and(|ours| ours != *region));
            match (foreign, far) {
                (Some(owner), _) => gaps.extend(of_account(snapshot, "Vpcs", vpc, owner)),
                (None, Some(region)) => {
                    let message = format!("{vpc} is in region {region}; add the files of that region");
                    gaps.extend(gap(snapshot, "Vpcs", vpc, OTHER_REGION, message));
                }
                (None, None) => gaps.extend(OF_PEERS.iter().filter_map(|key| {
                    let command = of_vpc(collection(key)?, vpc, snapshot);
                    let message = format!("no file has `{key}` of {vpc}; `{command}` writes one");
                    gap(snapshot, key, vpc, NOT_IN_DIRECTORY, message)
                })),
            }
        }
    }
    gaps
}

/// An account that a transit gateway is only shared with is shown none of its route tables:
/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html>
fn of_transit_gateways(snapshot: &Snapshot) -> Vec<Gap> {
    let attachments = snapshot.aws.transit_gateway_attachments.iter().flatten();
    let owners: BTreeSet<(&str, &str)> = attachments
        .filter_map(|one| {
            Some((one.transit_gateway_id.as_deref()?, one.transit_gateway_owner_id.as_deref()?))
        })
        .filter(|(_, owner)| !is_read(snapshot, owner))
        .collect();
    owners
        .into_iter()
        .filter_map(|(gateway, owner)| of_account(snapshot, "TransitGatewayRouteTables", gateway, owner))
        .collect()
}

/// Whether an account's own files may be here; without any account's name every account's may.
fn is_read(snapshot: &Snapshot, owner: &str) -> bool {
    let header = &snapshot.header;
    header.account.as_deref().is_none_or(|account| account == owner) || header.accounts.contains(owner)
}

fn of_account(snapshot: &Snapshot, key: &str, id: &str, owner: &str) -> Option<Gap> {
    let message = format!("{id} belongs to account {owner}; add the files of that account");
    gap(snapshot, key, id, OTHER_ACCOUNT, message)
}

fn gap(snapshot: &Snapshot, key: &str, id: &str, code: &str, message: String) -> Option<Gap> {
    let collection = collection(key)?;
    Some(Gap {
        service: collection.service.to_owned(),
        operation: collection.operation.to_owned(),
        region: snapshot.header.region.clone(),
        resource: Some(id.to_owned()),
        code: code.to_owned(),
        message,
        // No call was denied.
        permission: None,
    })
}

/// The command that reads a collection of one VPC.
pub(super) fn of_vpc(collection: &Collection, vpc: &str, snapshot: &Snapshot) -> String {
    let verb = kebab(collection.operation);
    let plain = verb.strip_prefix("describe-").unwrap_or(&verb);
    let filter = quoted(&format!("Name=vpc-id,Values={vpc}"));
    let file = quoted(&format!("{plain}-{vpc}.json"));
    format!("aws ec2 {verb} --filters {filter}{} > {file}", region_option(snapshot))
}
