//! A cluster that is still to be created: what `aws eks create-cluster` will be given.

use ipnet::IpNet;
use privek_core::intent::{Dialect, Ids, IntentError, Wrong, checked, parse_cidr};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::ids::{IDS, check_group, check_subnet};

/// What a cluster that is still to be created will be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What it will be called.
    pub name: Option<String>,
    /// The VPC that it will be in.
    pub vpc: String,
    /// The subnets for the control plane's network interfaces.
    pub control_plane_subnets: Vec<String>,
    /// The subnets of its nodes; empty: those of the control plane.
    pub node_subnets: Vec<String>,
    /// Security groups that the control plane's interfaces will carry besides the cluster's own.
    pub security_groups: Vec<String>,
    /// The version of Kubernetes.
    pub kubernetes_version: Option<String>,
    /// The service CIDR; EKS assigns the service CIDR of an IPv6 cluster.
    pub service_cidr: Option<IpNet>,
    /// Whether pods and services will have IPv6 addresses.
    pub ipv6: bool,
}

/// What flags say about the plan; what they leave out is the file's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanFlags {
    /// `--vpc`.
    pub vpc: Option<String>,
    /// `--control-plane-subnet`.
    pub control_plane_subnets: Vec<String>,
    /// `--node-subnet`.
    pub node_subnets: Vec<String>,
    /// `--security-group`.
    pub security_groups: Vec<String>,
    /// `--kubernetes-version`.
    pub kubernetes_version: Option<String>,
}

impl Plan {
    /// The name of the cluster, or a description where no name is declared.
    pub fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("new cluster in {}", self.vpc))
    }

    /// The plan of the file, overridden by flags; `None` where neither plans anything.
    ///
    /// # Errors
    /// The flag that is not understood, or that lacks another.
    pub fn merged(file: Option<Self>, flags: PlanFlags) -> Result<Option<Self>, IntentError> {
        let wrong = |flag: &str, what: String| IntentError::Plan { flag: flag.to_owned(), what };
        if flags == PlanFlags::default() {
            return Ok(file);
        }
        let same = |plan: &Self| flags.vpc.as_ref().is_none_or(|vpc| *vpc == plan.vpc);
        let mut plan = file.filter(same).unwrap_or_default();
        if let Some(vpc) = flags.vpc {
            check_vpc(&vpc).map_err(|what| wrong("--vpc", what))?;
            plan.vpc = vpc;
        }
        for (flag, ids, check, of_plan) in [
            (
                "--control-plane-subnet",
                flags.control_plane_subnets,
                check_subnet as fn(&str) -> Result<(), String>,
                &mut plan.control_plane_subnets,
            ),
            ("--node-subnet", flags.node_subnets, check_subnet, &mut plan.node_subnets),
            ("--security-group", flags.security_groups, check_group, &mut plan.security_groups),
        ] {
            for id in &ids {
                check(id).map_err(|what| wrong(flag, what))?;
            }
            if !ids.is_empty() {
                *of_plan = ids;
            }
        }
        if let Some(version) = flags.kubernetes_version {
            check_version(&version).map_err(|what| wrong("--kubernetes-version", what))?;
            plan.kubernetes_version = Some(version);
        }
        if plan.vpc.is_empty() {
            return Err(wrong(
                "--vpc",
                "set the VPC of the planned cluster too, for instance --vpc vpc-0a1b2c3d".into(),
            ));
        }
        if plan.control_plane_subnets.is_empty() {
            let what = "set the subnets of the control plane's network interfaces, once for each subnet, in two zones at least";
            return Err(wrong("--control-plane-subnet", what.into()));
        }
        Ok(Some(plan))
    }
}

/// `cluster:` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenPlan {
    name: Option<Spanned<String>>,
    vpc: Spanned<String>,
    control_plane_subnets: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    node_subnets: Vec<Spanned<String>>,
    #[serde(default)]
    security_groups: Vec<Spanned<String>>,
    kubernetes_version: Option<Spanned<String>>,
    service_cidr: Option<Spanned<String>>,
    #[serde(default)]
    ipv6: bool,
}

impl Dialect for Plan {
    type Written = WrittenPlan;
    const IDS: Ids = IDS;

    fn understood(written: WrittenPlan, wrong: Wrong<'_>) -> Result<Self, IntentError> {
        let fail =
            |field: &'static str| move |at, what: String| wrong(at, format!("cluster.{field}: {what}"));
        if let Some(name) = &written.name
            && !is_cluster_name(&name.value)
        {
            let what =
                format!("'{}' is not a cluster name; valid are letters, digits, '-' and '_'", name.value);
            return Err(fail("name")(name.referenced, what));
        }
        check_vpc(&written.vpc.value).map_err(|what| fail("vpc")(written.vpc.referenced, what))?;
        if written.control_plane_subnets.value.is_empty() {
            let what = "the list is empty; name the subnets of the control plane, in two zones at least";
            return Err(fail("control_plane_subnets")(written.control_plane_subnets.referenced, what.into()));
        }
        let version = written.kubernetes_version;
        if let Some(version) = &version {
            check_version(&version.value)
                .map_err(|what| fail("kubernetes_version")(version.referenced, what))?;
        }
        let service_cidr = written
            .service_cidr
            .map(|cidr| parse_cidr(&cidr.value).map_err(|what| fail("service_cidr")(cidr.referenced, what)));
        Ok(Plan {
            name: written.name.map(|name| name.value),
            vpc: written.vpc.value,
            control_plane_subnets: checked(
                written.control_plane_subnets.value,
                check_subnet,
                &fail("control_plane_subnets"),
            )?,
            node_subnets: checked(written.node_subnets, check_subnet, &fail("node_subnets"))?,
            security_groups: checked(written.security_groups, check_group, &fail("security_groups"))?,
            kubernetes_version: version.map(|version| version.value),
            service_cidr: service_cidr.transpose()?,
            ipv6: written.ipv6,
        })
    }

