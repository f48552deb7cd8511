//! Why a collection failed as a whole: one sentence each, with what to do.

use thiserror::Error;

/// A collection that failed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CollectError {
    /// The credential chain found no credentials.
    #[error(
        "no AWS credentials were found{}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, set --profile or AWS_PROFILE, or run `aws sso login` or `aws configure`", detail(.reason)
    )]
    NoCredentials {
        /// The message of the credential chain, if any.
        reason: String,
    },
    /// Credentials or a login that were valid once.
    #[error(
        "the AWS credentials have expired{}: renew them (for IAM Identity Center: `aws sso login`) and try again", detail(.reason)
    )]
    ExpiredCredentials {
        /// The message of AWS or the credential chain.
        reason: String,
    },
    /// Credentials that AWS rejects.
    #[error(
        "AWS rejected the credentials ({code}: {message}): check the keys, the profile and the clock of this machine"
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
    #[error("no AWS region is set: set --region, AWS_REGION, or `region` in the profile")]
    NoRegion,
    /// A cluster that does not exist.
    #[error("EKS cluster {cluster} does not exist in {}: {}", place(.region.as_deref()), existing(.names.as_deref()))]
    NoSuchCluster {
        /// The name of the cluster.
        cluster: String,
        /// The region of the call.
        region: Option<String>,
        /// The clusters that exist; `None` if they could not be listed.
        names: Option<Vec<String>>,
    },
    /// A service that cannot be connected to, or that does not answer.
    #[error(
        "cannot reach {endpoint} ({reason}): check the route, the security groups, DNS and the proxy settings"
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
        /// The failure, as a verb phrase.
        reason: String,
        /// The HTTP status of the refusal, if any.
        status: Option<u16>,
    },
    /// A proxy setting that is not an address.
    #[error("{variable} is not a proxy address ({reason}): the form is http://host:port")]
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
    #[error("the CA bundle {path} in {source_name} {reason}: the file must contain PEM certificates")]
    CaBundle {
        /// The file.
        path: String,
        /// The variable or profile setting that names it.
        source_name: String,
        /// Why, as a verb phrase.
        reason: String,
    },
    /// An end of a path that does not exist.
    #[error("{id} does not exist in {} ({code}): check the id, the region and the account", place(.region.as_deref()))]
    NoSuchResource {
        /// The id of the end.
        id: String,
        /// The region of the call.
        region: Option<String>,
        /// AWS's error code.
        code: String,
    },
    /// Ends of a path that are in no VPC.
    #[error(
        "no end of the path is in a VPC in {}{}: set one end to a network interface, an instance, a subnet, a VPC endpoint or an address in a VPC, or set --cluster", place(.region.as_deref()), in_brackets(.denied)
    )]
    NoVpc {
        /// The region of the call.
        region: Option<String>,
        /// The actions that were denied.
        denied: Vec<String>,
    },
    /// Accounts that contradict each other.
    #[error("the states of the profiles' accounts cannot be merged: {reason}; run again")]
    Accounts {
        /// What differs.
        reason: String,
    },
    /// `DescribeCluster` was refused.
    #[error(
        "eks:DescribeCluster on {cluster} was denied ({code}: {message}): allow eks:DescribeCluster for the caller"
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
        None => "the clusters in the region could not be listed".to_owned(),
        Some([]) => "the account has no cluster in the region".to_owned(),
        Some(names) if names.len() <= SHOWN => format!("clusters are {}", names.join(", ")),
        Some(names) => format!("clusters are {} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN),
    }
}

fn tls_hint(reason: &str) -> &'static str {
    if reason.contains("UnknownIssuer")
        || reason.contains("CaUsedAsEndEntity")
        || reason.contains("not trusted")
    {
        "if a proxy or a VPC endpoint uses its own CA, set AWS_CA_BUNDLE to the PEM file of the CA"
    } else {
        "check the certificate of the server and the clock of this machine; AWS_CA_BUNDLE adds CAs to trust"
    }
}
