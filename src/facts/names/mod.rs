//! Names: which ones have to resolve, and what each resolves to from where it is asked.

mod needed;

pub use needed::{NeededName, NeededNames, needed_names};
