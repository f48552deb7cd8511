//! What is asked of a DNS server.

/// A DNS question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// The name, in lower case, without a dot at its end.
    pub name: String,
    /// Whether it arrived at an inbound Resolver endpoint.
    pub inbound: bool,
    /// The VPC whose resolver has it.
    pub vpc: Option<String>,
    /// Whether the name is the alias target of another name.
    pub alias: bool,
}

impl Question {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), inbound: false, vpc: None, alias: false }
    }
}
