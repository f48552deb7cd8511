//! Runs the program as a user would, with nothing of this machine's AWS configuration.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::emulator::{REGION, emulator};

/// One run of the program to be.
pub struct Program {
    command: Command,
    home: TempDir,
}

/// What a run printed.
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// How long it took.
    pub took: Duration,
}

/// The program with these arguments, and no AWS configuration at all.
pub fn program(arguments: &[&str]) -> Program {
    let home = tempfile::tempdir().expect("a scratch directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_privek-audit"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // An empty working directory, so that no privek-audit.yaml is found by accident.
        .current_dir(home.path());
    Program { command, home }
}

/// The program against the emulator.
pub fn against_emulator(arguments: &[&str]) -> Program {
    program(arguments).credentials("AKIATESTS").env("AWS_ENDPOINT_URL", &emulator().endpoint())
}

impl Program {
    /// Sets an environment variable.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self
    }

    /// Static credentials and the region.
    pub fn credentials(self, access_key: &str) -> Self {
        self.env("AWS_ACCESS_KEY_ID", access_key)
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", REGION)
    }

    /// A file in the directory that the program runs in.
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the scratch directory is writable");
        std::fs::write(path, text).expect("the scratch directory is writable");
        self
    }

    /// Runs it.
    pub fn run(mut self) -> Run {
        let started = Instant::now();
        let output = self.command.output().expect("the program starts");
        Run {
            code: output.status.code().expect("the program was not killed"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
            took: started.elapsed(),
        }
    }
}

impl Run {
    /// The JSON report, with an exit code that agrees with it.
    pub fn report(&self) -> Value {
        assert!(self.code != 2, "exit code 2: {}", self.err);
        let report: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out));
        assert_eq!(report["exit_code"], self.code, "the report and the process agree on the exit code");
        let verdict = match self.code {
            0 => "ready",
            1 => "not_ready",
            3 => "incomplete",
            other => panic!("exit code {other} is no verdict"),
        };
        assert_eq!(report["verdict"], verdict);
        report
    }

    /// One clear sentence, exit 2, nothing on standard output; returns the sentence.
    pub fn error(&self) -> &str {
        assert_eq!(self.code, 2, "stdout: {}\nstderr: {}", self.out, self.err);
        assert_eq!(self.out, "", "nothing on standard output");
        let said = self.err.trim();
        assert!(!said.is_empty(), "an error says what is wrong");
        assert!(!said.contains("panicked"), "{said}");
        said
    }
}

/// Outcomes by rule and subject id.
pub fn outcomes(report: &Value) -> std::collections::BTreeMap<(String, String), String> {
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| ((text(&finding["rule"]), text(&finding["subject"]["id"])), text(&finding["outcome"])))
        .collect()
}
