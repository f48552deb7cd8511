//! Which providers there are. The one file that matches over them: a second provider is a second arm here.
//!
//! What only one provider has so far (the plan of a cluster, the ends of a path, the redactor) is named here
//! for the commands, so that they name no provider's package.

use std::path::Path;

use privek_aws::facts::{self, Facts};
use privek_aws::snapshot::{Snapshot, SnapshotError};
use privek_core::header::Header;
use privek_core::observation::Networks;
use privek_core::pack::Pack;
use privek_core::report::forwarders::Forwarders;
use privek_core::report::{DeclaredUnread, Fix, UnreadStatus};
use privek_core::rule::{self, FactSource, RuleError};
use privek_core::sets::ports::Ports;

pub use privek_aws::facts::{
    DeclaredEnd, EndSpec, ForwardersError, NeededName, NeededNames, PlanError, TraceAnswer, TraceError,
    Wanted,
};
pub use privek_aws::ids;
pub use privek_aws::intent::{Intent, Plan, PlanFlags, operator};
pub use privek_aws::snapshot::SnapshotError as StateError;
pub use privek_aws::snapshot::redact::Redactor;

/// The pack of the provider that is meant where no state says which.
pub static DEFAULT: &Pack = &privek_aws::pack::PACK;

/// The state of a cluster, as its provider told it.
#[derive(Clone, Debug)]
pub enum State {
    /// Amazon Web Services.
    Aws(Box<Snapshot>),
}

impl From<Snapshot> for State {
    fn from(snapshot: Snapshot) -> Self {
        Self::Aws(Box::new(snapshot))
    }
}

impl State {
    /// A state of which nothing is known but this.
    pub fn only(header: Header) -> Self {
        Snapshot { header, ..Snapshot::default() }.into()
    }

    /// A file that this program saved, or a directory of a provider's own outputs.
    pub fn read(path: &Path) -> Result<Self, StateError> {
        Snapshot::read(path).map(Self::from)
    }

    /// The text of a saved file; `name` is its name in errors.
    pub fn from_json(name: &str, text: &str) -> Result<Self, StateError> {
        Snapshot::from_json(name, text).map(Self::from)
    }

    /// The state as it is saved.
    pub fn to_json(&self) -> String {
        match self {
            Self::Aws(snapshot) => snapshot.to_json(),
        }
    }

    /// All of them as one, where nothing in one contradicts another; of several clusters only the one of this name.
    pub fn merge_all(states: Vec<Self>, cluster: Option<&str>) -> Result<Option<Self>, StateError> {
        let snapshots = states.into_iter().map(|state| match state {
            Self::Aws(snapshot) => *snapshot,
        });
        Ok(Snapshot::merge_all(snapshots, cluster)?.map(Self::from))
    }

    /// Keeps one cluster: the one of this name, or the only one.
    pub fn select_cluster(&mut self, name: Option<&str>) -> Result<(), StateError> {
        match self {
            Self::Aws(snapshot) => snapshot.select_cluster(name),
        }
    }

    /// Keeps the cluster of this name; without one, the only one, if there is exactly one.
    pub fn select_cluster_if_any(&mut self, name: Option<&str>) -> Result<(), StateError> {
        match self.select_cluster(name) {
            Err(SnapshotError::NoCluster | SnapshotError::SeveralClusters { .. }) if name.is_none() => Ok(()),
            selected => selected,
        }
    }

    /// What every snapshot says of itself.
    pub fn header(&self) -> &Header {
        match self {
            Self::Aws(snapshot) => &snapshot.header,
        }
    }

    /// The same, to be changed.
    pub fn header_mut(&mut self) -> &mut Header {
        match self {
            Self::Aws(snapshot) => &mut snapshot.header,
        }
    }

