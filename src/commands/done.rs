//! What every subcommand ends with.

/// What a command that ran hands to `main`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// For standard output; empty where the report went to a file.
    pub stdout: String,
    /// The process's exit code.
    pub exit_code: u8,
}
