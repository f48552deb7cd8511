//! What the parts of a cluster call, with whose credentials, and what AWS's managed policies allow
//! (`rules/eks/iam.yaml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

pub(crate) const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/eks/iam.yaml"));

/// The table as it is embedded.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IamTable {
    /// What calls AWS, by name.
    pub components: BTreeMap<String, Component>,
    /// EKS add-ons, by name.
    pub addons: BTreeMap<String, AddonComponents>,
    /// AWS managed policies, by name.
    pub managed: BTreeMap<String, Managed>,
    /// Managed policies for the role of a cluster in Auto Mode.
    pub auto_mode: Vec<String>,
}

/// A part of a cluster that calls AWS.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    /// For messages.
    pub name: String,
    /// Features that bring it.
    #[serde(default)]
    pub features: Vec<String>,
    /// Whose credentials it uses.
    #[serde(default)]
    pub caller: Sender,
    /// Its service accounts by the published defaults, as `namespace/name`.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Whether it has a pod on every node.
    #[serde(default)]
    pub every_node: bool,
    /// Whether its pods are in the network of the node: with its address, and reaching instance metadata as it does.
    #[serde(default)]
    pub host_network: bool,
    /// Where its policy is published, for readers.
    #[cfg_attr(not(test), expect(dead_code, reason = "documentation for readers of the table"))]
    source: String,
    /// What it calls.
    pub needs: Vec<Need>,
}

impl Component {
    /// Its service accounts: namespace and name.
    pub fn service_accounts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.accounts.iter().filter_map(|account| account.split_once('/'))
    }
}

/// Actions that take no resource, or each action on each resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Need {
    /// IAM actions.
    pub actions: Vec<String>,
    /// ARNs with placeholders, in which `*` stands for whatever there may be.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Condition keys of the request.
    #[serde(default)]
    pub keys: BTreeMap<String, KeyValue>,
    /// The cluster's own among these resources, in words, where only Kubernetes shows which they are.
    #[serde(default)]
    pub chosen: Option<String>,
    /// Whose the resources are.
    #[serde(default)]
    pub owner: Owner,
    /// The VPC endpoints that carry the requests, where the actions' prefix does not say so.
    #[serde(default)]
    pub through: Vec<String>,
    /// Which clusters it is about: an address family, a system of nodes, or a feature; absent: all.
    #[serde(default)]
    pub when: Option<String>,
    /// What stops without it, where the component runs all the same.
    #[serde(default)]
    pub optional: Option<String>,
}

/// What a request has under a condition key.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeyValue {
    /// This value.
    One(String),
    /// These values.
    Several(Vec<String>),
    /// This value, or nothing: which, the component's settings decide.
    Perhaps {
        /// The value.
        perhaps: String,
    },
}

/// What an EKS add-on consists of.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddonComponents {
    /// Components that call AWS with the add-on's own credentials; none: it calls nothing.
    #[serde(default)]
    pub components: Vec<String>,
    /// AWS managed policies for its role, with their paths.
    #[serde(default)]
    pub policies: Vec<String>,
    /// What its permissions are not needed for, and AWS does not show.
    #[serde(default)]
    pub unless: Option<String>,
}

/// What an AWS managed policy allows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Managed {
    /// On every resource.
    pub actions: Vec<String>,
    /// On some resources only.
    #[serde(default)]
    pub limited: Vec<Limited>,
    /// Actions that it denies, on every resource.
    #[serde(default)]
    pub denies: Vec<String>,
}

/// Actions on some resources.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limited {
    /// IAM actions.
    pub actions: Vec<String>,
    /// Patterns of ARNs.
    pub resources: Vec<String>,
}

/// Who sends a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sender {
    /// Some role of the cluster's account that AWS does not show.
    #[default]
    Role,
    /// The roles of the nodes.
    Nodes,
    /// The roles of nodes whose start-up scripts call the EKS API; where the feature is declared, any role.
    Bootstrap,
    /// Whoever pulls images: the roles of the nodes, and those that Fargate runs pods with.
    Pullers,
    /// The roles of hybrid nodes.
    Hybrid,
    /// The role of the component's service account, or the node's.
    Pods,
    /// A pod with a token of the cluster's, and no AWS identity.
    Federated,
    /// Somebody with a URL that an account of ECR's signed.
    Ecr,
    /// No principal: the request is not signed.
    Anonymous,
    /// EKS itself, from outside the VPC.
    Eks,
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

