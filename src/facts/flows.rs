//! Flows that rules declare, traced between every pair of their ends.

use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use crate::intent::Operator;
use crate::network::{Blocker, End, EndKind, Known, Missing, MissingKind, Path, Ports, Verdict};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::ends::{self, Ends};
use super::features::{self, Service};
use super::s3::{S3, Way};
use super::{Context, Fact, FlowSpec, Subject, Subjects, blockers, endpoints, operators, services};

/// The roles that a flow's end may have; the names of services come on top.
const ROLES: [&str; 4] = ["operators", "control-plane", "nodes", "services"];

/// What rules see of a flow.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct FlowFacts {
    /// Source, destination and port.
    id: String,
    /// Null.
    name: Option<String>,
    /// The source: a role, or an operators' network by name.
    from: String,
    /// The destination: a role or a service.
    to: String,
    /// For instance `tcp/443`.
    port: String,
    /// The operators' prefix, where operators are an end.
    cidr: Option<String>,
    /// The VPC endpoint, where a service is the destination.
    endpoint: Option<String>,
    /// Whether the flow is needed and its ends are in place, so that it matters whether it is open.
    applies: Fact<bool>,
    /// Whether it is open between all its ends.
    open: Fact<bool>,
    /// Whether nothing depends on it now, because the endpoint does not answer for the service's own
    /// name and every source has a way to the internet; false for flows to other ends.
    bypassed: Fact<bool>,
    /// Whether all that is closed are ports that clients of few systems pick for replies; then only
    /// some connections fail.
    rare_ports_only: bool,
    /// All that stands in its way.
    blockers: Vec<Blocker>,
    /// What would settle what is undecided.
    missing: Vec<Missing>,
    /// Every path in short.
    paths: Vec<PathFacts>,
    /// Whether the cluster's public endpoint admits the operators; false for other flows.
    public_endpoint_admits: Fact<bool>,
    /// Whether it is certain that it does.
    public_endpoint_open: bool,
}

/// One path of a flow.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct PathFacts {
    /// What the source is called.
    from: String,
    /// What the destination is called.
    to: String,
    /// `open`, `blocked` or `unknown`.
    verdict: Verdict,
    /// What decided.
    by: String,
}

/// The schema of a flow's fields.
pub(super) fn schema() -> Schema {
    schema_for!(FlowFacts)
}

/// The names that a flow's end may have.
pub(super) fn ends() -> Vec<String> {
    let services = features::matrix().ok().into_iter().flat_map(|matrix| matrix.services.keys().cloned());
    ROLES.iter().map(|&role| role.to_owned()).chain(services).collect()
}

/// The flows between these ends: one for each operators' network and for each service.
pub(super) fn flow(context: &Context<'_>, spec: &FlowSpec) -> Subjects {
    let ports = match spec.port.parse::<Ports>() {
        Ok(ports) => ports,
        Err(error) => return Subjects::unlisted(vec![Missing::unmodelled(error.to_string())]),
    };
    let run = Run { context, spec, ports };
    match (spec.from.as_str(), spec.to.as_str()) {
        ("operators", to) if is_role(to) => run.of_operators(|operator| (operator, role(context, to)), true),
        (from, "operators") if is_role(from) => {
            run.of_operators(|operator| (operator, role(context, from)), false)
        }
        (from, to) if is_role(from) && is_role(to) => run.between_roles(),
        (from, to) if is_role(from) => run.to_services(to),
        (from, to) => {
            let what = format!("flows from {from} to {to}");
            Subjects::unlisted(vec![Missing::unmodelled(what)])
        }
    }
}

fn is_role(name: &str) -> bool {
    matches!(name, "control-plane" | "nodes")
}

fn role(context: &Context<'_>, name: &str) -> Ends {
    if name == "nodes" { ends::nodes(context) } else { ends::control_plane(context) }
}

/// One flow rule's evaluation.
struct Run<'r, 's> {
    context: &'r Context<'s>,
    spec: &'r FlowSpec,
    ports: Ports,
}

/// What was traced.
#[derive(Default)]
struct Traced {
    paths: Vec<Path>,
    missing: Vec<Missing>,
}

