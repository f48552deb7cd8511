//! Unbound: <https://unbound.docs.nlnetlabs.nl/en/latest/manpages/unbound.conf.html>.

use std::fmt::Write as _;

use super::parts::{addresses, domains, head};
use crate::report::forwarders::Forwarders;

/// A file for `include-toplevel`.
pub(super) fn text(forwarders: &Forwarders) -> String {
    let own = "Name this file in include-toplevel of unbound.conf. private-domain allows private addresses \
               in answers where private-address is set. domain-insecure turns off DNSSEC validation of these names; \
               only the VPC answers for them.";
    let mut text = head(forwarders, "Unbound", "#", own);
    text.push_str("\nserver:\n");
    for domain in domains(forwarders) {
        let _ = write!(text, "    private-domain: \"{domain}.\"\n    domain-insecure: \"{domain}.\"\n");
    }
    for domain in domains(forwarders) {
        let _ = write!(text, "\nforward-zone:\n    name: \"{domain}.\"\n");
        for address in addresses(forwarders) {
            let _ = writeln!(text, "    forward-addr: {address}");
        }
        text.push_str("    forward-first: no\n");
    }
    text
}
