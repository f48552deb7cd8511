//! What only finished parts of the crawl together can tell.

use futures::join;

use super::{nodes, region};
use crate::collect::aws::session::Session;

/// All of it; it is seldom anything.
pub(crate) async fn all(session: &Session<'_>) {
    join!(region::entries_of_gateway_endpoints(session), nodes::reservations(session));
}
