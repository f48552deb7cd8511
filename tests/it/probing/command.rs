//! `probe` as a program: from files to targets, from targets to observations, and back into an audit;
//! and as a Job.

use std::path::Path;

use clap::Parser;
use hickory_resolver::proto::op::ResponseCode;
use privek_audit::cli::{Cli, Command};
use privek_audit::collect::probe::Targets;
use privek_core::observation::{Observation, Seen};
use serde_json::{Value, json};

use crate::support::authority::{Authority, Reply};
use crate::support::files::yaml;
use crate::support::program::{Program, Run, program};
use crate::support::servers::closed_port;
use crate::support::tls_servers::{Authorities, Certificate, serve_tls};

const API: &str = "0123456789abcdef0123456789abcdef.gr7.eu-west-1.eks.amazonaws.com";

fn healthy() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/healthy/managed-nodes.json");
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_snapshot_tells_what_to_probe_and_a_file_says_the_same() {
    let run = program(&["probe", "--snapshot", &healthy(), "--print-targets"]).run();
    assert_eq!(run.code, 0, "{}", run.err);
    let targets = Targets::from_json("printed", &run.out).unwrap();
    assert_eq!(
        (targets.cluster.as_deref(), targets.region.as_deref()),
        (Some("payments"), Some("ap-northeast-1"))
    );
    assert_eq!(targets.names[0].of, "cluster");
    let expected: Vec<String> = targets.names[0].expected.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(expected, ["10.20.0.7", "10.20.0.25"]);
    assert!(targets.names.iter().any(|target| target.name == "sts.ap-northeast-1.amazonaws.com"));
}

/// A file of one name, on a port of this machine.
fn targets(port: u16, ca: &str) -> String {
    json!({
        "cluster": "foo", "region": "eu-west-1", "certificate_authority": ca,
        "names": [{"of": "cluster", "name": API, "expected": ["127.0.0.1"], "essential": true, "port": port}],
    })
    .to_string()
}

/// The file without a CA.
fn targets_without_ca(port: u16) -> String {
    targets(port, "").replace("\"certificate_authority\":\"\",", "")
}

/// A probe that asks this server only, and has time on a busy machine too: an answer always comes.
fn probing(server: &Authority, targets: &str, more: &[&str]) -> Program {
    let address = server.address.to_string();
    let arguments = ["probe", "--targets", "targets.json", "--dns", &address, "--dns-only"];
    let patient = ["--timeout", "30", "--deadline", "120"];
    program(&[arguments.as_slice(), &patient, more].concat()).file("targets.json", targets)
}

/// A server that knows the API's name.
fn knowing() -> Authority {
    Authority::start(|question| Reply::addresses(question, &["127.0.0.1"]))
}

/// A server that knows no name.
fn ignorant() -> Authority {
    Authority::start(|_| Reply::Code(ResponseCode::NXDomain))
}

/// One probe of the file.
fn probed(server: &Authority, targets: &str, more: &[&str]) -> (Run, Value) {
    let run = probing(server, targets, &[more, &["--vantage", "test", "--format", "json"]].concat()).run();
    assert!(run.code != 2, "{}", run.err);
    let report = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.out));
    (run, report)
}

fn outcome<'r>(report: &'r Value, rule: &str) -> &'r str {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["rule"] == rule).unwrap()["outcome"].as_str().unwrap()
}

fn observed(report: &Value) -> Vec<Observation> {
    serde_json::from_value(report["observations"].clone()).unwrap()
}

