//! A plan in AWS's own words, as the reasoner gets it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{
    forward::{LOCAL_ZONE, PARENT_ZONE},
    plan::{Acl, Interface, Nat, Peer, Plan, Route, Rule, Table, To, Transit},
    question::{Question, Side},
};
use crate::network::{
    Carriers, End, EndKind, Groups,
    tests::net::{self, Net},
};

const REGION: &str = "eu-central-1";

impl Plan {
    pub fn net(&self) -> Net {
        let mut net = Net::empty();
        for vpc in &self.vpcs {
            net.add("Vpcs", addresses("VpcId", &vpc.id, "CidrBlockAssociationSet", &vpc.cidrs));
            net.add("VpcAttributes", json!({"VpcId": vpc.id, "EnableDnsSupport": {"Value": vpc.dns}}));
        }
        for zone in ["zone-a", "zone-b", "zone-c"] {
            net.add("AvailabilityZones", json!({"ZoneName": zone, "ZoneType": "availability-zone"}));
        }
        net.add(
            "AvailabilityZones",
            json!({"ZoneName": LOCAL_ZONE, "ZoneType": "local-zone", "ParentZoneName": PARENT_ZONE}),
        );
        for subnet in &self.subnets {
            let mut item = addresses("SubnetId", &subnet.id, "", &subnet.cidrs);
            item["VpcId"] = json!(subnet.vpc);
            item["AvailabilityZone"] = json!(subnet.zone);
            item["State"] = json!("available");
            net.add("Subnets", item);
        }
        for table in &self.tables {
            net.add("RouteTables", self.table(table));
        }
        for acl in &self.acls {
            net.add("NetworkAcls", self.acl(acl));
        }
        for group in &self.groups {
            let rules =
                |rules: &[Rule]| rules.iter().map(|rule| self.rule(&group.vpc, rule)).collect::<Vec<_>>();
            net.group(&group.id, &group.vpc, &rules(&group.inbound), &rules(&group.outbound));
        }
        for list in &self.lists {
            let service = list.id == S3;
            let name = if service { format!("com.amazonaws.{REGION}.s3") } else { list.id.clone() };
            let owner = if service { "AWS" } else { "111111111111" };
            net.add(
                "PrefixLists",
                json!({"PrefixListId": list.id, "PrefixListName": name, "OwnerId": owner, "State": "create-complete"}),
            );
            let entries: Vec<Value> =
                list.entries.iter().map(|net| json!({"Cidr": net.to_string()})).collect();
            net.add("PrefixListEntries", json!({"PrefixListId": list.id, "Entries": entries}));
        }
        for interface in &self.interfaces {
            net.add("NetworkInterfaces", self.interface_json(interface));
        }
        for peering in &self.peerings {
            let status = if peering.active { "active" } else { "pending-acceptance" };
            net.peering(&peering.id, &peering.sides[0], &peering.sides[1], status);
            for (side, vpc) in ["RequesterVpcInfo", "AccepterVpcInfo"].iter().zip(&peering.sides) {
                let cidrs = &self.vpc(vpc).cidrs;
                let info = &mut net.item("VpcPeeringConnections", &peering.id)[side];
                info["OwnerId"] = json!("111111111111");
                let set = |v4: bool, key: &str| -> Vec<Value> {
                    let of = cidrs.iter().filter(|net| net.addr().is_ipv4() == v4);
                    of.map(|net| json!({key: net.to_string()})).collect()
                };
                info["CidrBlockSet"] = set(true, "CidrBlock").into();
                info["Ipv6CidrBlockSet"] = set(false, "Ipv6CidrBlock").into();
            }
        }
        if let Some(transit) = &self.transit {
            add_transit(&mut net, transit);
        }
        for nat in &self.nats {
            net.add("NatGateways", nat_json(nat));
        }
        for gateway in &self.gateways {
            let attached = |state: &str| match &gateway.vpc {
                Some(vpc) => json!([{"VpcId": vpc, "State": state}]),
                None => json!([]),
            };
            match gateway.id.split('-').next().unwrap() {
                "igw" => net.add(
                    "InternetGateways",
                    json!({"InternetGatewayId": gateway.id, "Attachments": attached("available")}),
                ),
                "eigw" => net.add(
                    "EgressOnlyInternetGateways",
                    json!({"EgressOnlyInternetGatewayId": gateway.id, "Attachments": attached("attached")}),
                ),
                _ => net.add(
                    "VpnGateways",
                    json!({"VpnGatewayId": gateway.id, "State": "available", "VpcAttachments": attached("attached")}),
                ),
            };
        }
        for endpoint in &self.endpoints {
            let tables = self
                .tables
                .iter()
                .filter(|table| table.routes.iter().any(|route| route.target == endpoint.id));
            let tables: Vec<&str> = tables.map(|table| table.id.as_str()).collect();
            net.add(
                "VpcEndpoints",
                json!({"VpcEndpointId": endpoint.id, "VpcEndpointType": "Gateway", "VpcId": endpoint.vpc,
                       "ServiceName": format!("com.amazonaws.{REGION}.s3"), "State": "available", "RouteTableIds": tables}),
            );
        }
        net
    }

