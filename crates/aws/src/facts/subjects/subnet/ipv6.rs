//! IPv6 in a subnet: its CIDR, the addresses of its nodes, and DNS64.

use std::collections::BTreeSet;

use ipnet::Ipv6Net;
use privek_core::known::{Known, Missing};
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::subnets;
use crate::snapshot::aws::ec2::{Route, Subnet};

/// The IPv6 prefix of the addresses that DNS64 synthesizes from IPv4 addresses:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>.
const NAT64: &str = "64:ff9b::/96";

/// What rules see of a subnet's IPv6.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SubnetV6Facts {
    /// Whether the subnet has an associated IPv6 CIDR (`Subnets[].Ipv6CidrBlockAssociationSet`).
    ipv6_prefix: Fact<bool>,
    /// `Subnets[].AssignIpv6AddressOnCreation`.
    assigns_ipv6_addresses: Fact<bool>,
    /// Whether the subnet has no IPv4 CIDR (`Subnets[].Ipv6Native`, `Subnets[].CidrBlock`).
    ipv6_only: Fact<bool>,
    /// Whether a managed node group uses the subnet (`nodegroup.subnets`).
    hosts_managed_nodes: Fact<bool>,
    /// Whether DNS64 is on in the subnet (`Subnets[].EnableDns64`) without a route for `64:ff9b::/96` to a NAT
    /// gateway (`RouteTables[].Routes`).
    dns64_leads_nowhere: Fact<bool>,
}

/// The facts about one subnet.
pub(crate) fn facts(
    context: &Context<'_>,
    id: &str,
    managed: &(BTreeSet<String>, Vec<Missing>),
) -> SubnetV6Facts {
    let found = context.network.subnet(id);
    let field = |name: &str| subnets::field(context, name, id);
    SubnetV6Facts {
        ipv6_prefix: Fact(found.clone().map(has_prefix)),
        assigns_ipv6_addresses: Fact(found.clone().and_then(|found| {
            found.assign_ipv6_address_on_creation.ok_or_else(|| field("AssignIpv6AddressOnCreation"))
        })),
        ipv6_only: Fact(found.clone().and_then(|found| match (&found.cidr_block, found.ipv6_native) {
            (Some(_), _) => Ok(false),
            (None, Some(only)) => Ok(only),
            (None, None) => Err(field("Ipv6Native")),
        })),
        hosts_managed_nodes: subnets::among(managed, id),
        dns64_leads_nowhere: Fact(dns64_leads_nowhere(context, id, &found)),
    }
}

fn has_prefix(found: &Subnet) -> bool {
    found.ipv6_cidr_block_association_set.iter().any(|association| {
        let state = association.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
        association.ipv6_cidr_block.is_some() && state.is_none_or(|state| state == "associated")
    })
}

