//! What was traced for one flow, summed up path by path: of a large estate not every path is kept.

use std::collections::BTreeSet;

use privek_core::known::Missing;
use privek_core::path::Verdict;
use schemars::JsonSchema;
use serde::Serialize;

use crate::network::{Blocker, Path};

/// No flow shows more paths than this.
const SHOWN: usize = 200;

/// One path of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct PathFacts {
    /// The source of the path, by role, id or address.
    from: String,
    /// The destination of the path, by role, id or address.
    to: String,
    /// `open`, `blocked` or `unknown`.
    verdict: Verdict,
    /// The rule, entry, route or missing input that decides the verdict.
    by: String,
}

/// What was traced.
#[derive(Debug, Default)]
pub(crate) struct FlowResult {
    /// Whether some path is blocked.
    pub blocked: bool,
    /// The blockers of all paths.
    pub blockers: BTreeSet<Blocker>,
    /// What would settle what is undecided.
    pub missing: BTreeSet<Missing>,
    /// What was taken for granted.
    pub assumptions: BTreeSet<String>,
    /// How many paths there were.
    pub count: usize,
    /// Whether some path is undecided.
    undecided: bool,
    open: Vec<PathFacts>,
    closed: Vec<PathFacts>,
}

impl FlowResult {
    /// Adds paths.
    pub fn extend(&mut self, paths: Vec<Path>) {
        for path in paths {
            self.count += 1;
            self.blocked |= path.verdict == Verdict::Blocked;
            self.undecided |= path.verdict == Verdict::Unknown;
            let list = if path.verdict == Verdict::Open { &mut self.open } else { &mut self.closed };
            if list.len() < SHOWN {
                list.push(in_short(&path));
            }
            self.blockers.extend(path.blockers);
            self.missing.extend(path.missing);
            self.assumptions.extend(path.assumptions);
        }
    }

    /// Of the source only some addresses send packets, which ones is unknown: what blocks a part of them decides
    /// nothing.
    pub fn undecided_in_part(&mut self, missing: Missing) {
        self.blocked = false;
        self.blockers.clear();
        self.missing.insert(missing);
    }

    /// Says what is missing where nothing else does: a path is undecided, or there is none.
    pub fn complete(&mut self) {
        if !self.missing.is_empty() {
            return;
        }
        if self.undecided {
            self.missing.insert(Missing::unmodelled("a part of the path"));
        } else if self.count == 0 {
            self.missing.insert(Missing::unmodelled("the path; no pair of source and destination was found"));
        }
    }

    /// The paths in short: of very many, those that are not open first.
    pub fn shown(&mut self) -> Vec<PathFacts> {
        let mut shown = std::mem::take(&mut self.closed);
        shown.append(&mut self.open);
        shown.truncate(SHOWN);
        shown
    }
}

fn in_short(path: &Path) -> PathFacts {
    let by = match path.verdict {
        Verdict::Blocked => path.blockers.first().map(|blocker| blocker.reason.clone()),
        Verdict::Unknown => path.missing.first().map(|missing| missing.what.clone()),
        Verdict::Open => path.hops.last().map(|hop| hop.by.clone()),
    };
    PathFacts {
        from: path.from.clone(),
        to: path.to.clone(),
        verdict: path.verdict,
        by: by.unwrap_or_default(),
    }
}
