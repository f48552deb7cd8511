//! What the words of a declaration may be, which only a provider knows.

use std::fmt::Debug;

use ipnet::IpNet;
use serde::de::DeserializeOwned;

use super::error::{IntentError, Wrong};

/// A provider's planned cluster, and with it how the provider's declarations look.
pub trait Dialect: Clone + Debug + PartialEq + Sized {
    /// `cluster:` as it is written.
    type Written: DeserializeOwned + Debug;
    /// What the provider's ids look like.
    const IDS: Ids;

    /// What `cluster:` plans.
    ///
    /// # Errors
    /// The field that is not understood, and what would be right.
    fn understood(written: Self::Written, wrong: Wrong<'_>) -> Result<Self, IntentError>;

    /// The same plan with every name and id replaced, for sharing.
    #[must_use]
    fn redacted(&self, text: &dyn Fn(&str) -> String, net: &dyn Fn(IpNet) -> IpNet) -> Self;
}

/// What a provider's ids look like. Every check says what is wrong, and what would be right.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    /// Where a network may enter.
    pub via: fn(&str) -> Result<(), String>,
    /// What filters traffic at an interface.
    pub security_group: fn(&str) -> Result<(), String>,
    /// A subnet.
    pub subnet: fn(&str) -> Result<(), String>,
    /// A machine type.
    pub instance_type: fn(&str) -> Result<(), String>,
    /// What can be named by its part in the cluster, so that no network may be called so.
    pub roles: &'static [&'static str],
    /// What a name that is no role means already, if it means something: no network may have it.
    pub taken: fn(&str) -> Option<String>,
    /// The names of the features that may be declared, in order.
    pub features: fn() -> Vec<String>,
    /// What the flag of an operators' network looks like.
    pub operator_flag: &'static str,
}
