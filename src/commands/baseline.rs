//! The earlier audit: a saved snapshot, evaluated again with today's rules, or a JSON report.

use std::path::{Path, PathBuf};

use privek_core::report::{Report, SCHEMA_VERSION};
use serde_json::Value;
use thiserror::Error;

use crate::providers::{State, StateError};

/// The earlier audit to compare with.
#[derive(Clone, Debug)]
pub enum Baseline {
    /// An earlier report, unchanged.
    Report(Box<Report>),
    /// A saved state, to be evaluated again with today's rules.
    State(State),
}

/// Why there is no earlier audit to compare with.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("cannot read the baseline {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no JSON.
    #[error("the baseline {path} is not JSON: {source}")]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The file is JSON, but not ours.
    #[error(
        "the baseline {path} is neither a snapshot (no `snapshot_version`) nor a JSON report (no `findings`); \
         write a baseline with `privek-audit snapshot --cluster NAME -o FILE` or with `--format json --output FILE`"
    )]
    Neither {
        /// The file.
        path: PathBuf,
    },
    /// The file looks like a report, but is not one that can be read.
    #[error("the baseline {path} is not a JSON report of this program: {source}")]
    NotAReport {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The report has another version.
    #[error("the baseline {path} is a report of schema_version {found}; this program reads schema_version {known}", known = SCHEMA_VERSION)]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// The version in it.
        found: String,
    },
    /// The snapshot cannot be read.
    #[error("{0}")]
    Snapshot(#[from] StateError),
}

impl Baseline {
    /// Reads a snapshot (also a directory of AWS CLI outputs) or a JSON report.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        if path.is_dir() {
            return Ok(Self::State(State::read(path)?));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|source| BaselineError::Unreadable { path: path.to_owned(), source })?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|source| BaselineError::NotJson { path: path.to_owned(), source })?;
        if value.get("findings").is_some() {
            let found = value.get("schema_version").and_then(Value::as_str).unwrap_or("none");
            if found != SCHEMA_VERSION {
                return Err(BaselineError::OtherVersion { path: path.to_owned(), found: found.to_owned() });
            }
            let report = serde_json::from_value(value)
                .map_err(|source| BaselineError::NotAReport { path: path.to_owned(), source })?;
            return Ok(Self::Report(Box::new(report)));
        }
        if value.get("snapshot_version").is_none() {
            return Err(BaselineError::Neither { path: path.to_owned() });
        }
        Ok(Self::State(State::from_json(&path.display().to_string(), &text)?))
    }
}

#[cfg(test)]
mod tests {
    use privek_core::header::Header;
    use privek_core::report::Severity;
    use privek_core::rule::{self, Evaluation};

    use super::*;
    use crate::providers::{DEFAULT, Intent};

    fn report() -> Report {
        let (state, rules) = (State::only(Header::default()), rule::built_in(DEFAULT).unwrap());
        let evaluation = Evaluation { fail_on: Severity::Blocker, collected_at: None, gaps: Vec::new() };
        let judge = |facts: &dyn rule::FactSource| rule::evaluate(&rules, facts, &evaluation);
        state.with_facts(&Intent::default(), judge).unwrap().unwrap()
    }

    #[test]
    fn a_baseline_is_a_report_or_a_snapshot_and_anything_else_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            let path = directory.path().join("baseline.json");
            std::fs::write(&path, text).unwrap();
            Baseline::read(&path)
        };
        let report = privek_core::render::document::pretty(&report());
        assert!(matches!(read(&report), Ok(Baseline::Report(_))));
        assert!(matches!(read(r#"{"snapshot_version": 1}"#), Ok(Baseline::State(_))));
        assert!(matches!(read(r#"{"Vpcs": []}"#), Err(BaselineError::Neither { .. })));
        assert!(matches!(read(&report[..report.len() / 2]), Err(BaselineError::NotJson { .. })));
        assert!(matches!(
            read(r#"{"schema_version": "9", "findings": []}"#),
            Err(BaselineError::OtherVersion { .. })
        ));
        assert!(matches!(
            read(r#"{"schema_version": "1", "findings": []}"#),
            Err(BaselineError::NotAReport { .. })
        ));
        assert!(matches!(
            Baseline::read(&directory.path().join("none")),
            Err(BaselineError::Unreadable { .. })
        ));
    }
}
