//! What AWS documents and no operation returns, as data (`rules/eks/*.yaml`): each file is parsed once, here.

pub mod iam;
pub mod registries;
pub mod services;
pub mod versions;
