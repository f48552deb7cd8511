//! Why a collection could not be made at all: one sentence each, with what to do about it.

use thiserror::Error;

/// A collection that could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CollectError {
    /// The credential chain came to its end.
    #[error(
        "no AWS credentials were found{}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with --profile or AWS_PROFILE, or run `aws sso login` or `aws configure`", detail(.reason)
    )]
    NoCredentials {
        /// What the credential chain said, if it said anything.
        reason: String,
    },
    /// Credentials or a login that were valid once.
    #[error(
        "the AWS credentials have expired{}: renew them (for IAM Identity Center: `aws sso login`) and try again", detail(.reason)
    )]
    ExpiredCredentials {
        /// What AWS or the credential chain said.
        reason: String,
    },
    /// Credentials that AWS does not know.
    #[error(
        "AWS does not accept the credentials ({code}: {message}): check the keys, the profile and this machine's clock"
    )]
    RejectedCredentials {
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// A source of credentials that failed.
    #[error("the AWS credentials could not be loaded: {reason}")]
    Credentials {
        /// Why.
        reason: String,
    },
    /// A configuration file or variable that cannot be used.
    #[error("the AWS configuration cannot be used: {reason}")]
    Configuration {
        /// Why.
        reason: String,
    },
    /// No region in flag, environment or profile.
    #[error("no AWS region is set: name one with --region, AWS_REGION, or `region` in the profile")]
    NoRegion,
    /// A cluster that is not there.
    #[error("there is no EKS cluster named {cluster} in {}: {}", place(.region.as_deref()), existing(.names.as_deref()))]
    NoSuchCluster {
        /// The name that was asked for.
        cluster: String,
        /// The region that was asked.
        region: Option<String>,
        /// The clusters that exist; `None` if they could not be listed.
        names: Option<Vec<String>>,
    },
    /// A service that cannot be connected to, or that stays silent.
    #[error(
        "{endpoint} cannot be reached ({reason}): check the route, security groups and name resolution to it, or the proxy settings"
    )]
    Unreachable {
        /// Host and port.
        endpoint: String,
        /// Why, in a clause.
        reason: String,
    },
    /// A proxy that refuses, or that cannot be connected to.
    #[error("the proxy {proxy} {reason}: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY")]
    Proxy {
        /// The proxy's address, without credentials.
        proxy: String,
        /// What it did, as a verb phrase.
        reason: String,
        /// The HTTP status with which it refused, if it gave one.
        status: Option<u16>,
    },
    /// A proxy setting that is not an address.
    #[error("{variable} does not name a proxy ({reason}): write http://host:port")]
    ProxySetting {
        /// The environment variable.
        variable: String,
        /// Why.
        reason: String,
    },
    /// A certificate that is not trusted, or another failure of TLS.
    #[error("the TLS connection to {endpoint} failed ({reason}): {}", tls_hint(.reason))]
    Tls {
        /// Host and port.
        endpoint: String,
        /// Why, in a clause.
        reason: String,
    },
    /// A CA bundle that cannot be used.
    #[error("the CA bundle {path} named by {source_name} {reason}: it must be a file of PEM certificates")]
    CaBundle {
        /// The file.
        path: String,
        /// The variable or profile setting that names it.
        source_name: String,
        /// Why, as a verb phrase.
        reason: String,
    },
    /// An end of a path that is not there.
    #[error("there is no {id} in {} ({code}): check the id, the region and the account", place(.region.as_deref()))]
    NoSuchResource {
        /// The id that was asked for.
        id: String,
        /// The region that was asked.
        region: Option<String>,
        /// AWS's error code.
        code: String,
    },
    /// Ends of a path that lead to no VPC.
    #[error(
        "no end of the path leads to a VPC in {}{}: name a network interface, an instance, a subnet, a VPC endpoint or an address in a VPC, or a cluster with --cluster", place(.region.as_deref()), in_brackets(.denied)
    )]
    NoVpc {
        /// The region that was asked.
        region: Option<String>,
        /// The actions that were denied on the way.
        denied: Vec<String>,
    },
    /// Accounts that contradict each other.
    #[error("what the profiles' accounts read cannot be joined: {reason}; run it again")]
    Accounts {
        /// What differs.
        reason: String,
    },
    /// `DescribeCluster` was refused.
    #[error(
        "access to eks:DescribeCluster on {cluster} was denied ({code}: {message}): allow that action for the caller"
    )]
    Denied {
        /// The cluster.
        cluster: String,
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// `DescribeCluster` failed in another way.
    #[error("eks:DescribeCluster on {cluster} failed ({code}): {message}")]
    DescribeCluster {
        /// The cluster.
        cluster: String,
        /// AWS's error code, or `HTTP 404` and the like.
        code: String,
        /// One line of text.
        message: String,
    },
}

fn detail(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

fn in_brackets(actions: &[String]) -> String {
    if actions.is_empty() { String::new() } else { format!(" ({} was denied)", actions.join(", ")) }
}

fn place(region: Option<&str>) -> &str {
    region.unwrap_or("this region")
}

fn existing(names: Option<&[String]>) -> String {
    const SHOWN: usize = 20;
    match names {
        None => "the clusters that exist could not be listed".to_owned(),
        Some([]) => "the account has none there".to_owned(),
        Some(names) if names.len() <= SHOWN => format!("there are {}", names.join(", ")),
        Some(names) => format!("there are {} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN),
    }
}

fn tls_hint(reason: &str) -> &'static str {
    if reason.contains("UnknownIssuer")
        || reason.contains("CaUsedAsEndEntity")
        || reason.contains("not trusted")
    {
        "if a proxy or a private endpoint here uses its own CA, name its PEM file in AWS_CA_BUNDLE"
    } else {
        "check the endpoint's certificate and this machine's clock; AWS_CA_BUNDLE names further CAs to trust"
    }
}
