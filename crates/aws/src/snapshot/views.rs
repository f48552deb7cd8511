//! One object that two callers see.
//!
//! Each account has its own tags and zone names, an owner reads more than a participant
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html>), and each side of a peering
//! connection is shown its own side first. Neither order nor a part that one of them is not shown is a contradiction.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::aws::TwoContents;

/// Tags are each account's own: what the controllers in the cluster's account see is what counts.
const TAGS: &[&str] = &["Tags", "tags", "TagSet"];

/// Fields with names or states that each account has for itself.
const OF_ACCOUNT: &[&str] = &["AvailabilityZone", "ShareStatus"];

/// Fields that AWS may leave empty for who is not on that side.
const OWN_SIDE: &[&str] = &["CidrBlockSet", "Ipv6CidrBlockSet", "Association"];

/// Collections whose contents depend on the account that asks (zone names, what is offered), or whose names are
/// each account's or region's own.
const PER_CALLER: &[&str] = &[
    "AttachedRolePolicies",
    "AutoScalingGroups",
    "AvailabilityZones",
    "InstanceProfile",
    "InstanceTypes",
    "OpenIDConnectProvider",
    "Role",
    "RolePolicies",
    "RolePolicyNames",
    "ServiceDetails",
    "clusterVersions",
    "pullThroughCacheRules",
];

/// Collections of objects that several accounts see, with ids or names of AWS's.
pub(super) const SEEN_BY_SEVERAL: &[&str] = &[
    "AvailabilityZones",
    "InstanceTypes",
    "NetworkAcls",
    "RouteTables",
    "SecurityGroups",
    "ServiceDetails",
    "Subnets",
    "TransitGatewayAttachments",
    "TransitGatewayVpcAttachments",
    "TransitGateways",
    "VpcEndpoints",
    "VpcPeeringConnections",
    "Vpcs",
    "clusterVersions",
];

/// Members that say what an object is.
const NEVER_CHANGES: &[&str] = &[
    "CidrBlock",
    "Ipv6CidrBlock",
    "OwnerId",
    "Region",
    "SubnetId",
    "TransitGatewayId",
    "TransitGatewayOwnerId",
    "VpcId",
];

/// The free addresses of a subnet.
const FREE: &str = "AvailableIpAddressCount";

/// Members that change by themselves between two calls of one caller.
const CHANGING: &[&str] =
    &["Attachment", "DesiredCapacity", "Instances", "State", "Status", "health", "scalingConfig", "status"];

/// Who reads an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    /// The accounts whose readings of the object are joined in this one.
    pub readers: &'a BTreeSet<String>,
    /// Whether the cluster's account is one of them.
    pub is_clusters: bool,
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Ours,
    Theirs,
}

/// What one caller read in two calls: halves of a VPC's attributes, the instances of a reservation found by two
/// filters, lists in another order, what changed in between. Anything else is a contradiction.
pub(super) fn of_one_caller(two: TwoContents<'_>) -> Option<Value> {
    parts(two).or_else(|| changed_meanwhile(two.ours, two.theirs))
}

fn parts(two: TwoContents<'_>) -> Option<Value> {
    match two.collection {
        "VpcAttributes" => halves(two.ours, two.theirs),
        "Reservations" => instances(two.ours, two.theirs),
        "PrefixListEntries" => same_prefixes(two.ours, two.theirs),
        "TransitGatewayRoutes" => static_and_propagated(two.ours, two.theirs),
        _ => alike(two.ours, two.theirs).then(|| in_one_order(two.ours, two.theirs)),
    }
}

/// What two callers read of one object; `None` where they contradict each other.
pub(super) fn of_two_callers(two: TwoContents<'_>, ours: Caller<'_>, theirs: Caller<'_>) -> Option<Value> {
    if let Some(settled) = parts(two) {
        return Some(settled);
    }
    let views = Views { ours, theirs };
    if PER_CALLER.contains(&two.collection) {
        return Some(said(views.clusters(), two.ours, two.theirs));
    }
    views.object(two.ours, two.theirs)
}

struct Views<'a> {
    ours: Caller<'a>,
    theirs: Caller<'a>,
}

