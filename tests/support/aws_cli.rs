//! A small AWS: applies the commands that fixes print to the JSON of a snapshot.
//!
//! As strict as the real one: an option that the command does not have, a resource that does not
//! exist, a route, entry or rule that is there already is an error.

use serde_json::{Value, json};

use super::aws_client_vpn;
use super::aws_route::{create_route, delete_route, replace_route};
use super::shell::{Options, words};

/// What AWS would make up.
const ALLOCATION: &str = "eipalloc-0fffffffffffffff1";
const NAT: &str = "nat-0ffffffffffffffff";

/// Applies one command.
pub fn apply(snapshot: &mut Value, command: &str) -> Result<(), String> {
    run_command(snapshot, command).map(drop)
}

/// What a command prints.
fn run_command(snapshot: &mut Value, command: &str) -> Result<String, String> {
    let mut words = words(command)?;
    for word in &mut words {
        if let Some(inner) = word.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) {
            *word = run_command(snapshot, inner)?;
        }
    }
    let [aws, service, operation, rest @ ..] = words.as_slice() else {
        return Err("no `aws SERVICE OPERATION`".to_owned());
    };
    let is_known = service == "ec2" || service == "efs" && operation == "create-mount-target";
    if aws != "aws" || !is_known {
        return Err(format!("`{aws} {service}` is not understood"));
    }
    let mut options = Options::parse(rest)?;
    let region = options.one("--region")?;
    if snapshot["region"] != region.as_str() {
        return Err(format!("{region} is another region"));
    }
    let (query, output) = (options.maybe("--query")?, options.maybe("--output")?);
    run(snapshot, operation, &mut options)?;
    options.all_used()?;
    match (operation.as_str(), query.as_deref(), output.as_deref()) {
        (_, None, None) => Ok(String::new()),
        ("allocate-address", Some("AllocationId"), Some("text")) => Ok(ALLOCATION.to_owned()),
        ("create-nat-gateway", Some("NatGateway.NatGatewayId"), Some("text")) => Ok(NAT.to_owned()),
        (_, query, output) => Err(format!("the output {query:?} as {output:?}")),
    }
}

