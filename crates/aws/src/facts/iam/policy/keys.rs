//! What a request carries besides its action and resource: the values of condition keys, as far as
//! they are known, and which keys it certainly lacks.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>

use std::collections::BTreeMap;

use privek_core::sets::addresses::AddressSet;

/// What is known about one key of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    /// The request has these values; `*` in them stands for whatever there may be.
    Values(Vec<String>),
    /// The request has one of these addresses.
    Addresses(AddressSet),
    /// The request has this value, or does not have the key: AWS does not say of which services.
    Perhaps(String),
    /// The request does not have the key.
    Nothing,
    /// The value is that of AWS's own account or organisation, which AWS does not publish.
    OfAws {
        /// The owner's own account, which it is not.
        own: Option<String>,
        /// Whether the request certainly has the key.
        present: bool,
    },
}

/// The keys of a request; one that is not among them may have any value, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys(BTreeMap<String, Carried>);

impl Keys {
    /// Says what a request carries. IAM compares the names of keys without case.
    pub fn set(&mut self, key: &str, carried: Carried) {
        self.0.insert(key.to_ascii_lowercase(), carried);
    }

    /// Says that a request carries one value.
    pub fn value(&mut self, key: &str, value: impl Into<String>) {
        self.set(key, Carried::Values(vec![value.into()]));
    }

    /// Says that a request lacks these keys.
    pub fn lacks(&mut self, keys: &[&str]) {
        for key in keys {
            self.set(key, Carried::Nothing);
        }
    }

    /// What is known about a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Carried> {
        self.0.get(&key.to_ascii_lowercase())
    }

    /// A text with its policy variables filled in; `None` where one of them is not known.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
    pub(crate) fn expand(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let end = at + rest[at..].find('}')?;
            out.push_str(&rest[..at]);
            match self.get(rest[at + 2..end].trim())? {
                Carried::Values(values) if values.len() == 1 => out.push_str(&values[0]),
                _ => return None,
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_where_all_of_them_are_known() {
        let mut keys = Keys::default();
        keys.value("aws:PrincipalAccount", "111122223333");
        keys.lacks(&["aws:SourceArn"]);
        assert_eq!(keys.expand("bucket-${aws:principalaccount}/*").as_deref(), Some("bucket-111122223333/*"));
        assert_eq!(keys.expand("plain").as_deref(), Some("plain"));
        for unknown in ["${aws:PrincipalTag/team}", "${aws:SourceArn}", "${*}", "${aws:PrincipalAccount"] {
            assert_eq!(keys.expand(unknown), None, "{unknown}");
        }
    }
}
