//! `CoreDNS`: <https://coredns.io/plugins/forward/>.

use std::fmt::Write as _;

use super::parts::{addresses, domains, each, head};
use crate::report::forwarders::Forwarders;

/// Server blocks for a Corefile, or for a file that one imports.
pub(super) fn text(forwarders: &Forwarders) -> String {
    let own = "Put these server blocks into the Corefile, or into a file that the Corefile imports. CoreDNS needs no \
               exception: private addresses are not filtered and answers are not validated.";
    let mut text = head(forwarders, "CoreDNS", "#", own);
    let servers = each(addresses(forwarders).map(ToString::to_string), " ");
    for domain in domains(forwarders) {
        let _ = write!(text, "\n{domain}:53 {{\n    errors\n    cache 30\n    forward . {servers}\n}}\n");
    }
    text
}
