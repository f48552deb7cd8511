//! The result of a DNS lookup.

use std::collections::BTreeSet;
use std::net::IpAddr;

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::network::{Blocker, BlockerCode, Remedy};
use crate::snapshot::aws::ec2::VpcEndpoint;

/// What the client of a DNS lookup receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// These addresses, from a private zone or, for the cluster's own name, from public DNS.
    Addresses(BTreeSet<IpAddr>),
    /// The addresses of a VPC endpoint, whether or not they were read.
    Endpoint {
        /// The VPC endpoint.
        id: String,
        /// The zone, where the name is that of one zone.
        zone: Option<String>,
    },
    /// One of these: a routing policy decides which one.
    Choice(Vec<Answer>),
    /// What public DNS says, which are public addresses.
    Public,
    /// No address: the name does not exist in the zone, or no server answers.
    Nothing,
}

impl Answer {
    /// The private addresses; empty without an answer, `None` for public ones.
    pub fn addresses(&self, context: &Context<'_>) -> Known<Option<BTreeSet<IpAddr>>> {
        match self {
            Self::Addresses(all) => Ok(Some(all.clone())),
            Self::Endpoint { id, zone } => match endpoint(context, id) {
                Some(endpoint) => {
                    let all = vpc_endpoint::record_addresses(context, endpoint)?;
                    let Some(zone) = zone else { return Ok(Some(all)) };
                    let own = vpc_endpoint::zonal_addresses(context, endpoint, zone)?;
                    Ok(Some(own.intersection(&all).copied().collect()))
                }
                None => Err(vec![context.missing("VpcEndpoints", Some(id))]),
            },
            Self::Choice(all) => {
                let mut found = BTreeSet::new();
                let (mut some, mut none, mut public) = (false, false, false);
                for one in all {
                    match one.addresses(context)? {
                        Some(addresses) if addresses.is_empty() => none = true,
                        Some(addresses) => {
                            some = true;
                            found.extend(addresses);
                        }
                        None => public = true,
                    }
                }
                match (some, none, public) {
                    (true, false, false) | (false, true, false) => Ok(Some(found)),
                    (false, false, true) => Ok(None),
                    _ => Err(vec![undecided()]),
                }
            }
            Self::Public => Ok(None),
            Self::Nothing => Ok(Some(BTreeSet::new())),
        }
    }
}

impl Answer {
    /// The addresses of all interfaces of a VPC endpoint.
    pub fn of_endpoint(id: &str) -> Self {
        Self::Endpoint { id: id.to_owned(), zone: None }
    }

    /// The answers that a routing policy may choose from; of any other answer the answer itself.
    pub fn each(&self) -> &[Self] {
        match self {
            Self::Choice(all) => all,
            one => std::slice::from_ref(one),
        }
    }
}

/// A routing policy chooses from answers that differ.
pub(crate) fn undecided() -> Missing {
    Missing::probe("the DNS answer that the routing policy of the records chooses")
}

/// The VPC endpoint of this id.
pub(crate) fn endpoint<'s>(context: &Context<'s>, id: &str) -> Option<&'s VpcEndpoint> {
    let mut all = context.snapshot.aws.vpc_endpoints.iter().flatten();
    all.find(|endpoint| endpoint.vpc_endpoint_id == id)
}

/// A query by way of a forwarding rule, or of the DNS servers of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forward {
    /// The Resolver rule; none where the client's own DNS servers forward.
    pub rule: Option<String>,
    /// The VPC of the inbound Resolver endpoint that receives the query.
    pub to: String,
}

/// The result of a DNS lookup, and the reasons.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    /// What the client receives.
    pub answer: Known<Answer>,
    /// The objects that block the lookup; empty where there is an answer.
    pub blockers: Vec<Blocker>,
    /// The objects that block some servers or protocols while another one works.
    pub weaknesses: Vec<Blocker>,
    /// What is not known of other servers or protocols while one works.
    pub doubts: Vec<Missing>,
    /// The steps of the lookup, in order, in clauses.
    pub steps: Vec<String>,
    /// The forwarded queries of the lookup, in order.
    pub forwards: Vec<Forward>,
    /// Whether a server denies the name: then the client queries no other server.
    pub denied: bool,
    /// The object that has the answer: a hosted zone or a VPC endpoint, as kind and id. None for public DNS.
    pub source: Option<(&'static str, String)>,
    /// The rule of DNS Firewall that answers with another name, whose addresses the answer has.
    pub overridden: Option<Blocker>,
}

impl Lookup {
    /// A server answers.
    pub fn told(answer: Answer, step: String) -> Self {
        Self::with(Ok(answer), step)
    }

    /// What the answer is depends on this.
    pub fn unknown(missing: Vec<Missing>, step: String) -> Self {
        Self::with(Err(missing), step)
    }

    /// No server answers, because of these.
    pub fn nothing(blockers: Vec<Blocker>, step: String) -> Self {
        Self { blockers, ..Self::with(Ok(Answer::Nothing), step) }
    }

    fn with(answer: Known<Answer>, step: String) -> Self {
        Self {
            answer,
            blockers: Vec::new(),
            weaknesses: Vec::new(),
            doubts: Vec::new(),
            steps: vec![step],
            forwards: Vec::new(),
            denied: false,
            source: None,
            overridden: None,
        }
    }

