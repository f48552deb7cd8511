//! Options of the configuration for DNS servers.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use privek_core::report::forwarders::Server;

use super::input::SourceArgs;

/// Options of `forwarders`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot"]).required(true).multiple(true)))]
pub struct ForwardersArgs {
    /// The kind of DNS server.
    #[arg(long = "for", value_name = "SERVER", value_enum)]
    pub server: ServerKind,
    /// The domain to forward: the host name of the cluster API endpoint, or the EKS domain of the region.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = ForwardedDomain::Host)]
    pub domain: ForwardedDomain,
    /// Also forward the names of AWS services with an interface VPC endpoint; always on for a cluster
    /// with hybrid nodes.
    #[arg(long)]
    pub services: bool,
    /// Source of the state.
    #[command(flatten)]
    pub source: SourceArgs,
    /// File with declarations (features); default: privek-audit.yaml in the working directory.
    #[arg(long, value_name = "FILE", help_heading = "Declarations")]
    pub config: Option<PathBuf>,
    /// Write to a file instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// The domain to forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForwardedDomain {
    /// The host name of the cluster API endpoint.
    Host,
    /// The domain of all EKS clusters in the region.
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
    #[value(help = "CoreDNS, server blocks")]
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
