//! What is true of every provider: unknowns, sets of addresses, paths, declarations, rules and reports.
//!
//! No cloud's words, and no I/O but the files that rules and declarations are read from.

pub mod drift;
pub mod header;
pub mod intent;
pub mod known;
pub mod observation;
pub mod pack;
pub mod path;
pub mod proxy;
pub mod render;
pub mod report;
pub mod rule;
pub mod sets;
pub mod subject;
pub mod time;
pub mod yaml;
