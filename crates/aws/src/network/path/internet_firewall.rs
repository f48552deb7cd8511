//! Automated Internet Firewalls, which inspect what goes between a VPC and its internet gateway or
//! egress-only internet gateway, and connect interfaces without a public address too.
//!
//! `Vpc.NetworkFirewallAssociations`, `Subnet.NetworkFirewallConnectivityType` and `Route.IgwFirewall` of
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Vpc.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html>.

use privek_core::known::Missing;
use privek_core::path::Leg;

use crate::network::index::Network;
use crate::network::index::lookup;
use crate::network::{BlockerCode, TraceLog};
use crate::snapshot::aws::ec2::{NetworkFirewallAssociation, RouteTable, Subnet};

use super::reasoner::Reasoner;
use super::run::{Decider, Run, at};

/// The firewall that inspects what a subnet exchanges with the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inspection<'s> {
    /// The firewall, by its ARN where AWS gives it.
    pub firewall: &'s str,
    /// How it connects the subnet.
    pub treatment: Option<&'s str>,
    /// Whether it is known to drop nothing by its policy.
    pub only_watches: bool,
}

impl<'s> Network<'s> {
    /// The firewall between a subnet and an internet gateway; none where it leaves the subnet out.
    pub(crate) fn inspection(
        &self,
        (vpc, subnet): (&str, Option<&'s Subnet>),
        (table, gateway): (&'s RouteTable, &str),
    ) -> Option<Inspection<'s>> {
        let treatment = subnet.and_then(|subnet| subnet.network_firewall_connectivity_type.as_deref());
        if matches!(treatment, Some("exclude" | "az-unsupported")) {
            return None;
        }
        let associations = self.vpcs.get(vpc).and_then(|vpc| vpc.network_firewall_associations.as_ref());
        let watches = |its: &&NetworkFirewallAssociation| {
            its.firewall_mode.as_deref() == Some("monitor")
                && its.firewall_onboarding_status.as_deref() == Some("active")
        };
        let (watching, deciding): (Vec<_>, Vec<_>) = associations.into_iter().flatten().partition(watches);
        let association = deciding.first().or(watching.first()).copied();
        let mut routes = table
            .routes
            .iter()
            .filter(|route| lookup::target(route) == Some(gateway))
            .map(|route| &route.igw_firewall);
        let on_route = routes.find_map(Option::as_ref);
        if association.is_none() && on_route.is_none() && (treatment.is_none() || associations.is_some()) {
            return None;
        }
        let arn = association.and_then(|its| its.firewall_arn.as_deref());
        let arn = arn.or_else(|| on_route.and_then(|its| its.firewall_arn.as_deref()));
        let only_watches = deciding.is_empty() && !watching.is_empty();
        Some(Inspection {
            firewall: arn.unwrap_or("the Automated Internet Firewall"),
            treatment,
            only_watches,
        })
    }

    /// Whether AWS said nothing of such a firewall: what read the VPC did not know the member.
    fn is_silent_of_firewalls(&self, vpc: &str) -> bool {
        self.vpcs.get(vpc).is_none_or(|vpc| vpc.network_firewall_associations.is_none())
    }
}

impl<'s> Reasoner<'s> {
    /// What a firewall does with packets between a subnet and a gateway; whether the gateway then still
    /// requires a public address.
    pub(crate) fn check_internet_firewall(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        gateway: &str,
    ) -> bool {
        let (hop, subnet) = (decider.hop, &decider.hop.subnet.subnet_id);
        // A regional NAT gateway is in no subnet.
        let regional = run.from.translator.is_some_and(|nat| nat.subnet_id.is_none());
        let place = (hop.vpc, (!regional).then_some(hop.subnet));
        let Some(its) = self.inspection(place, (decider.table, gateway)) else {
            if self.is_silent_of_firewalls(hop.vpc) {
                log.assume(format!("No Automated Internet Firewall inspects packets of {}.", hop.vpc));
            }
            return true;
        };
        let firewall = its.firewall;
        if its.treatment == Some("outbound-only") && run.leg == Leg::Reply {
            let reason = format!(
                "{firewall} drops connections from the internet into {subnet} (NetworkFirewallConnectivityType is \
                 outbound-only)"
            );
            log.hop(run.leg, "subnet", subnet, "drop", &reason);
            log.block(at(BlockerCode::NeverForwarded, "subnet", subnet, Some(run.leg), reason));
        }
        if !its.only_watches {
            let what =
                format!("the policy of {firewall}, which inspects packets between {subnet} and {gateway}");
            log.hop(run.leg, "internet-firewall", firewall, "unknown", "inspects the packets");
            log.missing([Missing::unmodelled(what)]);
        }
        match its.treatment {
            Some("bidirectional") => true,
            // What has no public address gets out, and nothing gets in to it.
            Some("flexible") => run.leg == Leg::Reply,
            Some("outbound-only") => false,
            _ => {
                let what = format!("NetworkFirewallConnectivityType of {subnet}");
                log.missing(self.missing_of("Subnets", subnet, what));
                false
            }
        }
    }
}
