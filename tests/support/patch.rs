//! Patches on a snapshot: one thing changed, so that a case says what it is about; or a whole kind of
//! cluster, told as what differs from another.
//!
//! A path is a list of steps: a field's name, a list's member by its index or by what identifies it,
//! and for several members at once `"*"` or the fields that they share, as `{VpcId: vpc-1}`.

use privek_aws::snapshot::aws::collection;
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
        let to = patch.get("to").ok_or("`set` needs `to`")?;
        each(snapshot, parents, &mut |parent| match parent {
            Value::Object(fields) => {
                fields.insert(text(last)?.to_owned(), to.clone());
                Ok(())
            }
            Value::Array(_) => each(parent, std::slice::from_ref(last), &mut |member| {
                *member = to.clone();
                Ok(())
            }),
            _ => Err(format!("{last} is below a plain value")),
        })
    } else if let Some(path) = patch.get("remove") {
        let (last, parents) = steps(path)?;
        each(snapshot, parents, &mut |parent| match parent {
            Value::Object(fields) => {
                fields.remove(text(last)?).map(drop).ok_or_else(|| format!("there is no {last}"))
            }
            Value::Array(items) => {
                for at in positions(items, last)?.into_iter().rev() {
                    items.remove(at);
                }
                Ok(())
            }
            _ => Err(format!("{last} is below a plain value")),
        })
    } else if let Some(path) = patch.get("append") {
        let items = match (patch.get("item"), patch.get("items")) {
            (Some(item), None) => vec![item.clone()],
            (None, Some(Value::Array(items))) => items.clone(),
            _ => return Err("`append` needs `item`, or a list of `items`".to_owned()),
        };
        each(snapshot, path.as_array().ok_or("a path is a list")?, &mut |list| {
            let list = list.as_array_mut().ok_or("there is no list")?;
            list.extend(items.iter().cloned());
            Ok(())
        })
    } else if let Some(path) = patch.get("replace") {
        let (from, to) = (part(patch, "text")?, part(patch, "by")?);
        let mut found = false;
        each(snapshot, path.as_array().ok_or("a path is a list")?, &mut |value| {
            found |= replace(value, from, to);
            Ok(())
        })?;
        if found { Ok(()) } else { Err(format!("there is no {from}")) }
    } else if let Some(key) = patch.get("withhold") {
        withhold(snapshot, text(key)?)
    } else {
        Err("no set, remove, append, replace or withhold".to_owned())
    }
}

fn part<'p>(patch: &'p Value, key: &str) -> Result<&'p str, String> {
    patch.get(key).and_then(Value::as_str).ok_or_else(|| format!("`replace` needs `{key}`"))
}

/// Replaces a text in every value and below.
fn replace(value: &mut Value, from: &str, to: &str) -> bool {
    match value {
        Value::String(text) if text.contains(from) => {
            *text = text.replace(from, to);
            true
        }
        Value::Array(items) => items.iter_mut().fold(false, |found, item| replace(item, from, to) | found),
        Value::Object(fields) => {
            fields.values_mut().fold(false, |found, value| replace(value, from, to) | found)
        }
        _ => false,
    }
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

/// Does something to all that a path leads to.
fn each(
    from: &mut Value,
    path: &[Value],
    change: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let Some((step, rest)) = path.split_first() else { return change(from) };
    match from {
        Value::Object(fields) => {
            let below = fields.get_mut(text(step)?).ok_or_else(|| format!("there is no {step}"))?;
            each(below, rest, change)
        }
        Value::Array(items) => {
            for at in positions(items, step)? {
                each(&mut items[at], rest, change)?;
            }
            Ok(())
        }
        _ => Err(format!("there is no {step}")),
    }
}

/// Which members of a list a step means; one at least.
fn positions(items: &[Value], step: &Value) -> Result<Vec<usize>, String> {
    let of = |wanted: &dyn Fn(&Value) -> bool| {
        items.iter().enumerate().filter(|(_, item)| wanted(item)).map(|(at, _)| at).collect::<Vec<_>>()
    };
    let mut found = match step {
        Value::Number(index) => {
            let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
            index.filter(|index| *index < items.len()).into_iter().collect()
        }
        Value::String(all) if all == "*" => return Ok((0..items.len()).collect()),
        Value::Object(_) => of(&|item| shares(item, step)),
        _ => of(&|item| is(item, step)),
    };
    if !step.is_object() {
        found.truncate(1);
    }
    if found.is_empty() { Err(format!("there is no {step}")) } else { Ok(found) }
}

/// Whether a value is this one, or has these fields, or a member that is so.
fn shares(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(fields), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| fields.get(key).is_some_and(|value| shares(value, wanted)))
        }
        (Value::Array(items), Value::Object(_)) => items.iter().any(|item| shares(item, wanted)),
        _ => value == wanted,
    }
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
