//! The rules in the program and against the emulator; their cases are in `tests/rules`.

mod commands;
mod fixes_applied;
mod max_pods;
pub mod planned;
mod resolver_breakages;
