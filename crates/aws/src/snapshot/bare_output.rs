//! Outputs without their key, as `--query Vpcs` or `--query cluster` prints them: the fields that AWS always returns
//! say what they are. What lacks one of these fields may lack others, and is left out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::JsonKind;

/// A collection, its id first, and the other fields that AWS returns with each of its objects.
const LISTS: &[(&str, &[&str])] = &[
    ("Vpcs", &["VpcId", "CidrBlock", "DhcpOptionsId", "CidrBlockAssociationSet"]),
    ("DhcpOptions", &["DhcpOptionsId", "DhcpConfigurations"]),
    ("Subnets", &["SubnetId", "VpcId", "AvailabilityZone", "AvailableIpAddressCount"]),
    ("RouteTables", &["RouteTableId", "VpcId", "Routes", "Associations"]),
    ("SecurityGroups", &["GroupId", "GroupName", "VpcId", "IpPermissions", "IpPermissionsEgress"]),
    ("SecurityGroupVpcAssociations", &["GroupId", "VpcId", "GroupOwnerId", "State"]),
    ("NetworkAcls", &["NetworkAclId", "VpcId", "Entries", "Associations"]),
    (
        "VpcEndpoints",
        &[
            "VpcEndpointId",
            "VpcId",
            "ServiceName",
            "VpcEndpointType",
            "State",
            "SubnetIds",
            "Groups",
            "RouteTableIds",
            "PrivateDnsEnabled",
        ],
    ),
    ("ServiceDetails", &["ServiceName", "ServiceType", "AvailabilityZones"]),
    ("NetworkInterfaces", &["NetworkInterfaceId", "SubnetId", "VpcId", "Groups", "InterfaceType"]),
    ("InstanceTypes", &["InstanceType", "NetworkInfo", "VCpuInfo"]),
    ("InstanceTypeOfferings", &["InstanceType", "LocationType", "Location"]),
    ("LaunchTemplateVersions", &["LaunchTemplateId", "VersionNumber", "LaunchTemplateData"]),
    ("PrefixLists", &["PrefixListId", "PrefixListName"]),
    ("VpcPeeringConnections", &["VpcPeeringConnectionId", "Status", "RequesterVpcInfo", "AccepterVpcInfo"]),
    ("TransitGateways", &["TransitGatewayId", "OwnerId", "Options", "State"]),
    (
        "TransitGatewayVpcAttachments",
        &["TransitGatewayAttachmentId", "TransitGatewayId", "VpcId", "SubnetIds"],
    ),
    (
        "TransitGatewayAttachments",
        &["TransitGatewayAttachmentId", "TransitGatewayId", "ResourceType", "ResourceId", "State"],
    ),
    (
        "TransitGatewayRouteTables",
        &["TransitGatewayRouteTableId", "TransitGatewayId", "DefaultAssociationRouteTable"],
    ),
    ("NatGateways", &["NatGatewayId", "VpcId", "NatGatewayAddresses", "State"]),
    ("InternetGateways", &["InternetGatewayId", "Attachments"]),
    ("EgressOnlyInternetGateways", &["EgressOnlyInternetGatewayId", "Attachments"]),
    ("VpnGateways", &["VpnGatewayId", "VpcAttachments", "State"]),
    ("AvailabilityZones", &["ZoneName", "ZoneId", "RegionName", "State"]),
    ("Reservations", &["ReservationId", "Instances"]),
    (
        "AutoScalingGroups",
        &["AutoScalingGroupName", "MinSize", "MaxSize", "Instances", "VPCZoneIdentifier", "Tags"],
    ),
    ("OpenIDConnectProviderList", &["Arn"]),
    ("ResolverEndpoints", &["Id", "Direction", "IpAddressCount", "HostVPCId"]),
    ("ResolverRules", &["Id", "DomainName", "RuleType", "OwnerId"]),
    ("ResolverRuleAssociations", &["Id", "ResolverRuleId", "VPCId"]),
    ("FirewallRuleGroupAssociations", &["Id", "FirewallRuleGroupId", "VpcId", "Priority"]),
    ("FirewallRules", &["FirewallRuleGroupId", "Priority", "Action"]),
    ("ProfileAssociations", &["Id", "ProfileId", "ResourceId", "Status"]),
    ("ProfileResourceAssociations", &["Id", "ProfileId", "ResourceArn", "ResourceType"]),
    ("associations", &["associationId", "associationArn", "clusterName", "serviceAccount"]),
    ("capabilities", &["capabilityName", "type", "status"]),
    ("certificateAuthorities", &["id", "signingStatus", "distributionStatus"]),
    ("clusterVersions", &["clusterVersion", "clusterType", "versionStatus"]),
    ("insights", &["id", "insightStatus", "category"]),
    ("pullThroughCacheRules", &["ecrRepositoryPrefix", "upstreamRegistryUrl"]),
];

