//! Several accounts: the first one's reading, and what the others own of what it refers to.

use aws_config::SdkConfig;
use privek_aws::snapshot::Snapshot;

use crate::collect::error::CollectError;
use crate::collect::progress::Progress;

use super::about::About;
use super::clients::Clients;
use super::crawl::account;
use super::crawl::referenced::{self, Unread};
use super::session::Session;
use super::single_account::{collect_about, collect_network};

/// How often the other accounts are asked: what one of them reads may refer to another one's.
const ROUNDS: usize = 3;

/// Reads the cluster, or without one the network around the ends, with the first configuration;
/// and with the others what their accounts own of what that refers to.
///
/// # Errors
/// As [`collect_about`] and [`collect_network`]; another configuration's credentials that cannot
/// be used; one thing that two accounts describe differently.
pub async fn collect_accounts(
    (first, others): (&SdkConfig, &[SdkConfig]),
    cluster: Option<&str>,
    about: &About,
    now: &str,
    progress: &dyn Progress,
) -> Result<Snapshot, CollectError> {
    let mut merged = match cluster {
        Some(cluster) => collect_about(first, cluster, about, now.to_owned(), progress).await?,
        None => collect_network(first, about, now.to_owned(), progress).await?,
    };
    if others.is_empty() {
        return Ok(merged);
    }
    // What another account reads may also refer to an object of the first one.
    let mut asked = vec![Some(Unread::of(&merged))];
    asked.resize(1 + others.len(), None);
    for _ in 0..ROUNDS {
        for (config, asked) in std::iter::once(first).chain(others).zip(&mut asked) {
            let unread = Unread::of(&merged);
            if unread.is_empty() || asked.as_ref() == Some(&unread) {
                continue;
            }
            let more = owned(config, &unread, about, now, progress).await?;
            *asked = Some(unread);
            merged =
                merged.merge(more).map_err(|error| CollectError::Accounts { reason: error.to_string() })?;
        }
    }
    Ok(merged)
}

/// What this account owns of what is unread.
async fn owned(
    config: &SdkConfig,
    unread: &Unread,
    about: &About,
    now: &str,
    progress: &dyn Progress,
) -> Result<Snapshot, CollectError> {
    let region = config.region().map(ToString::to_string);
    let session = Session::new(Clients::new(config), region, String::new(), progress);
    account::usable(&session).await?;
    Box::pin(referenced::read(&session, unread, &about.networks())).await;
    Ok(session.into_snapshot(now.to_owned()))
}
