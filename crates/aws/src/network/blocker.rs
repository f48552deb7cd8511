//! Objects that block a path, and the values that a fix needs.

use privek_core::known::Missing;
use privek_core::path::{Hop, Leg, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// An object that blocks a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Blocker {
    /// What has to change; the key of the fix in `rules/eks/blockers.yaml`.
    pub code: BlockerCode,
    /// The kind of the object: `route-table`, `security-group`, `network-acl`, `vpc-peering-connection`, …
    pub kind: String,
    /// The AWS id of the object.
    pub id: String,
    /// The blocked direction, `request` or `reply`; null where the block is not of one direction.
    pub leg: Option<Leg>,
    /// The blocked addresses (CIDRs, comma-separated); null where all addresses are blocked.
    pub part: Option<String>,
    /// The reason, in a clause that names the deciding rule, entry or route.
    pub reason: String,
    /// The values that the fix fills into the commands.
    pub remedy: Remedy,
}

/// What has to change at a blocker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BlockerCode {
    /// No inbound rule of a security group allows the packets.
    SecurityGroupIngress,
    /// No outbound rule of a security group allows the packets.
    SecurityGroupEgress,
    /// The inbound entries of a network ACL deny the packets.
    NetworkAclIngress,
    /// The outbound entries of a network ACL deny the packets.
    NetworkAclEgress,
    /// A route table has no route for the destination.
    RouteMissing,
    /// A route table routes the destination to another target.
    RouteElsewhere,
    /// The local route keeps the packets in the VPC, and no other route can precede the local route.
    RouteLocal,
    /// The route for the destination is a blackhole.
    RouteBlackhole,
    /// The peering connection is not active.
    PeeringInactive,
    /// The transit gateway has no attachment in the subnet's zone.
    TransitGatewayZone,
    /// The transit gateway is not attached to the VPC, or the attachment is not available.
    TransitGatewayAttachment,
    /// The transit gateway attachment is associated with no route table.
    TransitGatewayAssociation,
    /// The transit gateway route table has no route for the destination, or a blackhole route.
    TransitGatewayRoute,
    /// The gateway is not attached to the VPC.
    GatewayDetached,
    /// The NAT gateway is not available.
    NatGatewayUnavailable,
    /// The sender has no public address, and the internet gateway requires one.
    PublicAddressMissing,
    /// VPC Block Public Access blocks the packets at the internet gateway.
    PublicAccessBlocked,
    /// No subnet holds the address.
    NoSuchAddress,
    /// The file system has no mount target in the zone of the clients.
    MountTargetMissing,
    /// The Client VPN endpoint is associated with no subnet.
    ClientVpnTargetMissing,
    /// The Client VPN endpoint has no route for the destination.
    ClientVpnRouteMissing,
    /// The Client VPN endpoint has no authorization rule for the destination.
    ClientVpnAuthorizationMissing,
    /// Pods on secondary network interfaces reply from the primary network interface of their node.
    PodAddressTranslated,
    /// No VPC endpoint serves a service, and no route exists to the public addresses of the service.
    EndpointMissing,
    /// The VPC resolver is off (`enableDnsSupport`), or private hosted zones are (`enableDnsHostnames`).
    DnsAttributeOff,
    /// The private hosted zone of a name has no record for the name, or other addresses.
    HostedZoneRecord,
    /// Private DNS of the VPC endpoint does not answer for the name, and public DNS does.
    PrivateDnsOff,
    /// The VPC endpoint of the service has no private DNS name for a name, and public DNS has.
    NameNotServed,
    /// The name has no address of the client's address family.
    NameFamily,
    /// DNS Firewall blocks the name.
    DnsFirewall,
    /// No Resolver rule forwards the name to the VPC in which the name resolves.
    ResolverRuleMissing,
    /// The Resolver rule that forwards the name is not associated with the VPC.
    ResolverRuleNotAssociated,
    /// A Resolver rule precedes the Resolver rule that forwards the name to the right VPC.
    ResolverRuleInTheWay,
    /// A Resolver rule forwards the name in a loop.
    ResolverRuleLoop,
    /// A Resolver rule forwards to an address that does not answer for the name.
    ResolverRuleTarget,
    /// A Resolver rule forwards to a VPC without a private hosted zone for the name.
    ResolverRuleVpc,
    /// A Resolver endpoint does not work.
    ResolverEndpointDown,
    /// The DNS servers of a network neither forward the name nor resolve public ones.
    NameNotForwarded,
    /// Packets that AWS never forwards: transitive peering, a gateway VPC endpoint from outside the VPC, …
    NeverForwarded,
}