    fn redacted(&self, text: &dyn Fn(&str) -> String, net: &dyn Fn(IpNet) -> IpNet) -> Self {
        let each = |ids: &[String]| ids.iter().map(|id| text(id)).collect();
        Self {
            name: self.name.as_ref().map(|_| "planned-cluster".to_owned()),
            vpc: text(&self.vpc),
            control_plane_subnets: each(&self.control_plane_subnets),
            node_subnets: each(&self.node_subnets),
            security_groups: each(&self.security_groups),
            kubernetes_version: self.kubernetes_version.clone(),
            service_cidr: self.service_cidr.map(net),
            ipv6: self.ipv6,
        }
    }
}

/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>.
fn is_cluster_name(name: &str) -> bool {
    name.chars().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && name.len() <= 100
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn check_vpc(id: &str) -> Result<(), String> {
    let known = id.strip_prefix("vpc-").is_some_and(|rest| !rest.is_empty());
    if known { Ok(()) } else { Err(format!("'{id}' is not the id of a VPC (vpc-…)")) }
}

fn check_version(version: &str) -> Result<(), String> {
    let number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let known = version.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor));
    if known {
        Ok(())
    } else {
        Err(format!("'{version}' is not a Kubernetes version; the form is like '1.35'"))
    }
}

#[cfg(test)]
mod tests {
    use crate::intent::Intent;

    use super::*;

    const WRITTEN: &str = "\
cluster:
  name: payments
  vpc: vpc-1
  control_plane_subnets: [subnet-a, subnet-b]
  node_subnets: [subnet-c]
  kubernetes_version: '1.35'
  service_cidr: 172.20.0.0/16
";

    fn understood(text: &str) -> Result<Option<Plan>, String> {
        Intent::from_yaml("f.yaml", text).map(|intent| intent.cluster).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plan_is_what_create_cluster_will_be_given() {
        let plan = understood(WRITTEN).unwrap().unwrap();
        assert_eq!(plan.called(), "payments");
        assert_eq!(plan.control_plane_subnets, ["subnet-a", "subnet-b"]);
        assert_eq!((plan.kubernetes_version.as_deref(), plan.ipv6), (Some("1.35"), false));
    }

    #[test]
    fn what_cannot_be_meant_is_an_error_with_its_place() {
        for (from, to, place, what) in [
            ("vpc-1", "main", "3:8", "cluster.vpc: 'main' is not the id of a VPC"),
            ("[subnet-a, subnet-b]", "[]", "4:26", "cluster.control_plane_subnets: the list is empty"),
            ("'1.35'", "latest", "6:23", "cluster.kubernetes_version: 'latest' is not a Kubernetes version"),
            (
                "name: payments",
                "name: the cluster",
                "2:9",
                "cluster.name: 'the cluster' is not a cluster name",
            ),
        ] {
            let error = understood(&WRITTEN.replace(from, to)).unwrap_err();
            assert!(error.starts_with(&format!("f.yaml:{place}: {what}")), "{error}");
        }
    }

    #[test]
    fn flags_take_the_place_of_what_the_file_says_about_the_same_vpc() {
        let file = understood(WRITTEN).unwrap();
        let more = PlanFlags { node_subnets: vec!["subnet-d".into()], ..PlanFlags::default() };
        let plan = Plan::merged(file.clone(), more).unwrap().unwrap();
        assert_eq!((plan.called(), plan.node_subnets), ("payments".to_owned(), vec!["subnet-d".to_owned()]));
        let other = PlanFlags {
            vpc: Some("vpc-2".into()),
            control_plane_subnets: vec!["subnet-x".into()],
            ..PlanFlags::default()
        };
        let plan = Plan::merged(file, other).unwrap().unwrap();
        assert_eq!((plan.called(), plan.node_subnets.len()), ("new cluster in vpc-2".to_owned(), 0));
    }

    #[test]
    fn a_flag_says_which_other_one_it_needs() {
        let lacking = |flags| Plan::merged(None, flags).unwrap_err().to_string();
        let without = lacking(PlanFlags { vpc: Some("vpc-2".into()), ..PlanFlags::default() });
        assert!(without.starts_with("--control-plane-subnet: "), "{without}");
        let without = lacking(PlanFlags { kubernetes_version: Some("1.35".into()), ..PlanFlags::default() });
        assert!(without.starts_with("--vpc: "), "{without}");
        assert_eq!(Plan::merged(None, PlanFlags::default()).unwrap(), None);
    }
}
