//! What a role may do: its managed and inline policies together, against what a cluster's roles have to
//! be allowed (`rules/eks/iam.yaml`).
//!
//! AWS's own managed policies are judged by their published contents, all others by their documents.
//! A permissions boundary leaves doubt; what service control policies forbid cannot be seen, and is
//! taken for granted not to matter.

use privek_core::known::{self, Known, Missing};
use serde_json::{Value, json};

use crate::catalogue::iam::{Need, PARSED};
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
    /// The actions that it certainly may not.
    pub lacks: Vec<String>,
}

/// A role's policies, as far as they were read.
#[derive(Debug)]
pub(crate) struct Permissions {
    arn: String,
    /// ARNs of the managed policies.
    pub attached: Known<Vec<String>>,
    documents: Vec<Value>,
    /// Whether any of the documents is the account's own, and not AWS's.
    has_own: bool,
    /// Policies that may allow anything, for all that is known.
    doubts: Vec<Missing>,
    /// Policies that may deny anything, for all that is known.
    denies: Vec<Missing>,
    boundary: Option<Missing>,
}

impl Permissions {
    /// The policies of a role.
    pub fn of(context: &Context<'_>, name: &str, arn: &str) -> Self {
        let aws = &context.snapshot.aws;
        let mut found = Self {
            arn: arn.to_owned(),
            attached: Err(vec![context.missing("AttachedRolePolicies", Some(name))]),
            documents: Vec::new(),
            has_own: false,
            doubts: Vec::new(),
            denies: Vec::new(),
            boundary: None,
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
                let arn = boundary.and_then(|boundary| boundary.permissions_boundary_arn.clone());
                found.boundary = arn.map(|arn| {
                    Missing::unmodelled(format!(
                        "the actions that permissions boundary {arn} of {name} allows"
                    ))
                });
            }
            None => found.boundary = Some(context.missing("Role", Some(name))),
        }
        found
    }

    fn add_managed(&mut self, context: &Context<'_>, arn: &str) {
        let name = last(arn).unwrap_or(arn);
        if Arn::parse(arn).is_some_and(|parts| parts.account == "aws") {
            match PARSED.managed.get(name) {
                Some(known) => {
                    let mut statements = vec![
                        json!({"Sid": name, "Effect": "Allow", "Action": known.actions, "Resource": "*"}),
                    ];
                    statements.extend(known.limited.iter().map(|limited| {
                        json!({"Sid": name, "Effect": "Allow", "Action": limited.actions, "Resource": limited.resources})
                    }));
                    if !known.denies.is_empty() {
                        statements.push(
                            json!({"Sid": name, "Effect": "Deny", "Action": known.denies, "Resource": "*"}),
                        );
                    }
                    self.documents.push(json!({"Statement": statements}));
                }
                // These are AWS's own that deny: AWSDenyAll, AWSCompromisedKeyQuarantine and its versions.
                None if name.starts_with("AWSDeny") || name.starts_with("AWSCompromisedKey") => {
                    let what = format!("the actions that AWS managed policy {name} denies");
                    self.denies.push(Missing::unmodelled(what));
                }
                None => self
                    .doubts
                    .push(Missing::unmodelled(format!("the actions that AWS managed policy {name} allows"))),
            }
            return;
        }
        let versions = context.snapshot.aws.policy_versions.iter().flatten();
        // Only the default version is in force.
        let mut own = versions
            .filter(|version| version.policy_arn == arn || version.policy_arn == name)
            .filter(|version| version.is_default_version != Some(false));
        match own.next().and_then(|version| version.document.clone()) {
            Some(document) => self.add_own(document),
            None => self.doubts.push(context.missing("PolicyVersions", Some(arn))),
        }
    }

    fn add_own(&mut self, document: Value) {
        self.documents.push(document);
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
                self.add_own(document);
            } else {
                let id = format!("{name}/{policy}");
                self.doubts.push(context.missing("RolePolicies", Some(&id)));
            }
        }
    }

    /// Whether the role may do all that a component needs to run.
    pub fn grant(&self, context: &Context<'_>, component: &str) -> Grant {
        context.assume("Service control policies and resource control policies deny nothing that the cluster's roles need.");
        let (mut lacks, mut missing) = (Vec::new(), Vec::new());
        match PARSED.components.get(component) {
            Some(component) => {
                let needs = component.needs.iter().filter(|need| need.optional.is_none());
                needs.for_each(|need| self.one(context, need, &mut lacks, &mut missing));
            }
            // An empty request is a mistake: a name that the table lacks must not pass.
            None => missing
                .push(Missing::unmodelled(format!("the actions of `{component}` in rules/eks/iam.yaml"))),
        }
        lacks.sort();
        lacks.dedup();
        Grant { allowed: known::disproved(!lacks.is_empty(), missing), lacks }
    }

    fn one(&self, context: &Context<'_>, need: &Need, lacks: &mut Vec<String>, missing: &mut Vec<Missing>) {
        let asked = Asked::of(context, need);
        let mut unresolved = asked.unresolved.clone();
        match requests::applies(context, need) {
            Ok(true) => {}
            Ok(false) => return,
            Err(why) => unresolved.extend(why),
        }
        let caller = requests::role(context, &self.arn);
        let base = requests::of_caller(context, &caller);
        let documents: Vec<&Value> = self.documents.iter().collect();
        for action in &need.actions {
            for resource in &asked.resources {
                let resource = resource.as_deref();
                let mut keys = base.clone();
                requests::of_request(context, &mut keys, (action, resource), (need.owner, &asked.keys));
                let request = Request { action, resource, caller: &caller, keys: &keys };
                let decision = all(PolicyKind::Identity, &documents, request);
                match (&need.chosen, decision) {
                    // A permission for some resources is no permission for those that the cluster has.
                    (Some(chosen), Ok(Decision::Undecided(why))) => {
                        let name = last(&self.arn).unwrap_or(&self.arn);
                        let what = format!("whether role {name} may call {action} on {chosen}: {why}");
                        missing.push(Missing::unmodelled(what));
                    }
                    (_, decision) => self.add(action, decision, &unresolved, lacks, missing),
                }
            }
        }
    }

    /// Whether the role may do this to one resource. `named`: a policy of the resource allows the role by its ARN,
    /// which is enough within an account:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-resource.html>
    pub fn may(&self, actions: &[&str], resource: &str, request: (&Caller, &Keys), named: bool) -> Grant {
        let (mut lacks, mut missing) = (Vec::new(), Vec::new());
        let documents: Vec<&Value> = self.documents.iter().collect();
        for action in actions {
            let (caller, keys) = request;
            let decision = all(
                PolicyKind::Identity,
                &documents,
                Request { action, resource: Some(resource), caller, keys },
            );
            let decision = match decision {
                Ok(Decision::ImplicitDeny(_)) if named => Ok(Decision::Allowed),
                decision => decision,
            };
            self.add(action, decision, &[], &mut lacks, &mut missing);
        }
        Grant { allowed: known::disproved(!lacks.is_empty(), missing), lacks }
    }

    fn add(
        &self,
        action: &str,
        decision: Result<Decision, String>,
        unresolved: &[Missing],
        lacks: &mut Vec<String>,
        missing: &mut Vec<Missing>,
    ) {
        let name = last(&self.arn).unwrap_or(&self.arn);
        match decision {
            Ok(Decision::Allowed) => {
                missing.extend(self.boundary.clone());
                missing.extend(self.denies.clone());
                // A policy that was not read may also deny; of AWS's own only those by these names do.
                missing.extend(self.doubts.iter().filter(|doubt| doubt.permission.is_some()).cloned());
            }
            Ok(Decision::ExplicitDeny(_)) if unresolved.is_empty() => lacks.push(action.to_owned()),
            Ok(Decision::ImplicitDeny(_)) if self.doubts.is_empty() && unresolved.is_empty() => {
                lacks.push(action.to_owned());
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
            Err(missing) => return Grant { allowed: Err(missing.clone()), lacks: Vec::new() },
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
        Grant { allowed, lacks }
    }
}
