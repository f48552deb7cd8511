//! What the reasoning says, in the words of the contract.

use super::blocker::Blocker;
use super::missing::{Missing, MissingKind};
use super::path::{Hop, Leg, Path, Verdict};
use crate::report::trace;

impl From<Verdict> for trace::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Open => Self::Open,
            Verdict::Blocked => Self::Blocked,
            Verdict::Unknown => Self::Unknown,
        }
    }
}

impl From<Path> for trace::Path {
    fn from(path: Path) -> Self {
        Self {
            verdict: path.verdict.into(),
            from: path.from,
            to: path.to,
            hops: path.hops.into_iter().map(Into::into).collect(),
            r#return: trace::Return { hops: path.return_hops.into_iter().map(Into::into).collect() },
            blockers: path.blockers.into_iter().map(Into::into).collect(),
            missing: path.missing.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Hop> for trace::Hop {
    fn from(hop: Hop) -> Self {
        Self { kind: hop.kind, id: hop.id, decision: hop.decision, by: hop.by, blocks: hop.blocks }
    }
}

impl From<Blocker> for crate::report::Blocker {
    fn from(blocker: Blocker) -> Self {
        let word = |leg| match leg {
            Leg::Request => "request",
            Leg::Reply => "reply",
        };
        Self {
            kind: blocker.kind,
            id: blocker.id,
            leg: blocker.leg.map(|leg| word(leg).to_owned()),
            part: blocker.part,
            reason: blocker.reason,
        }
    }
}

impl From<Missing> for crate::report::Missing {
    fn from(missing: Missing) -> Self {
        Self { kind: missing.kind.into(), what: missing.what, permission: missing.permission }
    }
}

impl From<MissingKind> for crate::report::MissingKind {
    fn from(kind: MissingKind) -> Self {
        match kind {
            MissingKind::Operation => Self::Operation,
            // What does not exist yet cannot be read; the user may say it.
            MissingKind::Intent | MissingKind::NotYet => Self::Intent,
            MissingKind::Probe => Self::Probe,
            MissingKind::Unmodelled => Self::Unmodelled,
        }
    }
}
