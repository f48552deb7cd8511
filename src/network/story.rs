//! What a trace gathers on its way.

use std::collections::BTreeSet;

use super::{Blocker, Hop, Leg, Missing, Path, Verdict};

/// What was found on one path so far.
#[derive(Debug, Default)]
pub(super) struct Story {
    hops: Vec<Hop>,
    return_hops: Vec<Hop>,
    blockers: BTreeSet<Blocker>,
    missing: BTreeSet<Missing>,
    assumptions: BTreeSet<String>,
}

impl Story {
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

    pub fn block(&mut self, blocker: Blocker) {
        self.blockers.insert(blocker);
    }

    pub fn missing(&mut self, missing: impl IntoIterator<Item = Missing>) {
        self.missing.extend(missing);
    }

    pub fn assume(&mut self, assumption: impl Into<String>) {
        self.assumptions.insert(assumption.into());
    }

    /// Whether nothing is blocked or missing so far.
    pub fn is_clear(&self) -> bool {
        self.blockers.is_empty() && self.missing.is_empty()
    }

    pub fn is_blocked(&self) -> bool {
        !self.blockers.is_empty()
    }

    /// Adds what would also block the path if the present blocker were fixed.
    pub fn append_unseen(&mut self, other: Self) {
        self.blockers.extend(other.blockers);
        self.missing.extend(other.missing);
    }

    /// Where a translator is the client, replies to low ports are as frequent as to any other.
    pub fn of_translator(mut self) -> Self {
        self.blockers = std::mem::take(&mut self.blockers)
            .into_iter()
            .map(|mut blocker| {
                blocker.remedy.low_ports = false;
                blocker
            })
            .collect();
        self
    }

    /// Goes on with another story.
    pub fn append(&mut self, other: Self) {
        self.hops.extend(other.hops);
        self.return_hops.extend(other.return_hops);
        self.blockers.extend(other.blockers);
        self.missing.extend(other.missing);
        self.assumptions.extend(other.assumptions);
    }

    pub fn path(self, from: String, to: String) -> Path {
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
