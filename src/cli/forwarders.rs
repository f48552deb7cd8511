//! Options of what is written for DNS servers.

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
    #[arg(long, value_name = "FILE", help_heading = "Declarations")]
    pub config: Option<PathBuf>,
    /// Write to a file instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
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
