//! dnsmasq: <https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html>.

use std::fmt::Write as _;

use super::parts::{addresses, domains, head};
use crate::report::forwarders::Forwarders;

/// A file for `conf-dir`.
pub(super) fn text(forwarders: &Forwarders) -> String {
    let own = "Put this file into the directory of conf-dir and restart dnsmasq. rebind-domain-ok allows private addresses \
               in answers where stop-dns-rebind is set.";
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