/// One object of EKS, IAM or KMS, and the fields that AWS returns with each.
const OBJECTS: &[(&str, &[&str])] = &[
    ("cluster", &["name", "arn", "resourcesVpcConfig"]),
    ("nodegroup", &["nodegroupName", "clusterName", "subnets", "nodeRole", "status"]),
    ("fargateProfile", &["fargateProfileName", "clusterName", "subnets", "podExecutionRoleArn"]),
    ("addon", &["addonName", "clusterName", "addonVersion", "status", "health"]),
    ("accessEntry", &["principalArn", "clusterName", "kubernetesGroups", "type"]),
    ("association", &["associationId", "clusterName", "serviceAccount", "roleArn"]),
    ("Role", &["RoleName", "Arn", "AssumeRolePolicyDocument"]),
    ("Policy", &["PolicyName", "Arn", "DefaultVersionId"]),
    ("InstanceProfile", &["InstanceProfileName", "Arn", "Roles"]),
    ("KeyMetadata", &["KeyId", "Arn", "KeyState"]),
];

/// How a bare output is read.
pub(super) enum Bare {
    /// With its key, as AWS prints it.
    Keyed(String),
    /// Not at all; what it is.
    Unsure(String),
}

/// A list or an object without its key; `None` where nothing in it hints at AWS.
pub(super) fn keyed(text: &str) -> Option<Bare> {
    let tree: Value = serde_json::from_str(text).ok()?;
    match &tree {
        Value::Array(items) => Some(list(items, &tree)),
        Value::Object(fields) => {
            let has = |names: &[&str]| names.iter().all(|name| fields.contains_key(*name));
            if let Some((key, _)) = OBJECTS.iter().find(|(_, names)| has(names)) {
                return Some(Bare::Keyed(serde_json::json!({ *key: tree }).to_string()));
            }
            // One of many says nothing about the others.
            let (key, names) = LISTS.iter().find(|(_, names)| has(names) && names.len() > 1)?;
            let id = names.first()?;
            let what = format!(
                "one object of `{key}` (its `{id}`) without the others; run the command without --query"
            );
            Some(Bare::Unsure(what))
        }
        _ => None,
    }
}

/// Members of which AWS returns at least one with each object, and without which the object says nothing.
const CONTENTS: &[(&str, &[&str])] = &[
    ("RouteTables", &["Routes"]),
    ("NetworkAcls", &["Entries"]),
    ("SecurityGroups", &["IpPermissions", "IpPermissionsEgress"]),
];

/// What is wrong with a list that has its key, but only some fields of its objects.
pub(super) fn projected(keys: &BTreeMap<String, JsonKind>) -> Option<String> {
    CONTENTS.iter().find_map(|(key, members)| {
        let kind = keys.get(*key)?;
        let is_cut =
            matches!(kind, JsonKind::List(Some(_))) && !members.iter().any(|name| kind.could_list(name));
        let members = members.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        is_cut.then(|| format!("a list of `{key}` without {members}; run the command without --query"))
    })
}

