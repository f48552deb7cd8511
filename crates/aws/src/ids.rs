//! AWS's ids: which kind of resource one names, by how it begins.

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// `eni-…`
    NetworkInterface,
    /// `i-…`
    Instance,
    /// `subnet-…`
    Subnet,
    /// `vpce-…`
    VpcEndpoint,
    /// `pl-…`
    PrefixList,
    /// `sg-…`
    SecurityGroup,
    /// `vpc-…`
    Vpc,
    /// `rtb-…`
    RouteTable,
    /// `acl-…`
    NetworkAcl,
    /// `pcx-…`
    PeeringConnection,
    /// `tgw-…`
    TransitGateway,
    /// `tgw-attach-…`
    TransitGatewayAttachment,
    /// `tgw-rtb-…`
    TransitGatewayRouteTable,
    /// `eni-attach-…`
    NetworkInterfaceAttachment,
    /// `vgw-…`
    VpnGateway,
    /// `igw-…`
    InternetGateway,
    /// `eigw-…`
    EgressOnlyInternetGateway,
    /// `cvpn-endpoint-…`
    ClientVpnEndpoint,
    /// `nat-…`
    NatGateway,
    /// `rslvr-in-…`
    ResolverInbound,
    /// `rslvr-out-…`
    ResolverOutbound,
    /// `rslvr-rr-…`
    ResolverRule,
}

/// How the ids of a kind look, and whether one is an end of a path.
#[derive(Debug, PartialEq, Eq)]
pub struct IdForm {
    /// What such an id names.
    pub kind: ResourceKind,
    /// What stands before the first hyphen of the number.
    pub prefix: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What to name in its place where it is no end of a path; the id follows a final `=`.
    pub instead: Option<&'static str>,
}

const fn end(kind: ResourceKind, prefix: &'static str, name: &'static str) -> IdForm {
    IdForm { kind, prefix, name, instead: None }
}

const fn other(
    kind: ResourceKind,
    prefix: &'static str,
    name: &'static str,
    instead: &'static str,
) -> IdForm {
    IdForm { kind, prefix, name, instead: Some(instead) }
}

const BEHIND: &str = "name the connected network: CIDR,via=";
const INTERNET: &str = "name an address on the internet";

/// Every kind that people name.
pub const FORMS: [IdForm; 22] = [
    // Those that begin as another does come first.
    other(
        ResourceKind::NetworkInterfaceAttachment,
        "eni-attach",
        "network interface attachment",
        "name the network interface (eni-…)",
    ),
    other(
        ResourceKind::TransitGatewayAttachment,
        "tgw-attach",
        "transit gateway attachment",
        "name the connected network and its transit gateway: CIDR,via=tgw-…",
    ),
    other(
        ResourceKind::TransitGatewayRouteTable,
        "tgw-rtb",
        "transit gateway route table",
        "name the connected network and its transit gateway: CIDR,via=tgw-…",
    ),
    end(ResourceKind::NetworkInterface, "eni", "network interface"),
    end(ResourceKind::Instance, "i", "instance"),
    end(ResourceKind::Subnet, "subnet", "subnet"),
    end(ResourceKind::VpcEndpoint, "vpce", "VPC endpoint"),
    end(ResourceKind::PrefixList, "pl", "prefix list"),
    other(
        ResourceKind::SecurityGroup,
        "sg",
        "security group",
        "append the security group to a subnet or network: subnet-…,sg=",
    ),
    other(ResourceKind::Vpc, "vpc", "VPC", "name one of its subnets, or its CIDR"),
    other(
        ResourceKind::RouteTable,
        "rtb",
        "route table",
        "name a subnet that is associated with the route table",
    ),
    other(
        ResourceKind::NetworkAcl,
        "acl",
        "network ACL",
        "name a subnet that is associated with the network ACL",
    ),
    other(ResourceKind::PeeringConnection, "pcx", "peering connection", BEHIND),
    other(ResourceKind::TransitGateway, "tgw", "transit gateway", BEHIND),
    other(ResourceKind::VpnGateway, "vgw", "VPN gateway", BEHIND),
    other(ResourceKind::ClientVpnEndpoint, "cvpn-endpoint", "Client VPN endpoint", BEHIND),
    other(ResourceKind::InternetGateway, "igw", "internet gateway", INTERNET),
    other(ResourceKind::EgressOnlyInternetGateway, "eigw", "egress-only internet gateway", INTERNET),
    other(ResourceKind::NatGateway, "nat", "NAT gateway", "name its network interface (eni-…)"),
    other(ResourceKind::ResolverInbound, "rslvr-in", "Resolver endpoint", "name the role resolver-inbound"),
    other(
        ResourceKind::ResolverOutbound,
        "rslvr-out",
        "Resolver endpoint",
        "name the role resolver-outbound",
    ),
    other(ResourceKind::ResolverRule, "rslvr-rr", "Resolver rule", "name the role resolver-targets"),
];

/// How the ids look that begin as this text does.
pub fn form(text: &str) -> Option<&'static IdForm> {
    FORMS.iter().find(|form| text.strip_prefix(form.prefix).is_some_and(|rest| rest.starts_with('-')))
}

/// The kind of resource that an id names.
pub fn kind(id: &str) -> Option<ResourceKind> {
    let form = form(id)?;
    (id.len() > form.prefix.len() + 1).then_some(form.kind)
}

/// What people call the resource that an id names.
pub fn name(id: &str) -> &'static str {
    form(id).map_or("resource", |form| form.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_that_begins_another_is_told_from_it() {
        assert_eq!(kind("vpc-0a1"), Some(ResourceKind::Vpc));
        assert_eq!(kind("vpce-0a1"), Some(ResourceKind::VpcEndpoint));
        assert_eq!(kind("i-0a1"), Some(ResourceKind::Instance));
        assert_eq!(kind("tgw-0a1"), Some(ResourceKind::TransitGateway));
        assert_eq!(kind("tgw-attach-0a1"), Some(ResourceKind::TransitGatewayAttachment));
        assert_eq!(kind("eni-attach-0a1"), Some(ResourceKind::NetworkInterfaceAttachment));
        assert_eq!(kind("igw-0a1"), Some(ResourceKind::InternetGateway));
        assert_eq!(kind("rslvr-in-0a1"), Some(ResourceKind::ResolverInbound));
    }

    #[test]
    fn a_prefix_alone_or_a_word_is_no_id() {
        for text in ["", "eni", "eni-", "office", "ENI-0a1", "internet-0a1"] {
            assert_eq!(kind(text), None, "{text}");
        }
    }
}
