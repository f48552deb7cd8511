//! EC2's shapes, as `aws ec2 describe-…` prints them.

use std::net::IpAddr;

use super::shape::shapes;
use crate::snapshot::user_data::UserData;

shapes! { "PascalCase";
    /// A key and its value.
    Tag { key: Option<String>, value: Option<String> }

    /// `DescribeVpcs`.
    Vpc {
        vpc_id: String,
        owner_id: Option<String>,
        cidr_block: Option<String>,
        cidr_block_association_set: Vec<VpcCidrBlockAssociation>,
        ipv6_cidr_block_association_set: Vec<VpcIpv6CidrBlockAssociation>,
        dhcp_options_id: Option<String>,
        block_public_access_states: Option<BlockPublicAccessStates>,
        network_firewall_associations: Option<Vec<NetworkFirewallAssociation>>,
        tags: Vec<Tag>,
    }
    /// An Automated Internet Firewall of a VPC: `pending`, `active`, `disabling`; `enforce`, `monitor`.
    NetworkFirewallAssociation { firewall_arn: Option<String>, firewall_onboarding_status: Option<String>, firewall_mode: Option<String> }
    /// What VPC Block Public Access stops at internet and egress-only gateways: `off`, `block-bidirectional`, `block-ingress`.
    BlockPublicAccessStates { internet_gateway_block_mode: Option<String> }
    /// An IPv4 prefix of a VPC and its state.
    VpcCidrBlockAssociation { cidr_block: Option<String>, cidr_block_state: Option<CidrBlockState> }
    /// An IPv6 prefix of a VPC, its state, and whether AWS advertises it on the internet: `public`, `private`.
    VpcIpv6CidrBlockAssociation { ipv6_cidr_block: Option<String>, ipv6_cidr_block_state: Option<CidrBlockState>, ipv6_address_attribute: Option<String> }
    /// `associated`, `disassociated`, …
    CidrBlockState { state: Option<String> }

    /// `DescribeVpcAttribute`, one attribute a call; merged by VPC.
    VpcAttribute { vpc_id: String, enable_dns_support: Option<AttributeBooleanValue>, enable_dns_hostnames: Option<AttributeBooleanValue> }
    /// `{"Value": true}`.
    AttributeBooleanValue { value: Option<bool> }

    /// `DescribeDhcpOptions`.
    DhcpOptions { dhcp_options_id: String, dhcp_configurations: Vec<DhcpConfiguration>, owner_id: Option<String> }
    /// One option, for instance `domain-name-servers`.
    DhcpConfiguration { key: Option<String>, values: Vec<AttributeValue> }
    /// `{"Value": "AmazonProvidedDNS"}`.
    AttributeValue { value: Option<String> }

    /// `DescribeSubnets`.
    Subnet {
        subnet_id: String,
        vpc_id: Option<String>,
        owner_id: Option<String>,
        state: Option<String>,
        cidr_block: Option<String>,
        ipv6_cidr_block_association_set: Vec<SubnetIpv6CidrBlockAssociation>,
        availability_zone: Option<String>,
        availability_zone_id: Option<String>,
        available_ip_address_count: Option<i64>,
        map_public_ip_on_launch: Option<bool>,
        assign_ipv6_address_on_creation: Option<bool>,
        ipv6_native: Option<bool>,
        enable_dns64: Option<bool>,
        block_public_access_states: Option<BlockPublicAccessStates>,
        network_firewall_connectivity_type: Option<String>,
        outpost_arn: Option<String>,
        tags: Vec<Tag>,
    }
    /// An IPv6 prefix of a subnet and its state.
    SubnetIpv6CidrBlockAssociation { ipv6_cidr_block: Option<String>, ipv6_cidr_block_state: Option<CidrBlockState> }

    /// `GetSubnetCidrReservations`, with the subnet that an answer without reservations leaves out.
    SubnetCidrReservations { subnet_id: String, subnet_ipv4_cidr_reservations: Vec<SubnetCidrReservation>, subnet_ipv6_cidr_reservations: Vec<SubnetCidrReservation> }
    /// Addresses that AWS assigns only on request (`explicit`), or only as prefixes (`prefix`).
    SubnetCidrReservation { subnet_id: Option<String>, cidr: Option<String>, reservation_type: Option<String>, owner_id: Option<String> }

    /// `DescribeRouteTables`.
    RouteTable { route_table_id: String, vpc_id: Option<String>, owner_id: Option<String>, associations: Vec<RouteTableAssociation>, routes: Vec<Route>, propagating_vgws: Vec<PropagatingVgw>, tags: Vec<Tag> }
    /// What a route table applies to: a subnet, a gateway, or (`Main`) every subnet without its own.
    RouteTableAssociation { main: Option<bool>, subnet_id: Option<String>, gateway_id: Option<String>, association_state: Option<RouteTableAssociationState> }
    /// `associated`, `disassociating`, …
    RouteTableAssociationState { state: Option<String> }
    /// A virtual private gateway whose routes are propagated into the table.
    PropagatingVgw { gateway_id: Option<String> }
    /// One route: exactly one destination and, unless it is a blackhole of a deleted target, one target.
    Route {
        destination_cidr_block: Option<String>,
        destination_ipv6_cidr_block: Option<String>,
        destination_prefix_list_id: Option<String>,
        gateway_id: Option<String>,
        nat_gateway_id: Option<String>,
        transit_gateway_id: Option<String>,
        vpc_peering_connection_id: Option<String>,
        network_interface_id: Option<String>,
        instance_id: Option<String>,
        egress_only_internet_gateway_id: Option<String>,
        local_gateway_id: Option<String>,
        carrier_gateway_id: Option<String>,
        core_network_arn: Option<String>,
        odb_network_arn: Option<String>,
        igw_firewall: Option<IgwFirewall>,
        origin: Option<String>,
        state: Option<String>,
    }

    /// The Automated Internet Firewall that inspects what a route sends to an internet gateway.
    IgwFirewall { firewall_arn: Option<String> }

    /// `DescribeSecurityGroups`.
    SecurityGroup { group_id: String, group_name: Option<String>, vpc_id: Option<String>, owner_id: Option<String>, ip_permissions: Vec<IpPermission>, ip_permissions_egress: Vec<IpPermission>, tags: Vec<Tag> }
    /// One permission: a protocol (`-1` for all), a port range, and every peer that it admits.
    IpPermission { ip_protocol: Option<String>, from_port: Option<i64>, to_port: Option<i64>, ip_ranges: Vec<IpRange>, ipv6_ranges: Vec<Ipv6Range>, prefix_list_ids: Vec<PrefixListId>, user_id_group_pairs: Vec<UserIdGroupPair> }
    /// An IPv4 peer.
    IpRange { cidr_ip: Option<String> }
    /// An IPv6 peer.
    Ipv6Range { cidr_ipv6: Option<String> }
    /// A prefix list as peer.
    PrefixListId { prefix_list_id: Option<String> }
    /// A security group as peer, across a peering connection if one is named.
    UserIdGroupPair { group_id: Option<String>, vpc_id: Option<String>, vpc_peering_connection_id: Option<String>, peering_status: Option<String> }

    /// `DescribeNetworkAcls`.
    NetworkAcl { network_acl_id: String, vpc_id: Option<String>, owner_id: Option<String>, is_default: Option<bool>, associations: Vec<NetworkAclAssociation>, entries: Vec<NetworkAclEntry>, tags: Vec<Tag> }
    /// The subnet that a network ACL guards.
    NetworkAclAssociation { subnet_id: Option<String> }
    /// One numbered entry; `Protocol` is an IANA number or `-1`.
    NetworkAclEntry { rule_number: Option<i64>, egress: Option<bool>, protocol: Option<String>, rule_action: Option<String>, cidr_block: Option<String>, ipv6_cidr_block: Option<String>, port_range: Option<PortRange>, icmp_type_code: Option<IcmpTypeCode> }
    /// First and last port.
    PortRange { from: Option<i64>, to: Option<i64> }
    /// ICMP type and code, `-1` for all.
    IcmpTypeCode { code: Option<i64>, r#type: Option<i64> }

    /// `DescribeVpcEndpoints`.
    VpcEndpoint {
        vpc_endpoint_id: String,
        vpc_endpoint_type: Option<String>,
        vpc_id: Option<String>,
        service_name: Option<String>,
        service_region: Option<String>,
        state: Option<String>,
        policy_document: Option<String>,
        route_table_ids: Vec<String>,
        subnet_ids: Vec<String>,
        groups: Vec<GroupIdentifier>,
        private_dns_enabled: Option<bool>,
        ip_address_type: Option<String>,
        dns_options: Option<DnsOptions>,
        network_interface_ids: Vec<String>,
        owner_id: Option<String>,
        failure_reason: Option<String>,
        last_error: Option<LastError>,
    }
    /// How an endpoint's private names are served.
    DnsOptions { dns_record_ip_type: Option<String>, private_dns_only_for_inbound_resolver_endpoint: Option<bool> }
    /// Why an endpoint failed.
    LastError { code: Option<String>, message: Option<String> }
    /// A security group by id and name.
    GroupIdentifier { group_id: Option<String> }

    /// `DescribeVpcEndpointServices`, `ServiceDetails`.
    ServiceDetail { service_name: String, service_type: Vec<ServiceTypeDetail>, availability_zones: Vec<String>, private_dns_name: Option<String>, private_dns_names: Vec<PrivateDnsDetails>, vpc_endpoint_policy_supported: Option<bool> }
    /// `Interface`, `Gateway`, `GatewayLoadBalancer`.
    ServiceTypeDetail { service_type: Option<String> }
    /// A private name that an interface endpoint of the service can serve.
    PrivateDnsDetails { private_dns_name: Option<String> }

    /// `DescribeNetworkInterfaces`.
    NetworkInterface {
        network_interface_id: String,
        description: Option<String>,
        interface_type: Option<String>,
        requester_managed: Option<bool>,
        status: Option<String>,
        owner_id: Option<String>,
        subnet_id: Option<String>,
        vpc_id: Option<String>,
        tag_set: Vec<Tag>,
        private_ip_address: Option<String>,
        private_ip_addresses: Vec<NetworkInterfacePrivateIpAddress>,
        ipv4_prefixes: Vec<Ipv4Prefix>,
        ipv6_addresses: Vec<NetworkInterfaceIpv6Address>,
        ipv6_prefixes: Vec<Ipv6Prefix>,
        groups: Vec<GroupIdentifier>,
        attachment: Option<NetworkInterfaceAttachment>,
        association: Option<NetworkInterfaceAssociation>,
        source_dest_check: Option<bool>,
        deny_all_igw_traffic: Option<bool>,
    }
    /// One private address of an interface, and the public one that goes with it.
    NetworkInterfacePrivateIpAddress { private_ip_address: Option<String>, association: Option<NetworkInterfaceAssociation> }
    /// The public address that stands for a private one.
    NetworkInterfaceAssociation { public_ip: Option<String> }
    /// A /28 that is delegated to an interface.
    Ipv4Prefix { ipv4_prefix: Option<String> }
    /// A /80 that is delegated to an interface.
    Ipv6Prefix { ipv6_prefix: Option<String> }
    /// One IPv6 address of an interface.
    NetworkInterfaceIpv6Address { ipv6_address: Option<String> }
    /// What an interface is attached to.
    NetworkInterfaceAttachment { instance_id: Option<String>, status: Option<String> }

    /// `DescribeInstanceTypes`.
    InstanceTypeInfo { instance_type: String, bare_metal: Option<bool>, hypervisor: Option<String>, #[serde(rename = "VCpuInfo")] vcpu_info: Option<VCpuInfo>, network_info: Option<NetworkInfo> }
    /// Number of virtual CPUs.
    VCpuInfo { #[serde(rename = "DefaultVCpus")] default_vcpus: Option<i64> }
    /// Interfaces and addresses that an instance type can hold.
    NetworkInfo { default_network_card_index: Option<i64>, network_cards: Vec<NetworkCardInfo>, maximum_network_interfaces: Option<i64>, ipv4_addresses_per_interface: Option<i64> }
    /// One network card.
    NetworkCardInfo { network_card_index: Option<i64>, maximum_network_interfaces: Option<i64> }

    /// `DescribeInstanceTypeOfferings`.
    InstanceTypeOffering { instance_type: String, location_type: Option<String>, location: Option<String> }

    /// `DescribeSecurityGroupVpcAssociations`.
    SecurityGroupVpcAssociation { group_id: String, vpc_id: Option<String>, state: Option<String> }

    /// `DescribeLaunchTemplateVersions`.
    LaunchTemplateVersion { launch_template_id: String, launch_template_name: Option<String>, version_number: Option<i64>, default_version: Option<bool>, launch_template_data: Option<LaunchTemplateData> }
    /// What a launch template sets. Of user data only the settings are kept: it may hold secrets. Snapshots
    /// that lack `UserData` are older than the fields from there on.
    LaunchTemplateData {
        image_id: Option<String>,
        instance_type: Option<String>,
        security_group_ids: Vec<String>,
        security_groups: Vec<String>,
        network_interfaces: Vec<LaunchTemplateNetworkInterface>,
        metadata_options: Option<LaunchTemplateMetadataOptions>,
        user_data: Option<UserData>,
        iam_instance_profile: Option<LaunchTemplateIamInstanceProfile>,
        instance_initiated_shutdown_behavior: Option<String>,
        hibernation_options: Option<LaunchTemplateHibernationOptions>,
        instance_market_options: Option<LaunchTemplateInstanceMarketOptions>,
        block_device_mappings: Vec<LaunchTemplateBlockDeviceMapping>,
    }
    /// A volume that a launch template declares.
    LaunchTemplateBlockDeviceMapping { ebs: Option<LaunchTemplateEbsBlockDevice> }
    /// Its EBS settings.
    LaunchTemplateEbsBlockDevice { kms_key_id: Option<String> }
    /// The instance profile that a launch template names.
    LaunchTemplateIamInstanceProfile { arn: Option<String>, name: Option<String> }
    /// Whether instances can hibernate.
    LaunchTemplateHibernationOptions { configured: Option<bool> }
    /// `spot` or `capacity-block`.
    LaunchTemplateInstanceMarketOptions { market_type: Option<String> }
    /// An interface that a launch template declares.
    LaunchTemplateNetworkInterface { device_index: Option<i64>, groups: Vec<String>, subnet_id: Option<String>, associate_public_ip_address: Option<bool> }
    /// Instance metadata settings.
    LaunchTemplateMetadataOptions { http_tokens: Option<String>, http_put_response_hop_limit: Option<i64>, http_endpoint: Option<String> }

    /// `DescribeManagedPrefixLists`.
    ManagedPrefixList { prefix_list_id: String, prefix_list_name: Option<String>, owner_id: Option<String>, max_entries: Option<i64> }
    /// `GetManagedPrefixListEntries`, with the list that AWS's own output leaves out.
    PrefixListEntries { prefix_list_id: String, entries: Vec<PrefixListEntry> }
    /// One prefix of a list.
    PrefixListEntry { cidr: Option<String> }

    /// `DescribeVpcPeeringConnections`.
    VpcPeeringConnection { vpc_peering_connection_id: String, status: Option<VpcPeeringConnectionStateReason>, requester_vpc_info: Option<VpcPeeringConnectionVpcInfo>, accepter_vpc_info: Option<VpcPeeringConnectionVpcInfo> }
    /// `active`, `pending-acceptance`, …
    VpcPeeringConnectionStateReason { code: Option<String> }
    /// One side of a peering connection.
    VpcPeeringConnectionVpcInfo { vpc_id: Option<String>, owner_id: Option<String>, region: Option<String>, cidr_block: Option<String>, cidr_block_set: Vec<CidrBlock>, ipv6_cidr_block_set: Vec<Ipv6CidrBlock> }
    /// An IPv4 prefix.
    CidrBlock { cidr_block: Option<String> }
    /// An IPv6 prefix.
    Ipv6CidrBlock { ipv6_cidr_block: Option<String> }

    /// `DescribeTransitGatewayVpcAttachments`.
    TransitGatewayVpcAttachment { transit_gateway_attachment_id: String, transit_gateway_id: Option<String>, vpc_id: Option<String>, state: Option<String>, subnet_ids: Vec<String>, options: Option<TransitGatewayVpcAttachmentOptions> }
    /// Options of an attachment; each is `enable` or `disable`.
    TransitGatewayVpcAttachmentOptions { security_group_referencing_support: Option<String>, appliance_mode_support: Option<String> }
    /// `DescribeTransitGatewayAttachments`: every kind of attachment, with the table that it is associated with.
    TransitGatewayAttachment { transit_gateway_attachment_id: String, transit_gateway_id: Option<String>, transit_gateway_owner_id: Option<String>, resource_type: Option<String>, resource_id: Option<String>, resource_owner_id: Option<String>, state: Option<String>, association: Option<TransitGatewayAttachmentAssociation> }
    /// The route table that decides where an attachment's packets go.
    TransitGatewayAttachmentAssociation { transit_gateway_route_table_id: Option<String>, state: Option<String> }
    /// `DescribeTransitGateways`.
    TransitGateway { transit_gateway_id: String, state: Option<String>, owner_id: Option<String>, options: Option<TransitGatewayOptions> }
    /// Options of a transit gateway.
    TransitGatewayOptions { security_group_referencing_support: Option<String>, default_route_table_association: Option<String>, default_route_table_propagation: Option<String> }
    /// `DescribeTransitGatewayRouteTables`.
    TransitGatewayRouteTable { transit_gateway_route_table_id: String, transit_gateway_id: Option<String>, state: Option<String>, default_association_route_table: Option<bool> }
    /// `SearchTransitGatewayRoutes`, with the table that AWS's own output leaves out.
    TransitGatewayRoutes { transit_gateway_route_table_id: String, routes: Vec<TransitGatewayRoute>, additional_routes_available: Option<bool> }
    /// One route of a transit gateway.
    TransitGatewayRoute { destination_cidr_block: Option<String>, prefix_list_id: Option<String>, transit_gateway_attachments: Vec<TransitGatewayRouteAttachment>, r#type: Option<String>, state: Option<String> }
    /// The attachments of a transit gateway route.
    TransitGatewayRouteAttachment { transit_gateway_attachment_id: Option<String>, resource_id: Option<String>, resource_type: Option<String> }

    /// `DescribeClientVpnEndpoints`.
    ClientVpnEndpoint { client_vpn_endpoint_id: String, client_cidr_block: Option<String>, vpc_id: Option<String>, security_group_ids: Vec<String>, dns_servers: Vec<String>, status: Option<ClientVpnStatus>, traffic_ip_address_type: Option<String>, transit_gateway_configuration: Option<ClientVpnTransitGateway> }
    /// The state of a Client VPN endpoint, or of a part of one.
    ClientVpnStatus { code: Option<String> }
    /// The transit gateway that a Client VPN endpoint is attached to, instead of subnets.
    ClientVpnTransitGateway { transit_gateway_id: Option<String> }
    /// `DescribeClientVpnTargetNetworks`: a subnet that a Client VPN endpoint is associated with.
    ClientVpnTargetNetwork { association_id: String, client_vpn_endpoint_id: Option<String>, vpc_id: Option<String>, target_network_id: Option<String>, security_groups: Vec<String>, status: Option<ClientVpnStatus> }
    /// `DescribeClientVpnRoutes`, with the endpoint that AWS's own output leaves out where there are none.
    ClientVpnRoutes { client_vpn_endpoint_id: String, routes: Vec<ClientVpnRoute> }
    /// One route of a Client VPN endpoint.
    ClientVpnRoute { client_vpn_endpoint_id: Option<String>, destination_cidr: Option<String>, target_subnet: Option<String>, status: Option<ClientVpnStatus> }
    /// `DescribeClientVpnAuthorizationRules`, with the endpoint that AWS's own output leaves out where there are none.
    ClientVpnAuthorizationRules { client_vpn_endpoint_id: String, authorization_rules: Vec<ClientVpnAuthorizationRule> }
    /// One authorization rule of a Client VPN endpoint: for everybody, or for one group of people.
    ClientVpnAuthorizationRule { client_vpn_endpoint_id: Option<String>, group_id: Option<String>, access_all: Option<bool>, destination_cidr: Option<String>, status: Option<ClientVpnStatus> }

    /// `DescribeNatGateways`.
    NatGateway { nat_gateway_id: String, vpc_id: Option<String>, subnet_id: Option<String>, state: Option<String>, connectivity_type: Option<String>, availability_mode: Option<String>, route_table_id: Option<String>, nat_gateway_addresses: Vec<NatGatewayAddress> }
    /// Addresses of a NAT gateway; those of a regional one name their zone.
    NatGatewayAddress { public_ip: Option<String>, private_ip: Option<String>, status: Option<String>, availability_zone: Option<String> }
    /// `DescribeInternetGateways`.
    InternetGateway { internet_gateway_id: String, owner_id: Option<String>, attachments: Vec<GatewayAttachment> }
    /// `DescribeEgressOnlyInternetGateways`.
    EgressOnlyInternetGateway { egress_only_internet_gateway_id: String, attachments: Vec<GatewayAttachment> }
    /// `DescribeVpnGateways`.
    VpnGateway { vpn_gateway_id: String, state: Option<String>, vpc_attachments: Vec<GatewayAttachment> }
    /// The VPC that a gateway is attached to.
    GatewayAttachment { vpc_id: Option<String>, state: Option<String> }

    /// `DescribeAvailabilityZones` with `AllAvailabilityZones`.
    AvailabilityZone { zone_name: Option<String>, zone_id: Option<String>, zone_type: Option<String>, network_border_group: Option<String>, region_name: Option<String>, parent_zone_name: Option<String>, parent_zone_id: Option<String> }

    /// `DescribeInstances`.
    Reservation { reservation_id: Option<String>, owner_id: Option<String>, instances: Vec<Instance> }
    /// One instance.
    Instance { instance_id: String, instance_type: Option<String>, state: Option<InstanceState>, subnet_id: Option<String>, vpc_id: Option<String>, private_ip_address: Option<String>, public_ip_address: Option<String>, security_groups: Vec<GroupIdentifier>, network_interfaces: Vec<InstanceNetworkInterface>, iam_instance_profile: Option<IamInstanceProfile>, tags: Vec<Tag> }
    /// The instance profile of an instance.
    IamInstanceProfile { arn: Option<String> }
    /// `running`, `stopped`, …
    InstanceState { name: Option<String> }
    /// An interface of an instance.
    InstanceNetworkInterface { network_interface_id: Option<String>, subnet_id: Option<String>, groups: Vec<GroupIdentifier>, private_ip_address: Option<String>, private_ip_addresses: Vec<NetworkInterfacePrivateIpAddress>, ipv4_prefixes: Vec<Ipv4Prefix> }
}

impl NetworkInterface {
    /// The description of a mount target of EFS begins so: `EFS mount target for fs-… (fsmt-…)`.
    pub const MOUNT_TARGET: &str = "EFS mount target for fs-";

    /// Whether it is a mount target of EFS.
    pub fn is_mount_target(&self) -> bool {
        let told = self.description.as_deref().is_some_and(|told| told.starts_with(Self::MOUNT_TARGET));
        told || self.interface_type.as_deref() == Some("efs")
    }

    /// Its private addresses, the first one perhaps twice; delegated prefixes are in `ipv4_prefixes` and `ipv6_prefixes`.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let v4 = self.private_ip_addresses.iter().filter_map(|one| one.private_ip_address.as_deref());
        let v6 = self.ipv6_addresses.iter().filter_map(|one| one.ipv6_address.as_deref());
        let all = self.private_ip_address.as_deref().into_iter().chain(v4).chain(v6);
        all.filter_map(|text| text.parse().ok())
    }
}

impl NetworkInterface {
    /// The instance that the interface is attached to, and stays attached to:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterfaceAttachment.html>.
    pub fn instance(&self) -> Option<&str> {
        let attachment = self.attachment.as_ref()?;
        let leaves = matches!(attachment.status.as_deref(), Some("detaching" | "detached"));
        attachment.instance_id.as_deref().filter(|_| !leaves)
    }
}

impl NatGateway {
    /// The addresses that new connections get: neither one that is being assigned or released, nor one that failed.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGatewayAddress.html>
    pub fn addresses_in_use(&self) -> impl Iterator<Item = &NatGatewayAddress> {
        let in_use = |address: &&NatGatewayAddress| {
            address.status.as_deref().is_none_or(|status| status.eq_ignore_ascii_case("succeeded"))
        };
        self.nat_gateway_addresses.iter().filter(in_use)
    }
}

impl TransitGatewayAttachment {
    /// Its id; for a peering attachment with the transit gateway, because both gateways list it under one id,
    /// each with its own route table (<https://docs.aws.amazon.com/vpc/latest/tgw/tgw-peering.html>).
    pub fn identity(&self) -> String {
        let id = &self.transit_gateway_attachment_id;
        match (self.resource_type.as_deref(), &self.transit_gateway_id) {
            (Some("peering" | "tgw-peering"), Some(gateway)) => format!("{id}:{gateway}"),
            _ => id.clone(),
        }
    }
}

/// The value of a tag, if the list has its key.
pub fn tag<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.key.as_deref() == Some(key)).and_then(|tag| tag.value.as_deref())
}
