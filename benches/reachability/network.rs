//! A large network around the healthy cluster: its VPC grows to hundreds of subnets with nodes, and
//! dozens of other VPCs stand behind the same transit gateway, some of them peered with it.
//!
//! At size 1 there are 1,000 subnets, 2,000 security groups and 50,000 rules (as AWS counts them, one
//! peer each); all grow linearly with the size. The services and the operators stay the same.

use std::collections::BTreeSet;

use privek_audit::intent::Intent;
use privek_audit::snapshot::aws::{autoscaling, ec2, eks};
use privek_audit::snapshot::{EVERYTHING, Snapshot};

use super::neighbours::{OPERATORS_VPCS, SUBNETS_A_VPC, add_subnet, add_vpc, group, to_peer, vpc};
use super::shapes::{
    associate_acl, associate_table, interface, local, named, permission, range, route, subnet, to_hub,
    to_list,
};

const SUBNETS: usize = 1_000;
const VPCS: usize = 20;
const SUBNETS_A_NODEGROUP: usize = 10;
const GROUPS: usize = 2_000;
const RULES_A_GROUP: usize = 25;

const CLUSTER: &str = "payments";
pub const HOME: &str = "vpc-0a000000000000001";
const NODES: &str = "sg-0a00000000000000d";
const CLUSTER_GROUP: &str = "sg-0a00000000000000f";
const API_GROUP: &str = "sg-0a00000000000000c";
const ENDPOINTS_GROUP: &str = "sg-0a00000000000000e";
const OPERATIONS: &str = "pcx-0a00000000000000e";
const S3: &str = "pl-61a54008";
const S3_ENDPOINT: &str = "vpce-0a000000000000005";
/// Beside those of the healthy snapshot.
const SERVICES: [&str; 10] = [
    "sqs",
    "monitoring",
    "xray",
    "aps-workspaces",
    "elasticfilesystem",
    "fsx",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "kms",
];

/// Needs every service that has an endpoint; four operators' networks behind the VPN, three behind the
/// transit gateway, and three in peered VPCs.
pub fn intent() -> Intent {
    let text = "
features: { irsa: true, eks_api: true, cloudwatch_logs: true, load_balancer_controller: true, cluster_autoscaler: true,
  karpenter: true, cloudwatch_metrics: true, xray: true, managed_prometheus: true, efs_csi: true, fsx_csi: true,
  secrets_manager: true, parameter_store: true, kms: true, session_manager: true }
operators:
  - { name: office-1, cidr: 192.168.10.0/24 }
  - { name: office-2, cidr: 192.168.20.0/24 }
  - { name: office-3, cidr: 192.168.30.0/24 }
  - { name: office-4, cidr: 192.168.40.0/24 }
  - { name: factory-1, cidr: 10.60.1.0/24 }
  - { name: factory-2, cidr: 10.60.2.0/24 }
  - { name: factory-3, cidr: 10.60.3.0/24 }
  - { name: operations, cidr: 10.50.0.0/24, security_groups: [sg-0e000000000000001] }
  - { name: team-1, cidr: 10.128.0.0/24, security_groups: [sg-10000000000000000] }
  - { name: team-2, cidr: 10.128.16.0/24, security_groups: [sg-10000000000000001] }
";
    Intent::from_yaml("estate.yaml", text).expect("the intent loads")
}

/// How much there is of what grows.
#[derive(Clone, Copy)]
struct Plan {
    node_subnets: usize,
    vpcs: usize,
}

impl Plan {
    /// The prefixes that the nodes' subnets are in.
    fn node_blocks(self) -> impl Iterator<Item = String> {
        (0..self.node_subnets.div_ceil(256)).map(|block| format!("100.{}.0.0/16", 64 + block))
    }
}

