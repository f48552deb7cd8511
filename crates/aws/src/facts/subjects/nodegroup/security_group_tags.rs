//! Which of a node group's security groups carry the cluster's tag: controllers that open ports for load
//! balancers change the one that does.

use privek_core::known::Known;
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::node_groups::NodeGroup;

/// What rules see of the tags on a node group's security groups.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GroupTagFacts {
    /// Security groups of the node group with the tag `kubernetes.io/cluster/<cluster>`
    /// (`SecurityGroups[].Tags`).
    tagged_groups: Fact<Vec<String>>,
    /// Whether the node group has one security group, or exactly one of several with the tag
    /// `kubernetes.io/cluster/<cluster>`.
    one_group_tagged: Fact<bool>,
    /// The security group to tag if no security group of the node group has the cluster's tag: the cluster
    /// security group, else the first.
    group_to_tag: Fact<Option<String>>,
    /// The security groups to untag if several have the cluster's tag: all but the cluster security group,
    /// else all but the first. EKS restores the tag of the cluster security group.
    groups_to_untag: Fact<Vec<String>>,
}

/// The facts about one group.
pub(crate) fn facts(context: &Context<'_>, group: &NodeGroup) -> GroupTagFacts {
    let ids = group.security_groups.ids().map(<[String]>::to_vec);
    let own = context.vpc_config().ok().and_then(|config| config.cluster_security_group_id.clone());
    let tagged = ids.clone().and_then(|ids| tagged(context, &ids));
    let kept = |ids: &[String]| own.clone().filter(|own| ids.contains(own)).or_else(|| ids.first().cloned());
    GroupTagFacts {
        one_group_tagged: Fact(match (&ids, &tagged) {
            (Ok(ids), _) if ids.len() == 1 => Ok(true),
            (Ok(_), Ok(tagged)) => Ok(tagged.len() == 1),
            (Err(missing), _) | (_, Err(missing)) => Err(missing.clone()),
        }),
        group_to_tag: Fact(ids.map(|ids| kept(&ids))),
        groups_to_untag: Fact(tagged.clone().map(|tagged| {
            let kept = kept(&tagged);
            tagged.into_iter().filter(|id| Some(id) != kept.as_ref()).collect()
        })),
        tagged_groups: Fact(tagged),
    }
}

fn tagged(context: &Context<'_>, ids: &[String]) -> Known<Vec<String>> {
    let key = format!("kubernetes.io/cluster/{}", context.cluster.clone()?.name);
    let mut tagged = Vec::new();
    for id in ids {
        let tags = &context.network.security_group(id)?.tags;
        if tags.iter().any(|tag| tag.key.as_deref() == Some(&key)) {
            tagged.push(id.clone());
        }
    }
    Ok(tagged)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot};

    /// The group `workers` with the cluster's group and another one, of which these have the tag.
    fn with(groups: &[&str], tagged: &[&str]) -> Value {
        let mut snapshot = snapshot();
        let all: Vec<Value> = ["sg-cluster", "sg-nodes"]
            .iter()
            .map(|id| {
                let tags = if tagged.contains(id) {
                    json!([{"Key": "kubernetes.io/cluster/closed", "Value": "owned"}])
                } else {
                    json!([])
                };
                json!({"GroupId": id, "VpcId": "vpc-1", "Tags": tags})
            })
            .collect();
        snapshot["SecurityGroups"] = json!(all);
        snapshot["nodegroup"][0]["launchTemplate"] = json!({"id": "lt-1", "version": "1"});
        snapshot["LaunchTemplateVersions"] = json!([{
            "LaunchTemplateId": "lt-1", "VersionNumber": 1, "LaunchTemplateData": {"SecurityGroupIds": groups},
        }]);
        fields(&snapshot, "nodegroup", "workers")
    }

    #[test]
    fn of_several_groups_exactly_one_has_the_tag() {
        let both = ["sg-cluster", "sg-nodes"];
        assert_eq!(with(&both, &["sg-nodes"])["one_group_tagged"], true);
        let twice = with(&both, &both);
        assert_eq!(
            (&twice["one_group_tagged"], &twice["groups_to_untag"]),
            (&json!(false), &json!(["sg-nodes"]))
        );
        let none = with(&both, &[]);
        assert_eq!((&none["one_group_tagged"], &none["group_to_tag"]), (&json!(false), &json!("sg-cluster")));
    }

    #[test]
    fn a_single_group_needs_no_tag() {
        assert_eq!(with(&["sg-nodes"], &[])["one_group_tagged"], true);
        assert!(is_unknown(&with(&["sg-cluster", "sg-9"], &[])["one_group_tagged"]));
    }
}
