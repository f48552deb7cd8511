//! Subnets with the security groups on their addresses: alike ones are one end.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use privek_core::known::Missing;

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::{IpFamily, ip_family};
use crate::network::{Carriers, End, EndKind, Groups};

use super::end_set::Ends;

/// What is in a place, and the network interfaces of it all.
type Placed<T> = (BTreeSet<T>, Option<Carriers>);

/// Where something is, collected place by place.
#[derive(Debug, Default)]
pub(crate) struct Placements {
    names: BTreeMap<(String, Vec<String>), Placed<String>>,
    unread: BTreeMap<(String, String), Placed<Missing>>,
    unlisted: BTreeSet<Missing>,
}

impl Placements {
    /// Something of this name is in this subnet, on such network interfaces with these groups.
    pub fn add(
        &mut self,
        context: &Context<'_>,
        subnet: &str,
        (groups, carriers): (&Groups, &Carriers),
        name: &str,
    ) {
        let subnet = subnet.to_owned();
        let together = |known: &mut Option<Carriers>| {
            *known = Some(known.take().map_or_else(|| carriers.clone(), |known| known.or(carriers)));
        };
        let missing = match groups {
            Groups::Known(groups) => {
                let (names, known) = self.names.entry((subnet, sorted(groups))).or_default();
                names.insert(name.to_owned());
                return together(known);
            }
            Groups::Unread(missing) => missing.clone(),
            Groups::Undeclared => vec![context.missing("SecurityGroups", context.vpc.as_deref().ok())],
        };
        let (unread, known) = self.unread.entry((subnet, name.to_owned())).or_default();
        unread.extend(missing);
        together(known);
    }

    /// There may be more, because of this.
    pub fn may_miss(&mut self, missing: impl IntoIterator<Item = Missing>) {
        self.unlisted.extend(missing);
    }

    /// Whether nothing is known and nothing may be missing.
    pub fn are_none(&self) -> bool {
        self.names.is_empty() && self.unread.is_empty() && self.unlisted.is_empty()
    }

    /// Whether a subnet with these groups is among them.
    pub fn has_subnet(&self, subnet: &str) -> bool {
        self.names.keys().any(|(known, _)| known == subnet)
            || self.unread.keys().any(|(known, _)| known == subnet)
    }

    /// One end for each subnet and set of groups.
    pub fn into_ends(self, context: &Context<'_>) -> Ends {
        let known = self.names.into_iter().map(|((subnet, groups), (names, carriers))| {
            let names: Vec<String> = names.into_iter().collect();
            (names.join(", "), subnet, Groups::Known(groups), carriers)
        });
        let unread = self.unread.into_iter().map(|((subnet, name), (missing, carriers))| {
            (name, subnet, Groups::Unread(missing.into_iter().collect()), carriers)
        });
        let known = known
            .chain(unread)
            .map(|(names, subnet, groups, carriers)| End {
                label: format!("{names} in {subnet}"),
                kind: EndKind::Subnet {
                    addresses: used_prefixes(context, &subnet),
                    subnet,
                    groups,
                    carriers: carriers.unwrap_or_default(),
                },
            })
            .collect();
        Ends { known, unlisted: self.unlisted.into_iter().collect(), ..Ends::default() }
    }
}

/// The prefixes of a subnet that are source addresses of the cluster: IPv4 only, unless it is an IPv6 cluster.
pub(crate) fn used_prefixes(context: &Context<'_>, subnet: &str) -> Option<Vec<IpNet>> {
    if ip_family(context) != Ok(IpFamily::V4) {
        return None;
    }
    let cidrs = context.network.subnet_cidrs(subnet).ok()?;
    Some(cidrs.into_iter().filter(|cidr| matches!(cidr, IpNet::V4(_))).collect())
}

fn sorted(groups: &[String]) -> Vec<String> {
    let set: BTreeSet<&String> = groups.iter().collect();
    set.into_iter().cloned().collect()
}
