//! The requests with which EKS Pod Identity assumes the roles of an association.

use crate::facts::base::context::Context;

use super::policy::{Carried, Keys};
use super::requests;
use super::role_usage::{PodUse, RoleChain};

/// What EKS calls to assume a role. Without session tags STS asks for no permission to tag:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required>
pub(crate) fn actions(pod: &PodUse) -> &'static [&'static str] {
    if pod.session_tags { &["sts:AssumeRole", "sts:TagSession"] } else { &["sts:AssumeRole"] }
}

/// The session tags that EKS passes when it assumes a role.
/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html>
pub(crate) fn session_tags(context: &Context<'_>, pod: &PodUse, keys: &mut Keys) {
    let tags = tags(context, pod);
    for (tag, value) in &tags {
        let key = format!("aws:RequestTag/{tag}");
        match value {
            _ if !pod.session_tags => keys.lacks(&[&key]),
            Some(value) => keys.value(&key, *value),
            None => {}
        }
    }
    if pod.session_tags {
        keys.set("aws:TagKeys", Carried::Values(tags.iter().map(|(tag, _)| (*tag).to_owned()).collect()));
    } else {
        keys.lacks(&["aws:TagKeys"]);
    }
}

fn tags<'c>(context: &'c Context<'_>, pod: &'c PodUse) -> [(&'static str, Option<&'c str>); 6] {
    let cluster = context.cluster.as_ref().ok();
    [
        ("eks-cluster-arn", cluster.and_then(|cluster| cluster.arn.as_deref())),
        ("eks-cluster-name", cluster.map(|cluster| cluster.name.as_str())),
        ("kubernetes-namespace", Some(&pod.namespace)),
        ("kubernetes-service-account", Some(&pod.account)),
        ("kubernetes-pod-name", Some("*")),
        ("kubernetes-pod-uid", Some("*")),
    ]
}

/// The condition keys of the tags that pods' sessions have. They come before the tags of the role:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
pub(crate) fn principal_tags(context: &Context<'_>, pod: &PodUse) -> Vec<(String, String)> {
    let known = tags(context, pod).into_iter().filter(|_| pod.session_tags);
    known.filter_map(|(tag, value)| Some((format!("aws:PrincipalTag/{tag}"), value?.to_owned()))).collect()
}

/// What the request for the target role carries.
pub(crate) fn keys(context: &Context<'_>, chain: &RoleChain) -> Keys {
    let mut keys = requests::of_principal(context, &requests::role(context, &chain.first));
    session_tags(context, &chain.pod, &mut keys);
    if chain.pod.session_tags {
        // The tags of the first session are transitive.
        for (key, value) in principal_tags(context, &chain.pod) {
            keys.value(&key, value);
        }
        return keys;
    }
    // Without session tags EKS passes these as the external id.
    let cluster = context.cluster.as_ref().ok();
    if let (Some(region), Some(account), Some(cluster)) = (&context.region, &context.account, cluster) {
        let PodUse { namespace, account: service_account, .. } = &chain.pod;
        let id = format!("{region}/{account}/{}/{namespace}/{service_account}", cluster.name);
        keys.value("sts:ExternalId", id);
    }
    keys
}
