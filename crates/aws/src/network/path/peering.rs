//! VPC peering: from one VPC to one other, never further.
//!
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>

use std::collections::BTreeSet;

use privek_core::sets::addresses::AddressSet;

use crate::network::segment::Location;
use crate::network::tables::compiled::RouteOutcome;
use crate::network::tables::connection;
use crate::network::tables::side::Connection;
use crate::network::{BlockerCode, TraceLog};
use crate::snapshot::aws::ec2::{VpcPeeringConnection, VpcPeeringConnectionVpcInfo};

use super::edge::Edge;
use super::reasoner::Reasoner;
use super::run::{Arrival, Decider, Run, at, block_never};

const KIND: &str = "vpc-peering-connection";

impl<'s> Reasoner<'s> {
    pub(crate) fn over_peering_connection(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Vec<Arrival<'s>> {
        let vpc = decider.hop.vpc;
        let peering = self.peerings.get(id).copied();
        let far = peering.and_then(|peering| far_side(peering, vpc));
        let (Some(peering), Some(far)) = (peering, far) else {
            log.hop(run.leg, KIND, id, "unknown", "the peering connection was not read");
            log.missing(self.missing("VpcPeeringConnections", id));
            return Vec::new();
        };
        let status = peering.status.as_ref().and_then(|status| status.code.as_deref());
        if status.is_none() {
            log.missing(self.missing("VpcPeeringConnections", id));
        }
        let status = status.unwrap_or("in an unknown state");
        if !connection::is_active(peering) && peering.status.as_ref().is_some_and(|its| its.code.is_some()) {
            let reason = format!("{id} is {status}");
            log.hop(run.leg, KIND, id, "drop", &reason);
            let mut blocker = at(BlockerCode::PeeringInactive, KIND, id, None, reason);
            blocker.remedy.state = Some(status.to_owned());
            let [requester, accepter] = [&peering.requester_vpc_info, &peering.accepter_vpc_info];
            if let (Some(requester), Some(accepter)) = (requester, accepter) {
                // The owner of the accepter VPC accepts, in the accepter's Region:
                // https://docs.aws.amazon.com/vpc/latest/peering/accept-vpc-peering-connection.html
                let own = self.snapshot.header.account.as_ref().or(requester.owner_id.as_ref());
                blocker.remedy.account = accepter.owner_id.clone().filter(|account| Some(account) != own);
                let home = self.snapshot.header.region.as_ref();
                blocker.remedy.region = accepter.region.clone().filter(|region| Some(region) != home);
            }
            log.block(blocker);
            // It never forwards again, so that nothing behind it matters:
            // https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle
            if matches!(status, "deleted" | "deleting" | "rejected" | "expired" | "failed") {
                return Vec::new();
            }
        }
        if let Some(nat) = run.from.translator {
            // AWS documents transit gateways and virtual private gateways behind NAT gateways only:
            // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
            let nat = &nat.nat_gateway_id;
            let what = format!("whether {id} forwards packets from NAT gateway {nat}");
            log.missing([privek_core::known::Missing::unmodelled(what)]);
        }
        let far_vpc = far.vpc_id.as_deref().unwrap_or("a VPC without id");
        if let Some(to) = run.to.vpc() {
            if to != far_vpc {
                return self.block_transit(log, run, (id, far_vpc));
            }
            log.hop(run.leg, KIND, id, "forward", &format!("{status}, to {far_vpc}"));
            return self.deliver(log, run, (to, Connection::Peering(id.to_owned())));
        }
        if self.vpcs.contains_key(far_vpc) {
            return self.block_transit(log, run, (id, far_vpc));
        }
        let held = prefixes(far);
        let beyond = run.to.addresses.subtract(&held);
        if !held.is_empty() && !beyond.is_empty() {
            let blocked = self.block_transit(log, run.to(&run.to.only(&beyond)), (id, far_vpc));
            if beyond.contains_all(&run.to.addresses) {
                return blocked;
            }
        }
        log.hop(run.leg, KIND, id, "unknown", &format!("{far_vpc} was not read"));
        log.missing(
            ["Vpcs", "Subnets", "RouteTables", "NetworkAcls"]
                .iter()
                .flat_map(|key| self.missing(key, far_vpc)),
        );
        vec![Arrival::outside(run, Edge::Peering { id: id.to_owned(), vpc })]
    }

    /// From a peer nothing goes on, neither over another peering connection nor through any gateway:
    /// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>.
    fn block_transit(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (id, far): (&str, &str),
    ) -> Vec<Arrival<'s>> {
        let told = run.to.told(&run.to.addresses);
        let mut reason = format!("{id} connects {far} only, and AWS does not forward from {far} to {told}");
        let onward: Vec<String> = self.onward(far, run).into_iter().filter(|onward| onward != id).collect();
        if !onward.is_empty() {
            let onward = onward.join(" or ");
            reason = format!("{reason}: packets that enter {far} over {id} cannot leave {far} over {onward}");
        }
        block_never(log, run, id, reason)
    }

    /// The targets that would have to carry packets out of a VPC on their path: those of the VPC's own
    /// routes to other networks.
    fn onward(&self, vpc: &str, run: Run<'_, 's>) -> BTreeSet<String> {
        if let Location::Outside { via: Some(via) } = &run.to.place {
            return BTreeSet::from([via.clone()]);
        }
        let tables = self.tables.values().filter(|table| table.vpc_id.as_deref() == Some(vpc));
        let vpc = self.vpcs.get_key_value(vpc).map(|(vpc, _)| *vpc);
        let pieces = vpc
            .into_iter()
            .flat_map(|vpc| tables.clone().flat_map(move |table| self.routes(table, vpc, &run.to.addresses)));
        let routed: BTreeSet<String> = pieces
            .filter_map(|piece| match piece.outcome {
                RouteOutcome::To(target, _) => Some(target.to_owned()),
                _ => None,
            })
            .collect();
        if let (true, Location::Inside { vpc: far, .. }, Some(vpc)) = (routed.is_empty(), &run.to.place, vpc)
        {
            let peering = self.peerings_between(vpc, far).first().copied();
            let peering = peering.map(|peering| peering.vpc_peering_connection_id.as_str());
            return peering
                .or_else(|| self.common_gateway(vpc, far))
                .map(str::to_owned)
                .into_iter()
                .collect();
        }
        routed
    }

    /// The VPC at the other end of a peering connection.
    pub(crate) fn far_vpc(&self, id: &str, vpc: &str) -> Option<&'s str> {
        far_side(self.peerings.get(id)?, vpc)?.vpc_id.as_deref()
    }
}

fn far_side<'s>(peering: &'s VpcPeeringConnection, vpc: &str) -> Option<&'s VpcPeeringConnectionVpcInfo> {
    let is_own = |side: &VpcPeeringConnectionVpcInfo| side.vpc_id.as_deref() == Some(vpc);
    match (&peering.requester_vpc_info, &peering.accepter_vpc_info) {
        (Some(own), Some(far)) | (Some(far), Some(own)) if is_own(own) && !is_own(far) => Some(far),
        _ => None,
    }
}

fn prefixes(side: &VpcPeeringConnectionVpcInfo) -> AddressSet {
    let v4 = side.cidr_block_set.iter().filter_map(|block| block.cidr_block.as_deref());
    let v6 = side.ipv6_cidr_block_set.iter().filter_map(|block| block.ipv6_cidr_block.as_deref());
    let all = side.cidr_block.as_deref().into_iter().chain(v4).chain(v6);
    all.filter_map(|text| text.parse::<ipnet::IpNet>().ok()).collect()
}
