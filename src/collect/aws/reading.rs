//! What one run has read so far. All its futures share it; it is locked only between awaits.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::StreamExt;

use super::clients::Clients;
use super::convert::Fetched;
use super::ec2::capacity::Template;
use super::failure::Failure;
use super::operations::Operation;
use crate::collect::Progress;
use crate::snapshot::aws::collection as collection_of;
use crate::snapshot::{Aws, Gap, Header, SNAPSHOT_VERSION, Snapshot};

/// How many calls of one operation are in flight at once. EC2 allows 100 in a burst and 20 a
/// second after that: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>
const AT_ONCE: usize = 8;

/// One run.
pub(super) struct Reading<'a> {
    pub(super) clients: Clients,
    pub(super) region: Option<String>,
    /// The cluster that is read; empty if none is.
    pub(super) cluster: String,
    progress: &'a dyn Progress,
    state: Mutex<State>,
}

/// What it has read and asked.
#[derive(Default)]
struct State {
    snapshot: Snapshot,
    started: usize,
    done: usize,
    asked: Asked,
    /// Why IAM cannot be reached, once that is known.
    iam_away: Option<Failure>,
}

/// What was asked for already, where several answers lead to the same question.
#[derive(Default)]
pub(super) struct Asked {
    /// VPCs, for what decides about packets in them.
    pub(super) vpcs: BTreeSet<String>,
    /// VPCs, for everything in and around them.
    pub(super) near: BTreeSet<String>,
    pub(super) transit_gateways: BTreeSet<String>,
    pub(super) prefix_lists: BTreeSet<String>,
    pub(super) profiles: BTreeSet<String>,
    pub(super) hosted_zones: BTreeSet<String>,
    /// DNS Firewall's rule groups and domain lists.
    pub(super) firewalls: BTreeSet<String>,
    pub(super) instance_types: BTreeSet<String>,
    pub(super) templates: BTreeSet<(Template, String)>,
    pub(super) transit_route_tables: BTreeSet<String>,
    /// Roles, instance profiles and policies by name or ARN, which do not collide.
    pub(super) iam: BTreeSet<String>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        clients: Clients,
        region: Option<String>,
        cluster: String,
        progress: &'a dyn Progress,
    ) -> Self {
        let header =
            Header { snapshot_version: SNAPSHOT_VERSION, region: region.clone(), ..Header::default() };
        let state = State { snapshot: Snapshot { header, ..Snapshot::default() }, ..State::default() };
        Self { clients, region, cluster, progress, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
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

    fn say(&self, operation: Operation, count: fn(&mut State)) {
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

    /// As [`Reading::call`], to IAM: once it turned out to be out of reach, nothing more is sent there.
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
        (key, field): (&'static str, Field<T>),
        scope: &[String],
        call: impl Future<Output = Fetched<Vec<T>>>,
    ) -> Option<Vec<T>> {
        let items = self.call(operation, scope, call).await?;
        self.keep(operation, (key, field), scope, items.clone());
        Some(items)
    }

    /// Adds items to a collection, which is complete for the scope.
    pub(super) fn keep<T>(
        &self,
        operation: Operation,
        (key, field): (&'static str, Field<T>),
        scope: &[String],
        items: Vec<T>,
    ) {
        let mut more = Aws::default();
        *field(&mut more) = Some(items);
        let mut state = self.state();
        let snapshot = &mut state.snapshot;
        match snapshot.aws.merge(more) {
            Ok(()) if scope.is_empty() => {}
            Ok(()) => snapshot.header.scope.entry(key.to_owned()).or_default().extend(scope.iter().cloned()),
            Err(conflict) => snapshot.header.gaps.push(Gap {
                service: operation.service.to_owned(),
                operation: operation.operation.to_owned(),
                region: self.region.clone(),
                resource: Some(conflict.id),
                code: "Incomplete".to_owned(),
                message: "it changed while it was read; run again".to_owned(),
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

    /// Those that nobody asked for yet; from now on they count as asked.
    pub(super) fn unasked<T: Ord + Clone>(
        &self,
        wanted: impl IntoIterator<Item = T>,
        asked: fn(&mut Asked) -> &mut BTreeSet<T>,
    ) -> Vec<T> {
        let mut state = self.state();
        let asked = asked(&mut state.asked);
        wanted.into_iter().filter(|wanted| asked.insert(wanted.clone())).collect()
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

/// Collections of which a VPC's owner alone sees all:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html>
const OWNERS: [&str; 9] = [
    "FirewallRuleGroupAssociations",
    "HostedZonesByVPC",
    "NatGateways",
    "ProfileAssociations",
    "TransitGatewayAttachments",
    "TransitGatewayVpcAttachments",
    "VpcEndpoints",
    "VpcPeeringConnections",
    "VpnGateways",
];

/// An account that a VPC is only shared with is shown none of these; that is no proof that there are none.
fn leave_to_owners(snapshot: &mut Snapshot) {
    let Some(account) = &snapshot.header.account else { return };
    for vpc in snapshot.aws.vpcs.iter().flatten() {
        let Some(owner) = vpc.owner_id.as_ref().filter(|owner| *owner != account) else { continue };
        for key in OWNERS {
            let Some(collection) = collection_of(key) else { continue };
            if snapshot.header.scope.get_mut(key).is_some_and(|scope| scope.remove(&vpc.vpc_id)) {
                snapshot.header.gaps.push(Gap {
                    service: collection.service.to_owned(),
                    operation: collection.operation.to_owned(),
                    region: snapshot.header.region.clone(),
                    resource: Some(vpc.vpc_id.clone()),
                    code: "OtherAccount".to_owned(),
                    message: format!(
                        "account {owner} shares {}: read it with a profile of that account",
                        vpc.vpc_id
                    ),
                    permission: None,
                });
            }
        }
    }
}

/// A collection of the snapshot.
pub(super) type Field<T> = fn(&mut Aws) -> &mut Option<Vec<T>>;

/// The key and the field of a collection.
macro_rules! collection {
    ($key:literal, $field:ident) => {
        ($key, (|aws: &mut $crate::snapshot::Aws| &mut aws.$field) as $crate::collect::aws::reading::Field<_>)
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
