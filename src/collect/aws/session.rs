//! What one run has read so far. All its futures share it; it is locked only between awaits.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use privek_aws::snapshot::aws::{self, COLLECTIONS, OF_OWNERS};
use privek_aws::snapshot::{Aws, Snapshot};
use privek_core::header::{Gap, Header, SNAPSHOT_VERSION};

use crate::collect::progress::Progress;

use super::clients::Clients;
use super::convert::Fetched;
use super::failure::Failure;
use super::operations::Operation;

/// How many calls of one operation are in flight at once. EC2 allows 100 in a burst and 20 a
/// second after that: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>
const AT_ONCE: usize = 8;

/// One run.
pub(super) struct Session<'a> {
    pub(super) clients: Clients,
    pub(super) region: Option<String>,
    /// The cluster that is read; empty if none is.
    pub(super) cluster: String,
    progress: &'a dyn Progress,
    state: Mutex<SessionState>,
}

/// What it has read and asked.
#[derive(Default)]
struct SessionState {
    snapshot: Snapshot,
    started: usize,
    done: usize,
    asked: BTreeSet<(AskedOnce, String)>,
    /// Why IAM cannot be reached, once that is known.
    iam_away: Option<Failure>,
}

/// Questions that several answers may raise and that one run asks once each. The text keeps kinds of
/// questions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AskedOnce(pub(super) &'static str);

