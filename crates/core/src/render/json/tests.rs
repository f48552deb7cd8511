//! The JSON is what the published schemas say.

use std::path::Path;

use schemars::schema_for;
use serde_json::Value;

use super::*;
use crate::drift::{self, Drift};
use crate::render::format::{Output, ProbeOutput};
use crate::report::probe::ProbeSummary;
use crate::report::trace::Trace;
use crate::report::{Report, Severity, sample};

/// The published schema is the one that the types have; `tests/bless schemas` writes it.
fn published(name: &str, schema: &schemars::Schema) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    let current = pretty(schema);
    if std::env::var("PRIVEK_BLESS").is_ok_and(|asked| asked == "schemas") {
        std::fs::write(&path, &current).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(published, current, "docs/{name} is old: run `tests/bless schemas`");
    serde_json::from_str(&published).unwrap()
}

/// As `--format json` prints it.
fn printed<T: Output>(output: &T) -> String {
    T::renderer(&FORMAT).unwrap()(output, &Style { width: 80, color: false })
}

fn validate(schema: Value, document: &str) {
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("schema.json", schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    if let Err(error) = schemas.validate(&document, index) {
        panic!("{error:#}");
    }
}

#[test]
fn the_report_is_what_the_published_schema_says() {
    let schema = published("report.schema.json", &schema_for!(Report));
    validate(schema, &printed(&sample::report()));
}

#[test]
fn the_drift_is_what_the_published_schema_says() {
    let schema = published("drift.schema.json", &schema_for!(Drift));
    let mut before = sample::report();
    before.findings.truncate(1);
    let drift = drift::compare(&before, &sample::report(), Severity::Blocker).unwrap();
    validate(schema, &printed(&drift));
}

#[test]
fn the_trace_is_what_the_published_schema_says() {
    let schema = published("trace.schema.json", &schema_for!(Trace));
    validate(schema, &printed(&sample::trace()));
}

#[test]
fn the_probe_is_what_the_published_schema_says() {
    use crate::observation::{Dns, Observation, Proxy, Seen, Tls, TlsOutcome, Vantage};
    use crate::report::probe::Probe;
    let schema = published("probe.schema.json", &schema_for!(Probe<Vantage, Observation>));
    let vantage = Vantage { name: "bastion".into(), ..Vantage::default() };
    let tls = Tls {
        address: "10.0.0.1".parse().unwrap(),
        port: 443,
        outcome: TlsOutcome::WrongName,
        detail: None,
        issuer: Some("CN=kubernetes".into()),
        names: vec!["a.example".into()],
        millis: 3,
    };
    let seen = [Seen::Dns(Dns::default()), Seen::Tls(tls), Seen::Proxy(Proxy::default())].map(|seen| {
        let at = "2026-11-20T12:00:00Z".to_owned();
        let (of, name) = ("sts".to_owned(), "sts.eu-west-1.amazonaws.com".to_owned());
        Observation {
            vantage: vantage.clone(),
            at,
            of,
            name,
            essential: true,
            expected: None,
            also_public: None,
            seen,
        }
    });
    let probe = Probe::new(vantage.clone(), "2026-11-20T12:00:00Z".into(), seen.to_vec(), sample::report());
    let (title, summary) = (String::new(), ProbeSummary::default());
    let output = ProbeOutput { title, summary, report: &sample::report(), document: &probe };
    validate(schema, &printed(&output));
    let again: Probe<Vantage, Observation> = serde_json::from_str(&pretty(&probe)).unwrap();
    assert_eq!(again, probe);
}

#[test]
fn the_report_reads_back_as_it_was_written() {
    let report = sample::report();
    let text = pretty(&report);
    assert_eq!(text, printed(&report));
    assert!(text.ends_with("}\n"));
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}
