//! User data as the settings that rules need, and nothing else of it.
//!
//! User data may hold passwords, so what EC2 returns is read once, here, and dropped: the type that a
//! launch template holds cannot contain it. Settings are taken over only where they have the form of
//! such a setting; all else is named in general words, never quoted. What a script computes when it
//! runs stays unresolved.

mod bottlerocket;
mod cloud_config;
mod decode;
mod node_config;
mod parts;
mod proxy;
mod script;
mod settings;
mod shell;
#[cfg(test)]
mod tests;
mod value;
mod windows;

pub use decode::UserData;
pub use settings::{Bootstrap, NodeAgent, UserDataFormat};
pub use value::redacted_ca;
pub use value::{ca_fingerprints, is_redacted_ca};
