//! KMS's shapes, as `aws kms describe-key` prints them.

use privek_core::time::Time;

use super::shape::shapes;

shapes! { "PascalCase";
    /// `DescribeKey`.
    KeyMetadata { key_id: String, #[serde(rename = "AWSAccountId")] aws_account_id: Option<String>, arn: Option<String>, enabled: Option<bool>, key_state: Option<String>, deletion_date: Option<Time>, key_manager: Option<String>, key_spec: Option<String>, key_usage: Option<String> }
}
