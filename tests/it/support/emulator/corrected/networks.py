"""EC2's networks as AWS has them: endpoints, interfaces, network ACLs, transit gateways, DHCP options."""

import ipaddress
import json

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.network_acls import NetworkAcl, NetworkAclEntry
from moto.ec2.models.transit_gateway_attachments import TransitGatewayAttachment
from moto.ec2.models.transit_gateway_route_tables import TransitGatewayRouteTableBackend
from moto.ec2.models.vpcs import VPC, VPCBackend, VPCEndPoint
from moto.ec2.responses import EC2Response
from moto.ec2.responses.vpcs import VPCs


class Attached:
    """The attachment of an interface that AWS itself attached."""

    def __init__(self, owner):
        self.attachment_id = "eni-attach-0a000000000000001"
        self.attach_time = None
        self.delete_on_termination = False
        self.device_index = 1
        self.network_card_index = 0
        self.instance_id = None
        self.instance_owner_id = owner
        self.status = "attached"


def free_address(backend, subnet):
    """An address of a subnet that no interface has, from its upper end: moto hands out the lower ones itself."""
    taken = {a["PrivateIpAddress"] for eni in backend.enis.values() for a in eni.private_ip_addresses}
    network = ipaddress.ip_network(subnet.cidr_block)
    return next(str(network[-i]) for i in range(2, network.num_addresses - 4) if str(network[-i]) not in taken)


# Interface endpoints: moto gives their interfaces addresses outside the VPC and the default group.
create_vpc_endpoint = VPCBackend.create_vpc_endpoint


def create_vpc_endpoint_inside_the_vpc(self, *args, **kwargs):
    endpoint = create_vpc_endpoint(self, *args, **kwargs)
    if (endpoint.vpc_endpoint_type or "").lower() != "interface":
        endpoint.private_dns_enabled = False
        return endpoint
    if not endpoint.security_group_ids:
        endpoint.security_group_ids = [self.get_default_security_group(endpoint.vpc_id).id]
    for eni_id in endpoint.network_interface_ids:
        belongs_to(endpoint, self.enis[eni_id])
    return endpoint


def belongs_to(endpoint, eni):
    """Makes an interface what AWS gives an endpoint."""
    address = free_address(endpoint.ec2_backend, eni.subnet)
    eni.private_ip_address = address
    eni.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
    eni._group_set = [endpoint.ec2_backend.get_security_group_from_id(g) for g in endpoint.security_group_ids]
    eni.description = f"VPC Endpoint Interface {endpoint.id}"
    eni.interface_type = "vpc_endpoint"
    eni.requester_managed = True
    eni.status = "in-use"


def set_addresses_and_names(request, endpoint):
    """Gives an endpoint what was asked for: moto reads neither."""
    endpoint.ip_address_type = request._get_param("IpAddressType") or endpoint.ip_address_type
    endpoint.dns_options = {**endpoint.dns_options, **(request._get_param("DnsOptions") or {})}


VPCBackend.create_vpc_endpoint = create_vpc_endpoint_inside_the_vpc
modify_vpc_endpoint = VPCs.modify_vpc_endpoint


def modify_all_of_the_vpc_endpoint(self):
    """Interfaces in new subnets, routes in new tables, private DNS and the whole policy: moto leaves them as they are."""
    backend, endpoint = self.ec2_backend, self.ec2_backend.vpc_end_points[self._get_param("VpcEndpointId")]
    subnets, tables = set(endpoint.subnet_ids or []), set(endpoint.route_table_ids or [])
    result = modify_vpc_endpoint(self)
    for subnet in set(endpoint.subnet_ids or []) - subnets:
        eni = backend.create_network_interface(subnet, None)
        belongs_to(endpoint, eni)
        endpoint.network_interface_ids.append(eni.id)
    prefix_list = endpoint.destination_prefix_list_id
    for table in set(endpoint.route_table_ids or []) - tables:
        backend.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
    for table in tables - set(endpoint.route_table_ids or []):
        backend.delete_route(table, prefix_list)
    if self._get_param("ResetPolicy"):
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    set_addresses_and_names(self, endpoint)
    if self._get_param("PrivateDnsEnabled") is not None:
        endpoint.private_dns_enabled = str(self._get_param("PrivateDnsEnabled")).lower() == "true"
    return result


VPCs.modify_vpc_endpoint = modify_all_of_the_vpc_endpoint
make_vpc_endpoint = VPCs.create_vpc_endpoint


def make_all_of_the_vpc_endpoint(self):
    result = make_vpc_endpoint(self)
    set_addresses_and_names(self, result.result["VpcEndpoint"])
    return result