fn run(snapshot: &mut Value, operation: &str, options: &mut Options) -> Result<(), String> {
    match operation {
        "authorize-security-group-ingress" => authorize(snapshot, options, "IpPermissions"),
        "authorize-security-group-egress" => authorize(snapshot, options, "IpPermissionsEgress"),
        "create-network-acl-entry" => set_network_acl_entry(snapshot, options, false),
        "replace-network-acl-entry" => set_network_acl_entry(snapshot, options, true),
        "delete-network-acl-entry" => {
            let (id, egress, number) = acl_entry(options)?;
            let entries = acl_entries(snapshot, &id)?;
            let count = entries.len();
            entries.retain(|other| other["Egress"] != egress || other["RuleNumber"] != number);
            if entries.len() < count { Ok(()) } else { Err(format!("{id} has no entry {number}")) }
        }
        "create-route" => create_route(snapshot, options),
        "delete-route" => delete_route(snapshot, options),
        "replace-route" => replace_route(snapshot, options),
        "modify-vpc-endpoint" => add_route_tables(snapshot, options),
        "accept-vpc-peering-connection" => {
            let id = options.one("--vpc-peering-connection-id")?;
            let peering = find(snapshot, "VpcPeeringConnections", "VpcPeeringConnectionId", &id)?;
            expect(&peering["Status"]["Code"], "pending-acceptance")?;
            peering["Status"] = json!({ "Code": "active", "Message": "Active" });
            Ok(())
        }
        "modify-transit-gateway-vpc-attachment" => modify_attachment(snapshot, options),
        "create-transit-gateway-vpc-attachment" => create_attachment(snapshot, options),
        "accept-transit-gateway-vpc-attachment" => {
            let id = options.one("--transit-gateway-attachment-id")?;
            for (collection, needed) in
                [("TransitGatewayVpcAttachments", true), ("TransitGatewayAttachments", false)]
            {
                match find(snapshot, collection, "TransitGatewayAttachmentId", &id) {
                    Ok(attachment) => attachment["State"] = json!("available"),
                    Err(error) if needed => return Err(error),
                    Err(_) => {}
                }
            }
            Ok(())
        }
        "associate-transit-gateway-route-table" => {
            let id = options.one("--transit-gateway-attachment-id")?;
            let table = options.one("--transit-gateway-route-table-id")?;
            find(snapshot, "TransitGatewayRouteTables", "TransitGatewayRouteTableId", &table)?;
            let attachment = find(snapshot, "TransitGatewayAttachments", "TransitGatewayAttachmentId", &id)?;
            if attachment["Association"].is_object() {
                return Err(format!("{id} is associated already"));
            }
            attachment["Association"] = json!({ "TransitGatewayRouteTableId": table, "State": "associated" });
            Ok(())
        }
        "create-transit-gateway-route" => transit_route(snapshot, options, false),
        "replace-transit-gateway-route" => transit_route(snapshot, options, true),
        "attach-vpn-gateway" => {
            let (id, vpc) = (options.one("--vpn-gateway-id")?, options.one("--vpc-id")?);
            let gateway = find(snapshot, "VpnGateways", "VpnGatewayId", &id)?;
            gateway["VpcAttachments"] = json!([{ "VpcId": vpc, "State": "attached" }]);
            Ok(())
        }
        "attach-internet-gateway" => {
            let (id, vpc) = (options.one("--internet-gateway-id")?, options.one("--vpc-id")?);
            let gateway = find(snapshot, "InternetGateways", "InternetGatewayId", &id)?;
            gateway["Attachments"] = json!([{ "VpcId": vpc, "State": "available" }]);
            Ok(())
        }
        "allocate-address" => expect(&json!(options.one("--domain")?), "vpc"),
        "create-nat-gateway" => {
            let (subnet, allocation) = (options.one("--subnet-id")?, options.one("--allocation-id")?);
            expect(&json!(allocation), ALLOCATION)?;
            let vpc = find(snapshot, "Subnets", "SubnetId", &subnet)?["VpcId"].clone();
            let prefix = find(snapshot, "Subnets", "SubnetId", &subnet)?["CidrBlock"].clone();
            let network: ipnet::IpNet = text(&prefix)?.parse().map_err(|_| "a prefix")?;
            let own = network.hosts().nth(7).ok_or("no address")?;
            list(snapshot, "NatGateways")?.push(json!({
                "NatGatewayId": NAT, "SubnetId": subnet, "VpcId": vpc, "State": "available",
                "ConnectivityType": "public",
                "NatGatewayAddresses": [{ "PrivateIp": own, "PublicIp": "203.0.113.7", "AllocationId": allocation }],
            }));
            Ok(())
        }
        "associate-address" => {
            let id = options.one("--network-interface-id")?;
            let (private, allocation) =
                (options.one("--private-ip-address")?, options.one("--allocation-id")?);
            expect(&json!(allocation), ALLOCATION)?;
            let interface = find(snapshot, "NetworkInterfaces", "NetworkInterfaceId", &id)?;
            let addresses = interface["PrivateIpAddresses"].as_array_mut().ok_or("no addresses")?;
            let address = addresses.iter_mut().find(|its| its["PrivateIpAddress"] == private.as_str());
            address.ok_or("no such address")?["Association"] = json!({ "PublicIp": "203.0.113.8" });
            Ok(())
        }
        "modify-subnet-attribute" => {
            let id = options.one("--subnet-id")?;
            let on = options.flag("--map-public-ip-on-launch");
            find(snapshot, "Subnets", "SubnetId", &id)?["MapPublicIpOnLaunch"] = json!(on);
            Ok(())
        }
        other => aws_client_vpn::run(snapshot, other, options),
    }
}

