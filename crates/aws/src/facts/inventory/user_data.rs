//! Where a group's start-up settings come from: its owner's launch template, and what kind of image reads them.

use privek_core::known::{self, Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::aws::autoscaling::AutoScalingGroup;
use crate::snapshot::aws::ec2::LaunchTemplateData;
use crate::snapshot::aws::eks::Nodegroup;
use crate::snapshot::user_data::{Bootstrap, NodeAgent};

use super::launch_template::template;
use super::node_groups::{self, NodeGroup};

/// What reads user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Al2,
    Al2023,
    Bottlerocket,
    Windows,
}

impl Platform {
    pub fn name(self) -> &'static str {
        match self {
            Platform::Al2 => "AL2",
            Platform::Al2023 => "AL2023",
            Platform::Bottlerocket => "Bottlerocket",
            Platform::Windows => "Windows",
        }
    }

    /// <https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html#AmazonEKS-Type-Nodegroup-amiType>
    fn of_ami_type(ami_type: &str) -> Option<Self> {
        let starts = [
            ("AL2_", Platform::Al2),
            ("AL2023_", Platform::Al2023),
            ("BOTTLEROCKET_", Platform::Bottlerocket),
            ("WINDOWS_", Platform::Windows),
        ];
        starts.into_iter().find(|(start, _)| ami_type.starts_with(start)).map(|(_, platform)| platform)
    }

    fn of_agent(agent: NodeAgent) -> Self {
        match agent {
            NodeAgent::BootstrapSh => Platform::Al2,
            NodeAgent::Nodeadm => Platform::Al2023,
            NodeAgent::Bottlerocket => Platform::Bottlerocket,
            NodeAgent::StartEksBootstrap => Platform::Windows,
        }
    }
}

/// A group and what its nodes start with.
pub(crate) struct Source<'g, 's> {
    pub group: &'g NodeGroup,
    /// The managed group as EKS describes it.
    pub described: Option<&'s Nodegroup>,
    /// The Auto Scaling groups behind it.
    pub scaling: Vec<&'s AutoScalingGroup>,
    /// Its owner's launch template; none where the owner gave none.
    pub template: Known<Option<&'s LaunchTemplateData>>,
    pub template_id: Option<String>,
    pub template_version: Option<String>,
    /// What the user data in it says; nothing where there is none.
    pub data: Known<Bootstrap>,
    pub platform: Known<Platform>,
    pub eks_starts: Known<bool>,
}

impl<'g, 's> Source<'g, 's> {
    pub fn new(context: &Context<'s>, group: &'g NodeGroup) -> Self {
        let aws = &context.snapshot.aws;
        let described = aws.nodegroup.iter().flatten().filter(|_| group.managed);
        let described = described.into_iter().find(|described| described.nodegroup_name == group.name);
        let scaling: Vec<&AutoScalingGroup> = aws
            .auto_scaling_groups
            .iter()
            .flatten()
            .filter(|scaling| group.auto_scaling_groups.contains(&scaling.auto_scaling_group_name))
            .collect();
        let mut source = Self {
            group,
            described,
            template: Ok(None),
            template_id: None,
            template_version: None,
            data: Ok(Bootstrap::default()),
            platform: Err(Vec::new()),
            eks_starts: group.custom_ami.clone().map(|custom| group.managed && !custom),
            scaling,
        };
        source.find_template(context);
        source.data = source.template.clone().and_then(|data| match data {
            None => Ok(Bootstrap::default()),
            Some(data) => {
                data.user_data.as_ref().map(|data| data.0.clone()).ok_or_else(|| source.unread("UserData"))
            }
        });
        source.platform = source.find_platform();
        source
    }

    fn find_template(&mut self, context: &Context<'s>) {
        if self.group.managed {
            let Some(described) = self.described else {
                self.template = Err(vec![context.missing("nodegroup", Some(&self.group.name))]);
                return;
            };
            let Some(used) = &described.launch_template else { return };
            self.template_id = used.id.clone().or_else(|| used.name.clone());
            self.template_version = Some(used.version.clone().unwrap_or_else(|| "$Default".to_owned()));
            self.template =
                template(context, used.id.as_deref(), used.name.as_deref(), used.version.as_deref())
                    .map(Some);
            return;
        }
        let name = &self.group.name;
        let Some(scaling) = self.scaling.first().copied() else {
            self.template = Err(vec![context.missing("AutoScalingGroups", Some(name))]);
            return;
        };
        let mixed =
            scaling.mixed_instances_policy.as_ref().and_then(|policy| policy.launch_template.as_ref());
        let overrides = mixed.map(|mixed| mixed.overrides.as_slice()).unwrap_or_default();
        if overrides.iter().any(|one| one.launch_template_specification.is_some()) {
            self.template = Err(vec![Missing::unmodelled(format!(
                "the launch templates of some instance types of Auto Scaling group {name}"
            ))]);
            return;
        }
        let used = scaling.launch_template.as_ref();
        let used = used.or_else(|| mixed.and_then(|mixed| mixed.launch_template_specification.as_ref()));
        let Some(used) = used else {
            self.template = Err(vec![Missing::unmodelled(format!(
                "the launch configuration of Auto Scaling group {name}; launch configurations are not read"
            ))]);
            return;
        };
        self.template_id = used.launch_template_id.clone().or_else(|| used.launch_template_name.clone());
        self.template_version = Some(used.version.clone().unwrap_or_else(|| "$Default".to_owned()));
        self.template = template(
            context,
            used.launch_template_id.as_deref(),
            used.launch_template_name.as_deref(),
            used.version.as_deref(),
        )
        .map(Some);
    }

