//! What a probe asks for: names with the addresses that they should have, and the cluster's CA. All of
//! it can be in a file, so that the same probe runs where AWS cannot be read.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use privek_core::observation::{CLUSTER, Networks};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use super::ProbeError;

/// More names than all of AWS's endpoints a cluster could need.
const MOST_NAMES: usize = 500;
/// More addresses than an endpoint has zones.
const MOST_ADDRESSES: usize = 64;

/// What a probe asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// The cluster's name, for the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The region, for the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The cluster's CA as EKS gives it: PEM in base64; PEM itself will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_authority: Option<String>,
    /// Where the cluster is, so that a probe can tell whether it runs there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<Networks>,
    /// The names.
    pub names: Vec<Target>,
}

/// One name to ask for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// [`CLUSTER`], or a service's suffix, for instance `ecr.api`.
    pub of: String,
    /// The host name.
    pub name: String,
    /// The private addresses that the name should resolve to; empty where none, absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<BTreeSet<IpAddr>>,
    /// Whether nodes cannot work without the name.
    #[serde(default)]
    pub essential: bool,
    /// Whether the name also resolves to public addresses: the API name of a cluster with public access, outside the VPC.
    /// Absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_public: Option<bool>,
    /// The port.
    #[serde(default = "https", skip_serializing_if = "is_https")]
    pub port: u16,
}

fn https() -> u16 {
    443
}

// `skip_serializing_if` hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_https(port: &u16) -> bool {
    *port == https()
}

impl Target {
    /// A name on port 443.
    pub fn new(of: &str, name: &str, expected: Option<BTreeSet<IpAddr>>, essential: bool) -> Self {
        Self {
            of: of.to_owned(),
            name: name.to_owned(),
            expected,
            essential,
            also_public: None,
            port: https(),
        }
    }
}

impl Targets {
    /// Targets from a file's text; errors call it `source_name`.
    ///
    /// # Errors
    /// Text that is no such JSON, a name that no host can have, a CA that is none.
    pub fn from_json(source_name: &str, text: &str) -> Result<Self, ProbeError> {
        let mut parser = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
        let wrong = |field: String, inner: &serde_json::Error| ProbeError::Syntax {
            source_name: source_name.to_owned(),
            line: inner.line(),
            column: inner.column(),
            field,
            why: inner
                .to_string()
                .replace(&format!(" at line {} column {}", inner.line(), inner.column()), ""),
        };
        let targets: Self = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
            let path = error.path().to_string();
            wrong(if path == "." { "JSON".to_owned() } else { path }, error.inner())
        })?;
        parser.end().map_err(|error| wrong("after the end".to_owned(), &error))?;
        targets.checked(source_name)
    }

    /// The same as a file's text.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists: nothing that JSON could refuse.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Names in lower case without a dot at the end, each once, in order; everything else as it is, if it
    /// can be used.
    ///
    /// # Errors
    /// A name that no host can have, a CA that is none.
    pub fn checked(mut self, source_name: &str) -> Result<Self, ProbeError> {
        let wrong = |field: String, why: String| ProbeError::Value {
            source_name: source_name.to_owned(),
            field,
            why,
        };
        if self.names.is_empty() {
            return Err(wrong("names".into(), "is empty".to_owned()));
        }
        if self.names.len() > MOST_NAMES {
            return Err(wrong("names".into(), format!("has more than {MOST_NAMES} names")));
        }
        for (index, target) in self.names.iter_mut().enumerate() {
            let name = target.name.trim_end_matches('.').to_ascii_lowercase();
            if !is_host(&name) {
                let why = format!(
                    "{:?} is not a host name; an example is sts.eu-central-1.amazonaws.com",
                    target.name
                );
                return Err(wrong(format!("names[{index}].name"), why));
            }
            if target.of.is_empty() || target.of.len() > 100 || target.of.chars().any(char::is_control) {
                let why = format!("must be `{CLUSTER}` or a service's suffix, for instance ecr.api");
                return Err(wrong(format!("names[{index}].of"), why));
            }
            if target.port == 0 {
                return Err(wrong(format!("names[{index}].port"), "0 is not a port".into()));
            }
            if target.expected.as_ref().is_some_and(|all| all.len() > MOST_ADDRESSES) {
                let why = format!("has more than {MOST_ADDRESSES} addresses");
                return Err(wrong(format!("names[{index}].expected"), why));
            }
            target.name = name;
        }
        let mut by_name = BTreeMap::new();
        for target in std::mem::take(&mut self.names) {
            by_name.entry((target.of != CLUSTER, target.of.clone(), target.name.clone())).or_insert(target);
        }
        self.names = by_name.into_values().collect();
        self.authority().map_err(|why| wrong("certificate_authority".into(), why))?;
        Ok(self)
    }

    /// The certificates of the cluster's CA; none where it is not given.
    pub(super) fn authority(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let Some(given) = self.certificate_authority.as_deref().map(str::trim) else { return Ok(Vec::new()) };
        let pem = if given.starts_with("-----") {
            given.as_bytes().to_vec()
        } else {
            let packed: String = given.split_whitespace().collect();
            STANDARD.decode(packed).map_err(|_| "is neither PEM nor PEM in base64".to_owned())?
        };
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
        if certificates.is_empty() {
            return Err(
                "contains no certificate; the value is certificateAuthority.data of eks:DescribeCluster"
                    .to_owned(),
            );
        }
        Ok(certificates)
    }
}

