//! Nodes that call AWS by the names of FIPS endpoints.

use privek_core::known::{self, Known};

use crate::facts::base::context::Context;

use super::node_groups;
use super::user_data::Source;

/// Whether some nodes use FIPS endpoints, as far as it is shown: by an image type of EKS, or by user data.
///
/// Bottlerocket's FIPS images set `use_fips_endpoint` by default, in every region
/// (<https://github.com/bottlerocket-os/bottlerocket-core-kit/pull/218>,
/// <https://github.com/bottlerocket-os/bottlerocket/issues/4363>); user data may turn it off.
pub(crate) fn nodes_use_fips(context: &Context<'_>) -> Known<bool> {
    let listed = node_groups::listed(context);
    let mut unread = listed.unlisted.clone();
    let found = listed.groups.iter().any(|group| {
        let told = Source::new(context, group).data.ok().and_then(|data| data.fips_endpoints);
        // Without its subnets a group was not read at all.
        unread.extend(group.subnets.as_ref().err().into_iter().flatten().cloned());
        told.unwrap_or_else(|| group.ami_type.as_deref().is_some_and(|image| image.ends_with("_FIPS")))
    });
    known::proved(found, unread)
}
