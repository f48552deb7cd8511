//! Operators as a flag declares them, and what ids and prefixes look like.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Ids;
use super::declared::Operator;
use super::error::IntentError;

/// No part of a flag is longer; what is longer is a paste gone wrong.
pub const LONGEST: usize = 200;

impl Operator {
    /// The network that a flag declares.
    ///
    /// # Errors
    /// The part of the flag that is not understood, and what would be right.
    pub fn from_flag(flag: &str, ids: &Ids) -> Result<Self, IntentError> {
        let wrong = |what: String| IntentError::Flag { flag: flag.to_owned(), what };
        let (cidr, declared) = flag.split_once(',').map_or((flag, None), |(cidr, rest)| (cidr, Some(rest)));
        let cidr = parse_cidr(cidr.trim()).map_err(wrong)?;
        let Declared { via, groups } = declarations(ids, declared, ids.operator_flag).map_err(wrong)?;
        Ok(Self {
            name: cidr.to_string(),
            cidr,
            dns: Vec::new(),
            forwards_to: None,
            public_dns: None,
            via,
            security_groups: groups,
        })
    }
}

/// What is declared about addresses where they are named.
#[derive(Debug, Default)]
pub struct Declared {
    /// The connection of their network to the cluster's network.
    pub via: Option<String>,
    /// Their security groups, sorted.
    pub groups: Vec<String>,
}

/// Understands what follows the first comma of `X[,via=ID][,sg=ID]…`; `form` is the whole's.
pub fn declarations(ids: &Ids, text: Option<&str>, form: &str) -> Result<Declared, String> {
    let mut declared = Declared::default();
    for part in text.into_iter().flat_map(|text| text.split(',')).map(str::trim) {
        let id = |id: &str| part.len() <= LONGEST && !id.chars().any(char::is_control);
        match part.split_once('=') {
            Some(("via", _)) if declared.via.is_some() => {
                return Err("'via' is set twice; a network has one connection".into());
            }
            Some(("via", via)) if id(via) => {
                (ids.via)(via)?;
                declared.via = Some(via.to_owned());
            }
            Some(("sg", group)) if id(group) => {
                (ids.security_group)(group)?;
                declared.groups.push(group.to_owned());
            }
            _ => return Err(format!("'{}' is not understood; the form is {form}", shown(part))),
        }
    }
    declared.groups.sort();
    declared.groups.dedup();
    Ok(declared)
}

/// A text as an error shows it: short, and nothing that moves the cursor.
pub fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().count() > MOST {
        shown.push('…');
    }
    shown
}

/// Parses a prefix strictly: an address that is not the prefix's first one is a likely typo.
pub fn parse_cidr(text: &str) -> Result<IpNet, String> {
    let Ok(cidr) = text.parse::<IpNet>() else {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        return address.map_err(|_| format!("'{text}' is not a CIDR; the form is like 10.50.0.0/24"));
    };
    let whole = cidr.trunc();
    if whole == cidr { Ok(cidr) } else { Err(format!("'{text}' has host bits set; did you mean {whole}?")) }
}
