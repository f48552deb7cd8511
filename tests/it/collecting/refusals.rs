//! Why a cluster could not be described, each in one sentence that says what to do.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_types::timeout::TimeoutConfig;
use privek_audit::collect::aws::{AwsOptions, Environment, collect, loader};
use privek_audit::collect::{CollectError, Silent};

use super::cluster::config;
use crate::support::recorded;
use crate::support::replay::{Answer, Replay};
use crate::support::servers::{answering, closed_port, http, tls};

async fn refused(url: &str, environment: &Environment, cluster: &str) -> CollectError {
    collect(&config(url, environment).await, cluster, String::new(), &Silent)
        .await
        .expect_err("no cluster can be described")
}

/// The error when `DescribeCluster` answers so.
async fn answered(status: u16, code: &'static str) -> CollectError {
    let server = Replay::start(move |request| match request.operation.as_str() {
        "DescribeCluster" => Answer::error("DescribeCluster", status, code, "a reason"),
        _ => recorded::answer(request),
    });
    refused(&server.await.url(), &Environment::default(), "prod").await
}

fn one_sentence(error: &CollectError) -> String {
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 600, "{text}");
    text
}

#[tokio::test]
async fn a_cluster_that_does_not_exist_is_an_error_that_names_those_that_do() {
    let server = Replay::start(|request| match request.operation.as_str() {
        "DescribeCluster" => {
            Answer::error("DescribeCluster", 404, "ResourceNotFoundException", "No cluster found")
        }
        _ => recorded::answer(request),
    });
    let error = refused(&server.await.url(), &Environment::default(), "prdo").await;
    let names = Some(vec!["dev".to_owned(), "staging".to_owned()]);
    assert_eq!(
        error,
        CollectError::NoSuchCluster {
            cluster: "prdo".to_owned(),
            region: Some("eu-west-1".to_owned()),
            names
        }
    );
    let text = one_sentence(&error);
    assert!(text.contains("prdo") && text.contains("dev, staging") && text.contains("eu-west-1"), "{text}");
}

#[tokio::test]
async fn a_denied_description_names_the_action() {
    let error = answered(403, "AccessDeniedException").await;
    assert!(matches!(error, CollectError::Denied { .. }), "{error:?}");
    assert!(one_sentence(&error).contains("eks:DescribeCluster"));
}

#[tokio::test]
async fn expired_and_unknown_credentials_are_told_apart() {
    assert!(matches!(answered(403, "ExpiredTokenException").await, CollectError::ExpiredCredentials { .. }));
    assert!(matches!(answered(403, "ExpiredToken").await, CollectError::ExpiredCredentials { .. }));
    assert!(matches!(
        answered(403, "UnrecognizedClientException").await,
        CollectError::RejectedCredentials { .. }
    ));
    assert!(matches!(
        answered(403, "InvalidSignatureException").await,
        CollectError::RejectedCredentials { .. }
    ));
}

#[tokio::test]
async fn a_server_that_is_not_eks_is_an_error_with_its_status() {
    let server = Replay::start(|_| Answer::html(404)).await;
    let error = refused(&server.url(), &Environment::default(), "prod").await;
    assert!(matches!(&error, CollectError::DescribeCluster { code, .. } if code == "HTTP 404"), "{error:?}");
}

/// A source of credentials that has none.
#[derive(Debug)]
struct Without(fn() -> CredentialsError);

impl ProvideCredentials for Without {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err((self.0)()))
    }
}

async fn without(why: fn() -> CredentialsError) -> CollectError {
    let server = Replay::start(recorded::answer).await;
    let options = AwsOptions { profile: None, region: Some("eu-west-1".to_owned()) };
    let config = loader(&options, &Environment::default())
        .unwrap()
        .endpoint_url(server.url())
        .credentials_provider(SharedCredentialsProvider::new(Without(why)))
        .load()
        .await;
    collect(&config, "prod", String::new(), &Silent).await.unwrap_err()
}

#[tokio::test]
async fn no_credentials_say_how_to_get_some() {
    let error = without(|| CredentialsError::not_loaded("no providers in chain provided credentials")).await;
    assert!(matches!(error, CollectError::NoCredentials { .. }), "{error:?}");
    let text = one_sentence(&error);
    assert!(
        text.contains("AWS_ACCESS_KEY_ID") && text.contains("--profile") && text.contains("aws sso login"),
        "{text}"
    );
}

#[tokio::test]
async fn an_expired_login_says_how_to_renew_it() {
    let error = without(|| CredentialsError::provider_error("the SSO token has expired")).await;
    assert!(matches!(error, CollectError::ExpiredCredentials { .. }), "{error:?}");
    assert!(one_sentence(&error).contains("aws sso login"));
}

