//! From a report to bytes, one format a file. Renderers never filter, sort or reword findings;
//! the table folds passes into a line per area and names everything else.

pub mod drift;
mod failures;
pub mod forwarders;
pub mod json;
pub mod probe;
#[cfg(test)]
pub(crate) mod sample;
pub mod table;
pub mod text;
pub mod trace;
mod unknowns;
