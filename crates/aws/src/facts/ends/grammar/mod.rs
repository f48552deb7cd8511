//! The grammar of ends, for `trace` and for rules' flows alike: a role, a service, a resource's id,
//! an address, a CIDR, or a network that the declarations name. Pure syntax: what an end is in a
//! snapshot is found elsewhere.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use privek_core::yaml;

use crate::catalogue::services;
use crate::ids::{self, IdForm};
use crate::intent::{self, Declared, LONGEST, shown};

pub use crate::intent::ROLES;

/// One end of a flow or trace, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndSpec {
    /// A part in the cluster, one of [`ROLES`].
    Role(String),
    /// An AWS service by the suffix of its endpoint's name, for instance `ecr.api`.
    Service(String),
    /// A network interface, instance, subnet, VPC endpoint or prefix list, by its id.
    Resource(String),
    /// Addresses.
    Addresses(IpNet),
    /// A network that the declarations name.
    Network(String),
}

/// An end with what the user declares about it: `X[,via=ID][,sg=ID]...`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredEnd {
    /// The end.
    pub spec: EndSpec,
    /// The connection of its network to the VPC: a peering connection, gateway or network interface.
    pub via: Option<String>,
    /// The security groups on its addresses.
    pub groups: Vec<String>,
}

/// Why a text is no end, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a valid source or destination: {what}")]
pub struct EndSpecError {
    text: String,
    what: String,
}

/// What an end may be.
const FORMS: &str = "valid are: an id (eni-…, i-…, subnet-…, vpce-…, pl-…), an IP address, a CIDR, \
                     a service (ecr.api), a role (nodes) or a declared network";

/// The form of an end with what is declared about it.
const DECLARED: &str = "END[,via=ID][,sg=ID]…, for instance 10.50.0.0/24,via=pcx-0a1,sg=sg-0b2";

impl FromStr for EndSpec {
    type Err = EndSpecError;

    fn from_str(text: &str) -> Result<Self, EndSpecError> {
        let text = text.trim();
        understood(text).map_err(|what| EndSpecError { text: shown(text), what })
    }
}

fn understood(text: &str) -> Result<EndSpec, String> {
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(FORMS.to_owned());
    }
    if ROLES.contains(&text) {
        return Ok(EndSpec::Role(text.to_owned()));
    }
    if is_service(text) {
        return Ok(EndSpec::Service(text.to_owned()));
    }
    if text.starts_with("arn:") {
        return Err(format!("an ARN cannot be traced; {FORMS}"));
    }
    if text.contains("://") {
        return Err(format!("a URL cannot be traced; {FORMS}"));
    }
    if let Some(service) = service_meant(text) {
        return Err(format!("did you mean {service}?"));
    }
    if is_like_address(text) {
        let net = intent::parse_cidr(text)?;
        return Ok(EndSpec::Addresses(net));
    }
    if let Some(outcome) = resource(text) {
        return outcome;
    }
    if text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") {
        return Err("DNS names are not looked up; write the service suffix, an address, or the role \
                    control-plane for the Kubernetes API"
            .to_owned());
    }
    if text.contains([',', '=', '/']) || text.starts_with('-') {
        return Err(FORMS.to_owned());
    }
    Ok(EndSpec::Network(text.to_owned()))
}

fn is_service(text: &str) -> bool {
    services::matrix().is_ok_and(|matrix| matrix.services.contains_key(text))
}

/// The suffix of a service that is named in full: `com.amazonaws.eu-central-1.ecr.api`.
fn service_meant(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("com.amazonaws.").or_else(|| text.strip_prefix("cn.com.amazonaws."))?;
    rest.split_once('.').map(|(_, suffix)| suffix).filter(|suffix| !suffix.is_empty())
}

/// Whether a text is meant as an address, right or wrong.
fn is_like_address(text: &str) -> bool {
    let v4 = text.starts_with(|c: char| c.is_ascii_digit())
        && text.contains(['.', '/'])
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '/'));
    let v6 = text.contains(':') && text.chars().all(|c| c.is_ascii_hexdigit() || ":./%".contains(c));
    v4 || v6
}

