//! STS: who is asking.

use aws_sdk_sts::Client;

use super::convert::Fetched;
use super::failure::Failure;

/// The account of `GetCallerIdentity`.
pub(super) async fn account(client: &Client) -> Fetched<String> {
    match client.get_caller_identity().send().await {
        Ok(identity) => identity.account.ok_or_else(|| Failure::empty("Account")),
        Err(error) => Err(Failure::of(&error)),
    }
}
