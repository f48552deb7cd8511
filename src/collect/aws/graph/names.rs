//! What answers for names in a VPC besides the resolver's rules: private hosted zones and their
//! records, Route 53 Profiles and DNS Firewall.

use std::collections::BTreeSet;

use futures::join;

use crate::collect::aws::reading::{Reading, collection, each};
use crate::collect::aws::{operations as op, route53, route53resolver};
use crate::snapshot::EVERYTHING;
use crate::snapshot::aws::route53::HostedZoneSummary;

/// Domains that AWS's services have names under, in every partition.
const DOMAINS: [&str; 11] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "api.aws",
    "c2s.ic.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
    "on.aws",
    "sc2s.sgov.gov",
];

/// All of it for one VPC.
pub(super) async fn all(reading: &Reading<'_>, vpc: &str) {
    let (resolver, scope) = (&reading.clients.resolver, [vpc.to_owned()]);
    join!(
        hosted_zones(reading, vpc),
        profiles(reading, vpc),
        firewalls(reading, vpc),
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
    let region = reading.look(|snapshot| snapshot.header.region.clone());
    let Some(region) = region else { return };
    let key = collection!("HostedZonesByVPC", hosted_zones_by_vpc);
    let call = async {
        route53::hosted_zones(&reading.clients.route53, vpc, &region).await.map(|found| vec![found])
    };
    let found = Box::pin(reading.read(op::LIST_HOSTED_ZONES_BY_VPC, key, &[vpc.to_owned()], call)).await;
    let Some(found) = found else { return };
    let zones = found.into_iter().flat_map(|one| one.hosted_zone_summaries);
    records(reading, zones.collect()).await;
}

/// The records of zones that may answer for AWS's names. Those of an AWS service, such as an endpoint's
/// own, cannot be listed, and what another account owns only that account can list.
async fn records(reading: &Reading<'_>, zones: Vec<HostedZoneSummary>) {
    let account = reading.look(|snapshot| snapshot.header.account.clone());
    let (key, operation) = (
        collection!("ResourceRecordSetsByZone", resource_record_sets_by_zone),
        op::LIST_RESOURCE_RECORD_SETS,
    );
    let mut own = BTreeSet::new();
    for zone in zones {
        let Some(id) = zone.hosted_zone_id.filter(|_| zone.name.as_deref().is_none_or(concerns)) else {
            continue;
        };
        let owner = zone.owner.unwrap_or_default();
        if owner.owning_service.is_some() {
            continue;
        }
        match owner.owning_account.filter(|owner| account.as_ref().is_some_and(|account| account != owner)) {
            Some(owner) => {
                let message =
                    format!("{id} belongs to account {owner}: read it with a profile of that account");
                reading.gap(operation, &id, "OtherAccount", message);
            }
            None => _ = own.insert(id),
        }
    }
    let ids = reading.unasked(own, |asked| &mut asked.hosted_zones);
    if ids.is_empty() {
        // No zone has no records.
        reading.keep(operation, key, &[], Vec::new());
    }
    let read = each(ids, |id| async move {
        let call = async { route53::records(&reading.clients.route53, &id).await.map(|found| vec![found]) };
        Box::pin(reading.read(operation, key, std::slice::from_ref(&id), call)).await
    });
    read.await;
}

/// Whether a zone of this name may answer for a name of AWS's, or hands such names on.
fn concerns(zone: &str) -> bool {
    let zone = zone.trim_end_matches('.').to_ascii_lowercase();
    let within = |name: &str, domain: &str| {
        domain.is_empty()
            || name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    DOMAINS.iter().any(|domain| within(&zone, domain) || within(domain, &zone))
}

/// DNS Firewall's rule groups on the VPC, their rules, and the domains that these are about.
async fn firewalls(reading: &Reading<'_>, vpc: &str) {
    let client = &reading.clients.resolver;
    let key = collection!("FirewallRuleGroupAssociations", firewall_rule_group_associations);
    let call = route53resolver::firewalls(client, vpc);
    let groups = reading.read(op::LIST_FIREWALL_RULE_GROUP_ASSOCIATIONS, key, &[vpc.to_owned()], call).await;
    let Some(groups) = groups else { return };
    let ids = groups.into_iter().filter_map(|group| group.firewall_rule_group_id);
    Box::pin(rules(reading, ids)).await;
}

/// The rules of these groups.
async fn rules(reading: &Reading<'_>, groups: impl Iterator<Item = String>) {
    let client = &reading.clients.resolver;
    let ids = reading.unasked(groups, |asked| &mut asked.firewalls);
    let key = collection!("FirewallRules", firewall_rules);
    if ids.is_empty() {
        // No group has no rules, and no rule is about no domains.
        reading.keep(op::LIST_FIREWALL_RULES, key, &[], Vec::new());
        domains(reading, BTreeSet::new()).await;
        return;
    }
    let rules = each(ids, |id| async move {
        let call = route53resolver::firewall_rules(client, &id);
        reading.read(op::LIST_FIREWALL_RULES, key, std::slice::from_ref(&id), call).await
    });
    let rules: Vec<Vec<_>> = rules.await.into_iter().flatten().collect();
    if rules.is_empty() {
        return;
    }
    let lists = rules.into_iter().flatten().filter_map(|rule| rule.firewall_domain_list_id);
    domains(reading, lists.collect()).await;
}

/// The domains of these lists. AWS's own lists cannot be listed:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html>.
async fn domains(reading: &Reading<'_>, lists: BTreeSet<String>) {
    let client = &reading.clients.resolver;
    let lists_key = collection!("FirewallDomainLists", firewall_domain_lists);
    let key = collection!("FirewallDomainsByList", firewall_domains);
    let lists = reading.unasked(lists, |asked| &mut asked.firewalls);
    if lists.is_empty() {
        reading.keep(op::LIST_FIREWALL_DOMAINS, key, &[], Vec::new());
        reading.keep(op::LIST_FIREWALL_DOMAIN_LISTS, lists_key, &[], Vec::new());
        return;
    }
    let call = route53resolver::firewall_domain_lists(client);
    reading.read(op::LIST_FIREWALL_DOMAIN_LISTS, lists_key, &[EVERYTHING.to_owned()], call).await;
    let managed: BTreeSet<String> = reading.look(|snapshot| {
        let known = snapshot.aws.firewall_domain_lists.iter().flatten();
        known.filter(|list| list.managed_owner_name.is_some()).map(|list| list.id.clone()).collect()
    });
    let own: Vec<String> = lists.into_iter().filter(|list| !managed.contains(list)).collect();
    if own.is_empty() {
        reading.keep(op::LIST_FIREWALL_DOMAINS, key, &[], Vec::new());
    }
    let read = each(own, |id| async move {
        let call = async { route53resolver::firewall_domains(client, &id).await.map(|found| vec![found]) };
        reading.read(op::LIST_FIREWALL_DOMAINS, key, std::slice::from_ref(&id), call).await
    });
    read.await;
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
    let found = read.await.into_iter().flatten().flatten();
    let groups = found.filter_map(|resource| {
        let arn = resource.resource_arn?;
        arn.split_once(":firewall-rule-group/").map(|(_, id)| id.to_owned())
    });
    let groups: Vec<String> = groups.collect();
    if !groups.is_empty() {
        Box::pin(rules(reading, groups.into_iter())).await;
    }
    // No profile has nothing in it.
    if reading.look(|snapshot| snapshot.aws.profile_associations.as_ref().is_some_and(Vec::is_empty)) {
        let key = collection!("ProfileResourceAssociations", profile_resource_associations);
        reading.keep(op::LIST_PROFILE_RESOURCE_ASSOCIATIONS, key, &[], Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_that_may_answer_for_aws_names_concern_us_and_the_owners_own_do_not() {
        let ours = ["eks.amazonaws.com.", "eu-west-1.eks.amazonaws.com", "amazonaws.com.", "COM", ".", "aws"];
        assert!(ours.iter().all(|zone| concerns(zone)));
        let theirs = ["corp.example.", "example.com.", "myamazonaws.com", "internal"];
        assert!(!theirs.iter().any(|zone| concerns(zone)));
    }
}
