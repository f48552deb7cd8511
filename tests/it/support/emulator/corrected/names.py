"""Route 53 Resolver with what AWS itself puts there, no DNS Firewall, and no Route 53 Profiles."""

import json
import re

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.route53resolver.exceptions import ResourceNotFoundException
from moto.route53resolver.models import ResolverRule, ResolverRuleAssociation, Route53ResolverBackend
from moto.route53resolver.responses import Route53ResolverResponse
from moto.utilities.utils import get_partition

# Resolver endpoints: moto knows none for delegation.
create_resolver_endpoint = Route53ResolverBackend.create_resolver_endpoint


def create_any_resolver_endpoint(self, region, creator_request_id, name, security_group_ids, direction, *args, **kwargs):
    known = "INBOUND" if direction == "INBOUND_DELEGATION" else direction
    endpoint = create_resolver_endpoint(self, region, creator_request_id, name, security_group_ids, known, *args, **kwargs)
    endpoint.direction = direction
    return endpoint


Route53ResolverBackend.create_resolver_endpoint = create_any_resolver_endpoint

# The rule for all other names, which AWS has in every region and associates with every VPC.
INTERNET = "rslvr-autodefined-rr-internet-resolver"
plain_backend = Route53ResolverBackend.__init__
list_resolver_rule_associations = Route53ResolverBackend.list_resolver_rule_associations


class SystemRule(ResolverRule):
    """A rule of AWS's own."""

    @property
    def arn(self):
        return f"arn:{get_partition(self.region)}:route53resolver:{self.region}::autodefined-rule/{self.id}"

    def description(self):
        return {**super().description(), "OwnerId": "Route 53 Resolver", "StatusMessage": "", "TargetIps": []}


def init_backend(self, *args, **kwargs):
    plain_backend(self, *args, **kwargs)
    rule = SystemRule(self.account_id, self.region_name, INTERNET, "", "RECURSIVE", "", [], None, "Internet Resolver")
    self.resolver_rules[INTERNET] = rule


def list_with_those_of_the_system(self, filters, **kwargs):
    vpcs = {f"rslvr-autodefined-assoc-{vpc}-internet-resolver": vpc for vpc in list(ec2_backends[self.account_id][self.region_name].vpcs)}
    known = self.resolver_rule_associations
    for gone in [id for id, its in list(known.items()) if its.resolver_rule_id == INTERNET and id not in vpcs]:
        del known[gone]
    for id, vpc in vpcs.items():
        known.setdefault(id, ResolverRuleAssociation(self.region_name, id, INTERNET, vpc, "System Rule Association"))
    return list_resolver_rule_associations(self, filters, **kwargs)


Route53ResolverBackend.__init__ = init_backend
Route53ResolverBackend.list_resolver_rule_associations = list_with_those_of_the_system

# DNS Firewall: no VPC has rule groups, and each fails closed; the lists that AWS manages are in every account.
MANAGED = ("AggregateThreatList", "AmazonGuardDutyThreatList", "BotnetCommandandControl", "MalwareDomainList")


def firewall_domain_lists(self):
    lists = [
        {
            "Id": f"rslvr-fdl-{number:017x}", "Name": "AWSManagedDomains" + name, "CreatorRequestId": "AWSManaged" + name,
            "Arn": f"arn:aws:route53resolver:{self.region}:{self.current_account}:firewall-domain-list/rslvr-fdl-{number:017x}",
            "ManagedOwnerName": "Route 53 Resolver DNS Firewall",
        }
        for number, name in enumerate(MANAGED, 1)
    ]
    return json.dumps({"FirewallDomainLists": lists})


def absent(parameter):
    def answer(self):
        raise ResourceNotFoundException(f"Can't find the resource with ID '{self._get_param(parameter)}'.")

    return answer


Route53ResolverResponse.list_firewall_rule_group_associations = lambda self: json.dumps({"FirewallRuleGroupAssociations": []})
Route53ResolverResponse.list_firewall_domain_lists = firewall_domain_lists
Route53ResolverResponse.list_firewall_rules = absent("FirewallRuleGroupId")
Route53ResolverResponse.list_firewall_domains = absent("FirewallDomainListId")


class Profiles:
    """Answers for Route 53 Profiles, a service that moto does not know at all."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        if not re.search(r"/route53profiles/aws4_request", environ.get("HTTP_AUTHORIZATION", "")):
            return self.app(environ, start_response)
        path, status, kind = environ.get("PATH_INFO", ""), "404 Not Found", "ResourceNotFoundException"
        answer = {"Message": f"Nothing is at {path} of {DEFAULT_ACCOUNT_ID}"}
        if path == "/profileassociations":
            status, kind, answer = "200 OK", None, {"ProfileAssociations": []}
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(status, headers + ([("x-amzn-ErrorType", kind)] if kind else []))
        return [body]
