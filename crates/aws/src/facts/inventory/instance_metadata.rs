//! Instance metadata (IMDS) of a node group's nodes, and whether pods reach it. Pods without a role of their own get
//! the credentials of the node's role there.

use std::collections::BTreeMap;

use privek_core::known::{self, Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::LaunchTemplateMetadataOptions;

use super::node_groups::{self, NodeGroup};
use super::user_data::{Platform, Source};

/// The settings of instance metadata.
#[derive(Clone, Debug)]
pub(crate) struct InstanceMetadata {
    pub on: Known<bool>,
    pub hops: Known<i64>,
    pub tokens_required: Known<bool>,
}

impl InstanceMetadata {
    /// What the template says; what it leaves out, the image and the account's defaults decide:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>
    pub fn of(context: &Context<'_>, source: &Source<'_, '_>) -> Self {
        let options = match &source.template {
            Err(missing) => {
                return Self {
                    on: Err(missing.clone()),
                    hops: Err(missing.clone()),
                    tokens_required: Err(missing.clone()),
                };
            }
            Ok(data) => data.and_then(|data| data.metadata_options.clone()).unwrap_or_default(),
        };
        let LaunchTemplateMetadataOptions { http_tokens, http_put_response_hop_limit, http_endpoint } =
            options;
        let left_out = |what: &str| {
            vec![Missing::operation(
                format!(
                    "{what} of {}; its launch template sets none, and ec2:GetInstanceMetadataDefaults is not read",
                    source.group.name
                ),
                Some("ec2:GetInstanceMetadataDefaults"),
            )]
        };
        // A managed group without a template gets EKS's own:
        // https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-basics
        let by_eks = matches!(source.template, Ok(None)) && source.group.managed;
        if http_endpoint.is_none() && !by_eks {
            context.assume(
                "Instance metadata is on for launch templates without HttpEndpoint; the account default is unchanged.",
            );
        }
        Self {
            on: Ok(http_endpoint.is_none_or(|state| state.eq_ignore_ascii_case("enabled"))),
            hops: match http_put_response_hop_limit {
                Some(limit) => Ok(limit),
                None if by_eks => Ok(2),
                None => Err(left_out("HttpPutResponseHopLimit")),
            },
            tokens_required: match http_tokens {
                Some(tokens) => Ok(tokens.eq_ignore_ascii_case("required")),
                // The image of Amazon Linux 2023 asks for tokens by itself:
                // https://docs.aws.amazon.com/linux/al2023/ug/imdsv2.html
                None if source.platform == Ok(Platform::Al2023) && source.eks_starts == Ok(true) => Ok(true),
                None => Err(left_out("HttpTokens")),
            },
        }
    }

    /// Whether pods that are not in the network of the node reach instance metadata. A token does not come further
    /// than the hop limit, and a pod is one hop further than the node. Where tokens are optional, clients fall back
    /// to requests without one:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html#imds-considerations>
    pub fn reaches_pods(&self) -> Known<bool> {
        let answers = known::any([
            self.hops.clone().map(|hops| hops >= 2),
            self.tokens_required.clone().map(|required| !required),
        ]);
        known::and(self.on.clone(), answers)
    }
}

/// The settings for each node group, by its name.
pub(crate) fn of_groups(context: &Context<'_>) -> BTreeMap<String, InstanceMetadata> {
    let groups = node_groups::listed(context).groups;
    let of = |group: &NodeGroup| {
        let metadata = InstanceMetadata::of(context, &Source::new(context, group));
        (group.name.clone(), metadata)
    };
    groups.iter().map(of).collect()
}
