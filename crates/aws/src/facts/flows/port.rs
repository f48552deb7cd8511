//! The ports of flows: one, or a word for those that the cluster and its environment name.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use privek_core::known::Known;
use privek_core::sets::ports::{Ports, PortsError, Protocol};

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::features;

/// The word for the ports on which pods answer the control plane.
const WEBHOOKS: &str = "webhooks";

/// The word for the ports that the destinations name themselves.
const TARGETS: &str = "targets";

/// The ports of webhooks and aggregated APIs where none are declared: the ports that
/// EKS requires between the control plane and nodes
/// (<https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>).
const USUAL: [u16; 2] = [443, 10250];

/// The port of a flow, as a rule writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowPort {
    /// A protocol and its ports.
    Fixed(Ports),
    /// `webhooks`: one flow for each port on which pods serve webhooks or aggregated APIs.
    Webhooks,
    /// `tcp/targets` and `udp/targets`: the port that each destination names, as resolver rules do.
    Targets(Protocol),
}

/// What is wrong with the text of a flow's port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; also valid are webhooks (ports of features and webhook_ports), tcp/targets and udp/targets (ports of resolver-targets)"
)]
pub struct FlowPortError(#[source] PortsError);

impl FromStr for FlowPort {
    type Err = FlowPortError;

    fn from_str(text: &str) -> Result<Self, FlowPortError> {
        match text.split_once('/') {
            None if text == WEBHOOKS => Ok(Self::Webhooks),
            Some(("tcp", TARGETS)) => Ok(Self::Targets(Protocol::Tcp)),
            Some(("udp", TARGETS)) => Ok(Self::Targets(Protocol::Udp)),
            _ => text.parse().map(Self::Fixed).map_err(FlowPortError),
        }
    }
}

impl fmt::Display for FlowPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(ports) => write!(f, "{ports}"),
            Self::Webhooks => f.write_str(WEBHOOKS),
            Self::Targets(protocol) => {
                write!(f, "{}/{TARGETS}", if *protocol == Protocol::Udp { "udp" } else { "tcp" })
            }
        }
    }
}

/// One port that flows are asked for, and whether the cluster needs it.
#[derive(Clone, Debug)]
pub(crate) struct AskedPort {
    /// The port, or that each destination names its own.
    pub port: FlowPort,
    /// Whether the cluster needs it.
    pub needed: Known<bool>,
}

/// The ports behind a flow's port, needed or not, so that what is listed does not hang on what was read.
pub(crate) fn asked(context: &Context<'_>, port: FlowPort) -> Known<Vec<AskedPort>> {
    if port != FlowPort::Webhooks {
        return Ok(vec![AskedPort { port, needed: Ok(true) }]);
    }
    let matrix = services::matrix()?;
    let used = features::used(context, matrix);
    let declared = context.intent.webhook_ports.as_ref();
    let of_features = matrix.features.values().flat_map(|feature| &feature.control_plane_ports);
    let mut known: BTreeSet<u16> = of_features.chain(declared.into_iter().flatten()).copied().collect();
    let by_feature =
        |port: u16| features::by_some(matrix, &used, |feature| feature.control_plane_ports.contains(&port)).0;
    // Whether some port is known to be served on, so that nothing has to be supposed.
    let any = match declared {
        Some(_) => Ok(true),
        None => features::by_some(matrix, &used, |feature| !feature.control_plane_ports.is_empty()).0,
    };
    let supposed = any.map(|any| !any);
    if supposed == Ok(true) {
        context.assume(
            "Webhooks and aggregated APIs use tcp/443 and tcp/10250, the ports that EKS requires (webhook_ports: in privek-audit.yaml declares others, [] declares none).",
        );
    }
    known.extend(USUAL);
    let needed = |port: u16| {
        if declared.is_some_and(|ports| ports.contains(&port)) {
            return Ok(true);
        }
        match (by_feature(port), USUAL.contains(&port)) {
            (Ok(true), _) | (_, false) => by_feature(port),
            (Ok(false), true) => supposed.clone(),
            (Err(missing), true) => {
                if supposed == Ok(true) {
                    Ok(true)
                } else {
                    Err(missing)
                }
            }
        }
    };
    let fixed = |port: u16| FlowPort::Fixed(Ports { protocol: Protocol::Tcp, from: port, to: port });
    Ok(known.into_iter().map(|port| AskedPort { port: fixed(port), needed: needed(port) }).collect())
}
