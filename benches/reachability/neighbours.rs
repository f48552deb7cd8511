//! The VPCs around the cluster's: all behind the same transit gateway, the first ones peered with it.

use privek_audit::snapshot::Snapshot;
use privek_audit::snapshot::aws::ec2;

use super::network::HOME;
use super::shapes::{associate_acl, associate_table, interface, local, named, route, subnet, to_hub};

pub const SUBNETS_A_VPC: usize = 30;
const INTERFACES_A_SUBNET: usize = 6;
const HUB_TABLE: &str = "tgw-rtb-0a000000000000001";
/// Other VPCs that operators come from, over peering.
pub const OPERATORS_VPCS: usize = 2;

/// Another VPC of thirty subnets behind the transit gateway; the first two are peered with the cluster's.
pub fn add_vpc(snapshot: &mut Snapshot, at: usize) {
    let (id, cidr) = (vpc(at), vpc_cidr(at));
    let aws = &mut snapshot.aws;
    let pattern = aws.vpcs.iter().flatten().next().cloned().unwrap_or_default();
    aws.vpcs.get_or_insert_default().push(ec2::Vpc {
        vpc_id: id.clone(),
        cidr_block: Some(cidr.clone()),
        cidr_block_association_set: Vec::new(),
        ..pattern
    });
    let attachment = format!("tgw-attach-0{at:016x}");
    let pattern = aws.transit_gateway_vpc_attachments.iter().flatten().next().cloned().unwrap_or_default();
    aws.transit_gateway_vpc_attachments.get_or_insert_default().push(ec2::TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: attachment.clone(),
        vpc_id: Some(id.clone()),
        subnet_ids: (0..3).map(|place| subnet_of(at, place)).collect(),
        ..pattern
    });
    let pattern = aws.transit_gateway_attachments.iter().flatten().next().cloned().unwrap_or_default();
    aws.transit_gateway_attachments.get_or_insert_default().push(ec2::TransitGatewayAttachment {
        transit_gateway_attachment_id: attachment.clone(),
        resource_id: Some(id.clone()),
        ..pattern
    });
    let tables = aws.transit_gateway_routes.iter_mut().flatten();
    for table in tables.filter(|table| table.transit_gateway_route_table_id == HUB_TABLE) {
        table.routes.push(ec2::TransitGatewayRoute {
            destination_cidr_block: Some(cidr.clone()),
            transit_gateway_attachments: vec![ec2::TransitGatewayRouteAttachment {
                transit_gateway_attachment_id: Some(attachment.clone()),
                resource_id: Some(id.clone()),
                resource_type: Some("vpc".into()),
            }],
            r#type: Some("propagated".into()),
            state: Some("active".into()),
            ..Default::default()
        });
    }
    let side = |vpc: &str, cidr: &str| ec2::VpcPeeringConnectionVpcInfo {
        vpc_id: Some(vpc.to_owned()),
        cidr_block: Some(cidr.to_owned()),
        region: Some("ap-northeast-1".into()),
        ..Default::default()
    };
    let (far, far_cidr) = if at < OPERATORS_VPCS {
        (HOME.to_owned(), "10.20.0.0/16".to_owned())
    } else {
        (vpc(at - 1), vpc_cidr(at - 1))
    };
    aws.vpc_peering_connections.get_or_insert_default().push(ec2::VpcPeeringConnection {
        vpc_peering_connection_id: format!("pcx-0{at:016x}"),
        status: Some(ec2::VpcPeeringConnectionStateReason { code: Some("active".into()) }),
        requester_vpc_info: Some(side(&id, &cidr)),
        accepter_vpc_info: Some(side(&far, &far_cidr)),
    });
}

/// A subnet of another VPC, with six interfaces; ten share a table, and all the ACL.
pub fn add_subnet(snapshot: &mut Snapshot, vpcs: usize, at: usize, place: usize) {
    let (home, id) = (vpc(at), subnet_of(at, place));
    let cidr = format!("10.{}.{}.{}/25", 128 + at / 16, at % 16 * 16 + place / 2, place % 2 * 128);
    associate_table(snapshot, &home, &format!("rtb-1{:016x}", at * 3 + place / 10), &id, || {
        let mut routes = vec![local(&vpc_cidr(at)), to_hub("10.0.0.0/8")];
        for cidr in ["10.20.0.0/16", "100.64.0.0/10"] {
            if at < OPERATORS_VPCS {
                let vpc_peering_connection_id = Some(format!("pcx-0{at:016x}"));
                routes.push(ec2::Route { vpc_peering_connection_id, ..route(cidr) });
            } else {
                routes.push(to_hub(cidr));
            }
        }
        routes
    });
    associate_acl(snapshot, &home, &format!("acl-1{at:016x}"), &id);
    let group = |n: usize| named(&group(at + n * vpcs));
    for n in 0..INTERFACES_A_SUBNET {
        let like = ec2::NetworkInterface {
            interface_type: Some("interface".into()),
            subnet_id: Some(id.clone()),
            vpc_id: Some(home.clone()),
            groups: vec![group(n % 3), group(3)],
            ..Default::default()
        };
        let eni = format!("eni-1{at:010x}{place:03x}{n:03x}");
        let interfaces = snapshot.aws.network_interfaces.get_or_insert_default();
        interfaces.push(interface(&eni, &cidr, (10 + n, 1), like));
    }
    snapshot.aws.subnets.get_or_insert_default().push(subnet(&id, &home, &cidr, place));
}

pub fn group(at: usize) -> String {
    format!("sg-1{at:016x}")
}

pub fn vpc(at: usize) -> String {
    format!("vpc-1{at:016x}")
}

fn vpc_cidr(at: usize) -> String {
    format!("10.{}.{}.0/20", 128 + at / 16, at % 16 * 16)
}

fn subnet_of(at: usize, place: usize) -> String {
    format!("subnet-1{:016x}", at * SUBNETS_A_VPC + place)
}

pub fn to_peer(at: usize) -> ec2::Route {
    let vpc_peering_connection_id = Some(format!("pcx-0{at:016x}"));
    ec2::Route { vpc_peering_connection_id, ..route(&vpc_cidr(at)) }
}
