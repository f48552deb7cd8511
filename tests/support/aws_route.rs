//! Routes of VPCs in the small AWS: made and replaced.

use serde_json::{Value, json};

use super::aws_cli::find;
use super::shell::Options;

/// Option, field of the route, and how the ids of such targets begin.
const TARGETS: [(&str, &str, &[&str]); 7] = [
    ("--gateway-id", "GatewayId", &["vgw-", "igw-"]),
    ("--transit-gateway-id", "TransitGatewayId", &["tgw-"]),
    ("--vpc-peering-connection-id", "VpcPeeringConnectionId", &["pcx-"]),
    ("--nat-gateway-id", "NatGatewayId", &["nat-"]),
    ("--network-interface-id", "NetworkInterfaceId", &["eni-"]),
    ("--vpc-endpoint-id", "GatewayId", &["vpce-"]),
    ("--egress-only-internet-gateway-id", "EgressOnlyInternetGatewayId", &["eigw-"]),
];

/// `create-route`: there is none for this destination yet, other than a propagated one.
pub fn create_route(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let (table, route) = described(options)?;
    let routes = routes(snapshot, &table)?;
    if let Some(other) = routes.iter().find(|other| same(other, &route) && !is_propagated(other)) {
        return Err(format!("{table} has {other} already"));
    }
    // What is propagated gives way, and is shown no longer.
    routes.retain(|other| !same(other, &route));
    routes.push(route);
    Ok(())
}

/// `replace-route`: there is one for exactly this destination.
pub fn replace_route(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let (table, route) = described(options)?;
    let routes = routes(snapshot, &table)?;
    match routes.iter_mut().find(|other| same(other, &route) && !is_propagated(other)) {
        Some(other) => *other = route,
        None => return Err(format!("{table} has no route to replace for {route}")),
    }
    Ok(())
}

/// `delete-route`: there is one for exactly this destination, and it is not the VPC's own.
pub fn delete_route(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let (table, mut route) = (options.one("--route-table-id")?, json!({}));
    set_destination(&mut route, options)?;
    let routes = routes(snapshot, &table)?;
    let at = routes.iter().position(|other| same(other, &route) && other["GatewayId"] != "local");
    routes.remove(at.ok_or_else(|| format!("{table} has no route to delete for {route}"))?);
    Ok(())
}

fn described(options: &mut Options) -> Result<(String, Value), String> {
    let table = options.one("--route-table-id")?;
    let mut route = json!({ "Origin": "CreateRoute", "State": "active" });
    set_destination(&mut route, options)?;
    let mut targets = 0;
    for (option, field, kinds) in TARGETS {
        if let Some(id) = options.maybe(option)? {
            if !kinds.iter().any(|kind| id.starts_with(kind)) {
                return Err(format!("{option} {id}"));
            }
            route[field] = json!(id);
            targets += 1;
        }
    }
    if options.flag("--local-target") {
        route["GatewayId"] = json!("local");
        targets += 1;
    }
    if targets == 1 { Ok((table, route)) } else { Err(format!("{targets} targets")) }
}

fn set_destination(route: &mut Value, options: &mut Options) -> Result<(), String> {
    let v4 = options.maybe("--destination-cidr-block")?;
    match (v4, options.maybe("--destination-ipv6-cidr-block")?) {
        (Some(cidr), None) => route["DestinationCidrBlock"] = json!(cidr),
        (None, Some(cidr)) => route["DestinationIpv6CidrBlock"] = json!(cidr),
        _ => return Err("one of --destination-cidr-block and --destination-ipv6-cidr-block".to_owned()),
    }
    Ok(())
}

fn routes<'a>(snapshot: &'a mut Value, table: &str) -> Result<&'a mut Vec<Value>, String> {
    let table = find(snapshot, "RouteTables", "RouteTableId", table)?;
    table["Routes"].as_array_mut().ok_or_else(|| "the table has no routes".to_owned())
}

fn same(one: &Value, other: &Value) -> bool {
    ["DestinationCidrBlock", "DestinationIpv6CidrBlock"].iter().all(|field| one[field] == other[field])
        && one["DestinationPrefixListId"].is_null()
}

fn is_propagated(route: &Value) -> bool {
    route["Origin"] == "EnableVgwRoutePropagation"
}
