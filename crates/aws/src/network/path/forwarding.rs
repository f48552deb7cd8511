//! Hop by hop: out of a subnet by its route table, through the target of the route, and on from
//! that target, until the packets arrive, leave AWS or are translated.

use privek_core::known::Missing;
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;

use crate::network::segment::Location;
use crate::network::tables::compiled::{Direction, Piece, RouteOutcome};
use crate::network::tables::side::Connection;
use crate::network::{BlockerCode, TraceLog};
use crate::snapshot::aws::ec2::RouteTable;

use super::reasoner::Reasoner;
use super::run::{self, Arrival, Decider, Run, SubnetHop, block_never, declared, is_target, kind, local};

impl<'s> Reasoner<'s> {
    /// Sends packets out of the subnet that they are in.
    pub(crate) fn depart(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        hop: SubnetHop<'s>,
    ) -> Vec<Arrival<'s>> {
        let Run { leg, from, to, points } = run;
        let id = hop.subnet.subnet_id.as_str();
        if to.subnet().is_some_and(|to| to.subnet_id == id) {
            // Neither the route table nor the network ACL decides about what stays in the subnet, nor the ACL
            // what a transit gateway brings into it: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
            log.hop(leg, "subnet", id, "forward", "source and destination are in the same subnet");
            return vec![Arrival::destination(run, local(hop))];
        }
        let told = from.told(&from.addresses);
        log.hop(leg, "subnet", id, "forward", &told);
        self.check_acl(log, leg, (id, Direction::Outbound), to, points);
        let table = match self.effective_route_table(id) {
            Ok(table) => table,
            Err(missing) => {
                log.hop(leg, "route-table", id, "unknown", "the route table was not read");
                log.missing(missing);
                return Vec::new();
            }
        };
        let mut arrivals = Vec::new();
        for piece in self.routes(table, hop.vpc, &to.addresses.union(&to.around)) {
            if !piece.addresses.intersect(&to.addresses).is_empty() {
                arrivals.extend(self.forward(log, run, (table, hop), &piece));
            }
        }
        arrivals
    }

    /// What one route does.
    fn forward(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (table, hop): (&'s RouteTable, SubnetHop<'s>),
        piece: &Piece<'s>,
    ) -> Vec<Arrival<'s>> {
        let (id, vpc) = (table.route_table_id.as_str(), hop.vpc);
        let to = &*run.to.only(&piece.addresses);
        let run = run.to(to);
        let addresses = if piece.addresses.contains_all(&to.around) { &to.around } else { &to.addresses };
        let told = addresses.told();
        let decider = |by| Decider { table, hop, addresses, by };
        let (by, code, reason) = match &piece.outcome {
            RouteOutcome::Unknown(missing) => {
                log.hop(run.leg, "route-table", id, "unknown", &format!("the route for {told}"));
                log.missing(missing.clone());
                return Vec::new();
            }
            RouteOutcome::Local(by) if to.vpc() == Some(vpc) => {
                log.hop(run.leg, "route-table", id, "forward", &format!("{by} to local"));
                return self.deliver(log, run, (vpc, local(hop)));
            }
            RouteOutcome::To(target, by) => return self.forward_to(log, run, &decider(by), target),
            RouteOutcome::Nowhere => ("", BlockerCode::RouteMissing, format!("{id} has no route for {told}")),
            RouteOutcome::Blackhole(by) => {
                let reason = format!("{id} has a blackhole route for {by}");
                (by.as_str(), BlockerCode::RouteBlackhole, reason)
            }
            RouteOutcome::Local(_) if to.vpc().is_none() && !self.vpcs.contains_key(vpc) => {
                log.missing(self.missing("Vpcs", vpc));
                return Vec::new();
            }
            RouteOutcome::Local(by) => {
                let reason = format!("{id} keeps packets to {told} in {vpc} by local route {by}");
                (by.as_str(), BlockerCode::RouteLocal, reason)
            }
        };
        self.block_route(log, run, &decider(by), code, &reason)
    }

    fn forward_to(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        target: &str,
    ) -> Vec<Arrival<'s>> {
        let id = decider.table.route_table_id.as_str();
        let kind = kind(target);
        if let Some(reason) = self.never(run, decider, target) {
            return block_never(log, run, target, reason);
        }
        if self.leads_away(run, decider, target) {
            return self.lead_away(log, run, decider, target);
        }
        if let Location::Outside { via: Some(via) } = &run.to.place
            && !is_target(via)
        {
            log.missing([Missing::unmodelled(format!("{via} as the connection of {}", run.to.label))]);
        }
        log.hop(run.leg, "route-table", id, "forward", &format!("{} to {target}", decider.by));
        if matches!(&run.to.place, Location::Outside { via } if declared(via.as_deref()).is_none())
            && matches!(kind, "vgw" | "tgw" | "pcx")
            && !run::is_meant(run)
        {
            log.assume(format!(
                "{} is connected through {target}, to which {id} sends {}.",
                run.to.label,
                decider.addresses.told()
            ));
        }
        self.through(log, run, decider, target)
    }

    /// Through the target of a route.
    pub(crate) fn through(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        target: &str,
    ) -> Vec<Arrival<'s>> {
        match kind(target) {
            "pcx" => self.over_peering_connection(log, run, decider, target),
            "vgw" => self.over_vpn_gateway(log, run, decider, target),
            "tgw" => self.over_transit_gateway_attachment(log, run, decider, target),
            "igw" | "eigw" => self.over_internet_gateway(log, run, decider, target),
            "nat" => self.to_nat_gateway(log, run, decider, target),
            "vpce" if self.is_gateway_endpoint(target) => {
                self.over_gateway_endpoint(log, run, decider, target)
            }
            "eni" | "i" => self.over_interface(log, run, decider, target),
            _ => self.over_unknown(log, run, decider, target),
        }
    }

    /// Whether a route has another target than the packets' destination needs.
    fn leads_away(&self, run: Run<'_, 's>, decider: &Decider<'_, 's>, target: &str) -> bool {
        let declared = match &run.to.place {
            Location::Outside { via } => declared(via.as_deref()),
            Location::Inside { .. } => None,
        };
        let other = declared.is_some_and(|via| via != target);
        match kind(target) {
            // An internet gateway lets in what a public address is for; an egress-only one nothing.
            "igw" => !run::is_on_internet(run.to),
            "eigw" => !run::is_meant(run),
            "nat" => self.nat_leads_away(run, decider, target),
            "vgw" => self.is_vain_on_premises(run, decider.hop.vpc) || other,
            "tgw" if declared.is_some_and(|via| self.peering_attachment(target, via).is_some()) => false,
            "pcx" | "tgw" => run.to.vpc() == Some(decider.hop.vpc) || other,
            "vpce" if self.is_gateway_endpoint(target) => run.to.vpc().is_some() || run.leg == Leg::Reply,
            // What an appliance does with packets is its own affair.
            _ => false,
        }
    }

    /// Why AWS forwards nothing to this target, whatever the routes say: what a transit gateway brought
    /// into a VPC leaves it through NAT gateways alone, as no gateway has a public address for it, and as
    /// replies from a peer or a private network would not find back; and what a peer brought never leaves.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
    fn never(&self, run: Run<'_, 's>, decider: &Decider<'_, 's>, target: &str) -> Option<String> {
        let SubnetHop { vpc, over, .. } = decider.hop;
        if let Some(attachment) = over
            && (matches!(kind(target), "pcx" | "vgw" | "igw" | "eigw") || self.is_gateway_endpoint(target))
        {
            let gateway = attachment.transit_gateway_id.as_deref().unwrap_or("a transit gateway");
            return Some(format!("packets that enter {vpc} over {gateway} cannot leave {vpc} over {target}"));
        }
        let Location::Outside { via: Some(via) } = &run.to.place else { return None };
        let far = (kind(target) == "pcx" && via != target).then(|| self.far_vpc(target, vpc)).flatten()?;
        let held = match kind(via) {
            "vgw" => self.vpn_gateways_by_vpc.get(far).is_some_and(|ids| ids.contains(&via.as_str())),
            "tgw" => self.vpc_attachments.contains_key(&(via.as_str(), far)),
            "pcx" => self.far_vpc(via, far).is_some(),
            _ => false,
        };
        held.then(|| format!("packets that enter {far} over {target} cannot leave {far} over {via}"))
    }

    fn lead_away(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        target: &str,
    ) -> Vec<Arrival<'s>> {
        let id = &decider.table.route_table_id;
        let reason = format!("{id} sends {} to {target} ({})", decider.addresses.told(), decider.by);
        match self.holder_behind(run, decider, target) {
            // Another target would cut that VPC off.
            Some(holder) => {
                let reason = format!("{reason}, which leads to {holder}, whose CIDRs contain the addresses");
                self.block_route(log, run, decider, BlockerCode::RouteLocal, &reason)
            }
            None => self.block_route(log, run, decider, BlockerCode::RouteElsewhere, &reason),
        }
    }

    /// The VPC to which a route leads rightly, where it has the addresses of a declared network.
    fn holder_behind(&self, run: Run<'_, 's>, decider: &Decider<'_, 's>, target: &str) -> Option<&'s str> {
        let Location::Outside { .. } = &run.to.place else { return None };
        let vpc = decider.hop.vpc;
        let holds = |far: &str| {
            let own: Option<AddressSet> = self.vpc_cidrs(far).ok().map(|own| own.into_iter().collect());
            own.is_some_and(|own| own.contains_all(decider.addresses))
        };
        match kind(target) {
            "pcx" => self.far_vpc(target, vpc).filter(|far| holds(far)),
            "tgw" => {
                self.vpcs.keys().copied().find(|far| {
                    *far != vpc && self.vpc_attachments.contains_key(&(target, *far)) && holds(far)
                })
            }
            _ => None,
        }
    }

    /// Into the subnet of the destination, which is in this VPC.
    pub(crate) fn deliver(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (vpc, connection): (&str, Connection),
    ) -> Vec<Arrival<'s>> {
        let Some(subnet) = run.to.subnet().filter(|_| run.to.vpc() == Some(vpc)) else {
            let what = format!("the path from {} to {}", vpc, run.to.label);
            log.missing([Missing::unmodelled(what)]);
            return Vec::new();
        };
        self.check_acl(log, run.leg, (&subnet.subnet_id, Direction::Inbound), run.from, run.points);
        let told = run.to.told(&run.to.addresses);
        log.hop(run.leg, "subnet", &subnet.subnet_id, "forward", &told);
        vec![Arrival::destination(run, connection)]
    }
}
