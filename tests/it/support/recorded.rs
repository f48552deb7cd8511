//! A small private cluster as AWS's services would word it: one answer for each operation.

use super::replay::{Answer, Request};

pub const CLUSTER: &str = "prod";
pub const VPC: &str = "vpc-near";
pub const FAR: &str = "vpc-far";

/// The answer to a request.
pub fn answer(request: &Request) -> Answer {
    let operation = request.operation.as_str();
    match eks(request).or_else(|| state(request)).or_else(|| resolver(operation)) {
        Some(body) => Answer::json(body),
        None => match ec2(request) {
            Some(body) => Answer::xml(format!(
                "<{operation}Response><requestId>1</requestId>{body}</{operation}Response>"
            )),
            None => iam(request).map_or_else(|| other(request), Answer::xml),
        },
    }
}

/// Documents are percent-encoded, as IAM sends them.
fn iam(request: &Request) -> Option<String> {
    const NOTHING: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
    let operation = request.operation.as_str();
    let role = request.parameter("RoleName");
    let of_role = |name: &str| {
        format!(
            "<Path>/</Path><RoleName>{name}</RoleName><RoleId>AROAEXAMPLE</RoleId><Arn>arn:aws:iam::111122223333:role/{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>{NOTHING}</AssumeRolePolicyDocument>"
        )
    };
    let body = match operation {
        "GetRole" => format!("<Role>{}</Role>", of_role(role)),
        "ListAttachedRolePolicies" => "<AttachedPolicies><member><PolicyName>own</PolicyName><PolicyArn>arn:aws:iam::111122223333:policy/own</PolicyArn></member><member><PolicyName>AmazonEKSClusterPolicy</PolicyName><PolicyArn>arn:aws:iam::aws:policy/AmazonEKSClusterPolicy</PolicyArn></member></AttachedPolicies><IsTruncated>false</IsTruncated>".to_owned(),
        "ListRolePolicies" => "<PolicyNames><member>inside</member></PolicyNames><IsTruncated>false</IsTruncated>".to_owned(),
        "GetRolePolicy" => format!("<RoleName>{role}</RoleName><PolicyName>inside</PolicyName><PolicyDocument>{NOTHING}</PolicyDocument>"),
        "GetPolicy" => "<Policy><PolicyName>own</PolicyName><Arn>arn:aws:iam::111122223333:policy/own</Arn><DefaultVersionId>v3</DefaultVersionId></Policy>".to_owned(),
        "GetPolicyVersion" => format!("<PolicyVersion><Document>{NOTHING}</Document><VersionId>v3</VersionId><IsDefaultVersion>true</IsDefaultVersion></PolicyVersion>"),
        "GetInstanceProfile" => format!("<InstanceProfile><Path>/</Path><InstanceProfileName>prod-node</InstanceProfileName><InstanceProfileId>AIPAEXAMPLE</InstanceProfileId><Arn>arn:aws:iam::111122223333:instance-profile/prod-node</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><Roles><member>{}</member></Roles></InstanceProfile>", of_role("prod-node")),
        "ListOpenIDConnectProviders" => "<OpenIDConnectProviderList><member><Arn>arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D</Arn></member></OpenIDConnectProviderList>".to_owned(),
        "GetOpenIDConnectProvider" => "<Url>oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D</Url><ClientIDList><member>sts.amazonaws.com</member></ClientIDList>".to_owned(),
        _ => return None,
    };
    Some(format!("<{operation}Response><{operation}Result>{body}</{operation}Result></{operation}Response>"))
}

