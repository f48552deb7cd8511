//! The format for programs: JSON, as `docs/*.schema.json` describe it.

use serde::Serialize;

use super::document::pretty;
use super::format::Format;
use super::text::Style;

/// The format.
pub const FORMAT: Format = Format {
    name: "json",
    help: "For programs; docs/*.schema.json describe reports, traces, probes and drift",
    report: Some(json),
    trace: Some(json),
    drift: Some(json),
    probe: Some(|probe, _| probe.document.json()),
    rule_list: Some(json),
    ..Format::NOTHING
};

fn json<T: Serialize>(output: &T, _: &Style) -> String {
    pretty(output)
}

#[cfg(test)]
mod tests;
