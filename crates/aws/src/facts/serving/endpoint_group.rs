//! The security group for a new VPC endpoint: one that admits the nodes, not any that an endpoint has.

use privek_core::sets::ports::{Ports, Protocol};

use crate::catalogue::services::Matrix;
use crate::facts::base::context::Context;
use crate::facts::endpoints::{service_names, vpc_endpoint};
use crate::facts::inventory::node_groups;
use crate::network::{BlockerCode, Carriers, End, EndKind, Groups};

/// More nodes than these are not asked about.
const MOST: usize = 12;

/// HTTPS, the one port of interface endpoints.
const HTTPS: Ports = Ports { protocol: Protocol::Tcp, from: 443, to: 443 };

/// The group that a new endpoint can have, where one is known: of those that other endpoints have, and of the
/// cluster's, the first that admits the nodes; where none is known to, the cluster's own.
pub(crate) fn group_for_endpoint(context: &Context<'_>, matrix: &Matrix) -> Option<String> {
    let vpc = context.vpc.as_deref().ok();
    let all = || context.snapshot.aws.vpc_endpoints.iter().flatten();
    let of_endpoints = matrix.services.iter().flat_map(|(suffix, service)| {
        all()
            .filter(|endpoint| endpoint.vpc_id.as_deref() == vpc && !vpc_endpoint::is_gone(endpoint))
            .filter(|endpoint| service_names::is_for(context, endpoint, suffix, service))
            .flat_map(vpc_endpoint::group_ids)
    });
    let planned = context.plan().and_then(|plan| plan.security_groups.first().cloned());
    let own = context.vpc_config().ok().and_then(|config| config.cluster_security_group_id.clone());
    let mut candidates: Vec<String> = Vec::new();
    for group in of_endpoints.chain(planned.clone()).chain(own.clone()) {
        if !candidates.contains(&group) {
            candidates.push(group);
        }
    }
    let callers = callers(context);
    let admitting = candidates.iter().find(|group| admits(context, group, &callers)).cloned();
    admitting.or(planned).or(own).or_else(|| candidates.into_iter().next())
}

/// Subnets and security groups of nodes.
fn callers(context: &Context<'_>) -> Vec<End> {
    let mut callers = Vec::new();
    for group in &node_groups::listed(context).groups {
        for subnet in group.subnets.iter().flatten() {
            let kind = EndKind::Subnet {
                subnet: subnet.clone(),
                addresses: None,
                groups: group.security_groups.clone(),
                carriers: Carriers::default(),
            };
            callers.push(End { label: group.name.clone(), kind });
        }
    }
    callers.truncate(MOST);
    callers
}

/// Whether nothing shows that a group keeps nodes out of an endpoint beside them.
fn admits(context: &Context<'_>, group: &str, callers: &[End]) -> bool {
    let refuses = |caller: &End| {
        let EndKind::Subnet { subnet, .. } = &caller.kind else { return false };
        let kind = EndKind::Subnet {
            subnet: subnet.clone(),
            addresses: None,
            groups: Groups::Known(vec![group.to_owned()]),
            carriers: Carriers::of_endpoint(),
        };
        let endpoint = End { label: group.to_owned(), kind };
        let paths = context.network.trace(caller, &endpoint, &HTTPS);
        paths.iter().flat_map(|path| &path.blockers).any(|blocker| {
            // Nodes without IPv6 rules still call over IPv4.
            blocker.code == BlockerCode::SecurityGroupIngress
                && blocker.id == group
                && blocker.remedy.cidrs.iter().any(|cidr| !cidr.contains(':'))
        })
    };
    !callers.iter().any(refuses)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::services;
    use crate::facts::test_support::fixture::Fixture;
    use crate::intent::Intent;

    #[test]
    fn the_group_of_an_endpoint_that_keeps_nodes_out_is_not_taken() {
        let group = |fixture: &Fixture| {
            let snapshot = fixture.snapshot();
            group_for_endpoint(&Context::new(&snapshot, &Intent::default()), services::matrix().unwrap())
        };
        let healthy = group(&Fixture::healthy()).unwrap();
        let closed = Fixture::healthy().change("SecurityGroups", "GroupId", &healthy, |its| {
            its["IpPermissions"] = json!([]);
        });
        assert_ne!(group(&closed), Some(healthy));
    }
}
