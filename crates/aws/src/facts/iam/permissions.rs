//! What a role may do: its managed and inline policies together, against what a cluster's roles have to
//! be allowed (`rules/eks/iam.yaml`).
//!
//! AWS's own managed policies are judged by their published contents, all others by their documents.
//! A permissions boundary and the session policy of an association have to allow an action, too; what service control policies forbid cannot be seen, and is
//! taken for granted not to matter.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};
use serde_json::{Value, json};

use crate::catalogue::iam::{Managed, Need, PARSED};
use crate::facts::base::context::Context;
use crate::snapshot::Arn;

use super::policy::decision::{Decision, PolicyKind, Request};
use super::policy::{Caller, Keys, all};
use super::requests::{self, Asked};
use super::role_usage::{self, last};

/// Whether a role may do all of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Whether it may.
    pub allowed: Known<bool>,
    /// The actions that its policies certainly do not allow.
    pub lacks: Vec<String>,
    /// What denies actions, in words, whatever other policies allow.
    pub denied: Vec<String>,
}

/// What the decisions on several requests come to.
#[derive(Default)]
struct Verdicts {
    lacks: BTreeSet<String>,
    /// Actions by what denies them.
    denied: BTreeMap<String, BTreeSet<String>>,
    missing: Vec<Missing>,
}

impl Verdicts {
    fn deny(&mut self, by: String, action: &str) {
        self.denied.entry(by).or_default().insert(action.to_owned());
    }

    fn grant(self) -> Grant {
        let refused = !self.lacks.is_empty() || !self.denied.is_empty();
        let told = |(by, actions): (String, BTreeSet<String>)| {
            let actions: Vec<String> = actions.into_iter().collect();
            format!("{by} {}", actions.join(", "))
        };
        Grant {
            allowed: known::disproved(refused, self.missing),
            lacks: self.lacks.into_iter().collect(),
            denied: self.denied.into_iter().map(told).collect(),
        }
    }
}

/// A policy of a role.
#[derive(Debug)]
struct Policy {
    name: String,
    document: Value,
}

/// A policy beyond which a role may do nothing, whatever its own policies allow: the least of them all counts.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
#[derive(Debug)]
pub(crate) struct Limit {
    /// In words, for instance `permissions boundary P`.
    pub what: String,
    /// What it says, as far as it was read.
    pub document: Known<Value>,
}

/// What sessions with a role have besides the role's own policies.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The session policies.
    pub limits: Vec<Limit>,
    /// Condition keys of the session's tags, with their values.
    pub tags: Vec<(String, String)>,
}

/// A role's policies, as far as they were read.
#[derive(Debug)]
pub(crate) struct Permissions {
    arn: String,
    /// ARNs of the managed policies.
    pub attached: Known<Vec<String>>,
    policies: Vec<Policy>,
    /// Whether any of the documents is the account's own, and not AWS's.
    has_own: bool,
    /// Policies that may allow anything, for all that is known.
    doubts: Vec<Missing>,
    /// Policies that may deny anything, for all that is known.
    denies: Vec<Missing>,
    /// The permissions boundary and session policies.
    limits: Vec<Limit>,
    /// Why there may be a boundary.
    unread: Option<Missing>,
    /// Condition keys of session tags, with their values.
    tags: Vec<(String, String)>,
}

impl Permissions {
    /// The policies of a role.
    pub fn of(context: &Context<'_>, name: &str, arn: &str) -> Self {
        let aws = &context.snapshot.aws;
        let mut found = Self {
            arn: arn.to_owned(),
            attached: Err(vec![context.missing("AttachedRolePolicies", Some(name))]),
            policies: Vec::new(),
            has_own: false,
            doubts: Vec::new(),
            denies: Vec::new(),
            limits: Vec::new(),
            unread: None,
            tags: Vec::new(),
        };
        if let Some(missing) = role_usage::elsewhere(context, arn) {
            found.doubts.clone_from(&missing);
            found.attached = Err(missing);
            return found;
        }
        let attached =
            aws.attached_role_policies.iter().flatten().find(|attached| attached.role_name == name);
        if let Some(attached) = attached {
            let arns = attached.attached_policies.iter().filter_map(|policy| policy.policy_arn.clone());
            let arns: Vec<String> = arns.collect();
            for arn in &arns {
                found.add_managed(context, arn);
            }
            found.attached = Ok(arns);
        } else {
            found.doubts.push(context.missing("AttachedRolePolicies", Some(name)));
        }
        found.add_inline(context, name);
        match aws.roles.iter().flatten().find(|role| role.role_name == name) {
            Some(role) => {
                let boundary = role.permissions_boundary.as_ref();
                let arn = boundary.and_then(|boundary| boundary.permissions_boundary_arn.as_deref());
                found.limits.extend(arn.map(|arn| Limit {
                    what: format!("permissions boundary {}", last(arn).unwrap_or(arn)),
                    document: managed(context, arn).map_err(|missing| vec![missing]),
                }));
            }
            None => found.unread = Some(context.missing("Role", Some(name))),
        }
        found
    }

