//! Network ACLs: stateless, in order, each family by itself.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>

use privek_core::path::Leg;
use serde_json::{Value, json};

use crate::network::Path;

use super::net::{Net, assert_blocked, assert_open, entry, interface, subnet};

fn everything(egress: bool) -> Value {
    entry(100, egress, "allow", "-1", None, "0.0.0.0/0")
}

/// To `eni-1`, whose subnet has an ACL with these entries.
fn path(entries: &[Value], ports: &str) -> Path {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] =
        json!([super::net::rule("-1", None, "0.0.0.0/0")]);
    net.subnet_acl("acl-1", "vpc-a", "subnet-a1", entries);
    net.trace(&subnet("subnet-a2", "sg-client"), &interface("eni-1"), ports).remove(0)
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>: replies need an entry of their own.
#[test]
fn they_are_stateless() {
    let path = path(&[everything(false)], "tcp/443");
    assert_blocked(&path, &["network-acl-egress acl-1"]);
    assert_eq!(path.blockers[0].leg, Some(Leg::Reply));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>
#[test]
fn replies_need_the_ephemeral_ports_and_no_others() {
    let ephemeral = entry(100, true, "allow", "6", Some((1024, 65535)), "0.0.0.0/0");
    assert_open(&path(&[everything(false), ephemeral], "tcp/443"));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>: the first entry that matches decides
/// about what it matches, and leaves the rest to the next ones.
#[test]
fn a_denial_splits_a_range_of_ports_and_a_prefix() {
    let deny = entry(50, false, "deny", "6", Some((400, 450)), "10.0.2.64/26");
    let path = path(&[deny, everything(false), everything(true)], "tcp/440-460");
    assert_blocked(&path, &["network-acl-ingress acl-1"]);
    let blocker = &path.blockers[0];
    assert_eq!(blocker.part.as_deref(), Some("10.0.2.64/26"));
    assert!(blocker.reason.contains("tcp/440-450 "), "{}", blocker.reason);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>: entries are for IPv4 or for IPv6.
#[test]
fn an_entry_for_one_family_says_nothing_of_the_other() {
    let deny = entry(50, false, "deny", "-1", None, "::/0");
    assert_open(&path(&[deny, everything(false), everything(true)], "tcp/443"));
    let only_v6 = entry(100, false, "allow", "-1", None, "::/0");
    assert_blocked(&path(&[only_v6, everything(true)], "tcp/443"), &["network-acl-ingress acl-1"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>: numbers begin with 1.
#[test]
fn where_no_number_is_free_before_a_denial_the_first_entries_move_back() {
    let entries = [
        entry(1, false, "deny", "6", Some((443, 443)), "10.0.2.0/24"),
        entry(2, false, "deny", "17", Some((53, 53)), "0.0.0.0/0"),
        entry(65, false, "deny", "1", None, "10.0.9.0/24"),
        everything(false),
        everything(true),
    ];
    let path = path(&entries, "tcp/443");
    assert_blocked(&path, &["network-acl-ingress acl-1"]);
    let remedy = &path.blockers[0].remedy;
    assert_eq!(remedy.rule_numbers.first(), Some(&64));
    let moved: Vec<_> =
        remedy.moved_entries.iter().map(|it| (it.number, it.replaces, it.protocol.as_str())).collect();
    assert_eq!(moved, [(67, false, "1"), (66, false, "17"), (65, true, "6")]);
    assert_eq!(remedy.freed_numbers, [2, 1]);
    assert_eq!(
        (remedy.moved_entries[2].from_port, remedy.moved_entries[2].cidr.as_str()),
        (Some(443), "10.0.2.0/24")
    );
}
