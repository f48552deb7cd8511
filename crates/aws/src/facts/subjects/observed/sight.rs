//! What one probe saw of one name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use privek_core::known::Known;
use privek_core::observation::{CLUSTER, Observation, Vantage};

use super::vantage::VantagePlace;

/// A name, as it was seen from one place.
pub(crate) const NAME: &str = "observed_name";

/// A DNS server, as it answered to one place.
pub(crate) const RESOLVER: &str = "observed_resolver";

/// What one probe saw of one name.
pub(crate) struct Sight<'c> {
    pub vantage: &'c Vantage,
    /// What the place is called.
    pub called: String,
    pub place: VantagePlace<'c>,
    pub at: &'c str,
    pub of: &'c str,
    pub name: &'c str,
    pub essential: bool,
    /// Whether the probe was configured with public addresses for the name as well.
    pub also_public: Option<bool>,
    /// The private addresses that the name should resolve to.
    pub expected: Known<BTreeSet<IpAddr>>,
    pub seen: Vec<&'c Observation>,
}

impl Sight<'_> {
    /// Whether the name has to work at the place of the probe: the cluster API endpoint everywhere, AWS
    /// services where nodes or pods run.
    pub fn needed_here(&self) -> Known<bool> {
        if self.of == CLUSTER { Ok(true) } else { self.place.of_cluster.clone() }
    }
}
