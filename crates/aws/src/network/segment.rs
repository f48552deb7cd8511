//! The parts of an end: addresses that AWS treats alike, because they are in one place and carry
//! the same security groups.

use std::borrow::Cow;

use privek_core::known::Missing;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ports::ClientPorts;

use crate::snapshot::aws::ec2::{NatGateway, Subnet};

use super::aws_address::AwsService;
use super::{Carriers, Groups, PublicAddresses};

/// Where addresses are.
#[derive(Clone, Debug)]
pub(crate) enum Location<'s> {
    /// In a subnet of a VPC that was read.
    Inside { subnet: &'s Subnet, vpc: &'s str },
    /// Anywhere else; `via` is the declared connection.
    Outside { via: Option<String> },
}

/// Addresses in one place.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a property of its own that a hop asks for")]
pub(crate) struct Segment<'s> {
    /// The end's name.
    pub label: String,
    /// What tells this part from the end's others.
    pub what: String,
    pub place: Location<'s>,
    pub addresses: AddressSet,
    /// What a fix should name instead of the single addresses: AWS moves interfaces within
    /// their subnets, and a declared network is more than the addresses in use.
    pub around: AddressSet,
    /// What a blocker's part is a part of: the addresses before some of them were split off.
    whole: AddressSet,
    pub groups: Groups,
    /// The interface, where it is one.
    pub interface: Option<&'s str>,
    /// Those with a public address; `None` where that is not told by address.
    pub mapped: Option<AddressSet>,
    /// Whether the others have one.
    pub public: PublicAddresses,
    /// The ports that its clients pick within their VPC, and elsewhere.
    pub ports: [ClientPorts; 2],
    /// Whether a denial of single ports for replies fails no client for good: on both parts of a pair.
    pub is_repeated: bool,
    /// The NAT gateway, where it is one.
    pub translator: Option<&'s NatGateway>,
    /// Whether groups are declared that cannot be there, so that whatever group is meant may be.
    pub is_misdeclared: bool,
    /// An interface that security groups do not apply to.
    pub unfiltered: bool,
    /// An interface endpoint's interface.
    pub is_endpoint: bool,
    /// The interface of a mount target of EFS.
    pub is_mount_target: bool,
    /// The interface of a NAT gateway, which lets nothing in that it did not ask for.
    pub is_nat_gateway: bool,
    /// An interface that no packets from the internet reach (`DenyAllIgwTraffic`).
    pub denies_internet: bool,
    /// What answers, where AWS itself does.
    pub service: Option<AwsService>,
    /// The prefix list that the addresses are the entries of.
    pub prefix_list: Option<String>,
    /// The addresses are all there are, because the prefix list's entries were not read.
    pub is_stand_in: bool,
    /// What would have to be read to know the addresses.
    pub unread: Vec<Missing>,
    pub assumptions: Vec<String>,
}

impl<'s> Segment<'s> {
    pub fn new(
        label: &str,
        what: String,
        place: Location<'s>,
        addresses: AddressSet,
        groups: Groups,
    ) -> Self {
        Self {
            label: label.to_owned(),
            what,
            place,
            around: addresses.clone(),
            whole: addresses.clone(),
            addresses,
            groups,
            interface: None,
            mapped: None,
            public: PublicAddresses::default(),
            ports: [ClientPorts::ANY; 2],
            is_repeated: false,
            translator: None,
            is_misdeclared: false,
            unfiltered: false,
            is_endpoint: false,
            is_mount_target: false,
            is_nat_gateway: false,
            denies_internet: false,
            service: None,
            prefix_list: None,
            is_stand_in: false,
            unread: Vec::new(),
            assumptions: Vec::new(),
        }
    }

    /// With what is known of the network interfaces that have the addresses.
    pub fn carried_by(self, carriers: &Carriers) -> Self {
        Self {
            is_endpoint: carriers.is_endpoint,
            public: carriers.public.clone(),
            ports: [carriers.ports, carriers.ports_beyond],
            ..self
        }
    }

    /// Whether the nodes that its clients are on, or that they are, pick the ports of connections to a part anew, as
    /// the VPC CNI lets them: a connection that fails is repeated from another port.
    pub fn picks_anew(&self, to: &Self, v6: bool) -> bool {
        let [within, _] = self.ports;
        within != ClientPorts::ANY && self.ports_towards(to, v6) == ClientPorts::ANY
    }

    /// The ports that its clients pick for connections to a part. No IPv6 address is translated on the way out.
    pub fn ports_towards(&self, to: &Self, v6: bool) -> ClientPorts {
        let [within, beyond] = self.ports;
        if v6 || self.vpc().is_some() && self.vpc() == to.vpc() { within } else { beyond }
    }

    pub fn vpc(&self) -> Option<&'s str> {
        match self.place {
            Location::Inside { vpc, .. } => Some(vpc),
            Location::Outside { .. } => None,
        }
    }

    pub fn subnet(&self) -> Option<&'s Subnet> {
        match self.place {
            Location::Inside { subnet, .. } => Some(subnet),
            Location::Outside { .. } => None,
        }
    }

    /// The part's addresses of one family.
    pub fn family(&self, v6: bool) -> Self {
        let only = |set: &AddressSet| if v6 { set.only_v6() } else { set.only_v4() };
        Self {
            addresses: only(&self.addresses),
            around: only(&self.around),
            whole: only(&self.whole),
            ..self.clone()
        }
    }

    /// Gives it addresses, and nothing around them.
    pub fn set_addresses(&mut self, addresses: AddressSet) {
        self.around.clone_from(&addresses);
        self.whole.clone_from(&addresses);
        self.addresses = addresses;
    }

    /// The same, as a part of these addresses.
    pub fn of(self, whole: AddressSet) -> Self {
        Self { whole, ..self }
    }

    /// Those of its addresses that are among these.
    pub fn only(&self, addresses: &AddressSet) -> Cow<'_, Self> {
        if addresses.contains_all(&self.addresses) {
            return Cow::Borrowed(self);
        }
        let both = self.addresses.intersect(addresses);
        let around = if addresses.contains_all(&self.around) { self.around.clone() } else { both.clone() };
        Cow::Owned(Self { addresses: both, around, ..self.clone() })
    }

    /// How a reason names some of its addresses.
    pub fn told(&self, addresses: &AddressSet) -> String {
        match &self.prefix_list {
            Some(list) if self.is_stand_in || self.is_all(addresses) => list.clone(),
            _ if self.is_all(addresses) && self.addresses.cidrs().len() > 4 => self.around.told(),
            _ => addresses.told(),
        }
    }

    /// What a blocker names as its part: nothing where it blocks all.
    pub fn part(&self, addresses: &AddressSet) -> Option<String> {
        (!self.is_all(addresses)).then(|| addresses.to_string())
    }

    /// The prefixes that a fix admits or routes.
    pub fn prefixes_for_fix(&self, addresses: &AddressSet) -> Vec<String> {
        let set = if self.is_all(addresses) { &self.around } else { addresses };
        set.cidrs().iter().map(ToString::to_string).collect()
    }

    fn is_all(&self, addresses: &AddressSet) -> bool {
        addresses.contains_all(&self.whole)
    }
}
