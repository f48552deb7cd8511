//! How a subnet gets out, if it does.

use super::{Known, Network, lookup};
use crate::snapshot::aws::ec2::{Route, RouteTable};

/// How a subnet gets out (META-09 of the catalogue).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Egress {
    /// No active default route.
    Isolated,
    /// Through a public NAT gateway.
    Nat,
    /// Through an internet gateway, or an egress-only one.
    Internet,
    /// To something that decides further on: a transit gateway, an appliance, a proxy's VPC, …
    Inspected {
        /// The default route's target.
        target: String,
    },
}

impl Network<'_> {
    /// How a subnet gets out, by the default routes of its effective table; IPv4 before IPv6.
    pub fn egress(&self, subnet: &str) -> Known<Egress> {
        let table = self.effective_route_table(subnet)?;
        let route = default_route(table, |route| route.destination_cidr_block.as_deref())
            .or_else(|| default_route(table, |route| route.destination_ipv6_cidr_block.as_deref()));
        Ok(route.map_or(Egress::Isolated, |route| self.egress_of(route)))
    }

    fn egress_of(&self, route: &Route) -> Egress {
        let target = lookup::target(route).unwrap_or("an unknown target");
        let inspected = || Egress::Inspected { target: target.to_owned() };
        if let Some(nat) = &route.nat_gateway_id {
            // A private NAT gateway leads to other networks, not to the internet:
            // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
            let private = self
                .nat_gateways
                .get(nat.as_str())
                .is_some_and(|nat| nat.connectivity_type.as_deref() == Some("private"));
            return if private { inspected() } else { Egress::Nat };
        }
        if target.starts_with("igw-") || route.egress_only_internet_gateway_id.is_some() {
            return Egress::Internet;
        }
        inspected()
    }
}

/// The active default route of one address family; half of all addresses counts too
/// (`0.0.0.0/1` and `128.0.0.0/1` are used to override `0.0.0.0/0`).
fn default_route<'t>(table: &'t RouteTable, destination: fn(&Route) -> Option<&str>) -> Option<&'t Route> {
    let length = |route: &Route| {
        destination(route)
            .and_then(|prefix| prefix.parse::<ipnet::IpNet>().ok())
            .map(|prefix| prefix.prefix_len())
            .filter(|length| *length <= 1)
    };
    table.routes.iter().filter(|route| lookup::is_active(route)).find(|route| length(route).is_some())
}
