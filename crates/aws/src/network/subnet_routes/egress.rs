//! The path of a subnet to the internet, if one exists.

use privek_core::known::Known;

use crate::network::index::lookup::{self, RouteState};
use crate::network::path::internet_firewall::Inspection;
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

/// The object that leaves a subnet without a path to the internet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EgressCause {
    /// The kind of the object: `route-table`, `nat-gateway` or `subnet`.
    pub kind: &'static str,
    /// The AWS id of the object.
    pub id: String,
    /// The reason, in a clause that names the deciding route, gateway or setting.
    pub reason: String,
}

/// The path of some addresses, or what cuts it off.
type Found = Result<Egress, EgressCause>;

fn cut(kind: &'static str, id: &str, reason: String) -> Found {
    Err(EgressCause { kind, id: id.to_owned(), reason })
}

impl<'s> Reasoner<'s> {
    /// The path of a subnet to the internet, by the default routes of its effective route table.
    pub fn egress(&self, subnet: &str) -> Known<Egress> {
        Ok(self.egress_or_cause(subnet)?.unwrap_or(Egress::Isolated))
    }

    /// The object that leaves a subnet without a path to the internet; none where a path exists.
    pub fn egress_cause(&self, subnet: &str) -> Known<Option<EgressCause>> {
        Ok(self.egress_or_cause(subnet)?.err())
    }

    fn egress_or_cause(&self, subnet: &str) -> Known<Found> {
        let table = self.effective_route_table(subnet)?;
        let Some(routes) = self.default_routes(table, |route| route.destination_cidr_block.as_deref())?
        else {
            let v6 = self.default_routes(table, |route| route.destination_ipv6_cidr_block.as_deref())?;
            // Most services' own names have IPv4 addresses only:
            // https://docs.aws.amazon.com/vpc/latest/userguide/aws-ipv6-support.html
            return Ok(v6.map_or_else(
                || self.without_default_route(subnet, table),
                |[route, _]| Ok(inspected(route)),
            ));
        };
        let [one, other] = routes.map(|route| self.egress_of((subnet, table), route));
        Ok(match (one?, other?) {
            (Ok(one), Ok(other)) => Ok(worse(one, other)),
            (Err(cause), _) | (_, Err(cause)) => Err(cause),
        })
    }

    /// A table without an active default route: the main one where the subnet has none of its own.
    fn without_default_route(&self, subnet: &str, table: &RouteTable) -> Found {
        let id = table.route_table_id.as_str();
        let reason = if self.associated_tables.contains_key(subnet) {
            format!("{id} of {subnet} has no active default route")
        } else {
            format!(
                "main route table {id} has no active default route; {subnet} has no route table association"
            )
        };
        cut("route-table", id, reason)
    }

    fn egress_of(&self, from: (&str, &'s RouteTable), route: &'s Route) -> Known<Found> {
        match &route.nat_gateway_id {
            Some(nat) => self.through_nat(route, nat),
            None if is_internet_gateway(route) => self.through_internet_gateway(from, route),
            None => Ok(Ok(inspected(route))),
        }
    }

    fn through_internet_gateway(
        &self,
        (id, table): (&str, &'s RouteTable),
        route: &'s Route,
    ) -> Known<Found> {
        if self.public_access_closes((id, table), false)? {
            return Ok(closed(id));
        }
        Ok(Ok(match self.inspected_by((id, table), route) {
            Some(its) if !its.only_watches => Egress::Inspected { target: its.firewall.to_owned() },
            // Such a firewall translates addresses itself.
            Some(its) if matches!(its.treatment, Some("flexible" | "outbound-only")) => Egress::Nat,
            Some(_) | None => Egress::Internet,
        }))
    }

    /// The Automated Internet Firewall between a subnet and the internet gateway of a route.
    fn inspected_by(&self, (id, table): (&str, &'s RouteTable), route: &'s Route) -> Option<Inspection<'s>> {
        let subnet = self.subnet(id).ok();
        let vpc = subnet.and_then(|subnet| subnet.vpc_id.as_deref()).or(table.vpc_id.as_deref())?;
        self.inspection((vpc, subnet), (table, lookup::target(route)?))
    }

    /// A public NAT gateway needs a path to the internet itself; a private one forwards to other networks:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>.
    fn through_nat(&self, route: &Route, id: &str) -> Known<Found> {
        let nat = self.nat_gateways.get(id).ok_or_else(|| self.missing("NatGateways", id))?;
        if nat.connectivity_type.as_deref() == Some("private") {
            return Ok(Ok(inspected(route)));
        }
        let state = nat.state.as_deref().ok_or_else(|| self.missing("NatGateways", id))?;
        if !state.eq_ignore_ascii_case("available") {
            return Ok(cut("nat-gateway", id, format!("NAT gateway {id} is {state}")));
        }
        // A regional one has no subnet, and routes of its own.
        let Some(subnet) = nat.subnet_id.as_deref() else {
            let stopped = nat.vpc_id.as_deref().is_some_and(|vpc| self.public_access_stops(vpc, None, true));
            return Ok(if stopped { closed(id) } else { Ok(Egress::Nat) });
        };
        let table = self.effective_route_table(subnet)?;
        let own = self.default_routes(table, |route| route.destination_cidr_block.as_deref())?;
        let Some(own) = own else {
            let its = &table.route_table_id;
            let reason = format!(
                "NAT gateway {id} is in {subnet}, whose route table {its} has no active default route"
            );
            return Ok(cut("nat-gateway", id, reason));
        };
        match own.into_iter().find(|route| !is_internet_gateway(route)) {
            Some(elsewhere) => Ok(Ok(inspected(elsewhere))),
            None if self.public_access_closes((subnet, table), true)? => Ok(closed(subnet)),
            None => Ok(Ok(match self.inspected_by((subnet, table), own[0]) {
                Some(its) if !its.only_watches => Egress::Inspected { target: its.firewall.to_owned() },
                _ => Egress::Nat,
            })),
        }
    }

    /// Whether VPC Block Public Access blocks a subnet's path to an internet gateway; a subnet that was not
    /// read may be an exclusion.
    fn public_access_closes(&self, (id, table): (&str, &RouteTable), outbound_only: bool) -> Known<bool> {
        let subnet = self.subnet(id);
        let vpc = subnet.as_ref().ok().and_then(|subnet| subnet.vpc_id.as_deref());
        let Some(vpc) = vpc.or(table.vpc_id.as_deref()) else { return Ok(false) };
        let is_unread = !self.vpcs.contains_key(vpc);
        match subnet {
            // A subnet has the state of its VPC where AWS prints none of its own.
            Ok(subnet) if is_unread && subnet.block_public_access_states.is_none() => {
                Err(self.missing("Vpcs", vpc))
            }
            Err(missing) if is_unread || self.public_access_stops(vpc, None, outbound_only) => Err(missing),
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

/// VPC Block Public Access keeps what is in a subnet, or a regional NAT gateway, from the internet.
fn closed(id: &str) -> Found {
    cut("subnet", id, format!("VPC Block Public Access blocks packets from {id} to the internet"))
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
