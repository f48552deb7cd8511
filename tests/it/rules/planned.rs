//! A cluster that is still to be created: by flags, by the declarations, from files, and traced.

use serde_json::Value;

use crate::support::emulator::{aws_outputs, closed_network, emulator};
use crate::support::files::fixture;
use crate::support::patch::apply;
use crate::support::program::{Program, against_emulator, program};

const VPC: &str = "vpc-0a000000000000001";

/// The flags of a plan on the network of the healthy cluster.
pub const PLAN: [&str; 16] = [
    "--vpc",
    VPC,
    "--control-plane-subnet",
    "subnet-0a00000000000001a",
    "--control-plane-subnet",
    "subnet-0a00000000000001c",
    "--node-subnet",
    "subnet-0a00000000000002a",
    "--node-subnet",
    "subnet-0a00000000000002c",
    "--security-group",
    "sg-0a00000000000000c",
    "--operator-cidr",
    "192.168.0.0/16",
    "--kubernetes-version",
    "1.35",
];

/// The network of the healthy cluster as it was before there was a cluster.
pub fn before() -> Value {
    let mut snapshot = fixture("healthy/managed-nodes.json");
    let patches = serde_json::json!([
        {"set": ["AutoScalingGroups"], "to": []},
        {"set": ["Reservations"], "to": []},
        {"remove": ["NetworkInterfaces", {"Description": "Amazon EKS payments"}]},
        {"remove": ["NetworkInterfaces", {"Attachment": {"InstanceOwnerId": "111122223333"}, "VpcId": VPC}]},
        {"remove": ["SecurityGroups", "sg-0a00000000000000f"]},
        {"remove": ["SecurityGroups", "sg-0a00000000000000d"]},
        {"set": ["SecurityGroups", "sg-0a00000000000000c", "IpPermissions", 0, "UserIdGroupPairs"], "to": []},
    ]);
    apply(&mut snapshot, &patches, "before the cluster");
    let fields = snapshot.as_object_mut().expect("a snapshot");
    let of_eks: Vec<String> = privek_audit::snapshot::aws::COLLECTIONS
        .iter()
        .filter(|collection| collection.service == "eks")
        .map(|collection| collection.key.to_owned())
        .collect();
    for key in &of_eks {
        fields.remove(key);
        fields["scope"].as_object_mut().expect("scope").remove(key);
    }
    snapshot
}

fn audit(snapshot: &Value, arguments: &[&str]) -> Program {
    let all = [&["--snapshot", "s.json", "--format", "json"], arguments].concat();
    program(&all).file("s.json", &snapshot.to_string())
}

fn outcome<'r>(report: &'r Value, rule: &str) -> Vec<(&'r str, &'r str)> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let its = findings.filter(|finding| finding["rule"] == rule);
    its.map(|finding| {
        (finding["subject"]["id"].as_str().expect("an id"), finding["outcome"].as_str().expect("an outcome"))
    })
    .collect()
}

#[test]
fn a_network_is_ready_for_a_cluster_that_does_not_exist() {
    let report = audit(&before(), &PLAN).run().report();
    let wrong: Vec<_> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["outcome"] == "fail" || finding["outcome"] == "unknown")
        .map(|finding| format!("{} {} {}", finding["rule"], finding["subject"]["id"], finding["message"]))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(report["verdict"], "ready");
    assert_eq!((&report["target"]["cluster"], &report["target"]["vpc"]), (&Value::Null, &VPC.into()));
    let here = format!("new cluster in {VPC}");
    assert_eq!(outcome(&report, "private-endpoint-off"), [(here.as_str(), "not_applicable")]);
    assert_eq!(outcome(&report, "control-plane-in-one-zone"), [(here.as_str(), "pass")]);
    assert_eq!(
        outcome(&report, "operator-cannot-reach-api"),
        [("operators:192.168.0.0/16->control-plane:tcp/443", "pass")]
    );
    assert_eq!(outcome(&report, "nodes-cannot-reach-api"), [("nodes->control-plane:tcp/443", "pass")]);
    let assumed = report["assumptions"].to_string();
    assert!(assumed.contains("does not exist yet") && assumed.contains("eks-cluster-sg"), "{assumed}");
}

