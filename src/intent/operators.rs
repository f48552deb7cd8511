//! Operators as a flag declares them, and what ids and prefixes look like.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::{IntentError, Operator};

/// What a flag looks like.
const FLAG: &str = "CIDR[,via=ID][,sg=ID]…, for instance 10.50.0.0/24,via=pcx-0a1,sg=sg-0b2";

impl FromStr for Operator {
    type Err = IntentError;

    fn from_str(flag: &str) -> Result<Self, IntentError> {
        let wrong = |what: String| IntentError::Flag { flag: flag.to_owned(), what };
        let mut parts = flag.split(',').map(str::trim);
        let cidr = parse_cidr(parts.next().unwrap_or_default()).map_err(wrong)?;
        let mut operator = Operator {
            name: cidr.to_string(),
            cidr,
            dns: Vec::new(),
            via: None,
            security_groups: Vec::new(),
        };
        for part in parts {
            match part.split_once('=') {
                Some(("via", id)) if operator.via.is_none() => {
                    check_via(id).map_err(wrong)?;
                    operator.via = Some(id.to_owned());
                }
                Some(("via", _)) => {
                    return Err(wrong("it has two 'via'; one network enters in one place".into()));
                }
                Some(("sg", id)) => {
                    check_group(id).map_err(wrong)?;
                    operator.security_groups.push(id.to_owned());
                }
                _ => return Err(wrong(format!("'{part}' is not understood; the form is {FLAG}"))),
            }
        }
        Ok(operator)
    }
}

/// Parses a prefix strictly: an address that is not the prefix's first one is a likely typo.
pub(crate) fn parse_cidr(text: &str) -> Result<IpNet, String> {
    let Ok(cidr) = text.parse::<IpNet>() else {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        return address.map_err(|_| format!("'{text}' is not a CIDR; the form is like 10.50.0.0/24"));
    };
    let whole = cidr.trunc();
    if whole == cidr { Ok(cidr) } else { Err(format!("'{text}' has host bits set; did you mean {whole}?")) }
}

pub(crate) fn check_via(id: &str) -> Result<(), String> {
    const KINDS: [&str; 4] = ["pcx-", "tgw-", "vgw-", "eni-"];
    if id.starts_with("arn:") || KINDS.iter().any(|kind| id.len() > kind.len() && id.starts_with(kind)) {
        return Ok(());
    }
    Err(format!(
        "via '{id}' is not the id of a peering connection (pcx-…), transit gateway (tgw-…), VPN gateway (vgw-…) or network interface (eni-…)"
    ))
}

pub(crate) fn check_group(id: &str) -> Result<(), String> {
    if id.len() > 3 && id.starts_with("sg-") {
        return Ok(());
    }
    Err(format!("'{id}' is not the id of a security group (sg-…)"))
}

/// Whether this can be the id of a subnet.
pub(super) fn check_subnet(id: &str) -> Result<(), String> {
    if id.len() > 7 && id.starts_with("subnet-") {
        return Ok(());
    }
    Err(format!("'{id}' is not the id of a subnet (subnet-…)"))
}
