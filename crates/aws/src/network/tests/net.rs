//! Small networks for tests, in AWS's own words.

use std::collections::BTreeMap;

use ipnet::IpNet;
use privek_core::header::{EVERYTHING, Header};
use privek_core::path::Verdict;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::network::{Carriers, End, EndKind, Groups, Path, Reasoner};
use crate::snapshot::{Snapshot, aws};

/// A network under construction: the JSON of a snapshot.
#[derive(Clone, Debug)]
pub struct Net(Value);

impl Net {
    /// Nothing, but all of it read.
    pub fn empty() -> Self {
        let mut json = json!({"account": "111111111111", "scope": {}});
        for collection in aws::COLLECTIONS {
            if collection.key != "cluster" {
                json[collection.key] = json!([]);
            }
            json["scope"][collection.key] = json!([EVERYTHING]);
        }
        json["cluster"] = Value::Null;
        Self(json)
    }

    /// `vpc-a` with two subnets in two zones and `eni-1` in the first; `vpc-b` with one subnet;
    /// `pcx-1` between them, routed both ways; open ACLs; `sg-client` lets all out, `sg-server` tcp/443 in.
    pub fn two_vpcs() -> Self {
        let mut net = Self::empty();
        net.vpc("vpc-a", "10.0.0.0/16").vpc("vpc-b", "10.1.0.0/16");
        net.subnet("subnet-a1", "vpc-a", "10.0.1.0/24", "zone-a");
        net.subnet("subnet-a2", "vpc-a", "10.0.2.0/24", "zone-b");
        net.subnet("subnet-b1", "vpc-b", "10.1.1.0/24", "zone-a");
        net.table("rtb-a", "vpc-a", &[("10.1.0.0/16", "pcx-1")]);
        net.table("rtb-b", "vpc-b", &[("10.0.0.0/16", "pcx-1")]);
        net.acl("acl-a", "vpc-a").acl("acl-b", "vpc-b");
        net.group("sg-client", "vpc-a", &[], &[rule("-1", None, "0.0.0.0/0")]);
        net.group("sg-far", "vpc-b", &[], &[rule("-1", None, "0.0.0.0/0")]);
        net.group("sg-server", "vpc-a", &[rule("tcp", Some((443, 443)), "10.0.0.0/8")], &[]);
        net.peering("pcx-1", "vpc-a", "vpc-b", "active");
        net.interface("eni-1", "subnet-a1", "vpc-a", "10.0.1.10", &["sg-server"]);
        net
    }

    pub fn add(&mut self, collection: &str, item: Value) -> &mut Self {
        if self.0[collection].is_null() {
            self.0[collection] = json!([]);
            self.0["scope"][collection] = json!([EVERYTHING]);
        }
        self.0[collection].as_array_mut().unwrap().push(item);
        self
    }

    /// The item of a collection with this id.
    pub fn item(&mut self, collection: &str, id: &str) -> &mut Value {
        let items = self.0[collection].as_array_mut().unwrap();
        items
            .iter_mut()
            .find(|item| item.as_object().unwrap().values().any(|value| value == id))
            .unwrap_or_else(|| panic!("no {id} in {collection}"))
    }

    /// Whether there is anything in a collection.
    pub fn has(&self, collection: &str) -> bool {
        self.0[collection].as_array().is_some_and(|items| !items.is_empty())
    }

    pub fn withhold(&mut self, collection: &str) -> &mut Self {
        self.0[collection] = Value::Null;
        self.0["scope"].as_object_mut().unwrap().remove(collection);
        self
    }

    pub fn vpc(&mut self, id: &str, cidr: &str) -> &mut Self {
        let set = json!([{"CidrBlock": cidr, "CidrBlockState": {"State": "associated"}}]);
        self.add("Vpcs", json!({"VpcId": id, "CidrBlock": cidr, "CidrBlockAssociationSet": set}))
    }