#[test]
fn a_probe_of_targets_judges_what_it_sees_and_exits_likewise() {
    let authorities = Authorities::new();
    let port = serve_tls(&authorities.cluster, &Certificate::of(API));
    let (ours, others) = (authorities.cluster.pem(), authorities.machine.pem());
    let (run, own) = probed(&knowing(), &targets(port, &ours), &[]);
    assert_eq!(own["exit_code"], run.code);
    assert_eq!(own["vantage"]["name"], "test");
    for rule in ["address-does-not-answer", "api-certificate-of-another-ca", "name-does-not-resolve-here"] {
        assert_eq!(outcome(&own, rule), "pass", "{rule}");
    }
    let (run, foreign) = probed(&knowing(), &targets(port, &others), &[]);
    assert_eq!(outcome(&foreign, "api-certificate-of-another-ca"), "fail");
    assert_eq!((&foreign["exit_code"], run.code), (&json!(1), 1));
    let closed = probed(&knowing(), &targets(closed_port(), &ours), &[]).1;
    assert_eq!(outcome(&closed, "address-does-not-answer"), "fail");
    assert_eq!(outcome(&closed, "api-certificate-of-another-ca"), "unknown");
    let nameless = probed(&ignorant(), &targets(port, &ours), &[]).1;
    assert_eq!(outcome(&nameless, "name-does-not-resolve-here"), "fail");
    assert_eq!(outcome(&nameless, "address-does-not-answer"), "pass");
}

#[test]
fn with_dns_only_nobody_else_is_asked_and_the_servers_count_as_the_machines() {
    let server = knowing();
    let (_, report) = probed(&server, &targets_without_ca(closed_port()), &[]);
    let asked: Vec<(String, bool)> = observed(&report)
        .iter()
        .filter_map(|one| match &one.seen {
            Seen::Dns(dns) => Some((dns.server.clone(), dns.configured)),
            _ => None,
        })
        .collect();
    let the_server = (server.address.to_string(), true);
    assert_eq!(asked, [the_server.clone(), the_server], "over UDP and over TCP");

    let run = program(&["probe", "--targets", "targets.json", "--dns-only"])
        .file("targets.json", &targets_without_ca(closed_port()))
        .run();
    assert!(run.error().contains("--dns <SERVER>"), "{}", run.err);
}

#[test]
fn the_report_and_what_was_seen_go_to_files_of_their_own() {
    let server = knowing();
    let text = targets_without_ca(closed_port());
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (report, seen) = (file("report.json"), file("seen.json"));
    let run = probing(&server, &text, &["--format", "json", "-o", &report, "--save-observations", &seen]);
    let run = run.run();
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    let read = |path: &str| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(read(&report)["exit_code"], 1);
    assert!(!observed(&read(&seen)).is_empty());
    assert_eq!(observed(&read(&report)), observed(&read(&seen)));

    let refused = |more: &[&str]| probing(&server, &text, more).run().error().to_owned();
    assert!(refused(&["-o", "targets.json"]).contains("--output and the input are the same file"));
    let over = refused(&["--save-observations", "targets.json"]);
    assert!(over.contains("--save-observations and the input are the same file, targets.json"), "{over}");
    let both = refused(&["-o", "one.json", "--save-observations", "one.json"]);
    assert!(both.contains("name two files"), "{both}");
}

#[test]
fn what_a_probe_kept_is_part_of_a_later_audit() {
    let authorities = Authorities::new();
    let port = serve_tls(&authorities.cluster, &Certificate::of(API));
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("seen.json");
    let kept = kept.to_str().unwrap();
    let text = targets(port, &authorities.cluster.pem());
    let (_, report) = probed(&ignorant(), &text, &["--save-observations", kept]);
    let saved: Value = serde_json::from_str(&std::fs::read_to_string(kept).unwrap()).unwrap();
    assert_eq!(observed(&saved), observed(&report));
    // A cluster of that name, so that the observations are its own.
    let text = std::fs::read_to_string(healthy()).unwrap();
    let mut snapshot: Value = serde_json::from_str(&text).unwrap();
    snapshot["cluster"][0]["endpoint"] = json!(format!("https://{}", API.to_uppercase()));
    snapshot["observations"] = json!([]);
    snapshot["collected_at"] = report["at"].clone();
    // What was kept, and the whole report as a pod's log has it.
    for seen in [kept, "report.json"] {
        let run = program(&["--snapshot", "foo.json", "--snapshot", seen, "--format", "json"])
            .file("foo.json", &snapshot.to_string())
            .file("report.json", &report.to_string())
            .run();
        let audit = run.report();
        let findings = audit["findings"].as_array().unwrap();
        let one = findings
            .iter()
            .find(|one| one["rule"] == "name-does-not-resolve-here" && one["subject"]["id"] == "cluster@test")
            .unwrap_or_else(|| panic!("{findings:#?}"));
        assert_eq!(one["outcome"], "fail", "{seen}");
    }
}

