"""EKS add-ons: moto has none, and a cluster has those that somebody made."""

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.eks import urls
from moto.eks.exceptions import ResourceInUseException
from moto.eks.responses import EKSResponse

from .clusters import CLUSTER, VERSIONS, missing

# What a caller may say of an add-on.
SAID = ("addonVersion", "configurationValues", "serviceAccountRoleArn")


def cluster_and_addons(self):
    cluster = self.eks_backend.describe_cluster(name=self._get_param("name"))
    cluster.__dict__.setdefault("addons", {})
    return cluster, cluster.addons


def one(self):
    cluster, addons = cluster_and_addons(self)
    name = self._get_param("addonName")
    return addons.get(name) or missing(f"No addon: {name} found in cluster: {cluster.name}")


def create_addon(self):
    cluster, addons = cluster_and_addons(self)
    name = self._get_param("addonName")
    if name in addons:
        raise ResourceInUseException(message=f"Addon already exists. Cluster: {cluster.name}, addon: {name}")
    addons[name] = {
        "addonName": name, "clusterName": cluster.name, "status": "ACTIVE", "health": {"issues": []}, "owner": "aws", "publisher": "eks",
        "addonVersion": f"v{VERSIONS.get(cluster.version, cluster.version)}-eksbuild.1", "podIdentityAssociations": [],
        "addonArn": cluster.arn.replace(":cluster/", ":addon/") + f"/{name}/0a000000-0000-4000-8000-000000000001",
        "createdAt": utcnow(), "modifiedAt": utcnow(), "tags": self._get_param("tags") or {}, **said(self),
    }
    return ActionResult({"addon": addons[name]})


def said(self):
    return {key: self._get_param(key) for key in SAID if self._get_param(key)}


def update_addon(self):
    one(self).update(said(self), modifiedAt=utcnow())
    update = {"id": "0a000000-0000-4000-8000-000000000002", "status": "InProgress", "type": "AddonUpdate", "params": [], "errors": []}
    return ActionResult({"update": {**update, "createdAt": utcnow()}})


def delete_addon(self):
    addon = one(self)
    del cluster_and_addons(self)[1][addon["addonName"]]
    return ActionResult({"addon": {**addon, "status": "DELETING"}})


EKSResponse.list_addons = lambda self: ActionResult({"addons": sorted(cluster_and_addons(self)[1])})
EKSResponse.describe_addon = lambda self: ActionResult({"addon": one(self)})
EKSResponse.create_addon, EKSResponse.update_addon, EKSResponse.delete_addon = create_addon, update_addon, delete_addon
for path in ("/addons", "/addons/(?P<addonName>[^/]+)", "/addons/(?P<addonName>[^/]+)/update"):
    urls.url_paths["{0}" + CLUSTER + path + "$"] = urls.response.dispatch
