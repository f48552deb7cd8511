//! What the user says about the world that AWS cannot know: flags and `privek-audit.yaml`.
//!
//! Every mistake in it is an error that names the file, the line, the column, the field and
//! what would be right: a typo must never weaken an audit silently.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use crate::yaml;

/// What the user declared.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intent {
    /// Networks whose people and machines must reach the Kubernetes API. `None`: nobody said;
    /// empty: there are none.
    pub operators: Option<Vec<Operator>>,
    /// Features that the cluster will use or will not, by name (see `rules/eks/services.yaml`).
    pub features: BTreeMap<String, bool>,
}

/// A network of operators.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// What to call it; the CIDR where it comes from a flag.
    pub name: String,
    /// Its addresses.
    pub cidr: IpNet,
    /// Its DNS servers.
    #[serde(default)]
    pub dns: Vec<IpAddr>,
    /// Where it enters the cluster's VPC: a peering connection, transit gateway, VPN gateway, ….
    #[serde(default)]
    pub via: Option<String>,
    /// Security groups that its machines carry.
    #[serde(default)]
    pub security_groups: Vec<String>,
}

/// What is wrong with a declaration.
#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// The file could not be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that is not understood.
    #[error("{file}:{line}:{column}: {what}")]
    Wrong {
        /// Its name.
        file: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// The field, what is wrong with it, and what would be right.
        what: String,
    },
    /// A flag says something that is not understood.
    #[error("operator '{flag}': {what}")]
    Flag {
        /// Its value.
        flag: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}

/// The names of the features that may be declared, in order.
pub fn known_features() -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Names {
        features: BTreeMap<String, serde_json::Value>,
    }
    // The matrix is embedded and tested; a broken one lists nothing here and fails loudly in `facts`.
    serde_saphyr::from_str::<Names>(include_str!("../../rules/eks/services.yaml"))
        .map(|names| names.features.into_keys().collect())
        .unwrap_or_default()
}

impl Intent {
    /// Reads a declaration file.
    pub fn read(path: &Path) -> Result<Self, IntentError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_yaml(&file, &text),
            Err(source) => Err(IntentError::Unreadable { file, source }),
        }
    }

    /// Understands the text of a declaration file; `file` is its name in errors.
    pub fn from_yaml(file: &str, text: &str) -> Result<Self, IntentError> {
        let wrong_at =
            |(line, column), what| IntentError::Wrong { file: file.to_owned(), line, column, what };
        let wrong = |at: Location, what: String| wrong_at(yaml::place(at), what);
        // An empty file declares nothing; it is not a mistake.
        let parsed: Option<Written> =
            yaml::parse(text).map_err(|mistake| wrong_at((mistake.line, mistake.column), mistake.what))?;
        let written = parsed.unwrap_or_default();
        let mut features = BTreeMap::new();
        let known = known_features();
        for (name, used) in written.features.unwrap_or_default() {
            if !known.contains(&name) {
                let meant = yaml::nearest(&name, known.iter().map(String::as_str));
                let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
                let known = known.join(", ");
                let what = format!("features.{name}: there is no such feature; {meant}known are {known}");
                return Err(wrong(used.referenced, what));
            }
            features.insert(name, used.value);
        }
        let operators = written.operators.map(|list| operators(list, &wrong)).transpose()?;
        Ok(Self { operators, features })
    }

    /// Adds the operators that flags declare to those of the file.
    pub fn merge_flags(mut self, flags: Vec<Operator>) -> Result<Self, IntentError> {
        for operator in flags {
            let list = self.operators.get_or_insert_with(Vec::new);
            if list.iter().any(|known| known.name == operator.name) {
                return Err(IntentError::Flag {
                    flag: operator.name,
                    what: "it is declared twice; every operator network needs a name of its own".into(),
                });
            }
            list.push(operator);
        }
        Ok(self)
    }

    /// The same declaration with every address, name and id replaced, for sharing.
    #[must_use]
    pub fn redacted(&self, net: impl Fn(IpNet) -> IpNet, text: impl Fn(&str) -> String) -> Self {
        let operators = self.operators.as_ref().map(|list| {
            list.iter()
                .map(|operator| {
                    let cidr = net(operator.cidr);
                    let named_by_cidr = operator.name == operator.cidr.to_string();
                    Operator {
                        name: if named_by_cidr { cidr.to_string() } else { text(&operator.name) },
                        cidr,
                        dns: operator.dns.iter().map(|&server| net(IpNet::from(server)).addr()).collect(),
                        via: operator.via.as_deref().map(&text),
                        security_groups: operator.security_groups.iter().map(|group| text(group)).collect(),
                    }
                })
                .collect()
        });
        Self { operators, features: self.features.clone() }
    }
}

