//! A blocker in the words of the contract.

use crate::path::Leg;

use super::blocker::Blocker;

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
