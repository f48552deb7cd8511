//! What a transit gateway needs, where a route, an attachment or an association of it is missing.

use std::collections::BTreeMap;

use crate::network::index::lookup::RouteState;
use crate::network::index::zone::{ZoneKind, zone};
use crate::network::tables::network_acl;
use crate::network::{BlockerCode, TraceLog};
use crate::snapshot::aws::ec2::{Subnet, TransitGatewayAttachment, TransitGatewayRoute};

use super::edge::Edge;
use super::reasoner::Reasoner;
use super::run::{Arrival, Origin, Run, TABLE, at};
use super::transit::Step;
use super::transit_attachment::is_private_network;

impl<'s> Reasoner<'s> {
    /// A route table of a transit gateway blocks the path.
    pub(crate) fn block_table(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        step: Step<'_, 's>,
    ) -> Vec<Arrival<'s>> {
        let Step { gateway, table, route, origin } = step;
        let wanted = self.wanted_attachment(run, gateway, origin);
        let reason = elsewhere(table, &run.to.told(&run.to.addresses), route);
        log.hop(run.leg, TABLE, table, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayRoute, TABLE, table, Some(run.leg), reason);
        blocker.part = run.to.part(&run.to.addresses);
        blocker.remedy.cidrs = run.to.prefixes_for_fix(&run.to.addresses);
        blocker.remedy.target_option = wanted.map(|_| "--transit-gateway-attachment-id".to_owned());
        blocker.remedy.target = wanted.map(str::to_owned);
        // A static route comes before a propagated one, and takes its place unasked.
        let of_static = route.filter(|route| route.r#type.as_deref() != Some("propagated"));
        blocker.remedy.replaces = of_static.map(|route| destination(route).to_owned());
        log.block(blocker);
        let mut unseen = TraceLog::default();
        let arrivals = match wanted.map(|id| (id, self.vpc_attachments_by_id.get(id).copied())) {
            Some((_, Some(attachment))) => self.arrive(&mut unseen, run, attachment, origin),
            Some((id, None)) if run.to.vpc().is_some() => {
                self.over_transit_peering(&mut unseen, run, step, (id, None))
            }
            Some((id, None)) => {
                let edge = Edge::Attachment { gateway: gateway.to_owned(), id: id.to_owned() };
                vec![Arrival::outside(run, edge)]
            }
            None => self.arrive_unseen(&mut unseen, run, gateway, origin),
        };
        log.append_unseen(unseen);
        arrivals
    }

    /// The attachment that should be the target of a gateway's route, where there is no doubt about it.
    fn wanted_attachment(&self, run: Run<'_, 's>, gateway: &str, origin: Origin<'s>) -> Option<&'s str> {
        if let Some(vpc) = run.to.vpc() {
            let own = self.vpc_attachments.get(&(gateway, vpc)).and_then(|all| all.first());
            let own = own.map(|its| its.transit_gateway_attachment_id.as_str());
            return own.or_else(|| self.peering_towards(gateway, vpc));
        }
        let only = |mut all: Box<dyn Iterator<Item = &'s str> + '_>| {
            let first = all.next()?;
            all.next().is_none().then_some(first)
        };
        if super::run::is_meant(run) {
            let range = (gateway, "")..;
            let its = self.vpc_attachments.range(range).take_while(|((id, _), _)| *id == gateway);
            let with_nat = its.filter(|((_, vpc), _)| {
                origin.vpc != Some(vpc) && self.public_nat_gateways(vpc).next().is_some()
            });
            let ids = with_nat.filter_map(|(_, its)| its.first());
            return only(Box::new(ids.map(|its| its.transit_gateway_attachment_id.as_str())));
        }
        let others = self.other_attachments.get(gateway).into_iter().flatten();
        let outward = others.filter(|its| its.resource_type.as_deref().is_some_and(is_private_network));
        only(Box::new(outward.map(|its| its.transit_gateway_attachment_id.as_str())))
    }

    /// The subnet of a VPC to attach in a zone: always the same one, since a zone has one.
    pub(crate) fn subnet_to_attach(&self, vpc: &str, zone: &str) -> Option<&'s str> {
        self.subnets_to_attach(vpc).remove(zone)
    }

