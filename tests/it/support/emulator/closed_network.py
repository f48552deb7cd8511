"""Builds the closed network of `fixtures/closed-network.json` in the emulator, through AWS's own APIs.

Usage: closed_network.py ENDPOINT REGION [PREFIX]
The prefix is that of all names; roles are the same for all regions. Prints the ids by role, as JSON.
"""

import contextlib
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, region, prefix = (sys.argv[1:] + ["yoda-eks-closed"])[:3]
config = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=60)
session = boto3.Session(aws_access_key_id="scenario", aws_secret_access_key="scenario", region_name=region)
ec2, eks, iam, autoscaling = (session.client(s, endpoint_url=endpoint, config=config) for s in ("ec2", "eks", "iam", "autoscaling"))

ENV, CLUSTER, ANY = prefix, "yoda-k8s-1", "0.0.0.0/0"
AZ_A, AZ_C = region + "a", region + "c"


def tags(kind, name=None, **more):
    pairs = ([("Name", name)] if name else []) + list(more.items())
    return [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in pairs]}]


def vpc(name, cidr):
    vpc_id = ec2.create_vpc(CidrBlock=cidr, TagSpecifications=tags("vpc", name))["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    ec2.associate_dhcp_options(VpcId=vpc_id, DhcpOptionsId=dhcp)
    return vpc_id


def subnet(name, vpc_id, cidr, zone):
    created = ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=zone, TagSpecifications=tags("subnet", name))
    return created["Subnet"]["SubnetId"]


def table(name, vpc_id, subnets, *routes):
    table_id = ec2.create_route_table(VpcId=vpc_id, TagSpecifications=tags("route-table", name))["RouteTable"]["RouteTableId"]
    for subnet_id in subnets:
        ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet_id)
    for route in routes:
        ec2.create_route(RouteTableId=table_id, **route)
    return table_id


def group(name, vpc_id, description):
    return ec2.create_security_group(GroupName=name, Description=description, VpcId=vpc_id)["GroupId"]


def permission(protocol="-1", first=None, last=None, cidrs=(), groups=()):
    ports = {} if first is None else {"FromPort": first, "ToPort": last}
    return {
        "IpProtocol": protocol,
        **ports,
        "IpRanges": [{"CidrIp": c} for c in cidrs],
        "UserIdGroupPairs": [{"GroupId": g} for g in groups],
    }


def admit(group_id, *permissions):
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=list(permissions))


def role(name, service):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    try:
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        of_nodes = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy"]
        for policy in of_nodes if service.startswith("ec2") else ["AmazonEKSClusterPolicy"]:
            iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        return arn
    except iam.exceptions.EntityAlreadyExistsException:
        return iam.get_role(RoleName=name)["Role"]["Arn"]


dhcp = ec2.create_dhcp_options(
    DhcpConfigurations=[
        {"Key": "domain-name", "Values": [f"{region}.compute.internal"]},
        {"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]},
    ]
)["DhcpOptions"]["DhcpOptionsId"]
bastion, k8s = vpc(ENV + "-bastion-vpc", "172.24.0.0/24"), vpc(ENV + "-k8s-vpc", "172.25.0.0/16")
peering = ec2.create_vpc_peering_connection(VpcId=k8s, PeerVpcId=bastion)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)

bastion_subnet = subnet(ENV + "-bastion-public-subnet", bastion, "172.24.0.0/25", AZ_A)
operator_subnet = subnet(ENV + "-k8s-operator-subnet", k8s, "172.25.192.0/18", AZ_A)
worker_a = subnet(ENV + "-k8s-worker-subnet-1", k8s, "172.25.0.0/17", AZ_A)
worker_c = subnet(ENV + "-k8s-worker-subnet-2", k8s, "172.25.128.0/18", AZ_C)

gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=bastion)
bastion_table = table(
    ENV + "-bastion-public-subnet-rtb", bastion, [bastion_subnet],
    {"DestinationCidrBlock": ANY, "GatewayId": gateway},
    {"DestinationCidrBlock": "172.25.192.0/18", "VpcPeeringConnectionId": peering},
)
worker_table = table(ENV + "-k8s-worker-subnet-rtb", k8s, [worker_a, worker_c])
operator_table = table(
    ENV + "-k8s-operator-subnet-rtb", k8s, [operator_subnet],
    {"DestinationCidrBlock": "172.24.0.0/24", "VpcPeeringConnectionId": peering},
)

bastion_group = group(ENV + "-bastion-public-sg", bastion, "SG for public subnet instance")
operator_group = group(ENV + "-k8s-operator-sg", k8s, "SG for K8s operator")
endpoint_group = group(ENV + "-vpce-sg", k8s, "SG for VPC endpoints")
control_plane_group = group(f"{ENV}-{CLUSTER}-controlplane-sg", k8s, "SG for control plane (k8s endpoint)")
node_group = group(f"{ENV}-{CLUSTER}-worker-sg", k8s, "Security group for all nodes in the cluster")
ec2.create_tags(Resources=[node_group], Tags=[{"Key": f"kubernetes.io/cluster/{CLUSTER}", "Value": "owned"}])
cluster_group = group(f"eks-cluster-sg-{CLUSTER}-1415926535", k8s, "EKS created security group")
admit(bastion_group, permission("tcp", 22, 22, ["203.0.113.48/32"]), permission("tcp", 3389, 3389, ["203.0.113.48/32"]), permission(cidrs=["172.25.192.0/18"]))
admit(operator_group, permission(cidrs=["172.25.0.0/16", "172.24.0.0/24"]))
admit(endpoint_group, permission("tcp", 443, 443, ["172.25.0.0/16"]))
admit(control_plane_group, permission("tcp", 443, 443, groups=[operator_group, node_group]))
admit(
    node_group,
    permission(groups=[node_group]),
    permission("tcp", 22, 22, groups=[operator_group]),
    permission("tcp", 80, 80, groups=[operator_group]),
    permission("tcp", 443, 443, groups=[control_plane_group]),
    permission("tcp", 1025, 65535, groups=[control_plane_group]),
)
admit(cluster_group, permission(groups=[cluster_group]))

policy = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "AmazonLinuxYumUpdatePolicy", "Effect": "Allow", "Principal": "*", "Action": ["s3:Get*"],
            "Resource": [f"arn:aws:s3:::{b}.{region}.amazonaws.com/*" for b in ("packages", "repo", "amazonlinux")],
        },
        {
            "Sid": "AllowPullFromECRPolicy", "Effect": "Allow", "Principal": "*", "Action": ["s3:Get*"],
            "Resource": [f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*"],
        },
    ],
}
s3_endpoint = ec2.create_vpc_endpoint(
    VpcEndpointType="Gateway", VpcId=k8s, ServiceName=f"com.amazonaws.{region}.s3", RouteTableIds=[worker_table], PolicyDocument=json.dumps(policy)
)["VpcEndpoint"]["VpcEndpointId"]
endpoints = {
    service: ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", VpcId=k8s, ServiceName=f"com.amazonaws.{region}.{service}",
        SubnetIds=[worker_a], SecurityGroupIds=[endpoint_group], PrivateDnsEnabled=True,
    )["VpcEndpoint"]["VpcEndpointId"]
    for service in ("ec2", "ecr.api", "ecr.dkr")
}

eks.create_cluster(
    name=CLUSTER, version="1.35", roleArn=role(ENV + "-eks-service-role", "eks.amazonaws.com"),
    resourcesVpcConfig={
        "subnetIds": [worker_a, worker_c], "securityGroupIds": [control_plane_group],
        "endpointPublicAccess": True, "endpointPrivateAccess": True, "publicAccessCidrs": [ANY],
    },
    kubernetesNetworkConfig={"serviceIpv4Cidr": "10.100.0.0/16", "ipFamily": "ipv4"}, accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
)
# moto as it is has no add-ons.
with contextlib.suppress(ClientError):
    for addon, release in (("coredns", "v1.13.2-eksbuild.3"), ("kube-proxy", "v1.35.0-eksbuild.2"), ("vpc-cni", "v1.23.1-eksbuild.1")):
        eks.create_addon(clusterName=CLUSTER, addonName=addon, addonVersion=release)
