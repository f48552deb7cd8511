//! A line on standard error while AWS is read, if a person is there to see it.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::collect::Progress;

/// The progress line; it disappears when it is dropped.
#[derive(Debug)]
pub struct Line(ProgressBar);

impl Line {
    /// Shows the line, on a terminal.
    pub fn show() -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style.tick_chars("|/-\\ "));
        }
        bar.set_message("reading AWS");
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl Progress for Line {
    fn say(&self, done: usize, started: usize, what: &str) {
        self.0.set_message(format!("reading AWS: {done} of {started} calls, 30 s at most each: {what}"));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
