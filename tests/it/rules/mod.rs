//! The rules in the program and against the emulator; their cases are in `tests/rules`.

mod commands;
mod max_pods;
mod mended;
pub mod planned;
mod resolver_breakages;
