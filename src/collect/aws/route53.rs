//! Route 53 and its Profiles: the private hosted zones and the profiles of a VPC.

use aws_sdk_route53::types::{HostedZoneOwner, HostedZoneSummary, VpcRegion};
use aws_sdk_route53profiles::types::{ProfileAssociation, ProfileResourceAssociation};

use super::convert::{Fetched, all, list, text};
use super::failure::Failure;
use crate::snapshot::aws::{route53 as shape, route53profiles};

/// How many pages of zones are read; one has a hundred.
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

fn profile_association(v: ProfileAssociation) -> route53profiles::ProfileAssociation {
    route53profiles::ProfileAssociation {
        id: v.id.unwrap_or_default(),
        name: v.name,
        owner_id: v.owner_id,
        profile_id: v.profile_id,
        resource_id: v.resource_id,
        status: text(v.status),
        status_message: v.status_message,
    }
}

fn profile_resource_association(
    v: ProfileResourceAssociation,
) -> route53profiles::ProfileResourceAssociation {
    route53profiles::ProfileResourceAssociation {
        id: v.id.unwrap_or_default(),
        name: v.name,
        owner_id: v.owner_id,
        profile_id: v.profile_id,
        resource_arn: v.resource_arn,
        resource_type: v.resource_type,
        resource_properties: v.resource_properties,
        status: text(v.status),
        status_message: v.status_message,
    }
}
