//! Patches on a snapshot: one thing changed, so that a case says what it is about.

use privek_audit::snapshot::aws::collection;
use serde_json::{Value, json};

/// Applies the patches of a case; panics with the case's name where one does not fit.
pub fn apply(snapshot: &mut Value, patches: &Value, case: &str) {
    for patch in patches.as_array().unwrap_or_else(|| panic!("{case}: `patch` is a list")) {
        one(snapshot, patch).unwrap_or_else(|error| panic!("{case}: {error} in {patch}"));
    }
}

fn one(snapshot: &mut Value, patch: &Value) -> Result<(), String> {
    if let Some(path) = patch.get("set") {
        let (last, parents) = steps(path)?;
        let parent = walk(snapshot, parents)?;
        let to = patch.get("to").ok_or("`set` needs `to`")?.clone();
        match parent {
            Value::Object(fields) => drop(fields.insert(text(last)?.to_owned(), to)),
            Value::Array(_) => *member(parent, last)? = to,
            _ => return Err(format!("{last} is below a plain value")),
        }
    } else if let Some(path) = patch.get("remove") {
        let (last, parents) = steps(path)?;
        match walk(snapshot, parents)? {
            Value::Object(fields) => {
                fields.remove(text(last)?).ok_or_else(|| format!("there is no {last}"))?;
            }
            Value::Array(items) => {
                let at = match last.as_u64() {
                    Some(index) => usize::try_from(index).ok().filter(|index| *index < items.len()),
                    None => items.iter().position(|item| is(item, last)),
                };
                items.remove(at.ok_or_else(|| format!("there is no {last}"))?);
            }
            _ => return Err(format!("{last} is below a plain value")),
        }
    } else if let Some(path) = patch.get("append") {
        let (last, parents) = steps(path)?;
        let items = member(walk(snapshot, parents)?, last)?;
        let item = patch.get("item").ok_or("`append` needs `item`")?.clone();
        items.as_array_mut().ok_or_else(|| format!("{last} is no list"))?.push(item);
    } else if let Some(key) = patch.get("withhold") {
        withhold(snapshot, text(key)?)?;
    } else {
        return Err("no set, remove, append or withhold".to_owned());
    }
    Ok(())
}

/// Makes a collection unread: absent, out of scope, and a gap.
pub fn withhold(snapshot: &mut Value, key: &str) -> Result<(), String> {
    let known = collection(key).ok_or_else(|| format!("{key} is no collection"))?;
    let gap = json!({
        "service": known.service, "operation": known.operation, "region": snapshot["region"], "resource": null,
        "code": "AccessDenied", "message": "withheld", "permission": known.permission(),
    });
    let fields = snapshot.as_object_mut().ok_or("a snapshot is an object")?;
    fields.remove(key);
    fields["scope"].as_object_mut().ok_or("scope is an object")?.remove(key);
    fields["gaps"].as_array_mut().ok_or("gaps is a list")?.push(gap);
    Ok(())
}

fn steps(path: &Value) -> Result<(&Value, &[Value]), String> {
    let path = path.as_array().ok_or("a path is a list")?;
    path.split_last().ok_or_else(|| "a path has a step at least".to_owned())
}

fn walk<'a>(from: &'a mut Value, path: &[Value]) -> Result<&'a mut Value, String> {
    path.iter().try_fold(from, member)
}

/// A field by name, a list's member by index, by itself, or by a field that identifies it.
fn member<'a>(parent: &'a mut Value, step: &Value) -> Result<&'a mut Value, String> {
    let found = match parent {
        Value::Object(fields) => fields.get_mut(text(step)?),
        Value::Array(items) => match step.as_u64() {
            Some(index) => items.get_mut(usize::try_from(index).map_err(|error| error.to_string())?),
            None => items.iter_mut().find(|item| is(item, step)),
        },
        _ => None,
    };
    found.ok_or_else(|| format!("there is no {step}"))
}

fn is(item: &Value, step: &Value) -> bool {
    item == step
        || item
            .as_object()
            .is_some_and(|fields| fields.values().any(|value| value.is_string() && value == step))
}

fn text(step: &Value) -> Result<&str, String> {
    step.as_str().ok_or_else(|| format!("{step} is no text"))
}

#[test]
fn patches_find_members_by_what_identifies_them() {
    let mut snapshot = json!({
        "region": "r", "scope": {"Vpcs": ["v"]}, "gaps": [],
        "Vpcs": [{"VpcId": "v"}],
        "RouteTables": [{"RouteTableId": "rtb-1", "Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "State": "active"}]}],
        "cluster": [{"name": "c", "resourcesVpcConfig": {"subnetIds": ["s1", "s2"]}}],
    });
    let patches = json!([
        {"set": ["RouteTables", "rtb-1", "Routes", "10.0.0.0/8", "State"], "to": "blackhole"},
        {"remove": ["cluster", "c", "resourcesVpcConfig", "subnetIds", "s2"]},
        {"append": ["RouteTables", "rtb-1", "Routes"], "item": {"DestinationCidrBlock": "0.0.0.0/0"}},
        {"withhold": "Vpcs"},
    ]);
    apply(&mut snapshot, &patches, "case");
    assert_eq!(snapshot["RouteTables"][0]["Routes"][0]["State"], "blackhole");
    assert_eq!(snapshot["RouteTables"][0]["Routes"][1]["DestinationCidrBlock"], "0.0.0.0/0");
    assert_eq!(snapshot["cluster"][0]["resourcesVpcConfig"]["subnetIds"], json!(["s1"]));
    assert!(snapshot.get("Vpcs").is_none());
    assert_eq!(snapshot["gaps"][0]["permission"], "ec2:DescribeVpcs");
}

#[test]
#[should_panic(expected = "there is no \"rtb-2\"")]
fn a_patch_that_fits_nothing_is_an_error() {
    apply(&mut json!({"RouteTables": []}), &json!([{"remove": ["RouteTables", "rtb-2"]}]), "case");
}
