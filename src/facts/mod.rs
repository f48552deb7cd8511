//! Everything that takes thought, computed once from the snapshot and the intent: subjects with
//! typed fields, for rules to assert on. A field whose input is missing is unknown, with what is
//! missing; it is never a default.
//!
//! Each kind of subject has a file with its fields' struct, whose JSON Schema is what rules are
//! checked against. Flows are not listed beforehand: a rule declares one, [`Facts::flow`] finds it.

mod access;
mod addon;
mod beyond;
mod blockers;
mod bootstrap;
mod capacity;
mod clients;
mod cluster;
mod cni;
mod context;
mod demand;
mod dns;
mod elsewhere;
mod endpoint_policy;
mod endpoints;
mod ends;
mod exposure;
mod fact;
mod fargate;
mod features;
mod fit;
#[cfg(test)]
mod fixture;
mod flows;
mod forwarders;
mod group_state;
mod group_tags;
mod growth;
mod load_balancers;
mod members;
mod names;
mod network_acl;
mod nodegroup;
mod nodes;
mod observed;
mod operators;
mod permissions;
mod plan;
mod pod_places;
mod pods;
mod policy;
mod prefixes;
mod profiles;
mod ranges;
mod registries;
mod resolver_endpoint;
mod resolver_rule;
mod role;
mod role_uses;
mod route_table;
mod s3;
mod security_group;
mod services;
mod signs;
#[cfg(test)]
mod small;
mod spec;
mod state;
mod subnet;
mod subnet_v6;
mod surge;
mod template;
mod trace;
mod trunk;
mod trust;
mod versions;
mod vpc;
mod ways;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::network::{Blocker, Missing, MissingKind, Ports};
pub use ends::NoEnd;
pub use fact::{Fact, UNKNOWN};
pub use flows::{FlowPort, FlowPortError};
pub use forwarders::{ForwardersError, Forwarding, Wanted, forwarding};
pub use names::{NeededName, NeededNames, needed_names};
pub use observed::cluster_networks;
pub use plan::{PlanError, settled};
pub use spec::{DeclaredEnd, EndSpec, EndSpecError};
pub use trace::{TraceError, Traced, trace};

use context::Context;

use crate::intent::Intent;
use crate::snapshot::Snapshot;

/// The kinds of subjects, in the order of the report's areas.
pub const KINDS: &[&str] = &[
    "cluster",
    "vpc",
    "control_plane_subnet",
    "subnet",
    "load_balancer_subnet",
    "route_table",
    "network_acl",
    "security_group",
    "resolver_endpoint",
    "resolver_rule",
    "node_name",
    "operator_name",
    "service",
    "nodegroup",
    "bootstrap",
    "fargate_profile",
    "addon",
    "role",
    "growth",
    observed::NAME,
    observed::RESOLVER,
    "flow",
];

/// The kinds of subjects that live probes saw.
pub const OBSERVED: &[&str] = &[observed::NAME, observed::RESOLVER];

/// Something that rules are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// One of the kinds.
    pub kind: &'static str,
    /// AWS's id or name.
    pub id: String,
    /// A name to show beside the id.
    pub name: Option<String>,
    /// The typed fields as JSON; an unknown field is `{"$unknown": [missing, …]}`.
    pub fields: Value,
}

impl Subject {
    /// A subject of this kind with these typed fields.
    pub fn new(kind: &'static str, id: &str, name: Option<&str>, fields: &impl Serialize) -> Self {
        // A struct with named fields always serialises.
        let fields = serde_json::to_value(fields).unwrap_or_default();
        Self { kind, id: id.to_owned(), name: name.map(str::to_owned), fields }
    }
}

/// The subjects of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subjects {
    /// Those that are known.
    pub listed: Vec<Subject>,
    /// Why there may be more; empty when the list is complete.
    pub unlisted: Vec<Missing>,
}

impl Subjects {
    /// None, because what would list them is missing.
    pub fn unlisted(missing: Vec<Missing>) -> Self {
        Self { listed: Vec::new(), unlisted: missing }
    }
}

/// A flow that a rule declares: who must reach whom, on which port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    /// Anything that an [`EndSpec`] may be: a role, a service, an id, an address, a declared network.
    pub from: String,
    /// The same.
    pub to: String,
    /// Anything that a [`FlowPort`] may be, for instance `tcp/443` or `webhooks`.
    pub port: String,
}

/// What was audited, for templates and the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Target {
    /// The account, if it is known.
    pub account: Option<String>,
    /// The region, if it is known.
    pub region: Option<String>,
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub partition: String,
    /// The cluster's name, if there is one.
    pub cluster: Option<String>,
    /// The cluster's VPC, if it is known.
    pub vpc: Option<String>,
}

