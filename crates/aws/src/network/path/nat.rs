//! NAT gateways: the client's connection ends there, and another one begins, from the gateway's own
//! private address.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ports;

use crate::network::segment::{Location, Segment};
use crate::network::tables::compiled::{Direction, RouteOutcome};
use crate::network::{BlockerCode, Groups, TraceLog};
use crate::snapshot::aws::ec2::{NatGateway, RouteTable};

use super::edge::Edge;
use super::nat64;
use super::reasoner::Reasoner;
use super::run::{self, Arrival, ArrivalPoint, Decider, Run, SubnetHop, Translator, at, block_never};

const KIND: &str = "nat-gateway";

impl<'s> Reasoner<'s> {
    pub(crate) fn to_nat_gateway(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Vec<Arrival<'s>> {
        let Some(nat) = self.nat_gateways.get(id).copied() else {
            log.hop(run.leg, KIND, id, "unknown", "the NAT gateway was not read");
            log.missing(self.missing("NatGateways", id));
            return Vec::new();
        };
        self.check_state(log, run, decider, nat);
        let v6 = !run.to.addresses.only_v6().is_empty();
        if v6 && !nat64::is_translated(&run.to.addresses) {
            let reason =
                format!("{id} translates IPv4 and NAT64 only; {} is neither", run.to.addresses.told());
            return block_never(log, run, id, reason);
        }
        let others = run.points.subtract(&ports::translated());
        if !v6 && !others.is_empty() {
            // https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
            let reason = format!("{id} translates TCP, UDP and ICMP only, not {}", ports::describe(&others));
            block_never(log, run, id, reason);
        }
        if nat.subnet_id.is_none() && is_regional(nat) && v6 {
            log.missing([Missing::unmodelled(format!("NAT64 by regional NAT gateway {id}"))]);
            return Vec::new();
        }
        if nat.subnet_id.is_none() && is_regional(nat) {
            return self.over_regional_nat_gateway(log, run, decider, nat);
        }
        let mut translator = match self.translator(nat, decider.hop.vpc) {
            Ok(translator) => translator,
            Err(missing) => {
                log.hop(run.leg, KIND, id, "unknown", "the subnet or the address was not read");
                log.missing(missing);
                return Vec::new();
            }
        };
        let subnet = translator.hop.subnet.subnet_id.as_str();
        if subnet != decider.hop.subnet.subnet_id {
            self.check_acl(log, run.leg, (subnet, Direction::Inbound), run.from, run.points);
        }
        let told = format!("translates the source to {}", translator.part.addresses.told());
        log.hop(run.leg, KIND, id, "forward", &told);
        if v6 {
            translator.towards = self.behind_nat64(log, run, id);
            if translator.towards.is_empty() {
                return Vec::new();
            }
        }
        vec![Arrival {
            addresses: run.to.addresses.clone(),
            at: ArrivalPoint::Translator(Box::new(translator)),
        }]
    }

    /// Whether a NAT gateway does not forward to the destination: replies find no connection there, and
    /// a public one with a default route alone has no route to private networks.
    pub(crate) fn nat_leads_away(&self, run: Run<'_, 's>, decider: &Decider<'_, 's>, id: &str) -> bool {
        if run.leg == Leg::Reply || run.from.translator.is_some_and(|nat| nat.nat_gateway_id == id) {
            return true;
        }
        if nat64::is_translated(&run.to.addresses) {
            return false;
        }
        let Some(nat) = self.nat_gateways.get(id) else { return false };
        if run::is_meant(run) || nat.subnet_id.is_none() {
            return false;
        }
        let Ok(translator) = self.translator(nat, decider.hop.vpc) else { return false };
        let subnet = translator.hop.subnet;
        if run.to.subnet().is_some_and(|to| to.subnet_id == subnet.subnet_id) {
            return false;
        }
        let Ok(table) = self.effective_route_table(&subnet.subnet_id) else { return false };
        self.routes(table, translator.hop.vpc, &run.to.addresses).iter().all(|piece| match &piece.outcome {
            RouteOutcome::To(target, _) => super::run::is_internet(target),
            RouteOutcome::Nowhere | RouteOutcome::Blackhole(_) => true,
            RouteOutcome::Local(_) | RouteOutcome::Unknown(_) => false,
        })
    }

    fn check_state(&self, log: &mut TraceLog, run: Run<'_, 's>, decider: &Decider<'_, 's>, nat: &NatGateway) {
        let id = nat.nat_gateway_id.as_str();
        match nat.state.as_deref() {
            None => {
                log.hop(run.leg, KIND, id, "unknown", "the state was not read");
                log.missing(self.missing("NatGateways", id));
            }
            Some(state) if state.eq_ignore_ascii_case("available") => {}
            Some(state) => {
                let reason = format!("{id} is {state}");
                log.hop(run.leg, KIND, id, "drop", &reason);
                let mut blocker = at(BlockerCode::NatGatewayUnavailable, KIND, id, Some(run.leg), reason);
                blocker.part = run.to.part(&run.to.addresses);
                blocker.remedy.state = Some(state.to_owned());
                blocker.remedy.vpc.clone_from(&nat.vpc_id);
                let private = nat.connectivity_type.as_deref() == Some("private");
                blocker.remedy.target_option = private.then(|| "--connectivity-type private".to_owned());
                let subnet = nat.subnet_id.as_deref().and_then(|id| self.subnets.get(id));
                let group = subnet.filter(|_| !private).map_or(Ok(None), |subnet| self.border_group(subnet));
                // Without the group of the zone no public address of the zone can be named.
                if let Ok(group) = group {
                    blocker.remedy.subnet.clone_from(&nat.subnet_id);
                    blocker.remedy.network_border_group = group;
                }
                blocker.remedy.route_table = Some(decider.table.route_table_id.clone());
                if decider.by.parse::<IpNet>().is_ok() {
                    blocker.remedy.replaces = Some(decider.by.to_owned());
                }
                log.block(blocker);
            }
        }
        let public = nat.addresses_in_use().any(|address| address.public_ip.is_some());
        if nat.connectivity_type.is_none() && !public && run::is_meant(run) {
            log.missing(self.missing("NatGateways", id));
        }
    }