/// A network ACL entry that moves to a new rule number, so that rule numbers before it become free.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct MovedEntry {
    /// The new rule number.
    pub number: i64,
    /// Whether another renumbered entry had the new rule number before.
    pub replaces: bool,
    /// The action of the entry: `allow` or `deny`.
    pub action: String,
    /// The IANA protocol number, or `-1` for all protocols.
    pub protocol: String,
    /// The CIDR of the entry, IPv4 or IPv6.
    pub cidr: String,
    /// The first port; null where the protocol has no ports.
    pub from_port: Option<i64>,
    /// The last port; null where the protocol has no ports.
    pub to_port: Option<i64>,
    /// The ICMP type; null for other protocols.
    pub icmp_type: Option<i64>,
    /// The ICMP code; null for other protocols.
    pub icmp_code: Option<i64>,
}

/// The values that a fix fills into its commands; each is set where it makes sense.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Remedy {
    /// The protocol to allow: `tcp`, `udp`, `icmp`, or `-1` for all.
    pub protocol: Option<String>,
    /// The first port to allow.
    pub from_port: Option<u16>,
    /// The last port to allow.
    pub to_port: Option<u16>,
    /// The CIDRs to allow or to route.
    pub cidrs: Vec<String>,
    /// The security group to allow, where a reference to a security group is better than a CIDR.
    pub group: Option<String>,
    /// The account that owns the security group to allow, or that accepts the peering connection, where the
    /// account is another one.
    pub account: Option<String>,
    /// The Region of the command, where the Region is another one than the cluster's.
    pub region: Option<String>,
    /// The network border group of a new public address, where it is not the Region's.
    pub network_border_group: Option<String>,
    /// The prefix list to allow or to route.
    pub prefix_list: Option<String>,
    /// Free rule numbers before the deny entry, in order of preference; one for each new entry.
    pub rule_numbers: Vec<i64>,
    /// Network ACL entries to renumber first, in this order, where no number before the deny entry is free.
    pub moved_entries: Vec<MovedEntry>,
    /// The old rule numbers of renumbered network ACL entries, in the order in which to delete the entries.
    pub freed_numbers: Vec<i64>,
    /// Whether only replies to very few of the ephemeral ports are denied.
    pub few_ports: bool,
    /// Whether only replies to ephemeral ports that clients use behind address translation alone are denied.
    pub low_ports: bool,
    /// The route target to use, for instance `pcx-0a1`.
    pub target: Option<String>,
    /// The AWS CLI option for the target, for instance `--vpc-peering-connection-id`.
    pub target_option: Option<String>,
    /// The destination of the route that decides now; a new route for that destination replaces the route.
    pub replaces: Option<String>,
    /// The VPC to attach or to associate with.
    pub vpc: Option<String>,
    /// The subnet to attach or to associate.
    pub subnet: Option<String>,
    /// The subnets for an attachment or an interface VPC endpoint, one in each zone; for a gateway VPC
    /// endpoint, the route tables.
    pub subnets: Vec<String>,
    /// The DNS name that has to resolve.
    pub domain: Option<String>,
    /// All DNS names that have to resolve, for a fix that covers all of them.
    pub domains: Vec<String>,
    /// The addresses of the inbound Resolver endpoint to forward to.
    pub servers: Vec<String>,
    /// The outbound Resolver endpoint through which to forward.
    pub resolver_endpoint: Option<String>,
    /// A free priority before the DNS Firewall rule that decides.
    pub priority: Option<i64>,
    /// The Resolver rule that forwards to the object.
    pub resolver_rule: Option<String>,
    /// The route table with the route to the object.
    pub route_table: Option<String>,
    /// The state of the object, in the spelling of AWS.
    pub state: Option<String>,
    /// Whether the object that the fix creates needs more changes, which are known only after the creation.
    pub more_to_come: bool,
}

/// A path through AWS.
pub type Path = privek_core::path::Path<Blocker>;

/// A path that this object blocks before anything else is asked.
pub fn blocked_path(from: &str, to: &str, blocker: Blocker) -> Path {
    Path {
        from: from.to_owned(),
        to: to.to_owned(),
        verdict: Verdict::Blocked,
        hops: vec![Hop {
            kind: blocker.kind.clone(),
            id: blocker.id.clone(),
            decision: "drop".to_owned(),
            by: blocker.reason.clone(),
            blocks: true,
        }],
        return_hops: Vec::new(),
        blockers: vec![blocker],
        missing: Vec::new(),
        assumptions: Vec::new(),
    }
}

/// A path of which nothing but what is missing is known.
pub fn undecided_path(from: &str, to: &str, missing: Vec<Missing>) -> Path {
    Path {
        from: from.to_owned(),
        to: to.to_owned(),
        verdict: Verdict::Unknown,
        hops: Vec::new(),
        return_hops: Vec::new(),
        blockers: Vec::new(),
        missing,
        assumptions: Vec::new(),
    }
}

/// What a trace through AWS gathers.
pub type TraceLog = privek_core::path::TraceLog<Blocker>;
