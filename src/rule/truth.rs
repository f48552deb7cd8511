//! True, false, or unknown with what is missing.

use std::collections::BTreeSet;

use crate::report::Missing;

/// What an expression is, in Kleene's logic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    /// With what is missing to know it.
    Unknown(BTreeSet<Missing>),
}

impl Truth {
    /// What is known to be true or false.
    pub(super) fn of(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// Kleene's `or` (`decisive` true) and `and` (false): what is decisive outranks what is unknown.
pub(super) fn fold(
    decisive: bool,
    parts: impl Iterator<Item = Result<Truth, String>>,
) -> Result<Truth, String> {
    let mut missing = BTreeSet::new();
    for part in parts {
        match part? {
            Truth::Unknown(more) => missing.extend(more),
            decided if decided == Truth::of(decisive) => return Ok(decided),
            _ => {}
        }
    }
    Ok(if missing.is_empty() { Truth::of(!decisive) } else { Truth::Unknown(missing) })
}