    /// The same permissions in a session.
    pub fn within(mut self, session: Session) -> Self {
        self.limits.extend(session.limits);
        self.tags = session.tags;
        self
    }

    fn add_managed(&mut self, context: &Context<'_>, arn: &str) {
        let name = last(arn).unwrap_or(arn);
        let of_aws = Arn::parse(arn).is_some_and(|parts| parts.account == "aws");
        match managed(context, arn) {
            Ok(document) if of_aws => self.policies.push(Policy { name: name.to_owned(), document }),
            Ok(document) => self.add_own(name, document),
            // These are AWS's own that deny: AWSDenyAll, AWSCompromisedKeyQuarantine and its versions.
            Err(_) if of_aws && (name.starts_with("AWSDeny") || name.starts_with("AWSCompromisedKey")) => {
                let what = format!("the actions that AWS managed policy {name} denies");
                self.denies.push(Missing::unmodelled(what));
            }
            Err(missing) => self.doubts.push(missing),
        }
    }

    fn add_own(&mut self, name: &str, document: Value) {
        self.policies.push(Policy { name: name.to_owned(), document });
        self.has_own = true;
    }

    fn add_inline(&mut self, context: &Context<'_>, name: &str) {
        let aws = &context.snapshot.aws;
        let listed = aws.role_policy_names.iter().flatten().find(|listed| listed.role_name == name);
        let Some(listed) = listed else {
            self.doubts.push(context.missing("RolePolicyNames", Some(name)));
            return;
        };
        for policy in &listed.policy_names {
            let mut inside = aws.role_policies.iter().flatten();
            let found = inside.find(|one| one.role_name == name && one.policy_name == *policy);
            if let Some(document) = found.and_then(|one| one.policy_document.clone()) {
                self.add_own(policy, document);
            } else {
                let id = format!("{name}/{policy}");
                self.doubts.push(context.missing("RolePolicies", Some(&id)));
            }
        }
    }

    /// Whether the role may do all that a component needs to run.
    pub fn grant(&self, context: &Context<'_>, component: &str) -> Grant {
        context.assume("Service control policies and resource control policies deny nothing that the cluster's roles need.");
        let mut verdicts = Verdicts::default();
        match PARSED.components.get(component) {
            Some(component) => {
                let needs = component.needs.iter().filter(|need| need.optional.is_none());
                needs.for_each(|need| self.one(context, need, &mut verdicts));
            }
            // An empty request is a mistake: a name that the table lacks must not pass.
            None => verdicts
                .missing
                .push(Missing::unmodelled(format!("the actions of `{component}` in rules/eks/iam.yaml"))),
        }
        verdicts.grant()
    }

