//! Internet gateways, and egress-only ones for IPv6.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use super::{
    BlockerCode, Missing, MissingKind, Network,
    connection::Connection,
    leg::{Decider, Run, at},
    story::Story,
};
use crate::snapshot::aws::ec2::{GatewayAttachment, InternetGateway};

const KIND: &str = "internet-gateway";
const EGRESS_ONLY: &str = "egress-only-internet-gateway";

impl<'s> Network<'s> {
    pub(super) fn over_internet_gateway(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Option<Connection> {
        let Some(gateway) = self.internet_gateways.get(id) else {
            story.hop(run.leg, KIND, id, "unknown", "the gateway was not read");
            story.missing(self.missing("InternetGateways", decider.vpc));
            return None;
        };
        if !attached(story, run, decider, (KIND, id), &gateway.attachments) {
            return None;
        }
        if !self.has_public_address(story, run, decider, id) {
            return None;
        }
        Some(leave_aws(story, run, (KIND, id)))
    }

    /// For IPv6 only, and only for what the VPC's own clients begin:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>
    pub(super) fn over_egress_only_gateway(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Option<Connection> {
        let Some(gateway) = self.egress_only_gateways.get(id) else {
            story.hop(run.leg, EGRESS_ONLY, id, "unknown", "the gateway was not read");
            story.missing(self.missing("EgressOnlyInternetGateways", decider.vpc));
            return None;
        };
        attached(story, run, decider, (EGRESS_ONLY, id), &gateway.attachments)
            .then(|| leave_aws(story, run, (EGRESS_ONLY, id)))
    }

    /// An internet gateway drops what has no public address; IPv6 addresses are public themselves.
    fn has_public_address(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> bool {
        let from = run.from;
        let without = from.addresses.only_v4();
        if without.is_empty() {
            return true;
        }
        if let Some(nat) = from.translator {
            // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
            if nat.connectivity_type.as_deref() != Some("private") {
                return true;
            }
            let reason = format!("{id} drops what the private NAT gateway {} sends", nat.nat_gateway_id);
            story.hop(run.leg, KIND, id, "drop", &reason);
            story.block(at(BlockerCode::NeverForwarded, KIND, id, Some(run.leg), reason));
            return false;
        }
        let subnet = &decider.subnet.subnet_id;
        let without = match (&from.mapped, decider.subnet.map_public_ip_on_launch) {
            (Some(mapped), _) => without.subtract(mapped),
            (None, Some(true)) => {
                story.assume(format!(
                    "{} has public addresses, as {subnet} gives them to new interfaces.",
                    from.label
                ));
                return true;
            }
            (None, Some(false)) => without,
            (None, None) => {
                story.missing([Missing {
                    kind: MissingKind::Operation,
                    what: format!("whether {subnet} gives public addresses to new interfaces"),
                    permission: Some("ec2:DescribeSubnets".to_owned()),
                }]);
                return false;
            }
        };
        if without.is_empty() {
            return true;
        }
        let reason = format!("{} has no public address, so {id} drops what it sends", from.told(&without));
        story.hop(run.leg, KIND, id, "drop", &reason);
        let mut blocker = at(BlockerCode::PublicAddressMissing, "subnet", subnet, Some(run.leg), reason);
        blocker.remedy.subnet = Some(subnet.clone());
        story.block(blocker);
        false
    }

    /// The internet gateway that is attached to a VPC.
    pub(super) fn internet_gateway_of(&self, vpc: &str) -> Option<&'s InternetGateway> {
        self.internet_gateways.values().copied().find(|gateway| {
            gateway.attachments.iter().any(|attachment| attachment.vpc_id.as_deref() == Some(vpc))
        })
    }
}

/// Whether a gateway is attached to the VPC that sends to it.
fn attached(
    story: &mut Story,
    run: Run<'_, '_>,
    decider: &Decider<'_, '_>,
    (kind, id): (&str, &str),
    attachments: &[GatewayAttachment],
) -> bool {
    // AWS calls an attached internet gateway `available`.
    let is_attached = attachments.iter().any(|attachment| {
        attachment.vpc_id.as_deref() == Some(decider.vpc)
            && attachment.state.as_deref().is_some_and(|state| state == "available" || state == "attached")
    });
    if is_attached {
        return true;
    }
    let reason = format!("{id} is not attached to {}", decider.vpc);
    story.hop(run.leg, kind, id, "drop", &reason);
    let mut blocker = at(BlockerCode::GatewayDetached, kind, id, None, reason);
    blocker.remedy.vpc = Some(decider.vpc.to_owned());
    story.block(blocker);
    false
}

fn leave_aws(story: &mut Story, run: Run<'_, '_>, (kind, id): (&str, &str)) -> Connection {
    let told = run.to.told(&run.to.addresses);
    story.hop(run.leg, kind, id, "assumed", &format!("the internet holds {told}"));
    story.assume(format!("The internet behind {id} connects {} and answers.", run.to.label));
    Connection::Internet(id.to_owned())
}