/// The embedded table; a mistake in it is a mistake in this program, which a test finds.
pub(crate) static PARSED: LazyLock<IamTable> =
    LazyLock::new(|| serde_saphyr::from_str(TABLE).unwrap_or_default());

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalogue::services;

    #[test]
    fn every_component_has_a_source_and_features_of_the_matrix() {
        let table: IamTable = serde_saphyr::from_str(TABLE).unwrap();
        let matrix = services::matrix().unwrap();
        for (name, component) in &table.components {
            assert!(component.source.starts_with("https://"), "{name}");
            for feature in &component.features {
                assert!(matrix.features.contains_key(feature), "{name} has the unknown feature {feature}");
            }
            assert_eq!(component.caller == Sender::Pods, !component.accounts.is_empty(), "{name}");
            assert_eq!(component.service_accounts().count(), component.accounts.len(), "{name}");
            for need in &component.needs {
                assert!(!need.actions.is_empty() && need.actions.iter().all(|action| action.contains(':')));
                for suffix in &need.through {
                    assert!(matrix.services.contains_key(suffix), "{name}: {suffix}");
                }
            }
        }
        assert_eq!(table.auto_mode.len(), 4);
    }

    #[test]
    fn every_add_on_consists_of_components_with_a_policy_for_its_role() {
        for (name, addon) in &PARSED.addons {
            assert_eq!(addon.components.is_empty(), addon.policies.is_empty(), "{name}");
            for component in &addon.components {
                assert_eq!(PARSED.components[component].caller, Sender::Pods, "{name}");
            }
            for policy in &addon.policies {
                let policy = policy.rsplit('/').next().unwrap();
                assert!(PARSED.managed.contains_key(policy), "{name} names {policy}");
            }
        }
    }

    /// What each caller needs is known of every feature and service, but for these pairs. There only a policy
    /// that allows or denies the whole service is judged.
    #[test]
    fn what_a_feature_needs_of_a_service_is_known_but_for_these() {
        const UNKNOWN: [(&str, &str); 18] = [
            ("app_mesh", "appmesh-envoy-management"),
            ("application_signals", "application-signals"),
            ("application_signals", "logs"),
            ("application_signals", "monitoring"),
            ("application_signals", "xray"),
            ("argo_cd_capability", "eks-capabilities"),
            ("auto_mode", "ec2"),
            ("console", "eks-proxy"),
            ("guardduty_runtime", "guardduty-data"),
            ("hybrid_nodes_pod_identity", "eks-auth"),
            ("hybrid_nodes_roles_anywhere", "rolesanywhere"),
            ("kms", "kms"),
            ("managed_prometheus_api", "aps"),
            ("marketplace_metering", "metering-marketplace"),
            ("oidc_discovery", "oidc-eks"),
            ("parameter_store", "ssm"),
            ("secrets_manager", "secretsmanager"),
            ("vpc_lattice", "vpc-lattice"),
        ];
        let matrix = services::matrix().unwrap();
        let mut unknown = Vec::new();
        for (name, feature) in &matrix.features {
            for suffix in &feature.services {
                let service = &matrix.services[suffix];
                let known = PARSED.components.values().any(|component| {
                    component.features.contains(name)
                        && component.needs.iter().any(|need| {
                            need.actions.iter().any(|action| service.carries(suffix, need, action))
                        })
                });
                if !known {
                    unknown.push((name.as_str(), suffix.as_str()));
                }
            }
        }
        assert_eq!(unknown, UNKNOWN);
    }

    /// An action needs the same types of resources, whoever calls it:
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
    #[test]
    fn an_action_has_the_same_types_of_resources_in_all_components() {
        // Tags are of what was created, buckets have no types, and SSM Agent is on instances or on hybrid nodes.
        const DIFFER: [&str; 3] = ["ec2:CreateTags", "s3:GetObject", "ssm:UpdateInstanceInformation"];
        let mut types: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
        for (name, component) in &PARSED.components {
            for need in &component.needs {
                for action in &need.actions {
                    let own = types.entry(action).or_default().entry(name).or_default();
                    own.extend(need.resources.iter().map(|arn| {
                        let resource = arn.splitn(6, ':').nth(5).unwrap();
                        resource.split(['/', ':']).next().unwrap()
                    }));
                }
            }
        }
        for (action, components) in types.iter().filter(|(action, _)| !DIFFER.contains(action)) {
            let all: BTreeSet<_> = components.values().collect();
            assert_eq!(all.len(), 1, "{action}: {components:?}");
        }
    }
}