fn authorize(snapshot: &mut Value, options: &mut Options, direction: &str) -> Result<(), String> {
    let id = options.one("--group-id")?;
    let rules: Value =
        serde_json::from_str(&options.one("--ip-permissions")?).map_err(|error| error.to_string())?;
    for rule in rules.as_array().ok_or("--ip-permissions is a list")? {
        for pair in rule["UserIdGroupPairs"].as_array().into_iter().flatten() {
            find(snapshot, "SecurityGroups", "GroupId", text(&pair["GroupId"])?)?;
        }
        let peers = ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"];
        if !peers.iter().any(|peer| rule[peer].as_array().is_some_and(|peers| !peers.is_empty())) {
            return Err(format!("{rule} admits nobody"));
        }
        if rule["IpProtocol"] != "-1" && (rule["FromPort"].is_null() || rule["ToPort"].is_null()) {
            return Err(format!("{rule} has no ports"));
        }
        let group = find(snapshot, "SecurityGroups", "GroupId", &id)?;
        let there = group[direction].as_array_mut().ok_or("the group has no rules")?;
        if there.contains(rule) {
            return Err(format!("{rule} is there already"));
        }
        there.push(rule.clone());
    }
    Ok(())
}

/// The ACL, the list and the number of an entry.
fn acl_entry(options: &mut Options) -> Result<(String, bool, u64), String> {
    let id = options.one("--network-acl-id")?;
    let egress = match (options.flag("--ingress"), options.flag("--egress")) {
        (true, false) => false,
        (false, true) => true,
        _ => return Err("one of --ingress and --egress".to_owned()),
    };
    let number: u64 = options.one("--rule-number")?.parse().map_err(|_| "a rule number")?;
    if !(1..=32766).contains(&number) {
        return Err(format!("{number} is no rule number"));
    }
    Ok((id, egress, number))
}

fn acl_entries<'a>(snapshot: &'a mut Value, id: &str) -> Result<&'a mut Vec<Value>, String> {
    let acl = find(snapshot, "NetworkAcls", "NetworkAclId", id)?;
    acl["Entries"].as_array_mut().ok_or_else(|| "the ACL has no entries".to_owned())
}

fn set_network_acl_entry(snapshot: &mut Value, options: &mut Options, replaces: bool) -> Result<(), String> {
    let (id, egress, number) = acl_entry(options)?;
    // The protocol is answered as a number, whatever it was set as.
    let protocol = match options.one("--protocol")?.as_str() {
        "tcp" | "6" => "6",
        "udp" | "17" => "17",
        "icmp" | "1" => "1",
        "-1" => "-1",
        other => return Err(format!("the protocol {other}")),
    };
    let mut entry = json!({
        "Egress": egress, "RuleNumber": number, "Protocol": protocol,
        "RuleAction": options.one("--rule-action")?,
    });
    let (v4, v6) = (options.maybe("--cidr-block")?, options.maybe("--ipv6-cidr-block")?);
    match (v4, v6) {
        (Some(cidr), None) => entry["CidrBlock"] = json!(cidr),
        (None, Some(cidr)) => entry["Ipv6CidrBlock"] = json!(cidr),
        _ => return Err("one of --cidr-block and --ipv6-cidr-block".to_owned()),
    }
    let ports = options.maybe("--port-range")?;
    if ports.is_some() != matches!(protocol, "6" | "17") {
        return Err(format!("protocol {protocol} with the ports {ports:?}"));
    }
    if let Some(ports) = ports {
        entry["PortRange"] = numbers(&ports, ["From", "To"])?;
    }
    match options.maybe("--icmp-type-code")? {
        Some(icmp) if protocol == "1" => entry["IcmpTypeCode"] = numbers(&icmp, ["Code", "Type"])?,
        None if protocol != "1" => {}
        icmp => return Err(format!("protocol {protocol} with the ICMP type {icmp:?}")),
    }
    let entries = acl_entries(snapshot, &id)?;
    let there = entries.iter_mut().find(|it| it["Egress"] == egress && it["RuleNumber"] == number);
    match (there, replaces) {
        (None, false) => entries.push(entry),
        (Some(there), true) => *there = entry,
        (Some(_), false) => return Err(format!("{id} has an entry {number} already")),
        (None, true) => return Err(format!("{id} has no entry {number}")),
    }
    Ok(())
}