for subnet_id, address in ((worker_a, "172.25.93.58"), (worker_c, "172.25.161.203")):
    ec2.create_network_interface(
        SubnetId=subnet_id, PrivateIpAddress=address, Groups=[cluster_group, control_plane_group], Description="Amazon EKS " + CLUSTER
    )

image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]


def template(name, **data):
    data = {"SecurityGroupIds": [node_group, cluster_group], "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}, **data}
    return ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]


workers = template(f"{CLUSTER}-workers")
eks.create_nodegroup(
    clusterName=CLUSTER, nodegroupName="workers", version="1.35", subnets=[worker_a, worker_c], nodeRole=role(f"{ENV}-{CLUSTER}-worker-role", "ec2.amazonaws.com"),
    scalingConfig={"minSize": 1, "maxSize": 4, "desiredSize": 2}, instanceTypes=["t3.small"], amiType="AL2023_x86_64_STANDARD",
    launchTemplate={"id": workers, "version": "1"},
)
# EKS makes the Auto Scaling group, with a template of its own; the emulator only makes up a name for it.
scaling_group = eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName="workers")["nodegroup"]["resources"]["autoScalingGroups"][0]["name"]
made_by_eks = template("eks-" + workers, ImageId=image, InstanceType="t3.small")
owned = {
    "eks:cluster-name": CLUSTER, "eks:nodegroup-name": "workers", f"kubernetes.io/cluster/{CLUSTER}": "owned",
    "k8s.io/cluster-autoscaler/enabled": "true", f"k8s.io/cluster-autoscaler/{CLUSTER}": "owned",
}
autoscaling.create_auto_scaling_group(
    AutoScalingGroupName=scaling_group, MinSize=1, MaxSize=4, DesiredCapacity=2, VPCZoneIdentifier=f"{worker_a},{worker_c}",
    MixedInstancesPolicy={
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": made_by_eks, "Version": "1"}, "Overrides": [{"InstanceType": "t3.small"}],
        }
    },
    Tags=[{"Key": k, "Value": v, "PropagateAtLaunch": True} for k, v in owned.items()],
)
for name, subnet_id, group_id, address in (
    ("operator", operator_subnet, operator_group, "172.25.192.10"), ("bastion", bastion_subnet, bastion_group, "172.24.0.10"),
):
    ec2.run_instances(
        ImageId=image, InstanceType="t3.nano", MinCount=1, MaxCount=1, SubnetId=subnet_id, SecurityGroupIds=[group_id],
        PrivateIpAddress=address, TagSpecifications=tags("instance", f"{ENV}-{name}"),
    )

print(json.dumps({
    "dhcp": dhcp, "bastion-vpc": bastion, "k8s-vpc": k8s, "peering": peering, "bastion-subnet": bastion_subnet,
    "operator-subnet": operator_subnet, "worker-a": worker_a, "worker-c": worker_c, "bastion-table": bastion_table,
    "worker-table": worker_table, "operator-table": operator_table, "bastion-group": bastion_group, "operator-group": operator_group,
    "cluster-role": ENV + "-eks-service-role", "node-role": f"{ENV}-{CLUSTER}-worker-role", "workers": workers,
    "acl": ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [k8s]}])["NetworkAcls"][0]["NetworkAclId"],
    "endpoint-group": endpoint_group, "control-plane-group": control_plane_group, "node-group": node_group, "cluster-group": cluster_group,
    "s3-endpoint": s3_endpoint, **{f"{service}-endpoint": id for service, id in endpoints.items()},
}))
