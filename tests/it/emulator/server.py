"""Runs moto on a free loopback port, corrected where its shape would mislead a network audit.

Prints the port on one line. Ends when standard input closes, that is, with the test process.
Answers `GET /seen/<access key>` itself: the operations that were asked for with that key.
"""

import ipaddress
import json
import os
import pathlib
import re
import sys
import threading
from urllib.parse import parse_qs

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.network_acls import NetworkAcl, NetworkAclEntry
from moto.ec2.models.transit_gateway_attachments import TransitGatewayAttachment
from moto.ec2.models.transit_gateway_route_tables import TransitGatewayRouteTableBackend
from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
from moto.ec2.responses.vpcs import VPCs
from moto.eks.models import EKSBackend, Nodegroup
from moto.route53resolver.models import Route53ResolverBackend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


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
    if self._get_param("PrivateDnsEnabled") is not None:
        endpoint.private_dns_enabled = str(self._get_param("PrivateDnsEnabled")).lower() == "true"
    return result


VPCs.modify_vpc_endpoint = modify_all_of_the_vpc_endpoint

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

# Node groups: moto invents an SSH key and a security group for it, which AWS refuses beside a launch template.
plain_nodegroup = Nodegroup.__init__


def init_nodegroup(self, *args, **kwargs):
    plain_nodegroup(self, *args, **kwargs)
    if not kwargs.get("remote_access"):
        self.remote_access = None
        self.resources.pop("remoteAccessSecurityGroup", None)


Nodegroup.__init__ = init_nodegroup

# Updates of clusters: AWS leaves what they do not name as it is, moto forgets it.
update_cluster_config = EKSBackend.update_cluster_config


def update_some_of_the_cluster_config(self, name, resources_vpc_config, *args, **kwargs):
    before = self.clusters[name].resources_vpc_config if name in self.clusters else {}
    return update_cluster_config(self, name, {**before, **(resources_vpc_config or {})}, *args, **kwargs)


EKSBackend.update_cluster_config = update_some_of_the_cluster_config

# Resolver endpoints: moto knows none for delegation.
create_resolver_endpoint = Route53ResolverBackend.create_resolver_endpoint


def create_any_resolver_endpoint(self, region, creator_request_id, name, security_group_ids, direction, *args, **kwargs):
    known = "INBOUND" if direction == "INBOUND_DELEGATION" else direction
    endpoint = create_resolver_endpoint(self, region, creator_request_id, name, security_group_ids, known, *args, **kwargs)
    endpoint.direction = direction
    return endpoint


Route53ResolverBackend.create_resolver_endpoint = create_any_resolver_endpoint

# What moto lacks, as AWS answers where there is none of it: for those who ask with this key.
NAMES = "AKIANAMES"
NONE = {
    "ListFirewallRuleGroupAssociations": {"FirewallRuleGroupAssociations": []},
    "GetFirewallConfig": {"FirewallConfig": {"FirewallFailOpen": "DISABLED", "Id": "rslvr-fc-1", "OwnerId": "123456789012"}},
    "ListProfileAssociations": {"ProfileAssociations": []},
    "DescribeSecurityGroupVpcAssociations": '<DescribeSecurityGroupVpcAssociationsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    "<requestId>1</requestId><securityGroupVpcAssociationSet/></DescribeSecurityGroupVpcAssociationsResponse>",
}

# The operations of EKS, Route 53 and its Profiles are paths; the tests' own server reads this list too.
lines = pathlib.Path(__file__).with_name("paths.txt").read_text().splitlines()
PATHS = [(path.replace("*", "[^/]+") + "/?", name) for path, name in (line.split() for line in lines)]


class Recorder:
    """Remembers which operations each access key asked for."""

    def __init__(self, app):
        self.app = app
        self.seen = {}
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/seen/"):
            with self.lock:
                body = json.dumps(sorted(self.seen.get(path.removeprefix("/seen/"), set()))).encode()
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
            return [body]
        scope = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if scope:
            key, service = scope.groups()
            operation = self.operation(environ, path)
            with self.lock:
                self.seen.setdefault(key, set()).add(f"{service}:{operation}")
            if key == NAMES and operation in NONE:
                return self.none(environ, operation, start_response)
        return self.app(environ, start_response)

    def none(self, environ, operation, start_response):
        answer = NONE[operation]
        kind = "text/xml" if isinstance(answer, str) else "application/json"
        if operation == "GetFirewallConfig":
            asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            answer = {"FirewallConfig": {**answer["FirewallConfig"], "ResourceId": asked["ResourceId"]}}
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    def operation(self, environ, path):
        if "HTTP_X_AMZ_TARGET" in environ:
            return environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
        if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            from io import BytesIO

            environ["wsgi.input"] = BytesIO(body)
            return parse_qs(body.decode()).get("Action", ["?"])[0]
        if environ["REQUEST_METHOD"] == "GET" or path.endswith("/insights"):
            for pattern, name in PATHS:
                if re.fullmatch(pattern, path):
                    return name
        return f"{environ['REQUEST_METHOD']} {path}"


class Quiet(WSGIRequestHandler):
    """No line per request."""

    def log_request(self, *args):
        pass

    def log(self, *args):
        pass


def end_with_the_parent():
    sys.stdin.buffer.read()
    os._exit(0)


app = Recorder(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
threading.Thread(target=end_with_the_parent, daemon=True).start()
print(server.server_address[1], flush=True)
server.serve_forever()
