//! Features, and the AWS services that they need (`rules/eks/services.yaml`). What callers need of a service is
//! in `iam.rs`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use privek_core::known::{Known, Missing};
use serde::Deserialize;

use super::iam::Need;

/// The matrix as it is embedded.
pub(crate) const MATRIX: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/eks/services.yaml"));

/// Features and services.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matrix {
    /// By feature.
    pub features: BTreeMap<String, Feature>,
    /// By suffix of the service's name.
    pub services: BTreeMap<String, Service>,
}

/// Something that a cluster may use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Feature {
    /// What shows it, for readers.
    #[cfg_attr(not(test), expect(dead_code, reason = "documentation for readers of the matrix"))]
    detected: String,
    /// Whether it may be used without AWS showing it.
    #[serde(default)]
    pub unseen: bool,
    /// Suffixes of the services that it needs.
    pub services: Vec<String>,
    /// The roles whose machines call them; empty: any may.
    #[serde(default)]
    pub clients: Vec<String>,
    /// What stops without the services, where nodes and pods run all the same.
    #[serde(default)]
    pub optional: Option<String>,
    /// TCP ports on which its pods serve webhooks or aggregated APIs to the control plane.
    #[serde(default)]
    pub control_plane_ports: Vec<u16>,
}

impl Feature {
    /// Whether it needs a service.
    pub fn needs(&self, service: &str) -> bool {
        self.services.iter().any(|suffix| suffix == service)
    }

    /// Whether it names a role whose machines call its services.
    pub fn is_called_by(&self, role: &str) -> bool {
        self.clients.iter().any(|client| client == role)
    }
}

/// An AWS service as an endpoint offers it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Endpoint types that can serve nodes.
    pub types: Vec<String>,
    /// Whether clients cannot be configured with another host name.
    #[serde(default)]
    pub name_fixed: bool,
    /// Whether its name carries no region.
    #[serde(default)]
    pub global: bool,
    /// By partition, the region that serves a global name; an endpoint in another one names it.
    #[serde(default)]
    pub home: BTreeMap<String, String>,
    /// The service above whose names this one's lie: the endpoint of that one hides them.
    #[serde(default)]
    pub beneath: Option<String>,
    /// The names that its clients ask for, where they are not the usual one.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// By partition, the names that nodes ask for besides where they use FIPS endpoints.
    #[serde(default)]
    pub fips: BTreeMap<String, Vec<String>>,
    /// The prefix of its IAM actions, where that is not its suffix; `*` where requests have none.
    #[serde(default)]
    pub prefix: Option<String>,
}

impl Service {
    /// The prefix of its IAM actions.
    pub fn prefix<'s>(&'s self, suffix: &'s str) -> &'s str {
        self.prefix.as_deref().unwrap_or(suffix)
    }

    /// Whether requests for an action go to the service with this suffix.
    pub fn carries(&self, suffix: &str, need: &Need, action: &str) -> bool {
        if need.through.is_empty() {
            action.split_once(':').is_some_and(|(prefix, _)| prefix == self.prefix(suffix))
        } else {
            need.through.iter().any(|through| through == suffix)
        }
    }
}

/// A service that the matrix does not have.
pub(crate) static OTHER: LazyLock<Service> = LazyLock::new(|| Service {
    types: vec!["Interface".into(), "Gateway".into()],
    name_fixed: false,
    global: false,
    home: BTreeMap::new(),
    beneath: None,
    hosts: Vec::new(),
    fips: BTreeMap::new(),
    prefix: None,
});

/// The embedded matrix; a mistake in it is a mistake in this program, which a test finds.
pub(crate) fn matrix() -> Known<&'static Matrix> {
    static PARSED: LazyLock<Known<Matrix>> = LazyLock::new(|| {
        serde_saphyr::from_str(MATRIX).map_err(|error| {
            vec![Missing::unmodelled(format!("rules/eks/services.yaml, which cannot be read: {error}"))]
        })
    });
    PARSED.as_ref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_needs_services_of_the_matrix_and_every_service_is_needed_by_one() {
        let matrix = matrix().unwrap();
        for (name, feature) in &matrix.features {
            assert!(!feature.detected.is_empty());
            for service in &feature.services {
                assert!(matrix.services.contains_key(service), "{name} needs the unknown service {service}");
            }
        }
        for service in matrix.services.keys() {
            assert!(matrix.features.values().any(|feature| feature.services.contains(service)), "{service}");
        }
    }
}