fn other(request: &Request) -> Answer {
    match request.operation.as_str() {
        "GetCallerIdentity" => Answer::xml(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/a/b</Arn><UserId>U</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
        "DescribeAutoScalingGroups" => Answer::xml(
            "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>
            <AutoScalingGroupName>workers</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>6</MaxSize><DesiredCapacity>3</DesiredCapacity>
            <VPCZoneIdentifier>subnet-a,subnet-c</VPCZoneIdentifier><AvailabilityZones><member>eu-west-1a</member></AvailabilityZones>
            <MixedInstancesPolicy><LaunchTemplate><LaunchTemplateSpecification><LaunchTemplateId>lt-2</LaunchTemplateId><Version>$Latest</Version></LaunchTemplateSpecification>
            <Overrides><member><InstanceType>m6i.large</InstanceType></member><member><InstanceRequirements><VCpuCount><Min>2</Min></VCpuCount></InstanceRequirements></member></Overrides></LaunchTemplate></MixedInstancesPolicy>
            <Tags><member><Key>kubernetes.io/cluster/prod</Key><Value>owned</Value><PropagateAtLaunch>true</PropagateAtLaunch></member></Tags>
            </member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>",
        ),
        "ListHostedZonesByVPC" => Answer::xml(
            "<ListHostedZonesByVPCResponse><HostedZoneSummaries><HostedZoneSummary><HostedZoneId>Z1</HostedZoneId><Name>corp.example.</Name><Owner><OwningAccount>111122223333</OwningAccount></Owner></HostedZoneSummary>\
             <HostedZoneSummary><HostedZoneId>Z2</HostedZoneId><Name>eks.amazonaws.com.</Name><Owner><OwningAccount>111122223333</OwningAccount></Owner></HostedZoneSummary>\
             <HostedZoneSummary><HostedZoneId>Z3</HostedZoneId><Name>sts.eu-west-1.amazonaws.com.</Name><Owner><OwningService>vpce.amazonaws.com</OwningService></Owner></HostedZoneSummary></HostedZoneSummaries><MaxItems>100</MaxItems></ListHostedZonesByVPCResponse>",
        ),
        "ListResourceRecordSets" => Answer::xml(records(request)),
        _ => Answer::html(404),
    }
}

/// Two pages.
fn records(request: &Request) -> String {
    let (record, rest) = if request.parameter("name").is_empty() {
        (
            "<Name>\\052.eks.amazonaws.com.</Name><Type>CNAME</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>api.corp.example</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>\
             <ResourceRecordSet><Name>eks.amazonaws.com.</Name><Type>SOA</Type><TTL>900</TTL><ResourceRecords><ResourceRecord><Value>ns-0.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400</Value></ResourceRecord></ResourceRecords>",
            "<IsTruncated>true</IsTruncated><NextRecordName>x.eks.amazonaws.com.</NextRecordName><NextRecordType>A</NextRecordType>",
        )
    } else {
        (
            "<Name>x.eks.amazonaws.com.</Name><Type>A</Type><AliasTarget><HostedZoneId>Z9</HostedZoneId><DNSName>vpce-1.example.</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>",
            "<IsTruncated>false</IsTruncated>",
        )
    };
    format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet>{record}</ResourceRecordSet></ResourceRecordSets>{rest}<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
    )
}

