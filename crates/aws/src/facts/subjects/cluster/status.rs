//! What the cluster's own state says beside its network: whether it works, its keys, EKS Auto Mode,
//! insights, capabilities, certificate authorities, and the settings that only time or an event tests.

use privek_core::known::{self, Known, Missing};
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::{argo_cd_private, argo_cds};
use crate::facts::inventory::eks_status::works;
use crate::facts::inventory::kms_keys;
use crate::snapshot::aws::eks::Cluster;

/// What rules see of the cluster's state.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StateFacts {
    /// Whether `cluster.status` is a status in which the cluster works: `ACTIVE` or `UPDATING`.
    works: Fact<bool>,
    /// Whether EKS reports no health issue for the cluster (`cluster.health.issues`).
    healthy: Fact<bool>,
    /// `cluster.platformVersion`.
    platform_version: Fact<String>,
    /// `cluster.deletionProtection`.
    deletion_protection: Fact<bool>,
    /// `cluster.zonalShiftConfig.enabled`: whether a zonal shift may move traffic away from a zone.
    zonal_shift: Fact<bool>,
    /// `cluster.controlPlaneScalingConfig.tier`; null for a control plane that scales automatically.
    control_plane_tier: Fact<Option<String>>,
    /// Types of control plane logs that are enabled (`cluster.logging.clusterLogging`).
    logs: Fact<Vec<String>>,
    /// Whether a customer managed KMS key encrypts the cluster's secrets (`cluster.encryptionConfig`).
    own_encryption_key: Fact<bool>,
    /// KMS keys of `cluster.encryptionConfig` in a state in which KMS refuses to decrypt
    /// (`KeyMetadata.KeyState`).
    unusable_keys: Fact<Vec<KeyFacts>>,
    /// Whether KMS can decrypt with every key of the cluster's secrets (`KeyMetadata.KeyState`).
    keys_usable: Fact<bool>,
    /// `cluster.computeConfig.enabled`: whether EKS Auto Mode runs nodes.
    auto_mode: Fact<bool>,
    /// Whether `computeConfig.enabled`, `storageConfig.blockStorage.enabled` and
    /// `kubernetesNetworkConfig.elasticLoadBalancing.enabled` are all on, or all off.
    auto_mode_whole: Fact<bool>,
    /// Insights with status `ERROR` or `WARNING` (`insights[].insightStatus`).
    failing_insights: Fact<Vec<InsightFacts>>,
    /// Whether no insight has status `ERROR` or `WARNING`, and EKS could compute every insight
    /// (`insights[].insightStatus`).
    insights_pass: Fact<bool>,
    /// EKS Capabilities with another status than `ACTIVE` or with health issues (`capability.status`,
    /// `capability.health.issues`).
    failing_capabilities: Fact<Vec<CapabilityFacts>>,
    /// Whether every EKS Capability is `ACTIVE` and has no health issue (`capability.status`,
    /// `capability.health.issues`).
    capabilities_work: Fact<bool>,
    /// Whether the cluster has an EKS Capability for Argo CD (`capabilities[].type`).
    argo_cd: Fact<bool>,
    /// Whether every EKS Capability for Argo CD is limited to VPC endpoints
    /// (`capability.configuration.argoCd.networkAccess.vpceIds`).
    argo_cd_private: Fact<bool>,
    /// The date of the next change of certificate authority: automatic activation of another certificate
    /// authority (`certificateAuthority.scheduledEvents`), or expiry (`validity.notAfter`). Null without a
    /// planned change.
    ca_change_on: Fact<Option<String>>,
    /// Whether a change of certificate authority (`certificateAuthority`) is in progress, or due within 90
    /// days of the collection.
    ca_change_near: Fact<bool>,
}

/// A key that cannot be used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct KeyFacts {
    /// `KeyMetadata.Arn`.
    arn: String,
    /// `KeyMetadata.KeyId`.
    id: String,
    /// `KeyMetadata.KeyState`.
    state: String,
}

/// What one of EKS's own checks found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct InsightFacts {
    /// `insights[].id`.
    id: String,
    /// `insights[].name`.
    name: String,
    /// `insights[].category`.
    category: String,
    /// `insights[].insightStatus.status`.
    status: String,
    /// `insights[].insightStatus.reason`.
    reason: String,
}

/// A capability that does not work as it should.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CapabilityFacts {
    /// `capability.capabilityName`.
    name: String,
    /// `capability.status`.
    status: String,
    /// `capability.health.issues[].message`.
    issues: Vec<String>,
}