impl Views<'_> {
    /// The side that the cluster's account is on, if it is on one.
    fn clusters(&self) -> Option<Side> {
        only_one(self.ours.is_clusters, self.theirs.is_clusters)
    }

    /// The side that the owner is on, if it is on one.
    fn owner(&self, ours: &Map<String, Value>, theirs: &Map<String, Value>) -> Option<Side> {
        let owner = ["OwnerId", "TransitGatewayOwnerId"]
            .iter()
            .find_map(|key| ours.get(*key).or(theirs.get(*key))?.as_str())?;
        only_one(self.ours.readers.contains(owner), self.theirs.readers.contains(owner))
    }

    fn object(&self, ours: &Value, theirs: &Value) -> Option<Value> {
        let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else { return None };
        let owner = self.owner(ours, theirs);
        let mut sum = ours.clone();
        for (key, theirs) in theirs {
            let joined = match sum.get(key) {
                None | Some(Value::Null) => theirs.clone(),
                Some(ours) => self.field(key, ours, theirs, owner)?,
            };
            sum.insert(key.clone(), joined);
        }
        Some(Value::Object(sum))
    }

    fn field(&self, key: &str, ours: &Value, theirs: &Value, owner: Option<Side>) -> Option<Value> {
        if theirs.is_null() || ours == theirs {
            return Some(ours.clone());
        }
        if TAGS.contains(&key) || OF_ACCOUNT.contains(&key) {
            return Some(said(self.clusters().or(owner), ours, theirs));
        }
        if key == FREE {
            return Some(fewer(ours, theirs).clone());
        }
        if OWN_SIDE.contains(&key) && is_empty(theirs) {
            return Some(ours.clone());
        }
        if OWN_SIDE.contains(&key) && is_empty(ours) {
            return Some(theirs.clone());
        }
        if alike(ours, theirs) {
            return Some(in_one_order(ours, theirs));
        }
        if let Some(joined) = self.object(ours, theirs) {
            return Some(joined);
        }
        // What an object is never changes; what its owner set may have changed since the other one looked.
        let side = owner.or(self.clusters()).filter(|_| !NEVER_CHANGES.contains(&key))?;
        Some(said(Some(side), ours, theirs))
    }
}

/// One object from two calls, between which it changed by itself.
fn changed_meanwhile(ours: &Value, theirs: &Value) -> Option<Value> {
    let (one, other) = (ours.as_object()?, theirs.as_object()?);
    if one.len() != other.len() {
        return None;
    }
    let mut sum = one.clone();
    for (key, theirs) in other {
        let ours = sum.get(key)?;
        let joined = match key.as_str() {
            _ if alike(ours, theirs) => in_one_order(ours, theirs),
            FREE => fewer(ours, theirs).clone(),
            key if CHANGING.contains(&key) => first_as_text(ours, theirs),
            _ => return None,
        };
        sum.insert(key.clone(), joined);
    }
    Some(Value::Object(sum))
}

/// Nodes and pods come and go between two readings: the fewer free addresses, the safer.
fn fewer<'v>(ours: &'v Value, theirs: &'v Value) -> &'v Value {
    if ours.as_i64() <= theirs.as_i64() { ours } else { theirs }
}

/// What this side says; where neither counts more, what comes first as a text. Lists are in one order, so that
/// the order in which more views are added does not matter.
fn said(side: Option<Side>, ours: &Value, theirs: &Value) -> Value {
    match side {
        Some(Side::Ours) => sorted(ours),
        Some(Side::Theirs) => sorted(theirs),
        None => first_as_text(ours, theirs),
    }
}

fn first_as_text(ours: &Value, theirs: &Value) -> Value {
    let (ours, theirs) = (sorted(ours), sorted(theirs));
    let (our_text, their_text) = (ours.to_string(), theirs.to_string());
    if our_text <= their_text { ours } else { theirs }
}

fn only_one(ours: bool, theirs: bool) -> Option<Side> {
    match (ours, theirs) {
        (true, false) => Some(Side::Ours),
        (false, true) => Some(Side::Theirs),
        _ => None,
    }
}

/// Whether two values differ in nothing but the order of lists.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(ones), Value::Array(others)) => {
            let mut left: Vec<&Value> = others.iter().collect();
            let mut found = |one: &Value| {
                let at = left.iter().position(|other| alike(one, other));
                at.map(|at| left.swap_remove(at)).is_some()
            };
            ones.len() == others.len() && ones.iter().all(&mut found)
        }
        (Value::Object(ones), Value::Object(others)) => {
            ones.len() == others.len()
                && ones.iter().all(|(key, one)| others.get(key).is_some_and(|other| alike(one, other)))
        }
        (one, other) => one == other,
    }
}