    /// A server says that the name does not exist, or blocks the name.
    pub fn denied(blockers: Vec<Blocker>, step: String) -> Self {
        Self { denied: true, ..Self::nothing(blockers, step) }
    }

    /// The same, where this may change the answer, or the server that answers.
    pub fn unless(mut self, missing: Vec<Missing>) -> Self {
        if missing.is_empty() {
            return self;
        }
        self.weaknesses.append(&mut self.blockers);
        self.answer = match self.answer {
            Ok(_) => Err(missing),
            Err(why) => Err(why.into_iter().chain(missing).collect()),
        };
        self
    }

    /// The same, where this may remove the answer. Where there is no answer, nothing changes.
    pub fn provided(self, missing: Vec<Missing>) -> Self {
        if self.answer == Ok(Answer::Nothing) { self } else { self.unless(missing) }
    }

    /// The same, from this object, unless another one is named.
    pub fn from(mut self, kind: &'static str, id: &str) -> Self {
        self.source.get_or_insert_with(|| (kind, id.to_owned()));
        self
    }

    /// The same, after this step.
    pub fn after(mut self, step: String) -> Self {
        self.steps.insert(0, step);
        self
    }
}

/// The answer of several servers, one of which the client queries: an answer of one server is an answer,
/// and depends on all of them.
pub(crate) fn of_servers(all: Vec<Lookup>) -> Lookup {
    let (mut told, mut silent, mut unclear) = (Vec::new(), Vec::new(), Vec::new());
    for one in all {
        match &one.answer {
            Ok(Answer::Nothing) => silent.push(one),
            Ok(_) => told.push(one),
            Err(_) => unclear.push(one),
        }
    }
    let missing = |all: &[Lookup]| -> Vec<Missing> {
        all.iter().filter_map(|one| one.answer.as_ref().err()).flatten().cloned().collect()
    };
    let failures = |all: &mut Vec<Lookup>| -> Vec<Blocker> {
        all.iter_mut().flat_map(|one| std::mem::take(&mut one.blockers)).collect()
    };
    let (mut whole, doubts) = if let Some(first) = told.first().cloned() {
        let mut whole = first;
        // Resolvers ask the next server where one is silent, and believe one that says no.
        let denied = silent.iter().filter(|one| one.denied);
        if let Some(other) =
            told.iter().find(|other| other.answer != whole.answer).or(denied.into_iter().next())
        {
            let step = other.steps.last().cloned().unwrap_or_default();
            whole.answer = Err(vec![Missing::probe(format!(
                "the DNS answer that the client uses; {step} answers differently"
            ))]);
        }
        whole.weaknesses = told.iter_mut().flat_map(|one| std::mem::take(&mut one.weaknesses)).collect();
        whole.weaknesses.extend(failures(&mut silent));
        (whole, missing(&unclear))
    } else if unclear.is_empty() {
        let denied = silent.iter().all(|one| one.denied);
        let mut whole = Lookup { denied, ..Lookup::nothing(failures(&mut silent), String::new()) };
        whole.steps = silent.iter().map(|one| one.steps.clone()).next().unwrap_or_default();
        whole.forwards = silent.into_iter().flat_map(|one| one.forwards).collect();
        (whole, Vec::new())
    } else {
        let mut whole = Lookup::unknown(missing(&unclear), String::new());
        whole.steps = unclear.iter().map(|one| one.steps.clone()).next().unwrap_or_default();
        whole.weaknesses = failures(&mut silent);
        whole.forwards = unclear.into_iter().flat_map(|one| one.forwards).collect();
        (whole, Vec::new())
    };
    whole.steps.retain(|step| !step.is_empty());
    whole.doubts.extend(doubts);
    for list in [&mut whole.weaknesses, &mut whole.blockers] {
        list.sort();
        list.dedup();
    }
    whole
}

/// The answer of records that a routing policy chooses from: any of them may be the one that clients receive.
pub(crate) fn of_choice(all: Vec<Lookup>) -> Lookup {
    let (mut answers, mut missing) = (Vec::new(), Vec::new());
    let mut whole: Option<Lookup> = None;
    for one in all {
        match &one.answer {
            Ok(answer) => {
                for answer in answer.each() {
                    if !answers.contains(answer) {
                        answers.push(answer.clone());
                    }
                }
            }
            Err(why) => missing.extend(why.iter().cloned()),
        }
        match &mut whole {
            None => whole = Some(one),
            Some(whole) => {
                whole.blockers.extend(one.blockers);
                whole.weaknesses.extend(one.weaknesses);
                whole.doubts.extend(one.doubts);
                whole.denied &= one.denied;
            }
        }
    }
    let mut whole = whole.unwrap_or_else(|| Lookup::unknown(Vec::new(), String::new()));
    whole.answer = match (missing.is_empty(), answers.len()) {
        (true, 1) => answers.pop().ok_or_else(|| vec![undecided()]),
        (true, _) if !answers.is_empty() => Ok(Answer::Choice(answers)),
        (true, _) => Err(vec![undecided()]),
        (false, _) => Err(missing),
    };
    whole
}

/// An object that blocks the lookup of a name.
pub(crate) fn blocker(code: BlockerCode, kind: &str, id: &str, reason: String, remedy: Remedy) -> Blocker {
    Blocker { code, kind: kind.to_owned(), id: id.to_owned(), leg: None, part: None, reason, remedy }
}