/// What EKS, Route 53 Profiles, ECR and KMS keep about a cluster besides its nodes.
fn state(request: &Request) -> Option<String> {
    Some(
        match request.operation.as_str() {
            "DescribeClusterVersions" => r#"{"clusterVersions":[{"clusterVersion":"1.33","clusterType":"eks","defaultPlatformVersion":"eks.20","defaultVersion":false,
                "releaseDate":1748476800,"endOfStandardSupportDate":1785283200,"endOfExtendedSupportDate":1816819200,"versionStatus":"STANDARD_SUPPORT"}]}"#,
            "ListInsights" => r#"{"insights":[{"id":"0b1c","name":"Kubelet version skew","category":"UPGRADE_READINESS","kubernetesVersion":"1.34","lastRefreshTime":1763596800.0,
                "insightStatus":{"status":"PASSING","reason":"ok"}}]}"#,
            "ListAssociatedAccessPolicies" => r#"{"clusterName":"prod","associatedAccessPolicies":[{"policyArn":"arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy","accessScope":{"type":"cluster","namespaces":[]}}]}"#,
            "DescribePodIdentityAssociation" => r#"{"association":{"associationId":"a-1","clusterName":"prod","namespace":"kube-system","serviceAccount":"cni","roleArn":"arn:aws:iam::111122223333:role/cni","disableSessionTags":false}}"#,
            "ListCapabilities" => r#"{"capabilities":[{"capabilityName":"deploy","type":"ARGOCD","status":"ACTIVE"}]}"#,
            "DescribeCapability" => r#"{"capability":{"capabilityName":"deploy","clusterName":"prod","type":"ARGOCD","status":"ACTIVE","configuration":{"argoCd":{"networkAccess":{"vpceIds":["vpce-argo"]}}}}}"#,
            "ListCertificateAuthorities" => r#"{"certificateAuthorities":[{"id":"ca-1","signingStatus":"IN_USE","distributionStatus":"COMPLETE"}]}"#,
            "DescribeCertificateAuthority" => r#"{"certificateAuthority":{"id":"ca-1","signingStatus":"IN_USE","data":"c2VjcmV0LWNh","validity":{"notBefore":1748476800,"notAfter":2063836800}}}"#,
            "DescribePullThroughCacheRules" => r#"{"pullThroughCacheRules":[{"ecrRepositoryPrefix":"quay","upstreamRegistryUrl":"quay.io","registryId":"111122223333"}]}"#,
            "DescribeKey" => r#"{"KeyMetadata":{"AWSAccountId":"111122223333","KeyId":"0a1b","Arn":"arn:aws:kms:eu-west-1:111122223333:key/0a1b","Enabled":true,"KeyState":"Enabled"}}"#,
            "ListProfileAssociations" => r#"{"ProfileAssociations":[{"Id":"rpassoc-1","ProfileId":"rp-1","ResourceId":"vpc-near","Status":"COMPLETE"}]}"#,
            "ListProfileResourceAssociations" => r#"{"ProfileResourceAssociations":[{"Id":"rpr-1","ProfileId":"rp-1","ResourceArn":"arn:aws:ec2:eu-west-1:999988887777:vpc-endpoint/vpce-hub","ResourceType":"VPC_ENDPOINT","Status":"COMPLETE"}]}"#,
            _ => return None,
        }
        .to_owned(),
    )
}

fn eks(request: &Request) -> Option<String> {
    let name = request.path.rsplit('/').next().unwrap_or_default();
    Some(match request.operation.as_str() {
        "DescribeCluster" if name != CLUSTER => return None,
        "DescribeCluster" => r#"{"cluster":{"name":"prod","arn":"arn:aws:eks:eu-west-1:111122223333:cluster/prod","version":"1.33","status":"ACTIVE",
            "roleArn":"arn:aws:iam::111122223333:role/prod-cluster","identity":{"oidc":{"issuer":"https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D"}},
            "resourcesVpcConfig":{"subnetIds":["subnet-a","subnet-c"],"securityGroupIds":["sg-1"],"clusterSecurityGroupId":"sg-cluster","vpcId":"vpc-near",
            "endpointPublicAccess":false,"endpointPrivateAccess":true,"publicAccessCidrs":[]},
            "health":{"issues":[{"code":"Ec2SubnetNotFound","message":"gone","resourceIds":["subnet-x"]}]},"encryptionConfig":[{"resources":["secrets"],"provider":{"keyArn":"arn:aws:kms:eu-west-1:111122223333:key/0a1b"}}],
            "upgradePolicy":{"supportType":"STANDARD"},"createdAt":1748476800.25,"tags":{"team":"a"}}}"#.to_owned(),
        "ListClusters" => r#"{"clusters":["staging","dev"]}"#.to_owned(),
        "ListNodegroups" => match request.parameter("nextToken") {
            "" => r#"{"nodegroups":["blue"],"nextToken":"2"}"#.to_owned(),
            _ => r#"{"nodegroups":["green"]}"#.to_owned(),
        },
        "DescribeNodegroup" => format!(
            r#"{{"nodegroup":{{"nodegroupName":"{name}","clusterName":"prod","status":"ACTIVE","scalingConfig":{{"minSize":1,"maxSize":5,"desiredSize":2}},
            "instanceTypes":["t3.small"],"subnets":["subnet-a"],"launchTemplate":{{"id":"lt-1","version":"3"}}}}}}"#
        ),
        "ListFargateProfiles" => r#"{"fargateProfileNames":["fp"]}"#.to_owned(),
        "DescribeFargateProfile" => r#"{"fargateProfile":{"fargateProfileName":"fp","subnets":["subnet-a"],"selectors":[{"namespace":"batch"}]}}"#.to_owned(),
        "ListAddons" => r#"{"addons":["vpc-cni"]}"#.to_owned(),
        "DescribeAddon" => r#"{"addon":{"addonName":"vpc-cni","status":"ACTIVE","addonVersion":"v1.19.0","configurationValues":"{\"env\":{\"ENABLE_PREFIX_DELEGATION\":\"true\"}}"}}"#.to_owned(),
        "ListAccessEntries" => r#"{"accessEntries":["arn:aws:iam::111122223333:role/node"]}"#.to_owned(),
        "DescribeAccessEntry" => r#"{"accessEntry":{"principalArn":"arn:aws:iam::111122223333:role/node","type":"EC2_LINUX"}}"#.to_owned(),
        "ListPodIdentityAssociations" => r#"{"associations":[{"associationId":"a-1","namespace":"kube-system","serviceAccount":"cni"}]}"#.to_owned(),
        _ => return None,
    })
}

