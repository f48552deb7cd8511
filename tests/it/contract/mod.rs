//! What holds the house: who may import whom.

mod house;
pub mod layers;
mod made_up_imports;
mod made_up_rules;
mod resolve;
mod rings;
pub mod rules;
mod scan;
mod tokens;
mod tree;