    fn one(&self, context: &Context<'_>, need: &Need, verdicts: &mut Verdicts) {
        let asked = Asked::of(context, need);
        let mut unresolved = asked.unresolved.clone();
        match requests::applies(context, need) {
            Ok(true) => {}
            Ok(false) => return,
            Err(why) => unresolved.extend(why),
        }
        let caller = requests::role(context, &self.arn);
        let mut base = requests::of_caller(context, &caller);
        for (key, value) in &self.tags {
            base.value(key, value);
        }
        for action in &need.actions {
            for resource in &asked.resources {
                let resource = resource.as_deref();
                let mut keys = base.clone();
                requests::of_request(context, &mut keys, (action, resource), (need.owner, &asked.keys));
                let request = Request { action, resource, caller: &caller, keys: &keys };
                if self.limited(request, &unresolved, verdicts) {
                    continue;
                }
                match (&need.chosen, self.decide(request)) {
                    // A permission for some resources is no permission for those that the cluster has.
                    (Some(chosen), Ok(Decision::Undecided(why))) => {
                        let name = last(&self.arn).unwrap_or(&self.arn);
                        let what = format!("whether role {name} may call {action} on {chosen}: {why}");
                        verdicts.missing.push(Missing::unmodelled(what));
                    }
                    (_, decision) => self.add(request, decision, &unresolved, verdicts),
                }
            }
        }
    }

    fn decide(&self, request: Request<'_>) -> Result<Decision, String> {
        let documents: Vec<&Value> = self.policies.iter().map(|policy| &policy.document).collect();
        all(PolicyKind::Identity, &documents, request)
    }

    /// Whether the boundary or a session policy certainly denies a request.
    fn limited(&self, request: Request<'_>, unresolved: &[Missing], verdicts: &mut Verdicts) -> bool {
        let mut limited = false;
        for Limit { what, document } in &self.limits {
            let document = match document {
                Ok(document) => document,
                Err(missing) => {
                    verdicts.missing.extend(missing.clone());
                    continue;
                }
            };
            match all(PolicyKind::Identity, &[document], request) {
                Ok(Decision::Allowed) => {}
                Ok(Decision::ImplicitDeny(_) | Decision::ExplicitDeny(_)) if unresolved.is_empty() => {
                    verdicts.deny(format!("{what} does not allow"), request.action);
                    limited = true;
                }
                Ok(Decision::ImplicitDeny(_) | Decision::ExplicitDeny(_)) => {
                    verdicts.missing.extend(unresolved.to_vec());
                }
                Ok(Decision::Undecided(why)) => {
                    let what = format!("the decision of {what} on {}: {why}", request.action);
                    verdicts.missing.push(Missing::unmodelled(what));
                }
                Err(why) => verdicts.missing.push(Missing::unmodelled(format!("{what}: {why}"))),
            }
        }
        limited
    }

    /// The statement that denies a request, with its policy.
    fn denier(&self, request: Request<'_>, why: &str) -> String {
        let denies = |policy: &&Policy| {
            matches!(all(PolicyKind::Identity, &[&policy.document], request), Ok(Decision::ExplicitDeny(_)))
        };
        let statement = why.split_once(" denies ").map_or(why, |(statement, _)| statement);
        match self.policies.iter().find(denies) {
            Some(policy) => format!("{statement} of policy {} denies", policy.name),
            None => format!("{statement} denies"),
        }
    }

    /// Whether the role may do this to one resource. `named`: a policy of the resource allows the role by its ARN,
    /// which is enough within an account:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-resource.html>
    pub fn may(&self, actions: &[&str], resource: &str, request: (&Caller, &Keys), named: bool) -> Grant {
        let mut verdicts = Verdicts::default();
        for action in actions {
            let (caller, keys) = request;
            let request = Request { action, resource: Some(resource), caller, keys };
            if self.limited(request, &[], &mut verdicts) {
                continue;
            }
            let decision = match self.decide(request) {
                Ok(Decision::ImplicitDeny(_)) if named => Ok(Decision::Allowed),
                decision => decision,
            };
            self.add(request, decision, &[], &mut verdicts);
        }
        verdicts.grant()
    }

