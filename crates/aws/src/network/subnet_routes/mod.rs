//! What is wrong with a subnet's own routes, whoever uses them: targets that are public, in another
//! zone, or gone.

pub mod egress;

use privek_core::known::{self, Known, Missing};

use crate::snapshot::aws::ec2::{Route, RouteTable};

use super::index::lookup::{destination, target};
use super::index::zone::{ZoneKind, zone};
use super::path::reasoner::Reasoner;
use super::path::transit_attachment::is_available;

/// A NAT gateway that a subnet's packets leave through, in another zone than theirs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NatElsewhere {
    /// The gateway.
    pub id: String,
    /// The gateway's zone.
    pub zone: String,
    /// The prefix of the route to it.
    pub destination: String,
}

/// A transit gateway attachment without a subnet in some zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachmentElsewhere {
    /// The attachment.
    pub id: String,
    /// The transit gateway.
    pub gateway: String,
    /// The subnet to attach in that zone.
    pub subnet: String,
}

/// A route that drops what it is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LostRoute {
    /// Its prefix or prefix list.
    pub destination: String,
    /// The former target; AWS forgets some targets.
    pub target: Option<String>,
    /// Whether a virtual private gateway propagated it, so that it cannot be deleted.
    pub propagated: bool,
}

impl<'s> Reasoner<'s> {
    /// Whether a subnet has a route to an internet gateway
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html#subnet-types>).
    pub fn is_public(&self, subnet: &str) -> Known<bool> {
        let to_internet =
            |route: &Route| route.gateway_id.as_deref().is_some_and(|id| id.starts_with("igw-"));
        Ok(!self.active(subnet, to_internet)?.is_empty())
    }

