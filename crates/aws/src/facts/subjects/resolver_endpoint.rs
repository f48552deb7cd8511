//! Endpoints of Route 53 Resolver as subjects: those in the cluster's VPC, and those that rules which
//! apply to it forward through.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::route53_resolver::{self, addresses, of_owner};
use crate::facts::inventory::subnets;
use crate::snapshot::aws::route53resolver::{IpAddressResponse, ResolverEndpoint};

/// A Route 53 Resolver endpoint.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ResolverEndpointFacts {
    /// `ResolverEndpoints[].Id`.
    id: String,
    /// `ResolverEndpoints[].Name`.
    name: Option<String>,
    /// `ResolverEndpoints[].Direction`: `INBOUND`, `INBOUND_DELEGATION` or `OUTBOUND`.
    direction: Fact<String>,
    /// `ResolverEndpoints[].Status`.
    status: Fact<String>,
    /// `ResolverEndpoints[].StatusMessage`.
    status_message: Option<String>,
    /// Addresses of the Resolver endpoint with a failed or isolated status
    /// (`ResolverEndpointIpAddresses[].IpAddresses[].Status`).
    failed_addresses: Fact<Vec<String>>,
    /// Whether the Resolver endpoint has status `OPERATIONAL` and no failed address.
    works: Fact<bool>,
    /// The zones of the Resolver endpoint's addresses
    /// (`ResolverEndpointIpAddresses[].IpAddresses[].SubnetId`).
    zones: Fact<Vec<String>>,
    /// Whether the Resolver endpoint's addresses are in two zones or more.
    in_several_zones: Fact<bool>,
}

/// The endpoints that the cluster's names may depend on.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let vpc = match &context.vpc {
        Ok(vpc) => vpc.as_str(),
        Err(missing) => return Subjects::unlisted(missing.clone()),
    };
    let (rules, mut unlisted) = route53_resolver::forward_rules(context);
    let through: BTreeSet<&str> =
        rules.iter().filter_map(|rule| rule.resolver_endpoint_id.as_deref()).collect();
    unlisted.extend(of_owner(context, "ResolverEndpoints"));
    let aws = &context.snapshot.aws;
    if let Err(missing) = context.items(aws.resolver_endpoints.as_deref(), "ResolverEndpoints", vpc) {
        unlisted.extend(missing);
    }
    let mut used: BTreeMap<&str, &ResolverEndpoint> = BTreeMap::new();
    for endpoint in aws.resolver_endpoints.iter().flatten() {
        match endpoint.host_vpc_id.as_deref() {
            Some(host) if host == vpc || through.contains(endpoint.id.as_str()) => {
                _ = used.insert(&endpoint.id, endpoint);
            }
            Some(_) => {}
            None => {
                unlisted.push(context.field("ResolverEndpoints", &format!("HostVPCId of {}", endpoint.id)));
            }
        }
    }
    let listed = used.values().map(|endpoint| {
        let facts = facts(context, endpoint);
        Subject::new("resolver_endpoint", &endpoint.id, facts.name.as_deref(), &facts)
    });
    Subjects { listed: listed.collect(), unlisted: known::joined(unlisted) }
}

fn facts(context: &Context<'_>, endpoint: &ResolverEndpoint) -> ResolverEndpointFacts {
    let id = &endpoint.id;
    let field = |name: &str| vec![context.field("ResolverEndpoints", &format!("{name} of {id}"))];
    let status = endpoint.status.clone().ok_or_else(|| field("Status"));
    let addresses = addresses(context, id);
    let failed = addresses.clone().and_then(|all| failed(context, id, all));
    let zones = addresses.and_then(|all| zones(context, id, all));
    ResolverEndpointFacts {
        id: id.clone(),
        name: endpoint.name.clone(),
        direction: Fact(endpoint.direction.clone().ok_or_else(|| field("Direction"))),
        status_message: endpoint.status_message.clone(),
        works: Fact(works(id, &status, &failed)),
        status: Fact(status),
        failed_addresses: Fact(failed),
        in_several_zones: Fact(zones.clone().map(|zones| zones.len() >= 2)),
        zones: Fact(zones.map(|zones| zones.into_iter().collect())),
    }
}

/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverEndpoint.html>
fn works(id: &str, status: &Known<String>, failed: &Known<Vec<String>>) -> Known<bool> {
    let operates = match status.as_ref().map(|status| status.to_ascii_uppercase()) {
        Ok(status) if status == "OPERATIONAL" => Ok(true),
        Ok(status) if status == "ACTION_NEEDED" || status == "DELETING" => Ok(false),
        Ok(status) => Err(vec![Missing::probe(format!("the answers of {id}; its status is {status}"))]),
        Err(missing) => Err(missing.clone()),
    };
    known::and(operates, failed.as_ref().map(Vec::is_empty).map_err(Clone::clone))
}

