//! Why a call failed, told from the SDK's layers of errors: for a gap in the snapshot, or, if
//! it was the one call that nothing works without, for the person at the terminal.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::http::ProxyFailure;
use super::operations::Operation;
use crate::collect::CollectError;
use crate::snapshot::Gap;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What kind of failure it is.
    pub(super) kind: Kind,
    /// AWS's error code, `HTTP 404` and the like, `Timeout`, `Unreachable` or `Malformed`.
    pub(super) code: String,
    /// One line of text.
    pub(super) message: String,
}

/// Kinds of failures that need different words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
    /// A proxy stood in the way.
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
                Self::new(Kind::Unreachable, "Timeout", "no answer within the time allowed")
            }
            SdkError::DispatchFailure(dispatch) => unanswered(error, dispatch.is_timeout()),
            _ => unanswered(error, false),
        }
    }

    fn new(kind: Kind, code: &str, message: &str) -> Self {
        Self { kind, code: code.to_owned(), message: one_line(message) }
    }

    /// An answer without the one thing that was asked for.
    pub(super) fn empty(what: &str) -> Self {
        Self::new(Kind::Other, "Malformed", &format!("the answer has no `{what}`"))
    }

    /// A list that went on and on.
    pub(super) fn endless(pages: usize) -> Self {
        Self::new(Kind::Other, "Incomplete", &format!("there were more than {pages} pages"))
    }

    /// What it means for the person at the terminal, where no other call to the service can be
    /// answered either.
    pub(super) fn fatal(&self, endpoint: &str) -> Option<CollectError> {
        let (code, reason) = (self.code.clone(), self.message.clone());
        Some(match &self.kind {
            Kind::NoCredentials => CollectError::NoCredentials { reason },
            Kind::ExpiredCredentials => CollectError::ExpiredCredentials { reason },
            Kind::RejectedCredentials => CollectError::RejectedCredentials { code, message: reason },
            Kind::Credentials => CollectError::Credentials { reason },
            Kind::Configuration => CollectError::Configuration { reason },
            Kind::NoRegion => CollectError::NoRegion,
            Kind::Unreachable => CollectError::Unreachable { endpoint: endpoint.to_owned(), reason },
            Kind::Proxy(proxy) => CollectError::Proxy {
                proxy: proxy.proxy.clone(),
                reason: proxy.reason.clone(),
                status: proxy.status,
            },
            Kind::Tls => CollectError::Tls { endpoint: endpoint.to_owned(), reason },
            Kind::Denied | Kind::NotFound | Kind::Other => return None,
        })
    }

    /// Whether nothing that is sent to the same place will be answered either.
    pub(super) fn is_out_of_reach(&self) -> bool {
        matches!(self.kind, Kind::Unreachable | Kind::Proxy(_) | Kind::Tls)
    }

    /// What it means where only credentials matter.
    pub(super) fn of_credentials(&self) -> Option<CollectError> {
        match self.kind {
            Kind::NoCredentials
            | Kind::ExpiredCredentials
            | Kind::RejectedCredentials
            | Kind::Credentials
            | Kind::Configuration
            | Kind::NoRegion => self.fatal(""),
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
            permission: (self.kind == Kind::Denied).then(|| operation.iam_action.to_owned()),
        }
    }
}

/// A failure that came with an HTTP response.
fn answered(response: &HttpResponse, code: Option<&str>, message: Option<&str>, cause: &str) -> Failure {
    let status = response.status().as_u16();
    let html = response.headers().get("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    match code.filter(|code| !html && !code.is_empty()) {
        Some(code) => {
            let message = message.filter(|text| !text.is_empty()).unwrap_or("AWS gave no reason");
            Failure::new(kind_of(code), code, message)
        }
        None if status >= 400 => {
            let what = if html { "an HTML page" } else { "something" };
            let message = format!("the server answered HTTP {status} with {what} that is no answer of AWS's");
            let kind = if status == 407 {
                let reason = "asks for credentials (HTTP 407)".to_owned();
                Kind::Proxy(ProxyFailure {
                    proxy: "between here and AWS".to_owned(),
                    status: Some(407),
                    reason,
                })
            } else {
                Kind::Other
            };
            Failure::new(kind, &format!("HTTP {status}"), &message)
        }
        None => Failure::new(Kind::Other, "Malformed", &format!("the answer cannot be read: {cause}")),
    }
}

