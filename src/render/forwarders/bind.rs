//! BIND: <https://bind9.readthedocs.io/en/stable/reference.html>.

use std::fmt::Write as _;

use super::{addresses, domains, each, head};
use crate::report::forwarders::Forwarders;

/// Zones to include; what belongs into the one `options` block stands in comments.
pub(super) fn text(forwarders: &Forwarders) -> String {
    let names = each(domains(forwarders).map(|domain| format!("\"{domain}\";")), " ");
    let own =
        ["This file is included by named.conf, and the next two lines are added by hand where they apply, \
         because named.conf can have only one options block:"];
    let mut text = head(forwarders, "BIND 9", "//", &own);
    text.push_str("//   without a way to the root servers: answers under these names cannot be validated\n");
    let _ = writeln!(text, "//     validate-except {{ {names} }};");
    text.push_str("//   where deny-answer-addresses is set: these names have private addresses\n");
    let _ = writeln!(text, "//     deny-answer-addresses {{ (as it is) }} except-from {{ {names} }};");
    let servers = each(addresses(forwarders).map(|address| format!("{address};")), " ");
    for domain in domains(forwarders) {
        let _ = write!(
            text,
            "\nzone \"{domain}\" {{\n    type forward;\n    forward only;\n    forwarders {{ {servers} }};\n}};\n"
        );
    }
    text
}
