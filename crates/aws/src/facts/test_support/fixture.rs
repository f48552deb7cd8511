//! Snapshots for the tests of facts: a shipped fixture, changed here and there.

use privek_core::header::Gap;
use privek_core::subject::Subject;
use serde_json::{Value, json};

use crate::facts::Facts;
use crate::intent::Intent;
use crate::snapshot::Snapshot;

/// A snapshot as JSON.
pub(crate) struct Fixture(pub Value);

impl Fixture {
    /// The closed network.
    pub fn closed() -> Self {
        Self(
            serde_json::from_str(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../fixtures/closed-network.json"
            )))
            .unwrap(),
        )
    }

    /// The healthy cluster.
    pub fn healthy() -> Self {
        Self(
            serde_json::from_str(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../fixtures/healthy/managed-nodes.json"
            )))
            .unwrap(),
        )
    }

    /// Changes the item of a collection whose field has this value.
    pub fn change(mut self, collection: &str, field: &str, value: &str, change: impl Fn(&mut Value)) -> Self {
        let items = self.0[collection].as_array_mut().unwrap();
        let item = items.iter_mut().find(|item| item[field] == value).unwrap();
        change(item);
        self
    }

    /// Sets a field of the snapshot itself.
    pub fn set(mut self, key: &str, to: Value) -> Self {
        self.0[key] = to;
        self
    }

    /// Removes the items of a collection whose field has this value.
    pub fn remove(mut self, collection: &str, field: &str, value: &str) -> Self {
        let items = self.0[collection].as_array_mut().unwrap();
        let before = items.len();
        items.retain(|item| item[field] != value);
        assert!(items.len() < before, "nothing of {collection} has the {field} {value}");
        self
    }

    /// Adds an item to a collection.
    pub fn add(mut self, collection: &str, item: Value) -> Self {
        self.0[collection].as_array_mut().unwrap().push(item);
        self
    }

    /// Adds `nat-1`, a regional NAT gateway of the cluster's VPC with a path to the internet.
    pub fn nat_gateway(mut self) -> Self {
        let vpc = self.0["Vpcs"][0]["VpcId"].clone();
        let route = json!({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"});
        let tables = self.0["RouteTables"].as_array_mut().unwrap();
        tables.push(json!({"RouteTableId": "rtb-nat", "VpcId": vpc, "Routes": [route]}));
        let nat =
            json!({"NatGatewayId": "nat-1", "VpcId": vpc, "State": "available", "RouteTableId": "rtb-nat"});
        self.add("NatGateways", nat)
    }

    /// Says that a collection was read for this id too.
    pub fn cover(mut self, collection: &str, id: &str) -> Self {
        self.0["scope"][collection].as_array_mut().unwrap().push(id.into());
        self
    }

    /// Makes a collection unread.
    pub fn withhold(mut self, collection: &str) -> Self {
        self.0.as_object_mut().unwrap().remove(collection).unwrap();
        self.0["scope"].as_object_mut().unwrap().remove(collection);
        let known = crate::snapshot::aws::collection(collection).unwrap();
        let gap = Gap {
            service: known.service.into(),
            operation: known.operation.into(),
            code: "AccessDenied".into(),
            permission: Some(known.permission()),
            ..Gap::default()
        };
        self.0["gaps"].as_array_mut().unwrap().push(serde_json::to_value(gap).unwrap());
        self
    }

    /// The snapshot.
    pub fn snapshot(&self) -> Snapshot {
        serde_json::from_value(self.0.clone()).unwrap()
    }

    /// Subjects of a kind, with an intent in YAML.
    pub fn subjects(&self, kind: &str, intent: &str) -> Vec<Subject> {
        let snapshot = self.snapshot();
        let intent = Intent::from_yaml("intent", intent).unwrap();
        Facts::derive(&snapshot, &intent).subjects(kind).listed.clone()
    }

    /// The fields of one subject.
    pub fn fields(&self, kind: &str, id: &str) -> Value {
        self.fields_with(kind, id, "")
    }

    /// The fields of one subject, with an intent in YAML.
    pub fn fields_with(&self, kind: &str, id: &str, intent: &str) -> Value {
        let subjects = self.subjects(kind, intent);
        subjects.into_iter().find(|subject| subject.id == id).unwrap().fields
    }
}

/// Whether a field is unknown, and something that is missing says this.
pub(crate) fn is_unknown(field: &Value, because: &str) -> bool {
    let missing = field["$unknown"].as_array();
    missing.is_some_and(|list| list.iter().any(|one| one.to_string().contains(because)))
}

/// What was computed from a snapshot.
pub(crate) type DerivedFacts<'s> = Facts<'s>;

/// All facts about a snapshot.
pub(crate) fn derived<'s>(snapshot: &'s Snapshot, intent: &Intent) -> DerivedFacts<'s> {
    Facts::derive(snapshot, intent)
}

/// The JSON Schema of a kind's fields.
pub(crate) fn schema(kind: &str) -> Option<schemars::Schema> {
    crate::facts::schema(kind)
}