fn resolver(operation: &str) -> Option<String> {
    Some(
        match operation {
            "ListResolverEndpoints" => r#"{"ResolverEndpoints":[{"Id":"rslvr-in-1","Direction":"INBOUND","HostVPCId":"vpc-near","IpAddressCount":2,"SecurityGroupIds":["sg-1"],"Status":"OPERATIONAL"}]}"#,
            "ListResolverEndpointIpAddresses" => r#"{"IpAddresses":[{"IpId":"rni-1","SubnetId":"subnet-a","Ip":"10.0.0.10","Status":"ATTACHED"}]}"#,
            "ListResolverRules" => r#"{"ResolverRules":[{"Id":"rslvr-rr-1","DomainName":"corp.example.","RuleType":"FORWARD","TargetIps":[{"Ip":"192.168.0.53","Port":53}]}]}"#,
            "ListFirewallRuleGroupAssociations" => r#"{"FirewallRuleGroupAssociations":[{"Id":"rslvr-frgassoc-1","FirewallRuleGroupId":"rslvr-frg-1","VpcId":"vpc-near","Priority":101,"Status":"COMPLETE"}]}"#,
            "ListFirewallRules" => r#"{"FirewallRules":[{"FirewallRuleGroupId":"rslvr-frg-1","FirewallDomainListId":"rslvr-fdl-1","Name":"ours","Priority":1,"Action":"ALLOW"},
                {"FirewallRuleGroupId":"rslvr-frg-1","FirewallDomainListId":"rslvr-fdl-2","Name":"malware","Priority":2,"Action":"BLOCK","BlockResponse":"NODATA"}]}"#,
            "ListFirewallDomainLists" => r#"{"FirewallDomainLists":[{"Id":"rslvr-fdl-1","Name":"ours"},{"Id":"rslvr-fdl-2","Name":"AWSManagedDomainsMalwareDomainList","ManagedOwnerName":"Route 53 Resolver DNS Firewall"}]}"#,
            "ListFirewallDomains" => r#"{"Domains":["*.amazonaws.com."]}"#,
            "ListResolverRuleAssociations" => r#"{"ResolverRuleAssociations":[{"Id":"rslvr-rrassoc-1","ResolverRuleId":"rslvr-rr-1","VPCId":"vpc-near","Status":"COMPLETE"}]}"#,
            _ => return None,
        }
        .to_owned(),
    )
}