/// How many days before a change of certificate authorities it is near.
const NEAR: i64 = 90 * 86_400;

/// The facts about one cluster.
pub(crate) fn facts(context: &Context<'_>, cluster: &Cluster) -> StateFacts {
    let field = |name: &str| vec![context.field("cluster", name)];
    let keys = unusable_keys(context, cluster);
    let insights = failing_insights(context, cluster);
    let capabilities = failing_capabilities(context, cluster);
    let change = ca_change(context, cluster);
    let part = |enabled: Option<bool>| {
        context.since(2, enabled, "cluster", "storageConfig").map(|on| on == Some(true))
    };
    let compute = cluster.compute_config.as_ref().and_then(|config| config.enabled) == Some(true);
    let storage =
        part(cluster.storage_config.as_ref().and_then(|config| config.block_storage.as_ref()?.enabled));
    let network = cluster.kubernetes_network_config.as_ref();
    let balancing = part(network.and_then(|network| network.elastic_load_balancing.as_ref()?.enabled));
    StateFacts {
        works: Fact(works(context, cluster.status.as_deref())),
        healthy: Fact(
            cluster.health.as_ref().map(|health| health.issues.is_empty()).ok_or_else(|| field("health")),
        ),
        platform_version: Fact(cluster.platform_version.clone().ok_or_else(|| field("platformVersion"))),
        deletion_protection: Fact(cluster.deletion_protection.ok_or_else(|| field("deletionProtection"))),
        zonal_shift: Fact(
            context
                .since(2, cluster.zonal_shift_config.as_ref(), "cluster", "zonalShiftConfig")
                .map(|config| config.and_then(|config| config.enabled) == Some(true)),
        ),
        control_plane_tier: Fact(
            context
                .since(
                    2,
                    cluster.control_plane_scaling_config.as_ref(),
                    "cluster",
                    "controlPlaneScalingConfig",
                )
                .map(|config| config.and_then(|config| config.tier.clone())),
        ),
        logs: Fact(logs(cluster).ok_or_else(|| field("logging"))),
        own_encryption_key: Fact(key_arns(context, cluster).map(|arns| !arns.is_empty())),
        keys_usable: Fact(keys.clone().map(|keys| keys.is_empty())),
        unusable_keys: Fact(keys),
        auto_mode: Fact::known(compute),
        auto_mode_whole: Fact(storage.and_then(|storage| Ok(compute == storage && compute == balancing?))),
        insights_pass: Fact(
            insights
                .clone()
                .and_then(|failing| if failing.is_empty() { computed(context) } else { Ok(false) }),
        ),
        failing_insights: Fact(insights),
        capabilities_work: Fact(capabilities.clone().map(|failing| failing.is_empty())),
        failing_capabilities: Fact(capabilities),
        argo_cd: Fact(argo_cds(context, cluster).map(|names| !names.is_empty())),
        argo_cd_private: Fact(argo_cd_private(context, cluster)),
        ca_change_near: Fact(ca_change_near(context, cluster, &change)),
        ca_change_on: Fact(change.map(|at| at.map(|at| at.date().to_owned()))),
    }
}

fn logs(cluster: &Cluster) -> Option<Vec<String>> {
    let setups = &cluster.logging.as_ref()?.cluster_logging;
    let on = setups.iter().filter(|setup| setup.enabled == Some(true));
    Some(on.flat_map(|setup| setup.types.clone()).collect())
}

fn key_arns<'c>(context: &Context<'_>, cluster: &'c Cluster) -> Known<Vec<&'c str>> {
    let configs = context.since(2, cluster.encryption_config.as_ref(), "cluster", "encryptionConfig")?;
    let arns = configs.into_iter().flatten().map(|config| config.provider.as_ref()?.key_arn.as_deref());
    let arns: Option<Vec<&str>> = arns.collect();
    arns.ok_or_else(|| vec![context.field("cluster", "encryptionConfig[].provider.keyArn")])
}

fn unusable_keys(context: &Context<'_>, cluster: &Cluster) -> Known<Vec<KeyFacts>> {
    let (mut unusable, mut missing) = (Vec::new(), Vec::new());
    for arn in key_arns(context, cluster)? {
        match kms_keys::unusable(context, arn) {
            Ok(Some(key)) => unusable.push(KeyFacts { arn: arn.to_owned(), id: key.id, state: key.state }),
            Ok(None) => {}
            Err(why) => missing.extend(why),
        }
    }
    known::found(unusable, missing)
}

