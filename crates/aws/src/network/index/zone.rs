//! Zones: which subnets are in one, and in which one a subnet's transit gateway attachment has to be.

use privek_core::known::{Known, Missing};

use crate::snapshot::aws::ec2::{AvailabilityZone, Subnet};

use super::Network;

/// What sort of zone a subnet is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZoneKind<'s> {
    /// An Availability Zone.
    Regional,
    /// A Local Zone, with its parent Availability Zone as far as AWS names it.
    Local { parent: Parent<'s> },
    /// A Wavelength Zone, or another sort.
    Other(&'s str),
}

/// The Availability Zone that a Local Zone belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parent<'s> {
    id: Option<&'s str>,
    name: Option<&'s str>,
}

impl<'s> Network<'s> {
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

    /// Whether packets of a subnet reach a transit gateway over an attachment's subnet: one of the same
    /// zone, or of the parent zone of a Local Zone, because no attachment can be in a Local Zone.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>
    /// <https://docs.aws.amazon.com/local-zones/latest/ug/local-zones-connectivity-transit-gateway-lzs.html>
    pub(crate) fn same_attachment_zone(&self, subnet: &Subnet, attached: &Subnet) -> Known<bool> {
        let id = &subnet.subnet_id;
        match self.zone_kind(subnet)? {
            ZoneKind::Regional => {
                same_zone(subnet, attached).ok_or_else(|| self.missing("Subnets", &subnet.subnet_id))
            }
            ZoneKind::Local { parent } => {
                let foreign = foreign(subnet, attached);
                match (parent.id, attached.availability_zone_id.as_deref()) {
                    (Some(parent), Some(its)) => Ok(parent == its),
                    _ => match (parent.name, attached.availability_zone.as_deref()) {
                        (Some(parent), Some(its)) if !foreign => Ok(parent == its),
                        _ => {
                            let what = format!("the parent zone of the Local Zone of {id}");
                            Err(self.missing_of("AvailabilityZones", id, what))
                        }
                    },
                }
            }
            ZoneKind::Other(kind) => {
                let what = format!("the path from {id} in a {kind} to a transit gateway");
                Err(vec![Missing::unmodelled(what)])
            }
        }
    }

    /// The zone in which a transit gateway attachment serves a subnet, by the name that subnets bear.
    pub(crate) fn attachment_zone(&self, subnet: &'s Subnet) -> Option<&'s str> {
        match self.zone_kind(subnet) {
            Ok(ZoneKind::Local { parent }) => match subnet.availability_zone {
                Some(_) => parent.name.or(parent.id),
                None => parent.id.or(parent.name),
            },
            _ => zone(subnet),
        }
    }

    /// What sort of zone a subnet is in. Where zones were not read, the names tell: those of Local Zones and
    /// Wavelength Zones have parts after the number of the region
    /// (<https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html>).
    pub(crate) fn zone_kind(&self, subnet: &Subnet) -> Known<ZoneKind<'s>> {
        if let Some(listed) = self.listed_zone(subnet) {
            return match listed.zone_type.as_deref() {
                Some("availability-zone") => Ok(ZoneKind::Regional),
                Some("local-zone") => Ok(ZoneKind::Local {
                    parent: Parent {
                        id: listed.parent_zone_id.as_deref(),
                        name: listed.parent_zone_name.as_deref(),
                    },
                }),
                Some(other) => Ok(ZoneKind::Other(other)),
                None => Err(self.missing("AvailabilityZones", &subnet.subnet_id)),
            };
        }
        let extended = subnet.availability_zone.as_deref().is_some_and(is_extended_name)
            || subnet.availability_zone_id.as_deref().is_some_and(|id| id.split('-').count() > 2);
        if extended {
            return Err(self.missing("AvailabilityZones", &subnet.subnet_id));
        }
        Ok(ZoneKind::Regional)
    }

    /// The zone of a subnet as AWS lists it; only ids mean the same zone in every account.
    fn listed_zone(&self, subnet: &Subnet) -> Option<&'s AvailabilityZone> {
        let mut zones = self.snapshot.aws.availability_zones.iter().flatten();
        zones.find(|zone| match (&zone.zone_id, &subnet.availability_zone_id) {
            (Some(one), Some(other)) => one == other,
            _ => zone.zone_name.is_some() && zone.zone_name == subnet.availability_zone,
        })
    }

    /// The network border group of a subnet's zone where it is not that of the Region: AWS advertises public
    /// addresses of Local Zones and Wavelength Zones from groups of their own
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html>).
    pub fn border_group(&self, subnet: &Subnet) -> Known<Option<String>> {
        if self.zone_kind(subnet)? == ZoneKind::Regional {
            return Ok(None);
        }
        let id = &subnet.subnet_id;
        let group = self.listed_zone(subnet).and_then(|zone| zone.network_border_group.clone());
        let what = || format!("NetworkBorderGroup of the zone of {id}");
        group.map(Some).ok_or_else(|| self.missing_of("AvailabilityZones", id, what()))
    }

    /// The id of a subnet's zone, if AWS gives it or lists the zone.
    pub(crate) fn zone_id<'a>(&'a self, subnet: &'a Subnet) -> Option<&'a str> {
        subnet.availability_zone_id.as_deref().or_else(|| self.listed_zone(subnet)?.zone_id.as_deref())
    }
}

/// Whether a zone's name has parts after the number of the region, as `us-west-2-lax-1a` has and
/// `us-west-2a` has not.
fn is_extended_name(name: &str) -> bool {
    let mut parts: Vec<&str> = name.split('-').collect();
    parts.pop();
    parts.iter().any(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
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
    match (&a.availability_zone, &b.availability_zone) {
        (Some(one), Some(other)) if !foreign(a, b) => Some(one == other),
        _ => None,
    }
}

/// Whether two subnets are of two accounts, which may name zones differently.
fn foreign(a: &Subnet, b: &Subnet) -> bool {
    a.owner_id.is_some() && b.owner_id.is_some() && a.owner_id != b.owner_id
}
