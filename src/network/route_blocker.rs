//! A route table in the way, and the route that would mend it.

use super::{
    BlockerCode, Network, Remedy,
    leg::{Decider, Run, at},
    lookup,
    part::{Part, Place},
    story::Story,
};

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
        let target = self.suggestion(decider.vpc, run.to);
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
    fn suggestion(&self, vpc: &str, to: &Part<'s>) -> Option<String> {
        match &to.place {
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
}

fn target_option(target: &str) -> Option<&'static str> {
    match target.split('-').next()? {
        "pcx" => Some("--vpc-peering-connection-id"),
        "tgw" => Some("--transit-gateway-id"),
        "vgw" => Some("--gateway-id"),
        "eni" => Some("--network-interface-id"),
        _ => None,
    }
}
