//! A route table that blocks a path, and the route that would fix the block.

use privek_core::sets::addresses::{AddressSet, told};

use crate::network::index::lookup::{self, RouteState};
use crate::network::segment::Location;
use crate::network::tables::route::is_propagated;
use crate::network::{BlockerCode, PublicAddresses, Remedy, TraceLog};
use crate::snapshot::aws::ec2::{NatGateway, VpcPeeringConnection};

use super::nat64;
use super::reasoner::Reasoner;
use super::run::{self, Arrival, Decider, Run, SubnetHop, at, kind, local};

/// The target of the routes that keep packets in the VPC.
const LOCAL: &str = "local";

impl<'s> Reasoner<'s> {
    /// A route table blocks the path: what a route for the addresses would need, and how far packets
    /// would come with that route, so that all blockers are named at once.
    pub(crate) fn block_route(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        code: BlockerCode,
        reason: &str,
    ) -> Vec<Arrival<'s>> {
        let id = decider.table.route_table_id.as_str();
        let hop = decider.hop;
        let target = if code == BlockerCode::RouteLocal { None } else { self.suggestion(run, hop) };
        let mut reason = reason.to_owned();
        if let Some(target) = target.as_deref().filter(|target| *target != LOCAL) {
            reason.push_str(&self.told_of_others(decider, target));
        }
        match code {
            BlockerCode::RouteElsewhere | BlockerCode::RouteLocal => {
                log.astray(run.leg, "route-table", id, &reason);
            }
            _ => log.hop(run.leg, "route-table", id, "drop", &reason),
        }
        let mut blocker = at(code, "route-table", id, Some(run.leg), reason);
        blocker.part = run.to.part(decider.addresses);
        blocker.remedy = Remedy {
            cidrs: decider.addresses.cidrs().iter().map(ToString::to_string).collect(),
            target_option: self.option(decider, target.as_deref()).map(str::to_owned),
            target: target.clone(),
            // A static route takes precedence over a propagated one, which no command replaces.
            replaces: (!decider.by.is_empty() && !is_propagated(decider.table, decider.by))
                .then(|| decider.by.to_owned()),
            subnet: Some(hop.subnet.subnet_id.clone()),
            ..Remedy::default()
        };
        log.block(blocker);
        let Some(target) = target else { return Vec::new() };
        let mut unseen = TraceLog::default();
        let arrivals = if target == LOCAL {
            self.deliver(&mut unseen, run, (hop.vpc, local(hop)))
        } else {
            self.through(&mut unseen, run, decider, &target)
        };
        log.append_unseen(unseen);
        arrivals
    }

    /// What a table's routes to the target do instead: they are for other addresses, or come after the one
    /// that decides, which is more specific, or is static where they are propagated.
    fn told_of_others(&self, decider: &Decider<'_, 's>, target: &str) -> String {
        let routes = decider.table.routes.iter().filter(|route| {
            lookup::target(route) == Some(target)
                && RouteState::of(route.state.as_deref()) == RouteState::Active
        });
        let (mut wider, mut others) = (Vec::new(), Vec::new());
        for route in routes {
            let Some(destination) = lookup::destination(route).map(str::to_owned) else { continue };
            let prefixes = self.destinations(route).map(|(prefixes, _)| prefixes).unwrap_or_default();
            let held: AddressSet = prefixes.into_iter().collect();
            if held.contains_all(decider.addresses) {
                wider.push(destination);
            } else {
                others.push(destination);
            }
        }
        match (wider.is_empty(), others.is_empty()) {
            (false, _) => format!("; the route to {target} for {} has lower precedence", told(&wider)),
            (true, false) => format!("; the route to {target} covers only {}", told(&others)),
            (true, true) => String::new(),
        }
    }

    /// The target that a route for packets should have, where there is no doubt about it.
    fn suggestion(&self, run: Run<'_, 's>, hop: SubnetHop<'s>) -> Option<String> {
        let vpc = hop.vpc;
        match &run.to.place {
            Location::Outside { .. } if run.to.prefix_list.is_some() => None,
            _ if run::is_meant(run) => self.way_out(run, hop),
            _ if nat64::is_translated(&run.to.addresses) => self.nat_gateway_for(hop),
            // Replies to the internet leave as the requests came.
            Location::Outside { .. }
                if hop.over.is_none() && run::is_on_internet(run.to) && self.has_public_address(run, vpc) =>
            {
                self.internet_gateways_by_vpc.get(vpc).map(|id| (*id).to_owned())
            }
            // Nothing else carries on what a transit gateway brought.
            _ if hop.over.is_some() => None,
            Location::Outside { via: Some(via) } => self.may_enter(via, vpc).then(|| via.clone()),
            Location::Outside { via: None } => self.gateway_towards(run, vpc),
            Location::Inside { vpc: far, .. } if *far == vpc => Some(LOCAL.to_owned()),
            Location::Inside { vpc: far, .. } => {
                // Nothing from elsewhere goes on to a peer. What is deleted, rejected or expired never becomes active again:
                // https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle
                let alive = |peering: &&&VpcPeeringConnection| {
                    let status = peering.status.as_ref().and_then(|status| status.code.as_deref());
                    matches!(status, None | Some("active" | "pending-acceptance" | "provisioning"))
                };
                if let Some(peering) = self.peerings_between(vpc, far).iter().find(alive)
                    && run.from.translator.is_none()
                    && run.from.vpc() == Some(vpc)
                {
                    return Some(peering.vpc_peering_connection_id.clone());
                }
                self.common_gateway(vpc, far).map(str::to_owned)
            }
        }
    }

    /// The option for a target. A route more specific than the VPC's prefix is deleted, so that the local
    /// route decides; the local route itself, once it was sent elsewhere, is put back:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/replace-local-route-target.html>
    fn option(&self, decider: &Decider<'_, 's>, target: Option<&str>) -> Option<&'static str> {
        if target != Some(LOCAL) {
            return target.and_then(target_option);
        }
        let own = self.vpc_cidrs(decider.hop.vpc).unwrap_or_default();
        own.iter().any(|prefix| prefix.to_string() == decider.by).then_some("--local-target")
    }

    /// The gateway to a network without a declared connection: the transit gateway that has a route
    /// for all of it to a network outside AWS, or else the one virtual private gateway of a VPC without a
    /// transit gateway. That a transit gateway is all there is proves nothing: what led there may be gone.
    fn gateway_towards(&self, run: Run<'_, 's>, vpc: &str) -> Option<String> {
        let transit: Vec<&str> =
            self.transit_gateways_by_vpc.get(vpc).into_iter().flatten().copied().collect();
        if transit.is_empty() {
            return self.only_gateway(vpc);
        }
        let mut leading = transit.into_iter().filter(|gateway| {
            let attachments = self.vpc_attachments.get(&(*gateway, vpc)).into_iter().flatten();
            let mut ids = attachments.map(|its| its.transit_gateway_attachment_id.as_str());
            ids.any(|id| self.routes_outside(id, &run.to.addresses))
        });
        let first = leading.next()?;
        leading.next().is_none().then(|| first.to_owned())
    }

    /// The one gateway to private networks that a VPC has.
    fn only_gateway(&self, vpc: &str) -> Option<String> {
        let vpn = self.vpn_gateways_by_vpc.get(vpc).into_iter().flatten();
        let transit = self.transit_gateways_by_vpc.get(vpc).into_iter().flatten();
        let mut all = vpn.chain(transit);
        let first = all.next()?;
        all.next().is_none().then(|| (*first).to_owned())
    }

    /// Whether a gateway can be the target of a VPC's routes, as far as is known.
    fn may_enter(&self, via: &str, vpc: &str) -> bool {
        match kind(via) {
            "pcx" => !self.peerings.contains_key(via) || self.far_vpc(via, vpc).is_some(),
            "vgw" => self.vpn_gateways.get(via).is_none_or(|gateway| {
                let mut attached = gateway
                    .vpc_attachments
                    .iter()
                    .filter(|attachment| attachment.state.as_deref() == Some("attached"));
                attached.all(|attachment| attachment.vpc_id.as_deref() == Some(vpc))
            }),
            _ => true,
        }
    }

    /// The VPC's target for the internet: its own gateway for public addresses, else a NAT gateway,
    /// the one in the zone if there is one.
    fn way_out(&self, run: Run<'_, 's>, hop: SubnetHop<'s>) -> Option<String> {
        let vpc = hop.vpc;
        let own = self.internet_gateways_by_vpc.get(vpc).map(|id| (*id).to_owned());
        if !run.to.addresses.only_v6().is_empty() {
            let outbound_only = self.egress_only_gateways_by_vpc.get(vpc).map(|id| (*id).to_owned());
            return outbound_only.filter(|_| hop.over.is_none()).or(own.filter(|_| hop.over.is_none()));
        }
        if run.from.translator.is_some() || self.has_public_address(run, vpc) && hop.over.is_none() {
            return own;
        }
        let nat = self.nat_gateway_for(hop);
        nat.or_else(|| self.only_gateway(vpc).filter(|_| hop.over.is_none()))
    }

    /// Whether all that sends the packets has a public address.
    fn has_public_address(&self, run: Run<'_, 's>, vpc: &str) -> bool {
        let v6 = !run.from.addresses.only_v6().is_empty();
        match &run.from.mapped {
            _ if v6 => self.public_v6(vpc).contains_all(&run.from.addresses),
            Some(mapped) => mapped.contains_all(&run.from.addresses),
            None => run.from.public == PublicAddresses::Assigned,
        }
    }

    /// The NAT gateways of a VPC that forward to the internet.
    pub(crate) fn public_nat_gateways(&self, vpc: &str) -> impl Iterator<Item = &'s NatGateway> {
        let all = self.nat_gateways_by_vpc.get(vpc).into_iter().flatten().copied();
        all.filter(|nat| {
            nat.connectivity_type.as_deref() != Some("private") && nat.state.as_deref() == Some("available")
        })
    }

    /// A public NAT gateway of the VPC, the one in the zone if there is one.
    fn nat_gateway_for(&self, hop: SubnetHop<'s>) -> Option<String> {
        let all: Vec<&NatGateway> = self.public_nat_gateways(hop.vpc).collect();
        let near = |nat: &&&NatGateway| {
            let subnet = nat.subnet_id.as_deref().and_then(|id| self.subnets.get(id));
            subnet.is_some_and(|subnet| {
                subnet.availability_zone.is_some() && subnet.availability_zone == hop.subnet.availability_zone
            })
        };
        all.iter().find(near).or(all.first()).map(|nat| nat.nat_gateway_id.clone())
    }
}

fn target_option(target: &str) -> Option<&'static str> {
    match target.split('-').next()? {
        "pcx" => Some("--vpc-peering-connection-id"),
        "tgw" => Some("--transit-gateway-id"),
        "vgw" | "igw" => Some("--gateway-id"),
        "nat" => Some("--nat-gateway-id"),
        "eigw" => Some("--egress-only-internet-gateway-id"),
        "lgw" => Some("--local-gateway-id"),
        "cagw" => Some("--carrier-gateway-id"),
        "eni" => Some("--network-interface-id"),
        _ => None,
    }
}
