//! The path of a subnet to the internet, if one exists.

use privek_core::known::Known;

use crate::network::index::lookup::{self, RouteState};
use crate::network::path::reasoner::Reasoner;
use crate::snapshot::aws::ec2::{Route, RouteTable};

/// The path of a subnet to the internet (META-09 of the catalogue).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Egress {
    /// No active default route, one to a NAT gateway without a path to the internet, or one that VPC Block
    /// Public Access blocks.
    Isolated,
    /// Through a public NAT gateway.
    Nat,
    /// Through an internet gateway, for what has a public address.
    Internet,
    /// To something that decides further on: a transit gateway, an appliance, a proxy's VPC, …; or
    /// for IPv6 alone.
    Inspected {
        /// The default route's target.
        target: String,
    },
}

impl Reasoner<'_> {
    /// The path of a subnet to the internet, by the default routes of its effective route table.
    pub fn egress(&self, subnet: &str) -> Known<Egress> {
        let table = self.effective_route_table(subnet)?;
        let Some(routes) = self.default_routes(table, |route| route.destination_cidr_block.as_deref())?
        else {
            let v6 = self.default_routes(table, |route| route.destination_ipv6_cidr_block.as_deref())?;
            // Most services' own names have IPv4 addresses only:
            // https://docs.aws.amazon.com/vpc/latest/userguide/aws-ipv6-support.html
            return Ok(v6.map_or(Egress::Isolated, |[route, _]| inspected(route)));
        };
        let [one, other] = routes.map(|route| self.egress_of((subnet, table), route));
        Ok(worse(one?, other?))
    }

    fn egress_of(&self, from: (&str, &RouteTable), route: &Route) -> Known<Egress> {
        match &route.nat_gateway_id {
            Some(nat) => self.through_nat(route, nat),
            None if is_internet_gateway(route) => {
                let closed = self.public_access_closes(from, false)?;
                Ok(if closed { Egress::Isolated } else { Egress::Internet })
            }
            None => Ok(inspected(route)),
        }
    }

    /// A public NAT gateway needs a path to the internet itself; a private one forwards to other networks:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>.
    fn through_nat(&self, route: &Route, id: &str) -> Known<Egress> {
        let nat = self.nat_gateways.get(id).ok_or_else(|| self.missing("NatGateways", id))?;
        if nat.connectivity_type.as_deref() == Some("private") {
            return Ok(inspected(route));
        }
        let state = nat.state.as_deref().ok_or_else(|| self.missing("NatGateways", id))?;
        if !state.eq_ignore_ascii_case("available") {
            return Ok(Egress::Isolated);
        }
        // A regional one has no subnet, and routes of its own.
        let Some(subnet) = nat.subnet_id.as_deref() else {
            let closed = nat.vpc_id.as_deref().is_some_and(|vpc| self.public_access_stops(vpc, None, true));
            return Ok(if closed { Egress::Isolated } else { Egress::Nat });
        };
        let table = self.effective_route_table(subnet)?;
        let own = self.default_routes(table, |route| route.destination_cidr_block.as_deref())?;
        let Some(own) = own else { return Ok(Egress::Isolated) };
        match own.into_iter().find(|route| !is_internet_gateway(route)) {
            Some(elsewhere) => Ok(inspected(elsewhere)),
            None if self.public_access_closes((subnet, table), true)? => Ok(Egress::Isolated),
            None => Ok(Egress::Nat),
        }
    }

    /// Whether VPC Block Public Access blocks a subnet's path to an internet gateway; a subnet that was not
    /// read may be an exclusion.
    fn public_access_closes(&self, (id, table): (&str, &RouteTable), outbound_only: bool) -> Known<bool> {
        let subnet = self.subnet(id);
        let vpc = subnet.as_ref().ok().and_then(|subnet| subnet.vpc_id.as_deref());
        let Some(vpc) = vpc.or(table.vpc_id.as_deref()) else { return Ok(false) };
        match subnet {
            Err(missing) if self.public_access_stops(vpc, None, outbound_only) => Err(missing),
            Err(_) => Ok(false),
            Ok(subnet) => Ok(self.public_access_stops(vpc, Some(subnet), outbound_only)),
        }
    }

    /// The active routes for the lower and for the upper half of one family's addresses: `0.0.0.0/1` and
    /// `128.0.0.0/1` are used to override `0.0.0.0/0`. One half alone is no path to the internet.
    fn default_routes<'t>(
        &self,
        table: &'t RouteTable,
        destination: fn(&Route) -> Option<&str>,
    ) -> Known<Option<[&'t Route; 2]>> {
        let towards = |prefixes: [&str; 2]| {
            for route in &table.routes {
                if !destination(route).is_some_and(|prefix| prefixes.contains(&prefix)) {
                    continue;
                }
                match RouteState::of(route.state.as_deref()) {
                    RouteState::Active => return Ok(Some(route)),
                    RouteState::Unread => return Err(self.missing_state(table, route)),
                    RouteState::Blackhole | RouteState::Other(_) => {}
                }
            }
            Ok(None)
        };
        let whole = towards(["0.0.0.0/0", "::/0"])?;
        let (lower, upper) = (towards(["0.0.0.0/1", "::/1"])?, towards(["128.0.0.0/1", "8000::/1"])?);
        Ok(lower.or(whole).zip(upper.or(whole)).map(|(lower, upper)| [lower, upper]))
    }
}

fn is_internet_gateway(route: &Route) -> bool {
    route.gateway_id.as_deref().is_some_and(|id| id.starts_with("igw-"))
}

fn inspected(route: &Route) -> Egress {
    Egress::Inspected { target: lookup::target(route).unwrap_or("an unknown target").to_owned() }
}

/// What holds for all addresses where the two halves of them go different ways.
fn worse(one: Egress, other: Egress) -> Egress {
    match (one, other) {
        (Egress::Isolated, _) | (_, Egress::Isolated) => Egress::Isolated,
        (found @ Egress::Inspected { .. }, _) | (_, found @ Egress::Inspected { .. }) => found,
        (Egress::Internet, _) | (_, Egress::Internet) => Egress::Internet,
        (Egress::Nat, Egress::Nat) => Egress::Nat,
    }
}