    pub fn subnet(&mut self, id: &str, vpc: &str, cidr: &str, zone: &str) -> &mut Self {
        self.add(
            "Subnets",
            json!({"SubnetId": id, "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone}),
        )
    }

    /// The main table of a VPC.
    pub fn table(&mut self, id: &str, vpc: &str, routes: &[(&str, &str)]) -> &mut Self {
        let routes: Vec<Value> = routes.iter().map(|(to, target)| route(to, target)).collect();
        let main = json!([{"Main": true, "AssociationState": {"State": "associated"}}]);
        self.add(
            "RouteTables",
            json!({"RouteTableId": id, "VpcId": vpc, "Associations": main, "Routes": routes}),
        )
    }

    /// A table of one subnet's own.
    pub fn subnet_table(&mut self, id: &str, vpc: &str, subnet: &str, routes: &[(&str, &str)]) -> &mut Self {
        self.table(id, vpc, routes);
        self.item("RouteTables", id)["Associations"] = json!([{"SubnetId": subnet}]);
        self
    }

    pub fn add_route(&mut self, table: &str, to: &str, target: &str) -> &mut Self {
        self.item("RouteTables", table)["Routes"].as_array_mut().unwrap().push(route(to, target));
        self
    }

    /// The default ACL of a VPC, open.
    pub fn acl(&mut self, id: &str, vpc: &str) -> &mut Self {
        let entries = [
            entry(100, false, "allow", "-1", None, "0.0.0.0/0"),
            entry(100, true, "allow", "-1", None, "0.0.0.0/0"),
        ];
        self.add(
            "NetworkAcls",
            json!({"NetworkAclId": id, "VpcId": vpc, "IsDefault": true, "Entries": entries}),
        )
    }

    /// An ACL of one subnet's own.
    pub fn subnet_acl(&mut self, id: &str, vpc: &str, subnet: &str, entries: &[Value]) -> &mut Self {
        let associations = json!([{"SubnetId": subnet, "NetworkAclId": id}]);
        self.add(
            "NetworkAcls",
            json!({"NetworkAclId": id, "VpcId": vpc, "IsDefault": false, "Entries": entries, "Associations": associations}),
        )
    }

    pub fn group(&mut self, id: &str, vpc: &str, inbound: &[Value], outbound: &[Value]) -> &mut Self {
        self.add(
            "SecurityGroups",
            json!({"GroupId": id, "VpcId": vpc, "IpPermissions": inbound, "IpPermissionsEgress": outbound}),
        )
    }

    pub fn interface(
        &mut self,
        id: &str,
        subnet: &str,
        vpc: &str,
        address: &str,
        groups: &[&str],
    ) -> &mut Self {
        let groups: Vec<Value> = groups.iter().map(|id| json!({"GroupId": id})).collect();
        self.add(
            "NetworkInterfaces",
            json!({"NetworkInterfaceId": id, "SubnetId": subnet, "VpcId": vpc, "PrivateIpAddress": address, "Groups": groups}),
        )
    }

    pub fn peering(&mut self, id: &str, a: &str, b: &str, status: &str) -> &mut Self {
        let side = |vpc: &str| json!({"VpcId": vpc, "Region": "eu-central-1"});
        self.add(
            "VpcPeeringConnections",
            json!({"VpcPeeringConnectionId": id, "Status": {"Code": status},
                   "RequesterVpcInfo": side(a), "AccepterVpcInfo": side(b)}),
        )
    }

    pub fn vpn_gateway(&mut self, id: &str, vpc: &str) -> &mut Self {
        self.add(
            "VpnGateways",
            json!({"VpnGatewayId": id, "VpcAttachments": [{"VpcId": vpc, "State": "attached"}]}),
        )
    }

    /// Attached.
    pub fn internet_gateway(&mut self, id: &str, vpc: &str) -> &mut Self {
        let attachments = json!([{"VpcId": vpc, "State": "available"}]);
        self.add("InternetGateways", json!({"InternetGatewayId": id, "Attachments": attachments}))
    }

    /// A public one that works.
    pub fn nat_gateway(&mut self, id: &str, vpc: &str, subnet: &str, address: &str) -> &mut Self {
        let addresses =
            json!([{"PrivateIp": address, "PublicIp": "198.51.100.7", "AllocationId": "eipalloc-1"}]);
        self.add(
            "NatGateways",
            json!({"NatGatewayId": id, "VpcId": vpc, "SubnetId": subnet, "State": "available",
                   "ConnectivityType": "public", "NatGatewayAddresses": addresses}),
        )
    }

    pub fn json(&self) -> &Value {
        &self.0
    }

    /// Keeps some items of a collection, as if only those of this scope had been read.
    pub fn keep(&mut self, collection: &str, scope: &[String], kept: impl Fn(&Value) -> bool) -> &mut Self {
        if let Some(items) = self.0[collection].as_array_mut() {
            items.retain(kept);
            self.0["scope"][collection] = json!(scope);
        }
        self
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            header: Header {
                account: Option::deserialize(&self.0["account"]).unwrap(),
                scope: BTreeMap::deserialize(&self.0["scope"]).unwrap(),
                ..Header::default()
            },
            aws: aws::Aws::deserialize(&self.0).unwrap(),
        }
    }

    pub fn trace(&self, from: &End, to: &End, ports: &str) -> Vec<Path> {
        let snapshot = self.snapshot();
        Reasoner::new(&snapshot).trace(from, to, &ports.parse().unwrap())
    }

    /// The one path, on tcp/443.
    pub fn path(&self, from: &End, to: &End) -> Path {
        let mut paths = self.trace(from, to, "tcp/443");
        assert_eq!(paths.len(), 1, "{paths:#?}");
        paths.remove(0)
    }
}

/// A route; a destination `pl-…` is a prefix list.
pub fn route(to: &str, target: &str) -> Value {
    let destination = match to {
        _ if to.starts_with("pl-") => "DestinationPrefixListId",
        _ if to.contains(':') => "DestinationIpv6CidrBlock",
        _ => "DestinationCidrBlock",
    };
    let by = match target.split('-').next().unwrap() {
        "pcx" => "VpcPeeringConnectionId",
        "tgw" => "TransitGatewayId",
        "nat" => "NatGatewayId",
        "eni" => "NetworkInterfaceId",
        _ => "GatewayId",
    };
    json!({destination: to, by: target, "State": "active", "Origin": "CreateRoute"})
}

/// A rule for a prefix, a prefix list or a group.
pub fn rule(protocol: &str, ports: Option<(u16, u16)>, peer: &str) -> Value {
    let mut rule = json!({"IpProtocol": protocol});
    if let Some((from, to)) = ports {
        rule["FromPort"] = json!(from);
        rule["ToPort"] = json!(to);
    }
    match peer {
        _ if peer.starts_with("sg-") => rule["UserIdGroupPairs"] = json!([{"GroupId": peer}]),
        _ if peer.starts_with("pl-") => rule["PrefixListIds"] = json!([{"PrefixListId": peer}]),
        _ if peer.contains(':') => rule["Ipv6Ranges"] = json!([{"CidrIpv6": peer}]),
        _ => rule["IpRanges"] = json!([{"CidrIp": peer}]),
    }
    rule
}

pub fn entry(
    number: i64,
    egress: bool,
    action: &str,
    protocol: &str,
    ports: Option<(u16, u16)>,
    cidr: &str,
) -> Value {
    let mut entry =
        json!({"RuleNumber": number, "Egress": egress, "RuleAction": action, "Protocol": protocol});
    entry[if cidr.contains(':') { "Ipv6CidrBlock" } else { "CidrBlock" }] = json!(cidr);
    if let Some((from, to)) = ports {
        entry["PortRange"] = json!({"From": from, "To": to});
    }
    entry
}

pub fn subnet(id: &str, group: &str) -> End {
    let groups = Groups::Known(vec![group.to_owned()]);
    End {
        label: id.to_owned(),
        kind: EndKind::Subnet {
            subnet: id.to_owned(),
            addresses: None,
            groups,
            carriers: Carriers::default(),
        },
    }
}

pub fn interface(id: &str) -> End {
    End { label: id.to_owned(), kind: EndKind::Interface { id: id.to_owned() } }
}

/// A declared network: `groups` are its security groups, none if undeclared.
pub fn operators(cidr: &str, via: Option<&str>, groups: &[&str]) -> End {
    let groups = match groups {
        [] => Groups::Undeclared,
        groups => Groups::Known(groups.iter().map(|group| (*group).to_owned()).collect()),
    };
    let cidr: IpNet = cidr.parse().unwrap();
    End { label: "office".to_owned(), kind: EndKind::Addresses { cidr, via: via.map(str::to_owned), groups } }
}

pub fn prefix_list(id: &str) -> End {
    End { label: id.to_owned(), kind: EndKind::PrefixList { id: id.to_owned() } }
}

/// The blockers as `code id`, in order.
pub fn blockers(path: &Path) -> Vec<String> {
    let code = |code| serde_json::to_value(code).unwrap().as_str().unwrap().to_owned();
    path.blockers.iter().map(|blocker| format!("{} {}", code(blocker.code), blocker.id)).collect()
}

pub fn assert_open(path: &Path) {
    assert_eq!(path.verdict, Verdict::Open, "{path:#?}");
}

/// Unknown, with this among what is missing.
pub fn assert_unknown(path: &Path, what: &str) {
    assert_eq!(path.verdict, Verdict::Unknown, "{path:#?}");
    assert!(path.missing.iter().any(|missing| missing.what.contains(what)), "{what}: {:#?}", path.missing);
}

pub fn assert_blocked(path: &Path, by: &[&str]) {
    assert_eq!(blockers(path), by, "{path:#?}");
    assert_eq!(path.verdict, Verdict::Blocked);
}
