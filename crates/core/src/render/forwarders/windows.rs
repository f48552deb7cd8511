//! The DNS server of Windows, in `PowerShell`:
//! <https://learn.microsoft.com/powershell/module/dnsserver/add-dnsserverconditionalforwarderzone>.

use std::fmt::Write as _;

use super::parts::{addresses, domains, each, head};
use crate::report::forwarders::Forwarders;

/// Commands for a DNS server; repeated runs are safe.
pub(super) fn text(forwarders: &Forwarders) -> String {
    let own = "Run these commands on the DNS server; repeated runs are safe. The forwarders apply to this server only. For \
               all servers of the domain, add -ReplicationScope Domain to Add-DnsServerConditionalForwarderZone.";
    let mut text = head(forwarders, "Windows DNS (PowerShell)", "#", own);
    let servers = each(addresses(forwarders).map(|address| format!("'{address}'")), ", ");
    let _ = write!(text, "\n$servers = @({servers})\n");
    let names = each(domains(forwarders).map(|domain| format!("    '{domain}'")), ",\n");
    let _ = write!(
        text,
        "$names = @(\n{names}\n)\nforeach ($name in $names) {{\n    \
             if (Get-DnsServerZone -Name $name -ErrorAction SilentlyContinue) {{\n        \
                 Set-DnsServerConditionalForwarderZone -Name $name -MasterServers $servers\n    \
             }} else {{\n        \
                 Add-DnsServerConditionalForwarderZone -Name $name -MasterServers $servers\n    \
             }}\n}}\n"
    );
    text
}
