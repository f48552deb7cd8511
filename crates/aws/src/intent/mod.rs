//! What the user says about a cluster on AWS.

#[cfg(test)]
mod growth_tests;
mod ids;
mod plan;
#[cfg(test)]
mod tests;

pub use privek_core::intent::{
    Declared, Growth, IntentError, LONGEST, Network, Nodes, Operator, Pods, parse_cidr, shown,
};

pub use ids::{IDS, ROLES, known_features};
pub use plan::{Plan, PlanFlags};

/// What the user declared.
pub type Intent = privek_core::intent::Intent<Plan>;

/// The operators' network that a flag declares.
///
/// # Errors
/// The part of the flag that is not understood, and what would be right.
pub fn operator(flag: &str) -> Result<Operator, IntentError> {
    Operator::from_flag(flag, &IDS)
}

/// Understands what follows the first comma of `X[,via=ID][,sg=ID]…`; `form` is the whole's.
///
/// # Errors
/// The part that is not understood, and what would be right.
pub fn declarations(text: Option<&str>, form: &str) -> Result<Declared, String> {
    privek_core::intent::declarations(&IDS, text, form)
}
