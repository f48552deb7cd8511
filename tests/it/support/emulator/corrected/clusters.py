"""EKS: what a new cluster and node group have without being asked for, and the lists of what belongs to them."""

from datetime import datetime, time, timedelta, timezone

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.eks import urls
from moto.eks.exceptions import InvalidRequestException, ResourceNotFoundException
from moto.eks.models import DEFAULT_PLATFORM_VERSION, Nodegroup
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random as random

# Newest first. How long ago each came out counts from now on, so that no test fails once a day has come.
VERSIONS = {"1.35": "1.35.2", "1.34": "1.34.5", "1.33": "1.33.9", "1.32": "1.32.11", "1.31": "1.31.14"}
DAY = timedelta(days=1)


def today():
    return datetime.combine(datetime.now(timezone.utc).date(), time(), timezone.utc)


def cluster_versions():
    """The versions in support; each has 14 months of standard support and 12 more of extended support."""
    for number, (version, patch) in enumerate(VERSIONS.items()):
        released = today() - (100 + 120 * number) * DAY
        ends, ends_extended = released + 425 * DAY, released + 790 * DAY
        status = "STANDARD_SUPPORT" if today() < ends else "EXTENDED_SUPPORT"
        yield {
            "clusterVersion": version, "clusterType": "eks", "defaultVersion": number == 0, "kubernetesPatchVersion": patch,
            "defaultPlatformVersion": DEFAULT_PLATFORM_VERSION, "releaseDate": released, "endOfStandardSupportDate": ends,
            "endOfExtendedSupportDate": ends_extended, "versionStatus": status, "status": status.lower().replace("_", "-"),
        }


# Clusters: what AWS sets where the caller says nothing. moto reads none of it, and forgets what an update leaves out.
DEFAULTS = {
    "accessConfig": {"authenticationMode": "CONFIG_MAP"},
    "computeConfig": {"enabled": False, "nodePools": []},
    "controlPlaneScalingConfig": {"tier": "standard"},
    "deletionProtection": False,
    "kubernetesNetworkConfig": {"ipFamily": "ipv4", "elasticLoadBalancing": {"enabled": False}},
    "resourcesVpcConfig": {"controlPlaneEgressMode": "AWS_MANAGED"},
    "storageConfig": {"blockStorage": {"enabled": False}},
    "upgradePolicy": {"supportType": "EXTENDED"},
    "zonalShiftConfig": {"enabled": False},
}
ATTRIBUTES = {
    "accessConfig": "access_config", "computeConfig": "compute_config", "controlPlaneScalingConfig": "control_plane_scaling_config",
    "deletionProtection": "deletion_protection", "kubernetesNetworkConfig": "kubernetes_network_config",
    "resourcesVpcConfig": "resources_vpc_config", "storageConfig": "storage_config", "upgradePolicy": "upgrade_policy",
    "zonalShiftConfig": "zonal_shift_config",
}
plain_create, plain_update = EKSResponse.create_cluster, EKSResponse.update_cluster_config


def over(default, asked):
    return {**default, **(asked or {})} if isinstance(default, dict) else default if asked is None else asked


def create_cluster(self):
    result = plain_create(self)
    backend, name = self.eks_backend, self._get_param("name")
    cluster = backend.clusters[name]
    for key, default in DEFAULTS.items():
        had = getattr(cluster, ATTRIBUTES[key], None)
        setattr(cluster, ATTRIBUTES[key], over(default, self._get_param(key) if had is None else had))
    access = cluster.access_config
    cluster.creator_administers = access.pop("bootstrapClusterCreatorAdminPermissions", True)
    cluster.health = {"issues": []}
    active = {"id": "ca-" + random.get_random_hex(17), "activatedBy": "EKS"}
    cluster.certificate_authority = {**cluster.certificate_authority, "active": active}
    network = ec2_backends[backend.account_id][backend.region_name]
    vpc = network.get_subnet(cluster.resources_vpc_config["subnetIds"][0]).vpc_id
    cluster.resources_vpc_config.update(vpcId=vpc, clusterSecurityGroupId=cluster_security_group(network, vpc, name))
    return result