    fn find_platform(&self) -> Known<Platform> {
        if let Some(platform) = self.group.ami_type.as_deref().and_then(Platform::of_ami_type) {
            return Ok(platform);
        }
        match self.data.as_ref().map_err(Clone::clone)?.agents[..] {
            [only] => Ok(Platform::of_agent(only)),
            _ => Err(vec![Missing::unmodelled(format!(
                "the operating system of nodes of {}; their user data does not show the system",
                self.group.name
            ))]),
        }
    }

    /// Why a field of the launch template is not known.
    pub fn unread(&self, field: &str) -> Vec<Missing> {
        let id = self.template_id.as_deref().unwrap_or("the launch template");
        vec![Missing::operation(
            format!(
                "{field} of {id} (ec2:DescribeLaunchTemplateVersions); the snapshot is too old to contain the value"
            ),
            None,
        )]
    }

    /// The launch template, where it holds all that is read of one now; none where there is none.
    pub fn whole_template(&self) -> Known<Option<&'s LaunchTemplateData>> {
        match self.template.as_ref().map_err(Clone::clone)? {
            Some(data) if data.user_data.is_none() => Err(self.unread("settings")),
            data => Ok(*data),
        }
    }

    /// What the template says about public addresses; none where the subnet decides.
    pub fn associates_public_addresses(&self) -> Known<Option<bool>> {
        let Some(template) = self.template.as_ref().map_err(Clone::clone)? else { return Ok(None) };
        let mut interfaces = template.network_interfaces.iter();
        let primary = interfaces.find(|interface| interface.device_index.unwrap_or(0) == 0);
        Ok(primary.and_then(|interface| interface.associate_public_ip_address))
    }

    /// Whether cluster settings in the user data take effect. Bottlerocket's override what EKS writes:
    /// <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data>
    pub fn tells_cluster(&self) -> Known<bool> {
        let counts = !self.eks_starts.clone()? || self.platform.clone()? == Platform::Bottlerocket;
        Ok(counts && self.agent()?.is_some())
    }

    /// The parts of the user data that were not understood.
    pub fn doubts(&self, data: &Bootstrap) -> Vec<Missing> {
        let of =
            |what: &String| Missing::unmodelled(format!("{what}, in the user data of {}", self.group.name));
        data.not_understood.iter().map(of).collect()
    }

    /// A setting: its value, certainly none, or unknown.
    pub fn setting<T>(&self, name: &str, pick: impl Fn(&Bootstrap) -> Option<T>) -> Known<Option<T>> {
        let data = self.data.as_ref().map_err(Clone::clone)?;
        let unresolved = data.unresolved.iter().any(|unresolved| unresolved == name);
        match pick(data) {
            Some(value) if !unresolved => Ok(Some(value)),
            None if !unresolved && data.is_clear() => Ok(None),
            _ if unresolved => Err(vec![Missing::unmodelled(format!(
                "{name} in the user data of {}; only the running node knows the value",
                self.group.name
            ))]),
            _ => Err(self.doubts(data)),
        }
    }

    /// What joins nodes, where that is one thing.
    pub fn agent(&self) -> Known<Option<NodeAgent>> {
        let data = self.data.as_ref().map_err(Clone::clone)?;
        match data.agents[..] {
            [] if data.is_clear() => Ok(None),
            [] => Err(self.doubts(data)),
            [only] => Ok(Some(only)),
            _ => Err(vec![Missing::unmodelled(format!(
                "the join program in effect on nodes of {}; their user data has several",
                self.group.name
            ))]),
        }
    }

    /// Whether nodes call the EKS API: AL2 and Windows do, unless user data sets both endpoint URL and CA.
    /// Bottlerocket calls it too, and guesses without an answer; nodeadm never does.
    pub fn asks_eks(&self) -> Known<bool> {
        if self.eks_starts.clone()? {
            return Ok(false);
        }
        if !matches!(self.agent()?, Some(NodeAgent::BootstrapSh | NodeAgent::StartEksBootstrap)) {
            return Ok(false);
        }
        let data = self.data.as_ref().map_err(Clone::clone)?;
        let given = |setting: &str, value: bool| value || data.unresolved.iter().any(|name| name == setting);
        let endpoint = given("ApiServerEndpoint", data.api_server_endpoint.is_some());
        let ca = given("CaFingerprints", !data.ca_fingerprints.is_empty());
        if endpoint && ca {
            return Ok(false);
        }
        if data.is_clear() { Ok(true) } else { Err(self.doubts(data)) }
    }
}

/// Whether some group's nodes ask the EKS API when they start.
pub(crate) fn asks_eks(context: &Context<'_>) -> Known<bool> {
    let listed = node_groups::listed(context);
    let asks = known::any(listed.groups.iter().map(|group| Source::new(context, group).asks_eks()));
    known::or(asks, known::proved(false, listed.unlisted))
}

/// kubelet's maximum number of pods in a group's user data, where it is known.
pub(crate) fn max_pods(context: &Context<'_>, group: &node_groups::NodeGroup) -> Option<i64> {
    let told = Source::new(context, group).data.ok()?.max_pods;
    crate::facts::base::context::plausible_count(told).filter(|pods| *pods > 0)
}
