//! Route 53 Profiles: what the Profiles of a VPC bring into it.

use std::collections::BTreeSet;

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::Arn;
use crate::snapshot::aws::ec2::VpcEndpoint;
use crate::snapshot::aws::route53profiles::ProfileResourceAssociation;

/// The endpoints that the VPC's Route 53 Profile holds, wherever they are, as far as they were read:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profile-associate-vpc-endpoints.html>.
pub(crate) fn endpoints<'s>(context: &Context<'s>) -> Vec<&'s VpcEndpoint> {
    let Ok(vpc) = context.vpc.as_deref() else { return Vec::new() };
    let aws = &context.snapshot.aws;
    let profiles: BTreeSet<&str> = aws
        .profile_associations
        .iter()
        .flatten()
        .filter(|one| one.resource_id.as_deref() == Some(vpc) && in_force(one.status.as_deref()))
        .filter_map(|one| one.profile_id.as_deref())
        .collect();
    let held: BTreeSet<&str> = aws
        .profile_resource_associations
        .iter()
        .flatten()
        .filter(|one| one.profile_id.as_deref().is_some_and(|id| profiles.contains(id)))
        .filter(|one| in_force(one.status.as_deref()))
        .filter_map(|one| resource(one, "vpc-endpoint/"))
        .collect();
    let all = aws.vpc_endpoints.iter().flatten();
    all.filter(|endpoint| held.contains(endpoint.vpc_endpoint_id.as_str()))
        .filter(|endpoint| endpoint.vpc_id.as_deref() != Some(vpc))
        .collect()
}

/// A resource that a Route 53 Profile brings into a VPC.
pub(crate) struct HeldResource<'s> {
    pub association: &'s ProfileResourceAssociation,
    /// The Profile.
    pub profile: &'s str,
    /// The Profile's place among those of the VPC, the lowest first; `None` where it is not certain.
    pub order: Option<i64>,
    /// Why the resource may not apply, where its association is not complete.
    pub pending: Option<Missing>,
}

/// What the Route 53 Profiles of a VPC bring into it. Of several Profiles the one with the lowest priority comes first
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles-vpc-update-priority.html>). While an
/// association is UPDATING its resources answer, but the priority may be the one before
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_UpdateProfileAssociation.html>).
pub(crate) fn held<'s>(context: &Context<'s>, vpc: &str) -> Known<Vec<HeldResource<'s>>> {
    let aws = &context.snapshot.aws;
    let all = context.items(aws.profile_associations.as_deref(), "ProfileAssociations", vpc)?;
    let own = all.iter().filter(|one| one.resource_id.as_deref() == Some(vpc));
    let own: Vec<_> = own.filter(|one| !over(one.status.as_deref())).collect();
    let alone = own.len() == 1;
    let mut held = Vec::new();
    for one in own {
        let Some(profile) = one.profile_id.as_deref() else {
            return Err(vec![context.field("ProfileAssociations", &format!("ProfileId of {}", one.id))]);
        };
        let status = one.status.as_deref();
        let pending = (!in_force(status)).then(|| {
            Missing::probe(format!(
                "the answers of Route 53 Profile {profile}; its association with {vpc} is {}",
                status.unwrap_or("of an unread status")
            ))
        });
        let order = if alone { Some(0) } else { one.priority.filter(|_| !is(status, "UPDATING")) };
        let all = aws.profile_resource_associations.as_deref();
        let all = context.items(all, "ProfileResourceAssociations", profile)?.iter();
        let all = all.filter(|one| one.profile_id.as_deref() == Some(profile));
        for one in all.filter(|one| !over(one.status.as_deref())) {
            let own = (!in_force(one.status.as_deref())).then(|| {
                Missing::probe(format!(
                    "the effect of {}; its association with Route 53 Profile {profile} is {}",
                    one.resource_arn.as_deref().unwrap_or("a resource without an ARN"),
                    one.status.as_deref().unwrap_or("of an unread status")
                ))
            });
            held.push(HeldResource { association: one, profile, order, pending: pending.clone().or(own) });
        }
    }
    Ok(held)
}

/// Of what Profiles hold for one name the Profile that comes first decides; where that is not certain, this is
/// missing.
pub(crate) fn unordered(vpc: &str, name: &str) -> Missing {
    Missing::probe(format!("the order of the Route 53 Profiles of {vpc} that have something for {name}"))
}

/// Whether an association is applied.
fn in_force(status: Option<&str>) -> bool {
    ["COMPLETE", "UPDATING"].iter().any(|applied| is(status, applied))
}

fn is(status: Option<&str>, wanted: &str) -> bool {
    status.is_some_and(|status| status.eq_ignore_ascii_case(wanted))
}

/// The part of a profile resource's ARN after this prefix.
pub(crate) fn resource<'a>(association: &'a ProfileResourceAssociation, kind: &str) -> Option<&'a str> {
    Arn::parse(association.resource_arn.as_deref()?)?.resource.strip_prefix(kind)
}

/// Whether an association is gone, or never came to be.
fn over(status: Option<&str>) -> bool {
    ["DELETED", "FAILED"].iter().any(|gone| is(status, gone))
}
