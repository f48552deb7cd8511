//! Small steps from the SDK's types to the snapshot's shapes, shared by all services.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use privek_core::time::Time;

use super::failure::Failure;

/// What a call gives.
pub(super) type Fetched<T> = Result<T, Failure>;

/// Waits for all pages of a list and converts its items.
pub(super) async fn all<T, U, E>(
    items: impl Future<Output = Result<Vec<T>, SdkError<E, HttpResponse>>>,
    convert: fn(T) -> U,
) -> Fetched<Vec<U>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match items.await {
        Ok(items) => Ok(items.into_iter().map(convert).collect()),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// An enum of the SDK as AWS spells it, unknown values included.
pub(super) fn text<T: AsRef<str>>(value: Option<T>) -> Option<String> {
    value.map(|value| value.as_ref().to_owned())
}

/// A list of enums as AWS spells them.
pub(super) fn texts<T: AsRef<str>>(values: Option<Vec<T>>) -> Vec<String> {
    values.unwrap_or_default().iter().map(|value| value.as_ref().to_owned()).collect()
}

/// A time, in whole seconds.
pub(super) fn time(value: Option<DateTime>) -> Option<Time> {
    value.map(|value| Time::of_seconds(value.secs()))
}

/// A whole number.
pub(super) fn whole(value: Option<i32>) -> Option<i64> {
    value.map(i64::from)
}

/// A list inside a shape that was read: AWS omits empty ones.
pub(super) fn list<T, U>(values: Option<Vec<T>>, convert: fn(T) -> U) -> Vec<U> {
    values.unwrap_or_default().into_iter().map(convert).collect()
}

/// A map inside a shape that was read, in order.
pub(super) fn map(values: Option<impl IntoIterator<Item = (String, String)>>) -> BTreeMap<String, String> {
    values.into_iter().flatten().collect()
}
