//! What one account's snapshot refers to and only another account can read: the owner's side of
//! shared VPCs and transit gateways, the far sides of peerings, VPCs behind transit gateways.

use std::collections::BTreeSet;

use futures::join;
use privek_aws::snapshot::Snapshot;
use privek_aws::snapshot::aws::ec2::VpcPeeringConnectionVpcInfo;

use crate::collect::aws::ec2;
use crate::collect::aws::ec2::vpcs::{self, prefixes};
use crate::collect::aws::operations;
use crate::collect::aws::session::{Session, each};

use super::{afterwards, asking_vpcs, region, transit, transit_vpcs, vpc};

/// Ids that a snapshot refers to without having read them whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unread {
    /// VPCs that an account has subnets of, which another account shares with it.
    pub(crate) shared: BTreeSet<String>,
    /// Other VPCs.
    pub(crate) vpcs: BTreeSet<String>,
    /// Transit gateways.
    pub(crate) transit_gateways: BTreeSet<String>,
    /// The VPCs that the snapshot is about, with their prefixes.
    pub(crate) near: BTreeSet<String>,
    prefixes: Vec<ipnet::IpNet>,
}

impl Unread {
    /// What this snapshot refers to.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let aws = &snapshot.aws;
        let mut unread = Self::default();
        let in_full = ["VpcPeeringConnections", "SecurityGroupVpcAssociations"];
        let in_full = in_full.iter().filter_map(|key| snapshot.header.scope.get(*key)).flatten().cloned();
        let clusters = aws.cluster.iter().flatten();
        let clusters = clusters.filter_map(|cluster| cluster.resources_vpc_config.as_ref()?.vpc_id.clone());
        unread.near = in_full.chain(clusters).collect();
        for vpc in aws.vpcs.iter().flatten() {
            if unread.near.contains(&vpc.vpc_id) {
                unread.prefixes.extend(prefixes(vpc));
            }
        }
        let is_read =
            |vpc: &str| snapshot.header.covers("RouteTables", vpc) && snapshot.header.covers("Subnets", vpc);
        for peering in aws.vpc_peering_connections.iter().flatten() {
            let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info].into_iter().flatten();
            let ids = sides.filter_map(|VpcPeeringConnectionVpcInfo { vpc_id, .. }| vpc_id.as_deref());
            unread.vpcs.extend(ids.filter(|vpc| !is_read(vpc)).map(str::to_owned));
        }
        for gap in &snapshot.header.gaps {
            let Some(id) = gap.resource.as_deref().filter(|id| id.starts_with("vpc-")) else { continue };
            match gap.code.as_str() {
                "OtherAccount" if gap.operation == operations::DESCRIBE_VPCS.operation => {
                    unread.vpcs.insert(id.to_owned());
                }
                "OtherAccount" => {
                    unread.shared.insert(id.to_owned());
                }
                _ => {}
            }
        }
        let owned = |tables: &Option<Vec<_>>, id: &str| {
            tables.is_some() && snapshot.header.covers("TransitGatewayRouteTables", id)
        };
        let attached = aws.transit_gateway_attachments.iter().flatten();
        let attached = attached.filter_map(|attachment| attachment.transit_gateway_id.as_deref());
        let foreign = attached.filter(|id| !owned(&aws.transit_gateway_route_tables, id));
        unread.transit_gateways = foreign.map(str::to_owned).collect();
        unread
    }

    /// Whether there is nothing that another account could add.
    pub(crate) fn is_empty(&self) -> bool {
        self.shared.is_empty() && self.vpcs.is_empty() && self.transit_gateways.is_empty()
    }
}

/// Reads what of it belongs to this account. That nothing answers to an id is no fact about it.
pub(crate) async fn read(session: &Session<'_>, unread: &Unread, networks: &[ipnet::IpNet]) {
    let ec2 = &session.clients.ec2;
    let ids: Vec<String> = unread.shared.union(&unread.vpcs).cloned().collect();
    let wanted: Vec<String> = unread.transit_gateways.iter().cloned().collect();
    let vpcs = async {
        let batches =
            each(ids.chunks(200), |ids| session.call(operations::DESCRIBE_VPCS, &[], vpcs::vpcs(ec2, ids)));
        batches.await.into_iter().flatten().flatten().collect::<Vec<_>>()
    };
    let transit_gateways = async {
        let of_batch =
            |ids| session.call(operations::DESCRIBE_TRANSIT_GATEWAYS, &[], ec2::transit::gateways(ec2, ids));
        let batches = each(wanted.chunks(200), of_batch);
        batches.await.into_iter().flatten().flatten().collect::<Vec<_>>()
    };
    let (vpcs, gateways, (), ()) =
        join!(vpcs, transit_gateways, region::all(session), region::resolver_rules(session));
    let account = session.look(|snapshot| snapshot.header.account.clone());
    let own = |owner: &Option<String>| owner.is_none() || account.is_none() || *owner == account;
    let vpcs = vpcs.into_iter().filter(|vpc| own(&vpc.owner_id)).map(|vpc| vpc.vpc_id);
    let (shared, others): (Vec<String>, Vec<String>) = vpcs.partition(|id| unread.shared.contains(id));
    let gateways: Vec<_> = gateways.into_iter().filter(|gateway| own(&gateway.owner_id)).collect();
    join!(
        vpc::near(session, shared.iter()),
        each(others.chunks(200), |batch| Box::pin(vpc::behind(session, batch))),
        each(gateways, |gateway| async move {
            let id = gateway.transit_gateway_id.clone();
            transit::gateway(session, id, gateway.owner_id).await;
        }),
    );
    asking_vpcs::read(session, networks).await;
    let networks: Vec<_> = networks.iter().chain(&unread.prefixes).copied().collect();
    transit_vpcs::read(session, &unread.near, &BTreeSet::new(), &networks).await;
    afterwards::all(session).await;
}