fn dns64_leads_nowhere(context: &Context<'_>, id: &str, found: &Known<&Subnet>) -> Known<bool> {
    let on = found.clone()?.enable_dns64.ok_or_else(|| subnets::field(context, "EnableDns64", id))?;
    if !on {
        return Ok(false);
    }
    let table = context.network.effective_route_table(id)?;
    let made_up = NAT64.parse::<Ipv6Net>().ok();
    let wide = |route: &Route| {
        let prefix = route.destination_ipv6_cidr_block.as_deref()?.parse::<Ipv6Net>().ok()?;
        made_up.is_some_and(|made_up| prefix.contains(&made_up)).then_some(prefix.prefix_len())
    };
    let routes = table.routes.iter().filter_map(|route| Some((wide(route)?, route)));
    let Some((_, route)) = routes.max_by_key(|(length, _)| *length) else { return Ok(true) };
    if !context.network.is_active(table, route)? {
        return Ok(true);
    }
    let to_internet = route.egress_only_internet_gateway_id.is_some()
        || route.gateway_id.as_deref().is_some_and(|gateway| gateway.starts_with("igw-"));
    match (&route.nat_gateway_id, to_internet) {
        (Some(_), _) => Ok(false),
        (None, true) => Ok(true),
        // A NAT gateway of another VPC may do it.
        (None, false) => Err(vec![Missing::unmodelled(format!(
            "the NAT gateway for packets from {id} to {NAT64}; the target of the route is another network"
        ))]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot};

    #[test]
    fn a_subnet_without_ipv4_is_ipv6_only() {
        let mut snapshot = snapshot();
        assert_eq!(fields(&snapshot, "subnet", "subnet-a")["ipv6_only"], false);
        snapshot["Subnets"][0].as_object_mut().unwrap().remove("CidrBlock");
        assert!(is_unknown(&fields(&snapshot, "subnet", "subnet-a")["ipv6_only"]));
        snapshot["Subnets"][0]["Ipv6Native"] = json!(true);
        assert_eq!(fields(&snapshot, "subnet", "subnet-a")["ipv6_only"], true);
    }

    #[test]
    fn a_prefix_that_is_not_associated_yet_is_none() {
        let mut snapshot = snapshot();
        for (state, there) in [("associating", false), ("associated", true)] {
            snapshot["Subnets"][0]["Ipv6CidrBlockAssociationSet"] =
                json!([{"Ipv6CidrBlock": "2001:db8::/64", "Ipv6CidrBlockState": {"State": state}}]);
            assert_eq!(fields(&snapshot, "subnet", "subnet-a")["ipv6_prefix"], there, "{state}");
        }
    }

    #[test]
    fn what_dns64_makes_up_needs_a_nat_gateway() {
        let mut snapshot = snapshot();
        assert!(is_unknown(&fields(&snapshot, "subnet", "subnet-a")["dns64_leads_nowhere"]));
        snapshot["Subnets"][0]["EnableDns64"] = json!(true);
        assert_eq!(fields(&snapshot, "subnet", "subnet-a")["dns64_leads_nowhere"], true);
        snapshot["RouteTables"][0]["Routes"] =
            json!([{"DestinationIpv6CidrBlock": "64:ff9b::/96", "NatGatewayId": "nat-1", "State": "active"}]);
        assert_eq!(fields(&snapshot, "subnet", "subnet-a")["dns64_leads_nowhere"], false);
        snapshot["RouteTables"][0]["Routes"] = json!([{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "State": "active"}]);
        assert_eq!(fields(&snapshot, "subnet", "subnet-a")["dns64_leads_nowhere"], true);
        snapshot["RouteTables"][0]["Routes"] =
            json!([{"DestinationIpv6CidrBlock": "::/0", "TransitGatewayId": "tgw-1", "State": "active"}]);
        assert!(is_unknown(&fields(&snapshot, "subnet", "subnet-a")["dns64_leads_nowhere"]));
    }

    #[test]
    fn a_route_for_dns64_counts_by_its_state() {
        let mut snapshot = snapshot();
        snapshot["Subnets"][0]["EnableDns64"] = json!(true);
        let mut leads_nowhere = |state| {
            let mut route = json!({"DestinationIpv6CidrBlock": "64:ff9b::/96", "NatGatewayId": "nat-1"});
            route["State"] = state;
            snapshot["RouteTables"][0]["Routes"] = json!([route]);
            fields(&snapshot, "subnet", "subnet-a")["dns64_leads_nowhere"].clone()
        };
        assert_eq!(leads_nowhere(json!("active")), false);
        assert_eq!(leads_nowhere(json!("blackhole")), true);
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html has this one too.
        assert!(is_unknown(&leads_nowhere(json!("filtered"))));
        assert!(is_unknown(&leads_nowhere(json!(null))));
    }

    #[test]
    fn subnets_of_managed_groups_are_told_apart() {
        let mut snapshot = snapshot();
        assert_eq!(fields(&snapshot, "subnet", "subnet-a")["hosts_managed_nodes"], true);
        snapshot["nodegroup"] = json!([]);
        snapshot["nodegroups"] = json!([]);
        assert_eq!(fields(&snapshot, "subnet", "subnet-a")["hosts_managed_nodes"], false);
    }
}
