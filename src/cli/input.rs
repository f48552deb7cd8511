//! Where the state comes from, and what the user declares about the world and about plans.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

/// Where the state comes from: AWS, or files.
#[derive(Args, Debug)]
#[command(next_help_heading = "State")]
pub struct SourceArgs {
    /// The cluster to read; with --snapshot, which of the clusters in it.
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// AWS region; without it, as the AWS CLI finds it (environment, profile).
    #[arg(long, value_name = "REGION", conflicts_with = "snapshot")]
    pub region: Option<String>,
    /// Profile of the AWS configuration; without it, that of the environment, or the default. May repeat:
    /// the first one's account holds the cluster, the others read what their accounts share with it.
    #[arg(long, value_name = "PROFILE", conflicts_with = "snapshot")]
    pub profile: Vec<String>,
    /// Read a saved snapshot, or a directory of AWS CLI outputs, instead of AWS; may repeat.
    #[arg(long, value_name = "PATH")]
    pub snapshot: Vec<PathBuf>,
}

/// What the user declares about the world.
#[derive(Args, Debug)]
#[command(next_help_heading = "Declarations")]
pub struct IntentArgs {
    /// A network that must reach the Kubernetes API: CIDR[,via=ID][,sg=ID]...; may repeat.
    #[arg(long, value_name = "CIDR")]
    pub operator_cidr: Vec<String>,
    /// Declarations (operators, features); without it, privek-audit.yaml in the working directory.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What is planned.
#[derive(Args, Debug)]
#[command(next_help_heading = "Planned growth")]
pub struct GrowthArgs {
    /// Nodes that are planned besides those that run: do they fit?
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub nodes: Option<i64>,
    /// The type of the planned nodes; may repeat where each of several may be started.
    #[arg(long, value_name = "TYPE")]
    pub instance_type: Vec<String>,
    /// Pods that are planned on them; without it, as many as they hold.
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub pods: Option<i64>,
}

/// A cluster that is still to be created; `cluster:` in the declarations says the same.
#[derive(Args, Debug)]
#[command(next_help_heading = "Planned cluster")]
pub struct PlanArgs {
    /// The VPC of a cluster that is still to be created, to be read instead of a cluster; with
    /// --control-plane-subnet.
    #[arg(long, value_name = "VPC", conflicts_with = "cluster")]
    pub vpc: Option<String>,
    /// A subnet that the planned cluster's control plane will be given; may repeat.
    #[arg(long, value_name = "SUBNET", conflicts_with = "cluster")]
    pub control_plane_subnet: Vec<String>,
    /// A subnet of the planned cluster's nodes; without it, those of the control plane; may repeat.
    #[arg(long, value_name = "SUBNET", conflicts_with = "cluster")]
    pub node_subnet: Vec<String>,
    /// A security group of the planned control plane, besides the one that EKS makes; may repeat.
    #[arg(long, value_name = "GROUP", conflicts_with = "cluster")]
    pub security_group: Vec<String>,
    /// The planned version of Kubernetes, for instance 1.35.
    #[arg(long, value_name = "VERSION", conflicts_with = "cluster")]
    pub kubernetes_version: Option<String>,
}

/// Options of `snapshot`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot", "vpc"]).required(true).multiple(true)))]
pub struct SnapshotArgs {
    /// Where the state comes from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The VPC of a cluster that is still to be created, to be read instead of a cluster.
    #[arg(long, value_name = "VPC", conflicts_with_all = ["cluster", "snapshot"], help_heading = "State")]
    pub vpc: Option<String>,
    /// The file to write; without it, standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Replace account ids, addresses and names, consistently.
    #[arg(long, help_heading = "Output")]
    pub redact: bool,
}
