//! What nodes are made of: instance types, launch templates, instances. User data is not kept.

#![expect(clippy::needless_pass_by_value, reason = "every conversion takes what it converts")]

use aws_sdk_ec2::{Client, types};

use privek_aws::snapshot::aws::ec2 as shape;
use privek_aws::snapshot::user_data::{Bootstrap, UserData};

use crate::collect::aws::convert::{Fetched, all, list, text, whole};

use super::filters::filter;
use super::firewalls::group_identifier;
use super::tags::tag;

/// `DescribeInstanceTypes` of these types.
pub(crate) async fn types(client: &Client, names: &[String]) -> Fetched<Vec<shape::InstanceTypeInfo>> {
    let names = names.iter().map(|name| types::InstanceType::from(name.as_str())).collect();
    let types = client.describe_instance_types().set_instance_types(Some(names)).into_paginator();
    all(types.items().send().try_collect(), instance_type_info).await
}

/// `DescribeInstanceTypeOfferings` of these types, by zone.
pub(crate) async fn offerings(
    client: &Client,
    names: &[String],
) -> Fetched<Vec<shape::InstanceTypeOffering>> {
    let call = client
        .describe_instance_type_offerings()
        .location_type(types::LocationType::AvailabilityZoneId)
        .filters(filter("instance-type", names));
    all(call.into_paginator().items().send().try_collect(), instance_type_offering).await
}

fn instance_type_offering(v: types::InstanceTypeOffering) -> shape::InstanceTypeOffering {
    shape::InstanceTypeOffering {
        instance_type: text(v.instance_type).unwrap_or_default(),
        location_type: text(v.location_type),
        location: v.location,
    }
}

/// A launch template, by id or else by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LaunchTemplateKey {
    /// `lt-…`.
    Id(String),
    /// Its name.
    Name(String),
}

impl LaunchTemplateKey {
    /// Its id, or else its name.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Name(text) => text,
        }
    }
}

/// `DescribeLaunchTemplateVersions` of these versions of one template.
pub(crate) async fn templates(
    client: &Client,
    template: &LaunchTemplateKey,
    versions: &[String],
) -> Fetched<Vec<shape::LaunchTemplateVersion>> {
    let call = client.describe_launch_template_versions().set_versions(Some(versions.to_vec()));
    let call = match template {
        LaunchTemplateKey::Id(id) => call.launch_template_id(id),
        LaunchTemplateKey::Name(name) => call.launch_template_name(name),
    };
    all(call.into_paginator().items().send().try_collect(), launch_template_version).await
}

/// `DescribeInstances` with a tag; without a value, whatever it is. Terminated ones are left out.
pub(crate) async fn instances(
    client: &Client,
    key: &str,
    value: Option<&str>,
) -> Fetched<Vec<shape::Reservation>> {
    let tagged = match value {
        Some(value) => filter(&format!("tag:{key}"), [value]),
        None => filter("tag-key", [key]),
    };
    let alive = filter("instance-state-name", ["pending", "running", "shutting-down", "stopping", "stopped"]);
    let instances = client.describe_instances().filters(tagged).filters(alive).into_paginator();
    all(instances.items().send().try_collect(), reservation).await
}

fn network_card_info(v: types::NetworkCardInfo) -> shape::NetworkCardInfo {
    shape::NetworkCardInfo {
        network_card_index: whole(v.network_card_index),
        maximum_network_interfaces: whole(v.maximum_network_interfaces),
    }
}

fn network_info(v: types::NetworkInfo) -> shape::NetworkInfo {
    shape::NetworkInfo {
        default_network_card_index: whole(v.default_network_card_index),
        network_cards: list(v.network_cards, network_card_info),
        maximum_network_interfaces: whole(v.maximum_network_interfaces),
        ipv4_addresses_per_interface: whole(v.ipv4_addresses_per_interface),
    }
}

fn instance_type_info(v: types::InstanceTypeInfo) -> shape::InstanceTypeInfo {
    shape::InstanceTypeInfo {
        instance_type: text(v.instance_type).unwrap_or_default(),
        bare_metal: v.bare_metal,
        hypervisor: text(v.hypervisor),
        vcpu_info: v.v_cpu_info.map(|v| shape::VCpuInfo { default_vcpus: whole(v.default_v_cpus) }),
        network_info: v.network_info.map(network_info),
    }
}

fn launch_template_network_interface(
    v: types::LaunchTemplateInstanceNetworkInterfaceSpecification,
) -> shape::LaunchTemplateNetworkInterface {
    shape::LaunchTemplateNetworkInterface {
        device_index: whole(v.device_index),
        groups: v.groups.unwrap_or_default(),
        subnet_id: v.subnet_id,
        associate_public_ip_address: v.associate_public_ip_address,
    }
}

