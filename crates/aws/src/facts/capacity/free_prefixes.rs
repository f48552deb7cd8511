//! How many free, aligned /28 blocks a subnet has: in prefix mode a node takes whole ones, so
//! scattered free addresses are worth nothing to it.
//!
//! No API returns them. They are what is left of the subnet's block without AWS's five addresses, those of
//! its interfaces and their prefixes, and what is reserved for explicit use
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html>); and only where
//! the sum agrees with `AvailableIpAddressCount` is it known that nothing was overlooked, such as the
//! interfaces of another account in a shared subnet.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use privek_core::known::{Known, Missing};

use crate::facts::base::context::{Context, plausible_count};

/// Length of a prefix that a node uses.
const BLOCK: u8 = 28;

/// First and last addresses of a subnet that AWS keeps for itself:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>.
const FIRST_KEPT: u32 = 4;
const LAST_KEPT: u32 = 1;

/// What is taken of a subnet.
#[derive(Debug, Default)]
struct Taken {
    /// Single addresses.
    addresses: BTreeSet<u32>,
    /// Prefixes.
    prefixes: BTreeSet<Ipv4Net>,
}

/// Ranges set aside.
#[derive(Debug, Default)]
struct Reserved {
    /// Addresses that only their owner assigns.
    explicit: Vec<Ipv4Net>,
    /// Blocks that only prefixes are taken from.
    prefix: Vec<Ipv4Net>,
}

/// The number of free, aligned /28 blocks that nodes may use in this subnet.
pub(crate) fn free_blocks(context: &Context<'_>, id: &str) -> Known<i64> {
    let subnet = context.network.subnet(id)?;
    let field = |name: &str| vec![context.field("Subnets", &format!("{name} of {id}"))];
    let cidr = subnet.cidr_block.as_deref().and_then(|cidr| cidr.parse::<Ipv4Net>().ok());
    let cidr = cidr.ok_or_else(|| field("CidrBlock"))?;
    let available = plausible_count(subnet.available_ip_address_count);
    let available = available.ok_or_else(|| field("AvailableIpAddressCount"))?;
    let vpc = subnet.vpc_id.as_deref().ok_or_else(|| field("VpcId"))?;
    let taken = taken(context, id, vpc, cidr)?;
    let reserved = reserved(context, id);
    let nothing = Reserved::default();
    let blocks = blocks(cidr, &taken, reserved.as_ref().unwrap_or(&nothing));
    let left = left(cidr, &taken);
    let agrees = match &reserved {
        Ok(reserved) => explained(left, available, reserved, &taken),
        Err(_) => left == available,
    };
    match reserved {
        Ok(_) if agrees => Ok(blocks),
        // Whatever was overlooked, it takes blocks and gives none.
        _ if blocks == 0 && available <= left => Ok(0),
        Err(missing) => Err(missing),
        _ => Err(vec![Missing::unmodelled(format!(
            "the users of some addresses in {id}; its network interfaces leave {left} free, AvailableIpAddressCount is {available}"
        ))]),
    }
}