#[test]
fn what_the_network_lacks_fails_as_it_would_for_a_cluster_with_commands_that_run_today() {
    let mut snapshot = before();
    let patches = serde_json::json!([
        {"remove": ["VpcEndpoints", "vpce-0a0000000000000e1"]},
        {"remove": ["RouteTables", "rtb-0a00000000000001a", "Routes", "192.168.0.0/16"]},
        {"set": ["Subnets", "subnet-0a00000000000001c", "AvailabilityZoneId"], "to": "apne1-az4"},
        {"set": ["SecurityGroups", "sg-0a00000000000000c", "IpPermissions"], "to": []},
    ]);
    apply(&mut snapshot, &patches, "broken");
    let run = audit(&snapshot, &PLAN).run();
    let report = run.report();
    assert_eq!(run.code, 1);
    let failed = |rule: &str| outcome(&report, rule).iter().any(|(_, outcome)| *outcome == "fail");
    for rule in ["service-endpoint-missing", "operator-cannot-reach-api", "control-plane-in-one-zone"] {
        assert!(failed(rule), "{rule}");
    }
    let mut commands = Vec::new();
    for finding in report["findings"].as_array().expect("findings") {
        commands.extend(finding["fix"]["commands"].as_array().into_iter().flatten().map(ToString::to_string));
    }
    assert!(commands.iter().any(|command| command.contains("create-vpc-endpoint")), "{commands:#?}");
    let never = ["new cluster", "eks-cluster-sg", "aws eks"];
    let told: Vec<_> =
        commands.iter().filter(|command| never.iter().any(|no| command.contains(no))).collect();
    assert!(told.is_empty(), "what does not exist cannot be changed: {told:#?}");
}

#[test]
fn the_declarations_say_the_same_as_the_flags() {
    let config = "\
operators: [{ name: head-office, cidr: 192.168.0.0/16 }]
cluster:
  name: orders
  vpc: vpc-0a000000000000001
  control_plane_subnets: [subnet-0a00000000000001a, subnet-0a00000000000001c]
  node_subnets: [subnet-0a00000000000002a, subnet-0a00000000000002c]
  security_groups: [sg-0a00000000000000c]
  kubernetes_version: '1.35'
";
    let report = audit(&before(), &["--config", "plan.yaml"]).file("plan.yaml", config).run().report();
    assert_eq!(
        (&report["verdict"], &report["target"]["cluster"]),
        (&"ready".into(), &"orders".into()),
        "{report:#}"
    );
    // Once there is a cluster of the name, its plan is history.
    let built = config.replace("name: orders", "name: payments");
    let report = audit(&fixture("healthy/managed-nodes.json"), &["--config", "plan.yaml"])
        .file("plan.yaml", &built)
        .run()
        .report();
    assert_eq!(outcome(&report, "private-endpoint-off"), [("payments", "pass")]);
    assert!(
        report["assumptions"].to_string().contains("the plan in the declarations is ignored"),
        "{report:#}"
    );
}

#[test]
fn roles_of_a_planned_cluster_are_traced() {
    let trace = |from: &str, to: &str, port: &str| {
        let all = [
            &[
                "trace",
                "--snapshot",
                "s.json",
                "--format",
                "json",
                "--from",
                from,
                "--to",
                to,
                "--port",
                port,
            ],
            &PLAN[..],
        ]
        .concat();
        program(&all).file("s.json", &before().to_string()).run()
    };
    assert_eq!(trace("nodes", "control-plane", "tcp/443").code, 0);
    assert_eq!(trace("control-plane", "nodes", "tcp/10250").code, 0);
    assert_eq!(trace("operators", "control-plane", "tcp/443").code, 0);
    assert_eq!(trace("nodes", "ecr.api", "tcp/443").code, 0);
    let closed = trace("operators", "nodes", "tcp/22");
    assert_eq!(closed.code, 1, "{}", closed.err);
}

