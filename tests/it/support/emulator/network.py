"""Builds a network without any cluster: two peered VPCs, and a transit gateway with a spoke and an egress VPC.

Usage: network.py ENDPOINT REGION
Prints the ids by role, as JSON.
"""

import json
import sys

import boto3
from botocore.config import Config

endpoint, region = sys.argv[1:3]
config = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=60)
session = boto3.Session(aws_access_key_id="scenario", aws_secret_access_key="scenario", region_name=region)
ec2 = session.client("ec2", endpoint_url=endpoint, config=config)
ANY = "0.0.0.0/0"


def vpc(cidr, **options):
    vpc_id = ec2.create_vpc(CidrBlock=cidr, **options)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr.replace("/16", "/24"), AvailabilityZone=region + "a")["Subnet"]["SubnetId"]
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"][0]["RouteTableId"]
    return vpc_id, subnet, table


def interface(subnet, address):
    return ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address)["NetworkInterface"]["NetworkInterfaceId"]


def route(table, cidr, **target):
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=cidr, **target)


one, one_subnet, one_table = vpc("10.61.0.0/16", AmazonProvidedIpv6CidrBlock=True)
two, two_subnet, two_table = vpc("10.62.0.0/16")
egress, egress_subnet, egress_table = vpc("10.63.0.0/16")
spoke, spoke_subnet, spoke_table = vpc("10.64.0.0/16")
vpc("10.65.0.0/16")  # Nothing leads to it.

peering = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
route(one_table, "10.62.0.0/16", VpcPeeringConnectionId=peering)
route(two_table, "10.61.0.0/16", VpcPeeringConnectionId=peering)

gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=egress)
address = ec2.allocate_address(Domain="vpc")["AllocationId"]
nat = ec2.create_nat_gateway(SubnetId=egress_subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
egress_only = ec2.create_egress_only_internet_gateway(VpcId=one)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]

transit = ec2.create_transit_gateway(
    Options={"DefaultRouteTableAssociation": "disable", "DefaultRouteTablePropagation": "disable"}
)["TransitGateway"]["TransitGatewayId"]
attach = {
    name: ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=transit, VpcId=vpc_id, SubnetIds=[subnet])[
        "TransitGatewayVpcAttachment"
    ]["TransitGatewayAttachmentId"]
    for name, vpc_id, subnet in (("one", one, one_subnet), ("egress", egress, egress_subnet), ("spoke", spoke, spoke_subnet))
}
tables = {
    name: ec2.create_transit_gateway_route_table(TransitGatewayId=transit)["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]
    for name in ("spokes", "hub")
}
for name, table in (("one", "spokes"), ("spoke", "spokes"), ("egress", "hub")):
    ec2.associate_transit_gateway_route_table(TransitGatewayRouteTableId=tables[table], TransitGatewayAttachmentId=attach[name])
for table, cidr, to in (("spokes", ANY, "egress"), ("hub", "10.61.0.0/16", "one"), ("hub", "10.64.0.0/16", "spoke")):
    ec2.create_transit_gateway_route(
        DestinationCidrBlock=cidr, TransitGatewayRouteTableId=tables[table], TransitGatewayAttachmentId=attach[to]
    )
route(one_table, ANY, TransitGatewayId=transit)
route(egress_table, "10.61.0.0/16", TransitGatewayId=transit)

print(json.dumps({
    "one": one, "two": two, "egress": egress, "spoke": spoke, "one-subnet": one_subnet, "two-subnet": two_subnet,
    "one-interface": interface(one_subnet, "10.61.0.20"), "two-interface": interface(two_subnet, "10.62.0.20"),
    "peering": peering, "transit": transit, "spokes-table": tables["spokes"], "hub-table": tables["hub"],
    "nat": nat, "internet-gateway": gateway, "egress-only": egress_only,
}))
