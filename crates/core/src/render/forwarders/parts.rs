//! What the configurations of all kinds of servers have in common: comments, and lists of domains and
//! addresses.

use std::net::IpAddr;

use crate::render::text::wrap;
use crate::report::forwarders::{Domain, Forwarders};

/// How wide comments are.
const WIDTH: usize = 100;

/// The comments at the top; `own` is the part about this kind of server, last, because the part is about
/// the lines that follow.
pub(super) fn head(forwarders: &Forwarders, server: &str, mark: &str, own: &str) -> String {
    let f = forwarders;
    let mut place: Vec<String> = Vec::new();
    place.extend(f.account.iter().map(|account| format!("account {account}")));
    place.extend(f.region.clone());
    place.push(f.vpc.clone());
    let read = match &f.collected_at {
        Some(time) => format!("read at {time}"),
        None => "read at an unknown time".to_owned(),
    };
    let servers: Vec<String> = f.servers.iter().map(|(address, of)| format!("{address} ({of})")).collect();
    let mut lines = comment(
        mark,
        "",
        &format!(
            "{server}: conditional forwarding for EKS cluster {} ({}), {read}. The domains below are forwarded to the \
             inbound Resolver endpoint of the VPC: {}.",
            f.cluster,
            place.join(", "),
            servers.join(", ")
        ),
    );
    let mut say = |begin: &str, text: &str| lines.push_str(&comment(mark, begin, text));
    for (domain, of) in &f.domains {
        let of: Vec<&str> = of.iter().map(String::as_str).collect();
        say("  ", &format!("{domain} ({})", of.join(", ")));
    }
    for note in &f.notes {
        say("Note: ", note);
    }
    say("", "Requirements:");
    say("- ", "This server can reach port 53 of each of these addresses, over UDP and TCP.");
    say(
        "- ",
        &format!(
            "Clients of this server can reach port 443 of the private addresses in the answers. \
             `privek-audit --cluster {} --operator-cidr CIDR` checks both directions within AWS.",
            f.cluster
        ),
    );
    say(
        "- ",
        "No other DNS server removes private addresses from the answers (DNS rebinding protection), and clients \
         use no DNS server that lacks this forwarding.",
    );
    if f.servers.len() == 1 {
        say(
            "- ",
            "The inbound Resolver endpoint stays available: with one address only, add a second one in another zone.",
        );
    }
    say(
        "- ",
        "These addresses still belong to the Resolver endpoint. Run this command again after every change of the Resolver endpoint.",
    );
    say("", "");
    say("", own);
    lines
}

/// A comment of as many lines as it needs; those after the first are indented likewise.
pub(super) fn comment(mark: &str, begin: &str, text: &str) -> String {
    let room = WIDTH.saturating_sub(mark.len() + begin.len() + 1);
    let mut lines = String::new();
    for (at, line) in wrap(&plain(text), room).into_iter().enumerate() {
        let begin = if at == 0 { begin.to_owned() } else { " ".repeat(begin.len()) };
        lines.push_str(format!("{mark} {begin}{line}").trim_end());
        lines.push('\n');
    }
    lines
}

/// Text that cannot end a comment or begin anything else in any of these files: letters, digits, spaces
/// and a little punctuation.
fn plain(text: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || " .,:;()/_-+=%@'`".contains(character);
    text.chars().map(|character| if fits(character) { character } else { '?' }).collect()
}

/// What each domain is, joined.
pub(super) fn each(domains: impl Iterator<Item = String>, between: &str) -> String {
    domains.collect::<Vec<_>>().join(between)
}

pub(super) fn domains(forwarders: &Forwarders) -> impl Iterator<Item = &Domain> {
    forwarders.domains.keys()
}

pub(super) fn addresses(forwarders: &Forwarders) -> impl Iterator<Item = &IpAddr> {
    forwarders.servers.keys()
}
