//! Destination and format of the report.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use privek_core::render::{FORMATS, Format, default_format};

/// Destination and format of the report.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// The format of the report.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: FormatArg,
    /// Write the report to a file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace account ids, addresses and names consistently in all saved and printed output.
    #[arg(long)]
    pub redact: bool,
    /// No colors, even on a terminal; the environment variable `NO_COLOR` has the same effect.
    #[arg(
        long,
        help = "No colors, even on a terminal; the environment variable NO_COLOR has the same effect"
    )]
    pub no_color: bool,
}

/// One of the renderers' formats.
#[derive(Clone, Copy, Debug)]
pub struct FormatArg(pub &'static Format);

impl Default for FormatArg {
    fn default() -> Self {
        Self(default_format())
    }
}

impl ValueEnum for FormatArg {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<FormatArg>> = LazyLock::new(|| FORMATS.iter().map(FormatArg).collect());
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name).help(self.0.help))
    }
}
