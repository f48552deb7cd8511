//! From a report to bytes, one format a file or folder. Renderers never filter, sort or reword findings;
//! the table folds passes into a line per area and names everything else.

pub mod document;
mod format;
pub mod forwarders;
pub mod json;
mod table;
pub mod text;

pub use format::{CannotRender, Format, Output, ProbeOutput, Renderer};

/// Every format of `--format`, in the order of the help. The first is the default, and prints everything.
pub static FORMATS: &[Format] = &[table::FORMAT, json::FORMAT];

/// The format of commands without the option `--format`, and the default of the others.
pub fn default_format() -> &'static Format {
    &FORMATS[0]
}

/// A format's renderer for one kind of output. Commands ask before they call the provider, so that an
/// unsupported format costs no collection.
pub fn renderer<T: Output>(format: &Format) -> Result<Renderer<T>, CannotRender> {
    format.renderer(FORMATS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::drift::Drift;
    use crate::report::Report;
    use crate::report::rules::{RuleFields, RuleInFull, RuleList};
    use crate::report::trace::Trace;

    #[test]
    fn the_formats_have_names_of_their_own_and_the_default_prints_everything() {
        let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
        assert_eq!((names.len(), names.contains("")), (FORMATS.len(), false));
        let format = default_format();
        assert!(renderer::<Report>(format).is_ok() && renderer::<Trace>(format).is_ok());
        assert!(renderer::<Drift>(format).is_ok() && renderer::<ProbeOutput<'_>>(format).is_ok());
        assert!(renderer::<RuleList>(format).is_ok() && renderer::<RuleInFull>(format).is_ok());
        assert!(renderer::<RuleFields>(format).is_ok());
    }
}
