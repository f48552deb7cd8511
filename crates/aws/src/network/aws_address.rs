//! Addresses at which AWS itself answers in every VPC.
//!
//! Neither security groups nor network ACLs filter Amazon DNS, DHCP, instance metadata, task metadata,
//! the time service and the activation of Windows, and no route is needed for link-local addresses:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>
//! <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>

use std::net::IpAddr;

use privek_core::sets::ports;
use privek_core::sets::ranges::Ranges;

/// What answers at such an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AwsService {
    /// The resolver of the VPC: <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>.
    Resolver,
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>
    InstanceMetadata,
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-fargate.html>
    TaskMetadata,
    /// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html>
    PodIdentityAgent,
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html>
    Time,
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/common-messages.html#activate-windows>
    WindowsActivation,
    /// Any other link-local address, which no router forwards: a cache of `NodeLocal` DNS, for instance.
    OnClient,
    /// The router of a subnet, which answers DHCP:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>.
    Dhcp,
}

impl AwsService {
    /// What answers at an address that is the same in every VPC.
    pub fn at(address: IpAddr) -> Option<Self> {
        let known = Self::well_known(address);
        known.or_else(|| matches!(address, IpAddr::V4(v4) if v4.is_link_local()).then_some(Self::OnClient))
    }

    /// Whether it answers on the client itself, in a VPC or not.
    pub fn is_on_client(self) -> bool {
        matches!(self, Self::InstanceMetadata | Self::TaskMetadata | Self::PodIdentityAgent | Self::OnClient)
    }

    fn well_known(address: IpAddr) -> Option<Self> {
        let last = match address {
            IpAddr::V4(v4) => match v4.octets() {
                [169, 254, 169, last] => u16::from(last),
                [169, 254, 170, 2] => return Some(Self::TaskMetadata),
                [169, 254, 170, 23] => return Some(Self::PodIdentityAgent),
                _ => return None,
            },
            IpAddr::V6(v6) => match v6.segments() {
                // The digits are those of the IPv4 address, in decimal.
                [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x23] => return Some(Self::PodIdentityAgent),
                [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, last] => format!("{last:x}").parse().ok()?,
                _ => return None,
            },
        };
        Some(match last {
            123 => Self::Time,
            250 | 251 => Self::WindowsActivation,
            253 => Self::Resolver,
            254 => Self::InstanceMetadata,
            _ => return None,
        })
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolver => "the VPC resolver",
            Self::InstanceMetadata => "the instance metadata service",
            Self::TaskMetadata => "the task metadata endpoint",
            Self::PodIdentityAgent => "the EKS Pod Identity Agent",
            Self::Time => "the Amazon Time Sync Service",
            Self::WindowsActivation => "the Windows activation service",
            Self::OnClient => "a program of its own",
            Self::Dhcp => "the subnet's DHCP server",
        }
    }

    /// The protocols and ports on which it answers.
    pub fn points(self) -> Ranges {
        let of = |protocol: &str, port: i64| {
            ports::rule_points(Some(protocol), Some(port), Some(port)).unwrap_or_default()
        };
        match self {
            Self::Resolver => of("tcp", 53).union(&of("udp", 53)),
            Self::InstanceMetadata | Self::TaskMetadata | Self::PodIdentityAgent => of("tcp", 80),
            Self::Time => of("udp", 123),
            Self::WindowsActivation => of("tcp", 1688),
            Self::Dhcp => of("udp", 67),
            Self::OnClient => Ranges::default(),
        }
    }
}
