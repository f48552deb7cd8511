//! The kinds of subjects: one file or folder a kind, with its fields' struct, whose JSON Schema is what rules
//! are checked against, and `derive`. Only this table imports them.

mod addon;
pub mod bootstrap;
pub mod cluster;
mod fargate_profile;
mod growth;
mod name;
mod network_acl;
mod nodegroup;
pub mod observed;
pub mod resolver_endpoint;
mod resolver_rule;
mod role;
mod route_table;
mod security_group;
pub mod service;
pub mod subnet;
pub mod vpc;

use std::collections::BTreeMap;

use privek_core::subject::Subjects;
use schemars::{JsonSchema, Schema, schema_for};

use super::base::context::Context;
use super::flows;

/// The kinds of subjects, in the order of the report's areas.
pub const KINDS: &[&str] = &{
    let mut names = [""; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        names[at] = TABLE[at].name;
        at += 1;
    }
    names
};

/// The kinds of subjects that live probes saw.
pub const OBSERVED: &[&str] = &[observed::NAME, observed::RESOLVER];

const TABLE: &[SubjectKind] = &[
    kind::<cluster::ClusterFacts>("cluster", cluster::derive),
    kind::<vpc::VpcFacts>("vpc", vpc::derive),
    kind::<subnet::SubnetFacts>("control_plane_subnet", subnet::of_control_plane),
    kind::<subnet::SubnetFacts>("subnet", subnet::derive),
    kind::<subnet::SubnetFacts>("load_balancer_subnet", subnet::of_load_balancers),
    kind::<route_table::RouteTableFacts>("route_table", route_table::derive),
    kind::<network_acl::NetworkAclFacts>("network_acl", network_acl::derive),
    kind::<security_group::SecurityGroupFacts>("security_group", security_group::derive),
    kind::<resolver_endpoint::ResolverEndpointFacts>("resolver_endpoint", resolver_endpoint::derive),
    kind::<resolver_rule::ResolverRuleFacts>("resolver_rule", resolver_rule::derive),
    kind::<name::NameFacts>("node_name", name::of_nodes),
    kind::<name::NameFacts>("operator_name", name::of_operators),
    kind::<name::NameFacts>("operator_service_name", name::of_operator_services),
    kind::<service::ServiceFacts>("service", service::derive),
    kind::<nodegroup::NodegroupFacts>("nodegroup", nodegroup::derive),
    kind::<bootstrap::BootstrapFacts>("bootstrap", bootstrap::derive),
    kind::<fargate_profile::FargateFacts>("fargate_profile", fargate_profile::derive),
    kind::<addon::AddonFacts>("addon", addon::derive),
    kind::<role::RoleFacts>("role", role::derive),
    kind::<growth::GrowthFacts>("growth", growth::derive),
    kind::<observed::ObservedNameFacts>(observed::NAME, observed::names),
    kind::<observed::ObservedResolverFacts>(observed::RESOLVER, observed::resolvers),
    // Rules declare flows; none is derived beforehand.
    kind::<flows::FlowFacts>("flow", |_| Subjects::default()),
];

/// A kind of subject.
struct SubjectKind {
    name: &'static str,
    schema: fn() -> Schema,
    derive: fn(&Context<'_>) -> Subjects,
}

const fn kind<F: JsonSchema>(name: &'static str, derive: fn(&Context<'_>) -> Subjects) -> SubjectKind {
    SubjectKind { name, schema: schema_of::<F>, derive }
}

fn schema_of<F: JsonSchema>() -> Schema {
    schema_for!(F)
}

/// The subjects of every kind.
pub(crate) fn derive(context: &Context<'_>) -> BTreeMap<&'static str, Subjects> {
    TABLE.iter().map(|kind| (kind.name, (kind.derive)(context))).collect()
}

/// The JSON Schema of a kind's fields, or `None` for a kind that does not exist.
pub fn schema(kind: &str) -> Option<Schema> {
    TABLE.iter().find(|known| known.name == kind).map(|known| (known.schema)())
}