/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_IpAddressResponse.html>
fn failed(context: &Context<'_>, id: &str, all: &[IpAddressResponse]) -> Known<Vec<String>> {
    let (mut failed, mut unread) = (Vec::new(), Vec::new());
    for one in all {
        match one.status.as_deref().map(str::to_ascii_uppercase) {
            None => unread
                .push(context.field("ResolverEndpointIpAddresses", &format!("Status of an address of {id}"))),
            Some(status) if status.contains("FAILED") || status == "ISOLATED" => {
                let address = one.ip.as_deref().or(one.ipv6.as_deref()).unwrap_or("an address");
                failed.push(format!("{address} ({status})"));
            }
            Some(_) => {}
        }
    }
    known::found(failed, unread)
}

/// The zones of the addresses; two that are proved outrank those not read.
fn zones(context: &Context<'_>, id: &str, all: &[IpAddressResponse]) -> Known<BTreeSet<String>> {
    let (mut zones, mut missing) = (BTreeSet::new(), Vec::new());
    for one in all {
        let zone = match one.subnet_id.as_deref() {
            Some(subnet) => subnets::zone(context, subnet),
            None => Err(vec![context.field("ResolverEndpointIpAddresses", &format!("SubnetId of {id}"))]),
        };
        match zone {
            Ok(zone) => _ = zones.insert(zone),
            Err(why) => missing.extend(why),
        }
    }
    if zones.len() < 2 {
        known::complete(missing)?;
    }
    Ok(zones)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, subjects};

    fn with(status: &str, addresses: &Value) -> Value {
        let mut snapshot = snapshot();
        snapshot["ResolverEndpoints"] =
            json!([{"Id": "rslvr-in-1", "Direction": "INBOUND", "HostVPCId": "vpc-1", "Status": status}]);
        snapshot["ResolverEndpointIpAddresses"] =
            json!([{"ResolverEndpointId": "rslvr-in-1", "IpAddresses": addresses}]);
        snapshot["ResolverRuleAssociations"] = json!([]);
        snapshot
    }

    fn address(ip: &str, subnet: &str, status: &str) -> Value {
        json!({"Ip": ip, "SubnetId": subnet, "Status": status})
    }

    #[test]
    fn an_endpoint_works_when_it_operates_and_none_of_its_addresses_failed() {
        let works = |status: &str, second: &str| {
            let addresses =
                json!([address("10.0.0.5", "subnet-a", "ATTACHED"), address("10.0.0.6", "subnet-b", second)]);
            fields(&with(status, &addresses), "resolver_endpoint", "rslvr-in-1")["works"].clone()
        };
        assert_eq!(works("OPERATIONAL", "ATTACHED"), true);
        assert_eq!(works("ACTION_NEEDED", "ATTACHED"), false);
        assert_eq!(works("OPERATIONAL", "FAILED_RESOURCE_GONE"), false);
        assert_eq!(works("AUTO_RECOVERING", "ISOLATED"), false);
        assert!(is_unknown(&works("UPDATING", "ATTACHED")));
    }

    #[test]
    fn addresses_of_one_zone_are_one_zone() {
        let one =
            json!([address("10.0.0.5", "subnet-a", "ATTACHED"), address("10.0.0.6", "subnet-a", "ATTACHED")]);
        let endpoint = fields(&with("OPERATIONAL", &one), "resolver_endpoint", "rslvr-in-1");
        assert_eq!(
            (&endpoint["zones"], &endpoint["in_several_zones"]),
            (&json!(["use1-az1"]), &json!(false))
        );
        let unread =
            json!([address("10.0.0.5", "subnet-a", "ATTACHED"), address("10.9.0.6", "subnet-9", "ATTACHED")]);
        assert!(is_unknown(
            &fields(&with("OPERATIONAL", &unread), "resolver_endpoint", "rslvr-in-1")["in_several_zones"]
        ));
    }

    #[test]
    fn endpoints_of_other_vpcs_matter_where_a_rule_forwards_through_them() {
        let mut snapshot = with("OPERATIONAL", &json!([address("10.0.0.5", "subnet-a", "ATTACHED")]));
        snapshot["ResolverEndpoints"].as_array_mut().unwrap().push(
            json!({"Id": "rslvr-out-9", "Direction": "OUTBOUND", "HostVPCId": "vpc-9", "Status": "OPERATIONAL"}),
        );
        assert_eq!(subjects(&snapshot, "resolver_endpoint").len(), 1);
        snapshot["ResolverRules"] =
            json!([{"Id": "rslvr-rr-1", "RuleType": "FORWARD", "ResolverEndpointId": "rslvr-out-9"}]);
        snapshot["ResolverRuleAssociations"] =
            json!([{"Id": "a", "ResolverRuleId": "rslvr-rr-1", "VPCId": "vpc-1"}]);
        assert_eq!(subjects(&snapshot, "resolver_endpoint").len(), 2);
    }
}