/// What AWS's error codes mean here.
fn kind_of(code: &str) -> Kind {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "UnauthorizedException"
        | "Client.UnauthorizedOperation" => Kind::Denied,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Kind::ExpiredCredentials,
        "AuthFailure"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidAccessKeyId"
        | "NotAuthorized" => Kind::RejectedCredentials,
        "ResourceNotFoundException" => Kind::NotFound,
        _ => Kind::Other,
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
            return Failure::new(Kind::Proxy(proxy.clone()), "Unreachable", &proxy.to_string());
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
        return Failure::new(Kind::Tls, "Unreachable", &reason);
    }
    if says(&["identity resolver timed out", "load credentials"]) {
        return Failure::new(Kind::Credentials, "Credentials", root);
    }
    if says(&["Missing Region", "region must be set", "A region must be set"]) {
        return Failure::new(Kind::NoRegion, "NoRegion", root);
    }
    if says(&["endpoint must", "invalid endpoint"]) {
        return Failure::new(Kind::Configuration, "NotSent", &format!("the endpoint URL is not one: {root}"));
    }
    if timed_out {
        return Failure::new(Kind::Unreachable, "Timeout", root);
    }
    if matches!(error, SdkError::DispatchFailure(_)) {
        return Failure::new(Kind::Unreachable, "Unreachable", root);
    }
    Failure::new(Kind::Other, "NotSent", root)
}

/// A failure of the credential chain.
fn of_credentials(error: &CredentialsError) -> Failure {
    let mut texts = chain(error);
    texts.retain(|text| text != "an error occurred while loading credentials");
    let text = texts.join(": ");
    let lower = text.to_lowercase();
    if lower.contains("expired") || lower.contains("invalid_grant") {
        return Failure::new(Kind::ExpiredCredentials, "Credentials", &text);
    }
    // The last link of the chain is the instance's metadata service: without one there is nothing.
    if lower.contains("no credentials found in chain") || lower.contains("imds") {
        return Failure::new(Kind::NoCredentials, "Credentials", "");
    }
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) || lower.contains("cached sso token") {
        return Failure::new(Kind::NoCredentials, "Credentials", &text);
    }
    Failure::new(Kind::Credentials, "Credentials", &text)
}

/// The errors behind an error. An [`std::io::Error`] hides its payload from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
    .collect()
}

/// The texts of an error and of those behind it, without repetitions.
pub(super) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = causes(error).into_iter().map(ToString::to_string).collect();
    texts.dedup();
    texts
}

fn root(error: &(dyn Error + 'static)) -> String {
    chain(error).pop().unwrap_or_default()
}

/// One line of bounded length. What follows "Encoded authorization failure message" is for AWS's eyes.
pub(super) fn one_line(text: &str) -> String {
    const LONGEST: usize = 400;
    let text = text.split("Encoded authorization failure message").next().unwrap_or_default();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|character| !character.is_control()));
    }
    if line.chars().count() > LONGEST {
        line = line.chars().take(LONGEST).chain(['…']).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_bounded_line_without_the_encoded_part() {
        let message = one_line("You are not\nauthorized.  Encoded authorization failure message: c2VjcmV0");
        assert_eq!(message, "You are not authorized.");
        assert_eq!(one_line(&"x".repeat(1000)).chars().count(), 401);
    }

    #[test]
    fn only_a_denied_call_names_a_permission() {
        let operation = super::super::operations::DESCRIBE_SUBNETS;
        let denied = Failure::new(kind_of("UnauthorizedOperation"), "UnauthorizedOperation", "no");
        assert_eq!(denied.gap(operation, None, None).permission.as_deref(), Some("ec2:DescribeSubnets"));
        let throttled = Failure::new(kind_of("RequestLimitExceeded"), "RequestLimitExceeded", "slow");
        assert_eq!(throttled.gap(operation, Some("eu-west-1"), Some("vpc-1")).permission, None);
    }
}
