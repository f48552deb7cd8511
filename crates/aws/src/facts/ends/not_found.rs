//! Names of what is not there: a mistake where everything was read, and unknown where it was not.

use std::collections::BTreeSet;

use privek_core::header::EVERYTHING;
use privek_core::known::Missing;
use privek_core::yaml;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::ids;
use crate::intent::ROLES;
use crate::snapshot::aws;

use super::declared;

/// How many ids an error lists.
const MOST_LISTED: usize = 6;

/// Why a written source or destination is none, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEnd {
    /// An id that nothing has.
    #[error("{what} {id} does not exist among the {count} that were read; {hint}")]
    NotThere {
        /// The id.
        id: String,
        /// What it would be.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// Those that it is most like.
        hint: String,
    },
    /// A name that is not declared.
    #[error("'{name}' is not a role, a service or a declared network; {hint}")]
    NoSuchNetwork {
        /// The name.
        name: String,
        /// What would be right.
        hint: String,
    },
    /// Something that opens no connections.
    #[error("{end} opens no connections and cannot be the source; use {end} as the destination (--to)")]
    OnlyDestination {
        /// The end.
        end: String,
    },
}

impl NoEnd {
    /// What a rule that names such an end waits for.
    pub(crate) fn missing(&self) -> Missing {
        match self {
            Self::NoSuchNetwork { name, hint } => Missing::intent(format!(
                "the addresses of network {name} (networks: in privek-audit.yaml); {hint}"
            )),
            Self::NotThere { .. } => Missing::intent(format!("the id that the rule names; {self}")),
            Self::OnlyDestination { .. } => Missing::unmodelled(self.to_string()),
        }
    }
}

/// What to make of an id that is not among the items of its collection.
pub(crate) fn absent(context: &Context<'_>, collection: &str, id: &str) -> Result<Missing, NoEnd> {
    let missing = context.missing(collection, Some(id));
    let Some(ids) = ids(context, collection) else { return Ok(missing) };
    let (what, count, hint) = (ids::name(id), ids.len(), hint(&ids, id));
    if is_all(context, collection) {
        return Err(NoEnd::NotThere { id: id.to_owned(), what, count, hint });
    }
    // It may be in a VPC that was not read, or in another account.
    let text = format!("{what} {id}, which is not among the {count} that were read; {hint}");
    Ok(missing.worded(text))
}

/// Whether an id is among the items of its collection, as far as that was read.
pub(crate) fn is_known(context: &Context<'_>, collection: &str, id: &str) -> bool {
    ids(context, collection).is_some_and(|ids| ids.contains(id))
}

fn ids(context: &Context<'_>, collection: &str) -> Option<BTreeSet<String>> {
    if collection == "Reservations" {
        let all = context.snapshot.aws.reservations.as_ref()?.iter();
        return Some(all.flat_map(|one| &one.instances).map(|one| one.instance_id.clone()).collect());
    }
    Some(context.snapshot.aws.ids(collection)?.into_iter().collect())
}

/// Whether a collection holds all that there is: it was read without a filter, and nothing failed.
fn is_all(context: &Context<'_>, collection: &str) -> bool {
    let Some(known) = aws::collection(collection) else { return false };
    let mut gaps = context.snapshot.header.gaps.iter();
    let failed = gaps.any(|gap| gap.service == known.service && gap.operation == known.operation);
    !failed && context.snapshot.header.covers(collection, EVERYTHING)
}

fn hint(ids: &BTreeSet<String>, id: &str) -> String {
    if let Some(near) =
        yaml::nearest(id, ids.iter().map(String::as_str).filter(|other| differ_little(id, other)))
    {
        return format!("did you mean {near}?");
    }
    if ids.is_empty() {
        return "none exist".to_owned();
    }
    let more = if ids.len() > MOST_LISTED { ", …" } else { "" };
    let listed: Vec<&str> = ids.iter().take(MOST_LISTED).map(String::as_str).collect();
    format!("known are {}{more}", listed.join(", "))
}

/// Ids of one kind are all alike in length; only few other characters are a typo.
fn differ_little(one: &str, other: &str) -> bool {
    let different = one.chars().zip(other.chars()).filter(|(a, b)| a != b).count();
    different + one.len().abs_diff(other.len()) <= 3
}

/// The mistake of a name that is not declared.
pub(crate) fn no_such_network(context: &Context<'_>, name: &str) -> NoEnd {
    let networks = declared::networks(context);
    let services = services::matrix().map(|matrix| matrix.services.keys()).into_iter().flatten();
    let known = ROLES.iter().copied().chain(networks.iter().map(|network| network.label.as_str()));
    let near = yaml::nearest(name, known.chain(services.map(String::as_str)));
    let hint = match near {
        Some(near) => format!("did you mean {near}?"),
        None if networks.is_empty() => {
            "no network is declared (networks: or operators: in privek-audit.yaml)".to_owned()
        }
        None => {
            let names: Vec<String> = networks.into_iter().map(|network| network.label).collect();
            format!("declared networks are {}", names.join(", "))
        }
    };
    NoEnd::NoSuchNetwork { name: name.to_owned(), hint }
}
