//! Pods and addresses, counted against the tables and formulas that AWS publishes.

use crate::facts::inventory::vpc_cni::settings;

use super::{Cni, Demand, Held, Kubelet, Limit, Shape, demand, held, max_pods};

const CAPPED: Kubelet = Kubelet { limit: Limit::Managed, windows: false, ipv6: false, told: None };
const SELF_MANAGED: Kubelet = Kubelet { limit: Limit::Image, windows: false, ipv6: false, told: None };
const M5_LARGE: Shape = Shape { interfaces: 3, addresses: 10, nitro: true, vcpus: Some(2) };
const T3_SMALL: Shape = Shape { interfaces: 3, addresses: 4, nitro: true, vcpus: Some(2) };
const T2_MICRO: Shape = Shape { interfaces: 2, addresses: 2, nitro: false, vcpus: Some(1) };
const M5_24XLARGE: Shape = Shape { interfaces: 15, addresses: 50, nitro: true, vcpus: Some(96) };

fn secondary() -> Cni {
    Cni::default()
}

fn prefixes() -> Cni {
    Cni { prefixes: true, ..Cni::default() }
}

#[test]
fn max_pods_are_those_that_aws_publishes() {
    for (shape, pods) in [(M5_LARGE, 29), (T3_SMALL, 11), (T2_MICRO, 4), (M5_24XLARGE, 737)] {
        assert_eq!(max_pods(shape, &secondary(), SELF_MANAGED), Ok(pods));
    }
}

#[test]
fn eks_caps_managed_groups_by_virtual_cpus() {
    assert_eq!(max_pods(M5_24XLARGE, &secondary(), CAPPED), Ok(250));
    assert_eq!(max_pods(M5_LARGE, &prefixes(), CAPPED), Ok(110));
    assert_eq!(max_pods(M5_LARGE, &prefixes(), SELF_MANAGED), Ok(434));
    let unread = Shape { vcpus: None, ..M5_24XLARGE };
    assert!(max_pods(unread, &secondary(), CAPPED).is_err());
}

#[test]
fn custom_networking_costs_an_interface() {
    let cni = Cni { custom_networking: true, ..Cni::default() };
    assert_eq!(max_pods(M5_LARGE, &cni, CAPPED), Ok(20));
    assert_eq!(max_pods(M5_LARGE, &Cni { prefixes: true, ..cni }, SELF_MANAGED), Ok(290));
}

#[test]
fn types_that_are_not_nitro_hold_no_prefixes() {
    assert_eq!(max_pods(T2_MICRO, &prefixes(), CAPPED), Ok(4));
    assert_eq!(demand(T2_MICRO, &prefixes(), CAPPED), demand(T2_MICRO, &secondary(), CAPPED));
}

#[test]
fn windows_uses_one_interface() {
    assert_eq!(max_pods(M5_LARGE, &secondary(), Kubelet { windows: true, ..CAPPED }), Ok(9));
}

#[test]
fn windows_holds_prefixes_on_its_one_interface_and_kubelet_stops_at_110() {
    let windows = Kubelet { windows: true, ..SELF_MANAGED };
    let cni = Cni { windows_prefixes: true, ..Cni::default() };
    assert_eq!(max_pods(M5_LARGE, &cni, windows), Ok(110), "144 by the network");
    assert_eq!(max_pods(T3_SMALL, &cni, windows), Ok(48));
    assert_eq!(max_pods(T2_MICRO, &cni, windows), Ok(1), "Xen has no prefixes");
    assert_eq!(max_pods(M5_LARGE, &prefixes(), windows), Ok(9), "the setting of Linux is another");
    assert_eq!(held(M5_LARGE, &cni, windows, 20), Held { addresses: 49, prefixes: 3 });
    assert_eq!(held(M5_LARGE, &secondary(), windows, 1), Held { addresses: 4, prefixes: 0 });
}

#[test]
fn what_the_user_data_tells_kubelet_counts_where_eks_does_not_overrule_it() {
    assert_eq!(max_pods(M5_LARGE, &secondary(), Kubelet { told: Some(20), ..SELF_MANAGED }), Ok(20));
    assert_eq!(max_pods(M5_LARGE, &secondary(), Kubelet { told: Some(110), ..SELF_MANAGED }), Ok(29));
    assert_eq!(max_pods(M5_LARGE, &secondary(), Kubelet { told: Some(20), ..CAPPED }), Ok(29));
}

#[test]
fn auto_mode_has_no_two_pods_on_top_and_stops_at_110() {
    let auto = Kubelet { limit: Limit::AutoMode, ..CAPPED };
    assert_eq!(max_pods(M5_LARGE, &secondary(), auto), Ok(27));
    assert_eq!(max_pods(M5_24XLARGE, &secondary(), auto), Ok(110));
}

#[test]
fn a_node_takes_two_interfaces_for_its_first_pod_and_all_when_full() {
    assert_eq!(demand(M5_LARGE, &secondary(), CAPPED), Demand { minimum: 20, full: 30 });
    assert_eq!(demand(T3_SMALL, &secondary(), CAPPED), Demand { minimum: 8, full: 12 });
}

#[test]
fn a_node_with_prefixes_takes_one_more_than_it_uses() {
    // 1 + 2 × 16; full: 108 pods in 7 prefixes, a warm one, the interface's own address.
    assert_eq!(demand(M5_LARGE, &prefixes(), CAPPED), Demand { minimum: 33, full: 129 });
}

#[test]
fn a_cap_on_pods_is_a_cap_on_addresses() {
    // 248 pods on 49 addresses an interface: 6 interfaces and a warm one.
    assert_eq!(demand(M5_24XLARGE, &secondary(), CAPPED).full, 7 * 50);
    assert_eq!(demand(M5_24XLARGE, &secondary(), SELF_MANAGED).full, 15 * 50);
}

#[test]
fn warm_targets_change_what_a_node_takes() {
    let warm = Cni { warm_addresses: Some(2), minimum_addresses: Some(10), ..Cni::default() };
    // Ten addresses on two interfaces.
    assert_eq!(demand(M5_LARGE, &warm, CAPPED).minimum, 12);
    let none = Cni { warm_interfaces: Some(0), ..Cni::default() };
    assert_eq!(demand(M5_LARGE, &none, CAPPED).minimum, 10);
}

#[test]
fn pods_of_an_ipv6_cluster_take_no_ipv4_address() {
    let ipv6 = Kubelet { ipv6: true, ..CAPPED };
    assert_eq!(demand(M5_LARGE, &secondary(), ipv6), Demand { minimum: 1, full: 1 });
    assert_eq!(max_pods(M5_LARGE, &secondary(), ipv6), Ok(110));
}

#[test]
fn an_add_on_is_configured_in_json_or_yaml() {
    let json = r#"{"env":{"ENABLE_PREFIX_DELEGATION":"true","WARM_PREFIX_TARGET":"2"}}"#;
    let yaml = "env:\n  ENABLE_PREFIX_DELEGATION: \"true\"\n  WARM_PREFIX_TARGET: 2\n";
    let wanted = Some(Cni { prefixes: true, warm_prefixes: Some(2), ..Cni::default() });
    assert_eq!(settings(json), wanted);
    assert_eq!(settings(yaml), wanted);
    assert_eq!(settings("{}"), Some(Cni::default()));
    assert_eq!(settings("nonsense"), None);
}
