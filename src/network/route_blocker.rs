//! A route table in the way, and the route that would mend it.

use super::{
    BlockerCode, Network, Remedy,
    leg::{Decider, Run, at},
    lookup,
    part::{Part, Place},
    story::Story,
};
use crate::snapshot::aws::ec2::{NatGateway, Subnet};

impl<'s> Network<'s> {
    /// A route table stands in the way: what a route for the addresses would need.
    pub(super) fn block_route(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        code: BlockerCode,
        reason: &str,
    ) {
        let id = decider.table.route_table_id.as_str();
        let target = self.suggestion(decider.vpc, run);
        let mut reason = reason.to_owned();
        if let Some(target) = &target {
            let there: Vec<&str> = decider
                .table
                .routes
                .iter()
                .filter(|route| lookup::target(route) == Some(target) && lookup::is_active(route))
                .filter_map(lookup::destination)
                .collect();
            if !there.is_empty() {
                reason = format!("{reason}; its route to {target} covers only {}", there.join(", "));
            }
        }
        let dropped = match code {
            BlockerCode::RouteElsewhere | BlockerCode::RouteLocal => "forward",
            _ => "drop",
        };
        story.hop(run.leg, "route-table", id, dropped, &reason);
        let mut blocker = at(code, "route-table", id, Some(run.leg), reason);
        blocker.part = run.to.part(decider.addresses);
        blocker.remedy = Remedy {
            cidrs: decider.addresses.cidrs().iter().map(ToString::to_string).collect(),
            target_option: target.as_deref().and_then(target_option).map(str::to_owned),
            target,
            replaces: (!decider.by.is_empty()).then(|| decider.by.to_owned()),
            subnet: Some(decider.subnet.subnet_id.clone()),
            ..Remedy::default()
        };
        story.block(blocker);
    }

    /// The target that a route from a VPC to a part should have, where there is no doubt about it.
    fn suggestion(&self, vpc: &str, run: Run<'_, 's>) -> Option<String> {
        let to = run.to;
        match &to.place {
            Place::Outside { .. } if to.internet => self.way_out(vpc, run.from),
            Place::Outside { via: Some(via) } => Some(via.clone()),
            Place::Outside { via: None } => {
                let attached = |gateway: &&crate::snapshot::aws::ec2::VpnGateway| {
                    gateway.vpc_attachments.iter().any(|attachment| attachment.vpc_id.as_deref() == Some(vpc))
                };
                let vpn = self
                    .vpn_gateways
                    .values()
                    .copied()
                    .filter(attached)
                    .map(|gateway| &gateway.vpn_gateway_id);
                let transit =
                    self.vpc_attachments.keys().filter(|(_, of)| *of == vpc).map(|(gateway, _)| *gateway);
                let mut all = vpn.map(String::as_str).chain(transit);
                let first = all.next()?;
                all.next().is_none().then(|| first.to_owned())
            }
            Place::Inside { vpc: far, .. } if *far == vpc => None,
            Place::Inside { vpc: far, .. } => {
                if let Some(peering) = self.peerings_between(vpc, far).first() {
                    return Some(peering.vpc_peering_connection_id.clone());
                }
                self.common_gateway(vpc, far).map(str::to_owned)
            }
        }
    }

    /// A NAT gateway's own subnet needs the internet gateway; any other a NAT gateway, in its zone if
    /// there is one.
    fn way_out(&self, vpc: &str, from: &Part<'s>) -> Option<String> {
        if from.translator.is_some() {
            return self.internet_gateway_of(vpc).map(|gateway| gateway.internet_gateway_id.clone());
        }
        let zone = |subnet: &Subnet| subnet.availability_zone.clone();
        let near = from.subnet().and_then(zone);
        let usable = |nat: &&NatGateway| {
            nat.vpc_id.as_deref() == Some(vpc)
                && nat.connectivity_type.as_deref() != Some("private")
                && nat.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("available"))
        };
        let mut all: Vec<&NatGateway> = self.nat_gateways.values().copied().filter(usable).collect();
        all.sort_by_key(|nat| {
            let its =
                nat.subnet_id.as_deref().and_then(|id| self.subnets.get(id)).and_then(|subnet| zone(subnet));
            its != near
        });
        all.first().map(|nat| nat.nat_gateway_id.clone())
    }
}

fn target_option(target: &str) -> Option<&'static str> {
    match target.split('-').next()? {
        "pcx" => Some("--vpc-peering-connection-id"),
        "tgw" => Some("--transit-gateway-id"),
        "vgw" | "igw" => Some("--gateway-id"),
        "nat" => Some("--nat-gateway-id"),
        "eni" => Some("--network-interface-id"),
        _ => None,
    }
}
