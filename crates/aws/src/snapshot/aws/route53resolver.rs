//! Route 53 Resolver's shapes, as `aws route53resolver list-…` prints them.

use super::shape::shapes;

shapes! { "PascalCase";
    /// `ListResolverEndpoints`.
    ResolverEndpoint { id: String, name: Option<String>, security_group_ids: Vec<String>, direction: Option<String>, #[serde(rename = "HostVPCId")] host_vpc_id: Option<String>, status: Option<String>, status_message: Option<String>, protocols: Vec<String> }
    /// `ListResolverEndpointIpAddresses`, with the endpoint that AWS's own output leaves out.
    ResolverEndpointIpAddresses { resolver_endpoint_id: String, ip_addresses: Vec<IpAddressResponse> }
    /// One address of an endpoint.
    IpAddressResponse { subnet_id: Option<String>, ip: Option<String>, ipv6: Option<String>, status: Option<String> }
    /// `ListResolverRules`.
    ResolverRule { id: String, domain_name: Option<String>, status: Option<String>, rule_type: Option<String>, name: Option<String>, target_ips: Vec<TargetAddress>, resolver_endpoint_id: Option<String>, owner_id: Option<String> }
    /// Where a rule forwards to.
    TargetAddress { ip: Option<String>, port: Option<i64>, ipv6: Option<String>, protocol: Option<String> }
    /// `ListResolverRuleAssociations`.
    ResolverRuleAssociation { id: String, resolver_rule_id: Option<String>, #[serde(rename = "VPCId")] vpc_id: Option<String>, status: Option<String> }
    /// `ListFirewallRuleGroupAssociations`.
    FirewallRuleGroupAssociation { id: String, firewall_rule_group_id: Option<String>, vpc_id: Option<String>, priority: Option<i64>, status: Option<String> }
    /// `ListFirewallRules`: about a list of domains, or about what a threat detection finds.
    FirewallRule { firewall_rule_group_id: Option<String>, firewall_domain_list_id: Option<String>, name: Option<String>, priority: Option<i64>, action: Option<String>, block_response: Option<String>, block_override_domain: Option<String>, block_override_dns_type: Option<String>, firewall_domain_redirection_action: Option<String>, qtype: Option<String>, dns_threat_protection: Option<String>, confidence_threshold: Option<String>, status: Option<String> }
    /// `ListFirewallDomainLists`.
    FirewallDomainListMetadata { id: String, name: Option<String>, managed_owner_name: Option<String>, managed_list_type: Option<String> }
    /// `ListFirewallDomains`, with the list that AWS's own output leaves out.
    FirewallDomains { firewall_domain_list_id: String, domains: Vec<String> }
}

impl FirewallRule {
    /// What tells a rule from the others: rules have no id of their own, but a priority that is unique in
    /// their group. <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_CreateFirewallRule.html>
    pub fn identity(&self) -> String {
        let group = self.firewall_rule_group_id.as_deref().unwrap_or_default();
        match self.priority {
            Some(priority) => format!("{group}:{priority}"),
            None => format!("{group}:{}", self.name.as_deref().unwrap_or_default()),
        }
    }
}
