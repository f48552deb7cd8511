//! The path of a subnet to the internet, if one exists.

use std::collections::BTreeSet;

use privek_core::known::Known;
use privek_core::sets::addresses::AddressSet;

use crate::network::path::internet_firewall::Inspection;
use crate::network::path::reasoner::Reasoner;
use crate::network::path::run;
use crate::network::tables::compiled::RouteOutcome;
use crate::snapshot::aws::ec2::{NatGateway, RouteTable};

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
    /// To something that decides further on: a transit gateway, an appliance, a proxy's VPC, …; or for IPv6 or
    /// some addresses alone.
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

    /// The NAT gateways to which a subnet's default routes lead.
    pub fn nat_gateways_of(&self, subnet: &str) -> Known<BTreeSet<&'s str>> {
        let table = self.effective_route_table(subnet)?;
        let targets = self.default_targets(table, self.home(subnet, table)?, &run::public().only_v4())?;
        Ok(targets.into_iter().flatten().filter(|target| run::kind(target) == "nat").collect())
    }

    fn egress_or_cause(&self, subnet: &str) -> Known<Found> {
        let table = self.effective_route_table(subnet)?;
        let vpc = self.home(subnet, table)?;
        let Some(targets) = self.default_targets(table, vpc, &run::public().only_v4())? else {
            let v6 = self.default_targets(table, vpc, &run::public().only_v6())?;
            // Most services' own names have IPv4 addresses only:
            // https://docs.aws.amazon.com/vpc/latest/userguide/aws-ipv6-support.html
            let beyond = v6.and_then(|targets| targets.first().copied());
            return Ok(match beyond.or_else(|| self.target_for_some(table, vpc)) {
                Some(target) => Ok(inspected(target)),
                None => self.without_default_route(subnet, table),
            });
        };
        let mut found = Egress::Nat;
        for target in targets {
            match self.egress_of((subnet, table), target)? {
                Ok(egress) => found = worse(found, egress),
                Err(cause) => return Ok(Err(cause)),
            }
        }
        Ok(Ok(found))
    }

    fn home(&self, subnet: &str, table: &'s RouteTable) -> Known<&'s str> {
        let own = self.subnet(subnet).and_then(|subnet| self.vpc_of(subnet));
        own.or_else(|missing| table.vpc_id.as_deref().ok_or(missing))
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

    fn egress_of(&self, from: (&str, &'s RouteTable), target: &'s str) -> Known<Found> {
        match run::kind(target) {
            "nat" => self.through_nat(target),
            "igw" => self.through_internet_gateway(from, target),
            _ => Ok(Ok(inspected(target))),
        }
    }

    fn through_internet_gateway(&self, (id, table): (&str, &'s RouteTable), gateway: &str) -> Known<Found> {
        if self.public_access_closes((id, table), false)? {
            return Ok(closed(id));
        }
        Ok(Ok(match self.inspected_by((id, table), gateway) {
            Some(its) if !its.only_watches => Egress::Inspected { target: its.firewall.to_owned() },
            // Such a firewall translates addresses itself.
            Some(its) if matches!(its.treatment, Some("flexible" | "outbound-only")) => Egress::Nat,
            Some(_) | None => Egress::Internet,
        }))
    }

    /// The Automated Internet Firewall between a subnet and the internet gateway of a route.
    fn inspected_by(&self, (id, table): (&str, &'s RouteTable), gateway: &str) -> Option<Inspection<'s>> {
        let subnet = self.subnet(id).ok();
        let vpc = subnet.and_then(|subnet| subnet.vpc_id.as_deref()).or(table.vpc_id.as_deref())?;
        self.inspection((vpc, subnet), (table, gateway))
    }

    /// A public NAT gateway needs a path to the internet itself; a private one forwards to other networks:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>.
    fn through_nat(&self, id: &'s str) -> Known<Found> {
        let nat = self.nat_gateways.get(id).copied().ok_or_else(|| self.missing("NatGateways", id))?;
        if nat.connectivity_type.as_deref() == Some("private") {
            return Ok(Ok(inspected(id)));
        }
        let state = nat.state.as_deref().ok_or_else(|| self.missing("NatGateways", id))?;
        if !state.eq_ignore_ascii_case("available") {
            return Ok(cut("nat-gateway", id, format!("NAT gateway {id} is {state}")));
        }
        let Some(subnet) = nat.subnet_id.as_deref() else { return self.through_regional_nat(nat) };
        let table = self.effective_route_table(subnet)?;
        let its = &table.route_table_id;
        let Some(own) = self.default_targets(table, self.home(subnet, table)?, &run::public().only_v4())?
        else {
            let reason = format!(
                "NAT gateway {id} is in {subnet}, whose route table {its} has no active default route"
            );
            return Ok(cut("nat-gateway", id, reason));
        };
        if let Some(elsewhere) = own.iter().find(|target| run::kind(target) != "igw") {
            return Ok(Ok(inspected(elsewhere)));
        }
        if self.public_access_closes((subnet, table), true)? {
            return Ok(closed(subnet));
        }
        let firewall = own.first().and_then(|gateway| self.inspected_by((subnet, table), gateway));
        Ok(Ok(match firewall {
            Some(its) if !its.only_watches => Egress::Inspected { target: its.firewall.to_owned() },
            _ => Egress::Nat,
        }))
    }

    /// A regional one has no subnet, and a route table of its own.
    fn through_regional_nat(&self, nat: &'s NatGateway) -> Known<Found> {
        let id = nat.nat_gateway_id.as_str();
        let vpc = nat.vpc_id.as_deref().ok_or_else(|| self.missing("NatGateways", id))?;
        if self.public_access_stops(vpc, None, true) {
            return Ok(closed(id));
        }
        let table = self.table_of_regional_nat(nat).ok_or_else(|| self.missing("RouteTables", vpc))?;
        let Some(own) = self.default_targets(table, vpc, &run::public().only_v4())? else {
            let its = &table.route_table_id;
            return Ok(cut(
                "nat-gateway",
                id,
                format!("route table {its} of NAT gateway {id} has no active default route"),
            ));
        };
        let elsewhere = own.iter().find(|target| run::kind(target) != "igw");
        Ok(Ok(elsewhere.map_or(Egress::Nat, |target| inspected(target))))
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

    /// Where a table sends addresses of the internet, but for exceptions of less than a `/8`; none where it sends a
    /// `/8` or more nowhere.
    fn default_targets(
        &self,
        table: &'s RouteTable,
        vpc: &'s str,
        internet: &AddressSet,
    ) -> Known<Option<BTreeSet<&'s str>>> {
        let mut targets = BTreeSet::new();
        for piece in self.routes(table, vpc, internet) {
            if is_exception(&piece.addresses) {
                continue;
            }
            match piece.outcome {
                RouteOutcome::To(target, _) => _ = targets.insert(target),
                RouteOutcome::Nowhere | RouteOutcome::Blackhole(_) => return Ok(None),
                RouteOutcome::Unknown(missing) => return Err(missing),
                RouteOutcome::Local(_) => {}
            }
        }
        Ok((!targets.is_empty()).then_some(targets))
    }

    /// The gateway to which a table without a default route sends some of the internet's addresses: a service may
    /// have one of them.
    fn target_for_some(&self, table: &'s RouteTable, vpc: &'s str) -> Option<&'s str> {
        let pieces = self.routes(table, vpc, &run::public());
        pieces.into_iter().find_map(|piece| match piece.outcome {
            RouteOutcome::To(target, _) if matches!(run::kind(target), "nat" | "igw" | "eigw") => {
                Some(target)
            }
            _ => None,
        })
    }
}

/// Whether addresses are those of single networks rather than a part of the internet.
fn is_exception(addresses: &AddressSet) -> bool {
    addresses.cidrs().iter().all(|prefix| prefix.prefix_len() > 8)
}

/// VPC Block Public Access keeps what is in a subnet, or a regional NAT gateway, from the internet.
fn closed(id: &str) -> Found {
    cut("subnet", id, format!("VPC Block Public Access blocks packets from {id} to the internet"))
}

fn inspected(target: &str) -> Egress {
    Egress::Inspected { target: target.to_owned() }
}

/// What holds for all addresses where some go one way and some another.
fn worse(one: Egress, other: Egress) -> Egress {
    match (one, other) {
        (Egress::Isolated, _) | (_, Egress::Isolated) => Egress::Isolated,
        (found @ Egress::Inspected { .. }, _) | (_, found @ Egress::Inspected { .. }) => found,
        (Egress::Internet, _) | (_, Egress::Internet) => Egress::Internet,
        (Egress::Nat, Egress::Nat) => Egress::Nat,
    }
}