/// Whether this is a CA that a file of targets could give.
pub fn is_authority(given: &str) -> bool {
    let targets = Targets { certificate_authority: Some(given.to_owned()), ..Targets::default() };
    targets.authority().is_ok_and(|certificates| {
        rustls::RootCertStore::empty().add_parsable_certificates(certificates).0 > 0
    })
}

/// Whether a host can have this name (<https://www.rfc-editor.org/rfc/rfc1123#section-2.1>), and no address is meant.
fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(label) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Targets, ProbeError> {
        Targets::from_json("targets.json", text)
    }

    #[test]
    fn names_are_told_once_in_one_order_with_the_cluster_first() {
        let text = r#"{"names": [
            {"of": "sts", "name": "STS.eu-west-1.amazonaws.com."},
            {"of": "cluster", "name": "ABC.gr7.eu-west-1.eks.amazonaws.com", "expected": ["10.0.0.1"], "essential": true},
            {"of": "sts", "name": "sts.eu-west-1.amazonaws.com", "port": 8443}]}"#;
        let targets = parse(text).unwrap();
        let names: Vec<&str> = targets.names.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(names, ["abc.gr7.eu-west-1.eks.amazonaws.com", "sts.eu-west-1.amazonaws.com"]);
        assert_eq!(targets.names[1].port, 443);
        assert_eq!(parse(&targets.to_json()).unwrap(), targets);
    }

    #[test]
    fn what_no_host_can_be_called_is_an_error_with_its_place() {
        for name in
            ["", ".", "a..b", "-a.com", "a b.com", "10.0.0.1", "x\n.com", "*.a.com", "ümlaut.de", "::1"]
        {
            let text = serde_json::json!({"names": [{"of": "sts", "name": name}]}).to_string();
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.starts_with("targets.json: names[0].name: "), "{error}");
        }
        assert!(
            parse(&format!(r#"{{"names": [{{"of": "sts", "name": "{}.com"}}]}}"#, "a".repeat(64))).is_err()
        );
    }

    #[test]
    fn mistakes_name_file_line_and_field() {
        for (text, expected) in [
            ("{", "targets.json:1:1"),
            (r#"{"names": [{"of": "sts", "name": "a.b", "expect": []}]}"#, "names[0].expect"),
            (r#"{"names": [{"of": "sts", "name": "a.b", "expected": ["10.0.0"]}]}"#, "names[0].expected[0]"),
            (r#"{"names": [{"of": "sts", "name": "a.b", "port": 0}]}"#, "names[0].port"),
            (r#"{"names": [{"of": "", "name": "a.b"}]}"#, "names[0].of"),
            (r#"{"names": []}"#, "names: is empty"),
            ("7", ": JSON: invalid type"),
            (
                r#"{"names": [{"of": "sts", "name": "a.b"}], "certificate_authority": "%"}"#,
                "certificate_authority: is neither",
            ),
            (
                r#"{"names": [{"of": "sts", "name": "a.b"}], "certificate_authority": "AAAA"}"#,
                "certificate_authority: contains no",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
