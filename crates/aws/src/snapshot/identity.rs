//! That items of AWS's collections have an identity.

use super::aws::{Aws, COLLECTIONS};
use super::error::SnapshotError;

/// Every item has an identity, or nothing could refer to it.
pub(super) fn check_ids(name: &str, aws: &Aws) -> Result<(), SnapshotError> {
    for collection in COLLECTIONS {
        // Zones and reservations are looked up by other fields than these.
        if matches!(collection.key, "AvailabilityZones" | "Reservations") {
            continue;
        }
        let ids = aws.ids(collection.key).unwrap_or_default();
        if let Some(index) =
            ids.iter().position(|id| id.is_empty() || id.ends_with('/') || id.starts_with(':'))
        {
            return Err(SnapshotError::NoId { path: name.to_owned(), collection: collection.key, index });
        }
    }
    Ok(())
}