/// `--add-route-table-ids` of a gateway endpoint, which puts a route into each.
fn add_route_tables(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let id = options.one("--vpc-endpoint-id")?;
    let tables = options.several("--add-route-table-ids")?;
    let endpoint = find(snapshot, "VpcEndpoints", "VpcEndpointId", &id)?;
    expect(&endpoint["VpcEndpointType"], "Gateway")?;
    let service = text(&endpoint["ServiceName"])?.to_owned();
    for table in &tables {
        let of = endpoint["RouteTableIds"].as_array_mut().ok_or("no route tables")?;
        if !of.contains(&json!(table)) {
            of.push(json!(table));
        }
    }
    let lists = snapshot["PrefixLists"].as_array().ok_or("no prefix lists")?;
    let list = lists.iter().find(|list| list["PrefixListName"] == service.as_str());
    let list = text(&list.ok_or("no prefix list for the service")?["PrefixListId"])?.to_owned();
    for table in tables {
        let table = find(snapshot, "RouteTables", "RouteTableId", &table)?;
        let routes = table["Routes"].as_array_mut().ok_or("no routes")?;
        routes.retain(|route| route["DestinationPrefixListId"] != list.as_str());
        routes.push(json!({ "DestinationPrefixListId": list, "GatewayId": id, "Origin": "CreateRoute", "State": "active" }));
    }
    Ok(())
}

fn modify_attachment(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let id = options.one("--transit-gateway-attachment-id")?;
    if let Some(option) = options.maybe("--options")? {
        let (name, value) = option.split_once('=').ok_or("no option with a value")?;
        let attachment = find(snapshot, "TransitGatewayVpcAttachments", "TransitGatewayAttachmentId", &id)?;
        attachment["Options"][name] = json!(value);
        return Ok(());
    }
    for subnet in options.several("--add-subnet-ids")? {
        let of_subnet = find(snapshot, "Subnets", "SubnetId", &subnet)?;
        let (zone, vpc) = (of_subnet["AvailabilityZone"].clone(), of_subnet["VpcId"].clone());
        let attachment =
            find(snapshot, "TransitGatewayVpcAttachments", "TransitGatewayAttachmentId", &id)?.clone();
        if attachment["VpcId"] != vpc {
            return Err(format!("{subnet} is in another VPC"));
        }
        for other in attachment["SubnetIds"].as_array().ok_or("no subnets")? {
            let other = find(snapshot, "Subnets", "SubnetId", text(other)?)?;
            if other["AvailabilityZone"] == zone {
                return Err(format!("{id} has a subnet in {zone} already"));
            }
        }
        let attachment = find(snapshot, "TransitGatewayVpcAttachments", "TransitGatewayAttachmentId", &id)?;
        attachment["SubnetIds"].as_array_mut().ok_or("no subnets")?.push(json!(subnet));
    }
    Ok(())
}

/// A new attachment is associated and propagated as the gateway's options say.
fn create_attachment(snapshot: &mut Value, options: &mut Options) -> Result<(), String> {
    let (gateway, vpc) = (options.one("--transit-gateway-id")?, options.one("--vpc-id")?);
    let subnets = options.several("--subnet-ids")?;
    for subnet in &subnets {
        expect(&find(snapshot, "Subnets", "SubnetId", subnet)?["VpcId"].clone(), &vpc)?;
    }
    let cidr = find(snapshot, "Vpcs", "VpcId", &vpc)?["CidrBlock"].clone();
    let its = find(snapshot, "TransitGateways", "TransitGatewayId", &gateway)?["Options"].clone();
    let id = "tgw-attach-0fffffffffffffff1";
    let default = |option: &str| {
        let tables = snapshot["TransitGatewayRouteTables"].as_array().into_iter().flatten();
        let mut its = tables.filter(|table| table["TransitGatewayId"] == gateway.as_str());
        its.find(|table| table[option] == true).map(|table| table["TransitGatewayRouteTableId"].clone())
    };
    let associated = (its["DefaultRouteTableAssociation"] == "enable")
        .then(|| default("DefaultAssociationRouteTable"))
        .flatten();
    let propagated = (its["DefaultRouteTablePropagation"] == "enable")
        .then(|| default("DefaultPropagationRouteTable"))
        .flatten();
    let mut attachment = json!({
        "TransitGatewayAttachmentId": id, "TransitGatewayId": gateway, "ResourceType": "vpc",
        "ResourceId": vpc, "State": "available",
    });
    if let Some(table) = associated {
        attachment["Association"] = json!({ "TransitGatewayRouteTableId": table, "State": "associated" });
    }
    list(snapshot, "TransitGatewayAttachments")?.push(attachment);
    list(snapshot, "TransitGatewayVpcAttachments")?.push(json!({
        "TransitGatewayAttachmentId": id, "TransitGatewayId": gateway, "VpcId": vpc,
        "SubnetIds": subnets, "State": "available",
    }));
    if let Some(table) = propagated {
        let table = text(&table)?;
        let table = find(snapshot, "TransitGatewayRoutes", "TransitGatewayRouteTableId", table)?;
        let to = json!([{ "TransitGatewayAttachmentId": id, "ResourceId": vpc, "ResourceType": "vpc" }]);
        table["Routes"].as_array_mut().ok_or("no routes")?.push(json!({
            "DestinationCidrBlock": cidr, "State": "active", "Type": "propagated",
            "TransitGatewayAttachments": to,
        }));
    }
    Ok(())
}

