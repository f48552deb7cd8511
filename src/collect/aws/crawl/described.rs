//! Lists of names, each of which is described by a call of its own.

use crate::collect::aws::convert::Fetched;
use crate::collect::aws::operations::Operation;
use crate::collect::aws::session::{CollectionField, Session, each};

/// Describes each of the names that were listed; complete if each of them answered.
pub(super) async fn describe_each<T, F: Future<Output = Fetched<T>>>(
    session: &Session<'_>,
    names: Option<Vec<String>>,
    operation: Operation,
    field: CollectionField<T>,
    mut describe: impl FnMut(String) -> F,
) {
    let Some(names) = names else { return };
    let described = each(names, |name| {
        let call = describe(name.clone());
        async move { session.call(operation, &[name], call).await }
    });
    keep_described(session, field, described.await);
}

/// Keeps what was described of a list: complete if everything was, unread if nothing was.
pub(super) fn keep_described<T>(session: &Session<'_>, field: CollectionField<T>, described: Vec<Option<T>>) {
    let complete = described.iter().all(Option::is_some);
    let items: Vec<T> = described.into_iter().flatten().collect();
    if complete {
        session.keep(field, std::slice::from_ref(&session.cluster), items);
    } else if !items.is_empty() {
        session.keep(field, &[], items);
    }
}
