//! Who asks, and whether a statement means them.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use serde_json::{Map, Value};

use crate::snapshot::Arn;

use super::decision::{Applies, PolicyKind};
use super::language::texts;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A role of this account: this one, or any.
    Role {
        /// The account.
        account: Option<String>,
        /// The role's ARN, where it is one role.
        arn: Option<String>,
    },
    /// An account of AWS's own, which is not this one.
    OfAws {
        /// The owner's account.
        own: Option<String>,
    },
    /// Somebody with a token of an identity provider and no AWS identity.
    Federated {
        /// The provider's ARN.
        provider: Option<String>,
    },
    /// No particular principal.
    Anonymous,
    /// An AWS service, by the names that it goes by.
    Service {
        /// For instance `ec2.amazonaws.com`.
        names: Vec<String>,
    },
}

/// Whether a statement is about the caller.
pub(crate) fn names(kind: PolicyKind, statement: &Map<String, Value>, caller: &Caller) -> Applies {
    if let Some(principal) = statement.get("Principal") {
        return among(kind, principal, caller);
    }
    match statement.get("NotPrincipal") {
        // Excepting a role needs its account and its session too: what that leaves is not worked out.
        Some(except) => match (among(kind, except, caller), caller) {
            (Applies::No(_), _) => Applies::Yes,
            (Applies::Yes, Caller::Anonymous | Caller::Service { .. }) => Applies::No(String::new()),
            _ => Applies::Maybe("has a NotPrincipal".into()),
        },
        None => Applies::Maybe("has no Principal".into()),
    }
}

fn among(policy: PolicyKind, principal: &Value, caller: &Caller) -> Applies {
    let map = match principal {
        Value::Object(map) => map,
        other => {
            return match texts(Some(other)) {
                Some(names) if names.contains(&"*") => everybody(caller),
                Some(_) => Applies::No(String::new()),
                None => unclear(),
            };
        }
    };
    let mut any = Applies::No(String::new());
    for (kind, names) in map {
        let Some(names) = texts(Some(names)) else { return unclear() };
        for name in names {
            any = any.or(match kind.as_str() {
                "AWS" => aws(policy, name, caller),
                "Service" => service(name, caller),
                "Federated" => federated(policy, name, caller),
                _ => unclear(),
            });
        }
    }
    any
}

fn unclear() -> Applies {
    Applies::Maybe("has a Principal in an unknown format".into())
}

/// `*` means every principal; AWS does not document whether it includes services.
fn everybody(caller: &Caller) -> Applies {
    match caller {
        Caller::Service { .. } => Applies::Maybe("has Principal * and does not name the service".into()),
        _ => Applies::Yes,
    }
}

fn aws(policy: PolicyKind, name: &str, caller: &Caller) -> Applies {
    if name == "*" {
        return everybody(caller);
    }
    let (of, whole) = match Arn::parse(name) {
        Some(arn) => (arn.account, arn.resource == "root"),
        None if is_account(name) => (name, true),
        // The id of a principal that was deleted matches no principal.
        None => return Applies::No(String::new()),
    };
    match caller {
        Caller::Role { account: Some(account), .. } if account != of => Applies::No(String::new()),
        // https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
        Caller::Role { .. } if whole && policy == PolicyKind::GatewayEndpoint => Applies::No(format!(
            "names {name}, of which a gateway VPC endpoint admits the root user only (aws:PrincipalArn admits roles)"
        )),
        Caller::Role { account: Some(_), .. } if whole => Applies::Yes,
        Caller::Role { arn, .. } if is_other(name, arn.as_deref()) => {
            Applies::No(format!("names the principal {name}"))
        }
        Caller::Role { account: Some(_), arn: Some(arn) }
            if arn == name && policy != PolicyKind::GatewayEndpoint =>
        {
            Applies::Yes
        }
        Caller::Role { .. } => Applies::Maybe(format!("names the principal {name}")),
        Caller::OfAws { own } if own.as_deref() == Some(of) => {
            Applies::No("names principals of this account".into())
        }
        Caller::OfAws { .. } => Applies::Maybe(format!("names the principal {name}, possibly AWS's")),
        Caller::Federated { .. } | Caller::Anonymous | Caller::Service { .. } => {
            Applies::No("names principals with an AWS identity".into())
        }
    }
}

fn service(name: &str, caller: &Caller) -> Applies {
    match caller {
        Caller::Service { names } => Applies::of(names.iter().any(|known| known.eq_ignore_ascii_case(name))),
        _ => Applies::No(String::new()),
    }
}

/// Of VPC endpoints AWS's own samples name every provider by `*`:
/// <https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/vpc_endpoint_policies/sts_endpoint_policy.json>.
fn federated(policy: PolicyKind, name: &str, caller: &Caller) -> Applies {
    match caller {
        Caller::Federated { .. } if name == "*" => match policy {
            PolicyKind::Endpoint | PolicyKind::GatewayEndpoint => Applies::Yes,
            PolicyKind::Identity | PolicyKind::Trust => {
                Applies::Maybe("names the identity provider *, of which AWS does not say the meaning".into())
            }
        },
        Caller::Federated { provider: Some(provider) } => Applies::of(provider == name),
        Caller::Federated { provider: None } => Applies::Maybe(format!("names the identity provider {name}")),
        _ => Applies::No(String::new()),
    }
}

/// Whether a text is an account's id.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a principal is certainly not this role, or no role at all.
fn is_other(name: &str, role: Option<&str>) -> bool {
    let Some(principal) = Arn::parse(name) else { return false };
    let own = role.and_then(|arn| arn.rsplit('/').next());
    match principal.resource.split_once('/') {
        Some(("role", _)) => role.is_some_and(|arn| arn != name),
        // A session's ARN has the role's name without the path.
        Some(("assumed-role", session)) => {
            own.is_some_and(|own| session.split('/').next().is_some_and(|of| of != own))
        }
        Some(("user" | "federated-user", _)) => true,
        _ => false,
    }
}
