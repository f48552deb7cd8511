//! How long EKS supports the cluster's Kubernetes version, and when it updates the cluster by itself.
//!
//! The dates are `DescribeClusterVersions`', else those of the embedded table; they are judged at the
//! time of the reading, or at the date that the user gives.

use privek_core::known::{Known, Missing};
use privek_core::subject::Fact;
use privek_core::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::versions::{minor_version, support_dates};
use crate::facts::base::context::Context;
use crate::snapshot::aws::eks::Cluster;

const DAY: i64 = 86_400;

/// What rules see of the support of the cluster's version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SupportFacts {
    /// `clusterVersions[].endOfStandardSupportDate`, or the date in the program's own table.
    standard_support_until: Fact<String>,
    /// `clusterVersions[].endOfExtendedSupportDate`, or the date in the program's own table.
    extended_support_until: Fact<String>,
    /// `standard`, `extended` or `none`: the support of the cluster's version at the time of the collection
    /// or at `--as-of`.
    support: Fact<String>,
    /// Whole days until standard support ends, or after that until extended support ends
    /// (`clusterVersions[]`); below zero after both.
    support_days_left: Fact<i64>,
    /// `cluster.upgradePolicy.supportType`: `STANDARD` (EKS updates the cluster at the end of standard
    /// support) or `EXTENDED`.
    upgrade_policy: Fact<String>,
    /// The date from which EKS may update the control plane automatically: the end of the support that
    /// `cluster.upgradePolicy.supportType` selects.
    forced_upgrade_on: Fact<String>,
    /// Whole days until EKS may update the control plane automatically (`clusterVersions[]`,
    /// `cluster.upgradePolicy`); below zero afterwards.
    forced_upgrade_days_left: Fact<i64>,
    /// The minor version after the cluster's version; EKS updates control planes one minor version at a time.
    next_version: Fact<String>,
}

/// Ends of support.
#[derive(Clone, Debug, PartialEq)]
struct SupportEnds {
    standard: Time,
    extended: Time,
}

/// The facts about one cluster.
pub(crate) fn facts(context: &Context<'_>, cluster: &Cluster) -> SupportFacts {
    let version = cluster.version.clone().ok_or_else(|| vec![context.field("cluster", "version")]);
    let ends = version.clone().and_then(|version| ends(context, &version));
    let now = context.as_of();
    let policy = policy(context, cluster);
    let phase = ends.clone().and_then(|ends| {
        let now = now.clone()?;
        Ok(phase(&ends, now))
    });
    let forced = ends.clone().and_then(|ends| {
        // Extended support that has begun cannot be declined any more:
        // https://docs.aws.amazon.com/eks/latest/userguide/disable-extended-support.html
        let extended = phase.clone().is_ok_and(|(phase, _)| phase != "standard");
        Ok(if policy.clone()? == "STANDARD" && !extended { ends.standard } else { ends.extended })
    });
    SupportFacts {
        standard_support_until: Fact(ends.clone().map(|ends| ends.standard.date().to_owned())),
        extended_support_until: Fact(ends.map(|ends| ends.extended.date().to_owned())),
        support: Fact(phase.clone().map(|(phase, _)| phase.to_owned())),
        support_days_left: Fact(phase.map(|(_, days)| days)),
        upgrade_policy: Fact(policy),
        forced_upgrade_days_left: Fact(forced.clone().and_then(|at| Ok(days(&at, now?)))),
        forced_upgrade_on: Fact(forced.map(|at| at.date().to_owned())),
        next_version: Fact(version.and_then(|version| {
            let next = minor_version(&version).map(|(major, minor)| format!("{major}.{}", minor + 1));
            next.ok_or_else(|| vec![Missing::unmodelled(format!("the Kubernetes version {version}"))])
        })),
    }
}

/// Which support holds, and for how many days.
fn phase(ends: &SupportEnds, now: i64) -> (&'static str, i64) {
    let (standard, extended) = (days(&ends.standard, now), days(&ends.extended, now));
    match (ends.standard.seconds(), ends.extended.seconds()) {
        (Some(end), _) if now < end => ("standard", standard),
        (_, Some(end)) if now < end => ("extended", extended),
        _ => ("none", extended.min(-1)),
    }
}

fn days(end: &Time, now: i64) -> i64 {
    (end.seconds().unwrap_or(now) - now).div_euclid(DAY)
}

fn ends(context: &Context<'_>, version: &str) -> Known<SupportEnds> {
    let wanted = minor_version(version);
    let listed = context.snapshot.aws.cluster_versions.as_deref();
    let listed = listed.unwrap_or_default().iter().find(|listed| {
        let ours = listed.cluster_type.as_deref().is_none_or(|kind| kind == "eks");
        ours && wanted.is_some() && minor_version(&listed.cluster_version) == wanted
    });
    let dated = listed.and_then(|listed| {
        let standard = listed.end_of_standard_support_date.clone()?;
        let extended = listed.end_of_extended_support_date.clone()?;
        (standard.seconds().is_some() && extended.seconds().is_some())
            .then_some(SupportEnds { standard, extended })
    });
    if let Some(ends) = dated {
        return Ok(ends);
    }
    let table = support_dates()?;
    if let Some((standard, extended)) = table.get(&wanted.unwrap_or_default()) {
        context.assume(format!(
            "The support dates of Kubernetes {version} are from this program's own table; eks:DescribeClusterVersions returned none."
        ));
        return Ok(SupportEnds { standard: standard.clone(), extended: extended.clone() });
    }
    Err(vec![match listed {
        Some(_) => context.field("clusterVersions", &format!("the end of support of {version}")),
        None if context.snapshot.aws.cluster_versions.is_some() => {
            context.field("clusterVersions", &format!("the version {version}"))
        }
        None => context.missing("clusterVersions", None),
    }])
}

fn policy(context: &Context<'_>, cluster: &Cluster) -> Known<String> {
    let policy = cluster.upgrade_policy.as_ref().and_then(|policy| policy.support_type.clone());
    let policy = policy.ok_or_else(|| vec![context.field("cluster", "upgradePolicy.supportType")])?;
    match policy.as_str() {
        "STANDARD" | "EXTENDED" => Ok(policy),
        _ => Err(vec![Missing::unmodelled(format!("the upgrade policy {policy}"))]),
    }
}

#[cfg(test)]
mod tests;
