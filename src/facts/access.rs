//! Who may use the cluster's API, and the identity provider that its pods' tokens need.

use schemars::JsonSchema;
use serde::Serialize;

use crate::network::Known;
use crate::snapshot::aws::eks::Cluster;

use super::{Context, Fact, features, trust};

/// What rules see of a cluster's access.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct AccessFacts {
    /// `cluster.accessConfig.authenticationMode`: `CONFIG_MAP`, `API_AND_CONFIG_MAP` or `API`.
    authentication_mode: Fact<String>,
    /// Whether pods use IAM roles through the cluster's own identity provider.
    uses_irsa: Fact<bool>,
    /// `cluster.identity.oidc.issuer`.
    issuer: Fact<String>,
    /// Whether IAM knows the issuer (`OpenIDConnectProviderList`).
    issuer_known: Fact<bool>,
    /// Whether the provider accepts tokens for STS (`ClientIDList`).
    issuer_serves_sts: Fact<bool>,
    /// `ClientIDList`.
    issuer_audiences: Vec<String>,
    /// The ARN of the issuer's provider, whether it exists or not; null where the account is not known.
    provider_arn: Option<String>,
}

/// The facts of a cluster.
pub(super) fn facts(context: &Context<'_>, cluster: &Cluster) -> AccessFacts {
    let mode = cluster.access_config.as_ref().and_then(|config| config.authentication_mode.clone());
    let issuer = trust::issuer(context);
    let known = issuer.as_deref().map_err(Clone::clone).and_then(|issuer| known(context, issuer));
    let provider = context.snapshot.aws.open_id_connect_provider.iter().flatten();
    let provider = provider.into_iter().find(|provider| {
        issuer.as_ref().is_ok_and(|issuer| provider.url.trim_start_matches("https://") == issuer)
    });
    let audiences = provider.map(|provider| provider.client_id_list.clone());
    AccessFacts {
        authentication_mode: Fact(
            mode.ok_or_else(|| vec![context.field("cluster", "accessConfig.authenticationMode")]),
        ),
        uses_irsa: Fact(features::matrix().and_then(|matrix| features::uses(context, matrix, "irsa"))),
        issuer_serves_sts: Fact(match (&audiences, &known) {
            (Some(audiences), _) => Ok(audiences.iter().any(|audience| audience == "sts.amazonaws.com")),
            (None, Ok(false)) => Ok(false),
            (None, _) => Err(vec![context.missing("OpenIDConnectProvider", issuer.as_deref().ok())]),
        }),
        issuer_audiences: audiences.unwrap_or_default(),
        issuer_known: Fact(known),
        provider_arn: issuer.as_ref().ok().zip(context.account.as_ref()).map(|(issuer, account)| {
            format!("arn:{}:iam::{account}:oidc-provider/{issuer}", context.partition)
        }),
        issuer: Fact(issuer.map(|issuer| format!("https://{issuer}"))),
    }
}

/// Whether IAM has a provider for an issuer.
fn known(context: &Context<'_>, issuer: &str) -> Known<bool> {
    let all = context.snapshot.aws.open_id_connect_providers.as_deref();
    let all = context.items(all, "OpenIDConnectProviderList", "*")?;
    Ok(all
        .iter()
        .any(|provider| provider.arn.split_once(":oidc-provider/").is_some_and(|(_, url)| url == issuer)))
}
