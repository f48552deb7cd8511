//! KMS: the keys that encrypt Kubernetes secrets.

use aws_sdk_kms::{Client, types};
use privek_aws::snapshot::aws::kms as shape;

use super::convert::{Fetched, text};
use super::failure::Failure;

/// `DescribeKey`.
pub(super) async fn describe_key(client: &Client, arn: &str) -> Fetched<shape::KeyMetadata> {
    match client.describe_key().key_id(arn).send().await {
        Ok(answer) => answer.key_metadata.map(key_metadata).ok_or_else(|| Failure::empty("KeyMetadata")),
        Err(error) => Err(Failure::of(&error)),
    }
}

fn key_metadata(v: types::KeyMetadata) -> shape::KeyMetadata {
    shape::KeyMetadata {
        key_id: v.key_id,
        arn: v.arn,
        key_state: text(v.key_state),
        key_manager: text(v.key_manager),
        key_spec: text(v.key_spec),
    }
}
