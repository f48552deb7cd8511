//! The story of a trace for people.

use super::json::pretty;
use super::text::{Page, Style};
use crate::report::trace::Trace;

/// The answer as JSON, as `docs/trace.schema.json` describes it.
pub fn json(trace: &Trace) -> String {
    pretty(trace)
}

/// The answer as text.
pub fn table(trace: &Trace, style: &Style) -> String {
    let mut page = Page::new(*style);
    page.line(&format!("{:?}", trace.verdict));
    page.finish()
}