/// The network of this size.
pub fn grow(mut snapshot: Snapshot, size: usize) -> Snapshot {
    let subnets = snapshot.aws.subnets.get_or_insert_default().len();
    let vpcs = VPCS * size;
    let plan = Plan { node_subnets: SUBNETS * size - subnets - vpcs * SUBNETS_A_VPC, vpcs };
    widen_home(&mut snapshot, plan);
    add_services(&mut snapshot);
    for at in 0..plan.node_subnets {
        add_node_subnet(&mut snapshot, plan, at);
    }
    for at in 0..plan.node_subnets.div_ceil(SUBNETS_A_NODEGROUP) {
        add_nodegroup(&mut snapshot, plan, at);
    }
    for at in 0..vpcs {
        add_vpc(&mut snapshot, at);
        for place in 0..SUBNETS_A_VPC {
            add_subnet(&mut snapshot, vpcs, at, place);
        }
    }
    add_groups(&mut snapshot, plan, GROUPS * size);
    for scope in snapshot.header.scope.values_mut() {
        *scope = BTreeSet::from([EVERYTHING.to_owned()]);
    }
    snapshot
}

/// How many rules there are, as AWS counts them.
pub fn rules(snapshot: &Snapshot) -> usize {
    let groups = snapshot.aws.security_groups.iter().flatten();
    groups.map(rules_of).sum()
}

fn rules_of(group: &ec2::SecurityGroup) -> usize {
    let all = group.ip_permissions.iter().chain(&group.ip_permissions_egress);
    all.map(|rule| {
        rule.ip_ranges.len()
            + rule.ipv6_ranges.len()
            + rule.prefix_list_ids.len()
            + rule.user_id_group_pairs.len()
    })
    .sum()
}

/// Prefixes for the nodes' subnets, and ways to and from the operators.
fn widen_home(snapshot: &mut Snapshot, plan: Plan) {
    let aws = &mut snapshot.aws;
    for vpc in aws.vpcs.iter_mut().flatten().filter(|vpc| vpc.vpc_id == HOME) {
        for cidr in plan.node_blocks() {
            vpc.cidr_block_association_set.push(ec2::VpcCidrBlockAssociation {
                cidr_block: Some(cidr),
                cidr_block_state: Some(ec2::CidrBlockState { state: Some("associated".into()) }),
            });
        }
    }
    for table in aws.route_tables.iter_mut().flatten() {
        if table.vpc_id.as_deref() != Some(HOME) {
            let vpc_peering_connection_id = Some(OPERATIONS.into());
            table.routes.push(ec2::Route { vpc_peering_connection_id, ..route("100.64.0.0/10") });
        } else if table.route_table_id.starts_with("rtb-0a00000000000001") {
            table.routes.extend((0..OPERATORS_VPCS).map(to_peer));
        } else {
            table.routes.extend(to_operators());
        }
    }
    for table in aws.transit_gateway_routes.iter_mut().flatten() {
        let home =
            table.routes.iter().find(|route| route.destination_cidr_block.as_deref() == Some("10.20.0.0/16"));
        let home = home.cloned().unwrap_or_default();
        let block = |cidr| ec2::TransitGatewayRoute { destination_cidr_block: Some(cidr), ..home.clone() };
        table.routes.extend(plan.node_blocks().map(block));
    }
    for group in aws.security_groups.iter_mut().flatten() {
        let (port, cidrs): (i64, &[&str]) = match group.group_id.as_str() {
            API_GROUP => (443, &["10.128.0.0/20", "10.128.16.0/20"]),
            ENDPOINTS_GROUP => (443, &["100.64.0.0/10"]),
            NODES => (22, &["192.168.0.0/16", "10.60.0.0/16", "10.50.0.0/24"]),
            _ => continue,
        };
        group.ip_permissions.push(permission("tcp", port, cidrs));
    }
}

/// An interface endpoint in three zones for each service that the healthy cluster does not need.
fn add_services(snapshot: &mut Snapshot) {
    let endpoints = snapshot.aws.vpc_endpoints.get_or_insert_default();
    let pattern =
        endpoints.iter().find(|endpoint| !endpoint.subnet_ids.is_empty()).cloned().unwrap_or_default();
    let interfaces = snapshot.aws.network_interfaces.get_or_insert_default();
    for (at, service) in SERVICES.iter().enumerate() {
        let mut ids = Vec::new();
        for (zone, like) in pattern.network_interface_ids.iter().enumerate() {
            let like =
                interfaces.iter().find(|one| one.network_interface_id == *like).cloned().unwrap_or_default();
            let subnet = snapshot
                .aws
                .subnets
                .iter()
                .flatten()
                .find(|one| Some(&one.subnet_id) == like.subnet_id.as_ref());
            let cidr = subnet.and_then(|subnet| subnet.cidr_block.clone()).unwrap_or_default();
            let id = format!("eni-0f{at:014x}{zone}");
            ids.push(id.clone());
            interfaces.push(interface(&id, &cidr, (200 + at, 1), like));
        }
        endpoints.push(ec2::VpcEndpoint {
            vpc_endpoint_id: format!("vpce-0f{at:015x}"),
            service_name: Some(format!("com.amazonaws.ap-northeast-1.{service}")),
            network_interface_ids: ids,
            ..pattern.clone()
        });
    }
}

