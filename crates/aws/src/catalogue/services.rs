//! Features, the AWS services that they need, and what the services' policies have to allow
//! (`rules/eks/services.yaml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use privek_core::known::{Known, Missing};
use serde::Deserialize;

/// The matrix as it is embedded.
pub(crate) const MATRIX: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/eks/services.yaml"));

/// Features, services, and what the services need.
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
    /// What an endpoint policy has to allow at least.
    #[serde(default)]
    pub policy: Vec<Needs>,
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
    policy: Vec::new(),
});

/// Actions on one resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Needs {
    /// IAM actions.
    pub actions: Vec<String>,
    /// An ARN with placeholders, or `*` for whatever there may be; none where the actions have none.
    #[serde(default)]
    pub resource: Option<String>,
    /// Who asks.
    #[serde(default)]
    pub caller: Sender,
    /// Whose the resource is.
    #[serde(default)]
    pub owner: Owner,
    /// Which clusters it is about: an address family, a system of nodes, or a feature; absent: all.
    #[serde(default)]
    pub when: Option<String>,
    /// What stops without it, where nodes and pods run all the same.
    #[serde(default)]
    pub optional: Option<String>,
}

/// The embedded matrix; a mistake in it is a mistake in this program, which a test finds.
pub(crate) fn matrix() -> Known<&'static Matrix> {
    static PARSED: LazyLock<Known<Matrix>> = LazyLock::new(|| {
        serde_saphyr::from_str(MATRIX).map_err(|error| {
            vec![Missing::unmodelled(format!("rules/eks/services.yaml, which cannot be read: {error}"))]
        })
    });
    PARSED.as_ref().map_err(Clone::clone)
}

/// Who sends a request through an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sender {
    /// Some role of the cluster's account: a node's or a pod's.
    #[default]
    Role,
    /// The roles of the nodes.
    Nodes,
    /// Whoever pulls images: the roles of the nodes, and those that Fargate runs pods with.
    Pullers,
    /// A pod with a token of the cluster's, and no AWS identity.
    Federated,
    /// Somebody with a URL that an account of ECR's signed.
    Ecr,
    /// No principal: the request is not signed.
    Anonymous,
}

/// Whose the resources are that a request is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Owner {
    /// The cluster's account.
    #[default]
    Own,
    /// The account of EKS's registry.
    Eks,
    /// The account of Bottlerocket's registry.
    Bottlerocket,
    /// Some account of AWS's.
    Aws,
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
