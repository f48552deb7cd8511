//! Route 53 and its Profiles: the private hosted zones of a VPC, their records, and the profiles.

use aws_sdk_route53::types::{AliasTarget, HostedZoneOwner, HostedZoneSummary, ResourceRecordSet, VpcRegion};
use aws_sdk_route53profiles::types::{ProfileAssociation, ProfileResourceAssociation};
use privek_aws::snapshot::aws::{route53 as shape, route53profiles};

use super::convert::{Fetched, all, list, text};
use super::failure::Failure;

/// How many pages of zones and of records are read; one has a hundred of the former and three of the latter.
const PAGES: usize = 50;

/// `ListHostedZonesByVPC`, whose pages the SDK does not follow by itself.
pub(super) async fn hosted_zones(
    client: &aws_sdk_route53::Client,
    vpc: &str,
    region: &str,
) -> Fetched<shape::HostedZonesByVpc> {
    let mut zones = shape::HostedZonesByVpc { vpc_id: vpc.to_owned(), ..Default::default() };
    let mut next = None;
    for _ in 0..PAGES {
        let call = client.list_hosted_zones_by_vpc().vpc_id(vpc).vpc_region(VpcRegion::from(region));
        let answer = call.set_next_token(next).send().await.map_err(|error| Failure::of(&error))?;
        zones.hosted_zone_summaries.extend(list(Some(answer.hosted_zone_summaries), hosted_zone_summary));
        next = answer.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(zones);
        }
    }
    Err(Failure::endless(PAGES))
}

/// `ListResourceRecordSets`, whose pages the SDK does not follow by itself.
pub(super) async fn records(
    client: &aws_sdk_route53::Client,
    zone: &str,
) -> Fetched<shape::ResourceRecordSetsByZone> {
    let mut records =
        shape::ResourceRecordSetsByZone { hosted_zone_id: zone.to_owned(), ..Default::default() };
    let mut next = (None, None, None);
    for _ in 0..PAGES {
        let call = client.list_resource_record_sets().hosted_zone_id(zone);
        let call = call.set_start_record_name(next.0).set_start_record_type(next.1);
        let answer =
            call.set_start_record_identifier(next.2).send().await.map_err(|error| Failure::of(&error))?;
        records.resource_record_sets.extend(list(Some(answer.resource_record_sets), resource_record_set));
        if !answer.is_truncated {
            records.retain_addresses();
            return Ok(records);
        }
        next = (answer.next_record_name, answer.next_record_type, answer.next_record_identifier);
    }
    Err(Failure::endless(PAGES))
}

/// `ListProfileAssociations` of a VPC.
pub(super) async fn profiles(
    client: &aws_sdk_route53profiles::Client,
    vpc: &str,
) -> Fetched<Vec<route53profiles::ProfileAssociation>> {
    let profiles = client.list_profile_associations().resource_id(vpc).into_paginator();
    all(profiles.items().send().try_collect(), profile_association).await
}

/// `ListProfileResourceAssociations` of a profile.
pub(super) async fn profile_resources(
    client: &aws_sdk_route53profiles::Client,
    profile: &str,
) -> Fetched<Vec<route53profiles::ProfileResourceAssociation>> {
    let resources = client.list_profile_resource_associations().profile_id(profile).into_paginator();
    all(resources.items().send().try_collect(), profile_resource_association).await
}

fn hosted_zone_summary(v: HostedZoneSummary) -> shape::HostedZoneSummary {
    shape::HostedZoneSummary {
        hosted_zone_id: Some(v.hosted_zone_id),
        name: Some(v.name),
        owner: v.owner.map(hosted_zone_owner),
    }
}

fn hosted_zone_owner(v: HostedZoneOwner) -> shape::HostedZoneOwner {
    shape::HostedZoneOwner { owning_account: v.owning_account, owning_service: v.owning_service }
}

fn resource_record_set(v: ResourceRecordSet) -> shape::ResourceRecordSet {
    let values = v.resource_records.unwrap_or_default().into_iter();
    shape::ResourceRecordSet {
        name: v.name,
        kind: text(Some(v.r#type)),
        set_identifier: v.set_identifier,
        weight: v.weight,
        region: text(v.region),
        failover: text(v.failover),
        multi_value_answer: v.multi_value_answer,
        geo_location: v.geo_location.map(|place| shape::GeoLocation { country_code: place.country_code }),
        cidr_routing_config: v
            .cidr_routing_config
            .map(|config| shape::CidrRoutingConfig { location_name: Some(config.location_name) }),
        resource_records: values.map(|one| shape::ResourceRecord { value: Some(one.value) }).collect(),
        alias_target: v.alias_target.map(alias_target),
        health_check_id: v.health_check_id,
    }
}

fn alias_target(v: AliasTarget) -> shape::AliasTarget {
    shape::AliasTarget {
        hosted_zone_id: Some(v.hosted_zone_id),
        dns_name: Some(v.dns_name),
        evaluate_target_health: Some(v.evaluate_target_health),
    }
}

fn profile_association(v: ProfileAssociation) -> route53profiles::ProfileAssociation {
    route53profiles::ProfileAssociation {
        id: v.id.unwrap_or_default(),
        profile_id: v.profile_id,
        resource_id: v.resource_id,
        // The SDK is older than this member; the AWS CLI has it.
        priority: None,
        status: text(v.status),
    }
}

fn profile_resource_association(
    v: ProfileResourceAssociation,
) -> route53profiles::ProfileResourceAssociation {
    route53profiles::ProfileResourceAssociation {
        id: v.id.unwrap_or_default(),
        profile_id: v.profile_id,
        resource_arn: v.resource_arn,
        resource_properties: v.resource_properties,
        status: text(v.status),
    }
}
