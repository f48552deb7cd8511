//! Why a call failed, by the SDK's layers of errors: for a gap in the snapshot, or, if
//! it was the one call that nothing works without, for the person at the terminal.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use privek_aws::snapshot::refusal::is_denied;
use privek_core::header::Gap;

use crate::collect::error::CollectError;

use super::error_chain::{causes, chain, one_line, root};
use super::http::ProxyFailure;
use super::operations::Operation;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What kind of failure it is.
    pub(super) kind: FailureKind,
    /// AWS's error code, `HTTP 404` and the like, `Timeout`, `Unreachable` or `Malformed`.
    pub(super) code: String,
    /// One line of text.
    pub(super) message: String,
}

/// Kinds of failures that need different words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// A permission is missing.
    Denied,
    /// There is no such resource.
    NotFound,
    /// There are no credentials.
    NoCredentials,
    /// Credentials or a login have expired.
    ExpiredCredentials,
    /// AWS does not accept the credentials.
    RejectedCredentials,
    /// A source of credentials failed.
    Credentials,
    /// A setting cannot be used.
    Configuration,
    /// No region is set.
    NoRegion,
    /// There was no connection, or no answer in time.
    Unreachable,
    /// A proxy refused or failed.
    Proxy(ProxyFailure),
    /// The TLS handshake failed.
    Tls,
    /// Anything else.
    Other,
}

impl Failure {
    /// What an error of the SDK says.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match error {
            SdkError::ServiceError(service) => {
                let (code, message) = (service.err().code(), service.err().message());
                answered(service.raw(), code, message, "")
            }
            SdkError::ResponseError(response) => answered(response.raw(), None, None, &root(error)),
            SdkError::TimeoutError(_) => {
                Self::new(FailureKind::Unreachable, "Timeout", "no answer within the time limit")
            }
            SdkError::DispatchFailure(dispatch) => unanswered(error, dispatch.is_timeout()),
            _ => unanswered(error, false),
        }
    }

    fn new(kind: FailureKind, code: &str, message: &str) -> Self {
        Self { kind, code: code.to_owned(), message: one_line(message) }
    }

    /// An answer without the one thing that was asked for.
    pub(super) fn empty(what: &str) -> Self {
        Self::new(FailureKind::Other, "Malformed", &format!("the answer has no `{what}`"))
    }

    /// A list that went on and on.
    pub(super) fn endless(pages: usize) -> Self {
        Self::new(FailureKind::Other, "Incomplete", &format!("the answer has more than {pages} pages"))
    }

    /// What it means for the person at the terminal, where no other call to the service can be
    /// answered either.
    pub(super) fn fatal(&self, endpoint: &str) -> Option<CollectError> {
        let (code, reason) = (self.code.clone(), self.message.clone());
        Some(match &self.kind {
            FailureKind::NoCredentials => CollectError::NoCredentials { reason },
            FailureKind::ExpiredCredentials => CollectError::ExpiredCredentials { reason },
            FailureKind::RejectedCredentials => CollectError::RejectedCredentials { code, message: reason },
            FailureKind::Credentials => CollectError::Credentials { reason },
            FailureKind::Configuration => CollectError::Configuration { reason },
            FailureKind::NoRegion => CollectError::NoRegion,
            FailureKind::Unreachable => CollectError::Unreachable { endpoint: endpoint.to_owned(), reason },
            FailureKind::Proxy(proxy) => CollectError::Proxy {
                proxy: proxy.proxy.clone(),
                reason: proxy.reason.clone(),
                status: proxy.status,
            },
            FailureKind::Tls => CollectError::Tls { endpoint: endpoint.to_owned(), reason },
            FailureKind::Denied | FailureKind::NotFound | FailureKind::Other => return None,
        })
    }

    /// Whether nothing that is sent to the same place will be answered either.
    pub(super) fn is_out_of_reach(&self) -> bool {
        matches!(self.kind, FailureKind::Unreachable | FailureKind::Proxy(_) | FailureKind::Tls)
    }

    /// What it means where only credentials matter.
    pub(super) fn of_credentials(&self) -> Option<CollectError> {
        match self.kind {
            FailureKind::NoCredentials
            | FailureKind::ExpiredCredentials
            | FailureKind::RejectedCredentials
            | FailureKind::Credentials
            | FailureKind::Configuration
            | FailureKind::NoRegion => self.fatal(""),
            _ => None,
        }
    }

    /// The gap that it leaves.
    pub(super) fn gap(self, operation: Operation, region: Option<&str>, resource: Option<&str>) -> Gap {
        Gap {
            service: operation.service.to_owned(),
            operation: operation.operation.to_owned(),
            region: region.map(ToOwned::to_owned),
            resource: resource.map(ToOwned::to_owned),
            code: self.code,
            message: self.message,
            permission: (self.kind == FailureKind::Denied).then(|| operation.iam_action.to_owned()),
        }
    }
}

