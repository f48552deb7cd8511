//! ECR's shapes, as `aws ecr describe-…` prints them.

use super::shape::shapes;

shapes! { "camelCase";
    /// `DescribePullThroughCacheRules`.
    PullThroughCacheRule { ecr_repository_prefix: String, upstream_registry_url: Option<String>, upstream_registry: Option<String> }
}