    fn table(&self, table: &Table) -> Value {
        let mut associations: Vec<Value> = table
            .subnets
            .iter()
            .map(|id| json!({"SubnetId": id, "Main": false, "AssociationState": {"State": "associated"}}))
            .collect();
        if table.main {
            associations.push(json!({"Main": true, "AssociationState": {"State": "associated"}}));
        }
        let locals = self.vpc(&table.vpc).cidrs.iter().map(|cidr| {
            let mut local = net::route(&cidr.to_string(), "local");
            local["Origin"] = json!("CreateRouteTable");
            local
        });
        let routes: Vec<Value> = locals.chain(table.routes.iter().map(route)).collect();
        json!({"RouteTableId": table.id, "VpcId": table.vpc, "Associations": associations, "Routes": routes})
    }

    fn acl(&self, acl: &Acl) -> Value {
        let default = acl.subnets.is_empty();
        let dual = self.vpc(&acl.vpc).cidrs.iter().any(|net| net.addr().is_ipv6());
        let mut entries: Vec<Value> = acl
            .entries
            .iter()
            .map(|it| {
                let action = if it.allow { "allow" } else { "deny" };
                let protocol = it.protocol.to_string();
                net::entry(it.number, it.egress, action, &protocol, it.ports, &it.net.to_string())
            })
            .collect();
        // What AWS adds by itself.
        for egress in [false, true] {
            entries.push(net::entry(32767, egress, "deny", "-1", None, "0.0.0.0/0"));
            if dual {
                entries.push(net::entry(32768, egress, "deny", "-1", None, "::/0"));
            }
        }
        // With a default ACL, AWS lists the subnets too.
        let subnets = self.subnets.iter().filter(|subnet| {
            let own = self.acls.iter().any(|other| other.subnets.contains(&subnet.id));
            if default { subnet.vpc == acl.vpc && !own } else { acl.subnets.contains(&subnet.id) }
        });
        let associations: Vec<Value> =
            subnets.map(|it| json!({"SubnetId": it.id, "NetworkAclId": acl.id})).collect();
        json!({"NetworkAclId": acl.id, "VpcId": acl.vpc, "IsDefault": default, "Entries": entries,
               "Associations": associations})
    }

    fn rule(&self, vpc: &str, rule: &Rule) -> Value {
        let protocol = match rule.protocol {
            6 => "tcp".to_owned(),
            17 => "udp".to_owned(),
            other => other.to_string(),
        };
        let peer = match &rule.peer {
            Peer::Net(net) => net.to_string(),
            Peer::List(id) | Peer::Group(id) => id.clone(),
        };
        let mut json = net::rule(&protocol, rule.ports, &peer);
        if let Peer::Group(id) = &rule.peer {
            let pair = &mut json["UserIdGroupPairs"][0];
            pair["UserId"] = json!("111111111111");
            let far = &self.group(id).vpc;
            let peering = self
                .peerings
                .iter()
                .find(|it| it.sides.contains(far) && it.sides.iter().any(|side| side == vpc));
            if far != vpc {
                pair["VpcId"] = json!(far);
            }
            if let Some(peering) = peering.filter(|_| far != vpc) {
                pair["VpcPeeringConnectionId"] = json!(peering.id);
                pair["PeeringStatus"] = json!(if peering.active { "active" } else { "pending-acceptance" });
            }
        }
        json
    }

