//! What the user says about the world that the provider cannot know: flags and `privek-audit.yaml`.
//!
//! Every mistake in it is an error that names the file, the line, the column, the field and
//! what would be right: a typo must never weaken an audit silently.

mod declared;
mod dialect;
mod error;
mod growth;
mod operators;
mod written;

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use serde_saphyr::Location;

use crate::yaml;

pub use declared::{Growth, Intent, Network, Nodes, Operator, Pods};
pub use dialect::{Dialect, Ids};
pub use error::{IntentError, Wrong};
pub use operators::{Declared, LONGEST, declarations, parse_cidr, shown};
pub use written::checked;

use written::Written;

impl<P: Dialect> Intent<P> {
    /// Reads a declaration file.
    pub fn read(path: &Path) -> Result<Self, IntentError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_yaml(&file, &text),
            Err(source) => Err(IntentError::Unreadable { file, source }),
        }
    }

    /// Understands the text of a declaration file; `file` is its name in errors.
    pub fn from_yaml(file: &str, text: &str) -> Result<Self, IntentError> {
        let wrong_at =
            |(line, column), what| IntentError::Wrong { file: file.to_owned(), line, column, what };
        let wrong = |at: Location, what: String| wrong_at(yaml::place(at), what);
        // An empty file declares nothing; it is not a mistake.
        let parsed: Option<Written<P::Written>> =
            yaml::parse(text).map_err(|mistake| wrong_at((mistake.line, mistake.column), mistake.what))?;
        parsed.map_or_else(|| Ok(Self::default()), |written| written.understood(&wrong))
    }

    /// Adds the operators that flags declare to those of the file.
    pub fn merge_flags(mut self, flags: Vec<Operator>) -> Result<Self, IntentError> {
        for operator in flags {
            let list = self.operators.get_or_insert_with(Vec::new);
            if list.iter().any(|known| known.name == operator.name) {
                return Err(IntentError::Flag {
                    flag: operator.name,
                    what: "the network is declared twice; each operator network needs a unique name".into(),
                });
            }
            list.push(operator);
        }
        Ok(self)
    }

    /// Replaces the growth of the file by the growth that flags plan.
    ///
    /// # Errors
    /// A plan that lacks its nodes or their types, or names a count or a type that cannot be.
    pub fn merge_growth(
        mut self,
        nodes: Option<i64>,
        instance_types: &[String],
        pods: Option<i64>,
    ) -> Result<Self, IntentError> {
        let fail = |flag: &str, what: String| IntentError::Plan { flag: flag.to_owned(), what };
        let nodes = match (nodes, instance_types.is_empty(), pods) {
            (None, true, None) => return Ok(self),
            (Some(nodes), ..) => nodes,
            (None, ..) => {
                return Err(fail(
                    "--nodes",
                    "set the number of planned nodes, for instance --nodes 50".into(),
                ));
            }
        };
        growth::check_count(nodes).map_err(|what| fail("--nodes", what))?;
        pods.map_or(Ok(()), growth::check_count).map_err(|what| fail("--pods", what))?;
        for name in instance_types {
            (P::IDS.instance_type)(name).map_err(|what| fail("--instance-type", what))?;
        }
        let of_file = self.growth.take().unwrap_or_default();
        let instance_types = if instance_types.is_empty() { &of_file.instance_types } else { instance_types };
        if instance_types.is_empty() {
            let what = "set the type of the planned nodes, for instance --instance-type m6i.large";
            return Err(fail("--instance-type", what.into()));
        }
        let pods = pods.or(of_file.pods);
        let instance_types = instance_types.to_vec();
        self.growth = Some(Growth { nodes, instance_types, pods, subnets: of_file.subnets });
        Ok(self)
    }

    /// The same declaration with every address, name and id replaced, for sharing.
    #[must_use]
    pub fn redacted(&self, net: impl Fn(IpNet) -> IpNet, text: impl Fn(&str) -> String) -> Self {
        let operators = self.operators.as_ref().map(|list| {
            list.iter()
                .map(|operator| {
                    let cidr = net(operator.cidr);
                    let servers = |all: &[IpAddr]| -> Vec<IpAddr> {
                        all.iter().map(|&server| net(IpNet::from(server)).addr()).collect()
                    };
                    let named_by_cidr = operator.name == operator.cidr.to_string();
                    Operator {
                        name: if named_by_cidr { cidr.to_string() } else { text(&operator.name) },
                        cidr,
                        dns: servers(&operator.dns),
                        forwards_to: operator.forwards_to.as_deref().map(servers),
                        public_dns: operator.public_dns,
                        via: operator.via.as_deref().map(&text),
                        security_groups: operator.security_groups.iter().map(|group| text(group)).collect(),
                    }
                })
                .collect()
        });
        let networks = self.networks.iter().enumerate().map(|(at, network)| Network {
            name: format!("network-{}", at + 1),
            cidr: net(network.cidr),
            via: network.via.as_deref().map(&text),
            security_groups: network.security_groups.iter().map(|group| text(group)).collect(),
        });
        let each = |ids: &[String]| ids.iter().map(|id| text(id)).collect();
        Self {
            operators,
            features: self.features.clone(),
            networks: networks.collect(),
            pods: self.pods.as_ref().map(|pods| Pods {
                subnets: each(&pods.subnets),
                security_groups: each(&pods.security_groups),
            }),
            nodes: self.nodes.as_ref().map(|nodes| Nodes {
                subnets: each(&nodes.subnets),
                security_groups: each(&nodes.security_groups),
            }),
            cluster: self.cluster.as_ref().map(|plan| plan.redacted(&text, &net)),
            webhook_ports: self.webhook_ports.clone(),
            as_of: self.as_of.clone(),
            growth: self
                .growth
                .as_ref()
                .map(|growth| Growth { subnets: each(&growth.subnets), ..growth.clone() }),
        }
    }
}
