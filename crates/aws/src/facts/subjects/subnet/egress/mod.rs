//! The targets of a subnet's routes: the internet, or gateways of other zones.

use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::serving::callers;
use crate::network::{AttachmentElsewhere, Egress, NatElsewhere};

/// What rules see of a subnet's routes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SubnetEgressFacts {
    /// Whether the subnet has a route to an internet gateway (`RouteTables[].Routes[].GatewayId`).
    public: Fact<bool>,
    /// Whether the subnet can reach the internet through a public NAT gateway, or an internet gateway and
    /// public addresses (`RouteTables[].Routes`, `Subnets[].MapPublicIpOnLaunch`). Unknown if another network
    /// decides.
    way_out: Fact<bool>,
    /// NAT gateways in other zones that are targets of the subnet's routes
    /// (`RouteTables[].Routes[].NatGatewayId`, `NatGateways[].SubnetId`).
    nat_gateways_elsewhere: Fact<Vec<NatFacts>>,
    /// Whether the subnet's routes have no NAT gateway in another zone as target.
    nat_gateways_in_zone: Fact<bool>,
    /// A NAT gateway in the subnet's zone that the subnet's routes could use; null without a NAT gateway in
    /// the zone.
    nat_gateway_of_zone: Fact<Option<String>>,
    /// A subnet in the same zone with a route to an internet gateway, for a new NAT gateway; null where no
    /// subnet has one.
    public_subnet_of_zone: Fact<Option<String>>,
    /// The network border group of public addresses in the subnet's zone
    /// (`AvailabilityZones[].NetworkBorderGroup`); null in an Availability Zone, which uses the Region's.
    network_border_group: Fact<Option<String>>,
    /// Transit gateway attachments in the subnet's routes without a subnet in the subnet's zone
    /// (`TransitGatewayVpcAttachments[].SubnetIds`).
    transit_gateways_elsewhere: Fact<Vec<TransitFacts>>,
    /// Whether every transit gateway attachment in the subnet's routes has a subnet in the subnet's zone.
    transit_gateways_in_zone: Fact<bool>,
    /// Whether the target of the subnet's default route is a transit gateway.
    leaves_by_transit_gateway: Fact<bool>,
}

/// A route to a NAT gateway of another zone.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct NatFacts {
    /// `NatGateways[].NatGatewayId`.
    id: String,
    /// The NAT gateway's zone.
    zone: String,
    /// `RouteTables[].Routes[].DestinationCidrBlock`, or the IPv6 CIDR of the route.
    destination: String,
}

/// A transit gateway attachment without a subnet in the zone.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct TransitFacts {
    /// `TransitGatewayVpcAttachments[].TransitGatewayAttachmentId`.
    id: String,
    /// `TransitGatewayVpcAttachments[].TransitGatewayId`.
    gateway: String,
    /// A subnet of the zone for the transit gateway attachment.
    subnet: String,
}

/// The facts about one subnet.
pub(crate) fn facts(context: &Context<'_>, id: &str) -> SubnetEgressFacts {
    let network = &context.network;
    let nats = network.nat_gateways_elsewhere(id);
    let transit = network.attachments_elsewhere(id);
    SubnetEgressFacts {
        public: Fact(network.is_public(id)),
        way_out: Fact(callers::way_out(context, id)),
        nat_gateways_in_zone: Fact(nats.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        nat_gateways_elsewhere: Fact(nats.map(|all| {
            let told = |NatElsewhere { id, zone, destination }| NatFacts { id, zone, destination };
            all.into_iter().map(told).collect()
        })),
        nat_gateway_of_zone: Fact(network.nat_gateway_of_zone(id)),
        public_subnet_of_zone: Fact(network.public_subnet_of_zone(id)),
        network_border_group: Fact(network.subnet(id).and_then(|subnet| network.border_group(subnet))),
        transit_gateways_in_zone: Fact(transit.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        transit_gateways_elsewhere: Fact(transit.map(|all| {
            let told = |AttachmentElsewhere { id, gateway, subnet }| TransitFacts { id, gateway, subnet };
            all.into_iter().map(told).collect()
        })),
        leaves_by_transit_gateway: Fact(
            network
                .egress(id)
                .map(|egress| matches!(egress, Egress::Inspected { target } if target.starts_with("tgw-"))),
        ),
    }
}

#[cfg(test)]
mod tests;
