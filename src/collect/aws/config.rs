//! The standard AWS configuration (credential chain, profiles, SSO, assume-role, region,
//! endpoints), with what the SDK leaves out: proxies, CA bundles, and time-outs that end.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::profile::{ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::app_name::AppName;
use aws_types::os_shim_internal::{Env, Fs};

use super::environment::Environment;
use super::error_chain::{chain, one_line};
use super::http::Client;
use crate::collect::error::CollectError;

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsOptions {
    /// The profile, before `AWS_PROFILE`.
    pub profile: Option<String>,
    /// The region, before `AWS_REGION` and the profile's.
    pub region: Option<String>,
}

/// The configuration for these options and this process's environment.
///
/// # Errors
/// No region, a profile that does not exist or cannot be read, a proxy setting or a CA bundle
/// that cannot be used.
pub async fn config(options: &AwsOptions) -> Result<SdkConfig, CollectError> {
    let profiles = profiles(options).await?;
    let mut environment = Environment::of_process();
    if environment.ca_bundle.is_none() {
        let source = format!("ca_bundle of the profile {}", profiles.selected_profile());
        environment.ca_bundle = profiles.get("ca_bundle").map(|path| (path.to_owned(), source));
    }
    let config = loader(options, &environment)?.load().await;
    if config.region().is_none() {
        return Err(CollectError::NoRegion);
    }
    Ok(match &options.profile {
        Some(profile) => of_profile(config, profile),
        None => config,
    })
}

/// The credentials of a profile that was named on the command line. As with the AWS CLI they come
/// before those of the environment; in the SDK's chain it is the other way round.
fn of_profile(config: SdkConfig, profile: &str) -> SdkConfig {
    let mut provider = ProviderConfig::without_region().with_region(config.region().cloned());
    if let Some(client) = config.http_client() {
        provider = provider.with_http_client(client);
    }
    let credentials =
        ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile).build();
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

/// The loader with this program's HTTP client, time-outs and retries; what else is set on it wins.
///
/// # Errors
/// A proxy setting or a CA bundle that cannot be used.
pub fn loader(options: &AwsOptions, environment: &Environment) -> Result<ConfigLoader, CollectError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(Client::new(environment.proxies()?, environment.trust()?))
        .timeout_config(timeouts())
        // EC2's buckets refill within a second; the delays are jittered by the SDK.
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(500))
                .with_max_backoff(Duration::from_secs(4)),
        )
        // The read time-out already ends a stalled answer.
        .stalled_stream_protection(
            aws_config::stalled_stream_protection::StalledStreamProtectionConfig::disabled(),
        );
    if let Ok(name) = AppName::new(env!("CARGO_PKG_NAME")) {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    Ok(loader)
}

/// Time-outs of every call.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(Duration::from_secs(12))
        .operation_timeout(Duration::from_secs(30))
        .build()
}

/// Time-outs of the one call that nothing works without: its failure is known within 14 seconds.
pub(super) fn short_timeouts(usual: Option<&TimeoutConfig>) -> TimeoutConfig {
    let at_most = |seconds, usual: Option<Duration>| {
        let longest = Duration::from_secs(seconds);
        usual.map_or(longest, |usual| usual.min(longest))
    };
    TimeoutConfig::builder()
        .connect_timeout(at_most(3, usual.and_then(TimeoutConfig::connect_timeout)))
        .read_timeout(at_most(10, usual.and_then(TimeoutConfig::read_timeout)))
        .operation_attempt_timeout(at_most(10, usual.and_then(TimeoutConfig::operation_attempt_timeout)))
        .operation_timeout(at_most(14, usual.and_then(TimeoutConfig::operation_timeout)))
        .build()
}

/// The profile files, with the profile selected that the options or the environment name.
async fn profiles(options: &AwsOptions) -> Result<ProfileSet, CollectError> {
    let name = options.profile.clone().map(Into::into);
    let profiles = aws_config::profile::load(&Fs::real(), &Env::real(), &EnvConfigFiles::default(), name)
        .await
        .map_err(|error| CollectError::Configuration { reason: one_line(&chain(&error).join(": ")) })?;
    let selected = profiles.selected_profile();
    if selected != "default" && profiles.get_profile(selected).is_none() {
        let names: BTreeSet<&str> = profiles.profiles().collect();
        let names: Vec<&str> = names.into_iter().collect();
        let known = if names.is_empty() {
            "no profile exists".to_owned()
        } else {
            format!("profiles are {}", names.join(", "))
        };
        return Err(CollectError::Configuration {
            reason: format!("profile {selected} does not exist: {known}"),
        });
    }
    Ok(profiles)
}