/// All facts about one snapshot.
#[derive(Debug)]
pub struct Facts<'s> {
    context: Context<'s>,
    target: Target,
    by_kind: BTreeMap<&'static str, Subjects>,
}

static NONE: Subjects = Subjects { listed: Vec::new(), unlisted: Vec::new() };

impl<'s> Facts<'s> {
    /// Computes every subject except the flows.
    pub fn derive(snapshot: &'s Snapshot, intent: &Intent) -> Self {
        let context = Context::new(snapshot, intent);
        let mut by_kind = BTreeMap::from([
            ("cluster", cluster::derive(&context)),
            ("vpc", vpc::derive(&context)),
            ("control_plane_subnet", subnet::of_control_plane(&context)),
            ("subnet", subnet::derive(&context)),
            ("load_balancer_subnet", subnet::of_load_balancers(&context)),
            ("route_table", route_table::derive(&context)),
            ("network_acl", network_acl::derive(&context)),
            ("security_group", security_group::derive(&context)),
            ("resolver_endpoint", resolver_endpoint::derive(&context)),
            ("resolver_rule", resolver_rule::derive(&context)),
            ("node_name", names::of_nodes(&context)),
            ("operator_name", names::of_operators(&context)),
            ("service", services::derive(&context)),
            ("nodegroup", nodegroup::derive(&context)),
            ("role", role::derive(&context)),
            ("fargate_profile", fargate::derive(&context)),
            ("addon", addon::derive(&context)),
            ("growth", growth::derive(&context)),
            ("bootstrap", bootstrap::derive(&context)),
        ]);
        by_kind.extend(observed::derive(&context));
        Self { target: context.target(), context, by_kind }
    }

    /// The subjects of this kind; none for a kind that does not exist and for flows.
    pub fn subjects(&self, kind: &str) -> &Subjects {
        self.by_kind.get(kind).unwrap_or(&NONE)
    }

    /// The flows that a rule declares, one subject for each source and destination that differ.
    pub fn flow(&self, spec: &FlowSpec) -> Subjects {
        flows::flow(&self.context, spec)
    }

    /// What stands in texts and is not there yet, so that no command can name it.
    pub fn not_yet(&self) -> Vec<String> {
        self.context.plan().map_or_else(Vec::new, |plan| vec![plan.called(), plan::CLUSTER_GROUP.to_owned()])
    }

    /// What was taken for granted so far, sorted; flows add theirs when they are asked for.
    pub fn assumptions(&self) -> Vec<String> {
        self.context.assumptions()
    }

    /// What was audited.
    pub fn target(&self) -> &Target {
        &self.target
    }
}

/// The JSON Schema of a kind's fields, or `None` for a kind that does not exist.
pub fn schema(kind: &str) -> Option<Schema> {
    match kind {
        "cluster" => Some(schema_for!(cluster::ClusterFacts)),
        "vpc" => Some(schema_for!(vpc::VpcFacts)),
        "control_plane_subnet" | "subnet" | "load_balancer_subnet" => Some(schema_for!(subnet::SubnetFacts)),
        "route_table" => Some(schema_for!(route_table::RouteTableFacts)),
        "network_acl" => Some(schema_for!(network_acl::NetworkAclFacts)),
        "security_group" => Some(schema_for!(security_group::SecurityGroupFacts)),
        "resolver_endpoint" => Some(schema_for!(resolver_endpoint::ResolverEndpointFacts)),
        "resolver_rule" => Some(schema_for!(resolver_rule::ResolverRuleFacts)),
        "node_name" | "operator_name" => Some(names::schema()),
        "service" => Some(services::schema()),
        "nodegroup" => Some(schema_for!(nodegroup::NodegroupFacts)),
        "role" => Some(schema_for!(role::RoleFacts)),
        "fargate_profile" => Some(schema_for!(fargate::FargateFacts)),
        "addon" => Some(schema_for!(addon::AddonFacts)),
        "growth" => Some(schema_for!(growth::GrowthFacts)),
        observed::NAME => Some(schema_for!(observed::ObservedNameFacts)),
        observed::RESOLVER => Some(schema_for!(observed::ObservedResolverFacts)),
        "bootstrap" => Some(schema_for!(bootstrap::BootstrapFacts)),
        "flow" => Some(flows::schema()),
        _ => None,
    }
}

/// The JSON Schema of what `target` holds in expressions and templates.
pub fn target_schema() -> Schema {
    schema_for!(Target)
}

/// The roles and service names, besides ids, addresses and networks, that a rule's `flow:` may name.
pub fn flow_ends() -> Vec<String> {
    flows::ends()
}