def cluster_security_group(network, vpc, cluster):
    """The group that EKS makes for a cluster; a scenario that needs its id beforehand has made it already."""
    prefix = f"eks-cluster-sg-{cluster}-"
    made = [group.id for group in network.groups[vpc].values() if group.name.startswith(prefix)]
    if made:
        return made[0]
    tags = {"Name": prefix + "1415926535", "aws:eks:cluster-name": cluster, f"kubernetes.io/cluster/{cluster}": "owned"}
    group = network.create_security_group(prefix + "1415926535", "EKS created security group", vpc, tags)
    network.authorize_security_group_ingress(group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}], vpc_id=vpc)
    return group.id


def update_cluster_config(self):
    cluster = self.eks_backend.describe_cluster(name=self._get_param("name"))
    # moto takes each part for the whole of it.
    before = {key: getattr(cluster, attribute) for key, attribute in ATTRIBUTES.items()}
    plain_update(self)
    for key, attribute in ATTRIBUTES.items():
        setattr(cluster, attribute, over(before[key], self._get_param(key)))
    update = {"id": "0a000000-0000-4000-8000-000000000001", "status": "InProgress", "type": "ConfigUpdate", "params": [], "errors": []}
    return ActionResult({"update": {**update, "createdAt": datetime.now(timezone.utc)}})


EKSResponse.create_cluster, EKSResponse.update_cluster_config = create_cluster, update_cluster_config

# Node groups: moto invents an SSH key and a security group for it, which AWS refuses beside a launch template,
# and a release of a Kubernetes version that is long gone.
plain_nodegroup, plain_create_nodegroup = Nodegroup.__init__, EKSResponse.create_nodegroup


def init_nodegroup(self, *args, **kwargs):
    plain_nodegroup(self, *args, **kwargs)
    if not kwargs.get("remote_access"):
        self.remote_access = None
        self.resources.pop("remoteAccessSecurityGroup", None)
    if not kwargs.get("release_version"):
        self.release_version = f"{VERSIONS.get(self.version, self.version)}-{today() - 30 * DAY:%Y%m%d}"
    self.update_config = {"maxUnavailable": 1, "updateStrategy": "DEFAULT"}


def create_nodegroup(self):
    result = plain_create_nodegroup(self)
    cluster = self.eks_backend.clusters[self._get_param("name")]
    nodegroup = cluster.nodegroups[self._get_param("nodegroupName")]
    nodegroup.update_config = self._get_param("updateConfig") or nodegroup.update_config
    nodegroup.node_repair_config = self._get_param("nodeRepairConfig")
    if not self._get_param("version"):
        nodegroup.version = cluster.version
    return result


Nodegroup.__init__, EKSResponse.create_nodegroup = init_nodegroup, create_nodegroup


# Access entries: AWS makes one for the creator, and one for each role of nodes and of pods on Fargate.
def access_entries(self):
    cluster = self.eks_backend.describe_cluster(name=self._get_param("name"))
    if cluster.access_config["authenticationMode"] == "CONFIG_MAP":
        modes = "[API, API_AND_CONFIG_MAP]"
        raise InvalidRequestException(message=f"The cluster's authentication mode must be set to one of {modes} to perform this operation.")
    creator = f"arn:aws:iam::{self.current_account}:user/moto"
    kinds = {creator: "STANDARD"} if cluster.creator_administers else {}
    kinds.update({group.node_role: "EC2_LINUX" for group in cluster.nodegroups.values()})
    kinds.update({profile.pod_execution_role_arn: "FARGATE_LINUX" for profile in cluster.fargate_profiles.values()})
    users = {"STANDARD": creator, "EC2_LINUX": "system:node:{{EC2PrivateDNSName}}", "FARGATE_LINUX": "system:node:{{SessionName}}"}
    return {
        arn: {
            "clusterName": cluster.name, "principalArn": arn, "type": kind, "username": users[kind], "tags": {},
            "kubernetesGroups": [] if kind == "STANDARD" else ["system:nodes"],
            "accessEntryArn": cluster.arn.replace(":cluster/", ":access-entry/") + "/" + arn.split(":")[-1],
            "createdAt": cluster.created_at, "modifiedAt": cluster.created_at,
        }
        for arn, kind in kinds.items()
    }


