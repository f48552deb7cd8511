//! Amazon EKS as the engine knows it: the rules, and what they may name.

use privek_core::pack::{Document, Pack, RuleFile, Vocabulary};
use privek_core::subject::Target;
use schemars::schema_for;

use crate::facts::{self, EndSpec, FlowPort, KINDS, OBSERVED};
use crate::network::Blocker;

/// A file of this repository below `rules/eks`.
macro_rules! document {
    ($name:literal) => {
        Document {
            file: concat!("rules/eks/", $name),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/eks/", $name)),
        }
    };
}

/// Amazon EKS.
pub static PACK: Pack = Pack {
    provider: "aws",
    areas: &[
        "endpoint",
        "vpc",
        "subnets",
        "reachability",
        "dns",
        "services",
        "storage",
        "operators",
        "capacity",
    ],
    rules: include!(concat!(env!("OUT_DIR"), "/rules.rs")),
    blockers: document!("blockers.yaml"),
    catalogue: document!("catalogue.yaml"),
    not_covered: document!("not_covered.yaml"),
    inputs: document!("inputs.yaml"),
    kinds: KINDS,
    vocabulary,
    observed: OBSERVED,
    spelling: &[
        ("acl", "ACL"),
        ("dns", "DNS"),
        ("eni", "ENI"),
        ("iam", "IAM"),
        ("nat", "NAT"),
        ("resolver", "Resolver"),
        ("vpc", "VPC"),
        ("vpn", "VPN"),
    ],
    region_variable: "$AWS_REGION",
};

fn vocabulary() -> Vocabulary {
    let kinds = KINDS.iter().filter_map(|kind| Some(((*kind).to_owned(), facts::schema(kind)?.to_value())));
    Vocabulary {
        kinds: kinds.collect(),
        target: schema_for!(Target).to_value(),
        blocker: schema_for!(Blocker).to_value(),
        flow_ends: facts::flow_ends(),
        check_end: |text| match text.parse::<EndSpec>() {
            Ok(EndSpec::Network(name)) => Ok(Some(name)),
            Ok(_) => Ok(None),
            Err(error) => Err(error.to_string()),
        },
        check_port: |text| text.parse::<FlowPort>().map(drop).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod words;
