//! Which instance types support network interfaces for pods (security groups for pods).
//!
//! No API returns this. The user guide names families that can and one that cannot; the whole list is in
//! `limits.go` of amazon-vpc-resource-controller-k8s, and grows with each family that AWS brings out
//! (<https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html>).

use privek_core::known::{self, Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::inventory::max_pods;
use crate::facts::inventory::node_groups::{self, Listed, NodeGroup};

/// Families of which the user guide says that they can.
const CAN: [&str; 6] = ["c5", "c6g", "m5", "m6g", "r5", "r6g"];

/// A group's types without network interfaces for pods; unknown where a type's support is not known.
pub(crate) fn types_without(context: &Context<'_>, group: &NodeGroup) -> Known<Vec<String>> {
    let types = group.instance_types.clone()?;
    if group.ami_type.as_deref().is_some_and(|ami| ami.starts_with("WINDOWS")) {
        return Ok(types);
    }
    let (mut without, mut doubtful, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for name in types {
        let family = name.split('.').next().unwrap_or_default();
        let burstable =
            family.strip_prefix('t').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if burstable {
            without.push(name);
        } else if !CAN.contains(&family) {
            match max_pods::shape(context, &name) {
                Ok(shape) if !shape.nitro => without.push(name),
                Ok(_) => doubtful.push(name),
                Err(why) => missing.extend(why),
            }
        }
    }
    if !without.is_empty() {
        return Ok(without);
    }
    if !doubtful.is_empty() {
        missing.push(Missing::unmodelled(format!(
            "support of {} for network interfaces of pods; only IsTrunkingCompatible in limits.go of amazon-vpc-resource-controller-k8s shows support",
            doubtful.join(", ")
        )));
    }
    known::complete(missing).map(|()| without)
}

/// Whether another group can: pods that want such an interface are placed only where there is one
/// (<https://docs.aws.amazon.com/eks/latest/best-practices/sgpp.html>).
pub(crate) fn elsewhere(context: &Context<'_>, group: &NodeGroup, listed: &Listed) -> Known<bool> {
    let mut missing = listed.unlisted.clone();
    for other in &listed.groups {
        if other.name == group.name || other.max_size == Ok(0) {
            continue;
        }
        match types_without(context, other) {
            Ok(without) if without.is_empty() => return Ok(true),
            Ok(_) => {}
            Err(why) => missing.extend(why),
        }
    }
    match node_groups::loose_instances(context, &listed.groups) {
        Ok(loose) if loose.is_empty() => {}
        Ok(_) => {
            missing.push(Missing::unmodelled(
                "support of nodes outside the node groups for network interfaces of pods",
            ));
        }
        Err(why) => missing.extend(why),
    }
    known::proved(false, missing)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::minimal_cluster::{fields, group, instance_type, is_unknown, snapshot};

    fn without(types: &[&str]) -> Value {
        let mut given = snapshot();
        given["nodegroup"] = json!([group("workers", types, &["subnet-a", "subnet-b"], 4)]);
        let mut xen = instance_type("m4.large", 2, &[2], 10);
        xen["Hypervisor"] = json!("xen");
        let all = given["InstanceTypes"].as_array_mut().unwrap();
        all.extend([xen, instance_type("m7i.large", 2, &[3], 10)]);
        fields(&given, "nodegroup", "workers")["types_without_pod_interfaces"].clone()
    }

    #[test]
    fn what_the_user_guide_names_is_known_and_the_rest_is_not() {
        assert_eq!(without(&["m5.large"]), json!([]));
        assert_eq!(without(&["m5.large", "t3.small"]), json!(["t3.small"]));
        assert_eq!(without(&["m4.large"]), json!(["m4.large"]));
        assert!(is_unknown(&without(&["m7i.large"])));
        assert_eq!(without(&["m7i.large", "t3.small"]), json!(["t3.small"]));
    }
}
