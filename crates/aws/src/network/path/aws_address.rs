//! From a subnet to an address at which AWS itself answers: nothing filters the packets, and no route is
//! needed; but only what is in the VPC reaches it.

use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::Missing;
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ports;
use privek_core::sets::ranges::Ranges;

use crate::network::aws_address::AwsService;
use crate::network::segment::{Location, Segment};
use crate::network::{BlockerCode, TraceLog};

use super::reasoner::Reasoner;
use super::run::at;

const KIND: &str = "aws-address";

impl<'s> Reasoner<'s> {
    /// What becomes of requests to an address of AWS's own, and of the replies.
    pub(crate) fn to_aws_address(
        &self,
        log: &mut TraceLog,
        (from, to): (&Segment<'s>, &Segment<'s>),
        (service, points): (AwsService, &Ranges),
    ) {
        let (address, name) = (to.addresses.told(), service.name());
        let block = |log: &mut TraceLog, reason: String| {
            log.hop(Leg::Request, KIND, &address, "drop", &reason);
            log.block(at(BlockerCode::NeverForwarded, KIND, &address, Some(Leg::Request), reason));
        };
        let (subnet, vpc) = match &from.place {
            Location::Inside { subnet, vpc } => (*subnet, *vpc),
            // These answer on the client itself, wherever it is.
            Location::Outside { .. } if service.is_on_client() => {
                log.hop(Leg::Request, KIND, &address, "unknown", name);
                let what = format!("whether {} has {name} at {address}", from.label);
                return log.missing([Missing::unmodelled(what)]);
            }
            Location::Outside { .. } => {
                let reason =
                    format!("{name} at {address} answers in its own VPC only; {} is outside", from.label);
                return block(log, reason);
            }
        };
        if !self.serves(service, to, vpc, &subnet.subnet_id) {
            let reason = format!("{name} at {address} is of {}, and does not answer {vpc}", to.what);
            return block(log, reason);
        }
        log.hop(Leg::Request, "subnet", &subnet.subnet_id, "forward", &from.told(&from.addresses));
        let told = format!("{name}; security groups, network ACLs and route tables do not apply");
        log.hop(Leg::Request, KIND, &address, "forward", &told);
        let others = points.subtract(&service.points());
        if !others.is_empty() {
            let what = format!("the answer of {name} at {address} on {}", ports::describe(&others));
            log.missing([Missing::unmodelled(what)]);
        }
        self.check_service(log, from, (service, vpc), !to.addresses.only_v6().is_empty());
        log.hop(Leg::Reply, KIND, &address, "forward", "back to the client");
    }

    /// Whether what answers at an address answers this subnet: not where the address is another VPC's, or
    /// another subnet's.
    fn serves(&self, service: AwsService, to: &Segment<'s>, vpc: &str, subnet: &str) -> bool {
        match service {
            AwsService::Dhcp => to.what == subnet,
            AwsService::Resolver if self.vpcs.contains_key(to.what.as_str()) => {
                let own = self
                    .resolver_address(vpc)
                    .map(|address| AddressSet::from(IpNet::from(IpAddr::V4(address))));
                own.is_some_and(|own| own.contains_all(&to.addresses))
            }
            _ => true,
        }
    }

    fn check_service(
        &self,
        log: &mut TraceLog,
        from: &Segment<'s>,
        (service, vpc): (AwsService, &str),
        v6: bool,
    ) {
        match service {
            AwsService::Resolver => match self.dns_support(vpc) {
                Ok(true) => {}
                Ok(false) => {
                    let reason = "enableDnsSupport is off, so the resolver of the VPC answers no queries";
                    log.hop(Leg::Request, "vpc", vpc, "drop", reason);
                    let mut blocker = at(BlockerCode::DnsAttributeOff, "vpc", vpc, None, reason.to_owned());
                    blocker.remedy.target_option = Some("--enable-dns-support".to_owned());
                    log.block(blocker);
                }
                Err(missing) => log.missing(missing),
            },
            // The IPv6 endpoint is off unless it is turned on:
            // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
            AwsService::InstanceMetadata if v6 => {
                let what = format!("HttpProtocolIpv6 in the metadata options of {}", from.label);
                log.missing([Missing::unmodelled(what)]);
            }
            AwsService::InstanceMetadata => log.missing([Missing::unmodelled(format!(
                "whether the metadata options of {} turn instance metadata on, with enough hops",
                from.label
            ))]),
            AwsService::TaskMetadata | AwsService::PodIdentityAgent | AwsService::OnClient => {
                log.missing([Missing::unmodelled(format!("whether {} has {}", from.label, service.name()))]);
            }
            AwsService::Time | AwsService::WindowsActivation | AwsService::Dhcp => {}
        }
    }
}
