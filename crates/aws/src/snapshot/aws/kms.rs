//! KMS's shapes, as `aws kms describe-key` prints them.

use super::shape::shapes;

shapes! { "PascalCase";
    /// `DescribeKey`.
    KeyMetadata { key_id: String, arn: Option<String>, key_state: Option<String>, key_manager: Option<String>, key_spec: Option<String> }
}
