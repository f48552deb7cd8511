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
    /// The addresses of this VPC endpoint, whether or not they were read.
    Endpoint(String),
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
            Self::Endpoint(id) => match endpoint(context, id) {
                Some(endpoint) => vpc_endpoint::record_addresses(context, endpoint).map(Some),
                None => Err(vec![context.missing("VpcEndpoints", Some(id))]),
            },
            Self::Public => Ok(None),
            Self::Nothing => Ok(Some(BTreeSet::new())),
        }
    }
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

/// An object that blocks the lookup of a name.
pub(crate) fn blocker(code: BlockerCode, kind: &str, id: &str, reason: String, remedy: Remedy) -> Blocker {
    Blocker { code, kind: kind.to_owned(), id: id.to_owned(), leg: None, part: None, reason, remedy }
}
