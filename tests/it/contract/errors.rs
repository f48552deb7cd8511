//! What goes wrong gets one clear sentence, exit code 2, and nothing on standard output.

use std::time::Duration;

use crate::support::emulator::{closed_network, emulator};
use crate::support::program::{Program, against_emulator, program};
use crate::support::servers::{answering, closed_port, http, silent, tls};

const CLUSTER: [&str; 2] = ["--cluster", "yoda-k8s-1"];

fn fails(program: Program, with: &[&str]) -> Duration {
    let run = program.run();
    let said = run.error();
    for part in with {
        assert!(said.to_lowercase().contains(&part.to_lowercase()), "{part:?} is missing in: {said}");
    }
    assert_eq!(said.lines().count(), 1, "one sentence: {said}");
    run.took
}

#[test]
fn no_credentials() {
    let bare =
        program(&CLUSTER).env("AWS_REGION", "ap-northeast-1").env("AWS_ENDPOINT_URL", &emulator().endpoint());
    fails(bare, &["credentials"]);
}

#[test]
fn no_region() {
    let bare = program(&CLUSTER).env("AWS_ACCESS_KEY_ID", "AKIATESTS").env("AWS_SECRET_ACCESS_KEY", "secret");
    fails(bare, &["region", "--region"]);
}

#[test]
fn expired_credentials() {
    let port = answering(|head| {
        let said = "The security token included in the request is expired";
        if head.contains("/eks/aws4_request") {
            http(
                "403 Forbidden",
                "Content-Type: application/json\r\nx-amzn-ErrorType: ExpiredTokenException\r\n",
                &format!("{{\"message\":\"{said}\"}}"),
            )
        } else {
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>{said}</Message></Error></ErrorResponse>"
            );
            http("403 Forbidden", "Content-Type: text/xml\r\n", &body)
        }
    });
    fails(
        program(&CLUSTER)
            .credentials("AKIATESTS")
            .env("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{port}")),
        &["expired"],
    );
}

#[test]
fn no_such_cluster_names_those_that_exist() {
    closed_network();
    fails(against_emulator(&["--cluster", "yoda-k8s-2"]), &["yoda-k8s-2", "yoda-k8s-1"]);
}

#[test]
fn an_endpoint_that_nobody_listens_on() {
    let endpoint = format!("http://127.0.0.1:{}", closed_port());
    let took = fails(
        program(&CLUSTER).credentials("AKIATESTS").env("AWS_ENDPOINT_URL", &endpoint),
        &["127.0.0.1", "reach"],
    );
    assert!(took < Duration::from_mins(2), "{took:?}");
}

#[test]
fn an_endpoint_that_never_answers_is_given_up_in_bounded_time() {
    let (_listener, port) = silent();
    let endpoint = format!("http://127.0.0.1:{port}");
    let took =
        fails(program(&CLUSTER).credentials("AKIATESTS").env("AWS_ENDPOINT_URL", &endpoint), &["127.0.0.1"]);
    assert!(took < Duration::from_mins(2), "{took:?}");
}

#[test]
fn a_proxy_that_refuses() {
    let port = answering(|_| http("403 Forbidden", "", "no"));
    let proxied =
        program(&CLUSTER).credentials("AKIATESTS").env("HTTPS_PROXY", &format!("http://127.0.0.1:{port}"));
    fails(proxied, &["proxy", &format!("127.0.0.1:{port}"), "403"]);
}

#[test]
fn a_proxy_that_is_not_there() {
    let port = closed_port();
    let proxied =
        program(&CLUSTER).credentials("AKIATESTS").env("HTTPS_PROXY", &format!("http://127.0.0.1:{port}"));
    fails(proxied, &["proxy", &format!("127.0.0.1:{port}")]);
}

#[test]
fn a_ca_that_is_not_trusted_until_aws_ca_bundle_names_it() {
    closed_network();
    let server = tls(emulator().port);
    let endpoint = format!("https://localhost:{}", server.port);
    let https = || {
        against_emulator(&[&CLUSTER[..], &["--format", "json"]].concat()).env("AWS_ENDPOINT_URL", &endpoint)
    };
    fails(https(), &["AWS_CA_BUNDLE", "localhost"]);

    let bundle = server.bundle.path().to_str().expect("UTF-8");
    let report = https().env("AWS_CA_BUNDLE", bundle).run().report();
    assert_eq!(report["target"]["cluster"], "yoda-k8s-1");
}

#[test]
fn a_ca_bundle_that_is_none() {
    let broken = against_emulator(&CLUSTER).file("ca.pem", "not PEM").env("AWS_CA_BUNDLE", "ca.pem");
    fails(broken, &["ca.pem", "AWS_CA_BUNDLE"]);
    fails(against_emulator(&CLUSTER).env("AWS_CA_BUNDLE", "no-such.pem"), &["no-such.pem", "AWS_CA_BUNDLE"]);
}

#[test]
fn a_snapshot_that_is_not_one() {
    let other = r#"{"name": "left-pad", "version": "1.3.0"}"#;
    fails(
        program(&["--snapshot", "package.json"]).file("package.json", other),
        &["package.json", "snapshot"],
    );
    fails(program(&["--snapshot", "notes.txt"]).file("notes.txt", "not JSON"), &["notes.txt:1:", "JSON"]);
    fails(program(&["--snapshot", "missing.json"]), &["missing.json"]);
}

#[test]
fn a_truncated_snapshot() {
    let whole = include_str!("../../../fixtures/closed-network.json");
    let half = &whole[..whole.len() / 2];
    fails(program(&["--snapshot", "half.json"]).file("half.json", half), &["half.json:", "truncated"]);
}

#[test]
fn a_truncated_file_in_a_directory() {
    let half =
        program(&["--snapshot", ".", "--cluster", "foo"]).file("vpcs.json", r#"{"Vpcs": [{"VpcId": "vpc-1""#);
    fails(half, &["vpcs.json:1:", "truncated"]);
}

#[test]
fn a_rule_with_an_unknown_field() {
    let rule = "id: my-rule\ntitle: A title\nseverity: warning\nsubject: vpc\nasert: 'true'\nwhy: Because.\nmessage: no\nreferences: [https://example.org]\n";
    fails(
        program(&["demo", "--rules", "."]).file("my-rule.yaml", rule),
        &["my-rule.yaml", ":5:", "asert", "assert"],
    );
}

#[test]
fn a_cidr_with_a_typo() {
    let typo = ["--snapshot", "s.json", "--operator-cidr", "10.50.0.0/33"];
    let network = include_str!("../../../fixtures/closed-network.json");
    fails(program(&typo).file("s.json", network), &["10.50.0.0/33", "--operator-cidr"]);
}

#[test]
fn a_cidr_with_a_typo_in_the_config_names_line_and_field() {
    let config = "operators:\n  - name: office\n    cidr: 10.50.0.0.0/24\n";
    let network = include_str!("../../../fixtures/closed-network.json");
    let program = program(&["--snapshot", "s.json", "--config", "intent.yaml"])
        .file("s.json", network)
        .file("intent.yaml", config);
    fails(program, &["intent.yaml", ":3:", "cidr"]);
}

#[test]
fn an_output_that_cannot_be_written_is_said_before_aws_is_asked() {
    let nowhere = ["--cluster", "yoda-k8s-1", "--output", "no/such/folder/report.json"];
    fails(program(&nowhere).credentials("AKIATESTS"), &["no/such/folder/report.json"]);
}

#[test]
fn a_mistyped_option_is_a_usage_error() {
    let run = program(&["--clutser", "foo"]).run();
    run.error();
}
