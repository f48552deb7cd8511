//! The hops, blockers and missing inputs that a trace collects.

use std::collections::BTreeSet;

use crate::known::Missing;

use super::{Hop, Leg, Path, Verdict};

/// What was found on one path so far.
#[derive(Debug)]
pub struct TraceLog<B> {
    hops: Vec<Hop>,
    return_hops: Vec<Hop>,
    blockers: BTreeSet<B>,
    missing: BTreeSet<Missing>,
    assumptions: BTreeSet<String>,
}

impl<B> Default for TraceLog<B> {
    fn default() -> Self {
        Self {
            hops: Vec::new(),
            return_hops: Vec::new(),
            blockers: BTreeSet::new(),
            missing: BTreeSet::new(),
            assumptions: BTreeSet::new(),
        }
    }
}

impl<B: Ord> TraceLog<B> {
    /// A hop; one that denies or drops blocks.
    pub fn hop(&mut self, leg: Leg, kind: &str, id: &str, decision: &str, by: &str) {
        self.tell(leg, kind, id, decision, by, matches!(decision, "deny" | "drop"));
    }

    /// A hop that forwards to another target than the packets need.
    pub fn astray(&mut self, leg: Leg, kind: &str, id: &str, by: &str) {
        self.tell(leg, kind, id, "forward", by, true);
    }

    fn tell(&mut self, leg: Leg, kind: &str, id: &str, decision: &str, by: &str, blocks: bool) {
        let hops = match leg {
            Leg::Request => &mut self.hops,
            Leg::Reply => &mut self.return_hops,
        };
        let hop = Hop {
            kind: kind.to_owned(),
            id: id.to_owned(),
            decision: decision.to_owned(),
            by: by.to_owned(),
            blocks,
        };
        if !hops.contains(&hop) {
            hops.push(hop);
        }
    }

    /// Something that blocks.
    pub fn block(&mut self, blocker: B) {
        self.blockers.insert(blocker);
    }

    /// What would have to be known.
    pub fn missing(&mut self, missing: impl IntoIterator<Item = Missing>) {
        self.missing.extend(missing);
    }

    /// What is taken for granted.
    pub fn assume(&mut self, assumption: impl Into<String>) {
        self.assumptions.insert(assumption.into());
    }

    /// Whether nothing is blocked or missing so far.
    pub fn is_clear(&self) -> bool {
        self.blockers.is_empty() && self.missing.is_empty()
    }

    /// Whether something blocks.
    pub fn is_blocked(&self) -> bool {
        !self.blockers.is_empty()
    }

    /// Adds what would also block the path if the present blocker were fixed.
    pub fn append_unseen(&mut self, other: Self) {
        self.blockers.extend(other.blockers);
        self.missing.extend(other.missing);
    }

    /// The same with every blocker changed.
    #[must_use]
    pub fn map_blockers(mut self, change: impl FnMut(B) -> B) -> Self {
        self.blockers = std::mem::take(&mut self.blockers).into_iter().map(change).collect();
        self
    }

    /// Goes on with another log.
    pub fn append(&mut self, other: Self) {
        self.hops.extend(other.hops);
        self.return_hops.extend(other.return_hops);
        self.blockers.extend(other.blockers);
        self.missing.extend(other.missing);
        self.assumptions.extend(other.assumptions);
    }

    /// What was found, as the path between these two.
    pub fn path(self, from: String, to: String) -> Path<B> {
        let verdict = if !self.blockers.is_empty() {
            Verdict::Blocked
        } else if !self.missing.is_empty() {
            Verdict::Unknown
        } else {
            Verdict::Open
        };
        Path {
            from,
            to,
            verdict,
            hops: self.hops,
            return_hops: self.return_hops,
            blockers: self.blockers.into_iter().collect(),
            missing: self.missing.into_iter().collect(),
            assumptions: self.assumptions.into_iter().collect(),
        }
    }
}