    fn add(
        &self,
        request: Request<'_>,
        decision: Result<Decision, String>,
        unresolved: &[Missing],
        verdicts: &mut Verdicts,
    ) {
        let name = last(&self.arn).unwrap_or(&self.arn);
        let action = request.action;
        let missing = &mut verdicts.missing;
        match decision {
            Ok(Decision::Allowed) => {
                missing.extend(self.unread.clone());
                missing.extend(self.denies.clone());
                // A policy that was not read may also deny; of AWS's own only those by these names do.
                missing.extend(self.doubts.iter().filter(|doubt| doubt.permission.is_some()).cloned());
            }
            Ok(Decision::ExplicitDeny(why)) if unresolved.is_empty() => {
                verdicts.deny(self.denier(request, &why), action);
            }
            Ok(Decision::ImplicitDeny(_)) if self.doubts.is_empty() && unresolved.is_empty() => {
                verdicts.lacks.insert(action.to_owned());
            }
            Ok(Decision::ExplicitDeny(_)) => missing.extend(unresolved.to_vec()),
            Ok(Decision::ImplicitDeny(_)) => {
                missing.extend(self.doubts.clone());
                missing.extend(unresolved.to_vec());
            }
            Ok(Decision::Undecided(why)) => {
                missing.push(Missing::unmodelled(format!("the decision on {action} for role {name}: {why}")));
            }
            Err(why) => missing.push(Missing::unmodelled(format!("a policy of {name}: {why}"))),
        }
    }

    /// Policies of Auto Mode that are not attached, and whether that is all there is to it: a policy
    /// of one's own may allow the same.
    pub fn auto_mode(&self) -> Grant {
        let attached = match &self.attached {
            Ok(attached) => attached,
            Err(missing) => {
                return Grant { allowed: Err(missing.clone()), lacks: Vec::new(), denied: Vec::new() };
            }
        };
        let has = |wanted: &&String| {
            let names = attached.iter().filter_map(|arn| last(arn));
            names.into_iter().any(|name| name == *wanted || name.strip_suffix("V2") == Some(wanted))
        };
        let lacks: Vec<String> = PARSED.auto_mode.iter().filter(|wanted| !has(wanted)).cloned().collect();
        let everything = attached.iter().any(|arn| arn.ends_with(":aws:policy/AdministratorAccess"));
        let foreign = attached.iter().filter(|arn| {
            let of_aws = Arn::parse(arn).is_some_and(|parts| parts.account == "aws");
            !of_aws || !PARSED.managed.contains_key(last(arn).unwrap_or(arn))
        });
        let others = foreign.filter(|arn| !PARSED.auto_mode.iter().any(|own| arn.contains(own.as_str())));
        let allowed = if PARSED.auto_mode.is_empty() {
            Err(vec![Missing::unmodelled("the policies of `auto_mode` in rules/eks/iam.yaml")])
        } else if lacks.is_empty() || everything {
            Ok(true)
        } else if others.count() == 0
            && !self.has_own
            && self.doubts.iter().all(|doubt| doubt.permission.is_none())
        {
            Ok(false)
        } else {
            let name = last(&self.arn).unwrap_or(&self.arn);
            let what =
                format!("the actions that other policies of {name} allow in place of {}", lacks.join(", "));
            Err(vec![Missing::unmodelled(what)])
        };
        Grant { allowed, lacks, denied: Vec::new() }
    }
}

/// What a managed policy says: of AWS's own what is published of it, of the account's its default version.
fn managed(context: &Context<'_>, arn: &str) -> Result<Value, Missing> {
    let name = last(arn).unwrap_or(arn);
    if Arn::parse(arn).is_some_and(|parts| parts.account == "aws") {
        let known = PARSED.managed.get(name).map(|known| published(name, known));
        let what = || Missing::unmodelled(format!("the actions that AWS managed policy {name} allows"));
        return known.ok_or_else(what);
    }
    let versions = context.snapshot.aws.policy_versions.iter().flatten();
    // Only the default version is in force.
    let mut own = versions
        .filter(|version| version.policy_arn == arn || version.policy_arn == name)
        .filter(|version| version.is_default_version != Some(false));
    let document = own.next().and_then(|version| version.document.clone());
    document.ok_or_else(|| context.missing("PolicyVersions", Some(arn)))
}

/// The document of one of AWS's own policies.
fn published(name: &str, known: &Managed) -> Value {
    let mut statements =
        vec![json!({"Sid": name, "Effect": "Allow", "Action": known.actions, "Resource": "*"})];
    statements.extend(known.limited.iter().map(|limited| {
        json!({"Sid": name, "Effect": "Allow", "Action": limited.actions, "Resource": limited.resources})
    }));
    if !known.denies.is_empty() {
        statements.push(json!({"Sid": name, "Effect": "Deny", "Action": known.denies, "Resource": "*"}));
    }
    json!({"Statement": statements})
}
