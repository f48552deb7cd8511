//! A blocker in the words of the contract.

use privek_core::path::Leg;

use super::blocker::Blocker;

impl From<Blocker> for privek_core::report::Blocker {
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
