//! A line on standard error while AWS is read, or the network probed, on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::collect::Progress;

/// The progress line; it disappears when it is dropped.
#[derive(Debug)]
pub struct Line {
    bar: ProgressBar,
    what: &'static str,
    of: &'static str,
}

impl Line {
    /// Shows the line of a reading, on a terminal.
    pub fn show() -> Self {
        Self::about("reading AWS", "calls, at most 30 s each")
    }

    /// Shows the line of a probe, on a terminal.
    pub fn probing() -> Self {
        Self::about("probing", "tries")
    }

    fn about(what: &'static str, of: &'static str) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style.tick_chars("|/-\\ "));
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, what, of }
    }
}

impl Progress for Line {
    fn say(&self, done: usize, started: usize, what: &str) {
        self.bar.set_message(format!("{}: {done} of {started} {}: {what}", self.what, self.of));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
