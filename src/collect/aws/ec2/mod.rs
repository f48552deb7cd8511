//! EC2: every describe call, filtered and paginated, and the way from the SDK's types to the
//! snapshot's shapes. One file a subject.

pub(super) mod capacity;
pub(super) mod endpoints;
pub(super) mod firewalls;
pub(super) mod gateways;
pub(super) mod routes;
pub(super) mod transit;
pub(super) mod vpcs;

use aws_sdk_ec2::types;

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
