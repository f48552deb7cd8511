//! Where addresses run short.

/// Groups that a zone cannot hold together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shortage {
    pub zone: String,
    pub groups: Vec<String>,
    pub subnets: Vec<String>,
    pub needed: i64,
    pub free: i64,
}
