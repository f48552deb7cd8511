//! Client VPN and mount targets, as the commands that fixes print change them.

use serde_json::{Value, json};

use super::aws_cli::{find, list, text};
use super::shell::Options;

/// Runs one of the operations below.
pub fn run(snapshot: &mut Value, operation: &str, options: &mut Options) -> Result<(), String> {
    match operation {
        "associate-client-vpn-target-network" => associate(snapshot, options),
        "create-client-vpn-route" => create_route(snapshot, options),
        "authorize-client-vpn-ingress" => authorize(snapshot, options),
        "create-mount-target" => create_mount_target(snapshot, options),
        _ => Err(format!("`{operation}` is not understood")),
    }
}

/// Associates an endpoint with a subnet; the first association brings the route to the VPC:
/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-routes.html>
fn associate(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let (id, subnet) = (options.one("--client-vpn-endpoint-id")?, options.one("--subnet-id")?);
    let endpoint = find(snapshot, "ClientVpnEndpoints", "ClientVpnEndpointId", &id)?.clone();
    let vpc = find(snapshot, "Subnets", "SubnetId", &subnet)?["VpcId"].clone();
    let cidr = find(snapshot, "Vpcs", "VpcId", text(&vpc)?)?["CidrBlock"].clone();
    list(snapshot, "ClientVpnTargetNetworks")?.push(json!({
        "AssociationId": "cvpn-assoc-0ffffffffffffffff", "ClientVpnEndpointId": id, "VpcId": vpc,
        "TargetNetworkId": subnet, "SecurityGroups": endpoint["SecurityGroupIds"], "Status": { "Code": "associated" },
    }));
    // An endpoint that had a subnet before may have the route still.
    let route = route(&id, text(&cidr)?, &subnet);
    let lists = list(snapshot, "ClientVpnRoutes")?;
    let its = lists.iter_mut().find(|one| one["ClientVpnEndpointId"] == id.as_str());
    if let Some(routes) = its.and_then(|its| its["Routes"].as_array_mut()) {
        routes.retain(|one| one["DestinationCidr"] != route["DestinationCidr"]);
    }
    add(snapshot, "ClientVpnRoutes", "Routes", &id, &route)
}

/// Adds a route.
fn create_route(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let id = options.one("--client-vpn-endpoint-id")?;
    let (cidr, subnet) = (options.one("--destination-cidr-block")?, options.one("--target-vpc-subnet-id")?);
    find(snapshot, "Subnets", "SubnetId", &subnet)?;
    add(snapshot, "ClientVpnRoutes", "Routes", &id, &route(&id, &cidr, &subnet))
}

/// Adds an authorization rule.
fn authorize(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let (id, cidr) = (options.one("--client-vpn-endpoint-id")?, options.one("--target-network-cidr")?);
    let (group, all) = (options.maybe("--access-group-id")?, options.flag("--authorize-all-groups"));
    if all == group.is_some() {
        return Err("one of --access-group-id and --authorize-all-groups".to_owned());
    }
    let rule = json!({ "DestinationCidr": cidr, "AccessAll": all, "GroupId": group, "Status": { "Code": "active" } });
    add(snapshot, "ClientVpnAuthorizationRules", "AuthorizationRules", &id, &rule)
}

/// Gives a file system an interface in one more subnet, like the others that it has.
fn create_mount_target(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let (id, subnet) = (options.one("--file-system-id")?, options.one("--subnet-id")?);
    let groups = options.several("--security-groups")?;
    let place = find(snapshot, "Subnets", "SubnetId", &subnet)?.clone();
    let network: ipnet::IpNet = text(&place["CidrBlock"])?.parse().map_err(|_| "a prefix")?;
    let own = network.hosts().nth(200).ok_or("no address")?;
    let all = list(snapshot, "NetworkInterfaces")?;
    let like = |one: &&Value| one["Description"].as_str().is_some_and(|text| text.contains(&id));
    let mut target = all.iter().find(like).ok_or("a file system without mount targets")?.clone();
    target["NetworkInterfaceId"] = json!("eni-0ffffffffffffff01");
    target["Description"] = json!(format!("EFS mount target for {id} (fsmt-0ffffffffffffff01)"));
    for key in ["SubnetId", "VpcId", "AvailabilityZone"] {
        target[key] = place[key].clone();
    }
    target["PrivateIpAddress"] = json!(own);
    target["PrivateIpAddresses"] = json!([{ "PrivateIpAddress": own, "Primary": true }]);
    target["Groups"] = groups.iter().map(|group| json!({ "GroupId": group })).collect();
    all.push(target);
    Ok(())
}

fn route(id: &str, cidr: &str, subnet: &str) -> Value {
    json!({ "ClientVpnEndpointId": id, "DestinationCidr": cidr, "TargetSubnet": subnet, "Status": { "Code": "active" } })
}

/// Adds an item to the list of an endpoint, which is one of a collection's items.
fn add(snapshot: &mut Value, collection: &str, key: &str, id: &str, item: &Value) -> Result<(), String> {
    let all = list(snapshot, collection)?;
    if !all.iter().any(|one| one["ClientVpnEndpointId"] == id) {
        all.push(json!({ "ClientVpnEndpointId": id, key: [] }));
    }
    let its = all.iter_mut().find(|one| one["ClientVpnEndpointId"] == id).ok_or("just added")?;
    let items = its[key].as_array_mut().ok_or("no list")?;
    if items.iter().any(|one| one["DestinationCidr"] == item["DestinationCidr"]) {
        return Err(format!("{} is there already", item["DestinationCidr"]));
    }
    items.push(item.clone());
    Ok(())
}
