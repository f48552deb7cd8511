//! Whether the policy of a VPC endpoint allows what a cluster does there (`rules/eks/iam.yaml`), caller by caller.
//!
//! Who asks, and for whose things, decides most conditions. Image layers are fetched with URLs that
//! an account of ECR's signed, so that no condition on the owner's organisation or account holds for
//! them; a pod that trades its token at STS has no AWS identity yet.
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sts_vpc_endpoint_policies.html>,
//! <https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/service_owned_resources.md>

mod findings;
mod senders;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use privek_core::known::{self, Known, Missing};
use serde_json::Value;

use crate::catalogue::iam::{Component, Need, Owner, PARSED, Sender};
use crate::catalogue::services::{self, Service};
use crate::facts::base::context::Context;
use crate::facts::features::FeatureUse;
use crate::facts::iam::policy::decision::{Decision, PolicyKind, Request};
use crate::facts::iam::policy::{Caller, Carried, evaluate};
use crate::facts::iam::requests::{self, Asked};
use crate::snapshot::aws::ec2::{ServiceDetail, VpcEndpoint};

use super::vpc_endpoint;
use findings::Findings;
use senders::Asker;

pub(crate) use senders::{PodAddresses, Senders};

/// What an endpoint's policy does to what the cluster needs.
#[derive(Clone, Debug)]
pub(crate) struct PolicyVerdict {
    /// Whether it allows the least that the service needs.
    pub allows: Known<bool>,
    /// What decides against it.
    pub problems: Vec<String>,
    /// Whether it allows what some nodes may need besides.
    pub allows_more: Known<bool>,
    /// What that would be, and what decides against it.
    pub lacks: Vec<String>,
}

impl PolicyVerdict {
    /// The same about both.
    pub fn all(allows: Known<bool>) -> Self {
        Self { allows_more: allows.clone(), allows, problems: Vec::new(), lacks: Vec::new() }
    }
}

/// A policy with the endpoint that it is attached to.
struct Attached<'e> {
    endpoint: &'e VpcEndpoint,
    kind: PolicyKind,
    document: Value,
    /// Whether a condition asks where in the VPC a request comes from.
    asks_address: bool,
}

/// Judges the policy of an endpoint for the service with this suffix.
pub(crate) fn judge(
    context: &Context<'_>,
    senders: &Senders<'_>,
    endpoint: &VpcEndpoint,
    suffix: &str,
    service: &Service,
    detail: Option<&ServiceDetail>,
) -> PolicyVerdict {
    // Some services take no policies; there is nothing to refuse.
    if detail.and_then(|detail| detail.vpc_endpoint_policy_supported) == Some(false) {
        return PolicyVerdict::all(Ok(true));
    }
    let id = &endpoint.vpc_endpoint_id;
    let Some(text) = endpoint.policy_document.as_deref().filter(|text| !text.trim().is_empty()) else {
        return PolicyVerdict::all(Err(vec![
            context.field("VpcEndpoints", &format!("PolicyDocument of {id}")),
        ]));
    };
    let judged = serde_json::from_str(text)
        .map_err(|error| format!("the document is not JSON ({error})"))
        .map(|document| Attached::new(context, endpoint, document, text))
        .and_then(|policy| policy.judge(context, senders, suffix, service));
    judged.unwrap_or_else(|why| {
        let what = format!("the policy of {id}, not in a known format: {why}");
        PolicyVerdict::all(Err(vec![Missing::unmodelled(what)]))
    })
}

impl<'e> Attached<'e> {
    fn new(context: &Context<'_>, endpoint: &'e VpcEndpoint, document: Value, text: &str) -> Self {
        let gateway = vpc_endpoint::is_gateway(context, endpoint) == Ok(true);
        Self {
            endpoint,
            kind: if gateway { PolicyKind::GatewayEndpoint } else { PolicyKind::Endpoint },
            document,
            asks_address: text.to_ascii_lowercase().contains("aws:vpcsourceip"),
        }
    }

    /// An error is a document that cannot be read.
    fn judge(
        &self,
        context: &Context<'_>,
        senders: &Senders<'_>,
        suffix: &str,
        service: &Service,
    ) -> Result<PolicyVerdict, String> {
        let (mut least, mut more) = (Findings::default(), Findings::default());
        let wanted = wanted(senders.used, suffix);
        let mut judged = false;
        for (name, component) in &PARSED.components {
            let brought = brought(component, &wanted);
            if component.caller == Sender::Eks || brought == Ok(false) {
                continue;
            }
            let askers = senders.askers(context, self.endpoint, name, component, self.asks_address);
            for need in &component.needs {
                let carried = |action: &&String| service.carries(suffix, need, action);
                let actions: Vec<&String> = need.actions.iter().filter(carried).collect();
                if actions.is_empty() {
                    continue;
                }
                let findings = if need.optional.is_some() { &mut more } else { &mut least };
                self.one(context, &askers, component, need, &actions, &brought, findings)?;
                judged = true;
            }
        }
        for (feature, shown) in &wanted {
            if !is_known(feature, suffix, service) {
                self.whole_service(context, senders, (suffix, service), shown.as_ref().err(), &mut least)?;
                judged = true;
            }
        }
        if !judged {
            self.whole_service(context, senders, (suffix, service), None, &mut least)?;
        }
        let id = &self.endpoint.vpc_endpoint_id;
        Ok(PolicyVerdict {
            allows: least.known(id),
            problems: least.problems(),
            allows_more: more.known(id),
            lacks: more.problems(),
        })
    }

