//! dnsmasq: <https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html>.

use std::fmt::Write as _;

use super::parts::{addresses, domains, head};
use crate::report::forwarders::Forwarders;

/// A file for `conf-dir`.
pub(super) fn text(forwarders: &Forwarders) -> String {
    let own = "This file belongs into a directory that conf-dir names; dnsmasq reads it when it is started again. \
               rebind-domain-ok lets the private addresses through where stop-dns-rebind is set.";
    let mut text = head(forwarders, "dnsmasq", "#", own);
    for domain in domains(forwarders) {
        text.push('\n');
        for address in addresses(forwarders) {
            let _ = writeln!(text, "server=/{domain}/{address}");
        }
        let _ = writeln!(text, "rebind-domain-ok=/{domain}/");
    }
    text
}
