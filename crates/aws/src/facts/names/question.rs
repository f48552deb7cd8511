//! What is asked of a DNS server.

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// The name, in lower case, without a dot at its end.
    pub name: String,
    /// Whether it came through an inbound endpoint.
    pub inbound: bool,
    /// The VPC whose resolver has it.
    pub vpc: Option<String>,
    /// Whether it is what another name stands for.
    pub alias: bool,
}

impl Question {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), inbound: false, vpc: None, alias: false }
    }
}