    /// One subnet of a VPC for each of its zones. Better one whose network ACL lets everything through,
    /// because what goes over the gateway passes it; then a small one, which AWS recommends:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-best-design-practices.html>. None of a Local Zone, nor
    /// one without IPv4: <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>.
    pub(crate) fn subnets_to_attach(&self, vpc: &str) -> BTreeMap<&'s str, &'s str> {
        let fits = |subnet: &&Subnet| {
            subnet.vpc_id.as_deref() == Some(vpc)
                && subnet.ipv6_native != Some(true)
                && self.zone_kind(subnet) == Ok(ZoneKind::Regional)
        };
        let mut all: Vec<&'s Subnet> = self.subnets.values().copied().filter(fits).collect();
        all.sort_by_cached_key(|subnet| {
            let open = self.network_acl(&subnet.subnet_id).is_ok_and(network_acl::lets_all_through);
            let size =
                subnet.cidr_block.as_deref().and_then(|text| text.split_once('/')?.1.parse::<u8>().ok());
            (!open, std::cmp::Reverse(size), subnet.subnet_id.as_str())
        });
        let mut chosen = BTreeMap::new();
        for subnet in all {
            if let Some(zone) = zone(subnet) {
                chosen.entry(zone).or_insert(subnet.subnet_id.as_str());
            }
        }
        chosen
    }

    /// Whether a gateway puts a new attachment into its default route table, and a route to it:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>
    pub(crate) fn routes_by_itself(&self, gateway: &str) -> bool {
        let mut gateways = self.snapshot.aws.transit_gateways.iter().flatten();
        let its = gateways.find(|its| its.transit_gateway_id == gateway).and_then(|its| its.options.as_ref());
        let on = |option: Option<&String>| option.is_some_and(|option| option == "enable");
        its.is_some_and(|its| {
            on(its.default_route_table_association.as_ref())
                && on(its.default_route_table_propagation.as_ref())
        })
    }

    /// The route table to associate an attachment with: the gateway's default one, or its only one.
    pub(crate) fn table_to_associate(&self, attachment: &TransitGatewayAttachment) -> Option<&'s str> {
        let gateway = attachment.transit_gateway_id.as_deref()?;
        let tables = self.snapshot.aws.transit_gateway_route_tables.iter().flatten();
        let its = tables.filter(|table| table.transit_gateway_id.as_deref() == Some(gateway));
        // Nothing can be associated with one that goes.
        let goes = |state: Option<&str>| state.is_some_and(|state| state.starts_with("delet"));
        let its: Vec<_> = its.filter(|table| !goes(table.state.as_deref())).collect();
        let default = its.iter().find(|table| table.default_association_route_table == Some(true));
        let only = if its.len() == 1 { its.first() } else { None };
        default.or(only).map(|table| table.transit_gateway_route_table_id.as_str())
    }
}

/// What a route is for.
pub(crate) fn destination(route: &TransitGatewayRoute) -> &str {
    route.destination_cidr_block.as_deref().or(route.prefix_list_id.as_deref()).unwrap_or_default()
}

fn elsewhere(table: &str, told: &str, route: Option<&TransitGatewayRoute>) -> String {
    match route {
        None => format!("{table} has no route for {told}"),
        Some(route) if RouteState::of(route.state.as_deref()) == RouteState::Blackhole => {
            format!("{table} has a blackhole route for {}", destination(route))
        }
        Some(route) => {
            let to: Vec<&str> = route
                .transit_gateway_attachments
                .iter()
                .filter_map(|its| its.transit_gateway_attachment_id.as_deref())
                .collect();
            format!("{table} sends {told} to {} ({})", to.join(", "), destination(route))
        }
    }
}
