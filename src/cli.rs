//! The command line: what can be said, and the help that goes with it. No behaviour.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, value_parser};

use crate::report::Severity;
use crate::report::forwarders::Server;

const EXIT_CODES: &str = "\
Exit codes:
  0  ready (for drift: no regression)
  1  not ready: a failure at or above --fail-on (for drift: a new one)
  2  could not run: usage, a bad file or rule, credentials, the cluster cannot
     be read
  3  incomplete: no such failure, but something at or above --fail-on is unknown
     (for drift: something became unknown)
For trace: 0 open, 1 blocked, 3 unknown.
The other subcommands exit 0 when they ran.";

const AUDIT_EXAMPLES: &str = "\
Examples:
  privek-audit demo
  privek-audit --cluster foo --region eu-central-1
  privek-audit --cluster foo --operator-cidr 10.50.0.0/24,via=pcx-0a1,sg=sg-0b2
  privek-audit --cluster foo --nodes 50 --instance-type m6i.large --pods 900
  privek-audit --cluster foo --save-snapshot foo.json --format json \\
               --output report.json
  privek-audit --snapshot foo.json --fail-on warning
  privek-audit --vpc vpc-0a1 --control-plane-subnet subnet-0a1 \\
               --control-plane-subnet subnet-0c1  (before the cluster exists)
  privek-audit --snapshot directory-of-aws-cli-outputs/ --cluster foo";

const DRIFT_EXAMPLES: &str = "\
Examples:
  privek-audit snapshot --cluster foo -o baseline.json
  privek-audit drift --baseline baseline.json --cluster foo
  privek-audit drift --baseline report.json --snapshot today.json --format json";

const TRACE_EXAMPLES: &str = "\
Ends:
  eni-… i-… subnet-… vpce-… pl-…  a resource
  10.50.0.7  10.50.0.0/24         an address, a network
  ecr.api  sts  s3                an AWS service: the VPC endpoint that answers
  nodes  control-plane            a role in the cluster; also pods, fargate,
                                  efs, operators, services, hybrid-nodes,
                                  hybrid-pods, control-plane-subnets,
                                  resolver-inbound, -outbound, -targets
  head-office                     a network that privek-audit.yaml names
What AWS cannot know about a network or subnet follows it:
  10.50.0.0/24,via=pcx-0a1  subnet-0a1,sg=sg-0b2

Ports:
  tcp/443  udp/53  tcp/1024-65535  icmp (echo)  any (every protocol and port)

Examples:
  privek-audit trace --cluster foo --from nodes --to ecr.api --port tcp/443
  privek-audit trace --snapshot foo.json --from 10.50.0.0/24 \\
                     --to control-plane --port tcp/443
  privek-audit trace --region eu-central-1 --from eni-0a1 --to 10.20.0.5 \\
                     --port tcp/5432
  privek-audit trace --snapshot a --snapshot b --from subnet-0a1,sg=sg-0b2 \\
                     --to i-0c3 --port icmp

Exit codes:
  0  open: every packet arrives, and every reply
  1  blocked: at least a part of it; each object in the way is named, with the
     commands that mend it
  2  could not run: usage, a bad file, an end that is not there, credentials
  3  unknown: nothing that was read blocks it, but something is missing, which
     is named";

const PROBE_EXAMPLES: &str = "\
Examples:
  privek-audit probe --cluster foo
  privek-audit probe --snapshot foo.json --dns 10.0.0.2 --dns 192.168.0.53
  privek-audit probe --snapshot foo.json -o seen.json
  privek-audit --snapshot foo.json --snapshot seen.json
  privek-audit probe --cluster foo --print-targets -o targets.json
  privek-audit probe --targets targets.json --format json

Sends DNS questions and TLS greetings, nothing else; needs no rights.

Exit codes:
  0  everything that was probed is in order
  1  not ready: a failure at or above --fail-on
  2  could not run: usage, a bad file, credentials, the cluster cannot be read
  3  incomplete: no such failure, but something at or above --fail-on is unknown";

const FORWARDERS_HELP: &str = "\
The cluster's own host is forwarded by default, and nothing beside it: no other
name changes its way, and the host stays the same as long as the cluster lives.
--domain region forwards the names of all clusters in the region to this VPC,
which answers for other clusters as public DNS does: fewer changes where
clusters come and go, but all their names depend on this VPC then.

