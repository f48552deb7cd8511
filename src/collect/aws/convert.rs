//! Small steps from the SDK's types to the snapshot's shapes, shared by all services.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

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

/// A time as AWS writes it: RFC 3339, UTC, whole seconds.
pub fn rfc3339(time: SystemTime) -> String {
    let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    DateTime::from_secs(i64::try_from(elapsed.as_secs()).unwrap_or_default()).to_string()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(rfc3339(UNIX_EPOCH), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_millis(951_782_399_900)), "2000-02-28T23:59:59Z");
    }
}