    /// Adds what the policy does to one need of a component.
    #[allow(clippy::too_many_arguments)] // One request has that many parts.
    fn one(
        &self,
        context: &Context<'_>,
        askers: &[Asker],
        component: &Component,
        need: &Need,
        actions: &[&String],
        brought: &Known<bool>,
        findings: &mut Findings,
    ) -> Result<(), String> {
        let applies = known::and(brought.clone(), requests::applies(context, need));
        if applies == Ok(false) {
            return Ok(());
        }
        let asked = Asked::of(context, need);
        let mut unresolved = asked.unresolved.clone();
        unresolved.extend(applies.err().unwrap_or_default());
        let purpose = need.optional.as_ref().unwrap_or(&component.name);
        for action in actions {
            for resource in &asked.resources {
                let mut denied = Vec::new();
                for asker in askers {
                    let (mut keys, resource) = (asker.keys.clone(), resource.as_deref());
                    requests::of_request(context, &mut keys, (action, resource), (need.owner, &asked.keys));
                    let caller = &asker.caller;
                    let request = Request { action, resource, caller, keys: &keys };
                    match evaluate(self.kind, &self.document, request)? {
                        Decision::Allowed => {}
                        Decision::ImplicitDeny(why) | Decision::ExplicitDeny(why) if asker.perhaps => {
                            let who = asker.words().unwrap_or_default();
                            findings.undecided(action, &format!("{why} (perhaps called by {who})"));
                        }
                        Decision::ImplicitDeny(why) | Decision::ExplicitDeny(why) => {
                            denied.push((asker, why));
                        }
                        Decision::Undecided(why) => findings.undecided(action, &why),
                    }
                }
                if !denied.is_empty() && !unresolved.is_empty() {
                    findings.missing(&unresolved);
                    continue;
                }
                let everybody = denied.len() == askers.len();
                for (asker, why) in denied {
                    let who = if everybody { None } else { asker.words() };
                    findings.denied(purpose, action, &why, who.as_deref());
                }
            }
        }
        Ok(())
    }

    /// What a feature asks of a service is not known here: a policy that allows all of it will do, and one that
    /// allows none of it, whoever asks, will not. Of any other nothing can be said.
    fn whole_service(
        &self,
        context: &Context<'_>,
        senders: &Senders<'_>,
        (suffix, service): (&str, &Service),
        unused: Option<&Vec<Missing>>,
        findings: &mut Findings,
    ) -> Result<(), String> {
        let prefix = service.prefix(suffix);
        let action = if prefix == "*" { "*".to_owned() } else { format!("{prefix}:*") };
        let judge = |caller: &Caller| {
            let mut keys = senders::keys(context, self.endpoint, caller);
            keys.set("aws:VpcSourceIp", Carried::Addresses(senders.everywhere(self.endpoint)));
            requests::of_action(context, &mut keys, &action);
            // Pods may use roles and resources of other accounts.
            if let Caller::Role { account: Some(_), .. } = caller {
                requests::of_request(context, &mut keys, (&action, None), (Owner::Own, &[]));
            }
            evaluate(
                self.kind,
                &self.document,
                Request { action: &action, resource: Some("*"), caller, keys: &keys },
            )
        };
        let own = judge(&Caller::Role { account: context.account.clone(), arn: None })?;
        let anybody = judge(&Caller::Role { account: None, arn: None })?;
        match (own, anybody) {
            (Decision::Allowed, _) => {}
            (_, Decision::ImplicitDeny(why) | Decision::ExplicitDeny(why)) => match unused {
                Some(missing) => findings.missing(missing),
                None => findings.denied("", &action, &why, None),
            },
            (Decision::ImplicitDeny(why) | Decision::ExplicitDeny(why) | Decision::Undecided(why), _) => {
                let id = &self.endpoint.vpc_endpoint_id;
                findings.missing(&[Missing::unmodelled(format!(
                    "the actions within {action} that nodes and pods need; the policy of {id} does not allow every action: {why}"
                ))]);
            }
        }
        Ok(())
    }
}

/// The features that need a service and that the cluster uses, or may use.
fn wanted<'u>(used: &'u BTreeMap<String, FeatureUse>, suffix: &str) -> BTreeMap<&'u str, &'u FeatureUse> {
    let Ok(matrix) = services::matrix() else { return BTreeMap::new() };
    let needs = |name: &str| matrix.features.get(name).is_some_and(|feature| feature.needs(suffix));
    let used = used.iter().filter(|(_, shown)| !matches!(shown, Ok(None)));
    used.filter(|(name, _)| needs(name)).map(|(name, shown)| (name.as_str(), shown)).collect()
}

/// Whether one of the features that bring a component is used.
fn brought(component: &Component, wanted: &BTreeMap<&str, &FeatureUse>) -> Known<bool> {
    known::any(component.features.iter().map(|feature| match wanted.get(feature.as_str()) {
        Some(Ok(shown)) => Ok(shown.is_some()),
        Some(Err(missing)) => Err(missing.clone()),
        None => Ok(false),
    }))
}

/// Whether it is known what a feature needs of a service.
fn is_known(feature: &str, suffix: &str, service: &Service) -> bool {
    let carried = |need: &Need| need.actions.iter().any(|action| service.carries(suffix, need, action));
    PARSED.components.values().any(|component| {
        component.features.iter().any(|own| own == feature) && component.needs.iter().any(carried)
    })
}