    fn interface_json(&self, interface: &Interface) -> Value {
        let of =
            |v4: bool| interface.addresses.iter().filter(move |it| it.is_ipv4() == v4).map(IpAddr::to_string);
        let primary = of(true).next().unwrap();
        let association = json!({"PublicIp": "18.184.0.1", "IpOwnerId": "amazon"});
        let mut private: Vec<Value> =
            of(true).map(|it| json!({"PrivateIpAddress": it, "Primary": it == primary})).collect();
        let ipv6: Vec<Value> = of(false).map(|it| json!({"Ipv6Address": it})).collect();
        let groups: Vec<Value> = interface.groups.iter().map(|id| json!({"GroupId": id})).collect();
        let subnet = self.subnet(&interface.subnet);
        if interface.public {
            private[0]["Association"] = association.clone();
        }
        let mut item = json!({"NetworkInterfaceId": interface.id, "SubnetId": subnet.id, "VpcId": subnet.vpc,
            "AvailabilityZone": subnet.zone, "InterfaceType": "interface", "Status": "in-use",
            "SourceDestCheck": interface.check,
            "PrivateIpAddress": primary, "PrivateIpAddresses": private, "Ipv6Addresses": ipv6, "Groups": groups});
        if interface.public {
            item["Association"] = association;
        }
        let prefixes = interface.prefixes.iter().map(|net| json!({"Ipv6Prefix": net.to_string()}));
        item["Ipv6Prefixes"] = prefixes.collect::<Vec<_>>().into();
        item
    }
}

/// The list of the only gateway endpoint service in these networks.
pub const S3: &str = "pl-s3";

/// `key` in a VPC holds every IPv4 prefix; a subnet has only one.
fn addresses(id_key: &str, id: &str, key: &str, cidrs: &[IpNet]) -> Value {
    let of = |v4: bool| cidrs.iter().filter(move |net| net.addr().is_ipv4() == v4).map(IpNet::to_string);
    let mut item = json!({id_key: id, "CidrBlock": of(true).next()});
    if !key.is_empty() {
        let set: Vec<Value> = of(true)
            .map(|net| json!({"CidrBlock": net, "CidrBlockState": {"State": "associated"}}))
            .collect();
        item[key] = set.into();
    }
    let set: Vec<Value> = of(false)
        .map(|net| json!({"Ipv6CidrBlock": net, "Ipv6CidrBlockState": {"State": "associated"}}))
        .collect();
    item["Ipv6CidrBlockAssociationSet"] = set.into();
    item
}

fn route(it: &Route) -> Value {
    let to = match &it.to {
        To::Net(net) => net.to_string(),
        To::List(id) => id.clone(),
    };
    let mut json = net::route(&to, &it.target);
    if it.target.starts_with("eigw-") {
        let id = json.as_object_mut().unwrap().remove("GatewayId");
        json["EgressOnlyInternetGatewayId"] = id.into();
    }
    if it.propagated {
        json["Origin"] = json!("EnableVgwRoutePropagation");
    }
    if !it.active {
        json["State"] = json!("blackhole");
    }
    json
}

fn nat_json(nat: &Nat) -> Value {
    let mut address = json!({"PrivateIp": nat.address.to_string(), "NetworkInterfaceId": format!("eni-{}", nat.id), "IsPrimary": true, "Status": "succeeded"});
    if nat.public {
        address["PublicIp"] = json!("18.184.0.2");
        address["AllocationId"] = json!("eipalloc-1");
    }
    json!({"NatGatewayId": nat.id, "VpcId": nat.vpc, "SubnetId": nat.subnet,
           "State": if nat.available { "available" } else { "failed" },
           "ConnectivityType": if nat.public { "public" } else { "private" }, "NatGatewayAddresses": [address]})
}

