"""Writes plain AWS CLI outputs for a cluster's network, as a user without privek-audit would.

Usage: aws_outputs.py ENDPOINT REGION CLUSTER DIRECTORY VPC...
Runs the AWS CLI in this process, because starting it fifty times would take a minute.
Calls that fail leave no file.
"""

import contextlib
import io
import json
import os
import pathlib
import sys

endpoint, region, cluster, directory, *vpcs = sys.argv[1:]
os.environ.update(
    AWS_ACCESS_KEY_ID="cli", AWS_SECRET_ACCESS_KEY="cli", AWS_DEFAULT_REGION=region, AWS_ENDPOINT_URL=endpoint, AWS_MAX_ATTEMPTS="1", AWS_PAGER=""
)

from awscli.clidriver import create_clidriver

out = pathlib.Path(directory)


def aws(file, *arguments):
    """Runs `aws ARGUMENTS > FILE` and returns what it printed."""
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        try:
            code = create_clidriver().main(list(arguments))
        except SystemExit as end:
            code = end.code
    said.seek(0)
    text = said.read()
    if code != 0 or not text.strip():
        return {}
    path = out / (file + ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return json.loads(text)


roles = [aws("cluster", "eks", "describe-cluster", "--name", cluster)["cluster"]["roleArn"]]
for name in aws("eks/nodegroups", "eks", "list-nodegroups", "--cluster-name", cluster).get("nodegroups", []):
    group = aws(f"eks/nodegroup-{name}", "eks", "describe-nodegroup", "--cluster-name", cluster, "--nodegroup-name", name)["nodegroup"]
    roles.append(group["nodeRole"])
    types = group["instanceTypes"]
    aws("instance-types", "ec2", "describe-instance-types", "--instance-types", *types)
    of_types = "Name=instance-type,Values=" + ",".join(types)
    aws("offerings", "ec2", "describe-instance-type-offerings", "--location-type", "availability-zone-id", "--filters", of_types)
for name in aws("eks/fargate", "eks", "list-fargate-profiles", "--cluster-name", cluster).get("fargateProfileNames", []):
    aws(f"eks/fargate-{name}", "eks", "describe-fargate-profile", "--cluster-name", cluster, "--fargate-profile-name", name)
for name in aws("eks/addons", "eks", "list-addons", "--cluster-name", cluster).get("addons", []):
    aws(f"eks/addon-{name}", "eks", "describe-addon", "--cluster-name", cluster, "--addon-name", name)
for number, arn in enumerate(aws("eks/access", "eks", "list-access-entries", "--cluster-name", cluster).get("accessEntries", [])):
    aws(f"eks/access-{number}", "eks", "describe-access-entry", "--cluster-name", cluster, "--principal-arn", arn)
    aws(f"eks/policies-{number}", "eks", "list-associated-access-policies", "--cluster-name", cluster, "--principal-arn", arn)
aws("eks/versions", "eks", "describe-cluster-versions", "--include-all")
aws("eks/insights", "eks", "list-insights", "--cluster-name", cluster)
aws("eks/capabilities", "eks", "list-capabilities", "--cluster-name", cluster)
aws("eks/identity", "eks", "list-pod-identity-associations", "--cluster-name", cluster)
aws("iam/issuers", "iam", "list-open-id-connect-providers")
for role in (arn.split("/")[-1] for arn in roles):
    aws(f"iam/role@{role}", "iam", "get-role", "--role-name", role)
    aws(f"iam/attached@{role}", "iam", "list-attached-role-policies", "--role-name", role)
    aws(f"iam/inline@{role}", "iam", "list-role-policies", "--role-name", role)

of_vpcs = ("--filters", "Name=vpc-id,Values=" + ",".join(vpcs))
aws("vpc/vpcs", "ec2", "describe-vpcs", *of_vpcs)
for vpc in vpcs:
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        aws(f"vpc/{vpc}-{attribute}", "ec2", "describe-vpc-attribute", "--vpc-id", vpc, "--attribute", attribute)
    zones = aws(f"names/zones-{vpc}", "route53", "list-hosted-zones-by-vpc", "--vpc-id", vpc, "--vpc-region", region)
    for zone in zones.get("HostedZoneSummaries", []):
        id = zone["HostedZoneId"]
        aws(f"names/{id}", "route53", "list-resource-record-sets", "--hosted-zone-id", id)
aws("names/firewalls", "route53resolver", "list-firewall-rule-group-associations")
aws("names/firewall-lists", "route53resolver", "list-firewall-domain-lists")
aws("names/profiles", "route53profiles", "list-profile-associations")
aws("cache", "ecr", "describe-pull-through-cache-rules")
aws("vpc/dhcp", "ec2", "describe-dhcp-options")
for operation in ("subnets", "route-tables", "security-groups", "network-acls", "vpc-endpoints", "network-interfaces"):
    aws(f"vpc/{operation}", "ec2", f"describe-{operation}", *of_vpcs)
aws("vpc/nat-gateways", "ec2", "describe-nat-gateways", "--filter", "Name=vpc-id,Values=" + ",".join(vpcs))
aws("vpc/gateways", "ec2", "describe-internet-gateways")
aws("vpc/egress-only", "ec2", "describe-egress-only-internet-gateways")
aws("vpc/vpn", "ec2", "describe-vpn-gateways")
aws("vpc/client-vpn", "ec2", "describe-client-vpn-endpoints")
aws("vpc/peering", "ec2", "describe-vpc-peering-connections")
aws("services", "ec2", "describe-vpc-endpoint-services")
aws("zones", "ec2", "describe-availability-zones", "--all-availability-zones")
aws("instances", "ec2", "describe-instances", "--filters", f"Name=tag:kubernetes.io/cluster/{cluster},Values=owned")
aws("groups", "autoscaling", "describe-auto-scaling-groups", "--filters", f"Name=tag-key,Values=kubernetes.io/cluster/{cluster}")
for template in aws("templates-unused", "ec2", "describe-launch-templates").get("LaunchTemplates", []):
    id = template["LaunchTemplateId"]
    aws(f"templates/{id}", "ec2", "describe-launch-template-versions", "--launch-template-id", id)
(out / "templates-unused.json").unlink(missing_ok=True)
for prefixes in aws("prefixes/lists", "ec2", "describe-managed-prefix-lists").get("PrefixLists", []):
    id = prefixes["PrefixListId"]
    aws(f"prefixes/{id}", "ec2", "get-managed-prefix-list-entries", "--prefix-list-id", id)
for kind in ("transit-gateways", "transit-gateway-vpc-attachments", "transit-gateway-attachments", "transit-gateway-route-tables"):
    aws(f"transit/{kind}", "ec2", f"describe-{kind}")
for kind in ("endpoints", "rules", "rule-associations"):
    aws(f"resolver/{kind}", "route53resolver", f"list-resolver-{kind}")
print(json.dumps(sorted(str(path.relative_to(out)) for path in out.rglob("*.json"))))
