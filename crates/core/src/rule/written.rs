//! A rule file as it is written.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::report::Severity;

/// A rule file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    pub severity: Spanned<RawSeverity>,
    pub subject: Option<Spanned<String>>,
    pub flow: Option<RawFlow>,
    pub when: Option<Spanned<String>>,
    pub assert: Option<Spanned<String>>,
    pub why: Spanned<String>,
    pub message: Spanned<String>,
    #[serde(default)]
    pub evidence: Vec<Spanned<String>>,
    pub blockers: Option<Spanned<String>>,
    pub fix: RawFix,
    pub references: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub covers: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFlow {
    pub from: Spanned<String>,
    pub to: Spanned<String>,
    pub port: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFix {
    pub summary: Spanned<String>,
    #[serde(default)]
    pub commands: Vec<Spanned<String>>,
}

/// One severity, or cases of it.
#[derive(Debug)]
pub(super) struct RawSeverity(pub Vec<RawCase>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCase {
    pub when: Option<Spanned<String>>,
    pub severity: Severity,
}

impl<'de> Deserialize<'de> for RawSeverity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrCases;

        impl<'de> Visitor<'de> for OneOrCases {
            type Value = RawSeverity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("blocker, warning, info, or a list of {when, severity}")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawSeverity, E> {
                let severity = match name {
                    "blocker" => Severity::Blocker,
                    "warning" => Severity::Warning,
                    "info" => Severity::Info,
                    _ => return Err(E::unknown_variant(name, &["blocker", "warning", "info"])),
                };
                Ok(RawSeverity(vec![RawCase { when: None, severity }]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut cases: A) -> Result<RawSeverity, A::Error> {
                let mut list = Vec::new();
                while let Some(case) = cases.next_element()? {
                    list.push(case);
                }
                Ok(RawSeverity(list))
            }
        }

        deserializer.deserialize_any(OneOrCases)
    }
}