/// The file as it is written, with the places of what is checked further.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    operators: Option<Vec<WrittenOperator>>,
    features: Option<BTreeMap<String, Spanned<bool>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOperator {
    name: Option<Spanned<String>>,
    cidr: Spanned<String>,
    #[serde(default)]
    dns: Vec<Spanned<String>>,
    via: Option<Spanned<String>>,
    #[serde(default)]
    security_groups: Vec<Spanned<String>>,
}

fn operators(
    list: Vec<WrittenOperator>,
    wrong: &impl Fn(Location, String) -> IntentError,
) -> Result<Vec<Operator>, IntentError> {
    let mut known: Vec<Operator> = Vec::new();
    for (at, written) in list.into_iter().enumerate() {
        let fail = |at_field: Location, field: &str, what: &str| {
            wrong(at_field, format!("operators[{at}].{field}: {what}"))
        };
        let place = written.cidr.referenced;
        let cidr = parse_cidr(&written.cidr.value).map_err(|what| fail(place, "cidr", &what))?;
        let (name, named) = match written.name {
            Some(name) => (name.value, name.referenced),
            None => (cidr.to_string(), place),
        };
        if name.trim().is_empty() {
            return Err(fail(named, "name", "it is empty; leave it out to call the network by its CIDR"));
        }
        if known.iter().any(|other| other.name == name) {
            return Err(fail(
                named,
                "name",
                &format!("two operators are called '{name}'; names must differ"),
            ));
        }
        let mut dns = Vec::new();
        for server in written.dns {
            let address = server.value.parse().map_err(|_| {
                let what = format!("'{}' is not an IP address such as 192.168.0.53", server.value);
                fail(server.referenced, "dns", &what)
            })?;
            dns.push(address);
        }
        if let Some(via) = &written.via {
            check_via(&via.value).map_err(|what| fail(via.referenced, "via", &what))?;
        }
        for group in &written.security_groups {
            check_group(&group.value).map_err(|what| fail(group.referenced, "security_groups", &what))?;
        }
        known.push(Operator {
            name,
            cidr,
            dns,
            via: written.via.map(|via| via.value),
            security_groups: written.security_groups.into_iter().map(|group| group.value).collect(),
        });
    }
    Ok(known)
}

/// What a flag looks like.
const FLAG: &str = "CIDR[,via=ID][,sg=ID]…, for instance 10.50.0.0/24,via=pcx-0a1,sg=sg-0b2";

impl FromStr for Operator {
    type Err = IntentError;

    fn from_str(flag: &str) -> Result<Self, IntentError> {
        let wrong = |what: String| IntentError::Flag { flag: flag.to_owned(), what };
        let mut parts = flag.split(',').map(str::trim);
        let cidr = parse_cidr(parts.next().unwrap_or_default()).map_err(wrong)?;
        let mut operator = Operator {
            name: cidr.to_string(),
            cidr,
            dns: Vec::new(),
            via: None,
            security_groups: Vec::new(),
        };
        for part in parts {
            match part.split_once('=') {
                Some(("via", id)) if operator.via.is_none() => {
                    check_via(id).map_err(wrong)?;
                    operator.via = Some(id.to_owned());
                }
                Some(("via", _)) => {
                    return Err(wrong("it has two 'via'; one network enters in one place".into()));
                }
                Some(("sg", id)) => {
                    check_group(id).map_err(wrong)?;
                    operator.security_groups.push(id.to_owned());
                }
                _ => return Err(wrong(format!("'{part}' is not understood; the form is {FLAG}"))),
            }
        }
        Ok(operator)
    }
}

