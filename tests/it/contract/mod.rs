//! What the program promises, and what holds the house: who may import whom.

mod architecture;
pub mod checks;
mod demo;
mod drift;
mod errors;
mod golden;
mod golden_errors;
mod golden_runs;
mod guard;
mod house;
pub mod layers;
mod made_up_imports;
mod made_up_rules;
mod readme;
mod redact;
mod resolve;
mod rings;
mod scan;
mod tokens;
mod trace;
mod tree;
