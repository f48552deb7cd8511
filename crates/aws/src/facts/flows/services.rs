//! Flows to AWS services: one for each service of the matrix, needed or not, so that what is listed
//! does not hang on what was read.

use std::collections::BTreeMap;

use privek_core::known::{self, Known, Missing};
use privek_core::subject::{Fact, Subjects};

use crate::catalogue::services::{self, Feature, Matrix, Service};
use crate::facts::EndSpec;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::ends;
use crate::facts::ends::end_set::{self, Ends, Parties, Party};
use crate::facts::features::{self, FeatureUse};
use crate::facts::inventory::subnets;
use crate::facts::serving::s3::{S3, S3Route};
use crate::facts::serving::{callers, dns64, service_endpoint, unseen};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::{AskedPort, FlowFacts, FlowPort, FlowResult, FlowRun, is_role};

/// The roles whose needs the matrix knows.
const CLIENTS: [&str; 3] = ["nodes", "pods", "fargate"];

/// The roles whose machines call AWS from outside the VPC.
const OUTSIDE: [&str; 2] = ["hybrid-nodes", "operators"];

/// What the flows to all services share.
pub(super) struct Services<'r, 'a, 's> {
    pub(super) run: &'r FlowRun<'a, 's>,
    matrix: &'static Matrix,
    used: BTreeMap<String, FeatureUse>,
    s3: S3<'a, 's>,
    other_way: Known<bool>,
}

/// The flows of these parties to every service, or to the one that is named.
pub(crate) fn flows(
    run: &FlowRun<'_, '_>,
    asked: &AskedPort,
    parties: &Parties<'_>,
    subjects: &mut Subjects,
) {
    let matrix = match services::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => return subjects.unlisted.extend(missing),
    };
    let all = Services {
        run,
        matrix,
        used: features::used(run.context, matrix),
        s3: S3::new(run.context),
        other_way: callers::other_way(run.context),
    };
    // Where no feature is used whose services operators call, it does not matter who they are.
    if !is_role(&run.from, "operators") || all.needed_by_any() != Ok(false) {
        subjects.unlisted.extend(parties.unlisted.iter().cloned());
    }
    for party in &parties.listed {
        let sources = Sources::new(run, party);
        for (suffix, service) in &matrix.services {
            let named = matches!(&run.to, EndSpec::Service(name) if name == suffix);
            if named || matches!(run.to, EndSpec::Role(_)) && all.is_called(suffix) {
                subjects.listed.push(all.flow(asked, party, &sources, suffix, service).subject());
            }
        }
    }
}

/// Where a party's packets to services start.
struct Sources {
    ends: std::rc::Rc<Ends>,
    applies: Known<bool>,
}

impl Sources {
    /// Pods that share the nodes' subnets and groups reach services as the nodes do, which is asked for
    /// already.
    fn new(run: &FlowRun<'_, '_>, party: &Party<'_>) -> Self {
        if matches!(&run.from, EndSpec::Role(role) if role == "pods") {
            let (ends, applies) = ends::beyond_nodes(run.context);
            return Self { ends, applies };
        }
        let applies = Ok(!party.ends.are_none());
        Self { ends: std::rc::Rc::clone(&party.ends), applies }
    }
}

