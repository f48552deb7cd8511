//! What a policy decides about a request.

use super::keys::Keys;
use super::principal::Caller;

/// What a policy says about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is allowed.
    Allowed,
    /// No statement allows it, and why not.
    ImplicitDeny(String),
    /// A statement denies it: which.
    ExplicitDeny(String),
    /// It depends on something that is not known here.
    Undecided(String),
}

/// What a policy is attached to, which decides what its statements hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    /// To an interface VPC endpoint: statements name principals and resources.
    Endpoint,
    /// To a gateway VPC endpoint: an account as a principal stands for its root user alone.
    GatewayEndpoint,
    /// To a role, as what it may do: statements name no principals.
    Identity,
    /// To a role, as who may assume it: statements name no resources.
    Trust,
}

/// One action on one resource, by one caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// For instance `s3:GetObject`.
    pub action: &'a str,
    /// An ARN, in which `*` stands for whatever there may be; `None` for an action that takes no
    /// resource, which only statements about all resources cover.
    pub resource: Option<&'a str>,
    /// Who asks.
    pub caller: &'a Caller,
    /// What the request carries besides.
    pub keys: &'a Keys,
}

/// Whether a part of a statement applies to a request. Not `Known<bool>`: what is not so has a reason, too,
/// and of several reasons the first is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Applies {
    Yes,
    /// Why not.
    No(String),
    /// What it depends on.
    Maybe(String),
}

impl Applies {
    pub fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No(String::new()) }
    }

    /// Both: what is certainly not so outranks what is not known.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (no @ Self::No(_), _) | (_, no @ Self::No(_)) => no,
            (maybe @ Self::Maybe(_), _) | (_, maybe @ Self::Maybe(_)) => maybe,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// Either: what is certainly so outranks what is not known.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (maybe @ Self::Maybe(_), _) | (_, maybe @ Self::Maybe(_)) => maybe,
            // The reason of one that has a reason.
            (Self::No(why), other @ Self::No(_)) if why.is_empty() => other,
            (no @ Self::No(_), Self::No(_)) => no,
        }
    }

    pub fn not(self) -> Self {
        match self {
            Self::Yes => Self::No(String::new()),
            Self::No(_) => Self::Yes,
            maybe @ Self::Maybe(_) => maybe,
        }
    }
}
