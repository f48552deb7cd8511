//! What an attachment to a transit gateway needs, where something of it is missing.

use std::collections::BTreeMap;

use super::{Network, network_acl, zone::zone};
use crate::snapshot::aws::ec2::{Subnet, TransitGatewayAttachment};

impl<'s> Network<'s> {
    /// The subnet of a VPC to attach in a zone: the same one for whoever asks, since a zone has one.
    pub(super) fn subnet_to_attach(&self, vpc: &str, zone: &str) -> Option<&'s str> {
        self.subnets_to_attach(vpc).remove(zone)
    }

    /// One subnet of a VPC for each of its zones. Better one whose network ACL lets everything through,
    /// because what goes over the gateway passes it; then a small one, which AWS recommends:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-best-design-practices.html>
    pub(super) fn subnets_to_attach(&self, vpc: &str) -> BTreeMap<&'s str, &'s str> {
        let mut all: Vec<&'s Subnet> =
            self.subnets.values().copied().filter(|subnet| subnet.vpc_id.as_deref() == Some(vpc)).collect();
        all.sort_by_cached_key(|subnet| {
            let open = self.network_acl(&subnet.subnet_id).is_ok_and(network_acl::lets_all_through);
            let size =
                subnet.cidr_block.as_deref().and_then(|text| text.split_once('/')?.1.parse::<u8>().ok());
            (!open, std::cmp::Reverse(size), subnet.subnet_id.as_str())
        });
        let mut chosen = BTreeMap::new();
        for subnet in all {
            if let Some(zone) = zone(subnet) {
                chosen.entry(zone).or_insert(subnet.subnet_id.as_str());
            }
        }
        chosen
    }

    /// The route table to associate an attachment with: the gateway's default one, or its only one.
    pub(super) fn table_to_associate(&self, attachment: &TransitGatewayAttachment) -> Option<&'s str> {
        let gateway = attachment.transit_gateway_id.as_deref()?;
        let tables = self.snapshot.aws.transit_gateway_route_tables.iter().flatten();
        let its: Vec<_> =
            tables.filter(|table| table.transit_gateway_id.as_deref() == Some(gateway)).collect();
        let default = its.iter().find(|table| table.default_association_route_table == Some(true));
        let only = if its.len() == 1 { its.first() } else { None };
        default.or(only).map(|table| table.transit_gateway_route_table_id.as_str())
    }
}
