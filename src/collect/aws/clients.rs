//! The SDK's clients, each behind the guard that lets only listed operations through.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::timeout::TimeoutConfig;

use super::operations::Guard;

/// One client for each service.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) autoscaling: aws_sdk_autoscaling::Client,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) ecr: aws_sdk_ecr::Client,
    pub(super) eks: aws_sdk_eks::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) kms: aws_sdk_kms::Client,
    pub(super) profiles: aws_sdk_route53profiles::Client,
    pub(super) resolver: aws_sdk_route53resolver::Client,
    pub(super) route53: aws_sdk_route53::Client,
    pub(super) sts: aws_sdk_sts::Client,
    /// Time-outs of the one call that nothing works without.
    pub(super) short: TimeoutConfig,
    eks_endpoint: Endpoint,
    ec2_endpoint: Endpoint,
}

impl Clients {
    pub(super) fn new(config: &SdkConfig) -> Self {
        let (eks_endpoint, ec2_endpoint) = (Endpoint::default(), Endpoint::default());
        Self {
            autoscaling: aws_sdk_autoscaling::Client::from_conf(
                aws_sdk_autoscaling::config::Builder::from(config).interceptor(Guard).build(),
            ),
            ec2: aws_sdk_ec2::Client::from_conf(
                aws_sdk_ec2::config::Builder::from(config)
                    .interceptor(Guard)
                    .interceptor(ec2_endpoint.clone())
                    .build(),
            ),
            ecr: aws_sdk_ecr::Client::from_conf(
                aws_sdk_ecr::config::Builder::from(config).interceptor(Guard).build(),
            ),
            eks: aws_sdk_eks::Client::from_conf(
                aws_sdk_eks::config::Builder::from(config)
                    .interceptor(Guard)
                    .interceptor(eks_endpoint.clone())
                    .build(),
            ),
            // Closed networks seldom have a way to IAM, which is global: what it cannot say is soon known.
            iam: aws_sdk_iam::Client::from_conf(
                aws_sdk_iam::config::Builder::from(config)
                    .timeout_config(super::config::short_timeouts(config.timeout_config()))
                    .interceptor(Guard)
                    .build(),
            ),
            kms: aws_sdk_kms::Client::from_conf(
                aws_sdk_kms::config::Builder::from(config).interceptor(Guard).build(),
            ),
            profiles: aws_sdk_route53profiles::Client::from_conf(
                aws_sdk_route53profiles::config::Builder::from(config).interceptor(Guard).build(),
            ),
            resolver: aws_sdk_route53resolver::Client::from_conf(
                aws_sdk_route53resolver::config::Builder::from(config).interceptor(Guard).build(),
            ),
            route53: aws_sdk_route53::Client::from_conf(
                aws_sdk_route53::config::Builder::from(config).interceptor(Guard).build(),
            ),
            sts: aws_sdk_sts::Client::from_conf(
                aws_sdk_sts::config::Builder::from(config).interceptor(Guard).build(),
            ),
            short: super::config::short_timeouts(config.timeout_config()),
            eks_endpoint,
            ec2_endpoint,
        }
    }

    /// Where EKS was asked, as scheme, host and port.
    pub(super) fn eks_endpoint(&self) -> String {
        self.eks_endpoint.seen().unwrap_or_else(|| "the EKS service endpoint".to_owned())
    }

    /// Where EC2 was asked.
    pub(super) fn ec2_endpoint(&self) -> String {
        self.ec2_endpoint.seen().unwrap_or_else(|| "the EC2 service endpoint".to_owned())
    }
}

/// Remembers where requests go, for the sentence that says it cannot be reached.
#[derive(Clone, Debug, Default)]
struct Endpoint(Arc<Mutex<Option<String>>>);

impl Endpoint {
    fn seen(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Intercept for Endpoint {
    fn name(&self) -> &'static str {
        "Endpoint"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri = context.request().uri();
        let path = uri.find("://").and_then(|at| uri[at + 3..].find(['/', '?']).map(|end| at + 3 + end));
        let server = uri[..path.unwrap_or(uri.len())].to_owned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;

    use super::*;
    use crate::collect::aws::config::{AwsOptions, loader};
    use crate::collect::aws::environment::Environment;

    #[tokio::test]
    async fn an_operation_that_is_not_on_the_list_is_refused_before_anything_is_sent() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = AwsOptions { profile: None, region: Some("eu-west-1".to_owned()) };
        let config = loader(&options, &Environment::default())
            .unwrap()
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "a", "b", None, None, "test",
            )))
            .load()
            .await;
        let clients = Clients::new(&config);

        let made = clients.ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap_err();
        let ended = clients.ec2.terminate_instances().instance_ids("i-1").send().await.unwrap_err();
        let deleted = clients.eks.delete_cluster().name("prod").send().await.unwrap_err();
        let texts = [
            aws_sdk_ec2::error::DisplayErrorContext(&made).to_string(),
            aws_sdk_ec2::error::DisplayErrorContext(&ended).to_string(),
            aws_sdk_ec2::error::DisplayErrorContext(&deleted).to_string(),
        ];
        for text in texts {
            assert!(text.contains("not on the list of operations"), "{text}");
        }
        let connection = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
        assert!(connection.is_err(), "nothing may have connected");
    }
}
