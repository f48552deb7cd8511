//! Directories as colleagues make them: pages, bare lists, YAML, refused calls, files of other kinds.

use crate::snapshot::Snapshot;

use super::{has_gap, read};

const VPC: (&str, &str) = ("v.json", r#"{"Vpcs": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}]}"#);

fn subnets(ids: &[(&str, &str)], token: Option<&str>) -> String {
    let items: Vec<String> =
        ids.iter().map(|(id, vpc)| format!(r#"{{"SubnetId": "{id}", "VpcId": "{vpc}"}}"#)).collect();
    let token = token.map(|token| format!(r#", "NextToken": "{token}""#)).unwrap_or_default();
    format!(r#"{{"Subnets": [{}]{token}}}"#, items.join(", "))
}

fn reason<'s>(snapshot: &'s Snapshot, file: &str) -> &'s str {
    let found = snapshot.header.left_out.iter().find(|left| left.file == file);
    &found.unwrap_or_else(|| panic!("{file} was read: {:?}", snapshot.header.left_out)).reason
}

#[test]
fn pages_in_separate_files_are_one_list_in_any_order_of_names() {
    let (one, two) =
        (subnets(&[("subnet-1", "vpc-1")], Some("abc")), subnets(&[("subnet-2", "vpc-1")], None));
    for names in [["a.json", "b.json"], ["b.json", "a.json"], ["page1/s.json", "page2/s.json"]] {
        let snapshot = read(&[VPC, (names[0], &one), (names[1], &two)]).unwrap();
        assert!(!has_gap(&snapshot, "DescribeSubnets", "Incomplete"));
        assert!(snapshot.header.covers("Subnets", "vpc-1"));
        assert_eq!(snapshot.aws.ids("Subnets").unwrap().len(), 2);
    }
}

#[test]
fn pages_count_as_complete_only_when_all_of_them_are_there() {
    let first = subnets(&[("subnet-1", "vpc-1")], Some("abc"));
    let cases: [(&str, Vec<(&str, String)>); 6] = [
        (
            "no last page",
            vec![("1.json", first.clone()), ("2.json", subnets(&[("subnet-2", "vpc-1")], Some("def")))],
        ),
        (
            "a list of another VPC",
            vec![("b.json", first.clone()), ("a.json", subnets(&[("subnet-2", "vpc-2")], None))],
        ),
        (
            "a whole list of the same objects",
            vec![
                ("b.json", first.clone()),
                ("a.json", subnets(&[("subnet-1", "vpc-1"), ("subnet-3", "vpc-1")], None)),
            ],
        ),
        (
            "a folder that lacks",
            vec![("page1/s.json", first.clone()), ("page3/s.json", subnets(&[("subnet-3", "vpc-1")], None))],
        ),
        (
            "a number that lacks",
            vec![("s-1.json", first), ("s-3.json", subnets(&[("subnet-3", "vpc-1")], None))],
        ),
        (
            // {"NextToken": null, "boto_truncate_amount": 1} and the same with 3: two objects came in between.
            "a token that counts more objects",
            vec![
                (
                    "a.json",
                    subnets(
                        &[("subnet-1", "vpc-1")],
                        Some("eyJOZXh0VG9rZW4iOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAxfQ=="),
                    ),
                ),
                (
                    "b.json",
                    subnets(
                        &[("subnet-4", "vpc-1")],
                        Some("eyJOZXh0VG9rZW4iOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiA0fQ=="),
                    ),
                ),
                ("c.json", subnets(&[("subnet-5", "vpc-1")], None)),
            ],
        ),
    ];
    for (what, files) in cases {
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (*name, text.as_str())).chain([VPC]).collect();
        let snapshot = read(&files).unwrap();
        assert!(has_gap(&snapshot, "DescribeSubnets", "Incomplete"), "{what}");
        assert!(!snapshot.header.covers("Subnets", "vpc-1"), "{what}");
    }
}

#[test]
fn pages_of_the_list_in_one_object_are_joined_too() {
    let entries = |cidr: &str, token: &str| format!(r#"{{"Entries": [{{"Cidr": "{cidr}"}}]{token}}}"#);
    let (one, two) = (entries("10.0.0.0/8", r#", "NextToken": "x""#), entries("172.16.0.0/12", ""));
    let snapshot = read(&[("pl-1.page1.json", &one), ("pl-1.page2.json", &two)]).unwrap();
    assert_eq!(snapshot.aws.prefix_list_entries.as_ref().unwrap()[0].entries.len(), 2);
    assert!(snapshot.header.covers("PrefixListEntries", "pl-1"));
    let half = read(&[("pl-1.json", &one)]).unwrap();
    assert!(!half.header.covers("PrefixListEntries", "pl-1"), "a page must not pass for the list");
    assert!(has_gap(&half, "GetManagedPrefixListEntries", "Incomplete"));
    // Without a token two lists contradict each other.
    assert!(read(&[("pl-1.a.json", &entries("10.0.0.0/8", "")), ("pl-1.b.json", &two)]).is_err());
}

#[test]
fn routes_of_two_searches_are_one_table_and_instances_of_two_filters_one_reservation() {
    let routes = |kind: &str, cidr: &str| {
        format!(
            r#"{{"Routes": [{{"DestinationCidrBlock": "{cidr}", "Type": "{kind}"}}], "AdditionalRoutesAvailable": false}}"#
        )
    };
    let (fixed, learned) = (routes("static", "10.0.0.0/8"), routes("propagated", "10.1.0.0/16"));
    let snapshot =
        read(&[("tgw-rtb-01.static.json", &fixed), ("tgw-rtb-01.learned.json", &learned)]).unwrap();
    assert_eq!(snapshot.aws.transit_gateway_routes.as_ref().unwrap()[0].routes.len(), 2);
    let instance = |id: &str| {
        format!(
            r#"{{"Reservations": [{{"ReservationId": "r-1", "Instances": [{{"InstanceId": "{id}"}}]}}]}}"#
        )
    };
    let snapshot = read(&[("a.json", &instance("i-1")), ("b.json", &instance("i-2"))]).unwrap();
    assert_eq!(snapshot.aws.reservations.as_ref().unwrap()[0].instances.len(), 2);
}

#[test]
fn bare_lists_and_yaml_are_read_where_their_kind_is_certain() {
    let snapshot = read(&[
        ("tables.json", r#"[{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [], "Associations": []}]"#),
        ("vpcs.yaml", "Vpcs:\n- CidrBlock: 10.0.0.0/16\n  OwnerId: '111122223333'\n  VpcId: vpc-1\n"),
        ("subnets.json", "Subnets:\n- SubnetId: subnet-1\n  VpcId: vpc-1\n"),
        ("two.json", "{\"nodegroups\": []}\n{\"addons\": []}\n"),
        ("both.yaml", "---\nassociations: []\n---\ncapabilities: []\n"),
    ])
    .unwrap();
    assert_eq!(snapshot.aws.ids("RouteTables").unwrap(), ["rtb-1"]);
    assert_eq!(snapshot.aws.ids("Vpcs").unwrap(), ["vpc-1"]);
    assert_eq!(snapshot.aws.ids("Subnets").unwrap(), ["subnet-1"], "YAML in a file of another name");
    assert!(snapshot.aws.ids("associations").is_some() && snapshot.aws.ids("capabilities").is_some());
    assert_eq!(
        (snapshot.aws.nodegroups, snapshot.aws.addons),
        (Some(vec![]), Some(vec![])),
        "two texts in one file"
    );
    assert!(snapshot.header.left_out.is_empty());
}

#[test]
fn what_is_left_out_is_named_with_the_reason() {
    let snapshot = read(&[
        VPC,
        ("tables.json", r#"[{"RouteTableId": "rtb-1", "VpcId": "vpc-1"}]"#),
        ("names.json", r#"["workers"]"#),
        ("own.json", r#"[{"Net": "vpc-1"}]"#),
        ("privek-audit.yaml", "operators: []\n"),
        ("chart/role.yaml", "kind: Role\nname: {{ .Values.name }}-role\n"),
        ("notes.txt", "ask Ken about the peering"),
        ("table", "-----\n|  DescribeVpcs  |\n"),
        ("deep/buckets.json", r#"{"Buckets": []}"#),
    ])
    .unwrap();
    assert!(reason(&snapshot, "tables.json").contains("without `Routes`, `Associations`"));
    assert!(reason(&snapshot, "names.json").contains("--query"));
    assert!(reason(&snapshot, "own.json").contains("`Net`"));
    assert!(reason(&snapshot, "privek-audit.yaml").contains("`operators`"));
    let chart = reason(&snapshot, "chart/role.yaml");
    assert!(chart.starts_with("is not YAML (line 2, column "), "{chart}");
    for file in ["notes.txt", "table"] {
        assert!(reason(&snapshot, file).contains("neither JSON nor YAML"), "{file}");
    }
    assert!(reason(&snapshot, "deep/buckets.json").contains("`Buckets`"));
    assert!(has_gap(&snapshot, "DescribeRouteTables", "NotInDirectory"), "what was left out is unread");
    let again = Snapshot::from_json("saved", &snapshot.to_json()).unwrap();
    assert_eq!(again.header.left_out, snapshot.header.left_out);
}

#[test]
fn a_refused_call_is_a_gap_with_its_permission_and_no_file_is_asked_for() {
    let snapshot = read(&[
        VPC,
        ("tables.json.refused", "call: ec2 describe-route-tables\nfor: vpc-1\n\nAn error occurred (UnauthorizedOperation) when calling the DescribeRouteTables operation: no\n"),
        ("acls.json", "\nAn error occurred (UnauthorizedOperation) when calling the DescribeNetworkAcls operation: no\n"),
    ])
    .unwrap();
    for operation in ["DescribeRouteTables", "DescribeNetworkAcls"] {
        let gaps: Vec<_> = snapshot.header.gaps.iter().filter(|gap| gap.operation == operation).collect();
        assert_eq!(gaps.len(), 1, "{operation}");
        assert_eq!(gaps[0].permission.as_deref(), Some(format!("ec2:{operation}").as_str()));
    }
}

#[test]
fn what_other_files_name_has_a_command_that_can_be_typed() {
    let snapshot = read(&[
        ("c.json", r#"{"cluster": {"name": "foo", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/foo", "roleArn": "arn:aws:iam::111122223333:role/eks"}}"#),
        ("n.json", r#"{"nodegroups": ["a", "b"]}"#),
        ("a.json", r#"{"nodegroup": {"nodegroupName": "a", "clusterName": "foo", "nodeRole": "arn:aws:iam::111122223333:role/nodes"}}"#),
        ("e.json", r#"{"accessEntries": ["arn:aws:iam::111122223333:role/nodes"]}"#),
        ("t.json", r#"{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [{"DestinationPrefixListId": "pl-1"}]}]}"#),
        ("g.json", r#"{"SecurityGroups": []}"#),
        ("d.json", r#"{"addons": []}"#),
    ])
    .unwrap();
    let message = |operation: &str, resource: &str| {
        let found = snapshot
            .header
            .gaps
            .iter()
            .find(|gap| gap.operation == operation && gap.resource.as_deref() == Some(resource));
        found.map(|gap| gap.message.clone()).unwrap_or_default()
    };
    for (operation, resource, command) in [
        (
            "DescribeNodegroup",
            "b",
            "aws eks describe-nodegroup --cluster-name foo --nodegroup-name b --region eu-west-1 > nodegroup-b.json",
        ),
        ("GetRole", "nodes", "aws iam get-role --role-name nodes --region eu-west-1 > role@nodes.json"),
        ("ListAttachedRolePolicies", "eks", "aws iam list-attached-role-policies --role-name eks"),
        (
            "GetManagedPrefixListEntries",
            "pl-1",
            "aws ec2 get-managed-prefix-list-entries --prefix-list-id pl-1 --region eu-west-1 > pl-1.json",
        ),
        (
            "DescribeAccessEntry",
            "arn:aws:iam::111122223333:role/nodes",
            "--principal-arn arn:aws:iam::111122223333:role/nodes --region eu-west-1 > access-nodes.json",
        ),
    ] {
        assert!(
            message(operation, resource).contains(command),
            "{operation}: {}",
            message(operation, resource)
        );
    }
    assert!(!snapshot.header.covers("nodegroup", "foo"), "one of two node groups is not all of them");
    assert_eq!(snapshot.aws.addon, Some(vec![]), "no add-on is named, so that none is to be described");
    let placeholders = [" ID", "ROLE", "ARN ", "POLICY", " ZONE", "VERSION", "PROFILE", " TYPE", "{", "}"];
    for gap in &snapshot.header.gaps {
        assert!(!placeholders.iter().any(|word| gap.message.contains(word)), "{}", gap.message);
    }
}

#[test]
fn what_other_accounts_and_regions_have_is_said_to_be_theirs_and_a_deleted_peering_asks_for_nothing() {
    let peering = |id: &str, vpc: &str, owner: &str, region: &str, state: &str| {
        format!(
            r#"{{"VpcPeeringConnectionId": "{id}", "Status": {{"Code": "{state}"}},
                "RequesterVpcInfo": {{"VpcId": "vpc-1", "OwnerId": "111122223333", "Region": "eu-west-1"}},
                "AccepterVpcInfo": {{"VpcId": "{vpc}", "OwnerId": "{owner}", "Region": "{region}"}}}}"#
        )
    };
    let peerings = format!(
        r#"{{"VpcPeeringConnections": [{}, {}, {}, {}]}}"#,
        peering("pcx-1", "vpc-a", "222233334444", "eu-west-1", "active"),
        peering("pcx-2", "vpc-b", "111122223333", "us-east-1", "active"),
        peering("pcx-3", "vpc-c", "111122223333", "eu-west-1", "active"),
        peering("pcx-4", "vpc-d", "111122223333", "eu-west-1", "deleted"),
    );
    let snapshot = read(&[
        ("c.json", r#"{"cluster": {"name": "foo", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/foo"}}"#),
        VPC,
        ("p.json", &peerings),
        ("t.json", r#"{"TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "TransitGatewayOwnerId": "222233334444", "ResourceType": "vpc"}]}"#),
    ])
    .unwrap();
    let codes = |id: &str| {
        let of = snapshot.header.gaps.iter().filter(|gap| gap.resource.as_deref() == Some(id));
        of.map(|gap| gap.code.as_str())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("vpc-a"), ["OtherAccount"]);
    assert_eq!(codes("vpc-b"), ["OtherRegion"]);
    assert_eq!(codes("vpc-c"), ["NotInDirectory"]);
    assert!(codes("vpc-d").is_empty());
    assert!(codes("tgw-1").contains(&"OtherAccount"));
    let tables = snapshot
        .header
        .gaps
        .iter()
        .find(|gap| gap.operation == "DescribeRouteTables" && gap.resource.as_deref() == Some("vpc-c"));
    assert!(tables.unwrap().message.contains("`aws ec2 describe-route-tables --filters Name=vpc-id,Values=vpc-c --region eu-west-1 > route-tables-vpc-c.json`"));
    assert!(snapshot.header.gaps.iter().all(|gap| gap.permission.is_none()), "nobody was refused");
}