Examples:
  privek-audit forwarders --cluster foo --for unbound --output foo.conf
  privek-audit forwarders --snapshot foo.json --for bind --services

Exit codes:
  0  written
  2  could not run: also where the VPC has no inbound endpoint that answers";

/// Audits the network of a private EKS cluster before a rollout: will it work, and can its
/// operators reach it? Reads only, changes nothing, and reports to nobody.
#[derive(Debug, Parser)]
#[command(
    name = "privek-audit",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = EXIT_CODES,
    after_long_help = format!("{AUDIT_EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct Cli {
    /// What to do; without one, audit.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The audit's options.
    #[command(flatten)]
    pub audit: AuditArgs,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Audit the closed network that is built into the program; needs no AWS account.
    Demo(DemoArgs),
    /// Read a cluster's state and save it, without an audit.
    Snapshot(SnapshotArgs),
    /// Follow packets from one end to another and back, hop by hop; needs no cluster.
    #[command(after_help = TRACE_EXAMPLES)]
    Trace(Box<TraceArgs>),
    /// From where it runs, look up the names that a cluster needs and greet the addresses behind them.
    #[command(after_help = PROBE_EXAMPLES)]
    Probe(Box<ProbeArgs>),
    /// List, explain or check rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Print the IAM policy that the program needs: every operation it may call, and no other.
    IamPolicy,
    /// Write the configuration with which a DNS server outside AWS asks the cluster's VPC for its names.
    #[command(after_help = FORWARDERS_HELP)]
    Forwarders(Box<ForwardersArgs>),
    /// Compare with a saved snapshot or an earlier JSON report.
    #[command(after_help = format!("{DRIFT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Drift(Box<DriftArgs>),
}

