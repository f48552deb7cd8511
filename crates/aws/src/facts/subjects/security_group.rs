//! Security groups as subjects: those of the control plane and of the nodes.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};
use privek_core::sets::addresses::AddressSet;
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::node_groups;
use crate::network::Groups;
use crate::snapshot::aws::ec2::{IpPermission, PrefixListId, SecurityGroup, tag};

/// What rules see of a security group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SecurityGroupFacts {
    /// `SecurityGroups[].GroupId`.
    id: String,
    /// `SecurityGroups[].GroupName`.
    name: Option<String>,
    /// The users of the security group: `the control plane`, or node groups by name.
    carriers: Vec<String>,
    /// Inbound rules that allow every address of an address family (`SecurityGroups[].IpPermissions`), apart
    /// from ICMP.
    open_rules: Fact<Vec<OpenRuleFacts>>,
    /// Whether no inbound rule allows every address of an address family (`SecurityGroups[].IpPermissions`),
    /// apart from ICMP.
    limited: Fact<bool>,
    /// The largest number of rules in one direction and one address family; the quota counts each separately.
    /// A prefix list counts with the maximum number of entries (`PrefixLists[].MaxEntries`).
    most_rules: Fact<i64>,
}

/// A rule that allows every address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
struct OpenRuleFacts {
    /// `SecurityGroups[].IpPermissions[].IpProtocol`.
    protocol: String,
    /// `SecurityGroups[].IpPermissions[].FromPort`; null for all ports.
    from_port: Option<i64>,
    /// `SecurityGroups[].IpPermissions[].ToPort`; null for all ports.
    to_port: Option<i64>,
    /// The CIDRs of the rule that together contain every address of an address family.
    cidrs: Vec<String>,
    /// Protocol and ports in words, for instance `tcp/22`.
    told: String,
}

/// The groups of the control plane and of the nodes.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let mut carriers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut unlisted = Vec::new();
    match context.vpc_config() {
        Ok(config) => {
            let own = config.cluster_security_group_id.iter();
            for id in own.chain(config.security_group_ids.iter().flatten()) {
                carriers.entry(id.clone()).or_default().insert("the control plane".to_owned());
            }
            if config.cluster_security_group_id.is_none() {
                unlisted.push(context.field("cluster", "resourcesVpcConfig.clusterSecurityGroupId"));
            }
        }
        Err(missing) => unlisted.extend(missing),
    }
    let listed = node_groups::listed(context);
    unlisted.extend(listed.unlisted.iter().cloned());
    for group in &listed.groups {
        match &group.security_groups {
            Groups::Known(ids) => {
                for id in ids {
                    carriers.entry(id.clone()).or_default().insert(group.name.clone());
                }
            }
            Groups::Unread(missing) => unlisted.extend(missing.iter().cloned()),
            Groups::Undeclared => {}
        }
    }
    match node_groups::loose_instances(context, &listed.groups) {
        Ok(instances) => {
            for id in
                instances.iter().flat_map(|one| &one.security_groups).filter_map(|one| one.group_id.clone())
            {
                carriers.entry(id).or_default().insert("nodes outside node groups".to_owned());
            }
        }
        Err(missing) => unlisted.extend(missing),
    }
    let listed = carriers.iter().map(|(id, carriers)| {
        let facts = facts(context, id, carriers);
        Subject::new("security_group", id, facts.name.as_deref(), &facts)
    });
    Subjects { listed: listed.collect(), unlisted: known::joined(unlisted) }
}