    /// A NAT gateway as a client of its own.
    fn translator(&self, nat: &'s NatGateway, vpc: &'s str) -> Known<Translator<'s>> {
        let id = nat.nat_gateway_id.as_str();
        let subnet = nat.subnet_id.as_deref().ok_or_else(|| self.missing("NatGateways", id))?;
        let subnet = self.subnet(subnet)?;
        if self.vpc_of(subnet)? != vpc {
            return Err(self.missing("NatGateways", id));
        }
        let all = nat.addresses_in_use().filter_map(|address| address.private_ip.as_deref());
        let addresses: AddressSet =
            all.filter_map(|text| text.parse::<std::net::IpAddr>().ok()).map(IpNet::from).collect();
        if addresses.is_empty() {
            return Err(self.missing("NatGateways", id));
        }
        let place = Location::Inside { subnet, vpc };
        let mut part = Segment::new(id, id.to_owned(), place, addresses, Groups::Known(Vec::new()));
        part.around = self.subnet_cidrs(&subnet.subnet_id)?.into_iter().collect::<AddressSet>().only_v4();
        part.unfiltered = true;
        part.translator = Some(nat);
        Ok(Translator { part, hop: SubnetHop { subnet, vpc, over: None }, towards: Vec::new() })
    }

    /// The route table of a regional NAT gateway.
    pub(crate) fn table_of_regional_nat(&self, nat: &NatGateway) -> Option<&'s RouteTable> {
        let table = nat.route_table_id.as_deref().and_then(|table| self.tables.get(table).copied());
        table.or_else(|| self.associated_tables.get(nat.nat_gateway_id.as_str()).copied())
    }

    /// A regional NAT gateway is in no subnet, so no network ACL decides about its packets, and has a route
    /// table of its own:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html>
    fn over_regional_nat_gateway(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        nat: &'s NatGateway,
    ) -> Vec<Arrival<'s>> {
        let (id, hop) = (nat.nat_gateway_id.as_str(), decider.hop);
        let Some(table) = self.table_of_regional_nat(nat) else {
            log.hop(run.leg, KIND, id, "unknown", "the route table was not read");
            log.missing(self.missing("RouteTables", hop.vpc));
            return Vec::new();
        };
        let Some(subnet) = run.from.subnet() else { return Vec::new() };
        let place = Location::Inside { subnet, vpc: hop.vpc };
        let mut part =
            Segment::new(id, id.to_owned(), place, AddressSet::default(), Groups::Known(Vec::new()));
        part.unfiltered = true;
        part.translator = Some(nat);
        log.hop(run.leg, KIND, id, "forward", "regional NAT gateway, in no subnet");
        let mut arrivals = Vec::new();
        for piece in self.routes(table, hop.vpc, &run.to.addresses) {
            let to = run.to.only(&piece.addresses);
            let run = Run { from: &part, to: &to, ..run };
            let own = SubnetHop { over: None, ..hop };
            let told = piece.addresses.told();
            match &piece.outcome {
                RouteOutcome::To(target, by) if super::run::kind(target) == "igw" && run::is_meant(run) => {
                    let decider = Decider { table, hop: own, addresses: &piece.addresses, by };
                    let through = self.over_internet_gateway(log, run, &decider, target);
                    arrivals.extend(through.into_iter().map(|arrival| Arrival {
                        at: ArrivalPoint::Outside(Edge::Internet { id: id.to_owned(), vpc: hop.vpc }),
                        ..arrival
                    }));
                }
                RouteOutcome::Unknown(missing) => log.missing(missing.clone()),
                RouteOutcome::Nowhere => {
                    let reason = format!("{} has no route for {told} from {id}", table.route_table_id);
                    let decider = Decider { table, hop: own, addresses: &piece.addresses, by: "" };
                    self.block_route(log, run, &decider, BlockerCode::RouteMissing, &reason);
                }
                RouteOutcome::Local(_) | RouteOutcome::To(..) | RouteOutcome::Blackhole(_) => {
                    let what = format!("forwarding by regional NAT gateway {id} to {told}");
                    log.missing([Missing::unmodelled(what)]);
                }
            }
        }
        arrivals
    }
}

fn is_regional(nat: &NatGateway) -> bool {
    nat.availability_mode.as_deref().is_none_or(|mode| mode == "regional")
}
