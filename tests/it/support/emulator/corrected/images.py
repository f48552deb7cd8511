"""ECR: a registry without pull-through cache rules."""

from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse


def describe_pull_through_cache_rules(self):
    return ActionResult({"pullThroughCacheRules": []})


ECRResponse.describe_pull_through_cache_rules = describe_pull_through_cache_rules