def access_entry(self):
    entry = access_entries(self).get(self._get_param("principalArn"))
    if entry is None:
        missing(f"The specified principalArn could not be found: {self._get_param('principalArn')}.")
    return entry


def associated_access_policies(self):
    entry = access_entry(self)
    policy = {
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        "accessScope": {"type": "cluster", "namespaces": []}, "associatedAt": entry["createdAt"], "modifiedAt": entry["createdAt"],
    }
    policies = [policy] if entry["type"] == "STANDARD" else []
    return {"clusterName": entry["clusterName"], "principalArn": entry["principalArn"], "associatedAccessPolicies": policies}


# Certificate authorities: every cluster has the one that EKS made with it, good for ten years.
def certificate_authorities(self):
    cluster = self.eks_backend.describe_cluster(name=self._get_param("name"))
    return [{
        "id": cluster.certificate_authority["active"]["id"], "createdAt": cluster.created_at, "createdBy": "EKS",
        "activatedAt": cluster.created_at, "activatedBy": "EKS", "signingStatus": "IN_USE", "distributionStatus": "COMPLETE",
    }]


def certificate_authority(self):
    authority = certificate_authorities(self)[0]
    if authority["id"] != self._get_param("certificateAuthorityId"):
        missing(f"No certificate authority found with ID: {self._get_param('certificateAuthorityId')}.")
    begin = authority["createdAt"]
    return {**authority, "validity": {"notBefore": begin, "notAfter": begin + 3652 * DAY}, "rollbackAvailable": False}


def missing(message):
    raise ResourceNotFoundException(clusterName=None, nodegroupName=None, fargateProfileName=None, addonName=None, message=message)


def lists(**answer):
    """An operation about a cluster that answers the same for each that exists."""

    def of_cluster(self):
        self.eks_backend.describe_cluster(name=self._get_param("name"))
        return ActionResult(answer)

    return of_cluster


def lacks(what, parameter):
    """An operation about one of a cluster's things, of which there are none."""

    def of_cluster(self):
        cluster = self.eks_backend.describe_cluster(name=self._get_param("name"))
        missing(f"No {what}: {self._get_param(parameter)} found in cluster: {cluster.name}")

    return of_cluster


CLUSTER = "/clusters/(?P<name>[^/]+)"
LACKING = {
    "/cluster-versions": ("describe_cluster_versions", lambda _: ActionResult({"clusterVersions": list(cluster_versions())})),
    CLUSTER + "/capabilities": ("list_capabilities", lists(capabilities=[])),
    CLUSTER + "/capabilities/(?P<capabilityName>[^/]+)": ("describe_capability", lacks("capability", "capabilityName")),
    CLUSTER + "/insights": ("list_insights", lists(insights=[])),
    CLUSTER + "/pod-identity-associations": ("list_pod_identity_associations", lists(associations=[])),
    CLUSTER + "/pod-identity-associations/(?P<associationId>[^/]+)": (
        "describe_pod_identity_association", lacks("pod identity association", "associationId"),
    ),
    CLUSTER + "/certificate-authorities": (
        "list_certificate_authorities", lambda self: ActionResult({"certificateAuthorities": certificate_authorities(self)}),
    ),
    CLUSTER + "/certificate-authorities/(?P<certificateAuthorityId>[^/]+)": (
        "describe_certificate_authority", lambda self: ActionResult({"certificateAuthority": certificate_authority(self)}),
    ),
    CLUSTER + "/access-entries": ("list_access_entries", lambda self: ActionResult({"accessEntries": list(access_entries(self))})),
    # The ARN of a role has a slash in it.
    CLUSTER + "/access-entries/(?P<principalArn>.+)/access-policies": (
        "list_associated_access_policies", lambda self: ActionResult(associated_access_policies(self)),
    ),
    CLUSTER + "/access-entries/(?P<principalArn>.+)": ("describe_access_entry", lambda self: ActionResult({"accessEntry": access_entry(self)})),
}
for path, (name, answer) in LACKING.items():
    urls.url_paths["{0}" + path + "$"] = urls.response.dispatch
    setattr(EKSResponse, name, answer)