/// A subnet with two nodes of two interfaces each; every fourth has a table, every tenth an ACL of its own.
fn add_node_subnet(snapshot: &mut Snapshot, plan: Plan, at: usize) {
    let cidr = format!("100.{}.{}.0/24", 64 + at / 256, at % 256);
    let id = format!("subnet-0{at:016x}");
    let table = if at.is_multiple_of(4) { 3 + at } else { at % 3 };
    associate_table(snapshot, HOME, &format!("rtb-0{table:016x}"), &id, || {
        let mut routes = vec![local("10.20.0.0/16"), to_list(S3, S3_ENDPOINT), to_hub("10.0.0.0/8")];
        routes.extend(plan.node_blocks().map(|block| local(&block)));
        routes.extend(to_operators());
        routes.extend((0..10).map(|site| to_hub(&format!("172.20.{site}.0/24"))));
        routes
    });
    let acl = if at.is_multiple_of(10) { 1 + at } else { 0 };
    associate_acl(snapshot, HOME, &format!("acl-0{acl:016x}"), &id);
    snapshot.aws.subnets.get_or_insert_default().push(subnet(&id, HOME, &cidr, at));
    let group = at / SUBNETS_A_NODEGROUP;
    for node in 0..2 {
        let instance = format!("i-0{at:015x}{node}");
        let mut cards = Vec::new();
        for card in 0..2 {
            let like = ec2::NetworkInterface {
                description: Some(format!("aws-K8S-{instance}")),
                interface_type: Some("interface".into()),
                subnet_id: Some(id.clone()),
                vpc_id: Some(HOME.into()),
                groups: node_groups(group).iter().map(|group| named(group)).collect(),
                ..Default::default()
            };
            let eni = format!("eni-0{at:014x}{node}{card}");
            let made = interface(&eni, &cidr, (10 + node * 40 + card * 20, 10), like);
            cards.push(ec2::InstanceNetworkInterface {
                network_interface_id: Some(eni),
                subnet_id: Some(id.clone()),
                groups: made.groups.clone(),
                private_ip_address: made.private_ip_address.clone(),
                private_ip_addresses: made.private_ip_addresses.clone(),
                ..Default::default()
            });
            snapshot.aws.network_interfaces.get_or_insert_default().push(made);
        }
        let tags = [
            ("eks:nodegroup-name", nodegroup(group)),
            (&*format!("kubernetes.io/cluster/{CLUSTER}"), "owned".to_owned()),
        ];
        let tag = |(key, value): (&str, String)| ec2::Tag { key: Some(key.to_owned()), value: Some(value) };
        snapshot.aws.reservations.get_or_insert_default().push(ec2::Reservation {
            reservation_id: Some(format!("r-0{at:015x}{node}")),
            instances: vec![ec2::Instance {
                instance_id: instance,
                instance_type: Some("m6i.large".into()),
                state: Some(ec2::InstanceState { name: Some("running".into()) }),
                subnet_id: Some(id.clone()),
                vpc_id: Some(HOME.into()),
                security_groups: node_groups(group).iter().map(|group| named(group)).collect(),
                network_interfaces: cards,
                tags: tags.map(tag).into(),
                ..Default::default()
            }],
            ..Default::default()
        });
    }
}

