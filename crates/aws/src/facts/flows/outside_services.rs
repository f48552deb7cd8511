//! Flows to AWS services from outside the VPC: each network's own lookup of the service's names decides which VPC
//! endpoint its packets are sent to.

use std::rc::Rc;

use privek_core::known::{self, Known};
use privek_core::subject::Fact;

use crate::catalogue::services::Service;
use crate::facts::ends;
use crate::facts::ends::end_set::{Ends, Party};
use crate::facts::serving::outside_clients::{self, LedTo, OutsideClient};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::services::Services;
use super::{AskedPort, FlowFacts, FlowResult};

impl<'s> Services<'_, '_, 's> {
    /// The flow of a party outside the VPC to a service.
    pub(super) fn of_outsiders(
        &self,
        asked: &AskedPort,
        (party, sources): (&Party<'_>, &Rc<Ends>),
        (suffix, service): (&str, &Service),
        needed: Known<bool>,
    ) -> FlowFacts {
        let mut traced = FlowResult::default();
        let (mut ids, mut ways) = (Vec::new(), Vec::new());
        if needed != Ok(false) {
            traced.missing.extend(sources.unlisted.iter().cloned());
            if !sources.unlisted.is_empty() {
                ways.push(Err(sources.unlisted.clone()));
            }
            for source in &sources.known {
                let Some(client) =
                    party.operator.map(OutsideClient::Operator).or(OutsideClient::hybrid(source))
                else {
                    continue;
                };
                let led = client.led_to(self.run.context, suffix, service);
                let near = Ends { known: vec![source.clone()], unlisted: Vec::new(), ..(**sources).clone() };
                ways.push(self.one_source(asked, &near, (suffix, service), &led, &mut traced, &mut ids));
            }
        }
        let way = if needed == Ok(false) { Ok(false) } else { known::any(ways) };
        if let Err(missing) = &way {
            traced.missing.extend(missing.iter().cloned());
        }
        let applies = known::and(needed, way);
        let mut facts = self.run.facts(&party.name, suffix, &asked.port.to_string(), applies, traced);
        facts.bypassed = Fact::known(false);
        facts.essential = Fact(self.essential(suffix));
        facts.endpoint = (!ids.is_empty()).then(|| ids.join(", "));
        facts
    }

    /// Traces from one source, and says whether there is a VPC endpoint that its packets could be sent to.
    fn one_source(
        &self,
        asked: &AskedPort,
        near: &Ends,
        (suffix, service): (&str, &Service),
        led: &LedTo<'s>,
        traced: &mut FlowResult,
        ids: &mut Vec<String>,
    ) -> Known<bool> {
        let context = self.run.context;
        let mut name = |endpoint: &VpcEndpoint| {
            if !ids.contains(&endpoint.vpc_endpoint_id) {
                ids.push(endpoint.vpc_endpoint_id.clone());
            }
        };
        let trace = |endpoint: &VpcEndpoint, told: Option<_>, into: &mut FlowResult| {
            let target = Party::of_ends(suffix, ends::by_name(context, endpoint, told));
            self.run.trace_into(into, asked.port, near, &target);
        };
        if !led.endpoints.is_empty() {
            traced.missing.extend(led.missing.iter().cloned());
            let usable = led.endpoints.iter().map(|endpoint| self.usable(Some(endpoint), (suffix, service)));
            let usable = known::any(usable.collect::<Vec<_>>());
            for endpoint in &led.endpoints {
                name(endpoint);
                trace(endpoint, Some(&led.addresses), traced);
            }
            return usable;
        }
        // Names that resolve to no VPC endpoint are a finding of their own: the path is that to the VPC endpoint
        // which serves the VPC. Where it is unknown what they resolve to, any of those that were read may be meant.
        let candidates = outside_clients::candidates(context, (suffix, service), !led.missing.is_empty())?;
        let Some(first) = candidates.first().copied() else { return self.usable(None, (suffix, service)) };
        let usable = self.usable(Some(first), (suffix, service));
        if usable == Ok(false) {
            return usable;
        }
        name(first);
        if led.missing.is_empty() {
            trace(first, None, traced);
            return usable;
        }
        // What blocks the path to each VPC endpoint blocks the flow.
        let mut all = Vec::new();
        for endpoint in candidates {
            let mut one = FlowResult::default();
            trace(endpoint, None, &mut one);
            all.push(one);
        }
        if all.iter().all(|one| one.blocked) {
            trace(first, None, traced);
        } else {
            for one in all {
                traced.assumptions.extend(one.assumptions);
            }
        }
        traced.missing.extend(led.missing.iter().cloned());
        usable
    }
}