/// Parses a prefix strictly: an address that is not the prefix's first one is a likely typo.
pub(crate) fn parse_cidr(text: &str) -> Result<IpNet, String> {
    let Ok(cidr) = text.parse::<IpNet>() else {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        return address.map_err(|_| format!("'{text}' is not a CIDR; the form is like 10.50.0.0/24"));
    };
    let whole = cidr.trunc();
    if whole == cidr { Ok(cidr) } else { Err(format!("'{text}' has host bits set; did you mean {whole}?")) }
}

pub(crate) fn check_via(id: &str) -> Result<(), String> {
    const KINDS: [&str; 4] = ["pcx-", "tgw-", "vgw-", "eni-"];
    if id.starts_with("arn:") || KINDS.iter().any(|kind| id.len() > kind.len() && id.starts_with(kind)) {
        return Ok(());
    }
    Err(format!(
        "via '{id}' is not the id of a peering connection (pcx-…), transit gateway (tgw-…), VPN gateway (vgw-…) or network interface (eni-…)"
    ))
}

pub(crate) fn check_group(id: &str) -> Result<(), String> {
    if id.len() > 3 && id.starts_with("sg-") {
        return Ok(());
    }
    Err(format!("'{id}' is not the id of a security group (sg-…)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(yaml: &str) -> String {
        Intent::from_yaml("privek-audit.yaml", yaml).unwrap_err().to_string()
    }

    fn refused_flag(flag: &str) -> String {
        flag.parse::<Operator>().unwrap_err().to_string()
    }

    #[test]
    fn a_file_declares_operators_and_features() {
        let yaml = "operators:\n  - { name: head-office, cidr: 192.168.0.0/16, dns: [192.168.0.53] }\n  - { name: bastion, cidr: 10.50.0.0/24, via: pcx-0a1, security_groups: [sg-0b2] }\nfeatures: { karpenter: true, fargate: false }\n";
        let intent = Intent::from_yaml("f", yaml).unwrap();
        let operators = intent.operators.unwrap();
        assert_eq!(operators[0].dns, ["192.168.0.53".parse::<IpAddr>().unwrap()]);
        assert_eq!(operators[1].via.as_deref(), Some("pcx-0a1"));
        assert_eq!(operators[1].security_groups, ["sg-0b2"]);
        assert_eq!(intent.features, BTreeMap::from([("fargate".into(), false), ("karpenter".into(), true)]));
    }

    #[test]
    fn no_operators_differs_from_nobody_said() {
        assert_eq!(Intent::from_yaml("f", "operators: []").unwrap().operators, Some(Vec::new()));
        assert_eq!(Intent::from_yaml("f", "features: {}").unwrap().operators, None);
        assert_eq!(Intent::from_yaml("f", "").unwrap(), Intent::default());
        assert_eq!(Intent::from_yaml("f", "# nothing\n").unwrap(), Intent::default());
    }

    #[test]
    fn a_wrong_field_is_named_with_its_place_and_the_right_one() {
        let text = refused("operators:\n  - { cidr: 10.0.0.0/8, vai: pcx-1 }\n");
        assert!(text.starts_with("privek-audit.yaml:2:"), "{text}");
        assert!(text.contains("`vai`") && text.contains("did you mean `via`?"), "{text}");
        assert!(refused("operators:\n  - { name: a }\n").contains("`cidr` is missing"));
        assert_eq!(
            refused("operators: 5\n"),
            "privek-audit.yaml:1:12: a list is expected here, for instance `[value]`"
        );
        let text = refused("operators:\n  - 10.0.0.0/8\n");
        assert_eq!(text, "privek-audit.yaml:2:5: fields are expected here, for instance `name: value`");
    }

    #[test]
    fn an_unknown_feature_is_an_error_that_lists_the_known_ones() {
        let text = refused("features:\n  irsa: true\n  karpentre: true\n");
        assert!(text.starts_with("privek-audit.yaml:3:"), "{text}");
        assert!(text.contains("did you mean `karpenter`?") && text.contains("pod_identity"), "{text}");
        assert!(refused("features: { irsa: often }\n").starts_with("privek-audit.yaml:1:"));
    }

    #[test]
    fn a_prefix_with_a_typo_is_an_error_that_shows_the_right_one() {
        let text = refused("operators:\n  - name: a\n    cidr: 10.0.0.5/8\n");
        assert_eq!(
            text,
            "privek-audit.yaml:3:11: operators[0].cidr: '10.0.0.5/8' has host bits set; did you mean 10.0.0.0/8?"
        );
        assert!(refused_flag("10.0.0.5/8").contains("did you mean 10.0.0.0/8?"));
        assert!(refused_flag("10.0.0/8").contains("is not a CIDR; the form is like 10.50.0.0/24"));
        assert!(refused_flag("10.0.0.0/33").contains("is not a CIDR"));
        assert!(refused_flag("").contains("is not a CIDR"));
    }

    #[test]
    fn a_flag_names_a_network_its_entrance_and_its_groups() {
        let operator: Operator = "10.50.0.0/24,via=pcx-0a1,sg=sg-0b2,sg=sg-0b3".parse().unwrap();
        assert_eq!(operator.name, "10.50.0.0/24");
        assert_eq!(operator.via.as_deref(), Some("pcx-0a1"));
        assert_eq!(operator.security_groups, ["sg-0b2", "sg-0b3"]);
        let bare: Operator = "10.50.0.7".parse().unwrap();
        assert_eq!(bare.cidr.to_string(), "10.50.0.7/32");
        let six: Operator = "2001:db8::/32".parse().unwrap();
        assert_eq!(six.cidr.to_string(), "2001:db8::/32");
    }

    #[test]
    fn a_flag_with_a_typo_shows_the_form() {
        for flag in ["10.0.0.0/8,vai=pcx-1", "10.0.0.0/8;via=pcx-1,", "10.0.0.0/8,", "10.0.0.0/8,sg"] {
            let text = refused_flag(flag);
            assert!(text.contains("the form is"), "{flag}: {text}");
        }
        assert!(refused_flag("10.0.0.0/8,via=sg-1").contains("via 'sg-1' is not the id"));
        assert!(refused_flag("10.0.0.0/8,sg=pcx-1").contains("'pcx-1' is not the id of a security group"));
        assert!(refused_flag("10.0.0.0/8,via=pcx-1,via=pcx-2").contains("two 'via'"));
    }

    #[test]
    fn two_operators_of_one_name_are_an_error() {
        let text =
            refused("operators:\n  - { name: a, cidr: 10.0.0.0/8 }\n  - { name: a, cidr: 11.0.0.0/8 }\n");
        assert!(text.contains("two operators are called 'a'"), "{text}");
        let twice = vec!["10.0.0.0/8".parse().unwrap(), "10.0.0.0/8,via=pcx-1".parse().unwrap()];
        assert!(Intent::default().merge_flags(twice).unwrap_err().to_string().contains("declared twice"));
    }

    #[test]
    fn flags_add_to_the_file() {
        let file = Intent::from_yaml("f", "operators: [{ cidr: 10.0.0.0/8 }]").unwrap();
        let both = file.merge_flags(vec!["11.0.0.0/8".parse().unwrap()]).unwrap();
        assert_eq!(both.operators.unwrap().len(), 2);
        assert_eq!(Intent::default().merge_flags(Vec::new()).unwrap().operators, None);
    }

    #[test]
    fn redaction_replaces_addresses_and_names_and_keeps_who_is_who() {
        let intent = Intent::from_yaml(
            "f",
            "operators: [{ cidr: 10.0.0.0/8, dns: [10.0.0.53], via: pcx-1, security_groups: [sg-1] }, { name: office, cidr: 11.0.0.0/8 }]",
        )
        .unwrap();
        let other =
            |net: IpNet| if net.prefix_len() == 32 { "7.7.7.7/32" } else { "7.0.0.0/8" }.parse().unwrap();
        let shared = intent.redacted(other, |text| format!("<{text}>")).operators.unwrap();
        assert_eq!((shared[0].name.as_str(), shared[0].via.as_deref()), ("7.0.0.0/8", Some("<pcx-1>")));
        assert_eq!(shared[0].dns, ["7.7.7.7".parse::<IpAddr>().unwrap()]);
        assert_eq!((shared[1].name.as_str(), shared[0].security_groups[0].as_str()), ("<office>", "<sg-1>"));
    }
}
