//! What a format is: a name, and a function for each kind of output that it can print.

use std::fmt;

use thiserror::Error;

use super::document::ToJson;
use super::text::Style;
use crate::drift::Drift;
use crate::report::Report;
use crate::report::probe::ProbeSummary;
use crate::report::rules::{RuleFields, RuleInFull, RuleList};
use crate::report::trace::Trace;

/// Prints one kind of output; the style is for formats that have width and colour.
pub type Renderer<T> = fn(&T, &Style) -> String;

/// A format of `--format`. A kind of output that it cannot print is `None`.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The name for `--format`.
    pub name: &'static str,
    /// The readers of the format, for the help.
    pub help: &'static str,
    /// Whether sentences may precede the output.
    pub has_preface: bool,
    /// An audit's report.
    pub report: Option<Renderer<Report>>,
    /// The answer of a trace.
    pub trace: Option<Renderer<Trace>>,
    /// What changed between two audits.
    pub drift: Option<Renderer<Drift>>,
    /// The observations of a probe.
    pub probe: Option<fn(&ProbeOutput<'_>, &Style) -> String>,
    /// The list of rules.
    pub rule_list: Option<Renderer<RuleList>>,
    /// One rule in full.
    pub rule: Option<Renderer<RuleInFull>>,
    /// The fields that rules can read.
    pub rule_fields: Option<Renderer<RuleFields>>,
}

impl Format {
    /// A format that prints nothing, as the base of the others.
    pub const NOTHING: Self = Self {
        name: "",
        help: "",
        has_preface: false,
        report: None,
        trace: None,
        drift: None,
        probe: None,
        rule_list: None,
        rule: None,
        rule_fields: None,
    };

    /// The renderer for one kind of output; the error names the formats of `all` that have one.
    pub fn renderer<T: Output>(&self, all: &[Self]) -> Result<Renderer<T>, CannotRender> {
        T::renderer(self).ok_or_else(|| CannotRender {
            format: self.name,
            what: T::WHAT,
            others: all.iter().filter(|other| T::renderer(other).is_some()).map(|other| other.name).collect(),
        })
    }

    /// A sentence above the output, in formats that allow one.
    pub fn preface(&self, text: &str) -> String {
        if self.has_preface { format!("{text}\n\n") } else { String::new() }
    }
}

/// A kind of output.
pub trait Output: Sized {
    /// The name of this kind of output in errors.
    const WHAT: &'static str;

    /// The renderer of a format, if the format has one.
    fn renderer(format: &Format) -> Option<Renderer<Self>>;
}

macro_rules! outputs {
    ($($output:ty, $field:ident, $what:literal;)*) => {
        $(impl Output for $output {
            const WHAT: &'static str = $what;

            fn renderer(format: &Format) -> Option<Renderer<Self>> {
                format.$field
            }
        })*
    };
}

outputs! {
    Report, report, "the report of an audit";
    Trace, trace, "a trace";
    Drift, drift, "drift";
    RuleList, rule_list, "the list of rules";
    RuleInFull, rule, "one rule in full";
    RuleFields, rule_fields, "the fields of rules";
}

impl<'p> Output for ProbeOutput<'p> {
    const WHAT: &'static str = "the report of a probe";

    fn renderer(format: &Format) -> Option<Renderer<ProbeOutput<'p>>> {
        format.probe.map(|renderer| renderer as Renderer<ProbeOutput<'p>>)
    }
}

/// The observations of a probe, in words and as data, and the findings.
pub struct ProbeOutput<'p> {
    /// The cluster, the place and the time of the probe.
    pub title: String,
    /// The observations, in words.
    pub summary: ProbeSummary,
    /// The findings of the rules about observations.
    pub report: &'p Report,
    /// All of it, as `docs/probe.schema.json` describes it.
    pub document: &'p dyn ToJson,
}

impl fmt::Debug for ProbeOutput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeOutput").field("title", &self.title).finish_non_exhaustive()
    }
}

/// A format cannot print the output of a command.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("--format {format} cannot print {what}; formats that can: {}", others.join(", "))]
pub struct CannotRender {
    /// The format.
    pub format: &'static str,
    /// What it cannot print.
    pub what: &'static str,
    /// The formats that can.
    pub others: Vec<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const PLAIN: Style = Style { width: 80, color: false };

    const ALL: [Format; 3] = [
        Format { name: "long", report: Some(|_, _| "long".to_owned()), has_preface: true, ..Format::NOTHING },
        Format {
            name: "short",
            report: Some(|_, _| "short".to_owned()),
            trace: Some(|trace, style| format!("{} in {} columns", trace.port, style.width)),
            ..Format::NOTHING
        },
        Format { name: "none", ..Format::NOTHING },
    ];

    #[test]
    fn a_format_prints_what_it_can_and_names_those_that_can_print_the_rest() {
        let [long, short, none] = ALL;
        assert_eq!(long.renderer::<Report>(&ALL).unwrap()(&sample::report(), &PLAIN), "long");
        let trace = short.renderer::<Trace>(&ALL).unwrap()(&sample::trace(), &PLAIN);
        assert_eq!(trace, "tcp/443 in 80 columns");
        assert_eq!(
            none.renderer::<Report>(&ALL).unwrap_err().to_string(),
            "--format none cannot print the report of an audit; formats that can: long, short"
        );
        assert_eq!(
            long.renderer::<Trace>(&ALL).unwrap_err().to_string(),
            "--format long cannot print a trace; formats that can: short"
        );
        assert_eq!(short.renderer::<ProbeOutput<'_>>(&ALL).unwrap_err().others, Vec::<&str>::new());
    }

    #[test]
    fn a_sentence_stands_above_only_what_bears_one() {
        let [long, short, _] = ALL;
        assert_eq!((long.preface("Look."), short.preface("Look.")), ("Look.\n\n".to_owned(), String::new()));
    }
}
