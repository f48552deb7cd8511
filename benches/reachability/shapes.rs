//! The small parts that the network is made of.

use privek_audit::snapshot::Snapshot;
use privek_audit::snapshot::aws::ec2;

const HUB: &str = "tgw-0a000000000000001";
const ZONES: [&str; 3] = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"];

/// The address at this place of a prefix of at least a /25.
pub fn nth(cidr: &str, at: usize) -> String {
    let first: std::net::Ipv4Addr =
        cidr.split('/').next().and_then(|text| text.parse().ok()).expect("a prefix");
    std::net::Ipv4Addr::from(u32::from(first) + u32::try_from(at).expect("a small number")).to_string()
}

pub fn subnet(id: &str, vpc: &str, cidr: &str, at: usize) -> ec2::Subnet {
    ec2::Subnet {
        subnet_id: id.to_owned(),
        vpc_id: Some(vpc.to_owned()),
        state: Some("available".into()),
        cidr_block: Some(cidr.to_owned()),
        availability_zone: Some(ZONES[at % 3].into()),
        available_ip_address_count: Some(100),
        map_public_ip_on_launch: Some(false),
        ..Default::default()
    }
}

/// An interface like another one, with so many addresses from this one on.
pub fn interface(
    id: &str,
    cidr: &str,
    (first, count): (usize, usize),
    like: ec2::NetworkInterface,
) -> ec2::NetworkInterface {
    let addresses = (0..count).map(|n| ec2::NetworkInterfacePrivateIpAddress {
        private_ip_address: Some(nth(cidr, first + n)),
        ..Default::default()
    });
    ec2::NetworkInterface {
        network_interface_id: id.to_owned(),
        private_ip_address: Some(nth(cidr, first)),
        private_ip_addresses: addresses.collect(),
        status: Some("in-use".into()),
        ..like
    }
}

pub fn named(group: &str) -> ec2::GroupIdentifier {
    ec2::GroupIdentifier { group_id: Some(group.to_owned()) }
}

/// A rule for one port and these prefixes; -1 is every port.
pub fn permission(protocol: &str, port: i64, cidrs: &[&str]) -> ec2::IpPermission {
    ec2::IpPermission {
        ip_protocol: Some(protocol.to_owned()),
        from_port: (port >= 0).then_some(port),
        to_port: (port >= 0).then_some(port),
        ip_ranges: cidrs.iter().map(|cidr| range(cidr)).collect(),
        ..Default::default()
    }
}

pub fn range(cidr: &str) -> ec2::IpRange {
    ec2::IpRange { cidr_ip: Some(cidr.to_owned()) }
}

/// A route without a target yet.
pub fn route(cidr: &str) -> ec2::Route {
    ec2::Route {
        destination_cidr_block: Some(cidr.to_owned()),
        origin: Some("CreateRoute".into()),
        state: Some("active".into()),
        ..Default::default()
    }
}

pub fn local(cidr: &str) -> ec2::Route {
    let origin = Some("CreateRouteTable".into());
    ec2::Route { gateway_id: Some("local".into()), origin, ..route(cidr) }
}

pub fn to_hub(cidr: &str) -> ec2::Route {
    ec2::Route { transit_gateway_id: Some(HUB.into()), ..route(cidr) }
}

pub fn to_list(list: &str, endpoint: &str) -> ec2::Route {
    ec2::Route {
        destination_cidr_block: None,
        destination_prefix_list_id: Some(list.to_owned()),
        gateway_id: Some(endpoint.to_owned()),
        ..route("")
    }
}

/// Gives a subnet a route table, which is made where it is the first.
pub fn associate_table(
    snapshot: &mut Snapshot,
    vpc: &str,
    id: &str,
    subnet: &str,
    routes: impl FnOnce() -> Vec<ec2::Route>,
) {
    let tables = snapshot.aws.route_tables.get_or_insert_default();
    let at = tables.iter().position(|table| table.route_table_id == id).unwrap_or_else(|| {
        tables.push(ec2::RouteTable {
            route_table_id: id.to_owned(),
            vpc_id: Some(vpc.to_owned()),
            routes: routes(),
            ..Default::default()
        });
        tables.len() - 1
    });
    tables[at].associations.push(ec2::RouteTableAssociation {
        main: Some(false),
        subnet_id: Some(subnet.to_owned()),
        ..Default::default()
    });
}

/// Gives a subnet a network ACL, which is made where it is the first.
pub fn associate_acl(snapshot: &mut Snapshot, vpc: &str, id: &str, subnet: &str) {
    let acls = snapshot.aws.network_acls.get_or_insert_default();
    let at = acls.iter().position(|acl| acl.network_acl_id == id).unwrap_or_else(|| {
        acls.push(acl(vpc, id));
        acls.len() - 1
    });
    acls[at].associations.push(ec2::NetworkAclAssociation { subnet_id: Some(subnet.to_owned()) });
}

/// Ten entries each way: some ports are denied, then what private networks send is allowed.
fn acl(vpc: &str, id: &str) -> ec2::NetworkAcl {
    let mut entries = Vec::new();
    for egress in [false, true] {
        let entry = |number, action: &str, cidr: &str, port: Option<i64>| ec2::NetworkAclEntry {
            rule_number: Some(number),
            egress: Some(egress),
            protocol: Some(if port.is_some() { "6" } else { "-1" }.into()),
            rule_action: Some(action.to_owned()),
            cidr_block: Some(cidr.to_owned()),
            port_range: port.map(|port| ec2::PortRange { from: Some(port), to: Some(port) }),
            ..Default::default()
        };
        for (at, port) in [19, 23, 135, 139, 445].into_iter().enumerate() {
            let number = 100 + 10 * i64::try_from(at).unwrap_or_default();
            entries.push(entry(number, "deny", "0.0.0.0/0", Some(port)));
        }
        entries.push(entry(200, "deny", "198.18.0.0/15", None));
        for (number, cidr) in [(210, "10.0.0.0/8"), (220, "100.64.0.0/10"), (230, "0.0.0.0/0")] {
            entries.push(entry(number, "allow", cidr, None));
        }
        entries.push(entry(32_767, "deny", "0.0.0.0/0", None));
    }
    ec2::NetworkAcl {
        network_acl_id: id.to_owned(),
        vpc_id: Some(vpc.to_owned()),
        is_default: Some(false),
        entries,
        ..Default::default()
    }
}