#[test]
fn a_plan_that_cannot_be_meant_is_refused() {
    let refused = |arguments: &[&str]| {
        let run = audit(&before(), arguments).run();
        assert_eq!((run.code, run.out.as_str()), (2, ""));
        run.err
    };
    let lacking = refused(&["--vpc", VPC]);
    assert!(lacking.contains("--control-plane-subnet"), "{lacking}");
    let elsewhere = refused(&["--vpc", VPC, "--control-plane-subnet", "subnet-0e00000000000001a"]);
    assert!(
        elsewhere.contains("subnet-0e00000000000001a of the planned cluster is not in vpc-0a"),
        "{elsewhere}"
    );
    let nowhere = refused(&["--vpc", "vpc-0f", "--control-plane-subnet", "subnet-0f"]);
    assert!(nowhere.contains("vpc-0f of the planned cluster does not exist"), "{nowhere}");
    let both = refused(&["--vpc", VPC, "--cluster", "payments"]);
    assert!(both.contains("cannot be used with"), "{both}");
}

#[test]
fn what_was_not_read_leaves_a_plan_unknown() {
    let mut snapshot = before();
    crate::support::patch::withhold(&mut snapshot, "NetworkAcls").expect("a collection");
    let run = audit(&snapshot, &PLAN).run();
    assert_eq!((run.code, &run.report()["verdict"]), (3, &"incomplete".into()));
}

/// The flags of a plan on the emulator's closed network.
fn of_closed_network() -> Vec<String> {
    let network = closed_network();
    [
        ("--vpc", &network["k8s-vpc"]),
        ("--control-plane-subnet", &network["worker-a"]),
        ("--control-plane-subnet", &network["worker-c"]),
    ]
    .into_iter()
    .flat_map(|(flag, id)| [flag.to_owned(), id.clone()])
    .chain(["--operator-cidr".to_owned(), "172.25.192.0/18".to_owned()])
    .collect()
}

#[test]
fn a_live_plan_asks_eks_nothing_and_can_be_saved() {
    let plan = of_closed_network();
    let flags: Vec<&str> = plan.iter().map(String::as_str).collect();
    let saved = tempfile::tempdir().expect("a scratch directory");
    let path = saved.path().join("vpc.json");
    let path = path.to_str().expect("UTF-8");
    let arguments = [&["--format", "json", "--save-snapshot", path], &flags[..]].concat();
    let run = against_emulator(&arguments).credentials("AKIAPLANNED").run();
    let report = run.report();
    assert_eq!(report["target"]["cluster"], Value::Null);
    assert_eq!(report["target"]["vpc"].as_str(), Some(flags[1]));
    let asked = emulator().seen("AKIAPLANNED");
    assert!(asked.iter().any(|operation| operation == "ec2:DescribeSubnets"), "{asked:?}");
    assert!(!asked.iter().any(|operation| operation.starts_with("eks:")), "{asked:?}");
    let failed = |rule: &str| outcome(&report, rule).iter().any(|(_, outcome)| *outcome == "fail");
    // The closed network has its interface endpoints in one zone only.
    assert!(failed("service-endpoint-in-one-zone"), "{report:#}");
    assert_eq!(outcome(&report, "operator-cannot-reach-api").len(), 1);

    let again = program(&[&["--format", "json", "--snapshot", path], &flags[..]].concat()).run();
    assert_eq!((again.code, &again.out), (run.code, &run.out), "the saved snapshot says the same");
    assert!(!std::fs::read_to_string(path).expect("a snapshot").contains("\"eks-cluster-sg\""));
}

#[test]
fn a_directory_of_aws_cli_outputs_holds_a_plan_beside_another_cluster() {
    let plan = of_closed_network();
    let flags: Vec<&str> = plan.iter().map(String::as_str).collect();
    let path = aws_outputs().to_str().expect("UTF-8");
    let report = program(&[&["--format", "json", "--snapshot", path], &flags[..]].concat()).run().report();
    assert_eq!(report["target"]["cluster"], Value::Null);
    assert_eq!(outcome(&report, "control-plane-in-one-zone")[0].1, "pass");
    assert!(
        outcome(&report, "node-type-holds-few-pods").iter().all(|(_, outcome)| *outcome == "not_applicable")
    );
}

#[test]
fn a_vpc_that_is_not_there_is_named() {
    let arguments = ["--vpc", "vpc-0f00000000000000f", "--control-plane-subnet", "subnet-0f00000000000000f"];
    closed_network();
    let run = against_emulator(&arguments).run();
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("0f00000000000000f"), "{}", run.err);
}
