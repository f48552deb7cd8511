//! Which account owns a VPC or a subnet. AWS shows some of what is in a shared VPC to the VPC's owner only:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html>.

use privek_core::known::Known;

use crate::facts::base::context::Context;

/// Whether an owner is an account that was not read, or may be one: where the account that reads is not known,
/// it may be a participant.
pub(crate) fn is_other(context: &Context<'_>, owner: &str) -> bool {
    context.account.as_deref() != Some(owner) && !context.snapshot.header.accounts.contains(owner)
}

/// The owner of a VPC, where it is another account, or may be; `None` where the owner was read.
pub(crate) fn other_owner<'s>(context: &Context<'s>, vpc: &str) -> Known<Option<&'s str>> {
    let found = context.snapshot.aws.vpcs.iter().flatten().find(|found| found.vpc_id == vpc);
    let found = found.ok_or_else(|| vec![context.missing("Vpcs", Some(vpc))])?;
    let owner = found.owner_id.as_deref();
    let owner = owner.ok_or_else(|| vec![context.field("Vpcs", &format!("OwnerId of {vpc}"))])?;
    Ok(Some(owner).filter(|owner| is_other(context, owner)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::fixture::Fixture;
    use crate::intent::Intent;
    use crate::snapshot::Snapshot;

    use super::*;

    const VPC: &str = "vpc-0a000000000000001";

    fn owned_by(owner: &str) -> Snapshot {
        Fixture::healthy().change("Vpcs", "VpcId", VPC, |vpc| vpc["OwnerId"] = json!(owner)).snapshot()
    }

    fn other(snapshot: &Snapshot) -> Known<Option<String>> {
        let context = Context::new(snapshot, &Intent::default());
        other_owner(&context, VPC).map(|owner| owner.map(str::to_owned))
    }

    #[test]
    fn an_owner_is_another_account_unless_it_was_read() {
        let mut snapshot = owned_by("999988887777");
        let shared = Ok(Some("999988887777".to_owned()));
        assert_eq!(other(&snapshot), shared);
        snapshot.header.accounts.insert("999988887777".into());
        assert_eq!(other(&snapshot), Ok(None), "both accounts were read");
        snapshot.header.accounts.clear();
        snapshot.header.account = Some("999988887777".into());
        assert_eq!(other(&snapshot), Ok(None));
        snapshot.header.account = None;
        snapshot.aws.cluster = None;
        assert_eq!(other(&snapshot), shared, "who reads may be a participant");
    }

    #[test]
    fn an_owner_that_was_not_read_is_unknown() {
        let mut snapshot = owned_by("999988887777");
        for vpc in snapshot.aws.vpcs.iter_mut().flatten() {
            vpc.owner_id = None;
        }
        assert!(other(&snapshot).unwrap_err()[0].what.contains("OwnerId"));
        snapshot.aws.vpcs = Some(Vec::new());
        assert!(other(&snapshot).is_err());
    }
}
