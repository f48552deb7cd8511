//! Breaking a closed network in the emulator, running the commands that the report prints, and auditing
//! again: what failed passes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::emulator::emulator;
use crate::support::program::against_emulator;

/// A region in which nothing else is.
const REGION: &str = "eu-west-1";
const CLUSTER: &str = "yoda-k8s-1";

/// The rules whose fixes at least are shown to mend what they are about, by AWS's own calls as far as the
/// emulator has them. What it lacks: other access entries, updates of versions, ill health, insights, Fargate's roles.
const SHOWN: &[&str] = &[
    "cluster-role-closed-to-eks",
    "cluster-role-has-old-service-policy",
    "cluster-role-lacks-permissions",
    "cluster-security-group-missing",
    "control-plane-in-one-zone",
    "deletion-protection-off",
    "dhcp-domain-name-missing",
    "dhcp-options-without-amazon-dns",
    "kubelet-unreachable",
    "kubelet-unreachable-after-update",
    "networking-addons-unmanaged",
    "node-cannot-resolve",
    "node-role-cannot-pull",
    "node-role-closed-to-ec2",
    "node-role-lacks-permissions",
    "node-subnets-too-small",
    "node-update-short-of-addresses",
    "nodes-cannot-reach-api",
    "nodes-cannot-reach-api-after-update",
    "nodes-closed-to-nodes",
    "nodes-get-public-addresses",
    "oidc-provider-missing",
    "operator-cannot-reach-api",
    "operator-cannot-reach-api-after-update",
    "operator-cannot-resolve-api",
    "pods-cannot-reach-api",
    "pods-cannot-reach-dns-tcp",
    "private-endpoint-off",
    "public-endpoint-open",
    "s3-route-missing",
    "service-endpoint-closed-to-nodes",
    "service-endpoint-in-one-zone",
    "service-endpoint-missing",
    "service-endpoint-policy-denies",
    "service-endpoint-policy-lacks",
    "service-endpoint-private-dns-off",
    "vpc-cni-lacks-permissions",
    "vpc-dns-hostnames-off",
    "vpc-dns-support-off",
    "webhook-port-closed",
];

