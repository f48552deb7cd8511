//! Redaction keeps what an audit reads and nothing that tells about the owner.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use crate::snapshot::Snapshot;

use super::Redactor;

/// A snapshot in which everything has a telling name.
const RICH: &str = r#"{
 "snapshot_version": 1, "collected_at": "2026-11-20T12:00:00Z", "account": "123456789012", "accounts": ["210987654321"], "region": "eu-west-1",
 "scope": {"nodegroup": ["acme-payments"], "Vpcs": ["vpc-0a1b2c3d"], "ServiceDetails": ["*"]},
 "gaps": [{"service": "ec2", "operation": "DescribeInstances", "region": "eu-west-1", "code": "UnauthorizedOperation", "resource": "acme-payments",
   "message": "User: arn:aws:sts::123456789012:assumed-role/AcmeAuditor/jane.doe is not authorized for acme-payments from 10.42.7.9, account 123456789012", "permission": "ec2:DescribeInstances"}],
 "observations": [{"vantage": {"name": "acme-laptop", "kind": "machine", "addresses": ["10.42.7.9"]}, "at": "2026-11-20T12:00:00Z", "of": "cluster",
    "name": "0123456789abcdef0123456789abcdef.gr7.eu-west-1.eks.amazonaws.com", "expected": ["10.42.16.9"],
    "dns": {"server": "192.168.77.53:53", "transport": "udp", "outcome": "answered", "addresses": ["10.42.16.9"], "aliases": ["api.corp.acme.example"], "detail": "IPv6: timed out"}},
   {"vantage": {"name": "acme-laptop", "kind": "machine"}, "at": "2026-11-20T12:00:00Z", "of": "sts", "name": "sts.eu-west-1.amazonaws.com",
    "tls": {"address": "10.42.16.10", "port": 443, "outcome": "wrong_ca", "issuer": "CN=Acme Inspection CA", "names": ["proxy.corp.acme.example"]}},
   {"vantage": {"name": "acme-laptop", "kind": "machine"}, "at": "2026-11-20T12:00:00Z", "of": "sts", "name": "sts.eu-west-1.amazonaws.com",
    "proxy": {"variable": "HTTPS_PROXY", "proxy": "http://proxy.corp.acme.example:3128", "bypassed": false}}],
 "cluster": {"name": "acme-payments", "arn": "arn:aws:eks:eu-west-1:123456789012:cluster/acme-payments",
   "endpoint": "https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com",
   "roleArn": "arn:aws:iam::123456789012:role/teams/AcmeClusterRole",
   "certificateAuthority": {"data": "QWNtZVNlY3JldENB"},
   "identity": {"oidc": {"issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"}},
   "resourcesVpcConfig": {"vpcId": "vpc-0a1b2c3d", "publicAccessCidrs": ["203.0.113.7/32", "0.0.0.0/0"]},
   "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"},
   "encryptionConfig": [{"provider": {"keyArn": "arn:aws:kms:eu-west-1:123456789012:key/acme-0a1b"}}],
   "tags": {"acme-cost-centre": "acme-4711", "kubernetes.io/cluster/acme-payments": "owned"}},
 "nodegroups": ["acme-workers"],
 "nodegroup": [{"nodegroupName": "acme-workers", "clusterName": "acme-payments", "nodeRole": "arn:aws:iam::123456789012:role/AcmeNodeRole",
   "labels": {"acme-team": "acme-billing"}, "taints": [{"key": "acme-gpu", "value": "acme-yes", "effect": "NO_SCHEDULE"}],
   "instanceTypes": ["m6i.large"], "remoteAccess": {"ec2SshKey": "acme-ssh"}, "launchTemplate": {"id": "lt-0abc12345", "name": "acme-lt"},
   "resources": {"autoScalingGroups": [{"name": "eks-acme-workers-1234"}]},
   "health": {"issues": [{"code": "AccessDenied", "message": "role AcmeNodeRole of acme-workers", "resourceIds": ["acme-workers"]}]}}],
 "addon": [{"addonName": "vpc-cni", "clusterName": "acme-payments", "configurationValues": "{\"env\":{\"ENABLE_PREFIX_DELEGATION\":\"true\",\"HTTP_PROXY\":\"http://10.42.0.99:3128\"}}"}],
 "addons": ["vpc-cni"],
 "accessEntries": ["arn:aws:iam::123456789012:role/AcmeAdmins"],
 "accessEntry": [{"principalArn": "arn:aws:iam::123456789012:role/AcmeAdmins", "clusterName": "acme-payments", "kubernetesGroups": ["acme-admins", "system:masters"], "username": "arn:aws:sts::123456789012:assumed-role/AcmeAdmins/{{SessionName}}", "type": "STANDARD"}],
 "associations": [{"associationId": "a-0123456789abcdef0", "clusterName": "acme-payments", "namespace": "acme-billing", "serviceAccount": "acme-ledger", "associationArn": "arn:aws:eks:eu-west-1:123456789012:podidentityassociation/acme-payments/a-0123456789abcdef0"}],
 "association": [{"associationId": "a-0123456789abcdef0", "clusterName": "acme-payments", "namespace": "acme-billing", "serviceAccount": "acme-ledger", "roleArn": "arn:aws:iam::123456789012:role/AcmeLedger"}],
 "principalAccessPolicies": [{"principalArn": "arn:aws:iam::123456789012:role/AcmeAdmins", "clusterName": "acme-payments", "associatedAccessPolicies":
   [{"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", "accessScope": {"type": "namespace", "namespaces": ["acme-billing", "kube-system"]}}]}],
 "capabilities": [{"capabilityName": "acme-deploy", "type": "ARGOCD"}],
 "capability": [{"capabilityName": "acme-deploy", "clusterName": "acme-payments", "roleArn": "arn:aws:iam::123456789012:role/AcmeDeploy", "health": {"issues": [{"code": "AccessDenied", "message": "acme-deploy may not"}]}}],
 "insights": [{"id": "0a1b", "name": "Kubelet version skew", "insightStatus": {"status": "WARNING", "reason": "nodes of acme-workers"}}],
 "KeyMetadata": [{"KeyId": "acme-0a1b", "Arn": "arn:aws:kms:eu-west-1:123456789012:key/acme-0a1b", "KeyState": "Enabled"}],
 "HostedZonesByVPC": [{"VPCId": "vpc-0a1b2c3d", "HostedZoneSummaries": [{"HostedZoneId": "Z0A1B", "Name": "corp.acme.example.", "Owner": {"OwningAccount": "123456789012"}}]}],
 "ProfileAssociations": [{"Id": "rpassoc-0a1b", "ProfileId": "rp-0a1b", "ResourceId": "vpc-0a1b2c3d"}],
 "ProfileResourceAssociations": [{"Id": "rpr-0a1b", "ProfileId": "rp-0a1b", "ResourceArn": "arn:aws:ec2:eu-west-1:210987654321:vpc-endpoint/vpce-0a1b2c3e"}],
 "FirewallRuleGroupAssociations": [{"Id": "rslvr-frgassoc-0a1b", "VpcId": "vpc-0a1b2c3d"}],
 "FirewallRules": [{"FirewallRuleGroupId": "rslvr-frg-0a1b", "FirewallDomainListId": "rslvr-fdl-0a1b", "Name": "acme-allow", "Priority": 1, "Action": "BLOCK", "BlockResponse": "OVERRIDE", "BlockOverrideDomain": "stop.acme.example"}],
 "FirewallDomainLists": [{"Id": "rslvr-fdl-0a1b", "Name": "acme-domains"}, {"Id": "rslvr-fdl-1a1b", "Name": "AWSManagedDomainsMalwareDomainList", "ManagedOwnerName": "Route 53 Resolver DNS Firewall"}],
 "FirewallDomainsByList": [{"FirewallDomainListId": "rslvr-fdl-0a1b", "Domains": ["*.acme.example.", "*.amazonaws.com."]}],
 "ResourceRecordSetsByZone": [{"HostedZoneId": "Z1A1B", "ResourceRecordSets": [{"Name": "*.eks.amazonaws.com.", "Type": "A", "SetIdentifier": "acme-one", "CidrRoutingConfig": {"LocationName": "acme-hq"}, "ResourceRecords": [{"Value": "10.42.0.7"}]},
   {"Name": "sts.amazonaws.com.", "Type": "CNAME", "ResourceRecords": [{"Value": "*.acme.example."}]}]}],
 "pullThroughCacheRules": [{"ecrRepositoryPrefix": "acme-hub", "upstreamRegistryUrl": "acme.azurecr.io", "registryId": "123456789012"}, {"ecrRepositoryPrefix": "ROOT", "upstreamRegistryUrl": "quay.io"}],
 "fargateProfile": [{"fargateProfileName": "acme-jobs", "clusterName": "acme-payments", "podExecutionRoleArn": "arn:aws:iam::123456789012:role/AcmePods", "selectors": [{"namespace": "kube-system", "labels": {"acme-team": "acme-red"}}]}],
 "Vpcs": [{"VpcId": "vpc-0a1b2c3d", "OwnerId": "123456789012", "CidrBlock": "10.42.0.0/16", "CidrBlockAssociationSet": [{"CidrBlock": "10.42.0.0/16"}, {"CidrBlock": "100.64.8.0/22"}],
   "Tags": [{"Key": "Name", "Value": "acme-production"}, {"Key": "acme:owner", "Value": "jane.doe"}]}],
 "Subnets": [{"SubnetId": "subnet-0a1b2c3d", "VpcId": "vpc-0a1b2c3d", "CidrBlock": "10.42.16.0/20", "AvailabilityZone": "eu-west-1a", "State": "available",
   "Tags": [{"Key": "kubernetes.io/cluster/acme-payments", "Value": "shared"}, {"Key": "kubernetes.io/role/internal-elb", "Value": "1"}, {"Key": "eks:nodegroup-name", "Value": "acme-workers"}]}],
 "DhcpOptions": [{"DhcpOptionsId": "dopt-0a1b2c3d", "DhcpConfigurations": [{"Key": "domain-name-servers", "Values": [{"Value": "10.42.0.2"}, {"Value": "AmazonProvidedDNS"}]}, {"Key": "domain-name", "Values": [{"Value": "corp.acme.example"}]}]}],
 "SecurityGroups": [{"GroupId": "sg-0a1b2c3d", "GroupName": "acme-operators", "Description": "who may call acme", "VpcId": "vpc-0a1b2c3d", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.168.77.0/24", "Description": "acme HQ"}, {"CidrIp": "10.42.0.2/32"}]}]}],
 "NetworkInterfaces": [{"NetworkInterfaceId": "eni-0a1b2c3d", "Description": "Amazon EKS acme-payments", "OwnerId": "987654321098", "PrivateIpAddress": "10.42.16.9", "Association": {"PublicIp": "198.51.100.8"}, "Groups": [{"GroupId": "sg-0a1b2c3d", "GroupName": "acme-operators"}]},
   {"NetworkInterfaceId": "eni-1a1b2c3d", "Description": "aws-k8s-branch-eni", "InterfaceType": "branch", "TagSet": [{"Key": "kubernetes.io/cluster/acme-payments", "Value": "owned"}, {"Key": "vpcresources.k8s.aws/trunk-eni-id", "Value": "eni-0a1b2c3d"}, {"Key": "acme:owner", "Value": "jane.doe"}]}],
 "VpcEndpoints": [{"VpcEndpointId": "vpce-0a1b2c3d", "ServiceName": "com.amazonaws.eu-west-1.s3", "State": "available",
   "PolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"AcmeOnly\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"123456789012\"},\"Action\":\"s3:GetObject\",\"Resource\":[\"arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*\",\"arn:aws:s3:::acme-data/*\"],\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\"10.42.16.0/20\"},\"StringEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::123456789012:role/AcmeNodeRole\"}}}]}"}],
 "PrefixLists": [{"PrefixListId": "pl-0a1b2c3d", "PrefixListName": "acme-offices"}, {"PrefixListId": "pl-68a54001", "PrefixListName": "com.amazonaws.eu-west-1.s3"}],
 "AutoScalingGroups": [{"AutoScalingGroupName": "eks-acme-workers-1234", "Tags": [{"Key": "k8s.io/cluster-autoscaler/acme-payments", "Value": "owned"}, {"Key": "k8s.io/cluster-autoscaler/enabled", "Value": "true"}]}],
 "LaunchTemplateVersions": [{"LaunchTemplateId": "lt-0abc12345", "LaunchTemplateName": "acme-lt", "VersionNumber": 1}],
 "ResolverRules": [{"Id": "rslvr-rr-0abc12345", "DomainName": "corp.acme.example.", "Name": "acme-dns", "TargetIps": [{"Ip": "192.168.77.53", "Port": 53}]}, {"Id": "rslvr-rr-1abc12345", "DomainName": "77.168.192.in-addr.arpa."}, {"Id": "rslvr-rr-2abc12345", "DomainName": "eu-west-1.eks.amazonaws.com."}],
 "ResolverEndpoints": [{"Id": "rslvr-in-0abc12345", "Name": "acme-inbound"}],
 "Reservations": [{"ReservationId": "r-0a1b2c3d", "Instances": [{"InstanceId": "i-0a1b2c3d", "State": {"Name": "running"}, "PrivateIpAddress": "10.42.16.77", "PublicIpAddress": "198.51.100.7"}]}]
}"#;

fn rich() -> Snapshot {
    Snapshot::from_json("rich.json", RICH).unwrap()
}

fn redacted() -> Snapshot {
    Redactor::new(&rich()).snapshot(rich())
}

#[test]
fn no_account_name_or_address_of_the_owner_survives() {
    let text = redacted().to_json();
    let lower = text.to_lowercase();
    for word in [
        "acme",
        "jane",
        "123456789012",
        "987654321098",
        "210987654321",
        "qwntzvnly3jldenb",
        "0123456789abcdef0123456789abcdef",
    ] {
        let at = lower.find(word);
        assert_eq!(at, None, "{word}: …{}…", &text[at.unwrap_or(0).saturating_sub(60)..][..120]);
    }
    for address in ["203.0.113", "10.42.", "192.168.77.", "77.168.192", "198.51.100", "100.64.8.0"] {
        assert!(!text.contains(address), "{address}");
    }
}

#[test]
fn what_rules_read_stays() {
    let (before, after) = (rich(), redacted());
    assert_eq!(after.header.collected_at, before.header.collected_at);
    assert_eq!(after.header.region, before.header.region);
    assert_eq!(after.aws.addons, before.aws.addons);
    for key in ["Vpcs", "Subnets", "SecurityGroups", "VpcEndpoints", "NetworkInterfaces", "PrefixLists"] {
        assert_eq!(after.aws.ids(key), before.aws.ids(key));
    }
    let subnet = &after.aws.subnets.as_ref().unwrap()[0];
    assert_eq!(subnet.state.as_deref(), Some("available"));
    assert_eq!(subnet.availability_zone.as_deref(), Some("eu-west-1a"));
    assert!(subnet.tags.iter().any(|tag| tag.key.as_deref() == Some("kubernetes.io/role/internal-elb")
        && tag.value.as_deref() == Some("1")));
    let addon = &after.aws.addon.as_ref().unwrap()[0];
    assert!(addon.configuration_values.as_ref().unwrap().contains(r#""ENABLE_PREFIX_DELEGATION":"true""#));
    let cluster = &after.aws.cluster.as_ref().unwrap()[0];
    let access = cluster.resources_vpc_config.as_ref().unwrap().public_access_cidrs.as_ref().unwrap();
    assert_eq!(access[1], "0.0.0.0/0");
    assert!(cluster.endpoint.as_ref().unwrap().ends_with(".gr7.eu-west-1.eks.amazonaws.com"));
    let policy = after.aws.vpc_endpoints.as_ref().unwrap()[0].policy_document.as_ref().unwrap();
    assert!(policy.contains("arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"), "{policy}");
    let groups = &after.aws.access_entry.as_ref().unwrap()[0].kubernetes_groups;
    assert_eq!(groups[1], "system:masters");
    let instance = &after.aws.reservations.as_ref().unwrap()[0].instances[0];
    assert_eq!(instance.state.as_ref().unwrap().name.as_deref(), Some("running"));
    assert!(after.header.covers("ServiceDetails", "*") && after.header.covers("Vpcs", "vpc-0a1b2c3d"));
    let lists = after.aws.prefix_lists.as_ref().unwrap();
    assert!(lists.iter().any(|list| list.prefix_list_name.as_deref() == Some("com.amazonaws.eu-west-1.s3")));
    let lists = after.aws.firewall_domain_lists.as_ref().unwrap();
    assert!(lists.iter().any(|list| list.name.as_deref() == Some("AWSManagedDomainsMalwareDomainList")));
    let domains = &after.aws.firewall_domains.as_ref().unwrap()[0].domains;
    assert!(domains[0].starts_with("*.") && domains[1] == "*.amazonaws.com.", "{domains:?}");
    let records = &after.aws.resource_record_sets_by_zone.as_ref().unwrap()[0].resource_record_sets;
    assert_eq!(records[0].name, "*.eks.amazonaws.com.");
    let rules = after.aws.resolver_rules.as_ref().unwrap();
    assert!(rules.iter().any(|rule| rule.domain_name.as_deref() == Some("eu-west-1.eks.amazonaws.com.")));
}

#[test]
fn one_name_has_one_stand_in_everywhere() {
    let after = redacted();
    let cluster = after.aws.ids("cluster").unwrap().remove(0);
    assert!(cluster.starts_with("cluster-"));
    assert!(after.header.covers("nodegroup", &cluster));
    let group = &after.aws.nodegroup.as_ref().unwrap()[0];
    assert_eq!(group.cluster_name.as_ref(), Some(&cluster));
    let interface = &after.aws.network_interfaces.as_ref().unwrap()[0];
    assert_eq!(interface.description.as_deref(), Some(format!("Amazon EKS {cluster}").as_str()));
    let subnet = &after.aws.subnets.as_ref().unwrap()[0];
    let key = format!("kubernetes.io/cluster/{cluster}");
    assert!(
        subnet
            .tags
            .iter()
            .any(|tag| tag.key.as_ref() == Some(&key) && tag.value.as_deref() == Some("shared"))
    );
    assert!(subnet.tags.iter().any(|tag| tag.value.as_ref() == Some(&group.nodegroup_name)));
    let of_pod = &after.aws.network_interfaces.as_ref().unwrap()[1];
    assert_eq!(of_pod.description.as_deref(), Some("aws-k8s-branch-eni"));
    assert!(of_pod.tag_set.iter().any(|tag| tag.key.as_ref() == Some(&key)), "{:?}", of_pod.tag_set);
    let asg = &after.aws.auto_scaling_groups.as_ref().unwrap()[0];
    assert_eq!(
        group.resources.as_ref().unwrap().auto_scaling_groups[0].name.as_ref(),
        Some(&asg.auto_scaling_group_name)
    );
    let policy = after.aws.vpc_endpoints.as_ref().unwrap()[0].policy_document.as_ref().unwrap();
    assert!(policy.contains(group.node_role.as_ref().unwrap().as_str()), "{policy}");
    assert!(policy.contains(subnet.cidr_block.as_ref().unwrap().as_str()), "{policy}");
    let account = after.header.account.as_deref().unwrap();
    assert!(account.starts_with("00000000000"), "{account}");
    assert!(after.aws.cluster.as_ref().unwrap()[0].arn.as_ref().unwrap().contains(account));
}

#[test]
fn the_resolver_stays_two_above_the_vpc_and_rules_still_name_it() {
    let after = redacted();
    let vpc: Ipv4Net = after.aws.vpcs.as_ref().unwrap()[0].cidr_block.as_ref().unwrap().parse().unwrap();
    let options = &after.aws.dhcp_options.as_ref().unwrap()[0].dhcp_configurations[0].values;
    let resolver: Ipv4Addr = options[0].value.as_ref().unwrap().parse().unwrap();
    assert_eq!(resolver.to_bits(), vpc.network().to_bits() + 2);
    assert_eq!(options[1].value.as_deref(), Some("AmazonProvidedDNS"));
    let rule = &after.aws.security_groups.as_ref().unwrap()[0].ip_permissions[0].ip_ranges[1];
    assert_eq!(rule.cidr_ip.as_deref(), Some(format!("{resolver}/32").as_str()));
}

#[test]
fn a_reverse_zone_still_covers_its_addresses() {
    let after = redacted();
    let rules = after.aws.resolver_rules.as_ref().unwrap();
    let zone = rules
        .iter()
        .filter_map(|rule| rule.domain_name.as_deref())
        .find_map(|name| name.strip_suffix(".in-addr.arpa."))
        .unwrap();
    let octets: Vec<&str> = zone.rsplit('.').collect();
    let target = rules.iter().flat_map(|rule| &rule.target_ips).find_map(|target| target.ip.clone()).unwrap();
    assert!(target.starts_with(&format!("{}.", octets.join("."))), "{target} in {zone}");
}

#[test]
fn redacting_is_deterministic_and_text_agrees_with_it() {
    assert_eq!(redacted().to_json(), redacted().to_json());
    let redactor = Redactor::new(&rich());
    let after = redactor.snapshot(rich());
    let group = &after.aws.nodegroup.as_ref().unwrap()[0];
    assert_eq!(
        redactor.text("node group acme-workers: full"),
        format!("node group {}: full", group.nodegroup_name)
    );
    let host =
        redactor.text("see ip-10-42-16-9.eu-west-1.compute.internal (10.42.16.9:443), or 10.42.16.0/20.");
    let address = after.aws.network_interfaces.as_ref().unwrap()[0].private_ip_address.clone().unwrap();
    let subnet = after.aws.subnets.as_ref().unwrap()[0].cidr_block.clone().unwrap();
    let dashed = address.replace('.', "-");
    assert_eq!(host, format!("see ip-{dashed}.eu-west-1.compute.internal ({address}:443), or {subnet}."));
    assert_eq!(
        redactor.text("host db.corp.acme.example down"),
        redactor.text("host db.corp.acme.example down")
    );
    assert!(!redactor.text("host db.corp.acme.example down").contains("acme"));
    assert_eq!(
        redactor.text("at 12:30 in vpc-0a1b2c3d, 3 of 11 pods, 0.0.0.0/0"),
        "at 12:30 in vpc-0a1b2c3d, 3 of 11 pods, 0.0.0.0/0"
    );
}

#[test]
fn in_arns_the_owners_names_go_and_aws_own_words_stay() {
    let redactor = Redactor::new(&rich());
    for kept in [
        "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
        "arn:aws:s3:::*",
        "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*",
        "arn:aws:ecr:eu-west-1:602401143452:repository/*",
    ] {
        assert_eq!(redactor.text(kept), kept);
    }
    for (arn, rest) in [
        (
            "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
            ":role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
        ),
        ("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0a1b2c3d", ":vpc/vpc-0a1b2c3d"),
        ("arn:aws:iam::123456789012:root", ":root"),
    ] {
        let text = redactor.text(arn);
        assert!(text.ends_with(rest) && !text.contains("123456789012"), "{text}");
    }
    for telling in [
        "arn:aws:s3:::acme-unseen/*",
        "arn:aws:iam::210987654321:user/a/acme",
        "arn:aws:ecr:eu-west-1:210987654321:repository/acme/api",
    ] {
        let text = redactor.text(telling);
        assert!(!text.contains("acme") && !text.contains("210987654321"), "{text}");
        assert_eq!(text, redactor.text(telling));
    }
}

fn net4() -> impl Strategy<Value = IpNet> {
    let base =
        prop_oneof![Just(10u32 << 24), Just(0xac10_0000), Just(0xc0a8_0000), Just(0x6440_0000), any::<u32>()];
    (base, any::<u32>(), 0u8..=32).prop_map(|(base, low, length)| {
        IpNet::V4(Ipv4Net::new(Ipv4Addr::from_bits(base ^ (low & 0x00ff_ffff)), length).unwrap().trunc())
    })
}

fn net6() -> impl Strategy<Value = IpNet> {
    let base = prop_oneof![Just(0xfdu128 << 120), Just(0x2600u128 << 112), any::<u128>()];
    (base, any::<u64>(), 0u8..=128).prop_map(|(base, low, length)| {
        IpNet::V6(Ipv6Net::new((base ^ u128::from(low)).into(), length).unwrap().trunc())
    })
}

fn is_private(net: IpNet) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8"]
        .iter()
        .any(|class| class.parse::<IpNet>().unwrap().contains(&net))
}

fn check(a: IpNet, b: IpNet) -> Result<(), TestCaseError> {
    let redactor = Redactor::new(&rich());
    let (x, y) = (redactor.net(a), redactor.net(b));
    prop_assert_eq!(x.prefix_len(), a.prefix_len());
    prop_assert_eq!(x.trunc(), x);
    prop_assert_eq!(x.contains(&y), a.contains(&b), "{} {} became {} {}", a, b, x, y);
    prop_assert_eq!(y.contains(&x), b.contains(&a));
    prop_assert_eq!(x == y, a == b);
    prop_assert_eq!(is_private(x), is_private(a));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn containment_and_overlap_of_ipv4_prefixes_are_kept(a in net4(), b in net4(), longer in 0u8..=32) {
        check(a, b)?;
        let IpNet::V4(net) = a else { unreachable!() };
        let inside = Ipv4Net::new(Ipv4Addr::from_bits(net.broadcast().to_bits()), longer.max(net.prefix_len())).unwrap();
        check(a, IpNet::V4(inside.trunc()))?;
    }

    #[test]
    fn containment_and_overlap_of_ipv6_prefixes_are_kept(a in net6(), b in net6()) {
        check(a, b)?;
    }

    #[test]
    fn addresses_that_mean_something_by_themselves_stay(low in any::<u16>()) {
        let redactor = Redactor::new(&rich());
        for fixed in [0xa9fe_0000u32, 0x7f00_0000, 0xe000_0000] {
            let net = IpNet::V4(Ipv4Net::new(Ipv4Addr::from_bits(fixed | u32::from(low)), 32).unwrap());
            prop_assert_eq!(redactor.net(net), net);
        }
    }
}

#[test]
fn the_special_prefixes_stay() {
    let redactor = Redactor::new(&rich());
    for fixed in [
        "0.0.0.0/0",
        "::/0",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fd00::/8",
        "169.254.169.253/32",
        "fd00:ec2::253/128",
        "127.0.0.1/32",
        "fe80::/10",
    ] {
        let net: IpNet = fixed.parse().unwrap();
        assert_eq!(redactor.net(net), net, "{fixed}");
    }
}