fn launch_template_metadata_options(
    v: types::LaunchTemplateInstanceMetadataOptions,
) -> shape::LaunchTemplateMetadataOptions {
    shape::LaunchTemplateMetadataOptions {
        http_tokens: text(v.http_tokens),
        http_put_response_hop_limit: whole(v.http_put_response_hop_limit),
        http_endpoint: text(v.http_endpoint),
    }
}

fn launch_template_iam_instance_profile(
    v: types::LaunchTemplateIamInstanceProfileSpecification,
) -> shape::LaunchTemplateIamInstanceProfile {
    shape::LaunchTemplateIamInstanceProfile { arn: v.arn, name: v.name }
}

fn launch_template_data(v: types::ResponseLaunchTemplateData) -> shape::LaunchTemplateData {
    shape::LaunchTemplateData {
        // What EC2 answers without is absent, not unread.
        user_data: Some(UserData(Bootstrap::decode(v.user_data.as_deref().unwrap_or_default()))),
        iam_instance_profile: v.iam_instance_profile.map(launch_template_iam_instance_profile),
        instance_initiated_shutdown_behavior: text(v.instance_initiated_shutdown_behavior),
        hibernation_options: v
            .hibernation_options
            .map(|v| shape::LaunchTemplateHibernationOptions { configured: v.configured }),
        instance_market_options: v
            .instance_market_options
            .map(|v| shape::LaunchTemplateInstanceMarketOptions { market_type: text(v.market_type) }),
        block_device_mappings: list(v.block_device_mappings, launch_template_block_device_mapping),
        image_id: v.image_id,
        instance_type: text(v.instance_type),
        security_group_ids: v.security_group_ids.unwrap_or_default(),
        security_groups: v.security_groups.unwrap_or_default(),
        network_interfaces: list(v.network_interfaces, launch_template_network_interface),
        metadata_options: v.metadata_options.map(launch_template_metadata_options),
    }
}

fn launch_template_block_device_mapping(
    v: types::LaunchTemplateBlockDeviceMapping,
) -> shape::LaunchTemplateBlockDeviceMapping {
    shape::LaunchTemplateBlockDeviceMapping {
        ebs: v.ebs.map(|v| shape::LaunchTemplateEbsBlockDevice { kms_key_id: v.kms_key_id }),
    }
}

fn launch_template_version(v: types::LaunchTemplateVersion) -> shape::LaunchTemplateVersion {
    shape::LaunchTemplateVersion {
        launch_template_id: v.launch_template_id.unwrap_or_default(),
        launch_template_name: v.launch_template_name,
        version_number: v.version_number,
        default_version: v.default_version,
        launch_template_data: v.launch_template_data.map(launch_template_data),
    }
}

fn instance_state(v: types::InstanceState) -> shape::InstanceState {
    shape::InstanceState { name: text(v.name) }
}

fn network_interface_association(
    v: types::InstanceNetworkInterfaceAssociation,
) -> shape::NetworkInterfaceAssociation {
    shape::NetworkInterfaceAssociation { public_ip: v.public_ip }
}

fn network_interface_private_ip_address(
    v: types::InstancePrivateIpAddress,
) -> shape::NetworkInterfacePrivateIpAddress {
    shape::NetworkInterfacePrivateIpAddress {
        private_ip_address: v.private_ip_address,
        association: v.association.map(network_interface_association),
    }
}

fn ipv4_prefix(v: types::InstanceIpv4Prefix) -> shape::Ipv4Prefix {
    shape::Ipv4Prefix { ipv4_prefix: v.ipv4_prefix }
}

fn instance_network_interface(v: types::InstanceNetworkInterface) -> shape::InstanceNetworkInterface {
    shape::InstanceNetworkInterface {
        network_interface_id: v.network_interface_id,
        subnet_id: v.subnet_id,
        groups: list(v.groups, group_identifier),
        private_ip_address: v.private_ip_address,
        private_ip_addresses: list(v.private_ip_addresses, network_interface_private_ip_address),
        ipv4_prefixes: list(v.ipv4_prefixes, ipv4_prefix),
    }
}

fn instance(v: types::Instance) -> shape::Instance {
    shape::Instance {
        instance_id: v.instance_id.unwrap_or_default(),
        instance_type: text(v.instance_type),
        state: v.state.map(instance_state),
        vpc_id: v.vpc_id,
        subnet_id: v.subnet_id,
        private_ip_address: v.private_ip_address,
        public_ip_address: v.public_ip_address,
        security_groups: list(v.security_groups, group_identifier),
        network_interfaces: list(v.network_interfaces, instance_network_interface),
        iam_instance_profile: v.iam_instance_profile.map(|v| shape::IamInstanceProfile { arn: v.arn }),
        tags: list(v.tags, tag),
    }
}

pub(super) fn reservation(v: types::Reservation) -> shape::Reservation {
    shape::Reservation {
        reservation_id: v.reservation_id,
        owner_id: v.owner_id,
        instances: list(v.instances, instance),
    }
}
