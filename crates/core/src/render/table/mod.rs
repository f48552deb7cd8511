//! The format for people. Made for 80 columns, without colour, in a pipe.

mod drift;
mod failures;
mod probe;
mod report;
mod rules;
#[cfg(test)]
mod tests;
mod trace;
mod unknowns;

use super::format::Format;

/// The format.
pub const FORMAT: Format = Format {
    name: "table",
    help: "For people",
    has_preface: true,
    report: Some(report::table),
    trace: Some(trace::table),
    drift: Some(drift::table),
    probe: Some(probe::table),
    rule_list: Some(rules::list),
    rule: Some(rules::in_full),
    rule_fields: Some(rules::fields),
};
