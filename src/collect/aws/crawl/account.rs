//! The account: whose credentials they are, and what belongs to the account and the region.

use futures::join;

use super::region;
use crate::collect::aws::operations;
use crate::collect::aws::session::Session;
use crate::collect::aws::sts;
use crate::collect::error::CollectError;

/// What belongs to the account and the region.
pub(crate) async fn all(session: &Session<'_>) {
    join!(identity(session), region::all(session));
}

/// Whose account it is, before anything else is asked for.
///
/// # Errors
/// No credentials, or such that AWS does not accept. A network that hides STS is no error.
pub(crate) async fn usable(session: &Session<'_>) -> Result<(), CollectError> {
    match session.watch(operations::GET_CALLER_IDENTITY, sts::account(&session.clients.sts)).await {
        Ok(account) => session.account_is(&account),
        Err(failure) => {
            if let Some(error) = failure.of_credentials() {
                return Err(error);
            }
            session.failed(operations::GET_CALLER_IDENTITY, &[], failure);
        }
    }
    Ok(())
}

async fn identity(session: &Session<'_>) {
    let account =
        session.call(operations::GET_CALLER_IDENTITY, &[], sts::account(&session.clients.sts)).await;
    if let Some(account) = account {
        session.account_is(&account);
    }
}
