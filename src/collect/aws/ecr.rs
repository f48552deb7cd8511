//! ECR: rules of the pull-through cache.

use aws_sdk_ecr::{Client, types};
use privek_aws::snapshot::aws::ecr as shape;

use super::convert::{Fetched, all, text};

/// `DescribePullThroughCacheRules` of the account's registry.
pub(super) async fn pull_through_cache_rules(client: &Client) -> Fetched<Vec<shape::PullThroughCacheRule>> {
    let rules = client.describe_pull_through_cache_rules().into_paginator();
    all(rules.items().send().try_collect(), pull_through_cache_rule).await
}

fn pull_through_cache_rule(v: types::PullThroughCacheRule) -> shape::PullThroughCacheRule {
    shape::PullThroughCacheRule {
        ecr_repository_prefix: v.ecr_repository_prefix.unwrap_or_default(),
        upstream_registry_url: v.upstream_registry_url,
        upstream_registry: text(v.upstream_registry),
    }
}
