//! BIND: <https://bind9.readthedocs.io/en/stable/reference.html>.

use std::fmt::Write as _;

use super::parts::{addresses, comment, domains, each, head};
use crate::report::forwarders::Forwarders;

/// Zones to include; what belongs into the one `options` block stands in comments.
pub(super) fn text(forwarders: &Forwarders) -> String {
    let own = "named.conf includes this file. It can have one block of options only, so that these are added to that \
               block by hand, where they apply.";
    let mut text = head(forwarders, "BIND 9", "//", own);
    let names = each(domains(forwarders).map(|domain| format!("//         \"{domain}\";\n")), "");
    text.push_str(&comment(
        "//",
        "- ",
        "Where the server cannot reach the root servers, it cannot validate answers under these names:",
    ));
    let _ = write!(text, "//     validate-except {{\n{names}//     }};\n");
    text.push_str(&comment(
        "//",
        "- ",
        "Where deny-answer-addresses is set, it drops the private addresses of these names:",
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
