//! Network ACLs as subjects: those that guard the cluster's subnets.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::subnets::by_subnet;
use crate::network::{self, IdleEntry};
use crate::snapshot::aws::ec2::{NetworkAcl, tag};

/// The number of the entry that AWS ends each list with; that of IPv6 is one more.
const LAST: i64 = 32767;

/// What rules see of a network ACL.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct NetworkAclFacts {
    /// `NetworkAcls[].NetworkAclId`.
    id: String,
    /// The `Name` tag of `NetworkAcls[].Tags`.
    name: Option<String>,
    /// The cluster's subnets that are associated with the network ACL; for the VPC's default network ACL also
    /// subnets without an association.
    subnets: Vec<String>,
    /// Allow entries without effect, because earlier entries deny the same packets (`NetworkAcls[].Entries`).
    idle_entries: Fact<Vec<IdleEntryFacts>>,
    /// Whether no allow entry of the network ACL is shadowed by earlier deny entries
    /// (`NetworkAcls[].Entries`).
    every_entry_decides: Fact<bool>,
    /// The largest number of entries in one direction and one address family (IPv4 or IPv6); the quota counts
    /// each separately.
    most_entries: i64,
}

/// An entry that never decides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct IdleEntryFacts {
    /// `NetworkAcls[].Entries[].RuleNumber`.
    number: i64,
    /// `inbound` or `outbound` (`NetworkAcls[].Entries[].Egress`).
    direction: &'static str,
    /// Rule numbers of the earlier entries that shadow the entry.
    behind: Vec<i64>,
}

/// The network ACLs of the subnets that the control plane, nodes and load balancers use.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let (acls, unlisted) =
        by_subnet(context, |id| context.network.network_acl(id).map(|acl| (&*acl.network_acl_id, acl)));
    let listed = acls.values().map(|(acl, subnets)| {
        let facts = facts(acl, subnets);
        Subject::new("network_acl", &acl.network_acl_id, facts.name.as_deref(), &facts)
    });
    Subjects { listed: listed.collect(), unlisted }
}

fn facts(acl: &NetworkAcl, subnets: &BTreeSet<String>) -> NetworkAclFacts {
    let idle = network::idle_entries(acl);
    let mut counts: BTreeMap<(Option<bool>, bool), i64> = BTreeMap::new();
    for entry in acl.entries.iter().filter(|entry| entry.rule_number.is_none_or(|number| number < LAST)) {
        *counts.entry((entry.egress, entry.ipv6_cidr_block.is_some())).or_default() += 1;
    }
    NetworkAclFacts {
        id: acl.network_acl_id.clone(),
        name: tag(&acl.tags, "Name").map(str::to_owned),
        subnets: subnets.iter().cloned().collect(),
        every_entry_decides: Fact(idle.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        idle_entries: Fact(idle.map(|all| {
            let told = |IdleEntry { number, egress, behind }| IdleEntryFacts {
                number,
                direction: if egress { "outbound" } else { "inbound" },
                behind,
            };
            all.into_iter().map(told).collect()
        })),
        most_entries: counts.into_values().max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot};

    fn with(entries: &Value) -> Value {
        let mut snapshot = snapshot();
        snapshot["NetworkAcls"] = json!([{
            "NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true, "Entries": entries,
        }]);
        fields(&snapshot, "network_acl", "acl-1")
    }

    fn entry(number: i64, action: &str, cidr: &str, ports: Option<(i64, i64)>) -> Value {
        let mut entry = json!({
            "RuleNumber": number, "Egress": false, "RuleAction": action, "CidrBlock": cidr,
            "Protocol": if ports.is_some() { "6" } else { "-1" },
        });
        if let Some((from, to)) = ports {
            entry["PortRange"] = json!({"From": from, "To": to});
        }
        entry
    }

    #[test]
    fn an_allowance_behind_a_denial_of_all_that_it_is_for_is_idle() {
        let acl = with(&json!([
            entry(100, "deny", "10.0.0.0/8", Some((1024, 65535))),
            entry(200, "allow", "10.1.0.0/16", Some((32768, 60999))),
            entry(32767, "deny", "0.0.0.0/0", None),
            json!({"RuleNumber": 32768, "Egress": false, "RuleAction": "deny", "Ipv6CidrBlock": "::/0", "Protocol": "-1"}),
        ]));
        assert_eq!(acl["idle_entries"], json!([{"number": 200, "direction": "inbound", "behind": [100]}]));
        assert_eq!(acl["every_entry_decides"], false);
        assert_eq!(acl["most_entries"], 2);
    }

    #[test]
    fn what_is_denied_in_part_or_allowed_before_is_not_idle() {
        for entries in [
            json!([
                entry(100, "deny", "10.0.0.0/8", Some((22, 22))),
                entry(200, "allow", "10.0.0.0/8", None)
            ]),
            // The second allow entry is redundant, and blocks no packets.
            json!([entry(100, "allow", "10.0.0.0/8", None), entry(200, "allow", "10.1.0.0/16", None)]),
            json!([
                entry(100, "allow", "10.0.0.0/8", None),
                entry(200, "deny", "0.0.0.0/0", None),
                entry(300, "allow", "10.1.0.0/16", None)
            ]),
        ] {
            assert_eq!(with(&entries)["every_entry_decides"], true, "{entries}");
        }
    }

    #[test]
    fn an_entry_that_cannot_be_read_leaves_it_open() {
        let acl =
            with(&json!([{"RuleNumber": 100, "Egress": false, "RuleAction": "deny", "CidrBlock": "ten"}]));
        assert!(is_unknown(&acl["every_entry_decides"]));
    }
}