impl Services<'_, '_, '_> {
    fn flow(
        &self,
        asked: &AskedPort,
        party: &Party<'_>,
        sources: &Sources,
        suffix: &str,
        service: &Service,
    ) -> FlowFacts {
        let context = self.run.context;
        let needed = known::all([
            self.needed(suffix),
            asked.needed.clone(),
            sources.applies.clone(),
            party.used.clone(),
        ]);
        if self.is_outside() {
            return self.of_outsiders(asked, (party, &sources.ends), (suffix, service), needed);
        }
        let best = self.best(suffix, service);
        let usable = best.clone().and_then(|best| self.usable(best, (suffix, service)));
        let mut traced = FlowResult::default();
        let mut way = usable.clone();
        if needed == Ok(false) {
            way = Ok(false);
        } else if let (Ok(Some(endpoint)), Ok(true)) = (&best, &usable) {
            if suffix == "s3" {
                (traced, way) = self.to_s3(asked, &sources.ends, service);
            } else {
                let told = service_endpoint::told_addresses(context, endpoint, suffix, service);
                let target = Party::of_ends(suffix, ends::by_name(context, endpoint, told.as_ref()));
                let mut near = std::rc::Rc::clone(&sources.ends);
                // An endpoint in another VPC sees pods by their nodes' addresses.
                if matches!(&self.run.from, EndSpec::Role(role) if role == "pods") {
                    near = ends::pods_towards(context, &near, &target.ends.known);
                }
                traced = self.run.trace(asked.port, &near, &target);
                if let FlowPort::Fixed(ports) = asked.port {
                    traced.missing.extend(dns64::doubts(
                        context,
                        &sources.ends,
                        (endpoint, &target.ends),
                        ports,
                    ));
                }
            }
        } else if let Err(missing) = &usable {
            traced.missing.extend(missing.iter().cloned());
        }
        let applies = known::and(needed, way);
        let mut facts = self.run.facts(&party.name, suffix, &asked.port.to_string(), applies, traced);
        facts.bypassed = Fact(match &best {
            Ok(Some(endpoint)) => {
                let silent = service_endpoint::names_served(context, endpoint).map(|served| !served);
                known::and(silent, self.other_way.clone())
            }
            Ok(None) => Ok(false),
            Err(missing) => Err(missing.clone()),
        });
        facts.essential = Fact(self.essential(suffix));
        facts.endpoint = best.ok().flatten().map(|endpoint| endpoint.vpc_endpoint_id.clone());
        facts
    }

    /// Whether the sources are outside the VPC, where a gateway endpoint serves nobody:
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>.
    fn is_outside(&self) -> bool {
        matches!(&self.run.from, EndSpec::Role(role) if OUTSIDE.contains(&role.as_str()))
    }

    /// Whether machines of the source's role may call a service at all: operators call few.
    fn is_called(&self, suffix: &str) -> bool {
        let by_operators = |feature: &Feature| feature.is_called_by("operators") && feature.needs(suffix);
        !is_role(&self.run.from, "operators") || self.matrix.features.values().any(by_operators)
    }

    /// Whether the source's machines need some service.
    fn needed_by_any(&self) -> Known<bool> {
        let called = self.matrix.services.keys().filter(|suffix| self.is_called(suffix));
        known::any(called.map(|suffix| self.needed(suffix)))
    }

    pub(super) fn essential(&self, suffix: &str) -> Known<bool> {
        features::essential(self.matrix, &self.used, suffix).0
    }

    /// The endpoint that serves these sources best.
    fn best(&self, suffix: &str, service: &Service) -> Known<Option<&VpcEndpoint>> {
        let all = service_endpoint::of(self.run.context, suffix, service)?;
        Ok(all.first().copied())
    }

    /// What other sources than the cluster's own need, only the rule knows that names the service.
    fn needed(&self, suffix: &str) -> Known<bool> {
        match &self.run.from {
            EndSpec::Role(role) if CLIENTS.contains(&role.as_str()) => {
                features::needed_by(self.matrix, &self.used, suffix, role)
            }
            EndSpec::Role(role) if OUTSIDE.contains(&role.as_str()) => {
                features::needed_outside(self.matrix, &self.used, suffix, role)
            }
            _ if matches!(self.run.to, EndSpec::Service(_)) => Ok(true),
            _ => features::needed(self.matrix, &self.used, suffix).0,
        }
    }

    /// Whether there is an endpoint that packets could be sent to.
    pub(super) fn usable(
        &self,
        best: Option<&VpcEndpoint>,
        (suffix, service): (&str, &Service),
    ) -> Known<bool> {
        let context = self.run.context;
        if let Some(endpoint) = best {
            return known::and(
                vpc_endpoint::type_right(context, endpoint, service),
                vpc_endpoint::available(context, endpoint),
            );
        }
        let (subnets, _) = subnets::client_subnets(context);
        known::proved(false, unseen::unread(context, &subnets, (suffix, service)))
    }

    /// Each source has its own route to S3: a subnet without one is a finding of its own, not this flow's.
    fn to_s3(&self, asked: &AskedPort, sources: &Ends, service: &Service) -> (FlowResult, Known<bool>) {
        let context = self.run.context;
        let mut traced = FlowResult::default();
        traced.missing.extend(sources.unlisted.iter().cloned());
        let mut some_way = false;
        let mut unknown = Vec::new();
        for source in &sources.known {
            let way = if let Some(subnet) = end_set::subnet(context, source) {
                self.s3.way(&subnet)
            } else {
                let what = format!("the path from {} to S3 without an interface VPC endpoint", source.label);
                Err(vec![Missing::unmodelled(what)])
            };
            let endpoint = match way {
                Ok(S3Route::None) => continue,
                Ok(S3Route::Gateway { endpoint } | S3Route::Interface { endpoint }) => endpoint,
                Err(missing) => {
                    unknown.extend(missing);
                    continue;
                }
            };
            some_way = true;
            let told = service_endpoint::told_addresses(context, endpoint, "s3", service);
            let target = ends::by_name(context, endpoint, told.as_ref());
            let mut near = std::rc::Rc::new(Ends::known(vec![source.clone()]));
            if matches!(&self.run.from, EndSpec::Role(role) if role == "pods") {
                near = ends::pods_towards(context, &near, &target.known);
                traced.missing.extend(near.unlisted.iter().cloned());
            }
            self.run.trace_into(&mut traced, asked.port, &near, &Party::of_ends("s3", target));
        }
        traced.missing.extend(unknown.iter().cloned());
        unknown.extend(sources.unlisted.iter().cloned());
        (traced, known::proved(some_way, unknown))
    }
}
