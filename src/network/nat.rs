//! NAT gateways: what they send on carries their own private address, or a public one behind an
//! internet gateway.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>

use super::{
    AddressSet, BlockerCode, Groups, Missing, Network,
    connection::Connection,
    leg::{Decider, Run, at},
    network_acl::Direction,
    part::{Part, Place},
    reached::{Reached, Translation},
    story::Story,
};
use crate::snapshot::aws::ec2::NatGateway;

const KIND: &str = "nat-gateway";

impl<'s> Network<'s> {
    /// From a subnet into a NAT gateway, and on from there in its name.
    pub(super) fn over_nat_gateway(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Reached<'s> {
        let Some(nat) = self.nat_gateways.get(id).copied() else {
            story.hop(run.leg, KIND, id, "unknown", "the NAT gateway was not read");
            story.missing(self.missing("NatGateways", decider.vpc));
            return Reached::default();
        };
        if !run.from.addresses.only_v6().is_empty() {
            let what = format!("what {id} does with IPv6 packets");
            story.missing([Missing::unmodelled(what)]);
            return Reached::default();
        }
        match nat.state.as_deref() {
            Some(state) if state.eq_ignore_ascii_case("available") => {}
            None => {
                story.hop(run.leg, KIND, id, "unknown", "its state was not read");
                story.missing(self.missing("NatGateways", decider.vpc));
                return Reached::default();
            }
            Some(state) => {
                let reason = format!("{id} is {state}");
                story.hop(run.leg, KIND, id, "drop", &reason);
                let mut blocker = at(BlockerCode::NatGatewayUnavailable, KIND, id, None, reason);
                blocker.remedy.state = Some(state.to_owned());
                blocker.remedy.subnet.clone_from(&nat.subnet_id);
                story.block(blocker);
                return Reached::default();
            }
        }
        if run.from.is_going_round() {
            story.missing([Missing::unmodelled(format!("a path as long as this one, which comes to {id}"))]);
            return Reached::default();
        }
        let addresses = decider.addresses.intersect(&run.to.addresses);
        let Some(subnet) = nat.subnet_id.as_deref() else {
            return self.over_regional(story, run, decider, nat, addresses);
        };
        let subnet = match self.subnet(subnet) {
            Ok(subnet) => subnet,
            Err(missing) => {
                story.hop(run.leg, KIND, id, "unknown", "its subnet was not read");
                story.missing(missing);
                return Reached::default();
            }
        };
        let own: AddressSet = nat
            .nat_gateway_addresses
            .iter()
            .filter_map(|address| address.private_ip.as_deref()?.parse::<std::net::IpAddr>().ok())
            .map(ipnet::IpNet::from)
            .collect();
        if own.is_empty() {
            story.hop(run.leg, KIND, id, "unknown", "its private addresses were not read");
            story.missing(self.missing("NatGateways", decider.vpc));
            return Reached::default();
        }
        if subnet.subnet_id == decider.subnet.subnet_id {
            // Its own packets take the route that leads to it, and come back for ever.
            let reason =
                format!("{id} is in {} itself, and its own packets take this route too", subnet.subnet_id);
            self.block_route(story, run, decider, BlockerCode::RouteElsewhere, &reason);
            return Reached::default();
        }
        let inbound = (subnet.subnet_id.as_str(), Direction::Inbound);
        self.check_acl(story, run.leg, inbound, run.from, run.points);
        story.hop(run.leg, KIND, id, "forward", &format!("in the name of {own}"));
        let mut part = Part::new(
            id,
            id.to_owned(),
            Place::Inside { subnet, vpc: decider.vpc },
            own,
            Groups::Known(Vec::new()),
        );
        part.unfiltered = true;
        part.translator = Some(nat);
        part.steps = run.from.steps + 1;
        let to = run.to.only(&addresses);
        let beyond = self.leave(story, Run { from: &part, to: &to, ..run }, subnet, decider.vpc);
        Reached {
            translated: vec![Translation { addresses, gateway: Some(part), beyond }],
            ..Reached::default()
        }
    }

    /// A regional NAT gateway has no subnet, and routes of its own that lead to the internet:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html>
    fn over_regional(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        nat: &'s NatGateway,
        addresses: AddressSet,
    ) -> Reached<'s> {
        let id = nat.nat_gateway_id.as_str();
        if !run.to.internet || !run.from.entered.is_empty() {
            let what = format!("{id}, a regional NAT gateway: how it goes on to {addresses}");
            story.hop(run.leg, KIND, id, "unknown", "not modelled");
            story.missing([Missing::unmodelled(what)]);
            return Reached::default();
        }
        let Some(gateway) = self.internet_gateway_of(decider.vpc) else {
            story.missing(self.missing("InternetGateways", decider.vpc));
            return Reached::default();
        };
        story.hop(run.leg, KIND, id, "forward", "a regional one");
        story.assume(format!("The internet behind {id} connects {} and answers.", run.to.label));
        let beyond = Connection::Internet(gateway.internet_gateway_id.clone()).into();
        Reached { translated: vec![Translation { addresses, gateway: None, beyond }], ..Reached::default() }
    }
}
