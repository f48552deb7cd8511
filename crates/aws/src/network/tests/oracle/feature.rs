//! What of AWS's behaviour decides: each is consulted at one place, where it can be switched off.

use std::cell::Cell;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Feature {
    MainTable,
    LongestPrefix,
    SecondaryCidr,
    Blackhole,
    PrefixListRoute,
    PropagatedRoute,
    StaticRouteFirst,
    Peering,
    PeeringState,
    NeverTransitive,
    Transit,
    TransitBlackhole,
    TransitStaticFirst,
    TransitPropagation,
    TransitAssociation,
    TransitSecondTable,
    TransitZone,
    AttachmentAcl,
    Nat,
    NatAcl,
    CentralEgress,
    InternetGateway,
    PublicAddress,
    EgressOnlyGateway,
    VpnGateway,
    GatewayEndpoint,
    PrefixListRule,
    GroupReference,
    PeeringReference,
    TransitReference,
    TransitReferenceSupport,
    UnionOfRules,
    RulePorts,
    RuleProtocol,
    StatefulGroup,
    AclRequest,
    AclReply,
    AclOrder,
    AclPorts,
    AclProtocol,
    SameSubnet,
    Ipv6,
    InternetSource,
    AmazonDns,
    Nat64,
    LocalZone,
    DelegatedPrefix,
}

impl Feature {
    pub const ALL: [Self; 47] = [
        Self::MainTable,
        Self::LongestPrefix,
        Self::SecondaryCidr,
        Self::Blackhole,
        Self::PrefixListRoute,
        Self::PropagatedRoute,
        Self::StaticRouteFirst,
        Self::Peering,
        Self::PeeringState,
        Self::NeverTransitive,
        Self::Transit,
        Self::TransitBlackhole,
        Self::TransitStaticFirst,
        Self::TransitPropagation,
        Self::TransitAssociation,
        Self::TransitSecondTable,
        Self::TransitZone,
        Self::AttachmentAcl,
        Self::Nat,
        Self::NatAcl,
        Self::CentralEgress,
        Self::InternetGateway,
        Self::PublicAddress,
        Self::EgressOnlyGateway,
        Self::VpnGateway,
        Self::GatewayEndpoint,
        Self::PrefixListRule,
        Self::GroupReference,
        Self::PeeringReference,
        Self::TransitReference,
        Self::TransitReferenceSupport,
        Self::UnionOfRules,
        Self::RulePorts,
        Self::RuleProtocol,
        Self::StatefulGroup,
        Self::AclRequest,
        Self::AclReply,
        Self::AclOrder,
        Self::AclPorts,
        Self::AclProtocol,
        Self::SameSubnet,
        Self::Ipv6,
        Self::InternetSource,
        Self::AmazonDns,
        Self::Nat64,
        Self::LocalZone,
        Self::DelegatedPrefix,
    ];
}

/// The features as AWS has them, but for one, and which of them were asked about.
#[derive(Debug, Default)]
pub struct Features {
    off: Option<Feature>,
    asked: Cell<u64>,
}

impl Features {
    pub fn without(off: Feature) -> Self {
        Self { off: Some(off), asked: Cell::default() }
    }

    pub fn has(&self, feature: Feature) -> bool {
        self.asked.set(self.asked.get() | 1 << feature as u8);
        self.off != Some(feature)
    }

    pub fn asked(&self) -> Vec<Feature> {
        Feature::ALL.into_iter().filter(|feature| self.asked.get() >> *feature as u8 & 1 == 1).collect()
    }
}