fn add_transit(net: &mut Net, transit: &Transit) {
    let support = |on: bool| if on { "enable" } else { "disable" };
    net.add(
        "TransitGateways",
        json!({"TransitGatewayId": transit.id, "State": "available", "OwnerId": "111111111111",
               "Options": {"SecurityGroupReferencingSupport": support(transit.references)}}),
    );
    for it in &transit.attachments {
        let state = if it.available { "available" } else { "failed" };
        if let Some(vpc) = &it.vpc {
            net.add(
                "TransitGatewayVpcAttachments",
                json!({"TransitGatewayAttachmentId": it.id, "TransitGatewayId": transit.id, "VpcId": vpc,
                       "VpcOwnerId": "111111111111", "State": state, "SubnetIds": it.subnets,
                       "Options": {"SecurityGroupReferencingSupport": support(it.references), "DnsSupport": "enable",
                                   "Ipv6Support": "enable", "ApplianceModeSupport": "disable"}}),
            );
        }
        let mut item = json!({"TransitGatewayAttachmentId": it.id, "TransitGatewayId": transit.id,
            "TransitGatewayOwnerId": "111111111111", "ResourceOwnerId": "111111111111", "State": state,
            "ResourceType": if it.vpc.is_some() { "vpc" } else { "vpn" },
            "ResourceId": it.vpc.clone().unwrap_or_else(|| "vpn-1".to_owned())});
        if let Some(table) = &it.table {
            item["Association"] = json!({"TransitGatewayRouteTableId": table, "State": "associated"});
        }
        net.add("TransitGatewayAttachments", item);
    }
    for table in &transit.tables {
        net.add(
            "TransitGatewayRouteTables",
            json!({"TransitGatewayRouteTableId": table.id, "TransitGatewayId": transit.id, "State": "available"}),
        );
        let routes: Vec<Value> = table
            .routes
            .iter()
            .map(|route| {
                let kind = if route.propagated { "propagated" } else { "static" };
                let state = if route.attachment.is_some() { "active" } else { "blackhole" };
                let to = transit.attachments.iter().filter(|it| Some(&it.id) == route.attachment.as_ref());
                let to: Vec<Value> = to
                    .map(|it| {
                        json!({"TransitGatewayAttachmentId": it.id,
                               "ResourceType": if it.vpc.is_some() { "vpc" } else { "vpn" },
                               "ResourceId": it.vpc.clone().unwrap_or_else(|| "vpn-1".to_owned())})
                    })
                    .collect();
                json!({"DestinationCidrBlock": route.to.to_string(), "Type": kind, "State": state,
                       "TransitGatewayAttachments": to})
            })
            .collect();
        net.add(
            "TransitGatewayRoutes",
            json!({"TransitGatewayRouteTableId": table.id, "Routes": routes, "AdditionalRoutesAvailable": false}),
        );
    }
}

impl Side {
    pub fn end(&self) -> End {
        let known = |groups: &[String]| match groups {
            [] => Groups::Undeclared,
            groups => Groups::Known(groups.to_vec()),
        };
        let (label, kind) = match self {
            Self::Subnet { id, nets, groups } => (
                id.clone(),
                EndKind::Subnet {
                    subnet: id.clone(),
                    addresses: nets.clone(),
                    groups: known(groups),
                    carriers: Carriers::default(),
                },
            ),
            Self::Interface(id) => (id.clone(), EndKind::Interface { id: id.clone() }),
            Self::Network { net, via, groups } => {
                (net.to_string(), EndKind::Addresses { cidr: *net, via: via.clone(), groups: known(groups) })
            }
            Self::List(id) => (id.clone(), EndKind::PrefixList { id: id.clone() }),
        };
        End { label, kind }
    }
}

impl Question {
    pub fn port(&self) -> String {
        let protocol = if self.protocol == 6 { "tcp" } else { "udp" };
        match self.ports {
            (first, last) if first == last => format!("{protocol}/{first}"),
            (first, last) => format!("{protocol}/{first}-{last}"),
        }
    }
}
