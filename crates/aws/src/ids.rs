//! AWS's ids: which kind of resource one names, by how it begins.

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
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
pub struct Form {
    /// What such an id names.
    pub kind: Kind,
    /// What stands before the first hyphen of the number.
    pub prefix: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What to name in its place where it is no end of a path; the id follows a final `=`.
    pub instead: Option<&'static str>,
}

const fn end(kind: Kind, prefix: &'static str, name: &'static str) -> Form {
    Form { kind, prefix, name, instead: None }
}

const fn other(kind: Kind, prefix: &'static str, name: &'static str, instead: &'static str) -> Form {
    Form { kind, prefix, name, instead: Some(instead) }
}

const BEHIND: &str = "name the connected network: CIDR,via=";
const INTERNET: &str = "name an address on the internet";

/// Every kind that people name.
pub const FORMS: [Form; 19] = [
    end(Kind::NetworkInterface, "eni", "network interface"),
    end(Kind::Instance, "i", "instance"),
    end(Kind::Subnet, "subnet", "subnet"),
    end(Kind::VpcEndpoint, "vpce", "VPC endpoint"),
    end(Kind::PrefixList, "pl", "prefix list"),
    other(
        Kind::SecurityGroup,
        "sg",
        "security group",
        "append the security group to a subnet or network: subnet-…,sg=",
    ),
    other(Kind::Vpc, "vpc", "VPC", "name one of its subnets, or its CIDR"),
    other(Kind::RouteTable, "rtb", "route table", "name a subnet that is associated with the route table"),
    other(Kind::NetworkAcl, "acl", "network ACL", "name a subnet that is associated with the network ACL"),
    other(Kind::PeeringConnection, "pcx", "peering connection", BEHIND),
    other(Kind::TransitGateway, "tgw", "transit gateway", BEHIND),
    other(Kind::VpnGateway, "vgw", "VPN gateway", BEHIND),
    other(Kind::ClientVpnEndpoint, "cvpn-endpoint", "Client VPN endpoint", BEHIND),
    other(Kind::InternetGateway, "igw", "internet gateway", INTERNET),
    other(Kind::EgressOnlyInternetGateway, "eigw", "egress-only internet gateway", INTERNET),
    other(Kind::NatGateway, "nat", "NAT gateway", "name its network interface (eni-…)"),
    other(Kind::ResolverInbound, "rslvr-in", "Resolver endpoint", "name the role resolver-inbound"),
    other(Kind::ResolverOutbound, "rslvr-out", "Resolver endpoint", "name the role resolver-outbound"),
    other(Kind::ResolverRule, "rslvr-rr", "Resolver rule", "name the role resolver-targets"),
];

/// How the ids look that begin as this text does.
pub fn form(text: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| text.strip_prefix(form.prefix).is_some_and(|rest| rest.starts_with('-')))
}

/// The kind of resource that an id names.
pub fn kind(id: &str) -> Option<Kind> {
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
        assert_eq!(kind("vpc-0a1"), Some(Kind::Vpc));
        assert_eq!(kind("vpce-0a1"), Some(Kind::VpcEndpoint));
        assert_eq!(kind("i-0a1"), Some(Kind::Instance));
        assert_eq!(kind("igw-0a1"), Some(Kind::InternetGateway));
        assert_eq!(kind("rslvr-in-0a1"), Some(Kind::ResolverInbound));
    }

    #[test]
    fn a_prefix_alone_or_a_word_is_no_id() {
        for text in ["", "eni", "eni-", "office", "ENI-0a1", "internet-0a1"] {
            assert_eq!(kind(text), None, "{text}");
        }
    }
}