/// What is broken before each audit, besides what is wrong with the network as it is built; `{role}` stands
/// for an id of the network.
const ROUNDS: &[&[&str]] = &[
    &[
        "aws iam detach-role-policy --role-name {cluster-role} --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
        r#"aws iam update-assume-role-policy --role-name {cluster-role} --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'"#,
        r#"aws iam update-assume-role-policy --role-name {node-role} --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'"#,
        "aws iam detach-role-policy --role-name {node-role} --policy-arn arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
        "aws iam detach-role-policy --role-name {node-role} --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
        "aws iam detach-role-policy --role-name {node-role} --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    ],
    &[
        "aws eks delete-addon --cluster-name yoda-k8s-1 --addon-name kube-proxy",
        "aws ec2 modify-vpc-attribute --vpc-id {k8s-vpc} --no-enable-dns-hostnames",
        "aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {ecr.dkr-endpoint}",
        "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {s3-endpoint} --remove-route-table-ids {worker-table}",
        r#"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {s3-endpoint} --policy-document '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}'"#,
        "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {ecr.api-endpoint} --no-private-dns-enabled",
        r#"aws ec2 associate-dhcp-options --vpc-id {k8s-vpc} --dhcp-options-id "$(aws ec2 create-dhcp-options --dhcp-configurations Key=domain-name-servers,Values=AmazonProvidedDNS --query DhcpOptions.DhcpOptionsId --output text)""#,
        "aws eks update-cluster-config --name yoda-k8s-1 --resources-vpc-config endpointPrivateAccess=false,endpointPublicAccess=true,publicAccessCidrs=203.0.113.0/24,subnetIds={worker-a},securityGroupIds={control-plane-group},sg-0fffffffffffffff1",
        "aws ec2 modify-subnet-attribute --subnet-id {worker-a} --map-public-ip-on-launch",
    ],
    &[
        "aws ec2 modify-vpc-attribute --vpc-id {k8s-vpc} --no-enable-dns-support",
        r#"aws ec2 associate-dhcp-options --vpc-id {k8s-vpc} --dhcp-options-id "$(aws ec2 create-dhcp-options --dhcp-configurations Key=domain-name-servers,Values=172.25.0.200 Key=domain-name,Values=eu-west-1.compute.internal --query DhcpOptions.DhcpOptionsId --output text)""#,
        "aws ec2 revoke-security-group-ingress --group-id {endpoint-group} --protocol tcp --port 443 --cidr 172.25.0.0/16",
        "aws ec2 create-network-acl-entry --network-acl-id {acl} --ingress --rule-number 50 --protocol tcp --port-range From=10250,To=10250 --cidr-block 0.0.0.0/0 --rule-action deny",
        "aws ec2 create-network-acl-entry --network-acl-id {acl} --ingress --rule-number 51 --protocol tcp --port-range From=53,To=53 --cidr-block 0.0.0.0/0 --rule-action deny",
        "aws ec2 create-network-acl-entry --network-acl-id {acl} --egress --rule-number 1 --protocol tcp --port-range From=443,To=443 --cidr-block 0.0.0.0/0 --rule-action deny",
        "aws ec2 delete-route --route-table-id {operator-table} --destination-cidr-block 172.24.0.0/24",
        "aws iam attach-role-policy --role-name {cluster-role} --policy-arn arn:aws:iam::aws:policy/AmazonEKSServicePolicy",
        // Not in a round that makes endpoints: these take the very addresses that the new limit counts on.
        "aws eks update-nodegroup-config --cluster-name yoda-k8s-1 --nodegroup-name workers --scaling-config minSize=1,desiredSize=2,maxSize=30000",
    ],
];

type Findings = BTreeMap<(String, String), Value>;

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn audit(intent: &str) -> Findings {
    let arguments = ["--cluster", CLUSTER, "--region", REGION, "--config", "intent.yaml", "--format", "json"];
    let report = against_emulator(&arguments).file("intent.yaml", intent).run().report();
    let findings = report["findings"].as_array().expect("findings").iter();
    findings
        .map(|finding| {
            ((text(&finding["rule"]).to_owned(), text(&finding["subject"]["id"]).to_owned()), finding.clone())
        })
        .collect()
}

fn run(commands: &[String]) {
    let commands: Vec<&str> = [REGION].into_iter().chain(commands.iter().map(String::as_str)).collect();
    let failed = emulator().script("run_commands.py", &commands);
    assert_eq!(failed, "", "AWS refuses");
}

/// The commands of a finding that change something.
fn changes(finding: &Value) -> impl Iterator<Item = &str> {
    let commands = finding["fix"]["commands"].as_array().into_iter().flatten().map(text);
    commands.filter(|command| {
        let operation = command.split(' ').nth(2).unwrap_or_default();
        !operation.starts_with("describe-") && !operation.starts_with("list-")
    })
}

#[test]
fn what_failed_passes_once_the_printed_commands_have_run() {
    let printed = emulator().script("closed_network.py", &[REGION, "mended"]);
    let network: BTreeMap<String, String> = serde_json::from_str(&printed).expect("ids by role");
    let intent = format!(
        "features: {{ irsa: true }}\noperators:\n  - {{ name: operator-subnet, cidr: 172.25.192.0/18, security_groups: [{}] }}\n  - {{ name: bastion, cidr: 172.24.0.0/24, security_groups: [{}] }}\n",
        network["operator-group"], network["bastion-group"]
    );
    let (mut shown, mut wrong) = (BTreeSet::new(), Vec::new());
    for round in ROUNDS {
        let fill = |command: &&str| {
            let of_role =
                |text: String, (role, id): (&String, &String)| text.replace(&format!("{{{role}}}"), id);
            network.iter().fold((*command).to_owned(), of_role)
        };
        run(&round.iter().map(fill).collect::<Vec<_>>());
        let before = audit(&intent);
        let failing = || before.iter().filter(|(_, finding)| finding["outcome"] == "fail");
        let mut commands = Vec::<String>::new();
        for (_, finding) in failing() {
            for command in changes(finding) {
                if !commands.iter().any(|known| known == command) {
                    commands.push(command.to_owned());
                }
            }
        }
        run(&commands);
        let after = audit(&intent);
        for (key, finding) in failing() {
            let now = after.get(key).unwrap_or(&Value::Null);
            if now["outcome"] == "pass" {
                shown.insert(key.0.clone());
            } else if changes(finding).next().is_some() {
                wrong.push(format!("{key:?} is {}: {}: {}", now["outcome"], now["message"], now["missing"]));
            }
        }
        for (key, finding) in &after {
            let passed = before.get(key).is_some_and(|was| was["outcome"] == "pass");
            if finding["outcome"] == "fail" && passed {
                wrong.push(format!("{key:?} passed and fails: {}", finding["message"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let lost: Vec<_> = SHOWN.iter().filter(|rule| !shown.contains(**rule)).collect();
    assert!(lost.is_empty(), "the fixes of these were shown to mend, and are no longer: {lost:#?}");
}
