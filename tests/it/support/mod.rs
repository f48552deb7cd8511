//! What the tests of this crate use: the program, the emulator, servers; and what `tests/rules` uses too.

pub mod authority;
pub mod emulator;
pub mod estate;
pub mod program;
pub mod recorded;
pub mod replay;
pub mod schema;
pub mod servers;
pub mod tls_servers;

#[path = "../../support/mod.rs"]
mod shared;

pub use shared::*;
