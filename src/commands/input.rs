//! What an audit starts from: the snapshot, from AWS or from files; what the user declares; the
//! rules.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};

use super::progress::Line;
use crate::cli::{IntentArgs, SourceArgs};
use crate::collect::aws::{self, AwsOptions};
use crate::intent::{Intent, Operator};
use crate::rule::{self, Rules};
use crate::snapshot::Snapshot;
use crate::snapshot::redact::Redactor;

/// The declarations that are used if they are in the working directory.
const CONFIG: &str = "privek-audit.yaml";

/// What the user declares, and the file that it comes from.
#[derive(Debug, Default)]
pub struct Declared {
    /// File and flags together.
    pub intent: Intent,
    /// A sentence about where it comes from.
    pub origin: Option<String>,
}

/// Reads `--config`, or `privek-audit.yaml`, and adds the flags.
pub fn declared(args: &IntentArgs) -> Result<Declared, anyhow::Error> {
    let (intent, origin) = match &args.config {
        Some(path) => (Intent::read(path)?, Some(format!("Declarations are read from {}.", path.display()))),
        None if Path::new(CONFIG).exists() => (
            Intent::read(Path::new(CONFIG))?,
            Some(format!("Declarations are read from {CONFIG} in the working directory.")),
        ),
        None => (Intent::default(), None),
    };
    let mut operators = Vec::new();
    for flag in &args.operator_cidr {
        operators.push(flag.parse::<Operator>().context("--operator-cidr")?);
    }
    let intent = intent.merge_flags(operators).context("--operator-cidr")?;
    Ok(Declared { intent, origin })
}

/// The rules of the program and those of the directories.
pub fn rules(directories: &[PathBuf]) -> Result<Rules, anyhow::Error> {
    let mut rules = rule::built_in()?;
    for directory in directories {
        rules = rules.with_directory(directory)?;
    }
    Ok(rules)
}

/// Reads the files, or AWS.
pub fn snapshot(args: &SourceArgs) -> Result<Snapshot, anyhow::Error> {
    let mut merged: Option<Snapshot> = None;
    for path in &args.snapshot {
        let read = Snapshot::read(path)?;
        merged = Some(match merged {
            Some(merged) => merged.merge(read)?,
            None => read,
        });
    }
    match (merged, &args.cluster) {
        (Some(mut snapshot), cluster) => {
            snapshot.select_cluster(cluster.as_deref())?;
            Ok(snapshot)
        }
        (None, Some(cluster)) => live(args, cluster),
        (None, None) => bail!("name a cluster with --cluster, or a snapshot with --snapshot"),
    }
}

fn live(args: &SourceArgs, cluster: &str) -> Result<Snapshot, anyhow::Error> {
    let options = AwsOptions { profile: args.profile.clone(), region: args.region.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the network runtime")?;
    let progress = Line::show();
    runtime.block_on(async {
        let config = aws::config(&options).await?;
        Ok(aws::collect(&config, cluster, now(), &progress).await?)
    })
}

/// The declarations with account ids, addresses and names replaced.
pub fn redacted(declared: &Declared, redactor: &Redactor) -> Declared {
    let mut intent = declared.intent.redacted(|net| redactor.net(net), |text| redactor.text(text));
    // No snapshot knows the names that only the user gave, so the redactor does not either.
    let named = declared.intent.operators.iter().flatten();
    for (index, (operator, known)) in intent.operators.iter_mut().flatten().zip(named).enumerate() {
        if known.name != known.cidr.to_string() {
            operator.name = format!("operator-{}", index + 1);
        }
    }
    let origin = declared.origin.as_ref().map(|_| "Declarations are read from a file.".to_owned());
    Declared { intent, origin }
}

fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    rfc3339(seconds)
}

/// Seconds since 1970 as RFC 3339, UTC.
fn rfc3339(seconds: u64) -> String {
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_772_323_199), "2026-02-28T23:59:59Z");
        assert_eq!(rfc3339(1_798_761_599), "2026-12-31T23:59:59Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
