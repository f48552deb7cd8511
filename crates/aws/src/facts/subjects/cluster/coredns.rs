//! Where the cluster's own DNS servers run.

use privek_core::known::{self, Known};

use crate::facts::base::context::Context;
use crate::facts::ends;
use crate::facts::inventory::{cluster, node_groups};

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
    Ok(if cluster::fargate_profiles(context)?.is_empty() { "pods" } else { "fargate" })
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
        let fargate = bare().add("fargateProfileNames", json!("all"));
        assert_eq!(where_it_runs(&fargate), Ok("fargate"));
        assert!(where_it_runs(&fargate.withhold("AutoScalingGroups")).is_err());
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