/// A failure that came with an HTTP response.
fn answered(response: &HttpResponse, code: Option<&str>, message: Option<&str>, cause: &str) -> Failure {
    let status = response.status().as_u16();
    let html = response.headers().get("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    match code.filter(|code| !html && !code.is_empty()) {
        Some(code) => {
            let message = message.filter(|text| !text.is_empty()).unwrap_or("no message");
            Failure::new(kind_of(code), code, message)
        }
        None if status >= 400 => {
            let what = if html { "an HTML page" } else { "unknown content" };
            let message = format!("the server answered HTTP {status} with {what}, not an answer of AWS");
            let kind = if status == 407 {
                let reason = "asks for credentials (HTTP 407)".to_owned();
                FailureKind::Proxy(ProxyFailure {
                    proxy: "between here and AWS".to_owned(),
                    status: Some(407),
                    reason,
                })
            } else {
                FailureKind::Other
            };
            Failure::new(kind, &format!("HTTP {status}"), &message)
        }
        None => Failure::new(FailureKind::Other, "Malformed", &format!("the answer cannot be read: {cause}")),
    }
}

/// What AWS's error codes mean here.
fn kind_of(code: &str) -> FailureKind {
    match code {
        code if is_denied(code) => FailureKind::Denied,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => FailureKind::ExpiredCredentials,
        "AuthFailure"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidAccessKeyId"
        | "NotAuthorized" => FailureKind::RejectedCredentials,
        "ResourceNotFoundException" => FailureKind::NotFound,
        _ => FailureKind::Other,
    }
}

/// A failure without a response.
fn unanswered<E>(error: &SdkError<E, HttpResponse>, timed_out: bool) -> Failure
where
    E: Error + Send + Sync + 'static,
{
    let causes = causes(error);
    for cause in &causes {
        if let Some(proxy) = cause.downcast_ref::<ProxyFailure>() {
            return Failure::new(FailureKind::Proxy(proxy.clone()), "Unreachable", &proxy.to_string());
        }
        if let Some(credentials) = cause.downcast_ref::<CredentialsError>() {
            return of_credentials(credentials);
        }
    }
    let texts: Vec<String> = causes.iter().map(ToString::to_string).collect();
    let says = |words: &[&str]| texts.iter().any(|text| words.iter().any(|word| text.contains(word)));
    let root = texts.last().map_or("", String::as_str);
    if says(&[
        "TLS handshake failed",
        "invalid peer certificate",
        "received fatal alert",
        "tls handshake eof",
    ]) {
        let reason = root.replace(
            "invalid peer certificate: UnknownIssuer",
            "the certificate is signed by a CA that is not trusted: UnknownIssuer",
        );
        return Failure::new(FailureKind::Tls, "Unreachable", &reason);
    }
    if says(&["identity resolver timed out", "load credentials"]) {
        return Failure::new(FailureKind::Credentials, "Credentials", root);
    }
    if says(&["Missing Region", "region must be set", "A region must be set"]) {
        return Failure::new(FailureKind::NoRegion, "NoRegion", root);
    }
    if says(&["endpoint must", "invalid endpoint"]) {
        return Failure::new(
            FailureKind::Configuration,
            "NotSent",
            &format!("the endpoint URL is not valid: {root}"),
        );
    }
    if timed_out {
        return Failure::new(FailureKind::Unreachable, "Timeout", root);
    }
    if matches!(error, SdkError::DispatchFailure(_)) {
        return Failure::new(FailureKind::Unreachable, "Unreachable", root);
    }
    Failure::new(FailureKind::Other, "NotSent", root)
}

/// A failure of the credential chain.
fn of_credentials(error: &CredentialsError) -> Failure {
    let mut texts = chain(error);
    texts.retain(|text| text != "an error occurred while loading credentials");
    let text = texts.join(": ");
    let lower = text.to_lowercase();
    if lower.contains("expired") || lower.contains("invalid_grant") {
        return Failure::new(FailureKind::ExpiredCredentials, "Credentials", &text);
    }
    // The last link of the chain is the instance's metadata service: without one there is nothing.
    if lower.contains("no credentials found in chain") || lower.contains("imds") {
        return Failure::new(FailureKind::NoCredentials, "Credentials", "");
    }
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) || lower.contains("cached sso token") {
        return Failure::new(FailureKind::NoCredentials, "Credentials", &text);
    }
    Failure::new(FailureKind::Credentials, "Credentials", &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::aws::operations;

    #[test]
    fn only_a_denied_call_names_a_permission() {
        let operation = operations::DESCRIBE_SUBNETS;
        let denied = Failure::new(kind_of("UnauthorizedOperation"), "UnauthorizedOperation", "no");
        assert_eq!(denied.gap(operation, None, None).permission.as_deref(), Some("ec2:DescribeSubnets"));
        let throttled = Failure::new(kind_of("RequestLimitExceeded"), "RequestLimitExceeded", "slow");
        assert_eq!(throttled.gap(operation, Some("eu-west-1"), Some("vpc-1")).permission, None);
    }
}