/// A static route comes before a propagated one for the same prefix, and there is one of each at most.
fn transit_route(snapshot: &mut Value, options: &mut Options, replace: bool) -> Result<(), String> {
    let table = options.one("--transit-gateway-route-table-id")?;
    let cidr = options.one("--destination-cidr-block")?;
    let id = options.one("--transit-gateway-attachment-id")?;
    let attachment = find(snapshot, "TransitGatewayAttachments", "TransitGatewayAttachmentId", &id)?.clone();
    let table = find(snapshot, "TransitGatewayRoutes", "TransitGatewayRouteTableId", &table)?;
    let routes = table["Routes"].as_array_mut().ok_or("no routes")?;
    let same = |route: &Value| route["DestinationCidrBlock"] == cidr.as_str();
    let there = routes.iter().any(|route| same(route) && route["Type"] == "static");
    if there != replace {
        return Err(format!("{cidr}: there {} a static route", if there { "is" } else { "is not" }));
    }
    // The propagated route that it comes before is no longer shown.
    routes.retain(|route| !same(route));
    let to = json!([{
        "TransitGatewayAttachmentId": id, "ResourceId": attachment["ResourceId"],
        "ResourceType": attachment["ResourceType"],
    }]);
    routes.push(json!({
        "DestinationCidrBlock": cidr, "State": "active", "Type": "static",
        "TransitGatewayAttachments": to,
    }));
    Ok(())
}

/// The item of a collection with this id.
pub fn find<'a>(
    snapshot: &'a mut Value,
    collection: &str,
    field: &str,
    id: &str,
) -> Result<&'a mut Value, String> {
    let mut items = list(snapshot, collection)?.iter_mut();
    items.find(|item| item[field] == id).ok_or_else(|| format!("{collection} has no {id}"))
}

/// The items of a collection.
pub fn list<'a>(snapshot: &'a mut Value, collection: &str) -> Result<&'a mut Vec<Value>, String> {
    snapshot[collection].as_array_mut().ok_or_else(|| format!("{collection} was not read"))
}

/// A value's text.
pub fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is no text"))
}

fn expect(value: &Value, wanted: &str) -> Result<(), String> {
    if value == wanted { Ok(()) } else { Err(format!("{value} is not {wanted}")) }
}

/// `From=1,To=2` as numbers, with exactly these names.
fn numbers(text: &str, names: [&str; 2]) -> Result<Value, String> {
    let mut all = serde_json::Map::new();
    for part in text.split(',') {
        let (name, number) = part.split_once('=').ok_or_else(|| format!("{part} is no NAME=NUMBER"))?;
        let number: i64 = number.parse().map_err(|_| format!("{number} is no number"))?;
        if !names.contains(&name) {
            return Err(format!("{name} does not belong here"));
        }
        all.insert(name.to_owned(), json!(number));
    }
    if all.len() == 2 { Ok(Value::Object(all)) } else { Err(format!("{text} lacks one of {names:?}")) }
}
