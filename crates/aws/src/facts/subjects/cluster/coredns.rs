//! Where the cluster's own DNS servers run.

use privek_core::known::{self, Known};

use crate::facts::base::context::Context;
use crate::facts::ends;
use crate::facts::inventory::{cluster, node_groups};
use crate::snapshot::aws::eks::FargateProfileSelector;

/// On which machines `CoreDNS` is: `pods` on nodes, pods on `fargate`, or `nodes` themselves.
///
/// EKS Auto Mode runs it on each node for that node's pods; other nodes need the Deployment, which the
/// add-on is (<https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html>). Without nodes it is on
/// Fargate (<https://docs.aws.amazon.com/eks/latest/userguide/fargate-getting-started.html>).
pub(crate) fn runs_on(context: &Context<'_>) -> Known<&'static str> {
    let listed = node_groups::listed(context);
    if !listed.groups.is_empty() {
        return Ok("pods");
    }
    let cluster = context.cluster.clone()?;
    if cluster.compute_config.as_ref().and_then(|compute| compute.enabled) == Some(true) {
        if cluster::addons(context)?.iter().any(|name| name == "coredns") {
            return Ok("pods");
        }
        return known::complete(listed.unlisted).map(|()| "nodes");
    }
    let nodes = ends::of_role(context, "nodes");
    if !nodes.known.is_empty() {
        return Ok("pods");
    }
    known::complete(nodes.unlisted)?;
    Ok(if on_fargate(context)? { "fargate" } else { "pods" })
}

/// The namespace and the labels of `CoreDNS`'s pods:
/// <https://docs.aws.amazon.com/eks/latest/userguide/fargate-getting-started.html>.
const NAMESPACE: &str = "kube-system";
const LABELS: [(&str, &str); 2] = [("k8s-app", "kube-dns"), ("eks.amazonaws.com/component", "coredns")];

/// Whether a Fargate profile takes `CoreDNS`'s pods: one of its selectors has their namespace, and no label that
/// they lack (<https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html>).
fn on_fargate(context: &Context<'_>) -> Known<bool> {
    let (described, unread) = cluster::described_profiles(context);
    if described.iter().any(|profile| profile.selectors.iter().any(takes)) {
        return Ok(true);
    }
    known::complete(unread).map(|()| false)
}

fn takes(selector: &FargateProfileSelector) -> bool {
    let has = |key: &str, value: &str| LABELS.iter().any(|(its, own)| fits(key, its) && fits(value, own));
    selector.namespace.as_deref().is_some_and(|namespace| fits(namespace, NAMESPACE))
        && selector.labels.iter().all(|(key, value)| has(key, value))
}

/// Whether a text fits a pattern of a selector: `*` is any text, `?` any character.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            fits(rest, text) || text.char_indices().any(|(at, one)| fits(rest, &text[at + one.len_utf8()..]))
        }
        Some(first) => {
            let mut others = text.chars();
            others.next().is_some_and(|one| first == '?' || first == one)
                && fits(&pattern[first.len_utf8()..], others.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::fixture::Fixture;
    use crate::intent::Intent;

    use super::*;

    fn where_it_runs(fixture: &Fixture) -> Known<&'static str> {
        let snapshot = fixture.snapshot();
        runs_on(&Context::new(&snapshot, &Intent::default()))
    }

    /// Without any node of a group or of its own.
    fn bare() -> Fixture {
        let mut fixture = Fixture::healthy();
        for key in ["nodegroups", "nodegroup", "AutoScalingGroups", "Reservations"] {
            fixture.0[key] = json!([]);
        }
        fixture
    }

    #[test]
    fn it_runs_where_pods_can() {
        assert_eq!(where_it_runs(&Fixture::healthy()), Ok("pods"));
        assert_eq!(where_it_runs(&bare()), Ok("pods"), "on nodes to come");
        let listed = bare().add("fargateProfileNames", json!("all"));
        assert!(where_it_runs(&listed).is_err(), "what the profile selects was not read");
        let fargate = selecting(&json!({"namespace": "kube-system"}));
        assert_eq!(where_it_runs(&fargate), Ok("fargate"));
        assert!(where_it_runs(&fargate.withhold("AutoScalingGroups")).is_err());
    }

    /// With a Fargate profile that selects these pods.
    fn selecting(selector: &serde_json::Value) -> Fixture {
        bare().add("fargateProfileNames", json!("all")).add(
            "fargateProfile",
            json!({"fargateProfileName": "all", "clusterName": "payments", "status": "ACTIVE", "selectors": [selector]}),
        )
    }

    #[test]
    fn fargate_takes_it_where_a_profile_selects_it() {
        for (selector, on) in [
            (json!({"namespace": "kube-*"}), "fargate"),
            (json!({"namespace": "*", "labels": {"k8s-app": "kube-dns"}}), "fargate"),
            (json!({"namespace": "kube-system", "labels": {"k8s-app": "kube-?ns"}}), "fargate"),
            (json!({"namespace": "kube-system", "labels": {"k8s-app": "metrics-server"}}), "pods"),
            (json!({"namespace": "kube-system", "labels": {"team": "*"}}), "pods"),
            (json!({"namespace": "jobs"}), "pods"),
        ] {
            assert_eq!(where_it_runs(&selecting(&selector)), Ok(on), "{selector}");
        }
    }

    #[test]
    fn auto_mode_has_its_own_unless_the_add_on_is_there() {
        let automatic = bare().change("cluster", "name", "payments", |cluster| {
            cluster["computeConfig"] = json!({"enabled": true, "nodePools": ["system"]});
        });
        assert_eq!(where_it_runs(&automatic), Ok("pods"));
        let mut without = automatic;
        without.0["addons"] = json!([]);
        assert_eq!(where_it_runs(&without), Ok("nodes"));
        assert!(where_it_runs(&without.withhold("addons")).is_err());
    }
}
