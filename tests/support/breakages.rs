//! Everything that can be broken in a network, one thing at a time.

use serde_json::{Value, json};

/// One thing to break, or several. There are thousands of them, so none holds a snapshot of its own.
pub struct Breakage<'s> {
    pub name: String,
    change: Box<dyn Fn(&mut Value) + Send + Sync + 's>,
}

impl<'s> Breakage<'s> {
    fn new(name: &str, change: impl Fn(&mut Value) + Send + Sync + 's) -> Self {
        Self { name: name.replace('"', ""), change: Box::new(change) }
    }

    /// The snapshot with the thing broken.
    pub fn of(&self, snapshot: &Value) -> Value {
        let mut broken = snapshot.clone();
        (self.change)(&mut broken);
        broken
    }
}

/// Every single breakage of a snapshot's network.
pub fn all(snapshot: &Value) -> Vec<Breakage<'_>> {
    let mut all = Vec::new();
    routes(snapshot, &mut all);
    security_groups(snapshot, &mut all);
    network_acls(snapshot, &mut all);
    connections(snapshot, &mut all);
    all
}

/// Several breakages at once, a fixed pseudo-random choice of them.
pub fn several(snapshot: &Value, how_many: usize, seed: u64) -> Vec<Breakage<'_>> {
    let mut random = seed;
    (0..how_many)
        .map(|at| {
            let (mut names, mut chosen, mut broken) = (Vec::new(), Vec::new(), snapshot.clone());
            for _ in 0..2 + at % 3 {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                broken = {
                    let choice = all(&broken);
                    let one = usize::try_from(random >> 33).expect("31 bits") % choice.len();
                    names.push(choice[one].name.clone());
                    chosen.push(one);
                    choice[one].of(&broken)
                };
            }
            Breakage::new(&names.join(" + "), move |new| {
                for one in &chosen {
                    let next = all(new)[*one].of(new);
                    *new = next;
                }
            })
        })
        .collect()
}

/// Network ACLs whose very first entry denies, so that no rule number is free before it.
pub fn denied_first(snapshot: &Value) -> Vec<Breakage<'_>> {
    let mut all = Vec::new();
    for (at, acl) in items(snapshot, "NetworkAcls") {
        for egress in [false, true] {
            let name = format!("{}: denied first of all ({egress})", acl["NetworkAclId"]);
            add(&mut all, &name, move |new| {
                list_mut(&mut new["NetworkAcls"][at]["Entries"]).push(json!({
                    "RuleNumber": 1, "Egress": egress, "Protocol": "6", "RuleAction": "deny",
                    "CidrBlock": "0.0.0.0/0", "PortRange": { "From": 0, "To": 65535 },
                }));
            });
        }
    }
    all
}

fn routes<'s>(snapshot: &'s Value, all: &mut Vec<Breakage<'s>>) {
    for (at, table) in items(snapshot, "RouteTables") {
        let id = &table["RouteTableId"];
        for (route, its) in list(&table["Routes"]) {
            if its["GatewayId"] == "local" {
                add(all, &format!("{id}: the local route {route} to a gone interface"), move |new| {
                    let to = its["DestinationCidrBlock"].clone();
                    new["RouteTables"][at]["Routes"][route] = json!({
                        "DestinationCidrBlock": to, "NetworkInterfaceId": "eni-0fffffffffffffff1",
                        "Origin": "CreateRoute", "State": "blackhole",
                    });
                });
                continue;
            }
            let target = format!("{id}: the route {route}");
            add(all, &format!("{target} removed"), move |new| {
                remove(&mut new["RouteTables"][at]["Routes"], route);
            });
            if its["DestinationPrefixListId"].is_null() {
                add(all, &format!("{target} a blackhole"), move |new| {
                    new["RouteTables"][at]["Routes"][route]["State"] = json!("blackhole");
                });
                let mut subnets = items(snapshot, "Subnets").map(|(_, subnet)| subnet);
                let subnet = subnets.find(|subnet| subnet["VpcId"] == table["VpcId"]);
                add(all, &format!("{target} to a NAT gateway"), move |new| {
                    let route = &mut new["RouteTables"][at]["Routes"][route];
                    let to = route["DestinationCidrBlock"].clone();
                    *route = json!({
                        "DestinationCidrBlock": to, "NatGatewayId": "nat-0fffffffffffffff1",
                        "Origin": "CreateRoute", "State": "active",
                    });
                    list_mut(&mut new["scope"]["NatGateways"]).push(table["VpcId"].clone());
                    list_mut(&mut new["NatGateways"]).push(json!({
                        "NatGatewayId": "nat-0fffffffffffffff1", "ConnectivityType": "public",
                        "State": "available", "VpcId": table["VpcId"],
                        "SubnetId": subnet.map_or(&Value::Null, |subnet| &subnet["SubnetId"]),
                    }));
                });
            }
        }
    }
}

