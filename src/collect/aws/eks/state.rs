//! What EKS itself keeps about a cluster: versions, insights, capabilities, certificate authorities,
//! and the roles and policies behind identities.

use aws_sdk_eks::{Client, types};
use privek_aws::snapshot::aws::eks as shape;

use crate::collect::aws::convert::{Fetched, all, list, text, time};
use crate::collect::aws::failure::Failure;

/// `DescribeClusterVersions`, those whose support has ended included.
pub(crate) async fn cluster_versions(client: &Client) -> Fetched<Vec<shape::ClusterVersion>> {
    let versions = client.describe_cluster_versions().include_all(true).into_paginator();
    all(versions.items().send().try_collect(), cluster_version).await
}

/// `ListInsights`.
pub(crate) async fn insights(client: &Client, cluster: &str) -> Fetched<Vec<shape::Insight>> {
    let insights = client.list_insights().cluster_name(cluster).into_paginator();
    all(insights.items().send().try_collect(), insight).await
}

/// `ListCapabilities`.
pub(crate) async fn capability_names(
    client: &Client,
    cluster: &str,
) -> Fetched<Vec<shape::CapabilitySummary>> {
    let capabilities = client.list_capabilities().cluster_name(cluster).into_paginator();
    all(capabilities.items().send().try_collect(), capability_summary).await
}

/// `DescribeCapability`.
pub(crate) async fn describe_capability(
    client: &Client,
    cluster: &str,
    name: &str,
) -> Fetched<shape::Capability> {
    match client.describe_capability().cluster_name(cluster).capability_name(name).send().await {
        Ok(answer) => answer.capability.map(capability).ok_or_else(|| Failure::empty("capability")),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `ListCertificateAuthorities`.
pub(crate) async fn certificate_authorities(
    client: &Client,
    cluster: &str,
) -> Fetched<Vec<shape::CertificateAuthoritySummary>> {
    let authorities = client.list_certificate_authorities().cluster_name(cluster).into_paginator();
    all(authorities.items().send().try_collect(), certificate_authority_summary).await
}

/// `DescribeCertificateAuthority`.
pub(crate) async fn describe_certificate_authority(
    client: &Client,
    cluster: &str,
    id: &str,
) -> Fetched<shape::CertificateAuthority> {
    let call = client.describe_certificate_authority().cluster_name(cluster).certificate_authority_id(id);
    match call.send().await {
        Ok(answer) => {
            let found = answer.certificate_authority.map(certificate_authority);
            found.ok_or_else(|| Failure::empty("certificate_authority"))
        }
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `DescribePodIdentityAssociation`.
pub(crate) async fn describe_pod_identity(
    client: &Client,
    cluster: &str,
    id: &str,
) -> Fetched<shape::PodIdentityAssociationDetail> {
    let call = client.describe_pod_identity_association().cluster_name(cluster).association_id(id);
    match call.send().await {
        Ok(answer) => {
            let found = answer.association.map(pod_identity_association);
            found.ok_or_else(|| Failure::empty("association"))
        }
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `ListAssociatedAccessPolicies` of one principal.
pub(crate) async fn access_policies(
    client: &Client,
    cluster: &str,
    principal: &str,
) -> Fetched<shape::PrincipalAccessPolicies> {
    let call = client.list_associated_access_policies().cluster_name(cluster).principal_arn(principal);
    let policies = all(call.into_paginator().items().send().try_collect(), access_policy).await?;
    Ok(shape::PrincipalAccessPolicies {
        principal_arn: principal.to_owned(),
        cluster_name: Some(cluster.to_owned()),
        associated_access_policies: policies,
    })
}

fn cluster_version(v: types::ClusterVersionInformation) -> shape::ClusterVersion {
    shape::ClusterVersion {
        cluster_version: v.cluster_version.unwrap_or_default(),
        cluster_type: v.cluster_type,
        end_of_standard_support_date: time(v.end_of_standard_support_date),
        end_of_extended_support_date: time(v.end_of_extended_support_date),
    }
}

fn insight(v: types::InsightSummary) -> shape::Insight {
    shape::Insight {
        id: v.id.unwrap_or_default(),
        name: v.name,
        category: text(v.category),
        insight_status: v
            .insight_status
            .map(|status| shape::InsightStatus { status: text(status.status), reason: status.reason }),
    }
}

fn capability_summary(v: types::CapabilitySummary) -> shape::CapabilitySummary {
    shape::CapabilitySummary {
        capability_name: v.capability_name.unwrap_or_default(),
        r#type: text(v.r#type),
    }
}

fn capability(v: types::Capability) -> shape::Capability {
    shape::Capability {
        capability_name: v.capability_name.unwrap_or_default(),
        cluster_name: v.cluster_name,
        role_arn: v.role_arn,
        status: text(v.status),
        configuration: v.configuration.map(capability_configuration),
        health: v
            .health
            .map(|health| shape::CapabilityHealth { issues: list(health.issues, capability_issue) }),
    }
}

fn capability_configuration(v: types::CapabilityConfigurationResponse) -> shape::CapabilityConfiguration {
    shape::CapabilityConfiguration {
        argo_cd: v.argo_cd.map(|argo_cd| shape::ArgoCd {
            network_access: argo_cd
                .network_access
                .map(|access| shape::ArgoCdNetworkAccess { vpce_ids: access.vpce_ids.unwrap_or_default() }),
        }),
    }
}

fn capability_issue(v: types::CapabilityIssue) -> shape::CapabilityIssue {
    shape::CapabilityIssue { code: text(v.code), message: v.message }
}

fn certificate_authority_summary(
    v: types::CertificateAuthoritySummary,
) -> shape::CertificateAuthoritySummary {
    shape::CertificateAuthoritySummary {
        id: v.id.unwrap_or_default(),
        signing_status: text(v.signing_status),
    }
}

fn certificate_authority(v: types::CertificateAuthority) -> shape::CertificateAuthority {
    shape::CertificateAuthority {
        id: v.id.unwrap_or_default(),
        signing_status: text(v.signing_status),
        validity: v.validity.map(|validity| shape::Validity { not_after: time(validity.not_after) }),
        scheduled_events: v.scheduled_events.map(|events| shape::ScheduledEvents {
            first_auto_activation: time(events.first_auto_activation),
            final_auto_activation: time(events.final_auto_activation),
        }),
    }
}

fn pod_identity_association(v: types::PodIdentityAssociation) -> shape::PodIdentityAssociationDetail {
    shape::PodIdentityAssociationDetail {
        association_id: v.association_id.unwrap_or_default(),
        cluster_name: v.cluster_name,
        namespace: v.namespace,
        service_account: v.service_account,
        role_arn: v.role_arn,
        target_role_arn: v.target_role_arn,
        policy: v.policy,
        disable_session_tags: v.disable_session_tags,
    }
}

fn access_policy(v: types::AssociatedAccessPolicy) -> shape::AssociatedAccessPolicy {
    shape::AssociatedAccessPolicy {
        policy_arn: v.policy_arn,
        access_scope: v.access_scope.map(|scope| shape::AccessScope { r#type: text(scope.r#type) }),
    }
}
