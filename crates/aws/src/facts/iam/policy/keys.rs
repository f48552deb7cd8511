//! What a request carries besides its action and resource: the values of condition keys, as far as
//! they are known, and which keys it certainly lacks.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>

use std::collections::BTreeMap;

use privek_core::sets::addresses::AddressSet;

use super::moment::Moments;

/// What is known about one key of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    /// The request has these values; `*` in them stands for whatever there may be.
    Values(Vec<String>),
    /// The request has one of these addresses.
    Addresses(AddressSet),
    /// The request has one of these points in time.
    Moments(Moments),
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
    /// The value is that of the cluster's own organization, which is not read; an account may be in none.
    OwnOrganization(OrganizationKey),
}

/// What a key says of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrganizationKey {
    /// Its id.
    Id,
    /// The paths of an account in it.
    Paths,
}

/// A text of a policy, with its variables filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expanded {
    /// All of them are known.
    Text(String),
    /// The request certainly lacks the key of one: the text equals nothing.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value>
    Nothing,
    /// The text is one variable with the value of the cluster's own organization.
    OwnOrganization(OrganizationKey),
    /// The text is one variable with the value of an account or organization of AWS's.
    OfAws,
    /// One of them is not known.
    Unknown,
}

/// The keys of a request; one that is not among them may have any value, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    by_name: BTreeMap<String, Carried>,
    /// The identity provider that issued the caller's token: keys of other providers are absent.
    issuer: Option<String>,
}

impl Keys {
    /// Says what a request carries. IAM compares the names of keys without case.
    pub fn set(&mut self, key: &str, carried: Carried) {
        self.by_name.insert(key.to_ascii_lowercase(), carried);
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
        let key = key.to_ascii_lowercase();
        let listed = self.by_name.get(&key);
        listed.or_else(|| self.is_of_another_issuer(&key).then_some(&Carried::Nothing))
    }

    /// Says that the caller's token is of this identity provider, and no other.
    pub fn only_issuer(&mut self, issuer: &str) {
        self.issuer = Some(issuer.to_ascii_lowercase());
    }

    /// Whether a key is one of an identity provider, by the provider's host name, and not of the token's.
    fn is_of_another_issuer(&self, key: &str) -> bool {
        let (Some(issuer), Some((of, _))) = (&self.issuer, key.rsplit_once(':')) else { return false };
        of.contains('.') && of != issuer
    }

    /// A text with its policy variables filled in.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
    pub(crate) fn expand(&self, text: &str) -> Expanded {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let Some(end) = rest[at..].find('}').map(|end| at + end) else { return Expanded::Unknown };
            out.push_str(&rest[..at]);
            let (key, default) = variable(&rest[at + 2..end]);
            match (self.get(key), default) {
                (Some(Carried::Values(values)), _) if values.len() == 1 => out.push_str(&values[0]),
                (Some(Carried::Nothing), Some(default)) => out.push_str(default),
                (Some(Carried::Nothing), None) => return Expanded::Nothing,
                (Some(Carried::OwnOrganization(which)), None) if is_whole(text, at, end) => {
                    return Expanded::OwnOrganization(*which);
                }
                (Some(Carried::OfAws { .. }), None) if is_whole(text, at, end) => return Expanded::OfAws,
                _ => return Expanded::Unknown,
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Expanded::Text(out)
    }
}

/// Whether a text is one variable and nothing else.
fn is_whole(text: &str, at: usize, end: usize) -> bool {
    at == 0 && text.len() == end + 1
}

/// The key of a variable, and the value that stands for a key that the request lacks.
fn variable(inside: &str) -> (&str, Option<&str>) {
    match inside.split_once(',') {
        Some((key, default)) => {
            (key.trim(), default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\'')))
        }
        None => (inside.trim(), None),
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
        keys.value("oidc.example.com/id/A:aud", "sts.amazonaws.com");
        keys.only_issuer("oidc.example.com/id/A");
        assert_eq!(keys.get("oidc.example.com/id/B:aud"), Some(&Carried::Nothing));
        assert_eq!(keys.get("oidc.example.com/id/A:amr"), None);
        keys.set("aws:PrincipalOrgID", Carried::OwnOrganization(OrganizationKey::Id));
        let text = |text: &str| Expanded::Text(text.to_owned());
        assert_eq!(keys.expand("bucket-${aws:principalaccount}/*"), text("bucket-111122223333/*"));
        assert_eq!(keys.expand("plain"), text("plain"));
        assert_eq!(keys.expand("${aws:SourceArn, 'none'}/a"), text("none/a"));
        assert_eq!(keys.expand("a-${aws:SourceArn}"), Expanded::Nothing);
        keys.set("aws:ResourceOrgID", Carried::OfAws { own: None, present: false });
        assert_eq!(keys.expand("${aws:ResourceOrgID}"), Expanded::OfAws);
        assert_eq!(keys.expand("${aws:PrincipalOrgID}"), Expanded::OwnOrganization(OrganizationKey::Id));
        for unknown in
            ["${aws:PrincipalTag/team}", "${*}", "${aws:PrincipalAccount", "a-${aws:PrincipalOrgID}"]
        {
            assert_eq!(keys.expand(unknown), Expanded::Unknown, "{unknown}");
        }
    }
}