fn list(items: &[Value], tree: &Value) -> Bare {
    let unsure = |what: String| Bare::Unsure(format!("{what}; run the command without --query"));
    if items.is_empty() {
        return unsure("an empty JSON list without the key of its kind".to_owned());
    }
    let has = |name: &str| items.iter().all(|item| item.get(name).is_some());
    let certain = LISTS.iter().filter(|(_, names)| names.iter().all(|name| has(name)));
    // The one with the most fields: an association has some of the fields of a group.
    if let Some((key, _)) = certain.max_by_key(|(_, names)| names.len())
        && (*key != "OpenIDConnectProviderList" || items.iter().all(is_provider))
    {
        return Bare::Keyed(serde_json::json!({ *key: tree }).to_string());
    }
    if !items.iter().all(Value::is_object) {
        return unsure("a JSON list of values without their names".to_owned());
    }
    let lacking = LISTS.iter().find(|(_, names)| {
        names.first().is_some_and(|id| has(id) && items.iter().all(|item| is_id_of_it(item, id)))
    });
    if let Some((key, names)) = lacking {
        let lacks: Vec<String> =
            names.iter().filter(|name| !has(name)).map(|name| format!("`{name}`")).collect();
        return unsure(format!("a JSON list of `{key}` without {}", lacks.join(", ")));
    }
    let keys = items.first().and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys());
    let keys: Vec<String> = keys.take(3).map(|key| format!("`{key}`")).collect();
    unsure(format!(
        "a JSON list of objects with {}, which are no fields of one kind of AWS's",
        keys.join(", ")
    ))
}

fn is_provider(item: &Value) -> bool {
    item.get("Arn").and_then(Value::as_str).is_some_and(|arn| arn.contains(":oidc-provider/"))
}

/// Whether the object is the one that the id is of: a subnet has the id of its VPC too.
fn is_id_of_it(item: &Value, id: &str) -> bool {
    let others =
        ["SubnetId", "RouteTableId", "GroupId", "NetworkAclId", "NetworkInterfaceId", "NatGatewayId"];
    item.get(id).is_some_and(Value::is_string)
        && (id != "VpcId" && id != "Id" && id != "Arn" && id != "InstanceType" && id != "GroupId"
            || id == "VpcId" && !others.iter().any(|other| item.get(*other).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        match keyed(text).expect("something of AWS's") {
            Bare::Keyed(text) => {
                let tree: Value = serde_json::from_str(&text).unwrap();
                Ok(tree.as_object().unwrap().keys().next().unwrap().clone())
            }
            Bare::Unsure(what) => Err(what),
        }
    }

    #[test]
    fn what_has_every_field_of_one_kind_is_of_that_kind() {
        let tables = r#"[{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [], "Associations": []}]"#;
        assert_eq!(read(tables), Ok("RouteTables".to_owned()));
        let vpcs = r#"[{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "DhcpOptionsId": "dopt-1", "CidrBlockAssociationSet": []}]"#;
        assert_eq!(read(vpcs), Ok("Vpcs".to_owned()));
        let cluster = r#"{"name": "foo", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/foo", "resourcesVpcConfig": {}}"#;
        assert_eq!(read(cluster), Ok("cluster".to_owned()));
    }

    #[test]
    fn what_lacks_one_is_left_out_and_said_to_lack_it() {
        let lacking = read(r#"[{"RouteTableId": "rtb-1", "VpcId": "vpc-1"}]"#).unwrap_err();
        assert!(lacking.contains("`RouteTables` without `Routes`, `Associations`"), "{lacking}");
        let of_vpcs = read(r#"[{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]"#).unwrap_err();
        assert!(of_vpcs.contains("`Vpcs` without `DhcpOptionsId`"), "{of_vpcs}");
        for text in [
            "[]",
            r#"["workers"]"#,
            r#"[["vpc-1", "10.0.0.0/16"]]"#,
            r#"[{"Id": "vpc-1", "Cidr": "10.0.0.0/16"}]"#,
        ] {
            assert!(read(text).unwrap_err().contains("without --query"), "{text}");
        }
        let lone = r#"{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [], "Associations": []}"#;
        assert!(read(lone).unwrap_err().contains("without the others"));
    }
}
