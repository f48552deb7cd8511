//! What only the owner of a VPC is shown.

use privek_core::header::Gap;

use super::aws;
use super::contents::Snapshot;
use super::elsewhere::OTHER_ACCOUNT;

/// Collections that only a VPC's owner can list in full:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html>
const OWNERS: [&str; 9] = [
    "FirewallRuleGroupAssociations",
    "HostedZonesByVPC",
    "NatGateways",
    "ProfileAssociations",
    "TransitGatewayAttachments",
    "TransitGatewayVpcAttachments",
    "VpcEndpoints",
    "VpcPeeringConnections",
    "VpnGateways",
];

/// An account that a VPC is only shared with is shown none of these; that is no proof that there are none.
/// `add` says what would read them.
pub fn leave_to_owners(snapshot: &mut Snapshot, add: &str) {
    let Some(account) = &snapshot.header.account else { return };
    for vpc in snapshot.aws.vpcs.iter().flatten() {
        let Some(owner) = vpc.owner_id.as_ref().filter(|owner| *owner != account) else { continue };
        for key in OWNERS {
            let Some(collection) = aws::collection(key) else { continue };
            if snapshot.header.scope.get_mut(key).is_some_and(|scope| scope.remove(&vpc.vpc_id)) {
                snapshot.header.gaps.push(Gap {
                    service: collection.service.to_owned(),
                    operation: collection.operation.to_owned(),
                    region: snapshot.header.region.clone(),
                    resource: Some(vpc.vpc_id.clone()),
                    code: OTHER_ACCOUNT.to_owned(),
                    message: format!("account {owner} shares {}; {add}", vpc.vpc_id),
                    permission: None,
                });
            }
        }
    }
}
