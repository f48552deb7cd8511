//! Route 53 Resolver: endpoints, their addresses, rules and what the rules apply to.

use aws_sdk_route53resolver::{Client, types};
use privek_aws::snapshot::aws::route53resolver as shape;

use super::convert::{Fetched, all, list, text, texts, whole};

/// `ListResolverEndpoints`.
pub(super) async fn endpoints(client: &Client) -> Fetched<Vec<shape::ResolverEndpoint>> {
    all(
        client.list_resolver_endpoints().into_paginator().page_size(100).items().send().try_collect(),
        resolver_endpoint,
    )
    .await
}

/// `ListResolverRules`.
pub(super) async fn rules(client: &Client) -> Fetched<Vec<shape::ResolverRule>> {
    all(
        client.list_resolver_rules().into_paginator().page_size(100).items().send().try_collect(),
        resolver_rule,
    )
    .await
}

/// `ListResolverEndpointIpAddresses` of one endpoint.
pub(super) async fn addresses(
    client: &Client,
    endpoint: &str,
) -> Fetched<shape::ResolverEndpointIpAddresses> {
    let call = client.list_resolver_endpoint_ip_addresses().resolver_endpoint_id(endpoint);
    let pages = call.into_paginator().page_size(100);
    let ip_addresses = all(pages.items().send().try_collect(), ip_address_response).await?;
    Ok(shape::ResolverEndpointIpAddresses { resolver_endpoint_id: endpoint.to_owned(), ip_addresses })
}

/// `ListResolverRuleAssociations` of one VPC.
pub(super) async fn associations(client: &Client, vpc: &str) -> Fetched<Vec<shape::ResolverRuleAssociation>> {
    let filter = types::Filter::builder().name("VPCId").values(vpc).build();
    let pages = client.list_resolver_rule_associations().filters(filter).into_paginator().page_size(100);
    all(pages.items().send().try_collect(), resolver_rule_association).await
}

/// `ListFirewallRuleGroupAssociations` of one VPC.
pub(super) async fn firewalls(
    client: &Client,
    vpc: &str,
) -> Fetched<Vec<shape::FirewallRuleGroupAssociation>> {
    let pages = client.list_firewall_rule_group_associations().vpc_id(vpc).into_paginator().page_size(100);
    all(pages.items().send().try_collect(), firewall_rule_group_association).await
}

/// `ListFirewallRules` of one group.
pub(super) async fn firewall_rules(client: &Client, group: &str) -> Fetched<Vec<shape::FirewallRule>> {
    let pages = client.list_firewall_rules().firewall_rule_group_id(group).into_paginator().page_size(100);
    all(pages.items().send().try_collect(), firewall_rule).await
}

/// `ListFirewallDomainLists`.
pub(super) async fn firewall_domain_lists(
    client: &Client,
) -> Fetched<Vec<shape::FirewallDomainListMetadata>> {
    let pages = client.list_firewall_domain_lists().into_paginator().page_size(100);
    all(pages.items().send().try_collect(), firewall_domain_list).await
}

/// `ListFirewallDomains` of one list.
pub(super) async fn firewall_domains(client: &Client, list: &str) -> Fetched<shape::FirewallDomains> {
    // A list has 100,000 domains at most, and a page 5,000.
    let pages = client.list_firewall_domains().firewall_domain_list_id(list).into_paginator().page_size(5000);
    let domains = all(pages.items().send().try_collect(), |domain| domain).await?;
    Ok(shape::FirewallDomains { firewall_domain_list_id: list.to_owned(), domains })
}

fn firewall_rule_group_association(
    v: types::FirewallRuleGroupAssociation,
) -> shape::FirewallRuleGroupAssociation {
    shape::FirewallRuleGroupAssociation {
        id: v.id.unwrap_or_default(),
        firewall_rule_group_id: v.firewall_rule_group_id,
        vpc_id: v.vpc_id,
        priority: whole(v.priority),
        status: text(v.status),
    }
}

fn firewall_rule(v: types::FirewallRule) -> shape::FirewallRule {
    shape::FirewallRule {
        firewall_rule_group_id: v.firewall_rule_group_id,
        firewall_domain_list_id: v.firewall_domain_list_id,
        name: v.name,
        priority: whole(v.priority),
        action: text(v.action),
        block_response: text(v.block_response),
        block_override_domain: v.block_override_domain,
        block_override_dns_type: text(v.block_override_dns_type),
        firewall_domain_redirection_action: text(v.firewall_domain_redirection_action),
        qtype: v.qtype,
        dns_threat_protection: text(v.dns_threat_protection),
        confidence_threshold: text(v.confidence_threshold),
        status: v.status,
    }
}

fn firewall_domain_list(v: types::FirewallDomainListMetadata) -> shape::FirewallDomainListMetadata {
    shape::FirewallDomainListMetadata {
        id: v.id.unwrap_or_default(),
        name: v.name,
        managed_owner_name: v.managed_owner_name,
        managed_list_type: v.managed_list_type.map(|kind| kind.as_str().to_owned()),
    }
}

fn resolver_endpoint(v: types::ResolverEndpoint) -> shape::ResolverEndpoint {
    shape::ResolverEndpoint {
        id: v.id.unwrap_or_default(),
        name: v.name,
        security_group_ids: v.security_group_ids.unwrap_or_default(),
        direction: text(v.direction),
        host_vpc_id: v.host_vpc_id,
        status: text(v.status),
        status_message: v.status_message,
        protocols: texts(v.protocols),
    }
}

fn ip_address_response(v: types::IpAddressResponse) -> shape::IpAddressResponse {
    shape::IpAddressResponse { subnet_id: v.subnet_id, ip: v.ip, ipv6: v.ipv6, status: text(v.status) }
}

fn target_address(v: types::TargetAddress) -> shape::TargetAddress {
    shape::TargetAddress { ip: v.ip, port: whole(v.port), ipv6: v.ipv6, protocol: text(v.protocol) }
}

fn resolver_rule(v: types::ResolverRule) -> shape::ResolverRule {
    shape::ResolverRule {
        id: v.id.unwrap_or_default(),
        domain_name: v.domain_name,
        status: text(v.status),
        rule_type: text(v.rule_type),
        name: v.name,
        target_ips: list(v.target_ips, target_address),
        resolver_endpoint_id: v.resolver_endpoint_id,
        owner_id: v.owner_id,
    }
}

fn resolver_rule_association(v: types::ResolverRuleAssociation) -> shape::ResolverRuleAssociation {
    shape::ResolverRuleAssociation {
        id: v.id.unwrap_or_default(),
        resolver_rule_id: v.resolver_rule_id,
        vpc_id: v.vpc_id,
        status: text(v.status),
    }
}