impl Run<'_, '_> {
    /// One flow for each operators' network, to or from the cluster.
    fn of_operators<'c>(
        &'c self,
        ends: impl Fn(&'c Operator) -> (&'c Operator, Ends),
        inward: bool,
    ) -> Subjects {
        let declared = match operators::declared(self.context) {
            Ok(declared) => declared,
            Err(missing) => return Subjects::unlisted(missing),
        };
        let listed = declared
            .iter()
            .map(|operator| {
                let (operator, far) = ends(operator);
                let near = Ends { known: vec![operators::end(operator)], unlisted: Vec::new() };
                let traced = if inward { self.trace(&near, &far) } else { self.trace(&far, &near) };
                let name = format!("operators:{}", operator.name);
                let (from, to) =
                    if inward { (name, self.spec.to.clone()) } else { (self.spec.from.clone(), name) };
                let private = self.spec.to != "control-plane" && self.spec.from != "control-plane";
                let applies = if private { Ok(true) } else { private_access(self.context) };
                let mut facts = self.facts(&from, &to, applies, traced);
                facts.cidr = Some(operator.cidr.to_string());
                facts.public_endpoint_admits = Fact(operators::admitted_publicly(self.context, operator));
                facts.public_endpoint_open = facts.public_endpoint_admits.value() == Some(&true);
                subject(&facts)
            })
            .collect();
        Subjects { listed, unlisted: Vec::new() }
    }

    fn between_roles(&self) -> Subjects {
        let traced = self.trace(&role(self.context, &self.spec.from), &role(self.context, &self.spec.to));
        let facts = self.facts(&self.spec.from, &self.spec.to, Ok(true), traced);
        Subjects { listed: vec![subject(&facts)], unlisted: Vec::new() }
    }

    /// One flow for each service, needed or not, so that what is listed does not hang on what was
    /// read; or for the one that is named.
    fn to_services(&self, which: &str) -> Subjects {
        let matrix = match features::matrix() {
            Ok(matrix) => matrix,
            Err(missing) => return Subjects::unlisted(missing),
        };
        let used = features::used(self.context, matrix);
        let sources = role(self.context, &self.spec.from);
        let s3 = S3::new(self.context);
        let other_way = services::other_way(self.context);
        let listed = matrix
            .services
            .iter()
            .filter(|(suffix, _)| which == "services" || which == suffix.as_str())
            .map(|(suffix, service)| {
                let (needed, _) = features::needed(matrix, &used, suffix);
                self.to_service(&sources, &s3, suffix, service, (needed, &other_way))
            })
            .collect();
        Subjects { listed, unlisted: Vec::new() }
    }

    fn to_service(
        &self,
        sources: &Ends,
        s3: &S3<'_, '_>,
        suffix: &str,
        service: &Service,
        (needed, other_way): (Known<bool>, &Known<bool>),
    ) -> Subject {
        let best = endpoints::of(self.context, suffix, service).map(|list| list.first().copied());
        let usable = best.clone().and_then(|best| self.usable(best, service));
        let mut traced = Traced::default();
        let mut way = usable.clone();
        if needed == Ok(false) {
            way = Ok(false);
        } else if let (Ok(Some(endpoint)), Ok(true)) = (&best, &usable) {
            if suffix == "s3" {
                (traced, way) = self.to_s3(sources, s3);
            } else {
                traced = self.trace(sources, &ends::of_endpoint(self.context, endpoint));
            }
        } else if let Err(missing) = &usable {
            traced.missing.clone_from(missing);
        }
        let applies = endpoints::both(needed, way);
        let mut facts = self.facts(&self.spec.from, suffix, applies, traced);
        facts.bypassed = Fact(match &best {
            Ok(Some(endpoint)) => {
                let silent = endpoints::names_served(self.context, endpoint).map(|served| !served);
                endpoints::both(silent, other_way.clone())
            }
            Ok(None) => Ok(false),
            Err(missing) => Err(missing.clone()),
        });
        facts.endpoint = best.ok().flatten().map(|endpoint| endpoint.vpc_endpoint_id.clone());
        subject(&facts)
    }

    /// Whether there is an endpoint that packets could be sent to.
    fn usable(&self, best: Option<&VpcEndpoint>, service: &Service) -> Known<bool> {
        match best {
            Some(endpoint) if endpoints::type_right(endpoint, service) => {
                endpoints::available(self.context, endpoint)
            }
            Some(_) => Ok(false),
            None => {
                let (subnets, _) = endpoints::client_subnets(self.context);
                let shared = endpoints::of_owner(self.context, &subnets);
                if shared.is_empty() { Ok(false) } else { Err(shared) }
            }
        }
    }

    /// Each source goes its own way to S3: a subnet without one is a finding of its own, not this flow's.
    fn to_s3(&self, sources: &Ends, s3: &S3<'_, '_>) -> (Traced, Known<bool>) {
        let mut traced = Traced { paths: Vec::new(), missing: sources.unlisted.clone() };
        let mut some_way = false;
        let mut unknown = Vec::new();
        for source in &sources.known {
            let EndKind::Subnet { subnet, .. } = &source.kind else { continue };
            let target = match s3.way(subnet) {
                Ok(Way::None) => continue,
                Ok(Way::Gateway { endpoint, prefix_list }) => {
                    let label = format!("{prefix_list} through {}", endpoint.vpc_endpoint_id);
                    let kind = EndKind::PrefixList { id: prefix_list };
                    Ends { known: vec![End { label, kind }], unlisted: Vec::new() }
                }
                Ok(Way::Interface { endpoint }) => ends::of_endpoint(self.context, endpoint),
                Err(missing) => {
                    unknown.extend(missing);
                    continue;
                }
            };
            some_way = true;
            let near = Ends { known: vec![source.clone()], unlisted: Vec::new() };
            let more = self.trace(&near, &target);
            traced.paths.extend(more.paths);
            traced.missing.extend(more.missing);
        }
        traced.missing.extend(unknown.clone());
        let way = if some_way {
            Ok(true)
        } else if unknown.is_empty() && sources.unlisted.is_empty() {
            Ok(false)
        } else {
            unknown.extend(sources.unlisted.clone());
            Err(unknown)
        };
        (traced, way)
    }

    fn trace(&self, from: &Ends, to: &Ends) -> Traced {
        let mut traced = Traced::default();
        traced.missing.extend(from.unlisted.iter().chain(&to.unlisted).cloned());
        for source in &from.known {
            for target in &to.known {
                traced.paths.extend(self.context.network.trace(source, target, &self.ports));
            }
        }
        if from.known.is_empty() && from.unlisted.is_empty() {
            traced.missing.push(Missing {
                kind: MissingKind::Operation,
                what: format!("any source: nothing of the role {} was found", self.spec.from),
                permission: None,
            });
        }
        traced
    }

    /// Nodes reach endpoints' interfaces without address translation, S3's public addresses with it:
    /// <https://github.com/aws/amazon-vpc-cni-k8s#aws_vpc_k8s_cni_randomizesnat>.
    fn is_rare(&self, blocker: &Blocker) -> bool {
        let direct = self.spec.from == "nodes" && blocker.remedy.prefix_list.is_none();
        blocker.remedy.few_ports || direct && blocker.remedy.low_ports
    }

    fn facts(&self, from: &str, to: &str, applies: Known<bool>, traced: Traced) -> FlowFacts {
        let Traced { paths, mut missing } = traced;
        missing.extend(paths.iter().flat_map(|path| path.missing.clone()));
        missing.sort();
        missing.dedup();
        let blocked = paths.iter().any(|path| path.verdict == Verdict::Blocked);
        let undecided = paths.iter().any(|path| path.verdict == Verdict::Unknown);
        if undecided && missing.is_empty() {
            missing.push(Missing::unmodelled("a part of the path"));
        }
        // A definite blocker outranks what is missing, and that outranks what is open.
        let open = match (blocked, missing.is_empty()) {
            (true, _) => Ok(false),
            (false, true) => Ok(true),
            (false, false) => Err(missing.clone()),
        };
        for assumption in paths.iter().flat_map(|path| &path.assumptions) {
            self.context.assume(assumption);
        }
        FlowFacts {
            id: format!("{from}->{to}:{}", self.spec.port),
            name: None,
            from: from.to_owned(),
            to: to.to_owned(),
            port: self.spec.port.clone(),
            cidr: None,
            endpoint: None,
            applies: Fact(applies),
            rare_ports_only: blocked
                && missing.is_empty()
                && paths.iter().flat_map(|path| &path.blockers).all(|blocker| self.is_rare(blocker)),
            bypassed: Fact::known(false),
            open: Fact(open),
            blockers: blockers::merged(&paths),
            missing,
            paths: paths.iter().map(in_short).collect(),
            public_endpoint_admits: Fact::known(false),
            public_endpoint_open: false,
        }
    }
}

fn subject(facts: &FlowFacts) -> Subject {
    Subject::new("flow", &facts.id, None, facts)
}

fn in_short(path: &Path) -> PathFacts {
    let by = match path.verdict {
        Verdict::Blocked => path.blockers.first().map(|blocker| blocker.reason.clone()),
        Verdict::Unknown => path.missing.first().map(|missing| missing.what.clone()),
        Verdict::Open => path.hops.last().map(|hop| hop.by.clone()),
    };
    PathFacts {
        from: path.from.clone(),
        to: path.to.clone(),
        verdict: path.verdict,
        by: by.unwrap_or_default(),
    }
}

/// Whether the API answers on the VPC's interfaces at all.
fn private_access(context: &Context<'_>) -> Known<bool> {
    context
        .vpc_config()?
        .endpoint_private_access
        .ok_or_else(|| vec![context.field("cluster", "resourcesVpcConfig.endpointPrivateAccess")])
}

#[cfg(test)]
#[path = "flows_tests.rs"]
mod tests;
