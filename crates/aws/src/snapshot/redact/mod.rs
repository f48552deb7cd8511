//! Replaces what a snapshot tells about its owner, so that it can be shared: account ids, addresses
//! and names, each consistently, and so that an audit of the result comes out the same.
//!
//! Ids that AWS made up (`vpc-…`, `sg-…`) stay: they mean nothing to others. What AWS itself
//! names (add-ons, services, domains under `amazonaws.com`, well-known namespaces) stays too,
//! because rules recognise it.

mod addresses;
mod field_path;
mod names;
#[cfg(test)]
mod tests;
mod text;

use ipnet::IpNet;
use sha2::{Digest, Sha256};

use super::contents::Snapshot;
use addresses::Addresses;
use names::{Names, Rename};

/// Replaces what one snapshot tells about its owner.
#[derive(Clone, Debug)]
pub struct Redactor {
    addresses: Addresses,
    names: Names,
}

impl Redactor {
    /// Learns what there is to replace; equal snapshots give equal replacements.
    pub fn new(snapshot: &Snapshot) -> Self {
        let cluster = snapshot.aws.ids("cluster").unwrap_or_default().join(",");
        let mut hash = Sha256::new();
        for part in
            [snapshot.header.account.as_deref(), Some(&cluster), snapshot.header.collected_at.as_deref()]
        {
            let part = part.unwrap_or_default();
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let key: [u8; 32] = hash.finalize().into();
        let addresses = Addresses::new(key, &snapshot.aws);
        let mut seen = names::SeenNames::default();
        let mut tree = snapshot.clone().into_value();
        field_path::walk(&mut tree, &mut |path, text| {
            let mut learn = |kind: &'static str, original: &str| {
                seen.add(kind, original);
                original.to_owned()
            };
            field_path::replace(path, text, &addresses, &mut learn, &mut |_| None);
        });
        Self { addresses, names: Names::new(key, &seen) }
    }

    /// The snapshot without account ids, addresses and names of its own.
    pub fn snapshot(&self, snapshot: Snapshot) -> Snapshot {
        let mut tree = snapshot.into_value();
        field_path::walk(&mut tree, &mut |path, text| {
            let mut rename = |kind: &'static str, original: &str| self.names.get(kind, original);
            let mut free = |free: &str| Some(self.text(free));
            if let Some(replaced) = field_path::replace(path, text, &self.addresses, &mut rename, &mut free) {
                *text = replaced;
            }
        });
        // Only strings were exchanged for strings, so the shape is still a snapshot's. Were it not,
        // nothing would be the safe answer: never the original.
        serde_json::from_value(tree).unwrap_or_default()
    }

    /// Free text without them: messages, commands, documents.
    pub fn text(&self, text: &str) -> String {
        let mut rename = |kind: &'static str, original: &str| self.names.get(kind, original);
        text::replace(text, &self.addresses, &self.names, &mut rename as Rename<'_>)
    }

    /// The prefix that stands for this one; containment and overlap between prefixes are kept.
    pub fn net(&self, net: IpNet) -> IpNet {
        self.addresses.net(net)
    }
}