fn failing_insights(context: &Context<'_>, cluster: &Cluster) -> Known<Vec<InsightFacts>> {
    let insights = context.items(context.snapshot.aws.insights.as_deref(), "insights", &cluster.name)?;
    let failing = insights.iter().filter_map(|insight| {
        let status = insight.insight_status.as_ref()?;
        let name = status.status.clone().filter(|status| matches!(status.as_str(), "ERROR" | "WARNING"))?;
        Some(InsightFacts {
            id: insight.id.clone(),
            name: insight.name.clone().unwrap_or_else(|| insight.id.clone()),
            category: insight.category.clone().unwrap_or_default(),
            status: name,
            reason: status.reason.clone().unwrap_or_default(),
        })
    });
    Ok(failing.collect())
}

/// Whether EKS could compute every insight: it has one of its own for what it could not.
fn computed(context: &Context<'_>) -> Known<bool> {
    let insights = context.snapshot.aws.insights.iter().flatten();
    let passing = |status: Option<&str>| status == Some("PASSING");
    let not = insights.filter(|insight| {
        !passing(insight.insight_status.as_ref().and_then(|status| status.status.as_deref()))
    });
    let names: Vec<&str> = not.map(|insight| insight.name.as_deref().unwrap_or(&insight.id)).collect();
    if names.is_empty() {
        return Ok(true);
    }
    Err(vec![Missing::operation(
        format!("the status of {}; EKS could not compute these insights", names.join(", ")),
        None,
    )])
}

fn failing_capabilities(context: &Context<'_>, cluster: &Cluster) -> Known<Vec<CapabilityFacts>> {
    let aws = &context.snapshot.aws;
    let listed = context.items(aws.capabilities.as_deref(), "capabilities", &cluster.name)?;
    let described = aws.capability.as_deref().unwrap_or_default();
    let (mut failing, mut missing) = (Vec::new(), Vec::new());
    for summary in listed {
        let found = described.iter().find(|found| found.capability_name == summary.capability_name);
        let Some(found) = found else {
            missing.push(context.missing("capability", Some(&summary.capability_name)));
            continue;
        };
        let issues = found.health.iter().flat_map(|health| &health.issues);
        let issues: Vec<String> =
            issues.filter_map(|issue| issue.message.clone().or_else(|| issue.code.clone())).collect();
        match works(context, found.status.as_deref()) {
            Ok(true) if issues.is_empty() => {}
            Ok(_) => failing.push(CapabilityFacts {
                name: found.capability_name.clone(),
                status: found.status.clone().unwrap_or_default(),
                issues,
            }),
            Err(why) => missing.extend(why),
        }
    }
    known::found(failing, missing)
}

/// The first change of certificate authorities that is planned, or forced by the end of the one in use.
fn ca_change(context: &Context<'_>, cluster: &Cluster) -> Known<Option<privek_core::time::Time>> {
    let aws = &context.snapshot.aws;
    let listed =
        context.items(aws.certificate_authorities.as_deref(), "certificateAuthorities", &cluster.name)?;
    let described = aws.certificate_authority.as_deref().unwrap_or_default();
    let mut first = None;
    for summary in listed {
        let found = described.iter().find(|found| found.id == summary.id);
        let found = found.ok_or_else(|| vec![context.missing("certificateAuthority", Some(&summary.id))])?;
        let planned = found.scheduled_events.as_ref().and_then(|events| {
            events.first_auto_activation.clone().or_else(|| events.final_auto_activation.clone())
        });
        let signs = found.signing_status.as_deref() == Some("IN_USE");
        let ends = found.validity.as_ref().and_then(|validity| validity.not_after.clone()).filter(|_| signs);
        let both = [first.take(), planned, ends].into_iter().flatten();
        first = both.min();
    }
    Ok(first)
}

fn ca_change_near(
    context: &Context<'_>,
    cluster: &Cluster,
    change: &Known<Option<privek_core::time::Time>>,
) -> Known<bool> {
    let listed = context.snapshot.aws.certificate_authorities.as_deref();
    let listed = context.items(listed, "certificateAuthorities", &cluster.name)?;
    let under_way = |status: Option<&str>| status == Some("ACTIVATING");
    if listed.iter().any(|found| under_way(found.signing_status.as_deref())) {
        return Ok(true);
    }
    let Some(at) = change.clone()? else { return Ok(false) };
    let at = at.seconds().ok_or_else(|| vec![Missing::unmodelled(format!("the time {at}"))])?;
    Ok(at - context.as_of()? < NEAR)
}