impl<'a> Session<'a> {
    pub(super) fn new(
        clients: Clients,
        region: Option<String>,
        cluster: String,
        progress: &'a dyn Progress,
    ) -> Self {
        let state = SessionState {
            snapshot: Snapshot {
                header: Header {
                    snapshot_version: SNAPSHOT_VERSION,
                    region: region.clone(),
                    ..Header::default()
                },
                ..Snapshot::default()
            },
            ..SessionState::default()
        };
        Self { clients, region, cluster, progress, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, SessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call and says so.
    pub(super) async fn watch<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Fetched<T>>,
    ) -> Fetched<T> {
        self.say(operation, |state| state.started += 1);
        let answer = call.await;
        self.say(operation, |state| state.done += 1);
        answer
    }

    fn say(&self, operation: Operation, count: fn(&mut SessionState)) {
        let (done, started) = {
            let mut state = self.state();
            count(&mut state);
            (state.done, state.started)
        };
        self.progress.say(done, started, operation.operation);
    }

    /// Makes a call; its failure becomes a gap for each of the resources, or one if there are none.
    pub(super) async fn call<T>(
        &self,
        operation: Operation,
        resources: &[String],
        call: impl Future<Output = Fetched<T>>,
    ) -> Option<T> {
        match self.watch(operation, call).await {
            Ok(answer) => Some(answer),
            Err(failure) => {
                self.failed(operation, resources, failure);
                None
            }
        }
    }

    /// As [`Session::call`], to IAM: once it turned out to be out of reach, nothing more is sent there.
    pub(super) async fn call_iam<T>(
        &self,
        operation: Operation,
        resource: &str,
        call: impl Future<Output = Fetched<T>>,
    ) -> Option<T> {
        let resource = [resource.to_owned()];
        let away = self.state().iam_away.clone();
        if let Some(failure) = away {
            self.failed(operation, &resource, failure);
            return None;
        }
        match self.watch(operation, call).await {
            Ok(answer) => Some(answer),
            Err(failure) => {
                if failure.is_out_of_reach() {
                    self.state().iam_away = Some(failure.clone());
                }
                self.failed(operation, &resource, failure);
                None
            }
        }
    }

    /// Adds the gaps of a failed call.
    pub(super) fn failed(&self, operation: Operation, resources: &[String], failure: Failure) {
        let (mut state, region) = (self.state(), self.region.as_deref());
        let gaps = &mut state.snapshot.header.gaps;
        gaps.extend(resources.iter().map(|resource| failure.clone().gap(operation, region, Some(resource))));
        if resources.is_empty() {
            gaps.push(failure.gap(operation, region, None));
        }
    }

    /// Makes a call that fills a collection for a scope.
    pub(super) async fn read<T: Clone>(
        &self,
        operation: Operation,
        field: CollectionField<T>,
        scope: &[String],
        call: impl Future<Output = Fetched<Vec<T>>>,
    ) -> Option<Vec<T>> {
        let items = self.call(operation, scope, call).await?;
        self.keep(field, scope, items.clone());
        Some(items)
    }

    /// Adds items to a collection, which is complete for the scope.
    pub(super) fn keep<T>(&self, field: CollectionField<T>, scope: &[String], items: Vec<T>) {
        let mut more = Aws::default();
        *field(&mut more) = Some(items);
        let Some(filled) = COLLECTIONS.iter().find(|collection| more.ids(collection.key).is_some()) else {
            return;
        };
        let mut state = self.state();
        let snapshot = &mut state.snapshot;
        match snapshot.aws.merge(more) {
            Ok(()) if scope.is_empty() => {}
            Ok(()) => {
                snapshot.header.scope.entry(filled.key.to_owned()).or_default().extend(scope.iter().cloned());
            }
            Err(conflict) => snapshot.header.gaps.push(Gap {
                service: filled.service.to_owned(),
                operation: filled.operation.to_owned(),
                region: self.region.clone(),
                resource: Some(conflict.id),
                code: "Incomplete".to_owned(),
                message: "the object changed during the collection; run again".to_owned(),
                permission: None,
            }),
        }
    }

    /// Adds a gap for something that was not called because it cannot answer.
    pub(super) fn gap(&self, operation: Operation, resource: &str, code: &str, message: String) {
        self.state().snapshot.header.gaps.push(Gap {
            service: operation.service.to_owned(),
            operation: operation.operation.to_owned(),
            region: self.region.clone(),
            resource: Some(resource.to_owned()),
            code: code.to_owned(),
            message,
            permission: None,
        });
    }

    /// Those that were not asked for yet; from now on they count as asked.
    pub(super) fn unasked(
        &self,
        questions: AskedOnce,
        wanted: impl IntoIterator<Item = String>,
    ) -> Vec<String> {
        wanted.into_iter().filter(|wanted| self.is_unasked(questions, wanted.clone())).collect()
    }

    /// Whether this was not asked for yet; from now on it counts as asked.
    pub(super) fn is_unasked(&self, questions: AskedOnce, wanted: String) -> bool {
        self.state().asked.insert((questions, wanted))
    }

    /// Looks at what was read so far.
    pub(super) fn look<T>(&self, at: impl FnOnce(&Snapshot) -> T) -> T {
        at(&self.state().snapshot)
    }

    /// Sets the account, unless it is known.
    pub(super) fn account_is(&self, account: &str) {
        self.state().snapshot.header.account.get_or_insert_with(|| account.to_owned());
    }

    /// Sets the region, unless it is known.
    pub(super) fn region_is(&self, region: &str) {
        self.state().snapshot.header.region.get_or_insert_with(|| region.to_owned());
    }

    /// The finished snapshot, in order.
    pub(super) fn into_snapshot(self, now: String) -> Snapshot {
        let mut snapshot = self.state.into_inner().unwrap_or_else(PoisonError::into_inner).snapshot;
        snapshot.header.collected_at = Some(now);
        leave_to_owners(&mut snapshot);
        snapshot.aws.sort();
        snapshot.header.gaps.sort();
        snapshot.header.gaps.dedup();
        snapshot
    }
}

/// An account that a VPC is only shared with is shown none of these; that is no proof that there are none.
fn leave_to_owners(snapshot: &mut Snapshot) {
    let Some(account) = &snapshot.header.account else { return };
    for vpc in snapshot.aws.vpcs.iter().flatten() {
        let Some(owner) = vpc.owner_id.as_ref().filter(|owner| *owner != account) else { continue };
        for key in OF_OWNERS {
            let Some(collection) = aws::collection(key) else { continue };
            if snapshot.header.scope.get_mut(key).is_some_and(|scope| scope.remove(&vpc.vpc_id)) {
                snapshot.header.gaps.push(Gap {
                    service: collection.service.to_owned(),
                    operation: collection.operation.to_owned(),
                    region: snapshot.header.region.clone(),
                    resource: Some(vpc.vpc_id.clone()),
                    code: "OtherAccount".to_owned(),
                    message: format!("account {owner} shares {}; add --profile for that account", vpc.vpc_id),
                    permission: None,
                });
            }
        }
    }
}

/// Where a collection is in the snapshot; its key and its operation stand where the snapshot declares it.
pub(super) type CollectionField<T> = fn(&mut Aws) -> &mut Option<Vec<T>>;

/// The field of a collection.
macro_rules! collection {
    ($field:ident) => {
        (|aws: &mut privek_aws::snapshot::Aws| &mut aws.$field)
            as $crate::collect::aws::session::CollectionField<_>
    };
}
pub(super) use collection;

/// Does the same for each of them, several at once.
pub(super) async fn each<T, F: Future>(
    items: impl IntoIterator<Item = T>,
    what: impl FnMut(T) -> F,
) -> Vec<F::Output> {
    futures::stream::iter(items).map(what).buffer_unordered(AT_ONCE).collect().await
}