/// Options of the audit.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot", "vpc", "config"]).required(true).multiple(true)))]
pub struct AuditArgs {
    /// Where the state comes from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What the user declares.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// What is planned.
    #[command(flatten)]
    pub growth: GrowthArgs,
    /// A cluster that is still to be created.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Also keep what was read, for --snapshot.
    #[arg(long, value_name = "FILE")]
    pub save_snapshot: Option<PathBuf>,
    /// Also probe from here: look up the names that the cluster needs, and greet their addresses.
    #[arg(long)]
    pub probe: bool,
    /// Where and how it is probed.
    #[command(flatten)]
    pub probing: ProbingArgs,
    /// Which rules, and how strict.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Where the state comes from: AWS, or files.
#[derive(Args, Debug)]
pub struct SourceArgs {
    /// The cluster to read; with --snapshot, which of the clusters in it.
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// The VPC of a cluster that is still to be created, to be read instead of a cluster; for an audit
    /// and a trace, with --control-plane-subnet.
    #[arg(long, value_name = "VPC", conflicts_with = "cluster")]
    pub vpc: Option<String>,
    /// AWS region; without it, as the AWS CLI finds it (`AWS_REGION`, profile).
    #[arg(long, value_name = "REGION", conflicts_with = "snapshot")]
    pub region: Option<String>,
    /// Profile of the AWS configuration; without it, `AWS_PROFILE` or the default. May repeat: the
    /// first one's account holds the cluster, the others read what their accounts share with it.
    #[arg(long, value_name = "PROFILE", conflicts_with = "snapshot")]
    pub profile: Vec<String>,
    /// Read a saved snapshot, or a directory of AWS CLI outputs, instead of AWS; may repeat.
    #[arg(long, value_name = "PATH")]
    pub snapshot: Vec<PathBuf>,
}

/// What the user declares about the world.
#[derive(Args, Debug)]
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
pub struct PlanArgs {
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

/// Where and how it is probed.
#[derive(Args, Debug)]
pub struct ProbingArgs {
    /// A DNS server to ask besides those of this machine: ADDRESS[:PORT]; may repeat.
    #[arg(long, value_name = "SERVER")]
    pub dns: Vec<String>,
    /// What to call the place that is probed from, instead of the host's name (in a pod: pod).
    #[arg(long, value_name = "NAME")]
    pub vantage: Option<String>,
    /// The longest that one try of a probe may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = value_parser!(u64).range(1..=60))]
    pub timeout: u64,
    /// The longest that a whole probe may take, in seconds; what is not done by then is said.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = value_parser!(u64).range(1..=600))]
    pub deadline: u64,
}

/// Options of `probe`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot", "targets"]).required(true).multiple(true)))]
pub struct ProbeArgs {
    /// Where the state comes from, which says what to probe.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What to probe, as --print-targets wrote it, where no state can be read.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cluster", "snapshot"])]
    pub targets: Option<PathBuf>,
    /// Print what would be probed, and probe nothing.
    #[arg(long, conflicts_with_all = ["targets", "format"])]
    pub print_targets: bool,
    /// Where and how it is probed.
    #[command(flatten)]
    pub probing: ProbingArgs,
    /// What the user declares.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// Which rules, and how strict.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// The form of what is printed.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Also keep what was seen, for --snapshot; with --print-targets, write them to this file.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// No colours, even on a terminal; `NO_COLOR` does the same.
    #[arg(long)]
    pub no_color: bool,
}

/// Which rules, and how strict.
#[derive(Args, Debug)]
pub struct JudgeArgs {
    /// From which severity on a failure means "not ready".
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOn::Blocker)]
    pub fail_on: FailOn,
    /// Judge dates, such as the end of support, as of this day instead of the reading's.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// More rules, from a directory of YAML files; may repeat.
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

/// Where the report goes, and in which form.
#[derive(Args, Debug)]
pub struct OutputArgs {
    /// The report's form.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the report to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace account ids, addresses and names, consistently, in all that is saved or printed.
    #[arg(long)]
    pub redact: bool,
    /// No colours, even on a terminal; `NO_COLOR` does the same.
    #[arg(long)]
    pub no_color: bool,
}

/// Options of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Which rules, and how strict.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options of `snapshot`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot", "vpc"]).required(true).multiple(true)))]
pub struct SnapshotArgs {
    /// Where the state comes from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The file to write; without it, standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace account ids, addresses and names, consistently.
    #[arg(long)]
    pub redact: bool,
}

/// Options of `trace`.
#[derive(Args, Debug)]
pub struct TraceArgs {
    /// Who opens the connection.
    #[arg(long, value_name = "END")]
    pub from: String,
    /// Whom it is opened to.
    #[arg(long, value_name = "END")]
    pub to: String,
    /// On which protocol and port of the destination.
    #[arg(long, value_name = "PORT")]
    pub port: String,
    /// Where the state comes from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What the user declares.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// A cluster that is still to be created.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Where the answer goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options of `drift`.
#[derive(Args, Debug)]
pub struct DriftArgs {
    /// What to compare with: a saved snapshot (judged again by today's rules) or a JSON report.
    #[arg(long, value_name = "FILE")]
    pub baseline: PathBuf,
    /// The audit of today.
    #[command(flatten)]
    pub audit: AuditArgs,
}

/// Options of `forwarders`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot"]).required(true).multiple(true)))]
pub struct ForwardersArgs {
    /// The kind of DNS server.
    #[arg(long = "for", value_name = "SERVER", value_enum)]
    pub server: ServerKind,
    /// What is forwarded for the cluster: its own host, or its region's domain of all clusters.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = ForwardedDomain::Host)]
    pub domain: ForwardedDomain,
    /// Also the names of the services that the VPC's interface endpoints answer for; a cluster with
    /// hybrid nodes has them anyway.
    #[arg(long)]
    pub services: bool,
    /// Where the state comes from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Declarations (features, which need services); without it, privek-audit.yaml in the working directory.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What is forwarded for the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForwardedDomain {
    /// The cluster's own host.
    Host,
    /// The domain of all clusters of the region.
    Region,
}

/// The kinds of DNS servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServerKind {
    /// BIND 9, a file to include.
    Bind,
    /// dnsmasq, a file for conf-dir.
    Dnsmasq,
    /// Unbound, a file for include-toplevel.
    Unbound,
    /// `CoreDNS`, server blocks.
    Coredns,
    /// Windows, PowerShell commands.
    Windows,
}

impl From<ServerKind> for Server {
    fn from(kind: ServerKind) -> Self {
        match kind {
            ServerKind::Bind => Self::Bind,
            ServerKind::Dnsmasq => Self::Dnsmasq,
            ServerKind::Unbound => Self::Unbound,
            ServerKind::Coredns => Self::CoreDns,
            ServerKind::Windows => Self::Windows,
        }
    }
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules.
    List {
        /// The list's form.
        #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
        format: Format,
        /// More rules, from a directory of YAML files; may repeat.
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// Say all there is to say about one rule.
    Explain {
        /// The rule's id, as reports and `rules list` show it.
        id: String,
        /// More rules, from a directory of YAML files; may repeat.
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// List the fields that a rule's expressions and texts can read.
    Fields {
        /// The kind of subject; all if absent.
        kind: Option<String>,
    },
    /// Check a directory of rules of your own.
    Check {
        /// The directory.
        directory: PathBuf,
    },
}

/// The report's forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs; docs/*.schema.json describe reports, traces and drift.
    Json,
}

/// The severities that can make a cluster "not ready".
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Nodes, pods or operators cannot work.
    Blocker,
    /// Also what works only until a named event, or is insecure.
    Warning,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Blocker => Self::Blocker,
            FailOn::Warning => Self::Warning,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_audit_needs_a_cluster_or_a_snapshot() {
        assert_eq!(parse("privek-audit").unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
        assert_eq!(parse("privek-audit").unwrap_err().exit_code(), 2);
        let said = parse("privek-audit --region eu-west-1").unwrap_err().to_string();
        assert!(said.contains("<--cluster <NAME>|--snapshot <PATH>|--vpc <VPC>|--config <FILE>>"), "{said}");
        assert!(parse("privek-audit --cluster foo").is_ok());
        assert!(parse("privek-audit --snapshot a.json --snapshot b").is_ok());
        assert!(parse("privek-audit drift --baseline a.json").is_err());
        assert!(parse("privek-audit drift --baseline a.json --cluster foo").is_ok());
    }

    #[test]
    fn a_trace_needs_two_ends_and_a_port_and_no_cluster() {
        assert!(parse("privek-audit trace --from nodes --to ecr.api --port tcp/443 --cluster foo").is_ok());
        assert!(
            parse("privek-audit trace --from eni-1 --to eni-2 --port tcp/443 --region eu-west-1").is_ok()
        );
        assert!(
            parse("privek-audit trace --from eni-1 --to eni-2 --port icmp --snapshot a --snapshot b").is_ok()
        );
        assert_eq!(parse("privek-audit trace --from eni-1 --port icmp").unwrap_err().exit_code(), 2);
        assert_eq!(parse("privek-audit trace --from eni-1 --to eni-2").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_probe_needs_to_know_what_to_probe_and_is_bounded() {
        assert!(parse("privek-audit probe --targets t.json --dns 10.0.0.2 --dns ::1 --timeout 1").is_ok());
        assert!(parse("privek-audit probe --cluster foo --print-targets -o t.json").is_ok());
        assert!(parse("privek-audit --cluster foo --probe --dns 10.0.0.2 --vantage bastion").is_ok());
        for line in [
            "privek-audit probe",
            "privek-audit probe --targets t.json --cluster foo",
            "privek-audit probe --targets t.json --print-targets",
            "privek-audit probe --cluster foo --timeout 0",
            "privek-audit probe --cluster foo --deadline 601",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn forwarders_need_a_kind_of_server_and_a_cluster_that_exists() {
        for kind in ["bind", "dnsmasq", "unbound", "coredns", "windows"] {
            assert!(parse(&format!("privek-audit forwarders --cluster foo --for {kind}")).is_ok(), "{kind}");
        }
        assert!(parse("privek-audit forwarders --snapshot a --for bind --domain region --services").is_ok());
        for line in
            ["forwarders --cluster foo", "forwarders --for bind", "forwarders --for djbdns --cluster foo"]
        {
            assert_eq!(parse(&format!("privek-audit {line}")).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_other_subcommands_need_no_cluster() {
        assert!(parse("privek-audit demo --format json").is_ok());
        assert!(parse("privek-audit iam-policy").is_ok());
        assert!(parse("privek-audit rules explain some-rule").is_ok());
        assert!(parse("privek-audit rules check dir").is_ok());
    }

    #[test]
    fn a_saved_snapshot_excludes_the_options_that_only_aws_understands() {
        assert!(parse("privek-audit --snapshot a.json --region eu-west-1").is_err());
        assert!(parse("privek-audit --snapshot a.json --profile p").is_err());
        assert!(parse("privek-audit --snapshot a.json --cluster foo").is_ok());
    }

    #[test]
    fn the_help_states_the_exit_codes() {
        let help = Cli::command().render_help().to_string();
        assert!(help.contains("3  incomplete"), "{help}");
    }
}