/// Addresses that the interfaces in the subnet have.
fn taken(context: &Context<'_>, id: &str, vpc: &str, cidr: Ipv4Net) -> Known<Taken> {
    let all = context.items(context.snapshot.aws.network_interfaces.as_deref(), "NetworkInterfaces", vpc)?;
    let mut taken = Taken::default();
    for interface in all.iter().filter(|interface| interface.subnet_id.as_deref() == Some(id)) {
        let all = interface.addresses().filter_map(|address| match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
        taken.addresses.extend(all.filter(|address| cidr.contains(address)).map(u32::from));
        let prefixes = interface.ipv4_prefixes.iter().filter_map(|one| one.ipv4_prefix.as_deref());
        let prefixes = prefixes.filter_map(|prefix| prefix.parse::<Ipv4Net>().ok());
        taken.prefixes.extend(prefixes.filter(|prefix| cidr.contains(prefix)));
    }
    Ok(taken)
}

fn reserved(context: &Context<'_>, id: &str) -> Known<Reserved> {
    let all = context.snapshot.aws.subnet_cidr_reservations.as_deref();
    let all = context.items(all, "SubnetCidrReservations", id)?;
    let mut reserved = Reserved::default();
    for one in all.iter().filter(|of| of.subnet_id == id).flat_map(|of| &of.subnet_ipv4_cidr_reservations) {
        let what = |name: &str| vec![context.field("SubnetCidrReservations", &format!("{name} of {id}"))];
        let cidr = one.cidr.as_deref().and_then(|cidr| cidr.parse::<Ipv4Net>().ok());
        let cidr = cidr.ok_or_else(|| what("Cidr"))?;
        match one.reservation_type.as_deref() {
            Some(kind) if kind.eq_ignore_ascii_case("prefix") => reserved.prefix.push(cidr),
            Some(kind) if kind.eq_ignore_ascii_case("explicit") => reserved.explicit.push(cidr),
            _ => return Err(what("ReservationType")),
        }
    }
    Ok(reserved)
}

fn first(of: Ipv4Net) -> u32 {
    u32::from(of.network())
}

fn last(of: Ipv4Net) -> u32 {
    u32::from(of.broadcast())
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// Whether AWS keeps this address of the subnet for itself.
fn kept(cidr: Ipv4Net, address: u32) -> bool {
    address < first(cidr).saturating_add(FIRST_KEPT) || address > last(cidr).saturating_sub(LAST_KEPT)
}

/// The free blocks, explicitly reserved ones left out.
fn blocks(cidr: Ipv4Net, taken: &Taken, reserved: &Reserved) -> i64 {
    let Ok(blocks) = cidr.subnets(BLOCK) else { return 0 };
    let free = blocks.filter(|block| {
        let (from, to) = (first(*block), last(*block));
        !kept(cidr, from)
            && !kept(cidr, to)
            && taken.addresses.range(from..=to).next().is_none()
            && !taken.prefixes.iter().any(|prefix| overlap(*prefix, *block))
            && !reserved.explicit.iter().any(|range| overlap(*range, *block))
    });
    i64::try_from(free.count()).unwrap_or(i64::MAX)
}

fn size(of: Ipv4Net) -> i64 {
    1_i64 << (32 - i64::from(of.prefix_len()))
}

/// Addresses that nothing that was read holds.
fn left(cidr: Ipv4Net, taken: &Taken) -> i64 {
    let prefixes: i64 = taken.prefixes.iter().map(|prefix| size(*prefix)).sum();
    let single = taken.addresses.iter().filter(|address| {
        !kept(cidr, **address)
            && !taken.prefixes.iter().any(|prefix| prefix.contains(&Ipv4Addr::from(**address)))
    });
    let single = i64::try_from(single.count()).unwrap_or(i64::MAX);
    size(cidr) - i64::from(FIRST_KEPT + LAST_KEPT) - prefixes - single
}

/// Whether AWS's count is explained; it is not documented whether it holds what is reserved and unused.
fn explained(left: i64, available: i64, reserved: &Reserved, taken: &Taken) -> bool {
    let unused = |ranges: &[Ipv4Net]| -> i64 {
        ranges
            .iter()
            .map(|range| {
                let inside = taken.prefixes.iter().filter(|prefix| range.contains(*prefix));
                let prefixes: i64 = inside.map(|prefix| size(*prefix)).sum();
                let single = taken.addresses.range(first(*range)..=last(*range)).count();
                size(*range) - prefixes - i64::try_from(single).unwrap_or(i64::MAX)
            })
            .sum()
    };
    let (explicit, prefix) = (unused(&reserved.explicit), unused(&reserved.prefix));
    [0, explicit, prefix, explicit + prefix].iter().any(|counted_out| left - counted_out == available)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, withhold};

    /// `subnet-a` as 10.0.0.0/26 whose second and third block are free, in prefix mode.
    fn given(held: &[&str], prefixes: &[&str], available: i64) -> Value {
        let mut given = snapshot();
        given["Subnets"][0]["CidrBlock"] = json!("10.0.0.0/26");
        given["Subnets"][0]["AvailableIpAddressCount"] = json!(available);
        given["addon"][0]["configurationValues"] = json!(r#"{"env":{"ENABLE_PREFIX_DELEGATION":"true"}}"#);
        let addresses: Vec<Value> = held.iter().map(|ip| json!({"PrivateIpAddress": ip})).collect();
        let prefixes: Vec<Value> = prefixes.iter().map(|net| json!({"Ipv4Prefix": net})).collect();
        let interface = json!({"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-a",
            "PrivateIpAddresses": addresses, "Ipv4Prefixes": prefixes});
        given["NetworkInterfaces"] = json!([interface]);
        given["SubnetCidrReservations"] = json!([{"SubnetId": "subnet-a", "SubnetIpv4CidrReservations": []}]);
        given
    }

    fn reserve(given: &mut Value, cidr: &str, kind: &str) {
        given["SubnetCidrReservations"][0]["SubnetIpv4CidrReservations"] =
            json!([{"SubnetId": "subnet-a", "Cidr": cidr, "ReservationType": kind}]);
    }

    fn free(given: &Value) -> Value {
        fields(given, "subnet", "subnet-a")["free_prefixes"].clone()
    }

    #[test]
    fn the_first_and_the_last_block_hold_aws_s_own_addresses() {
        assert_eq!(free(&given(&[], &[], 59)), 2);
    }

    #[test]
    fn one_address_spoils_a_block() {
        assert_eq!(free(&given(&["10.0.0.20"], &[], 58)), 1);
        assert_eq!(free(&given(&["10.0.0.20", "10.0.0.40"], &[], 57)), 0);
        assert_eq!(free(&given(&["10.0.0.9", "10.0.0.50"], &[], 57)), 2, "in the outer blocks it does not");
    }

    #[test]
    fn a_prefix_takes_its_block() {
        assert_eq!(free(&given(&["10.0.0.9"], &["10.0.0.16/28"], 42)), 1);
    }

    #[test]
    fn what_is_reserved_for_explicit_use_is_not_for_nodes_and_what_is_for_prefixes_is() {
        let mut explicit = given(&[], &[], 59);
        reserve(&mut explicit, "10.0.0.16/28", "explicit");
        assert_eq!(free(&explicit), 1);
        explicit["Subnets"][0]["AvailableIpAddressCount"] = json!(43);
        assert_eq!(free(&explicit), 1, "whether AWS counts it or not");
        let mut prefix = given(&[], &[], 59);
        reserve(&mut prefix, "10.0.0.16/28", "prefix");
        assert_eq!(free(&prefix), 2);
    }

    #[test]
    fn addresses_that_nothing_explains_leave_it_unknown_unless_there_is_no_block_anyway() {
        assert!(is_unknown(&free(&given(&[], &[], 58))));
        assert!(is_unknown(&free(&given(&["10.0.0.20", "10.0.0.40"], &[], 58))), "some were given back");
        assert_eq!(free(&given(&["10.0.0.20", "10.0.0.40"], &[], 50)), 0);
    }

    #[test]
    fn unread_reservations_may_take_every_block() {
        let mut some = given(&[], &[], 59);
        withhold(&mut some, "SubnetCidrReservations");
        assert_eq!(free(&some)["$unknown"][0]["permission"], "ec2:GetSubnetCidrReservations");
        let mut none = given(&["10.0.0.20", "10.0.0.40"], &[], 57);
        withhold(&mut none, "SubnetCidrReservations");
        assert_eq!(free(&none), 0);
        withhold(&mut none, "NetworkInterfaces");
        assert!(is_unknown(&free(&none)));
    }
}
