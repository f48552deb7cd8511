//! The inputs of an audit: the snapshot, from AWS or from files; the declarations; the rules.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};
use privek_core::rule::{self, Rules};
use privek_core::time::Time;

use crate::cli::{GrowthArgs, IntentArgs, JudgeArgs, PlanArgs, SourceArgs};
use crate::collect::aws::{self, About, AwsOptions};
use crate::providers::{self, Intent, Plan, PlanFlags, Redactor, State};

use super::progress::Line;

/// The file with declarations in the working directory.
const CONFIG: &str = "privek-audit.yaml";

/// The user's declarations, and their origin.
#[derive(Debug, Default)]
pub struct Declared {
    /// File and flags together.
    pub intent: Intent,
    /// The origin of the declarations, as a sentence.
    pub origin: Option<String>,
}

/// Reads `--config`, or `privek-audit.yaml`, and adds the flags.
pub fn declared(args: &IntentArgs) -> Result<Declared, anyhow::Error> {
    let (intent, origin) = match &args.config {
        Some(path) => (Intent::read(path)?, Some(format!("Declarations are read from {}.", path.display()))),
        None if Path::new(CONFIG).exists() => (
            Intent::read(Path::new(CONFIG))?,
            Some(format!("Declarations are read from {CONFIG} in the working directory.")),
        ),
        None => (Intent::default(), None),
    };
    let mut operators = Vec::new();
    for flag in &args.operator_cidr {
        operators.push(providers::operator(flag).context("--operator-cidr")?);
    }
    let intent = intent.merge_flags(operators).context("--operator-cidr")?;
    Ok(Declared { intent, origin })
}

/// The time that `--as-of` names.
pub fn as_of(args: &JudgeArgs) -> Result<Option<String>, anyhow::Error> {
    let Some(text) = &args.as_of else { return Ok(None) };
    match Time::parse(text) {
        Some(time) => Ok(Some(time.to_string())),
        None => {
            bail!("--as-of {text} is not a date; the form is 2026-11-20 or 2026-11-20T12:00:00Z")
        }
    }
}

/// Adds what flags plan.
pub fn growing(mut declared: Declared, args: &GrowthArgs) -> Result<Declared, anyhow::Error> {
    declared.intent = declared.intent.merge_growth(args.nodes, &args.instance_type, args.pods)?;
    Ok(declared)
}

/// Adds the flags about a planned cluster; a cluster in --cluster exists.
pub fn plan(source: &SourceArgs, args: &PlanArgs, declared: &mut Declared) -> Result<(), anyhow::Error> {
    let flags = PlanFlags {
        vpc: args.vpc.clone(),
        control_plane_subnets: args.control_plane_subnet.clone(),
        node_subnets: args.node_subnet.clone(),
        security_groups: args.security_group.clone(),
        kubernetes_version: args.kubernetes_version.clone(),
    };
    let file = declared.intent.cluster.take().filter(|_| source.cluster.is_none());
    declared.intent.cluster = Plan::merged(file, flags)?;
    Ok(())
}

/// Drops the plan of a cluster that exists by now.
pub fn built(declared: &mut Declared, snapshot: &State) {
    let known = |name: &String| snapshot.cluster_names().contains(&name.as_str());
    if declared.intent.cluster.as_ref().is_some_and(|plan| plan.name.as_ref().is_some_and(known)) {
        let plan = declared.intent.cluster.take();
        let name = plan.and_then(|plan| plan.name).unwrap_or_default();
        let origin = declared.origin.take().unwrap_or_default();
        let note = format!("The cluster {name} exists; the plan in the declarations is ignored.");
        declared.origin = Some(format!("{origin} {note}").trim().to_owned());
    }
}

/// The rules of the program and those of the directories.
pub fn rules(directories: &[PathBuf]) -> Result<Rules, anyhow::Error> {
    let mut rules = rule::built_in(providers::DEFAULT)?;
    for directory in directories {
        rules = rules.with_directory(directory)?;
    }
    Ok(rules)
}

/// Reads the files, or AWS, for one cluster; `about` has the networks to read in addition.
pub fn snapshot(args: &SourceArgs, about: &About) -> Result<State, anyhow::Error> {
    match (files(&args.snapshot, args.cluster.as_deref())?, &args.cluster) {
        (Some(mut snapshot), cluster) => {
            snapshot.select_cluster(cluster.as_deref())?;
            Ok(snapshot)
        }
        (None, Some(cluster)) => live(args, Some(cluster), about),
        (None, None) => {
            bail!("no state to read: set --cluster NAME, --snapshot PATH, or --vpc VPC for a planned cluster")
        }
    }
}

/// Reads the files, or AWS, for a path; with a cluster only where one is named, or the files have one.
pub fn network(args: &SourceArgs, about: &About) -> Result<State, anyhow::Error> {
    let Some(mut snapshot) = files(&args.snapshot, args.cluster.as_deref())? else {
        return live(args, args.cluster.as_deref(), about);
    };
    snapshot.select_cluster_if_any(args.cluster.as_deref())?;
    Ok(snapshot)
}

/// What a collection reads in addition to the cluster: the networks that the user declares.
pub fn about(declared: &Declared) -> About {
    let operators = declared.intent.operators.iter().flatten().map(|operator| operator.cidr);
    let networks = declared.intent.networks.iter().map(|network| network.cidr);
    let plan = declared.intent.cluster.iter();
    let ends = plan.flat_map(|plan| {
        [&plan.vpc].into_iter().chain(&plan.control_plane_subnets).chain(&plan.node_subnets).cloned()
    });
    let growth = declared.intent.growth.as_ref();
    About {
        ends: ends.collect(),
        networks: operators.chain(networks).collect(),
        instance_types: growth.map(|growth| growth.instance_types.clone()).unwrap_or_default(),
    }
}

/// All of them together, whatever their order, with this cluster alone where one is named.
fn files(paths: &[PathBuf], cluster: Option<&str>) -> Result<Option<State>, anyhow::Error> {
    let read: Result<Vec<State>, _> = paths.iter().map(|path| State::read(path)).collect();
    Ok(State::merge_all(read?, cluster)?)
}

fn live(args: &SourceArgs, cluster: Option<&str>, about: &About) -> Result<State, anyhow::Error> {
    let options =
        |profile: Option<&String>| AwsOptions { profile: profile.cloned(), region: args.region.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the network runtime")?;
    let progress = Line::show();
    runtime.block_on(async {
        let first = aws::config(&options(args.profile.first())).await?;
        let mut others = Vec::new();
        for profile in args.profile.iter().skip(1) {
            others.push(aws::config(&options(Some(profile))).await?);
        }
        let now = Time::from(SystemTime::now()).to_string();
        Ok(aws::collect_accounts((&first, &others), cluster, about, &now, &progress).await?.into())
    })
}

/// The declarations with account ids, addresses and names replaced.
pub fn redacted(declared: &Declared, redactor: &Redactor) -> Declared {
    let mut intent = declared.intent.redacted(|net| redactor.net(net), |text| redactor.text(text));
    // Names of declarations are in no snapshot, so that the redactor does not know them.
    let named = declared.intent.operators.iter().flatten();
    for (index, (operator, known)) in intent.operators.iter_mut().flatten().zip(named).enumerate() {
        if known.name != known.cidr.to_string() {
            operator.name = format!("operator-{}", index + 1);
        }
    }
    for (index, network) in intent.networks.iter_mut().enumerate() {
        network.name = format!("network-{}", index + 1);
    }
    let origin = declared.origin.as_ref().map(|_| "Declarations are read from a file.".to_owned());
    Declared { intent, origin }
}