/// Two values that differ in the order of lists only: those lists in one order.
fn in_one_order(one: &Value, other: &Value) -> Value {
    match (one, other) {
        (one, other) if one == other => one.clone(),
        (Value::Object(ones), Value::Object(others)) => {
            let fields = ones.iter().map(|(key, one)| {
                let joined = others.get(key).map_or_else(|| one.clone(), |other| in_one_order(one, other));
                (key.clone(), joined)
            });
            Value::Object(fields.collect())
        }
        (one, _) => sorted(one),
    }
}

/// A value whose lists are in one order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            items.sort_by_cached_key(ToString::to_string);
            Value::Array(items)
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// Two objects of which neither says what the other one says otherwise.
fn halves(ours: &Value, theirs: &Value) -> Option<Value> {
    let (ours, theirs) = (ours.as_object()?, theirs.as_object()?);
    let mut sum = ours.clone();
    for (key, theirs) in theirs {
        match sum.get(key) {
            None | Some(Value::Null) => _ = sum.insert(key.clone(), theirs.clone()),
            Some(ours) if ours == theirs || theirs.is_null() => {}
            Some(_) => return None,
        }
    }
    Some(Value::Object(sum))
}

/// A reservation whose instances were found by different filters.
fn instances(ours: &Value, theirs: &Value) -> Option<Value> {
    let mut sum = ours.clone();
    let all = sum.get_mut("Instances")?.as_array_mut()?;
    for theirs in theirs.get("Instances")?.as_array()? {
        match all.iter().find(|ours| ours.get("InstanceId") == theirs.get("InstanceId")) {
            None => all.push(theirs.clone()),
            Some(ours) if alike(ours, theirs) || changed_meanwhile(ours, theirs).is_some() => {}
            Some(_) => return None,
        }
    }
    all.sort_by_key(|instance| instance.get("InstanceId").map(ToString::to_string));
    Some(sum)
}

/// The prefixes of a list, with descriptions (`get-managed-prefix-list-entries`) and without (`describe-prefix-lists`).
fn same_prefixes(ours: &Value, theirs: &Value) -> Option<Value> {
    let prefixes = |list: &Value| -> Option<BTreeSet<String>> {
        let entries = list.get("Entries")?.as_array()?.iter();
        Some(entries.filter_map(|entry| entry.get("Cidr")?.as_str().map(str::to_owned)).collect())
    };
    let described = |list: &Value| {
        let entries = list.get("Entries").and_then(Value::as_array).into_iter().flatten();
        entries.filter(|entry| entry.get("Description").is_some_and(Value::is_string)).count()
    };
    if prefixes(ours)? != prefixes(theirs)? {
        return None;
    }
    Some(match described(ours).cmp(&described(theirs)) {
        std::cmp::Ordering::Less => theirs.clone(),
        std::cmp::Ordering::Greater => ours.clone(),
        std::cmp::Ordering::Equal => first_as_text(ours, theirs),
    })
}

/// The routes of one table from two searches, one for static and one for propagated routes.
fn static_and_propagated(ours: &Value, theirs: &Value) -> Option<Value> {
    if alike(ours, theirs) {
        return Some(in_one_order(ours, theirs));
    }
    let types = |table: &Value| -> Option<BTreeSet<String>> {
        let routes = table.get("Routes")?.as_array()?.iter();
        routes.map(|route| Some(route.get("Type")?.as_str()?.to_owned())).collect()
    };
    let (of_ours, of_theirs) = (types(ours)?, types(theirs)?);
    if of_ours.len() > 1 || of_theirs.len() > 1 || of_ours == of_theirs {
        return None;
    }
    let mut sum = ours.clone();
    let more = theirs.get("AdditionalRoutesAvailable").cloned();
    if more.as_ref().and_then(Value::as_bool) == Some(true) {
        sum.as_object_mut()?.insert("AdditionalRoutesAvailable".to_owned(), Value::Bool(true));
    }
    let routes = sum.get_mut("Routes")?.as_array_mut()?;
    routes.extend(theirs.get("Routes")?.as_array()?.iter().cloned());
    routes.sort_by_key(ToString::to_string);
    Some(sum)
}
