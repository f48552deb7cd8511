//! Parses the command line, runs the command, prints, exits.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use privek_audit::cli::Cli;
use privek_audit::commands;

fn main() -> ExitCode {
    let done = match commands::run(&Cli::parse()) {
        Ok(done) => done,
        Err(error) => return could_not_run(&commands::sentence(&error)),
    };
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(done.stdout.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            could_not_run(&format!("cannot write to standard output: {error}"))
        }
        // A reader that has seen enough (`| head`) is no error.
        _ => ExitCode::from(done.exit_code),
    }
}

fn could_not_run(why: &str) -> ExitCode {
    // If standard error is closed too, there is no place for an error.
    let _ = writeln!(std::io::stderr(), "error: {why}");
    ExitCode::from(2)
}
