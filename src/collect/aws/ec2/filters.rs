//! Filters of describe calls.

use aws_sdk_ec2::types;

/// A filter of a describe call.
pub(super) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> types::Filter {
    types::Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// The filter that most calls share.
pub(super) fn in_vpcs(vpcs: &[String]) -> types::Filter {
    filter("vpc-id", vpcs)
}
