//! VPC peering: from one VPC to one other, never further.
//!
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>

use super::{
    AddressSet, BlockerCode, Network,
    connection::{self, Connection},
    leg::{Decider, Run, at},
    story::Story,
};

impl<'s> Network<'s> {
    pub(super) fn over_peering_connection(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Option<Connection> {
        const KIND: &str = "vpc-peering-connection";
        let Some(peering) = self.peerings.get(id) else {
            story.hop(run.leg, KIND, id, "unknown", "the peering connection was not read");
            story.missing(self.missing("VpcPeeringConnections", id));
            return None;
        };
        let status = peering.status.as_ref().and_then(|status| status.code.as_deref()).unwrap_or("unknown");
        if !connection::is_active(peering) {
            let reason = format!("{id} is {status}");
            story.hop(run.leg, KIND, id, "drop", &reason);
            let mut blocker = at(BlockerCode::PeeringInactive, KIND, id, None, reason);
            blocker.remedy.state = Some(status.to_owned());
            story.block(blocker);
        }
        let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info];
        let far = sides.into_iter().flatten().find(|side| side.vpc_id.as_deref() != Some(decider.vpc));
        let Some(far) = far else {
            story.missing(self.missing("VpcPeeringConnections", id));
            return None;
        };
        let far_vpc = far.vpc_id.as_deref().unwrap_or("a VPC without id");
        let transitive = |story: &mut Story, addresses: &AddressSet| {
            let reason = format!(
                "{id} leads to {far_vpc} only, and AWS forwards nothing from there to {}",
                run.to.told(addresses)
            );
            story.hop(run.leg, KIND, id, "drop", &reason);
            let mut blocker = at(BlockerCode::NeverForwarded, KIND, id, Some(run.leg), reason);
            blocker.part = run.to.part(addresses);
            story.block(blocker);
        };
        if let Some(vpc) = run.to.vpc() {
            if vpc != far_vpc {
                transitive(story, &run.to.addresses);
                return None;
            }
            story.hop(run.leg, KIND, id, "forward", &format!("{status}, to {far_vpc}"));
            return Some(Connection::Peering(id.to_owned()));
        }
        let v4 = far.cidr_block_set.iter().filter_map(|block| block.cidr_block.as_deref());
        let v6 = far.ipv6_cidr_block_set.iter().filter_map(|block| block.ipv6_cidr_block.as_deref());
        let held: AddressSet = far
            .cidr_block
            .as_deref()
            .into_iter()
            .chain(v4)
            .chain(v6)
            .filter_map(|text| text.parse().ok())
            .collect();
        let beyond = decider.addresses.intersect(&run.to.addresses).subtract(&held);
        if !held.is_empty() && !beyond.is_empty() {
            transitive(story, &beyond);
        }
        story.hop(run.leg, KIND, id, "unknown", &format!("{far_vpc} was not read"));
        story.missing(
            ["Vpcs", "Subnets", "RouteTables", "NetworkAcls"]
                .iter()
                .flat_map(|key| self.missing(key, far_vpc)),
        );
        Some(Connection::Peering(id.to_owned()))
    }
}
