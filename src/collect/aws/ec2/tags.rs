//! Tags, which nearly every resource has.

use aws_sdk_ec2::types;
use privek_aws::snapshot::aws::ec2 as shape;

/// A tag.
pub(super) fn tag(v: types::Tag) -> shape::Tag {
    shape::Tag { key: v.key, value: v.value }
}