#[tokio::test]
async fn a_closed_port_is_an_error_that_names_the_endpoint_soon() {
    let (url, begin) = (format!("http://127.0.0.1:{}", closed_port()), Instant::now());
    let error = refused(&url, &Environment::default(), "prod").await;
    assert!(begin.elapsed() < Duration::from_mins(2));
    assert!(matches!(&error, CollectError::Unreachable { endpoint, .. } if *endpoint == url), "{error:?}");
    assert!(one_sentence(&error).contains("refused"));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_unreachable() {
    let error = refused("http://eks.invalid", &Environment::default(), "prod").await;
    assert!(
        matches!(&error, CollectError::Unreachable { endpoint, .. } if endpoint == "http://eks.invalid"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_silent_server_is_given_up_within_the_time_allowed() {
    let server = Replay::start(|_| Answer { silent: true, ..Answer::html(200) }).await;
    let options = AwsOptions { profile: None, region: Some("eu-west-1".to_owned()) };
    let soon = TimeoutConfig::builder()
        .read_timeout(Duration::from_millis(200))
        .operation_timeout(Duration::from_millis(500))
        .build();
    let config = loader(&options, &Environment::default())
        .unwrap()
        .endpoint_url(server.url())
        .timeout_config(soon)
        .credentials_provider(SharedCredentialsProvider::new(aws_credential_types::Credentials::new(
            "a", "b", None, None, "t",
        )))
        .load()
        .await;
    let begin = Instant::now();
    let error = collect(&config, "prod", String::new(), &Silent).await.unwrap_err();
    assert!(
        matches!(&error, CollectError::Unreachable { endpoint, .. } if *endpoint == server.url()),
        "{error:?}"
    );
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

/// A proxy that answers every request with this status; it keeps what it was asked.
fn proxy(status: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let port = answering(move |head| {
        log.lock().unwrap().push(head.to_owned());
        http(status, "", "")
    });
    (format!("127.0.0.1:{port}"), asked)
}

fn proxied(variable: &str, url: &str) -> Environment {
    Environment::of(|name| (name == variable).then(|| url.to_owned()))
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_with_its_status_and_without_credentials() {
    let (address, asked) = proxy("403 Forbidden");
    let environment = proxied("HTTPS_PROXY", &format!("http://me:secret@{address}"));
    let error = refused("https://eks.eu-west-1.amazonaws.com", &environment, "prod").await;
    assert!(matches!(&error, CollectError::Proxy { status: Some(403), .. }), "{error:?}");
    let text = one_sentence(&error);
    assert!(text.contains(&address) && text.contains("403") && text.contains("HTTPS_PROXY"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|head| head.starts_with("CONNECT ")), "{asked:?}");
    assert!(
        asked.iter().all(|head| head.to_lowercase().contains("proxy-authorization: basic bwu6c2vjcmv0")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_wants_credentials_says_so() {
    let (address, _) = proxy("407 Proxy Authentication Required");
    for (variable, url) in [("HTTPS_PROXY", "https://eks.example"), ("HTTP_PROXY", "http://eks.example")] {
        let error = refused(url, &proxied(variable, &format!("http://{address}")), "prod").await;
        assert!(matches!(&error, CollectError::Proxy { status: Some(407), .. }), "{error:?}");
        assert!(one_sentence(&error).contains(&address), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let address = format!("127.0.0.1:{}", closed_port());
    let error = refused("https://eks.example", &proxied("https_proxy", &address), "prod").await;
    let text = one_sentence(&error);
    assert!(matches!(error, CollectError::Proxy { status: None, .. }), "{error:?}");
    assert!(text.contains(&address) && text.contains("cannot be reached"), "{text}");
}

#[tokio::test]
async fn an_http_endpoint_is_asked_through_the_http_proxy_unless_no_proxy_names_it() {
    let server = Replay::start(recorded::answer).await;
    // A forward proxy sees the whole URL; this one answers for everybody.
    let environment = proxied("HTTP_PROXY", &server.url());
    let through = config("http://eks.example", &environment).await;
    assert!(
        collect(&through, "prod", String::new(), &Silent)
            .await
            .is_err_and(|error| matches!(error, CollectError::DescribeCluster { .. }))
    );
    assert!(server.requests().iter().any(|request| request.path.starts_with("http://eks.example/")));

    let nowhere =
        Environment { no_proxy: Some("127.0.0.1".to_owned()), ..proxied("HTTP_PROXY", "http://127.0.0.1:9") };
    let direct = config(&server.url(), &nowhere).await;
    assert!(collect(&direct, "prod", String::new(), &Silent).await.is_ok());
}

#[tokio::test]
async fn a_ca_that_is_not_trusted_is_an_error_and_the_bundle_mends_it() {
    let server = tls(Replay::start(recorded::answer).await.address.port());
    let url = format!("https://localhost:{}", server.port);
    let error = refused(&url, &Environment::default(), "prod").await;
    assert!(matches!(&error, CollectError::Tls { endpoint, .. } if *endpoint == url), "{error:?}");
    assert!(one_sentence(&error).contains("AWS_CA_BUNDLE"));

    let path = server.bundle.path().to_str().unwrap().to_owned();
    let trusting = proxied("AWS_CA_BUNDLE", &path);
    let config = config(&url, &trusting).await;
    collect(&config, "prod", String::new(), &Silent).await.expect("the bundle is trusted");
}
