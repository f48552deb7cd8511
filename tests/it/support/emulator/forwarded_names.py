"""Builds the design that leads a cluster's name to a peered VPC: an inbound endpoint of Route 53 Resolver in the
workers' VPC, an outbound endpoint and a rule for the cluster's endpoint in the operators' VPC, groups for both.

Usage: forwarded_names.py ENDPOINT REGION
Beside the rule that is in force lie others that are associated with nothing, each wrong in one way, and the
endpoints that two of them lead to. Prints the ids by role, as JSON.
"""

import json
import sys

import boto3
from botocore.config import Config

endpoint, region = sys.argv[1:3]
config = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=60)
session = boto3.Session(aws_access_key_id="scenario", aws_secret_access_key="scenario", region_name=region)
ec2, eks, iam, resolver = (session.client(s, endpoint_url=endpoint, config=config) for s in ("ec2", "eks", "iam", "route53resolver"))
CLUSTER, ANY = "payments", "0.0.0.0/0"
AZ_A, AZ_C = region + "a", region + "c"


def vpc(cidr):
    vpc_id = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc_id, **{attribute: {"Value": True}})
    ec2.associate_dhcp_options(VpcId=vpc_id, DhcpOptionsId=dhcp)
    return vpc_id


def subnets(vpc_id, *places, **routes):
    made = [ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"] for cidr, zone in places]
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    for subnet in made:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    for cidr, peering in routes.items():
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=cidr, VpcPeeringConnectionId=peering)
    return made


def group(name, vpc_id, *admitted):
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"]
    for protocol, port, cidr in admitted:
        ec2.authorize_security_group_ingress(GroupId=made, IpProtocol=protocol, FromPort=port, ToPort=port, CidrIp=cidr)
    return made


def resolver_endpoint(name, direction, group_id, *places):
    return resolver.create_resolver_endpoint(
        CreatorRequestId=name, Name=name, Direction=direction, SecurityGroupIds=[group_id],
        IpAddresses=[{"SubnetId": subnet, "Ip": address} for subnet, address in places],
    )["ResolverEndpoint"]["Id"]


def rule(name, domain, *targets):
    return resolver.create_resolver_rule(
        CreatorRequestId=name, Name=name, RuleType="FORWARD", DomainName=domain, ResolverEndpointId=outbound,
        TargetIps=[{"Ip": address, "Port": 53} for address in targets],
    )["ResolverRule"]["Id"]


dhcp = ec2.create_dhcp_options(
    DhcpConfigurations=[
        {"Key": "domain-name", "Values": [f"{region}.compute.internal"]},
        {"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]},
    ]
)["DhcpOptions"]["DhcpOptionsId"]
workers_vpc, operators_vpc = vpc("10.71.0.0/16"), vpc("10.72.0.0/24")
peering = ec2.create_vpc_peering_connection(VpcId=workers_vpc, PeerVpcId=operators_vpc)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
worker_a, worker_c = subnets(workers_vpc, ("10.71.0.0/18", AZ_A), ("10.71.64.0/18", AZ_C), **{"10.72.0.0/24": peering})
operators, outbound_a, outbound_c = subnets(
    operators_vpc, ("10.72.0.0/25", AZ_A), ("10.72.0.128/26", AZ_A), ("10.72.0.192/26", AZ_C), **{"10.71.0.0/16": peering}
)
control_plane_group = group("control-plane", workers_vpc, ("tcp", 443, "10.72.0.0/24"), ("tcp", 443, "10.71.0.0/16"))
operators_group = group("operators", operators_vpc)
inbound_group = group("inbound", workers_vpc, ("udp", 53, "10.72.0.0/24"), ("tcp", 53, "10.72.0.0/24"))
outbound_group = group("outbound", operators_vpc)
astray_group = group("astray", operators_vpc, ("udp", 53, "10.72.0.0/24"), ("tcp", 53, "10.72.0.0/24"))

trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName=f"{CLUSTER}-{region}", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
# Both endpoints are on: from elsewhere the name leads to public addresses, which admit others only.
made = eks.create_cluster(
    name=CLUSTER, version="1.35", roleArn=role, accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
    resourcesVpcConfig={
        "subnetIds": [worker_a, worker_c], "securityGroupIds": [control_plane_group],
        "endpointPublicAccess": True, "endpointPrivateAccess": True, "publicAccessCidrs": ["203.0.113.0/24"],
    },
)["cluster"]
host = made["endpoint"].removeprefix("https://").rstrip("/")
groups = [control_plane_group, made["resourcesVpcConfig"]["clusterSecurityGroupId"]]
for subnet, address in ((worker_a, "10.71.0.20"), (worker_c, "10.71.64.20")):
    ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address, Groups=groups, Description="Amazon EKS " + CLUSTER)

inbound = resolver_endpoint("inbound", "INBOUND", inbound_group, (worker_a, "10.71.0.10"), (worker_c, "10.71.64.10"))
outbound = resolver_endpoint("outbound", "OUTBOUND", outbound_group, (outbound_a, "10.72.0.140"), (outbound_c, "10.72.0.204"))
astray = resolver_endpoint("astray", "INBOUND", astray_group, (outbound_a, "10.72.0.150"), (outbound_c, "10.72.0.214"))
delegation = resolver_endpoint("delegation", "INBOUND_DELEGATION", inbound_group, (worker_a, "10.71.0.30"), (worker_c, "10.71.64.30"))
label, rest = host.split(".", 1)
rules = {
    "rule": rule("rule", host, "10.71.0.10", "10.71.64.10"),
    "rule-for-another-name": rule("another-name", "0" * len(label) + "." + rest, "10.71.0.10", "10.71.64.10"),
    "rule-with-old-addresses": rule("old-addresses", host, "10.71.0.99", "10.71.64.99"),
    "rule-with-one-target": rule("one-target", host, "10.71.0.10"),
    "rule-with-one-old-address": rule("one-old-address", host, "10.71.0.10", "10.71.64.99"),
    "rule-to-another-vpc": rule("another-vpc", host, "10.72.0.150", "10.72.0.214"),
    "rule-to-delegation": rule("delegation", host, "10.71.0.30", "10.71.64.30"),
}
resolver.associate_resolver_rule(ResolverRuleId=rules["rule"], VPCId=operators_vpc, Name="rule")

print(json.dumps({
    "host": host, "workers-vpc": workers_vpc, "operators-vpc": operators_vpc, "peering": peering, "worker-a": worker_a, "worker-c": worker_c,
    "operators": operators, "operators-group": operators_group, "inbound": inbound, "outbound": outbound, "astray": astray,
    "delegation": delegation, "inbound-group": inbound_group, "outbound-group": outbound_group, **rules,
}))
