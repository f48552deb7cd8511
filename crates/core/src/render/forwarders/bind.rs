//! BIND: <https://bind9.readthedocs.io/en/stable/reference.html>.

use std::fmt::Write as _;

use super::parts::{addresses, comment, domains, each, head};
use crate::report::forwarders::Forwarders;

/// Zones to include; settings of the one `options` block are in comments.
pub(super) fn text(forwarders: &Forwarders) -> String {
    let own = "Include this file in named.conf. named.conf can have one options block only; add the settings below to that \
               block by hand where they apply.";
    let mut text = head(forwarders, "BIND 9", "//", own);
    let names = each(domains(forwarders).map(|domain| format!("//         \"{domain}\";\n")), "");
    text.push_str(&comment(
        "//",
        "- ",
        "Where the server cannot reach the root servers, the server cannot validate answers for these names:",
    ));
    let _ = write!(text, "//     validate-except {{\n{names}//     }};\n");
    text.push_str(&comment(
        "//",
        "- ",
        "Where deny-answer-addresses is set, exempt these names, or their private addresses are dropped:",
    ));
    let _ = write!(text, "//     deny-answer-addresses {{ (as it is) }} except-from {{\n{names}//     }};\n");
    let servers = each(addresses(forwarders).map(|address| format!("{address};")), " ");
    for domain in domains(forwarders) {
        let _ = write!(
            text,
            "\nzone \"{domain}\" {{\n    type forward;\n    forward only;\n    forwarders {{ {servers} }};\n}};\n"
        );
    }
    text
}