#[test]
fn the_table_fits_into_80_columns_and_names_the_address_that_fails() {
    let port = closed_port();
    let run = probing(&knowing(), &targets_without_ca(port), &["--vantage", "test"]).run();
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains(&format!("127.0.0.1:{port}: refused")), "{}", run.out);
    assert!(run.out.contains("Exit code of this probe: 1"), "{}", run.out);
    for line in run.out.lines() {
        assert!(line.chars().count() <= 80 || !line.trim().contains(' '), "{line}");
    }
}

#[test]
fn bad_targets_and_servers_are_errors_that_say_what_is_right() {
    let server = knowing();
    let refused = |targets: &str| probing(&server, targets, &[]).run().error().to_owned();
    let wrong = refused(r#"{"names": [{"of": "cluster", "name": "10.0.0.1"}]}"#);
    assert!(wrong.contains("targets.json: names[0].name"), "{wrong}");
    let empty = refused(&targets(closed_port(), ""));
    assert!(empty.contains("certificate_authority"), "an empty CA is none: {empty}");
    assert!(server.asked().is_empty(), "nobody was asked");
    let run = program(&["probe", "--targets", "nowhere.json"]).run();
    assert!(run.error().contains("nowhere.json"), "{}", run.err);
    let run = program(&["probe", "--snapshot", &healthy(), "--dns", "dns.example.com"]).run();
    assert!(run.error().contains("--dns: dns.example.com is not the address of a DNS server"), "{}", run.err);
    for option in [["--dns", "10.0.0.2"], ["--vantage", "here"], ["--timeout", "3"], ["--deadline", "10"]] {
        let run = program(&[["--snapshot", &healthy()], option].concat()).run();
        assert!(run.error().contains(option[0]) && run.error().contains("need --probe"), "{}", run.err);
    }
}

#[test]
fn the_job_has_no_rights_and_runs_what_the_program_understands() {
    let job = yaml(Path::new("deploy/probe-job.yaml"));
    let pod = &job["spec"]["template"]["spec"];
    assert_eq!((job["kind"].as_str(), pod["restartPolicy"].as_str()), (Some("Job"), Some("Never")));
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_ne!(pod["securityContext"]["runAsUser"], 0);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    for key in ["hostNetwork", "hostPID", "hostIPC", "serviceAccountName"] {
        assert!(pod.get(key).is_none(), "{key}");
    }
    let [container] = pod["containers"].as_array().unwrap().as_slice() else { panic!("one container") };
    let context = &container["securityContext"];
    assert_eq!(context["readOnlyRootFilesystem"], true);
    assert_eq!(context["allowPrivilegeEscalation"], false);
    assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}));
    assert!(context.get("privileged").is_none());
    assert!(container["resources"]["requests"]["cpu"].is_string());
    assert!(container["resources"]["requests"]["memory"].is_string());

    let words = |key: &str| -> Vec<&str> {
        container[key].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
    };
    let line: Vec<&str> = [words("command"), words("args")].concat();
    let parsed = Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{error}"));
    let Some(Command::Probe(args)) = parsed.command else { panic!("it probes") };
    let file = args.targets.as_deref().unwrap();
    let mount = &container["volumeMounts"][0];
    assert_eq!(file.parent().unwrap().to_str(), mount["mountPath"].as_str());
    assert_eq!(mount["readOnly"], true);
    let volume = &pod["volumes"][0];
    assert_eq!(volume["name"], mount["name"]);
    // As the comment at its top makes it.
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/probe-job.yaml")).unwrap();
    let name = volume["configMap"]["name"].as_str().unwrap();
    let made = format!(
        "kubectl create configmap {name} --from-file={}",
        file.file_name().unwrap().to_str().unwrap()
    );
    assert!(text.contains(&made), "{made}");
}
