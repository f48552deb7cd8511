//! What answers for names in a VPC besides the resolver's rules: private hosted zones and their
//! records, Route 53 Profiles and DNS Firewall.

use std::collections::BTreeSet;

use futures::join;
use privek_aws::snapshot::aws::route53::HostedZoneSummary;
use privek_core::header::EVERYTHING;

use crate::collect::aws::session::{AskedOnce, Session, collection, each};
use crate::collect::aws::{operations, route53, route53resolver};

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

/// Hosted zones, for their records.
const HOSTED_ZONES: AskedOnce = AskedOnce("records of hosted zones");
/// DNS Firewall's rule groups and domain lists.
const FIREWALLS: AskedOnce = AskedOnce("rule groups and domain lists of DNS Firewall");
/// Route 53 Profiles, for what is in them.
const PROFILES: AskedOnce = AskedOnce("resources of Route 53 Profiles");

/// All of it for one VPC.
pub(super) async fn all(session: &Session<'_>, vpc: &str) {
    join!(hosted_zones(session, vpc), profiles(session, vpc), firewalls(session, vpc));
}

/// Route 53 needs the VPC's region: without a region there is no call.
async fn hosted_zones(session: &Session<'_>, vpc: &str) {
    let region = session.look(|snapshot| snapshot.header.region.clone());
    let Some(region) = region else { return };
    let field = collection!(hosted_zones_by_vpc);
    let call = async {
        route53::hosted_zones(&session.clients.route53, vpc, &region).await.map(|found| vec![found])
    };
    let found =
        Box::pin(session.read(operations::LIST_HOSTED_ZONES_BY_VPC, field, &[vpc.to_owned()], call)).await;
    let Some(found) = found else { return };
    let zones = found.into_iter().flat_map(|one| one.hosted_zone_summaries);
    records(session, zones.collect()).await;
}

/// The records of zones that may answer for AWS's names. Those of an AWS service, such as an endpoint's
/// own, cannot be listed, and what another account owns only that account can list.
async fn records(session: &Session<'_>, zones: Vec<HostedZoneSummary>) {
    let account = session.look(|snapshot| snapshot.header.account.clone());
    let (field, operation) =
        (collection!(resource_record_sets_by_zone), operations::LIST_RESOURCE_RECORD_SETS);
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
                let message = format!("{id} belongs to account {owner}; add --profile for that account");
                session.gap(operation, &id, "OtherAccount", message);
            }
            None => _ = own.insert(id),
        }
    }
    let ids = session.unasked(HOSTED_ZONES, own);
    if ids.is_empty() {
        // No zone has no records.
        session.keep(field, &[], Vec::new());
    }
    let read = each(ids, |id| async move {
        let call = async { route53::records(&session.clients.route53, &id).await.map(|found| vec![found]) };
        Box::pin(session.read(operation, field, std::slice::from_ref(&id), call)).await
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
async fn firewalls(session: &Session<'_>, vpc: &str) {
    let client = &session.clients.resolver;
    let field = collection!(firewall_rule_group_associations);
    let call = route53resolver::firewalls(client, vpc);
    let groups =
        session.read(operations::LIST_FIREWALL_RULE_GROUP_ASSOCIATIONS, field, &[vpc.to_owned()], call).await;
    let Some(groups) = groups else { return };
    let ids = groups.into_iter().filter_map(|group| group.firewall_rule_group_id);
    Box::pin(rules(session, ids)).await;
}

/// The rules of these groups.
async fn rules(session: &Session<'_>, groups: impl Iterator<Item = String>) {
    let client = &session.clients.resolver;
    let ids = session.unasked(FIREWALLS, groups);
    let field = collection!(firewall_rules);
    if ids.is_empty() {
        // No group has no rules, and no rule is about no domains.
        session.keep(field, &[], Vec::new());
        domains(session, BTreeSet::new()).await;
        return;
    }
    let rules = each(ids, |id| async move {
        let call = route53resolver::firewall_rules(client, &id);
        session.read(operations::LIST_FIREWALL_RULES, field, std::slice::from_ref(&id), call).await
    });
    let rules: Vec<Vec<_>> = rules.await.into_iter().flatten().collect();
    if rules.is_empty() {
        return;
    }
    let lists = rules.into_iter().flatten().filter_map(|rule| rule.firewall_domain_list_id);
    domains(session, lists.collect()).await;
}

/// The domains of these lists. AWS's own lists cannot be listed:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html>.
async fn domains(session: &Session<'_>, lists: BTreeSet<String>) {
    let client = &session.clients.resolver;
    let lists_field = collection!(firewall_domain_lists);
    let field = collection!(firewall_domains);
    let lists = session.unasked(FIREWALLS, lists);
    if lists.is_empty() {
        session.keep(field, &[], Vec::new());
        session.keep(lists_field, &[], Vec::new());
        return;
    }
    let call = route53resolver::firewall_domain_lists(client);
    session.read(operations::LIST_FIREWALL_DOMAIN_LISTS, lists_field, &[EVERYTHING.to_owned()], call).await;
    let managed: BTreeSet<String> = session.look(|snapshot| {
        let known = snapshot.aws.firewall_domain_lists.iter().flatten();
        known.filter(|list| list.managed_owner_name.is_some()).map(|list| list.id.clone()).collect()
    });
    let own: Vec<String> = lists.into_iter().filter(|list| !managed.contains(list)).collect();
    if own.is_empty() {
        session.keep(field, &[], Vec::new());
    }
    let read = each(own, |id| async move {
        let call = async { route53resolver::firewall_domains(client, &id).await.map(|found| vec![found]) };
        session.read(operations::LIST_FIREWALL_DOMAINS, field, std::slice::from_ref(&id), call).await
    });
    read.await;
}

/// The profiles on the VPC, and what is in them.
async fn profiles(session: &Session<'_>, vpc: &str) {
    let client = &session.clients.profiles;
    let field = collection!(profile_associations);
    let call = route53::profiles(client, vpc);
    let found = session.read(operations::LIST_PROFILE_ASSOCIATIONS, field, &[vpc.to_owned()], call).await;
    let Some(found) = found else { return };
    let ids = found.into_iter().filter_map(|profile| profile.profile_id);
    let ids = session.unasked(PROFILES, ids);
    let read = each(ids, |id| async move {
        let field = collection!(profile_resource_associations);
        let call = route53::profile_resources(client, &id);
        session
            .read(operations::LIST_PROFILE_RESOURCE_ASSOCIATIONS, field, std::slice::from_ref(&id), call)
            .await
    });
    let found = read.await.into_iter().flatten().flatten();
    let groups = found.filter_map(|resource| {
        let arn = resource.resource_arn?;
        arn.split_once(":firewall-rule-group/").map(|(_, id)| id.to_owned())
    });
    let groups: Vec<String> = groups.collect();
    if !groups.is_empty() {
        Box::pin(rules(session, groups.into_iter())).await;
    }
    // No profile has nothing in it.
    if session.look(|snapshot| snapshot.aws.profile_associations.as_ref().is_some_and(Vec::is_empty)) {
        session.keep(collection!(profile_resource_associations), &[], Vec::new());
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
