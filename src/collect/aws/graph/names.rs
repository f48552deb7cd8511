//! What answers for names in a VPC besides the resolver's rules: private hosted zones, Route 53
//! Profiles and DNS Firewall.

use futures::join;

use crate::collect::aws::reading::{Reading, collection, each};
use crate::collect::aws::{operations as op, route53, route53resolver};

/// All of it for one VPC.
pub(super) async fn all(reading: &Reading<'_>, vpc: &str) {
    let (resolver, scope) = (&reading.clients.resolver, [vpc.to_owned()]);
    let firewalls = collection!("FirewallRuleGroupAssociations", firewall_rule_group_associations);
    join!(
        hosted_zones(reading, vpc),
        profiles(reading, vpc),
        reading.read(
            op::LIST_FIREWALL_RULE_GROUP_ASSOCIATIONS,
            firewalls,
            &scope,
            route53resolver::firewalls(resolver, vpc)
        ),
        reading.read(
            op::GET_FIREWALL_CONFIG,
            collection!("FirewallConfig", firewall_config),
            &scope,
            async { route53resolver::firewall_config(resolver, vpc).await.map(|found| vec![found]) }
        ),
    );
}

/// Route 53 must be told the VPC's region: without one there is nothing to ask.
async fn hosted_zones(reading: &Reading<'_>, vpc: &str) {
    let region = reading.look(|snapshot| snapshot.region.clone());
    let Some(region) = region else { return };
    let key = collection!("HostedZonesByVPC", hosted_zones_by_vpc);
    let call = async {
        route53::hosted_zones(&reading.clients.route53, vpc, &region).await.map(|found| vec![found])
    };
    Box::pin(reading.read(op::LIST_HOSTED_ZONES_BY_VPC, key, &[vpc.to_owned()], call)).await;
}

/// The profiles on the VPC, and what is in them.
async fn profiles(reading: &Reading<'_>, vpc: &str) {
    let client = &reading.clients.profiles;
    let key = collection!("ProfileAssociations", profile_associations);
    let call = route53::profiles(client, vpc);
    let found = reading.read(op::LIST_PROFILE_ASSOCIATIONS, key, &[vpc.to_owned()], call).await;
    let Some(found) = found else { return };
    let ids = found.into_iter().filter_map(|profile| profile.profile_id);
    let ids = reading.unasked(ids, |asked| &mut asked.profiles);
    let read = each(ids, |id| async move {
        let key = collection!("ProfileResourceAssociations", profile_resource_associations);
        let call = route53::profile_resources(client, &id);
        reading.read(op::LIST_PROFILE_RESOURCE_ASSOCIATIONS, key, std::slice::from_ref(&id), call).await
    });
    read.await;
    // No profile has nothing in it.
    if reading.look(|snapshot| snapshot.aws.profile_associations.as_ref().is_some_and(Vec::is_empty)) {
        let key = collection!("ProfileResourceAssociations", profile_resource_associations);
        reading.keep(op::LIST_PROFILE_RESOURCE_ASSOCIATIONS, key, &[], Vec::new());
    }
}
