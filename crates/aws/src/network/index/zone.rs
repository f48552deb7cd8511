//! Availability zones: which subnets are in one.

use privek_core::known::{Known, Missing};

use crate::snapshot::aws::ec2::Subnet;

use super::Network;

impl Network<'_> {
    /// Whether two subnets are in one zone.
    pub fn same_zone(&self, one: &str, other: &str) -> Known<bool> {
        if one == other {
            return Ok(true);
        }
        same_zone(self.subnet(one)?, self.subnet(other)?).ok_or_else(|| {
            let what = format!("AvailabilityZoneId of {one} and {other}, to compare the zones");
            vec![Missing::operation(what, None)]
        })
    }
}

pub(crate) fn zone(subnet: &Subnet) -> Option<&str> {
    subnet.availability_zone.as_deref().or(subnet.availability_zone_id.as_deref())
}

/// Whether two subnets are in one zone. Only ids mean the same zone in every account
/// (<https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html>).
pub(crate) fn same_zone(a: &Subnet, b: &Subnet) -> Option<bool> {
    if let (Some(a), Some(b)) = (&a.availability_zone_id, &b.availability_zone_id) {
        return Some(a == b);
    }
    let foreign = a.owner_id.is_some() && b.owner_id.is_some() && a.owner_id != b.owner_id;
    match (&a.availability_zone, &b.availability_zone) {
        (Some(a), Some(b)) if !foreign => Some(a == b),
        _ => None,
    }
}
