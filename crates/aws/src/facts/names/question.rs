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
    /// The types of queries that DNS Firewall lets through here without a look at the name, because the name is
    /// one to which a name redirects. `None` where no name redirects here.
    pub redirected: Option<Vec<RecordType>>,
}

impl Question {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), inbound: false, vpc: None, alias: false, redirected: None }
    }

    /// The same, by way of an inbound Resolver endpoint.
    pub fn through_inbound(name: &str) -> Self {
        Self { inbound: true, ..Self::new(name) }
    }
}

/// The types of records that clients look up: one for each address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordType {
    A,
    Aaaa,
}

impl RecordType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::Aaaa];

    /// Whether a text means this type: by name, or by number as `TYPE28`
    /// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_FirewallRule.html>).
    pub fn is(self, text: &str) -> bool {
        let (name, number) = match self {
            Self::A => ("A", 1),
            Self::Aaaa => ("AAAA", 28),
        };
        let text = text.trim().to_ascii_uppercase();
        text == name || text.strip_prefix("TYPE").and_then(|text| text.parse::<u16>().ok()) == Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::RecordType;

    #[test]
    fn a_type_has_a_name_and_a_number() {
        assert!(RecordType::A.is("A") && RecordType::A.is("TYPE1") && RecordType::Aaaa.is("type28"));
        assert!(!RecordType::A.is("TYPE28") && !RecordType::A.is("AAAA") && !RecordType::Aaaa.is("TYPE"));
        assert!(!RecordType::A.is("TYPE12") && !RecordType::A.is("MX"));
    }
}