    /// NAT gateways of other zones in a subnet's routes. A regional one is in every zone
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html>).
    pub fn nat_gateways_elsewhere(&self, subnet: &str) -> Known<Vec<NatElsewhere>> {
        let mut elsewhere = Vec::new();
        for route in self.active(subnet, |route| route.nat_gateway_id.is_some())? {
            let Some(id) = route.nat_gateway_id.as_deref() else { continue };
            let nat = self.nat_gateways.get(id).ok_or_else(|| self.missing("NatGateways", id))?;
            let regional =
                nat.availability_mode.as_deref().is_some_and(|mode| mode.eq_ignore_ascii_case("regional"));
            if regional {
                continue;
            }
            let its = nat.subnet_id.as_deref().ok_or_else(|| self.missing("NatGateways", id))?;
            if !self.same_zone(subnet, its)? {
                let zone = zone(self.subnet(its)?).unwrap_or("another zone").to_owned();
                let destination = destination(route).unwrap_or_default().to_owned();
                elsewhere.push(NatElsewhere { id: id.to_owned(), zone, destination });
            }
        }
        elsewhere.sort();
        elsewhere.dedup();
        Ok(elsewhere)
    }

    /// An available public NAT gateway of a subnet's zone and VPC.
    pub fn nat_gateway_of_zone(&self, subnet: &str) -> Known<Option<String>> {
        let vpc = self.vpc_of(self.subnet(subnet)?)?;
        if !self.covers("NatGateways", vpc) {
            return Err(self.missing("NatGateways", vpc));
        }
        let all = self.nat_gateways_by_vpc.get(vpc).map(Vec::as_slice).unwrap_or_default();
        let fit = all.iter().find(|nat| {
            nat.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("available"))
                && nat.connectivity_type.as_deref() != Some("private")
                && nat.subnet_id.as_deref().is_some_and(|its| self.same_zone(subnet, its) == Ok(true))
        });
        Ok(fit.map(|nat| nat.nat_gateway_id.clone()))
    }

    /// A subnet of a subnet's zone and VPC that has a route to an internet gateway.
    pub fn public_subnet_of_zone(&self, subnet: &str) -> Known<Option<String>> {
        let vpc = self.vpc_of(self.subnet(subnet)?)?;
        if !self.covers("Subnets", vpc) {
            return Err(self.missing("Subnets", vpc));
        }
        let public = self.public_subnets.get(vpc, || {
            let all = self.subnets_by_vpc.get(vpc).into_iter().flatten().map(|one| one.subnet_id.as_str());
            let mut public: Vec<&str> = all.filter(|id| self.is_public(id) == Ok(true)).collect();
            public.sort_unstable();
            public
        });
        let fit = public.iter().find(|id| self.same_zone(subnet, id) == Ok(true));
        Ok(fit.map(|id| (*id).to_owned()))
    }

    /// Attachments of a subnet's transit gateways that have no subnet in its zone, so that nothing from
    /// there reaches them (<https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>).
    pub fn attachments_elsewhere(&self, subnet: &str) -> Known<Vec<AttachmentElsewhere>> {
        let mut elsewhere = Vec::new();
        for route in self.active(subnet, |route| route.transit_gateway_id.is_some())? {
            let Some(gateway) = route.transit_gateway_id.as_deref() else { continue };
            let vpc = self.vpc_of(self.subnet(subnet)?)?;
            let all = self.vpc_attachments.get(&(gateway, vpc)).map(Vec::as_slice).unwrap_or_default();
            // An active route needs one: it is another account's, or was not read.
            let Some(attachment) = all.iter().find(|attachment| is_available(attachment)) else {
                return Err(self.missing("TransitGatewayVpcAttachments", vpc));
            };
            if !self.is_in_zone(&attachment.subnet_ids, subnet)? {
                let at = self.subnet(subnet)?;
                let its_zone = self.attachment_zone(at).unwrap_or_default();
                let chosen = self.subnet_to_attach(vpc, its_zone);
                if chosen.is_none() && self.zone_kind(at)? != ZoneKind::Regional {
                    let what = format!("a subnet of {vpc} in {its_zone}, the parent zone of {subnet}");
                    return Err(vec![Missing::unmodelled(what)]);
                }
                elsewhere.push(AttachmentElsewhere {
                    id: attachment.transit_gateway_attachment_id.clone(),
                    gateway: gateway.to_owned(),
                    subnet: chosen.unwrap_or(subnet).to_owned(),
                });
            }
        }
        elsewhere.sort();
        elsewhere.dedup();
        Ok(elsewhere)
    }

    /// Whether one of these subnets is in the zone of another, or in its parent zone; one that is outranks
    /// those not read.
    fn is_in_zone(&self, subnets: &[String], of: &str) -> Known<bool> {
        let of = self.subnet(of)?;
        known::any(subnets.iter().map(|subnet| {
            if *subnet == of.subnet_id {
                Ok(true)
            } else {
                self.same_attachment_zone(of, self.subnet(subnet)?)
            }
        }))
    }

    /// The routes of a table whose target is gone
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html>).
    pub fn lost_routes(&self, table: &RouteTable) -> Known<Vec<LostRoute>> {
        let (mut lost, mut unread) = (Vec::new(), Vec::new());
        for route in &table.routes {
            match self.is_active(table, route) {
                Ok(true) => {}
                Ok(false) => lost.push(LostRoute {
                    destination: destination(route).unwrap_or_default().to_owned(),
                    target: target(route).map(str::to_owned),
                    propagated: route.origin.as_deref() == Some("EnableVgwRoutePropagation"),
                }),
                Err(missing) => unread.extend(missing),
            }
        }
        lost.sort();
        known::found(lost, unread)
    }

    /// The active routes of this sort in a subnet's table; where there is none, a route whose state is not
    /// known may be one.
    fn active(&self, subnet: &str, wanted: impl Fn(&Route) -> bool) -> Known<Vec<&'s Route>> {
        let table = self.effective_route_table(subnet)?;
        let (mut found, mut unread) = (Vec::new(), Vec::new());
        for route in table.routes.iter().filter(|route| wanted(route)) {
            match self.is_active(table, route) {
                Ok(true) => found.push(route),
                Ok(false) => {}
                Err(missing) => unread.extend(missing),
            }
        }
        known::found(found, unread)
    }
}