fn security_groups<'s>(snapshot: &'s Value, all: &mut Vec<Breakage<'s>>) {
    for (at, group) in items(snapshot, "SecurityGroups") {
        for direction in ["IpPermissions", "IpPermissionsEgress"] {
            for (rule, its) in list(&group[direction]) {
                let name = format!("{}: {direction} {rule}", group["GroupId"]);
                add(all, &format!("{name} removed"), move |new| {
                    remove(&mut new["SecurityGroups"][at][direction], rule);
                });
                for peers in ["IpRanges", "UserIdGroupPairs", "PrefixListIds"] {
                    let number = list(&its[peers]).count();
                    for peer in (0..number).filter(|_| number > 1) {
                        add(all, &format!("{name} without {peers} {peer}"), move |new| {
                            remove(&mut new["SecurityGroups"][at][direction][rule][peers], peer);
                        });
                    }
                }
                add(all, &format!("{name} for TCP 22 only"), move |new| {
                    let rule = &mut new["SecurityGroups"][at][direction][rule];
                    (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) =
                        (json!("tcp"), json!(22), json!(22));
                });
            }
        }
    }
}

/// Protocol, ports and prefix of an entry.
type Denied = (&'static str, Option<(u16, u16)>, Value);

fn network_acls<'s>(snapshot: &'s Value, all: &mut Vec<Breakage<'s>>) {
    let subnet = items(snapshot, "NetworkInterfaces")
        .find(|(_, interface)| {
            interface["Description"].as_str().is_some_and(|its| its.starts_with("Amazon EKS"))
        })
        .map(|(_, interface)| interface["SubnetId"].clone());
    let subnet = items(snapshot, "Subnets").find(|(_, its)| Some(&its["SubnetId"]) == subnet.as_ref());
    let prefix = subnet.map_or(json!("10.0.0.0/8"), |(_, subnet)| subnet["CidrBlock"].clone());
    let denied: [Denied; 7] = [
        ("-1", None, json!("0.0.0.0/0")),
        ("-1", None, prefix.clone()),
        ("6", Some((443, 443)), json!("0.0.0.0/0")),
        ("6", Some((10250, 10250)), json!("0.0.0.0/0")),
        ("6", Some((1024, 65535)), prefix),
        ("6", Some((40_000, 41_000)), json!("0.0.0.0/0")),
        ("17", Some((53, 53)), json!("0.0.0.0/0")),
    ];
    for (at, acl) in items(snapshot, "NetworkAcls") {
        for egress in [false, true] {
            for (protocol, ports, cidr) in &denied {
                let way = if egress { "outbound" } else { "inbound" };
                let name = format!("{}: {way} {protocol} {ports:?} {cidr} denied", acl["NetworkAclId"]);
                let (protocol, ports, cidr) = (*protocol, *ports, cidr.clone());
                add(all, &name, move |new| {
                    let mut entry = json!({
                        "RuleNumber": 50, "Egress": egress, "Protocol": protocol,
                        "RuleAction": "deny", "CidrBlock": cidr,
                    });
                    if let Some((from, to)) = ports {
                        entry["PortRange"] = json!({ "From": from, "To": to });
                    }
                    list_mut(&mut new["NetworkAcls"][at]["Entries"]).push(entry);
                });
            }
            add(all, &format!("{}: nothing allowed ({egress})", acl["NetworkAclId"]), move |new| {
                let entries = list_mut(&mut new["NetworkAcls"][at]["Entries"]);
                entries.retain(|entry| entry["Egress"] != egress || entry["RuleNumber"] == 32767);
            });
        }
    }
}

