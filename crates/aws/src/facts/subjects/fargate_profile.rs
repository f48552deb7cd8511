//! Fargate profiles as subjects.

use std::collections::BTreeSet;

use privek_core::known::{self, Known};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::{eks_status, subnets};
use crate::snapshot::aws::eks::FargateProfile;

/// What rules see of a Fargate profile.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FargateFacts {
    /// `fargateProfile.fargateProfileName`.
    id: String,
    /// `fargateProfile.fargateProfileName`.
    name: Option<String>,
    /// `fargateProfile.status`.
    status: Fact<String>,
    /// `fargateProfile.health.issues`, one sentence for each issue.
    issues: Fact<Vec<String>>,
    /// Whether `fargateProfile.status` is `ACTIVE` and EKS reports no health issue for the Fargate profile.
    healthy: Fact<bool>,
    /// `fargateProfile.podExecutionRoleArn`.
    pod_execution_role: Fact<String>,
    /// `fargateProfile.subnets`.
    subnets: Fact<Vec<String>>,
    /// Subnets of the Fargate profile with a route to an internet gateway
    /// (`RouteTables[].Routes[].GatewayId`).
    public_subnets: Fact<Vec<String>>,
    /// Whether no subnet of the Fargate profile has a route to an internet gateway
    /// (`RouteTables[].Routes[].GatewayId`).
    subnets_private: Fact<bool>,
    /// Subnets of the Fargate profile in Local Zones, in Wavelength Zones or on Outposts
    /// (`AvailabilityZones[].ZoneType`, `Subnets[].OutpostArn`).
    subnets_outside_zones: Fact<Vec<String>>,
    /// Whether every subnet of the Fargate profile is in an Availability Zone and not on an Outpost
    /// (`AvailabilityZones[].ZoneType`, `Subnets[].OutpostArn`).
    subnets_in_zones: Fact<bool>,
}

/// Every Fargate profile of the cluster.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let cluster = match &context.cluster {
        Ok(cluster) => *cluster,
        Err(missing) => return Subjects::unlisted(missing.clone()),
    };
    let aws = &context.snapshot.aws;
    let described: Vec<&FargateProfile> = aws
        .fargate_profile
        .iter()
        .flatten()
        .filter(|profile| profile.cluster_name.as_ref().is_none_or(|name| *name == cluster.name))
        .collect();
    let mut names: BTreeSet<&str> =
        described.iter().map(|profile| profile.fargate_profile_name.as_str()).collect();
    let mut unlisted = Vec::new();
    match context.items(aws.fargate_profile_names.as_deref(), "fargateProfileNames", &cluster.name) {
        Ok(all) => names.extend(all.iter().map(String::as_str)),
        Err(missing) => unlisted = missing,
    }
    let listed = names.into_iter().map(|name| {
        let profile = described.iter().find(|profile| profile.fargate_profile_name == name).copied();
        let profile = profile.ok_or_else(|| vec![context.missing("fargateProfile", Some(name))]);
        Subject::new("fargate_profile", name, Some(name), &facts(context, name, &profile))
    });
    Subjects { listed: listed.collect(), unlisted }
}

fn facts(context: &Context<'_>, name: &str, profile: &Known<&FargateProfile>) -> FargateFacts {
    let field = |of: &str| vec![context.field("fargateProfile", &format!("{of} of {name}"))];
    let status = profile.clone().and_then(|profile| profile.status.clone().ok_or_else(|| field("status")));
    let works = status.clone().and_then(|status| eks_status::works(context, Some(&status)));
    // The first snapshots have no health of profiles; AWS leaves it out where it finds nothing.
    let issues = profile.clone().and_then(|profile| {
        let health = context.since(2, profile.health.as_ref(), "fargateProfile", "health")?;
        Ok(health.map(|health| eks_status::sentences(&health.issues)).unwrap_or_default())
    });
    let subnets = profile.clone().map(|profile| profile.subnets.clone());
    let public = subnets.clone().and_then(|all| those(&all, |id| context.network.is_public(id)));
    let outside = subnets.clone().and_then(|all| those(&all, |id| is_outside_zones(context, id)));
    FargateFacts {
        id: name.to_owned(),
        name: Some(name.to_owned()),
        healthy: Fact(eks_status::healthy(&works, &issues)),
        status: Fact(status),
        issues: Fact(issues),
        pod_execution_role: Fact(profile.clone().and_then(|profile| {
            profile.pod_execution_role_arn.clone().ok_or_else(|| field("podExecutionRoleArn"))
        })),
        subnets: Fact(subnets),
        subnets_private: Fact(public.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        public_subnets: Fact(public),
        subnets_in_zones: Fact(outside.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        subnets_outside_zones: Fact(outside),
    }
}

/// The subnets of which something holds; one of which it is proved outranks those not read.
fn those(subnets: &[String], holds: impl Fn(&str) -> Known<bool>) -> Known<Vec<String>> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for id in subnets {
        match holds(id) {
            Ok(true) => found.push(id.clone()),
            Ok(false) => {}
            Err(why) => missing.extend(why),
        }
    }
    known::found(found, missing)
}

fn is_outside_zones(context: &Context<'_>, id: &str) -> Known<bool> {
    let found = context.network.subnet(id)?;
    if found.outpost_arn.is_some() {
        return Ok(true);
    }
    let kind = subnets::listed_zone(context, &Ok(found))?.zone_type.as_deref();
    let kind = kind.ok_or_else(|| vec![context.field("AvailabilityZones", "ZoneType")])?;
    Ok(kind != "availability-zone")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::fixture::{Fixture, is_unknown};

    fn with(profile: &serde_json::Value) -> Fixture {
        Fixture::healthy()
            .set("fargateProfileNames", json!(["batch"]))
            .set("fargateProfile", json!([profile]))
    }

    #[test]
    fn a_profile_with_issues_is_not_healthy_and_one_without_is() {
        let issue = json!({"code": "PodExecutionRoleAlreadyInUse", "message": "used", "resourceIds": []});
        for (status, issues, healthy) in [
            ("ACTIVE", json!([]), true),
            ("ACTIVE", json!([issue]), false),
            ("CREATE_FAILED", json!([]), false),
        ] {
            let profile =
                json!({"fargateProfileName": "batch", "status": status, "health": {"issues": issues}});
            assert_eq!(with(&profile).fields("fargate_profile", "batch")["healthy"], healthy, "{status}");
        }
        let creating = json!({"fargateProfileName": "batch", "status": "CREATING"});
        assert!(is_unknown(&with(&creating).fields("fargate_profile", "batch")["healthy"], "CREATING"));
    }

    #[test]
    fn an_old_snapshot_does_not_know_the_health_of_profiles() {
        let old = with(&json!({"fargateProfileName": "batch", "status": "ACTIVE"}))
            .set("snapshot_version", json!(1));
        assert!(is_unknown(&old.fields("fargate_profile", "batch")["healthy"], "version 1"));
    }
}