    /// What the engine knows of the provider.
    pub fn pack(&self) -> &'static Pack {
        match self {
            Self::Aws(_) => &privek_aws::pack::PACK,
        }
    }

    /// The names of the clusters that were read.
    pub fn cluster_names(&self) -> Vec<&str> {
        match self {
            Self::Aws(snapshot) => {
                snapshot.aws.cluster.iter().flatten().map(|cluster| cluster.name.as_str()).collect()
            }
        }
    }

    /// Whether the API has a public endpoint, where that is known.
    pub fn has_public_endpoint(&self) -> Option<bool> {
        match self {
            Self::Aws(snapshot) => {
                let cluster = snapshot.aws.cluster.iter().flatten().next()?;
                cluster.resources_vpc_config.as_ref()?.endpoint_public_access
            }
        }
    }

    /// The certificate authority of the API, as the provider encodes it.
    pub fn certificate_authority(&self) -> Option<String> {
        match self {
            Self::Aws(snapshot) => {
                let cluster = snapshot.aws.cluster.iter().flatten().next()?;
                cluster.certificate_authority.as_ref()?.data.clone()
            }
        }
    }

    /// What replaces names and addresses of this state.
    pub fn redactor(&self) -> Redactor {
        match self {
            Self::Aws(snapshot) => Redactor::new(snapshot),
        }
    }

    /// The state with names and addresses replaced.
    #[must_use]
    pub fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::Aws(snapshot) => redactor.snapshot(*snapshot).into(),
        }
    }

    /// Computes the facts, and does something with them.
    pub fn with_facts<T>(
        &self,
        intent: &Intent,
        work: impl FnOnce(&dyn FactSource) -> T,
    ) -> Result<T, PlanError> {
        match self {
            Self::Aws(snapshot) => {
                let settled = facts::settled(snapshot, intent)?;
                Ok(work(&Facts::derive(&settled, intent)))
            }
        }
    }

    /// The answers that the user declares, and the use of each.
    pub fn declared_unread(&self, intent: &Intent) -> Vec<DeclaredUnread> {
        match self {
            Self::Aws(snapshot) => facts::declared_unread(snapshot, intent),
        }
    }

    /// What is taken for empty as the user declares, a sentence each: for answers that have no report.
    pub fn counted_as_empty(&self, intent: &Intent) -> Vec<String> {
        let declared = self.declared_unread(intent);
        let used = declared.into_iter().filter(|unread| unread.status == UnreadStatus::Used);
        let sentence = |unread: DeclaredUnread| {
            let operations = unread.replaced.join(", ");
            format!("{operations} count as empty, as declared until {} ({}).", unread.until, unread.reason)
        };
        used.map(sentence).collect()
    }

    /// Every path between two ends, and what opens those that are blocked.
    pub fn trace(
        &self,
        intent: &Intent,
        ends: (&DeclaredEnd, &DeclaredEnd),
        ports: Ports,
    ) -> Result<(TraceAnswer, Option<Fix>), anyhow::Error> {
        match self {
            Self::Aws(snapshot) => {
                let settled = facts::settled(snapshot, intent)?;
                let traced = facts::trace(&settled, intent, ends, ports)?;
                let fix = self.fix(&traced)?;
                Ok((traced, fix))
            }
        }
    }

    fn fix(&self, traced: &TraceAnswer) -> Result<Option<Fix>, RuleError> {
        let blockers: Vec<_> =
            traced.blockers.iter().filter_map(|blocker| serde_json::to_value(blocker).ok()).collect();
        rule::fix(self.pack(), &blockers, &traced.target)
    }

    /// The names that have to resolve.
    pub fn needed_names(&self, intent: &Intent) -> NeededNames {
        match self {
            Self::Aws(snapshot) => facts::needed_names(&facts::read_as_declared(snapshot, intent), intent),
        }
    }

    /// Where the cluster is, for a probe that runs where the provider cannot be read.
    pub fn cluster_networks(&self, intent: &Intent) -> Option<Networks> {
        match self {
            Self::Aws(snapshot) => facts::cluster_networks(snapshot, intent),
        }
    }

    /// What DNS servers outside have to forward, and to which addresses.
    pub fn forwarding(&self, intent: &Intent, wanted: Wanted) -> Result<Forwarders, ForwardersError> {
        match self {
            Self::Aws(snapshot) => {
                facts::forwarding(&facts::read_as_declared(snapshot, intent), intent, wanted)
            }
        }
    }
}