fn connections<'s>(snapshot: &'s Value, all: &mut Vec<Breakage<'s>>) {
    for (at, peering) in items(snapshot, "VpcPeeringConnections") {
        let id = &peering["VpcPeeringConnectionId"];
        for status in ["pending-acceptance", "deleted"] {
            add(all, &format!("{id} {status}"), move |new| {
                new["VpcPeeringConnections"][at]["Status"] = json!({ "Code": status });
            });
        }
    }
    for (at, gateway) in items(snapshot, "VpnGateways") {
        add(all, &format!("{} detached", gateway["VpnGatewayId"]), move |new| {
            new["VpnGateways"][at]["VpcAttachments"] = json!([]);
        });
    }
    for (at, attachment) in items(snapshot, "TransitGatewayVpcAttachments") {
        let id = &attachment["TransitGatewayAttachmentId"];
        for (subnet, _) in list(&attachment["SubnetIds"]) {
            add(all, &format!("{id} without its subnet {subnet}"), move |new| {
                remove(&mut new["TransitGatewayVpcAttachments"][at]["SubnetIds"], subnet);
            });
        }
        add(all, &format!("{id} not accepted"), move |new| {
            new["TransitGatewayVpcAttachments"][at]["State"] = json!("pendingAcceptance");
        });
        add(all, &format!("{id} deleted"), move |new| {
            remove(&mut new["TransitGatewayVpcAttachments"], at);
            list_mut(&mut new["TransitGatewayAttachments"])
                .retain(|other| other["TransitGatewayAttachmentId"] != *id);
            for table in list_mut(&mut new["TransitGatewayRoutes"]) {
                list_mut(&mut table["Routes"]).retain(|route| {
                    route["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"] != *id
                });
            }
        });
    }
    for (at, attachment) in items(snapshot, "TransitGatewayAttachments") {
        let id = &attachment["TransitGatewayAttachmentId"];
        add(all, &format!("{id} without association"), move |new| {
            new["TransitGatewayAttachments"][at]["Association"] = Value::Null;
        });
    }
    for (at, table) in items(snapshot, "TransitGatewayRoutes") {
        for (route, its) in list(&table["Routes"]) {
            let name = format!("{}: {}", table["TransitGatewayRouteTableId"], its["DestinationCidrBlock"]);
            add(all, &format!("{name} removed"), move |new| {
                remove(&mut new["TransitGatewayRoutes"][at]["Routes"], route);
            });
            add(all, &format!("{name} leads back"), move |new| {
                let route = &mut new["TransitGatewayRoutes"][at]["Routes"][route];
                let vpc = route["TransitGatewayAttachments"][0]["ResourceType"] == "vpc";
                let attachments = snapshot["TransitGatewayAttachments"].as_array().expect("a list");
                let other = attachments.iter().find(|other| (other["ResourceType"] == "vpc") != vpc);
                route["TransitGatewayAttachments"] = json!([other]);
            });
            add(all, &format!("{name} a blackhole"), move |new| {
                let route = &mut new["TransitGatewayRoutes"][at]["Routes"][route];
                (route["State"], route["Type"]) = (json!("blackhole"), json!("static"));
                route["TransitGatewayAttachments"] = json!([]);
            });
        }
    }
}

fn add<'s>(all: &mut Vec<Breakage<'s>>, name: &str, change: impl Fn(&mut Value) + Send + Sync + 's) {
    all.push(Breakage::new(name, change));
}

fn items<'a>(snapshot: &'a Value, collection: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    list(&snapshot[collection])
}

fn list(value: &Value) -> impl Iterator<Item = (usize, &Value)> {
    value.as_array().into_iter().flatten().enumerate()
}

fn list_mut(value: &mut Value) -> &mut Vec<Value> {
    value.as_array_mut().expect("a list")
}

fn remove(value: &mut Value, at: usize) {
    list_mut(value).remove(at);
}