VPCs.create_vpc_endpoint = make_all_of_the_vpc_endpoint

# Endpoints: what AWS says of their addresses and names, and moto does not.
plain_endpoint = VPCEndPoint.__init__


def init_endpoint(self, *args, **kwargs):
    plain_endpoint(self, *args, **kwargs)
    interface = (self.vpc_endpoint_type or "").lower() == "interface"
    self.service_region = self.ec2_backend.region_name
    self.ip_address_type = "ipv4"
    self.dns_options = {"DnsRecordIpType": "ipv4" if interface else "service-defined"}


VPCEndPoint.__init__ = init_endpoint

# Control-plane interfaces: the scenario creates them, but only EKS could say who attached them.
plain_init = NetworkInterface.__init__


def init_network_interface(self, *args, **kwargs):
    plain_init(self, *args, **kwargs)
    if self.description.startswith("Amazon EKS "):
        self.requester_id = "AROAEXAMPLEEXAMPLEEKS1:AmazonEKS"
        self.status = "in-use"


NetworkInterface.__init__ = init_network_interface
plain_attachment = NetworkInterface.attachment.fget


def attachment(self):
    if self.description.startswith("Amazon EKS "):
        return Attached("444455556666")
    if self.interface_type == "vpc_endpoint":
        return Attached("amazon-aws")
    return plain_attachment(self)


NetworkInterface.attachment = property(attachment)


# Network ACLs: AWS lists the rows that deny whatever no numbered entry matched; moto does so for default ACLs only.
def entries_with_the_last_rows(self):
    there = {(entry.rule_number, entry.egress) for entry in self.network_acl_entries}
    last = [
        NetworkAclEntry(self.ec2_backend, self.id, 32767, "-1", "deny", egress, "0.0.0.0/0", None, None, None, None, None)
        for egress in (True, False)
        if (32767, egress) not in there
    ]
    return self.network_acl_entries + last


NetworkAcl.entries = property(entries_with_the_last_rows)

# Transit gateways: moto shows an attachment in the default route table wherever it was associated since, and
# its routes without the attachments that they lead to; a limit on their number makes it fail.
in_the_default_table = TransitGatewayAttachment.association.fget


def association(self):
    if self._association_data:
        return {"State": "associated", "TransitGatewayRouteTableId": self._association_data["transitGatewayRouteTableId"]}
    gateway = self.ec2_backend.transit_gateways[self.transit_gateway_id]
    return in_the_default_table(self) if gateway.options["DefaultRouteTableAssociation"] == "enable" else None


TransitGatewayAttachment.association = property(association)
plain_search = TransitGatewayRouteTableBackend.search_transit_gateway_routes


def search_with_attachments(self, transit_gateway_route_table_id, filters, max_results=None):
    routes = [dict(route) for route in plain_search(self, transit_gateway_route_table_id, filters)]
    for route in routes:
        to = route.get("transitGatewayAttachments")
        route["transitGatewayAttachments"] = [to] if isinstance(to, dict) else to or []
    return routes


TransitGatewayRouteTableBackend.search_transit_gateway_routes = search_with_attachments

# DHCP options: the VPCs of a region share a set that AWS makes; moto has them point at one that is not there.
plain_vpc, delete_vpc = VPC.__init__, VPCBackend.delete_vpc


def init_vpc(self, ec2_backend, *args, **kwargs):
    plain_vpc(self, ec2_backend, *args, **kwargs)
    if not hasattr(ec2_backend, "options_of_new_vpcs"):
        region = ec2_backend.region_name
        domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
        ec2_backend.options_of_new_vpcs = ec2_backend.create_dhcp_options(["AmazonProvidedDNS"], [domain])
    self.dhcp_options = ec2_backend.options_of_new_vpcs


def delete_vpc_but_not_its_options(self, vpc_id):
    if vpc_id in self.vpcs:
        self.vpcs[vpc_id].dhcp_options = None
    return delete_vpc(self, vpc_id)


VPC.__init__, VPCBackend.delete_vpc = init_vpc, delete_vpc_but_not_its_options


# Security groups: none is associated with a second VPC.
def describe_security_group_vpc_associations(self):
    return ActionResult({"SecurityGroupVpcAssociations": []})


EC2Response.describe_security_group_vpc_associations = describe_security_group_vpc_associations


# Client VPN: the account has no endpoint.
def describe_client_vpn_endpoints(self):
    return ActionResult({"ClientVpnEndpoints": []})


EC2Response.describe_client_vpn_endpoints = describe_client_vpn_endpoints