fn ec2(request: &Request) -> Option<String> {
    let vpcs = request.filter("vpc-id");
    let item = |vpc: &str, text: &str| {
        if vpcs.contains(&vpc) { format!("<item>{text}</item>") } else { String::new() }
    };
    Some(match request.operation.as_str() {
        "DescribeVpcs" => format!(
            "<vpcSet>{}{}</vpcSet>",
            item(VPC, "<vpcId>vpc-near</vpcId><ownerId>111122223333</ownerId><state>available</state><blockPublicAccessStates><internetGatewayBlockMode>block-ingress</internetGatewayBlockMode></blockPublicAccessStates><cidrBlock>10.0.0.0/16</cidrBlock><dhcpOptionsId>dopt-1</dhcpOptionsId><cidrBlockAssociationSet><item><cidrBlock>10.0.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item></cidrBlockAssociationSet>"),
            item(FAR, "<vpcId>vpc-far</vpcId><cidrBlock>10.9.0.0/16</cidrBlock><dhcpOptionsId>default</dhcpOptionsId>"),
        ),
        "DescribeVpcAttribute" if request.parameter("Attribute") == "enableDnsSupport" => "<vpcId>vpc-near</vpcId><enableDnsSupport><value>true</value></enableDnsSupport>".to_owned(),
        "DescribeVpcAttribute" => "<vpcId>vpc-near</vpcId><enableDnsHostnames><value>false</value></enableDnsHostnames>".to_owned(),
        "DescribeDhcpOptions" => "<dhcpOptionsSet><item><dhcpOptionsId>dopt-1</dhcpOptionsId><dhcpConfigurationSet><item><key>domain-name-servers</key><valueSet><item><value>AmazonProvidedDNS</value></item></valueSet></item></dhcpConfigurationSet></item></dhcpOptionsSet>".to_owned(),
        "DescribeSubnets" if request.parameter("NextToken").is_empty() && vpcs.contains(&VPC) => "<subnetSet><item><subnetId>subnet-a</subnetId><vpcId>vpc-near</vpcId><cidrBlock>10.0.0.0/24</cidrBlock><availabilityZone>eu-west-1a</availabilityZone><availabilityZoneId>euw1-az1</availabilityZoneId><availableIpAddressCount>250</availableIpAddressCount></item></subnetSet><nextToken>page2</nextToken>".to_owned(),
        "DescribeSubnets" if vpcs.contains(&VPC) => "<subnetSet><item><subnetId>subnet-c</subnetId><vpcId>vpc-near</vpcId><cidrBlock>10.0.1.0/24</cidrBlock><availabilityZone>eu-west-1c</availabilityZone></item></subnetSet>".to_owned(),
        "DescribeSubnets" if !request.filter("subnet-id").is_empty() => "<subnetSet><item><subnetId>subnet-a</subnetId><vpcId>vpc-near</vpcId></item></subnetSet>".to_owned(),
        "DescribeSubnets" => "<subnetSet><item><subnetId>subnet-far</subnetId><vpcId>vpc-far</vpcId></item></subnetSet>".to_owned(),
        "DescribeRouteTables" => format!(
            "<routeTableSet>{}{}</routeTableSet>",
            item(VPC, "<routeTableId>rtb-near</routeTableId><vpcId>vpc-near</vpcId><routeSet><item><destinationCidrBlock>10.9.0.0/16</destinationCidrBlock><vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId><state>active</state></item><item><destinationPrefixListId>pl-s3</destinationPrefixListId><gatewayId>vpce-s3</gatewayId><state>active</state></item></routeSet><associationSet><item><main>true</main></item></associationSet>"),
            item(FAR, "<routeTableId>rtb-far</routeTableId><vpcId>vpc-far</vpcId>"),
        ),
        "DescribeSecurityGroups" => format!(
            "<securityGroupInfo>{}{}</securityGroupInfo>",
            item(VPC, "<groupId>sg-cluster</groupId><vpcId>vpc-near</vpcId><ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><groups><item><groupId>sg-1</groupId></item></groups><prefixListIds><item><prefixListId>pl-corp</prefixListId></item></prefixListIds></item></ipPermissions>"),
            item(FAR, "<groupId>sg-far</groupId><vpcId>vpc-far</vpcId>"),
        ),
        "DescribeNetworkAcls" => format!("<networkAclSet>{}</networkAclSet>", item(VPC, "<networkAclId>acl-1</networkAclId><vpcId>vpc-near</vpcId><entrySet><item><ruleNumber>100</ruleNumber><protocol>6</protocol><ruleAction>allow</ruleAction><egress>false</egress><cidrBlock>0.0.0.0/0</cidrBlock><portRange><from>443</from><to>443</to></portRange></item></entrySet>")),
        "DescribeVpcEndpoints" => "<vpcEndpointSet><item><vpcEndpointId>vpce-s3</vpcEndpointId><vpcEndpointType>Gateway</vpcEndpointType><vpcId>vpc-near</vpcId><serviceName>com.amazonaws.eu-west-1.s3</serviceName><state>available</state></item><item><vpcEndpointId>vpce-ddb</vpcEndpointId><vpcEndpointType>Gateway</vpcEndpointType><vpcId>vpc-near</vpcId><serviceName>com.amazonaws.eu-west-1.dynamodb</serviceName><state>available</state></item></vpcEndpointSet>".to_owned(),
        "DescribeVpcEndpointServices" if request.parameter("NextToken").is_empty() => "<serviceDetailSet><item><serviceName>com.amazonaws.eu-west-1.s3</serviceName><serviceType><item><serviceType>Gateway</serviceType></item></serviceType></item></serviceDetailSet><nextToken>2</nextToken>".to_owned(),
        "DescribeVpcEndpointServices" => "<serviceDetailSet><item><serviceName>com.amazonaws.eu-west-1.ec2</serviceName></item></serviceDetailSet>".to_owned(),
        "DescribeNetworkInterfaces" => "<networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><description>Amazon EKS prod</description><vpcId>vpc-near</vpcId><subnetId>subnet-a</subnetId><privateIpAddress>10.0.0.5</privateIpAddress><privateIpAddressesSet><item><privateIpAddress>10.0.0.5</privateIpAddress><primary>true</primary><association><publicIp>203.0.113.6</publicIp></association></item></privateIpAddressesSet><groupSet><item><groupId>sg-cluster</groupId></item></groupSet></item></networkInterfaceSet>".to_owned(),
        "DescribeNatGateways" => "<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><vpcId>vpc-near</vpcId><state>available</state><connectivityType>public</connectivityType><natGatewayAddressSet><item><publicIp>203.0.113.5</publicIp><privateIp>10.0.0.7</privateIp><networkInterfaceId>eni-nat</networkInterfaceId><status>succeeded</status></item></natGatewayAddressSet></item></natGatewaySet>".to_owned(),
        "DescribeInternetGateways" => "<internetGatewaySet/>".to_owned(),
        "DescribeEgressOnlyInternetGateways" => "<egressOnlyInternetGatewaySet><item><egressOnlyInternetGatewayId>eigw-1</egressOnlyInternetGatewayId><attachmentSet><item><vpcId>vpc-near</vpcId><state>attached</state></item></attachmentSet></item></egressOnlyInternetGatewaySet>".to_owned(),
        "DescribeClientVpnEndpoints" => "<clientVpnEndpoint><item><clientVpnEndpointId>cvpn-endpoint-1</clientVpnEndpointId><clientCidrBlock>10.250.0.0/22</clientCidrBlock><status><code>available</code></status><vpcId>vpc-near</vpcId><securityGroupIdSet><item>sg-cluster</item></securityGroupIdSet></item></clientVpnEndpoint>".to_owned(),
        "DescribeClientVpnTargetNetworks" => "<clientVpnTargetNetworks><item><associationId>cvpn-assoc-1</associationId><vpcId>vpc-near</vpcId><targetNetworkId>subnet-a</targetNetworkId><clientVpnEndpointId>cvpn-endpoint-1</clientVpnEndpointId><status><code>associated</code></status><securityGroups><item>sg-cluster</item></securityGroups></item></clientVpnTargetNetworks>".to_owned(),
        "DescribeClientVpnRoutes" => "<routes><item><clientVpnEndpointId>cvpn-endpoint-1</clientVpnEndpointId><destinationCidr>10.0.0.0/16</destinationCidr><targetSubnet>subnet-a</targetSubnet><type>Nat</type><origin>associate</origin><status><code>active</code></status></item></routes>".to_owned(),
        "DescribeClientVpnAuthorizationRules" => "<authorizationRule><item><clientVpnEndpointId>cvpn-endpoint-1</clientVpnEndpointId><groupId/><accessAll>true</accessAll><destinationCidr>10.0.0.0/16</destinationCidr><status><code>active</code></status></item></authorizationRule>".to_owned(),
        "DescribeVpnGateways" => "<vpnGatewaySet><item><vpnGatewayId>vgw-1</vpnGatewayId><state>available</state><attachments><item><vpcId>vpc-near</vpcId><state>attached</state></item></attachments></item></vpnGatewaySet>".to_owned(),
        "DescribeVpcPeeringConnections" if request.filter("accepter-vpc-info.vpc-id").is_empty() => "<vpcPeeringConnectionSet>
            <item><vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId><status><code>active</code></status><requesterVpcInfo><vpcId>vpc-near</vpcId><ownerId>111122223333</ownerId><region>eu-west-1</region></requesterVpcInfo><accepterVpcInfo><vpcId>vpc-far</vpcId><ownerId>111122223333</ownerId><region>eu-west-1</region></accepterVpcInfo></item>
            <item><vpcPeeringConnectionId>pcx-2</vpcPeeringConnectionId><status><code>active</code></status><requesterVpcInfo><vpcId>vpc-near</vpcId></requesterVpcInfo><accepterVpcInfo><vpcId>vpc-foreign</vpcId><ownerId>999988887777</ownerId><region>eu-west-1</region></accepterVpcInfo></item>
            <item><vpcPeeringConnectionId>pcx-3</vpcPeeringConnectionId><status><code>deleted</code></status><requesterVpcInfo><vpcId>vpc-near</vpcId></requesterVpcInfo><accepterVpcInfo><vpcId>vpc-gone</vpcId></accepterVpcInfo></item>
            </vpcPeeringConnectionSet>".to_owned(),
        "DescribeVpcPeeringConnections" => "<vpcPeeringConnectionSet/>".to_owned(),
        "DescribeTransitGatewayVpcAttachments" => "<transitGatewayVpcAttachments><item><transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId><transitGatewayId>tgw-1</transitGatewayId><vpcId>vpc-near</vpcId><state>available</state><subnetIds><item>subnet-a</item></subnetIds></item></transitGatewayVpcAttachments>".to_owned(),
        "DescribeTransitGatewayAttachments" => {
            let near = "<item><transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId><transitGatewayId>tgw-1</transitGatewayId><transitGatewayOwnerId>111122223333</transitGatewayOwnerId><resourceType>vpc</resourceType><resourceId>vpc-near</resourceId><association><transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId><state>associated</state></association></item>";
            let vpn = "<item><transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId><transitGatewayId>tgw-1</transitGatewayId><resourceType>vpn</resourceType></item>";
            let vpn = if request.filter("transit-gateway-id").is_empty() { "" } else { vpn };
            format!("<transitGatewayAttachments>{near}{vpn}</transitGatewayAttachments>")
        }
        "DescribeTransitGateways" => "<transitGatewaySet><item><transitGatewayId>tgw-1</transitGatewayId><state>available</state></item></transitGatewaySet>".to_owned(),
        "DescribeTransitGatewayRouteTables" => "<transitGatewayRouteTables><item><transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId><transitGatewayId>tgw-1</transitGatewayId></item></transitGatewayRouteTables>".to_owned(),
        "SearchTransitGatewayRoutes" => "<routeSet><item><destinationCidrBlock>192.168.0.0/16</destinationCidrBlock><transitGatewayAttachments><item><transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId></item></transitGatewayAttachments><type>static</type><state>active</state></item></routeSet><additionalRoutesAvailable>true</additionalRoutesAvailable>".to_owned(),
        "DescribeManagedPrefixLists" => "<prefixListSet><item><prefixListId>pl-s3</prefixListId><prefixListName>com.amazonaws.eu-west-1.s3</prefixListName></item><item><prefixListId>pl-ddb</prefixListId><prefixListName>com.amazonaws.eu-west-1.dynamodb</prefixListName></item><item><prefixListId>pl-unused</prefixListId></item></prefixListSet>".to_owned(),
        "GetManagedPrefixListEntries" => "<entrySet><item><cidr>52.218.0.0/17</cidr></item></entrySet>".to_owned(),
        "GetSubnetCidrReservations" => "<subnetIpv4CidrReservationSet><item><subnetCidrReservationId>scr-1</subnetCidrReservationId><subnetId>subnet-a</subnetId><cidr>10.0.0.16/28</cidr><reservationType>prefix</reservationType></item></subnetIpv4CidrReservationSet>".to_owned(),
        "DescribeAvailabilityZones" => "<availabilityZoneInfo><item><zoneName>eu-west-1a</zoneName><zoneId>euw1-az1</zoneId><zoneState>available</zoneState><zoneType>availability-zone</zoneType></item></availabilityZoneInfo>".to_owned(),
        "DescribeInstanceTypes" => {
            let names = request.parameters.iter().filter(|(key, _)| key.starts_with("InstanceType."));
            let items: Vec<String> = names.map(|(_, name)| format!("<item><instanceType>{name}</instanceType><vCpuInfo><defaultVCpus>2</defaultVCpus></vCpuInfo><networkInfo><maximumNetworkInterfaces>3</maximumNetworkInterfaces><ipv4AddressesPerInterface>4</ipv4AddressesPerInterface></networkInfo></item>")).collect();
            format!("<instanceTypeSet>{}</instanceTypeSet>", items.concat())
        }
        "DescribeInstanceTypeOfferings" => {
            let items: Vec<String> = request.filter("instance-type").iter().map(|name| format!("<item><instanceType>{name}</instanceType><locationType>availability-zone-id</locationType><location>euw1-az1</location></item>")).collect();
            format!("<instanceTypeOfferingSet>{}</instanceTypeOfferingSet>", items.concat())
        }
        "DescribeSecurityGroupVpcAssociations" => "<securityGroupVpcAssociationSet><item><groupId>sg-far</groupId><vpcId>vpc-near</vpcId><state>associated</state></item></securityGroupVpcAssociationSet>".to_owned(),
        "DescribeLaunchTemplateVersions" => {
            let id = request.parameter("LaunchTemplateId");
            format!("<launchTemplateVersionSet><item><launchTemplateId>{id}</launchTemplateId><versionNumber>3</versionNumber><launchTemplateData><instanceType>c6i.large</instanceType><userData>c2VjcmV0LXRva2Vu</userData><securityGroupIdSet><item>sg-1</item></securityGroupIdSet><blockDeviceMappingSet><item><deviceName>/dev/xvda</deviceName><ebs><encrypted>true</encrypted><kmsKeyId>arn:aws:kms:eu-west-1:111122223333:key/0a1b</kmsKeyId></ebs></item></blockDeviceMappingSet></launchTemplateData></item></launchTemplateVersionSet>")
        }
        "DescribeInstances" => "<reservationSet><item><reservationId>r-1</reservationId><instancesSet><item><instanceId>i-1</instanceId><instanceType>t3.small</instanceType><instanceState><name>running</name></instanceState><iamInstanceProfile><arn>arn:aws:iam::111122223333:instance-profile/prod-node</arn><id>AIPAEXAMPLE</id></iamInstanceProfile></item></instancesSet></item></reservationSet>".to_owned(),
        _ => return None,
    })
}
