//! EC2: every describe call, filtered and paginated, and the way from the SDK's types to the
//! snapshot's shapes. One file a subject.

pub(super) mod capacity;
pub(super) mod endpoints;
pub(super) mod firewalls;
pub(super) mod gateways;
pub(super) mod lookup;
pub(super) mod routes;
pub(super) mod transit;
pub(super) mod vpcs;

use aws_sdk_ec2::types;
use ipnet::IpNet;

use crate::snapshot::aws::ec2 as shape;

/// A filter of a describe call.
fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> types::Filter {
    types::Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// The filter that most calls share.
fn in_vpcs(vpcs: &[String]) -> types::Filter {
    filter("vpc-id", vpcs)
}

fn group_identifier(v: types::GroupIdentifier) -> shape::GroupIdentifier {
    shape::GroupIdentifier { group_id: v.group_id, group_name: v.group_name }
}

fn tag(v: types::Tag) -> shape::Tag {
    shape::Tag { key: v.key, value: v.value }
}

/// The prefixes of a VPC, IPv4 and IPv6; one that cannot be read leads nowhere.
pub(super) fn prefixes(vpc: &shape::Vpc) -> Vec<IpNet> {
    let v4 = vpc.cidr_block_association_set.iter().filter_map(|block| block.cidr_block.as_deref());
    let v6 = vpc.ipv6_cidr_block_association_set.iter().filter_map(|block| block.ipv6_cidr_block.as_deref());
    let all = vpc.cidr_block.as_deref().into_iter().chain(v4).chain(v6);
    all.filter_map(|text| text.parse().ok()).collect()
}
