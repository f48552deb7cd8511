//! Sources of the state, and the user's declarations and plans.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};

/// Sources of the state: AWS, or files.
#[derive(Args, Debug)]
#[command(next_help_heading = "State")]
pub struct SourceArgs {
    /// The cluster to read; with --snapshot, the cluster to select from the snapshot.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub cluster: Option<String>,
    /// The AWS region; default: the region of the environment or the profile, as in the AWS CLI.
    #[arg(long, value_name = "REGION", conflicts_with = "snapshot", value_parser = NonEmptyStringValueParser::new())]
    pub region: Option<String>,
    /// Profile of the AWS configuration; default: as in the AWS CLI. May be repeated: the first profile
    /// is of the cluster's account, the others are of accounts that share resources with the cluster's account.
    #[arg(long, value_name = "PROFILE", conflicts_with = "snapshot")]
    pub profile: Vec<String>,
    /// Read a saved snapshot, or a directory of AWS CLI outputs, instead of AWS; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub snapshot: Vec<PathBuf>,
}

/// Declarations of the user.
#[derive(Args, Debug)]
#[command(next_help_heading = "Declarations")]
pub struct IntentArgs {
    /// A network that must reach the cluster API endpoint: CIDR[,via=ID][,sg=ID]...; may be repeated.
    #[arg(long, value_name = "CIDR")]
    pub operator_cidr: Vec<String>,
    /// File with declarations (operators, features); default: privek-audit.yaml in the working directory.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Planned growth.
#[derive(Args, Debug)]
#[command(next_help_heading = "Planned growth")]
pub struct GrowthArgs {
    /// The number of planned nodes, in addition to the running nodes; the audit checks the free addresses.
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub nodes: Option<i64>,
    /// The instance type of the planned nodes; may be repeated where several types are possible.
    #[arg(long, value_name = "TYPE")]
    pub instance_type: Vec<String>,
    /// The number of planned pods; default: the maximum number of pods of the planned nodes.
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub pods: Option<i64>,
}

/// A planned cluster, like `cluster:` in the declarations.
#[derive(Args, Debug)]
#[command(next_help_heading = "Planned cluster")]
pub struct PlanArgs {
    /// The VPC of a planned cluster, read instead of a cluster; needs --control-plane-subnet.
    #[arg(long, value_name = "VPC", conflicts_with = "cluster")]
    pub vpc: Option<String>,
    /// A control plane subnet of the planned cluster; may be repeated.
    #[arg(long, value_name = "SUBNET", conflicts_with = "cluster")]
    pub control_plane_subnet: Vec<String>,
    /// A node subnet of the planned cluster; default: the control plane subnets; may be repeated.
    #[arg(long, value_name = "SUBNET", conflicts_with = "cluster")]
    pub node_subnet: Vec<String>,
    /// An additional security group of the planned control plane; may be repeated.
    #[arg(long, value_name = "GROUP", conflicts_with = "cluster")]
    pub security_group: Vec<String>,
    /// The planned Kubernetes version, for instance 1.35.
    #[arg(long, value_name = "VERSION", conflicts_with = "cluster")]
    pub kubernetes_version: Option<String>,
}

/// Options of `snapshot`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot", "vpc"]).required(true).multiple(true)))]
pub struct SnapshotArgs {
    /// Source of the state.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The VPC of a planned cluster, read instead of a cluster.
    #[arg(long, value_name = "VPC", conflicts_with_all = ["cluster", "snapshot"], help_heading = "State")]
    pub vpc: Option<String>,
    /// Print one POSIX shell script of AWS CLI commands that reads the cluster's state into a directory, for a
    /// machine without privek-audit. Nothing is read now.
    #[arg(
        long,
        requires = "cluster",
        conflicts_with_all = ["snapshot", "vpc", "redact"],
        help_heading = "Output"
    )]
    pub commands: bool,
    /// The file to write; default: standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Replace account ids, addresses and names consistently.
    #[arg(long, help_heading = "Output")]
    pub redact: bool,
}
