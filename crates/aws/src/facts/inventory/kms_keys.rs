//! KMS keys that something is encrypted with, and whether KMS would use them.

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::Arn;
use crate::snapshot::aws::kms::KeyMetadata;

/// A key that KMS refuses to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnusableKey {
    /// Its ARN, or what it is named by.
    pub arn: String,
    /// `KeyMetadata.KeyId`.
    pub id: String,
    /// `KeyMetadata.KeyState`, or why it is of no use.
    pub state: String,
}

/// States in which KMS refuses to encrypt and to decrypt:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>
const UNUSABLE: [&str; 5] =
    ["Disabled", "PendingDeletion", "PendingImport", "PendingReplicaDeletion", "Unavailable"];

/// The key that something names, if KMS refuses to use it.
pub(crate) fn unusable(context: &Context<'_>, named: &str) -> Known<Option<UnusableKey>> {
    let resource = named.rsplit_once(':').map_or(named, |(_, resource)| resource);
    // AWS manages these keys itself.
    if resource.starts_with("alias/aws/") {
        return Ok(None);
    }
    if resource.starts_with("alias/") {
        return Err(vec![Missing::unmodelled(format!(
            "the state of the KMS key behind {named}; read with `aws kms describe-key --key-id {named}`"
        ))]);
    }
    let read = context.snapshot.aws.key_metadata.iter().flatten();
    let key = read.into_iter().find(|key| is_named(key, named, resource));
    let found = |id: &str, state: &str| {
        let arn = key.and_then(|key| key.arn.as_deref()).unwrap_or(named).to_owned();
        Ok(Some(UnusableKey { arn, id: id.to_owned(), state: state.to_owned() }))
    };
    match key.map(|key| (key.key_id.as_str(), key.key_state.as_deref())) {
        Some((id, Some(state))) if UNUSABLE.contains(&state) => found(id, state),
        Some((_, Some("Enabled"))) => Ok(None),
        Some((_, Some(state))) => {
            Err(vec![Missing::unmodelled(format!("the use of KMS key {named} in state {state}"))])
        }
        Some((_, None)) => Err(vec![context.field("KeyMetadata", "KeyState")]),
        None if is_gone(context, named) => found(named, "NotFound"),
        None => Err(vec![context.missing("KeyMetadata", Some(named))]),
    }
}

/// The key that volumes are encrypted with, if EBS cannot use it: EBS takes symmetric keys only
/// (<https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html>). EC2 Auto Scaling has no
/// permission for customer managed keys unless their key policy or a grant gives it one
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html>).
pub(crate) fn unusable_for_volumes(context: &Context<'_>, named: &str) -> Known<Option<UnusableKey>> {
    let resource = named.rsplit_once(':').map_or(named, |(_, resource)| resource);
    let read = context.snapshot.aws.key_metadata.iter().flatten();
    let key = read.into_iter().find(|key| is_named(key, named, resource));
    // A key of another region is out of EBS's reach.
    let region = Arn::parse(named).map(|arn| arn.region).filter(|region| !region.is_empty());
    if let (Some(of), Some(own)) = (region, context.region.as_deref())
        && of != own
    {
        let id = resource.trim_start_matches("key/").to_owned();
        return Ok(Some(UnusableKey { arn: named.to_owned(), id, state: format!("of region {of}") }));
    }
    let spec = key.and_then(|key| key.key_spec.as_deref()).filter(|spec| *spec != "SYMMETRIC_DEFAULT");
    match (unusable(context, named)?, key, spec) {
        (None, Some(key), Some(spec)) => Ok(Some(UnusableKey {
            arn: key.arn.clone().unwrap_or_else(|| named.to_owned()),
            id: key.key_id.clone(),
            state: spec.to_owned(),
        })),
        (None, Some(key), None) if key.key_manager.as_deref() != Some("AWS") => {
            let named = key.arn.as_deref().unwrap_or(named);
            Err(vec![Missing::unmodelled(format!(
                "the permission of AWSServiceRoleForAutoScaling for KMS key {named}; read with `aws kms get-key-policy --key-id {named}` and `aws kms list-grants --key-id {named}`"
            ))])
        }
        (unusable, ..) => Ok(unusable),
    }
}

/// Whether a key is the one that is named by its ARN or its id.
fn is_named(key: &KeyMetadata, named: &str, resource: &str) -> bool {
    key.arn.as_deref() == Some(named)
        || key.key_id == named
        || !named.starts_with("arn:") && resource.strip_prefix("key/") == Some(&key.key_id)
}

/// A key that KMS does not know is gone; any other silence proves nothing.
fn is_gone(context: &Context<'_>, named: &str) -> bool {
    context.snapshot.header.gaps.iter().any(|gap| {
        gap.operation == "DescribeKey"
            && gap.resource.as_deref() == Some(named)
            && gap.code == "NotFoundException"
    })
}