fn facts(context: &Context<'_>, id: &str, carriers: &BTreeSet<String>) -> SecurityGroupFacts {
    let group = context.network.security_group(id);
    let open = group.clone().and_then(open_rules);
    SecurityGroupFacts {
        id: id.to_owned(),
        name: group.as_ref().ok().and_then(|group| {
            tag(&group.tags, "Name").map(str::to_owned).or_else(|| group.group_name.clone())
        }),
        carriers: carriers.iter().cloned().collect(),
        limited: Fact(open.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        open_rules: Fact(open),
        most_rules: Fact(group.and_then(|group| most_rules(context, group))),
    }
}

fn open_rules(group: &SecurityGroup) -> Known<Vec<OpenRuleFacts>> {
    let (mut open, mut unread) = (BTreeSet::new(), Vec::new());
    for permission in &group.ip_permissions {
        let Some(protocol) = permission.ip_protocol.as_deref() else {
            unread.push(Missing::unmodelled(format!("the protocol of a rule of {}", group.group_id)));
            continue;
        };
        // Echo replies and packet-too-big messages open no access.
        if matches!(protocol, "icmp" | "icmpv6" | "1" | "58") {
            continue;
        }
        let texts: Vec<&str> = (permission.ip_ranges.iter().filter_map(|range| range.cidr_ip.as_deref()))
            .chain(permission.ipv6_ranges.iter().filter_map(|range| range.cidr_ipv6.as_deref()))
            .collect();
        let nets: Option<Vec<IpNet>> = texts.iter().map(|text| text.parse().ok()).collect();
        let Some(nets) = nets else {
            unread.push(Missing::unmodelled(format!("a CIDR in a rule of {}", group.group_id)));
            continue;
        };
        // Several prefixes may make up everybody, as 0.0.0.0/1 and 128.0.0.0/1 do.
        let admitted: AddressSet = nets.iter().copied().collect();
        let everybody = AddressSet::everything();
        let all_v4 = admitted.contains_all(&everybody.only_v4());
        let all_v6 = admitted.contains_all(&everybody.only_v6());
        let cidrs: Vec<String> = nets
            .iter()
            .filter(|net| matches!(net, IpNet::V4(_)) && all_v4 || matches!(net, IpNet::V6(_)) && all_v6)
            .map(ToString::to_string)
            .collect();
        if !cidrs.is_empty() {
            let (from_port, to_port) = (permission.from_port, permission.to_port);
            let told = told(protocol, from_port, to_port);
            open.insert(OpenRuleFacts { protocol: protocol.to_owned(), from_port, to_port, cidrs, told });
        }
    }
    known::found(open.into_iter().collect(), unread)
}

fn told(protocol: &str, from: Option<i64>, to: Option<i64>) -> String {
    let protocol = match protocol {
        "-1" => return "every protocol and port".to_owned(),
        "6" => "tcp",
        "17" => "udp",
        other => other,
    };
    match (from, to) {
        (Some(from), Some(to)) if from == to => format!("{protocol}/{from}"),
        (Some(0), Some(65535)) | (None, _) | (_, None) => format!("every port of {protocol}"),
        (Some(from), Some(to)) => format!("{protocol}/{from}-{to}"),
    }
}

/// How quotas count: <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>. A rule for
/// a group counts for both families; a prefix list for as many entries as it may have.
fn most_rules(context: &Context<'_>, group: &SecurityGroup) -> Known<i64> {
    let count = |permissions: &[IpPermission]| -> Known<i64> {
        let (mut v4, mut v6) = (0, 0);
        for permission in permissions {
            v4 += length(permission.ip_ranges.len());
            v6 += length(permission.ipv6_ranges.len());
            let both = length(permission.user_id_group_pairs.len());
            let lists: i64 =
                permission.prefix_list_ids.iter().map(|list| weight(context, list)).sum::<Known<i64>>()?;
            v4 += both + lists;
            v6 += both + lists;
        }
        Ok(v4.max(v6))
    };
    Ok(count(&group.ip_permissions)?.max(count(&group.ip_permissions_egress)?))
}

/// As how many rules a prefix list counts: as many as it may have entries, or what AWS says of its own lists,
/// whose names end thus: <https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html>.
const WEIGHTS: [(&str, i64); 8] = [
    (".cloudfront.origin-facing", 55),
    (".dynamodb", 1),
    (".ec2-instance-connect", 2),
    (".groundstation", 5),
    (".route53-healthchecks", 25),
    (".s3", 1),
    (".s3express", 6),
    (".vpc-lattice", 10),
];

fn weight(context: &Context<'_>, list: &PrefixListId) -> Known<i64> {
    let id = list.prefix_list_id.as_deref().unwrap_or_default();
    let mut all = context.snapshot.aws.prefix_lists.iter().flatten();
    let found = all.find(|one| one.prefix_list_id == id);
    let found = found.ok_or_else(|| vec![context.missing("PrefixLists", Some(id))])?;
    let name = found.prefix_list_name.as_deref().filter(|name| name.starts_with("com.amazonaws."));
    let own = name.and_then(|name| WEIGHTS.iter().find(|(end, _)| name.ends_with(end)));
    found
        .max_entries
        .or(own.map(|(_, weight)| *weight))
        .ok_or_else(|| vec![context.field("PrefixLists", &format!("MaxEntries of {id}"))])
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, subjects};

    fn with(permissions: &Value) -> Value {
        let mut snapshot = snapshot();
        snapshot["SecurityGroups"] = json!([{"GroupId": "sg-cluster", "GroupName": "eks-cluster-sg", "VpcId": "vpc-1", "IpPermissions": permissions}]);
        fields(&snapshot, "security_group", "sg-cluster")
    }

    fn rule(protocol: &str, cidrs: &[&str]) -> Value {
        let ranges: Vec<Value> = cidrs.iter().map(|cidr| json!({"CidrIp": cidr})).collect();
        json!({"IpProtocol": protocol, "FromPort": 22, "ToPort": 22, "IpRanges": ranges})
    }

    #[test]
    fn the_groups_are_those_of_control_plane_and_nodes() {
        let found = subjects(&snapshot(), "security_group");
        assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["sg-cluster"]);
        assert_eq!(found[0].fields["carriers"], json!(["the control plane", "workers"]));
        assert!(is_unknown(&found[0].fields["limited"]));
    }

    #[test]
    fn everybody_may_be_one_prefix_or_two_halves() {
        let open = with(&json!([rule("tcp", &["0.0.0.0/0", "10.0.0.0/8"])]));
        assert_eq!(open["limited"], false);
        assert_eq!(open["open_rules"][0]["told"], "tcp/22");
        assert_eq!(with(&json!([rule("tcp", &["0.0.0.0/1", "128.0.0.0/1"])]))["limited"], false);
        assert_eq!(with(&json!([rule("tcp", &["10.0.0.0/8"])]))["limited"], true);
        assert_eq!(with(&json!([rule("icmp", &["0.0.0.0/0"])]))["limited"], true);
        assert!(is_unknown(&with(&json!([rule("tcp", &["ten"])]))["limited"]));
    }

    #[test]
    fn rules_count_by_direction_and_family() {
        let permissions = json!([{
            "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
            "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "10.1.0.0/16"}],
            "Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}], "UserIdGroupPairs": [{"GroupId": "sg-1"}],
        }]);
        assert_eq!(with(&permissions)["most_rules"], 3);
        let listed = json!([{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-1"}]}]);
        assert!(is_unknown(&with(&listed)["most_rules"]));
    }
}