/// A resource's id, or what is wrong with a text that is meant as one.
fn resource(text: &str) -> Option<Result<EndSpec, String>> {
    let lower = text.to_ascii_lowercase();
    for IdForm { prefix, instead, .. } in &ids::FORMS {
        let Some(rest) = lower.strip_prefix(prefix) else { continue };
        let Some(number) = rest.strip_prefix(['-', '_', '.', ' ', ':']) else { continue };
        let right = format!("{prefix}-{number}");
        if let Some(instead) = instead {
            // `vpc-operators` may be what somebody calls a network.
            if !is_number(number) {
                return None;
            }
            let id = if instead.ends_with('=') { right.as_str() } else { "" };
            return Some(Err(format!("{instead}{id}")));
        }
        if number.is_empty() {
            return Some(Err(format!("the id is incomplete; the form is like {prefix}-0a1b2c3d4e5f60718")));
        }
        if right == text && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Some(Ok(EndSpec::Resource(right)));
        }
        if is_number(number) {
            return Some(Err(format!("did you mean {right}?")));
        }
        if right == lower && !lower.contains([' ', '(']) {
            return Some(Err(format!("an id is a prefix and a number, like {prefix}-0a1b2c3d4e5f60718")));
        }
    }
    let (prefix, number) = lower.split_once(['-', '_'])?;
    if is_number(number) && number.len() >= 8 && number.contains(|c: char| c.is_ascii_digit()) {
        let ends = ids::FORMS.iter().filter(|form| form.instead.is_none()).map(|form| form.prefix);
        let near = yaml::nearest(prefix, ends.filter(|prefix| prefix.len() > 2));
        let meant = near.map(|near| format!("did you mean {near}-{number}? ")).unwrap_or_default();
        return Some(Err(format!("{meant}{FORMS}")));
    }
    None
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit())
}

impl EndSpec {
    /// Whether this is an AWS service, or all of them.
    pub(crate) fn is_service(&self) -> bool {
        match self {
            Self::Service(_) => true,
            Self::Role(role) => role == "services",
            _ => false,
        }
    }
}

impl fmt::Display for EndSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(name) | Self::Service(name) | Self::Resource(name) | Self::Network(name) => {
                f.write_str(name)
            }
            Self::Addresses(net) if net.prefix_len() == net.max_prefix_len() => {
                let address: IpAddr = net.addr();
                write!(f, "{address}")
            }
            Self::Addresses(net) => write!(f, "{net}"),
        }
    }
}

impl FromStr for DeclaredEnd {
    type Err = EndSpecError;

    fn from_str(text: &str) -> Result<Self, EndSpecError> {
        let wrong = |what: String| EndSpecError { text: shown(text.trim()), what };
        let (spec, declared) = text.split_once(',').map_or((text, None), |(spec, rest)| (spec, Some(rest)));
        let spec: EndSpec = spec.parse()?;
        let Declared { via, groups } = intent::declarations(declared, DECLARED).map_err(wrong)?;
        let end = Self { spec, via, groups };
        end.fits().map_err(wrong)?;
        Ok(end)
    }
}

impl DeclaredEnd {
    /// Whether this kind of end can have what is declared about it.
    fn fits(&self) -> Result<(), String> {
        let is_subnet =
            matches!(&self.spec, EndSpec::Resource(id) if ids::kind(id) == Some(ids::ResourceKind::Subnet));
        let is_network = matches!(self.spec, EndSpec::Addresses(_));
        if self.via.is_some() && !is_network {
            return Err(
                "'via' is valid only for addresses; a resource in a VPC has a known location".to_owned()
            );
        }
        if !self.groups.is_empty() && !is_network && !is_subnet {
            return Err("'sg' is valid only for subnets and addresses; any other resource has its own security groups".to_owned());
        }
        Ok(())
    }
}

impl From<EndSpec> for DeclaredEnd {
    fn from(spec: EndSpec) -> Self {
        Self { spec, via: None, groups: Vec::new() }
    }
}

impl fmt::Display for DeclaredEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.spec)?;
        self.via.iter().try_for_each(|via| write!(f, ",via={via}"))?;
        self.groups.iter().try_for_each(|group| write!(f, ",sg={group}"))
    }
}

#[cfg(test)]
mod tests;
