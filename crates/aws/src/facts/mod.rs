//! Every derived fact, computed once from the snapshot and the intent: subjects with
//! typed fields, for rules to assert on. A field whose input is missing is unknown, with what is
//! missing; it is never a default.
//!
//! The folders are layers, bottom first: `base`, `inventory`, `features`, `iam`, `endpoints`, `capacity`,
//! `ends`, `names`, `flows`, `trace`, `forwarders`, `subjects`. Each may ask those before it and none after it.
//! Flows are not listed beforehand: a rule declares one, [`Facts::flow`] finds it.

mod base;
mod capacity;
mod endpoints;
mod ends;
mod features;
mod flows;
mod forwarders;
mod iam;
mod inventory;
mod names;
mod serving;
mod subjects;
#[cfg(test)]
mod test_support;
mod trace;

use std::collections::BTreeMap;

use privek_core::rule::FactSource;
use privek_core::subject::Target;

use crate::intent::Intent;
use crate::snapshot::Snapshot;

use base::context::Context;
use base::planned_collections::CLUSTER_GROUP;

pub use privek_core::subject::{Fact, FlowSpec, Subject, Subjects};

pub use base::planned_cluster::{PlanError, settled};
pub use ends::NoEnd;
pub use ends::grammar::{DeclaredEnd, EndSpec, EndSpecError};
pub use flows::{FlowPort, FlowPortError};
pub use forwarders::{ForwardersError, Wanted, forwarding};
pub use serving::{NeededName, NeededNames, needed_names};
pub use subjects::observed::cluster_networks;
pub use subjects::{KINDS, OBSERVED, schema};
pub use trace::{TraceAnswer, TraceError, trace};

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
        let by_kind = subjects::derive(&context);
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

    /// The assumptions so far, sorted; flows add theirs when they are asked for.
    pub fn assumptions(&self) -> Vec<String> {
        self.context.assumptions()
    }

    /// What was audited.
    pub fn target(&self) -> &Target {
        &self.target
    }
}

impl FactSource for Facts<'_> {
    fn subjects(&self, kind: &str) -> &Subjects {
        Facts::subjects(self, kind)
    }

    fn flow(&self, spec: &FlowSpec) -> Subjects {
        Facts::flow(self, spec)
    }

    fn target(&self) -> &Target {
        Facts::target(self)
    }

    fn assumptions(&self) -> Vec<String> {
        Facts::assumptions(self)
    }

    fn not_yet(&self) -> Vec<String> {
        let plan = self.context.plan();
        plan.map_or_else(Vec::new, |plan| vec![plan.called(), CLUSTER_GROUP.to_owned()])
    }
}

/// The roles and service names, besides ids, addresses and networks, that a rule's `flow:` may name.
pub fn flow_ends() -> Vec<String> {
    flows::ends()
}
