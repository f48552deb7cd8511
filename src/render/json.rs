//! The report as JSON, as `docs/report.schema.json` describes it.

use serde::Serialize;

use crate::report::Report;

/// The report, pretty, with a newline at the end.
pub fn render(report: &Report) -> String {
    pretty(report)
}

/// Any of the program's JSON, pretty, with a newline at the end.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    // The types that come here have string keys and no fallible serializers.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