/// A managed node group over ten subnets, whose launch template gives it a security group of its own.
fn add_nodegroup(snapshot: &mut Snapshot, plan: Plan, at: usize) {
    let (name, template, scaling) =
        (nodegroup(at), format!("lt-0{at:016x}"), format!("eks-{}", nodegroup(at)));
    let places = (at * SUBNETS_A_NODEGROUP..plan.node_subnets).take(SUBNETS_A_NODEGROUP);
    let subnets: Vec<String> = places.map(|at| format!("subnet-0{at:016x}")).collect();
    let aws = &mut snapshot.aws;
    aws.nodegroups.get_or_insert_default().push(name.clone());
    let pattern = aws.nodegroup.iter().flatten().next().cloned().unwrap_or_default();
    aws.nodegroup.get_or_insert_default().push(eks::Nodegroup {
        nodegroup_name: name,
        subnets: subnets.clone(),
        launch_template: Some(eks::LaunchTemplateSpecification {
            id: Some(template.clone()),
            name: None,
            version: Some("1".into()),
        }),
        resources: Some(eks::NodegroupResources {
            auto_scaling_groups: vec![eks::AutoScalingGroupName { name: Some(scaling.clone()) }],
            ..Default::default()
        }),
        ..pattern
    });
    aws.launch_template_versions.get_or_insert_default().push(ec2::LaunchTemplateVersion {
        launch_template_id: template,
        version_number: Some(1),
        default_version: Some(true),
        launch_template_data: Some(ec2::LaunchTemplateData {
            security_group_ids: node_groups(at),
            ..Default::default()
        }),
        ..Default::default()
    });
    let pattern = aws.auto_scaling_groups.iter().flatten().next().cloned().unwrap_or_default();
    aws.auto_scaling_groups.get_or_insert_default().push(autoscaling::AutoScalingGroup {
        auto_scaling_group_name: scaling,
        vpc_zone_identifier: Some(subnets.join(",")),
        instances: Vec::new(),
        ..pattern
    });
}

/// As many groups as wanted, each with as many rules, of which those that matter come last.
fn add_groups(snapshot: &mut Snapshot, plan: Plan, wanted: usize) {
    let groups = snapshot.aws.security_groups.get_or_insert_default();
    let nodegroups = snapshot.aws.nodegroup.iter().flatten().count() - 1;
    for at in 0..nodegroups {
        groups.push(ec2::SecurityGroup {
            group_id: node_group(at),
            vpc_id: Some(HOME.into()),
            ip_permissions_egress: vec![permission("tcp", 443, &["10.20.0.0/16", "100.64.0.0/10"])],
            ..Default::default()
        });
    }
    let others = wanted - groups.len();
    for at in 0..others {
        groups.push(ec2::SecurityGroup {
            group_id: group(at),
            vpc_id: Some(if at < others * 2 / 3 { vpc(at % plan.vpcs) } else { HOME.to_owned() }),
            ip_permissions_egress: vec![permission("-1", -1, &["0.0.0.0/0"])],
            ..Default::default()
        });
    }
    for (at, filled) in groups.iter_mut().enumerate() {
        let ordinary = (0..RULES_A_GROUP.saturating_sub(rules_of(filled))).map(|n| {
            let port = 2_000 + i64::try_from(at % 50 * 10 + n / 3).unwrap_or_default();
            let mut rule = permission("tcp", port, &[]);
            if n % 6 == 0 {
                let group_id = Some(group((at + n) % others));
                rule.user_id_group_pairs.push(ec2::UserIdGroupPair { group_id, ..Default::default() });
            } else {
                rule.ip_ranges.push(range(&format!("10.{}.{}.0/24", 128 + at % 64, n * 7 % 256)));
            }
            rule
        });
        filled.ip_permissions.splice(0..0, ordinary);
    }
}

/// Routes to every operator that has another way than the prefix of all.
fn to_operators() -> Vec<ec2::Route> {
    let vpc_peering_connection_id = Some(OPERATIONS.into());
    let mut routes = vec![
        ec2::Route { gateway_id: Some("vgw-0a000000000000001".into()), ..route("192.168.0.0/16") },
        ec2::Route { vpc_peering_connection_id, ..route("10.50.0.0/24") },
        to_hub("10.60.0.0/16"),
    ];
    routes.extend((0..OPERATORS_VPCS).map(to_peer));
    routes
}

fn nodegroup(at: usize) -> String {
    format!("team-{at}")
}

/// A node group's own security group.
fn node_group(at: usize) -> String {
    format!("sg-0{at:016x}")
}

fn node_groups(at: usize) -> Vec<String> {
    vec![node_group(at), NODES.to_owned(), CLUSTER_GROUP.to_owned()]
}
