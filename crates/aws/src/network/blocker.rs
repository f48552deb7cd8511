//! What stands in the way, and the values that a fix needs.

use privek_core::path::Leg;
use schemars::JsonSchema;
use serde::Serialize;

/// An object that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Blocker {
    /// What has to change; the key under which `rules/eks/blockers.yaml` holds the fix.
    pub code: BlockerCode,
    /// `route-table`, `security-group`, `network-acl`, `vpc-peering-connection`, …
    pub kind: String,
    /// AWS's id.
    pub id: String,
    /// On which leg.
    pub leg: Option<Leg>,
    /// The addresses that it blocks (CIDRs, comma-separated), where it does not block all of them.
    pub part: Option<String>,
    /// Why, in a clause that names the deciding rule, entry or route.
    pub reason: String,
    /// The values that a fix fills into its commands.
    pub remedy: Remedy,
}

/// What has to change at a blocker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BlockerCode {
    /// No inbound rule of a security group admits it.
    SecurityGroupIngress,
    /// No outbound rule of a security group admits it.
    SecurityGroupEgress,
    /// A network ACL's inbound entries deny it.
    NetworkAclIngress,
    /// A network ACL's outbound entries deny it.
    NetworkAclEgress,
    /// A route table has no route for it.
    RouteMissing,
    /// A route table sends it elsewhere.
    RouteElsewhere,
    /// The VPC's own local route keeps it, which no other route comes before.
    RouteLocal,
    /// The route for it is a blackhole.
    RouteBlackhole,
    /// The peering connection is not active.
    PeeringInactive,
    /// The transit gateway has no attachment in the subnet's zone.
    TransitGatewayZone,
    /// The transit gateway is not attached to the VPC, or the attachment is not available.
    TransitGatewayAttachment,
    /// The transit gateway attachment is associated with no route table.
    TransitGatewayAssociation,
    /// The transit gateway's route table has no route for it, or a blackhole.
    TransitGatewayRoute,
    /// The gateway is not attached to the VPC.
    GatewayDetached,
    /// The NAT gateway is not available.
    NatGatewayUnavailable,
    /// No public address stands for the sender's private one at the internet gateway.
    PublicAddressMissing,
    /// VPC Block Public Access stops it at the internet gateway.
    PublicAccessBlocked,
    /// No subnet holds the address.
    NoSuchAddress,
    /// No VPC endpoint answers for a service, and nothing leads to its public addresses.
    EndpointMissing,
    /// The VPC's resolver is off (`enableDnsSupport`), or its private names are (`enableDnsHostnames`).
    DnsAttributeOff,
    /// The private zone that answers for a name does not have it, or gives it other addresses.
    HostedZoneRecord,
    /// DNS Firewall refuses the name.
    DnsFirewall,
    /// No forwarding rule takes the name to where it resolves.
    ResolverRuleMissing,
    /// The rule that would take it there is not associated with the VPC.
    ResolverRuleNotAssociated,
    /// A rule keeps the name from the one that leads it where it resolves.
    ResolverRuleInTheWay,
    /// A rule sends the name back to where it came from.
    ResolverRuleLoop,
    /// A rule forwards to an address that does not answer for the name.
    ResolverRuleTarget,
    /// A rule forwards to a VPC that has no private zone with the name.
    ResolverRuleVpc,
    /// An endpoint of Route 53 Resolver does not work.
    ResolverEndpointDown,
    /// The DNS servers of a network neither forward the name nor resolve public ones.
    NameNotForwarded,
    /// AWS never forwards this: transitive peering, a gateway endpoint from outside, …
    NeverForwarded,
}

/// An entry of a network ACL that makes room for others, and the number that it gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct MovedEntry {
    /// Its new number.
    pub number: i64,
    /// Whether another entry, which has moved too, has that number.
    pub replaces: bool,
    /// `allow` or `deny`.
    pub action: String,
    /// An IANA number or `-1`.
    pub protocol: String,
    /// The prefix, IPv4 or IPv6.
    pub cidr: String,
    /// First port, where the protocol has ports.
    pub from_port: Option<i64>,
    /// Last port.
    pub to_port: Option<i64>,
    /// Type of ICMP, where it is that.
    pub icmp_type: Option<i64>,
    /// Code of ICMP.
    pub icmp_code: Option<i64>,
}

/// The values that a fix fills into its commands; each is set where it makes sense.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Remedy {
    /// `tcp`, `udp`, `icmp` or `-1`.
    pub protocol: Option<String>,
    /// First port to open.
    pub from_port: Option<u16>,
    /// Last port to open.
    pub to_port: Option<u16>,
    /// The prefixes to admit or to route.
    pub cidrs: Vec<String>,
    /// The security group to admit, where that is better than a prefix.
    pub group: Option<String>,
    /// The prefix list to admit.
    pub prefix_list: Option<String>,
    /// Free rule numbers before the denying entry, the best first; each serves for one entry.
    pub rule_numbers: Vec<i64>,
    /// Entries that have to move further back, in this order, where no number before them is free.
    pub moved_entries: Vec<MovedEntry>,
    /// The numbers that they leave, in the order in which to delete what is there.
    pub freed_numbers: Vec<i64>,
    /// Whether only replies to very few of the ports that clients pick are stopped.
    pub few_ports: bool,
    /// Whether only replies to ports are stopped that a client picks behind address translation alone.
    pub low_ports: bool,
    /// The route target to use, for instance `pcx-0a1`.
    pub target: Option<String>,
    /// The AWS CLI's option for that target, for instance `--vpc-peering-connection-id`.
    pub target_option: Option<String>,
    /// The destination of the route that decides now; a route for the same prefix replaces it.
    pub replaces: Option<String>,
    /// The VPC to attach to.
    pub vpc: Option<String>,
    /// The subnet to attach or to associate.
    pub subnet: Option<String>,
    /// The subnets to attach or to place an endpoint in, one in each zone; a gateway endpoint's route
    /// tables.
    pub subnets: Vec<String>,
    /// The name that has to resolve.
    pub domain: Option<String>,
    /// All names that have to resolve, for a fix that is about them together.
    pub domains: Vec<String>,
    /// The addresses of the DNS servers to forward to, which are those of an inbound endpoint.
    pub servers: Vec<String>,
    /// The outbound endpoint through which to forward.
    pub resolver_endpoint: Option<String>,
    /// A free priority before the rule of DNS Firewall that decides.
    pub priority: Option<i64>,
    /// The forwarding rule that leads to the object.
    pub resolver_rule: Option<String>,
    /// The route table whose route leads to the object.
    pub route_table: Option<String>,
    /// The state that the object is in, as AWS spells it.
    pub state: Option<String>,
    /// Whether what the fix makes needs more, of which nothing can be told before it is there.
    pub more_to_come: bool,
}

/// A path through AWS.
pub type Path = privek_core::path::Path<Blocker>;

/// What a trace through AWS gathers.
pub type TraceLog = privek_core::path::TraceLog<Blocker>;
